//! Who wants to know what of the kernel: the watcher's book, under one lock.

use std::collections::{HashMap, HashSet};
use std::ffi::{CStr, OsString};
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::fs::inotify::{self, ReadFlags, WatchFlags};
use rustix::io::Errno;

use super::Wake;
use super::instance::Instance;

/// The book.
#[derive(Default)]
pub(super) struct Table {
    pub(super) instance: Option<Arc<Instance>>,
    last: u64,
    listeners: HashMap<u64, Listener>,
    /// Who wants to know of a kernel watch. Two logs in one directory share one.
    wanted: HashMap<i32, Vec<Interest>>,
}

struct Listener {
    wake: Wake,
    /// Its kernel watches.
    watches: Vec<i32>,
}

pub(super) struct Interest {
    pub(super) who: u64,
    pub(super) what: What,
}

pub(super) enum What {
    /// A file; the flag says that the kernel still watches it.
    File(Arc<AtomicBool>),
    /// A directory, for names that begin so; the flag says that it still is the directory it was.
    Folder(OsString, Arc<AtomicBool>),
}

impl What {
    /// The kernel does not watch it any more.
    fn over(&self) {
        let (Self::File(flag) | Self::Folder(_, flag)) = self;
        flag.store(false, Ordering::Release);
    }
}

impl Table {
    pub(super) fn len(&self) -> usize {
        self.listeners.len()
    }

    pub(super) fn enter(&mut self, wake: Wake) -> u64 {
        self.last += 1;
        self.listeners.insert(self.last, Listener { wake, watches: Vec::new() });
        self.last
    }

    /// Forgets a listener and its watches. Its wake comes back, to be dropped when the book is closed.
    pub(super) fn strike(&mut self, who: u64) -> Option<Wake> {
        self.forget(who, |_| true);
        self.listeners.remove(&who).map(|listener| listener.wake)
    }

    pub(super) fn wake_of(&self, who: u64) -> Option<Wake> {
        self.listeners.get(&who).map(|listener| Arc::clone(&listener.wake))
    }

    /// Asks the kernel to watch `path`.
    pub(super) fn add(&mut self, path: &Path, flags: WatchFlags, interest: Interest) -> Result<(), Errno> {
        let Some(instance) = &self.instance else { return Err(Errno::BADF) };
        let watch = inotify::add_watch(&instance.events, path, flags | WatchFlags::MASK_ADD)?;
        if let Some(listener) = self.listeners.get_mut(&interest.who) {
            listener.watches.push(watch);
            self.wanted.entry(watch).or_default().push(interest);
        }
        Ok(())
    }

    /// Takes note of an event, and of who is to be woken by it.
    pub(super) fn note(&mut self, event: &inotify::Event<'_>, who: &mut HashSet<u64>) {
        let flags = event.events();
        let ended = flags.intersects(ReadFlags::IGNORED | ReadFlags::UNMOUNT);
        let name = event.file_name().map_or(b"".as_slice(), CStr::to_bytes);
        for interest in self.wanted.get(&event.wd()).into_iter().flatten() {
            match &interest.what {
                What::Folder(prefix, _) if !name.is_empty() && !name.starts_with(prefix.as_bytes()) => continue,
                What::Folder(..) if !name.is_empty() => {}
                // A file was watched for one event, and a directory that has an event of its own has gone or moved.
                what => what.over(),
            }
            who.insert(interest.who);
        }
        if ended {
            self.wanted.remove(&event.wd());
        }
    }

    /// Events were dropped, and the ends of watches may be among them: everybody looks and arms anew.
    pub(super) fn overflowed(&mut self, who: &mut HashSet<u64>) {
        self.wanted.values().flatten().for_each(|interest| interest.what.over());
        who.extend(self.listeners.keys());
    }

    /// Forgets a listener's interest in what `pick` says, and the kernel watches nobody wants any more.
    pub(super) fn forget(&mut self, who: u64, pick: impl Fn(&What) -> bool) {
        let Some(listener) = self.listeners.get_mut(&who) else { return };
        let (wanted, instance) = (&mut self.wanted, &self.instance);
        listener.watches.retain(|watch| {
            let Some(interests) = wanted.get_mut(watch) else { return false };
            interests.retain(|interest| interest.who != who || !pick(&interest.what));
            let keep = interests.iter().any(|interest| interest.who == who);
            if interests.is_empty() {
                wanted.remove(watch);
                if let Some(instance) = instance {
                    // One that has ended by itself meanwhile (`EINVAL`) is as good as removed.
                    inotify::remove_watch(&instance.events, *watch).unwrap_or_default();
                }
            }
            keep
        });
    }

    /// Forgets all kernel watches of an instance that is let go of.
    pub(super) fn abandon(&mut self, instance: &Arc<Instance>) {
        if !self.instance.as_ref().is_some_and(|current| Arc::ptr_eq(current, instance)) {
            return;
        }
        self.instance = None;
        self.wanted.drain().flat_map(|(_, interests)| interests).for_each(|interest| interest.what.over());
    }
}
