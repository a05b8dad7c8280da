//! One log being watched: what a follower holds.

use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::fs::inotify::WatchFlags;

use super::Watcher;
use super::table::{Interest, What};
use crate::event::Poll;

/// A log being watched; dropping it ends that.
pub(crate) struct Watch {
    watcher: Arc<Watcher>,
    who: u64,
    files: [FileWatch; 2],
    folders: Arc<AtomicBool>,
}

/// Which of the two files that matter to a follower.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Slot {
    /// The one that is read.
    Read,
    /// The one that stands at the path meanwhile.
    Ahead,
}

/// One file being watched, for one event at a time; dropping it ends that.
pub(crate) struct FileWatch {
    watcher: Arc<Watcher>,
    who: u64,
    armed: Arc<AtomicBool>,
}

impl FileWatch {
    fn new(watcher: &Arc<Watcher>, who: u64) -> Self {
        Self { watcher: Arc::clone(watcher), who, armed: Arc::default() }
    }

    /// Has the next change told, if that is not so already. To be called before the file is read.
    pub(crate) fn arm(&self, path: &Path) -> Result<(), Poll> {
        if self.armed.load(Ordering::Acquire) {
            return Ok(());
        }
        self.disarm();
        // Before the kernel is asked: the event may come at once, and takes it back.
        self.armed.store(true, Ordering::Release);
        let flags = WatchFlags::MODIFY | WatchFlags::ATTRIB | WatchFlags::MOVE_SELF | WatchFlags::ONESHOT;
        let interest = Interest { who: self.who, what: What::File(Arc::clone(&self.armed)) };
        let added = self.watcher.add(path, flags, interest);
        if added.is_err() {
            self.armed.store(false, Ordering::Release);
        }
        added
    }

    fn disarm(&self) {
        let is_ours = |what: &What| matches!(what, What::File(armed) if Arc::ptr_eq(armed, &self.armed));
        self.watcher.table().forget(self.who, is_ours);
        self.armed.store(false, Ordering::Release);
    }
}

impl Drop for FileWatch {
    fn drop(&mut self) {
        self.disarm();
    }
}

impl Watch {
    pub(super) fn new(watcher: &Arc<Watcher>, who: u64) -> Self {
        let files = [FileWatch::new(watcher, who), FileWatch::new(watcher, who)];
        Self { watcher: Arc::clone(watcher), who, files, folders: Arc::default() }
    }

    /// Has the next change of a file told, if that is not so already. To be called before the file is read.
    pub(crate) fn arm(&self, slot: Slot, path: &Path) -> Result<(), Poll> {
        self.files[slot as usize].arm(path)
    }

    /// The file in this slot is another one from now on.
    pub(crate) fn disarm(&self, slot: Slot) {
        self.files[slot as usize].disarm();
    }

    /// For a file more.
    pub(crate) fn one_more(&self) -> FileWatch {
        FileWatch::new(&self.watcher, self.who)
    }

    /// The directories may be others from now on.
    pub(crate) fn displace(&self) {
        self.folders.store(false, Ordering::Release);
    }

    /// Whether the directories are those that were given and none of them has gone.
    pub(crate) fn intact(&self) -> bool {
        self.folders.load(Ordering::Acquire)
    }

    /// Has it told when names that begin so come or go in these directories.
    pub(crate) fn look_in(&self, folders: &[(PathBuf, OsString)]) -> Result<(), Poll> {
        self.watcher.table().forget(self.who, |what| matches!(what, What::Folder(..)));
        self.folders.store(true, Ordering::Release);
        let flags = WatchFlags::CREATE | WatchFlags::MOVED_TO | WatchFlags::MOVED_FROM | WatchFlags::DELETE;
        for (folder, prefix) in folders {
            let what = What::Folder(prefix.clone(), Arc::clone(&self.folders));
            let flags = flags | WatchFlags::DELETE_SELF | WatchFlags::MOVE_SELF | WatchFlags::ONLYDIR;
            match self.watcher.add(folder, flags, Interest { who: self.who, what }) {
                // A directory that may not be listed: the timer finds what changes there.
                Ok(()) | Err(Poll::Failed(_)) => {}
                Err(why) => {
                    self.folders.store(false, Ordering::Release);
                    return Err(why);
                }
            }
        }
        Ok(())
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let mut table = self.watcher.table();
        let wake = table.strike(self.who);
        if let Some(instance) = table.instance.as_ref().filter(|_| table.len() == 0) {
            instance.nudge();
        }
        // What the wake holds on to may end with it, and must not do so under our lock.
        drop(table);
        drop(wake);
    }
}

impl fmt::Debug for FileWatch {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("FileWatch").field("who", &self.who).field("armed", &self.armed).finish_non_exhaustive()
    }
}

impl fmt::Debug for Watch {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Watch").field("who", &self.who).finish_non_exhaustive()
    }
}
