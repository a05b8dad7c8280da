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
    pub(super) watcher: Arc<Watcher>,
    pub(super) who: u64,
    pub(super) files: [Arc<AtomicBool>; 2],
    pub(super) folders: Arc<AtomicBool>,
}

/// Which of the two files that matter to a follower.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Slot {
    /// The one that is read.
    Read,
    /// The one that stands at the path meanwhile.
    Ahead,
}

impl Watch {
    /// Has the next change of a file told, if that is not so already. To be called before the file is read.
    pub(crate) fn arm(&self, slot: Slot, path: &Path) -> Result<(), Poll> {
        let armed = &self.files[slot as usize];
        if armed.load(Ordering::Acquire) {
            return Ok(());
        }
        self.disarm(slot);
        // Before the kernel is asked: the event may come at once, and takes it back.
        armed.store(true, Ordering::Release);
        let flags = WatchFlags::MODIFY | WatchFlags::ATTRIB | WatchFlags::MOVE_SELF | WatchFlags::ONESHOT;
        let interest = Interest { who: self.who, what: What::File(Arc::clone(armed)) };
        let added = self.watcher.add(path, flags, interest);
        if added.is_err() {
            armed.store(false, Ordering::Release);
        }
        added
    }

    /// The file in this slot is another one from now on.
    pub(crate) fn disarm(&self, slot: Slot) {
        let flag = &self.files[slot as usize];
        self.watcher.table().forget(self.who, |what| matches!(what, What::File(armed) if Arc::ptr_eq(armed, flag)));
        flag.store(false, Ordering::Release);
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

impl fmt::Debug for Watch {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Watch").field("who", &self.who).finish_non_exhaustive()
    }
}
