//! Hints that something changed: one inotify instance, one thread, and both only while something is watched.
//!
//! An event is a hint and never a fact: it makes somebody look, and what is looked at decides. Identical events merge
//! in the kernel, its queue overflows (then everybody looks), a delete is told only when the last descriptor is closed.
//! What no event tells is found by the follower's timer.
//!
//! A followed file is watched for one event at a time (`IN_ONESHOT`) and armed again by the look that follows. So a
//! file written a million times a second costs one event per look, and not one per write. Opens and reads are never
//! watched: they would tell us of ourselves.

use std::collections::{HashMap, HashSet};
use std::ffi::OsString;
use std::fmt;
use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rustix::event::{EventfdFlags, PollFd, PollFlags, eventfd, poll};
use rustix::fs::inotify::{self, CreateFlags, ReadFlags, WatchFlags};
use rustix::io::Errno;

use crate::event::Poll;
use crate::setup::Setup;

/// Called when a log should be looked at. Runs on the watcher's thread: it must be quick and must not block.
/// It may come once more after the watch has ended.
pub type Wake = Arc<dyn Fn() + Send + Sync>;

/// Room for about 100 events with names.
const EVENT_BYTES: usize = 4096;

/// Events that come sooner after each other than this are taken together, so that a storm costs at most 500 rounds a
/// second.
const BREATH: Duration = Duration::from_millis(2);

/// One inotify instance for any number of logs, and one thread that lives only while something is watched.
pub struct Watcher {
    setup: Arc<Setup>,
    table: Mutex<Table>,
}

#[derive(Default)]
struct Table {
    instance: Option<Arc<Instance>>,
    last: u64,
    wakes: HashMap<u64, Wake>,
    /// Who wants to know of a kernel watch. Two logs in one directory share one.
    wanted: HashMap<i32, Vec<Interest>>,
}

/// The kernel's side, and a way to make the thread look up.
struct Instance {
    events: OwnedFd,
    stop: OwnedFd,
}

struct Interest {
    who: u64,
    what: What,
}

enum What {
    /// A file; the flag says that the kernel still watches it.
    File(Arc<AtomicBool>),
    /// A directory, for names that begin so; the flag says that it still is the directory it was.
    Folder(OsString, Arc<AtomicBool>),
}

/// A log being watched; dropping it ends that.
pub(crate) struct Watch {
    watcher: Arc<Watcher>,
    who: u64,
    files: [Arc<AtomicBool>; 2],
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

impl Watcher {
    /// A watcher that has nothing open yet.
    #[must_use]
    pub fn new(setup: Arc<Setup>) -> Arc<Self> {
        Arc::new(Self { setup, table: Mutex::default() })
    }

    /// How many logs are watched now.
    #[must_use]
    pub fn watched(&self) -> usize {
        self.table().wakes.len()
    }

    pub(crate) fn watch(self: &Arc<Self>, wake: Wake) -> Watch {
        let mut table = self.table();
        table.last += 1;
        let who = table.last;
        table.wakes.insert(who, wake);
        Watch { watcher: Arc::clone(self), who, files: Default::default(), folders: Arc::default() }
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        // Every change of the table is one insertion or removal: a panic leaves nothing half done.
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks the kernel to watch `path`; starts the thread with the first watch.
    fn add(self: &Arc<Self>, path: &Path, flags: WatchFlags, interest: Interest) -> Result<(), Poll> {
        let mut table = self.table();
        let instance = match &table.instance {
            Some(instance) => Arc::clone(instance),
            None => self.start(&mut table)?,
        };
        let watch = inotify::add_watch(&instance.events, path, flags | WatchFlags::MASK_ADD).map_err(refusal)?;
        table.wanted.entry(watch).or_default().push(interest);
        Ok(())
    }

    fn start(self: &Arc<Self>, table: &mut Table) -> Result<Arc<Instance>, Poll> {
        let events = inotify::init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK).map_err(refusal)?;
        let stop = eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK).map_err(refusal)?;
        let instance = Arc::new(Instance { events, stop });
        let (watcher, own) = (Arc::clone(self), Arc::clone(&instance));
        let thread = std::thread::Builder::new().name("tail-watch".into()).spawn(move || watcher.listen(&own));
        thread.map_err(|_| Poll::NoInstances)?;
        table.instance = Some(Arc::clone(&instance));
        Ok(instance)
    }
}

impl fmt::Debug for Watcher {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Watcher").field("watched", &self.watched()).finish_non_exhaustive()
    }
}

/// The thread.
impl Watcher {
    /// Passes hints on until nothing is watched any more.
    fn listen(&self, instance: &Arc<Instance>) {
        let mut last = Instant::now();
        while instance.wait() {
            for wake in self.hear(instance) {
                wake();
            }
            if self.idle(instance) {
                return;
            }
            if last.elapsed() < BREATH {
                std::thread::sleep(BREATH);
            }
            last = Instant::now();
        }
        // The instance is broken. Whoever looks next starts another one; until then the timers find what happens.
        self.table().abandon(instance);
    }

    /// Takes the events that are there, and says who is to be woken.
    fn hear(&self, instance: &Instance) -> Vec<Wake> {
        let mut space = [MaybeUninit::uninit(); EVENT_BYTES];
        let mut reader = inotify::Reader::new(&instance.events, &mut space);
        let mut who = HashSet::new();
        let mut table = self.table();
        while let Ok(event) = reader.next() {
            table.note(&event, &mut who, &self.setup);
            if reader.is_buffer_empty() {
                break;
            }
        }
        self.setup.counters.hints.add(who.len() as u64);
        who.iter().filter_map(|who| table.wakes.get(who).cloned()).collect()
    }

    /// Lets go of the instance when nobody watches.
    fn idle(&self, instance: &Arc<Instance>) -> bool {
        let mut table = self.table();
        let idle = table.wakes.is_empty();
        if idle {
            table.abandon(instance);
        }
        idle
    }
}

impl Instance {
    /// Waits for an event or for the sign to stop. False when waiting is not possible.
    fn wait(&self) -> bool {
        let mut both = [PollFd::new(&self.events, PollFlags::IN), PollFd::new(&self.stop, PollFlags::IN)];
        loop {
            match poll(&mut both, None) {
                Ok(_) => break,
                Err(Errno::INTR) => {}
                Err(_) => return false,
            }
        }
        // Taken back, so that a sign given to a thread that is needed again does not make it spin.
        rustix::io::read(&self.stop, &mut [0; 8]).unwrap_or_default();
        !both.iter().any(|fd| fd.revents().intersects(PollFlags::ERR | PollFlags::NVAL))
    }

    /// Makes the thread look whether it is still needed. A full counter (`EAGAIN`) is a sign that is already given.
    fn nudge(&self) {
        rustix::io::write(&self.stop, &1_u64.to_ne_bytes()).unwrap_or_default();
    }
}

impl Table {
    /// Forgets all kernel watches of an instance that is let go of.
    fn abandon(&mut self, instance: &Arc<Instance>) {
        if !self.instance.as_ref().is_some_and(|current| Arc::ptr_eq(current, instance)) {
            return;
        }
        self.instance = None;
        for interest in self.wanted.drain().flat_map(|(_, interests)| interests) {
            match interest.what {
                What::File(flag) | What::Folder(_, flag) => flag.store(false, Ordering::Release),
            }
        }
    }

    fn note(&mut self, event: &inotify::Event<'_>, who: &mut HashSet<u64>, setup: &Setup) {
        let flags = event.events();
        if flags.contains(ReadFlags::QUEUE_OVERFLOW) {
            setup.counters.overflows.add(1);
            who.extend(self.wakes.keys());
            return;
        }
        let ended = flags.intersects(ReadFlags::IGNORED | ReadFlags::UNMOUNT);
        let name = event.file_name().map_or(b"".as_slice(), std::ffi::CStr::to_bytes);
        for interest in self.wanted.get(&event.wd()).into_iter().flatten() {
            match &interest.what {
                What::File(armed) => armed.store(false, Ordering::Release),
                What::Folder(_, intact) if ended => intact.store(false, Ordering::Release),
                What::Folder(prefix, _) if !name.starts_with(prefix.as_bytes()) => continue,
                What::Folder(..) => {}
            }
            who.insert(interest.who);
        }
        if ended {
            self.wanted.remove(&event.wd());
        }
    }

    /// Forgets one watcher's interest in what `pick` says, and the kernel watches nobody wants any more.
    fn forget(&mut self, who: u64, pick: impl Fn(&What) -> bool) {
        let instance = self.instance.clone();
        self.wanted.retain(|&watch, interests| {
            interests.retain(|interest| interest.who != who || !pick(&interest.what));
            if interests.is_empty()
                && let Some(instance) = &instance
            {
                // One that has ended by itself meanwhile (`EINVAL`) is as good as removed.
                inotify::remove_watch(&instance.events, watch).unwrap_or_default();
            }
            !interests.is_empty()
        });
    }
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
        let wake = table.wakes.remove(&self.who);
        table.forget(self.who, |_| true);
        if let Some(instance) = table.instance.as_ref().filter(|_| table.wakes.is_empty()) {
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

fn refusal(errno: Errno) -> Poll {
    match errno {
        Errno::NOSPC | Errno::NOMEM => Poll::NoWatches,
        Errno::MFILE | Errno::NFILE => Poll::NoInstances,
        other => Poll::Failed(other.raw_os_error()),
    }
}
