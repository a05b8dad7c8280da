//! Hints that something changed: one inotify instance, one thread, and both only while something is watched.
//!
//! An event is a hint and never a fact: it makes somebody look, and what is looked at decides. Identical events merge
//! in the kernel, its queue overflows (then everybody looks), a delete is told only when the last descriptor is closed.
//! What no event tells is found by the follower's timer.
//!
//! A followed file is watched for one event at a time (`IN_ONESHOT`) and armed again by the look that follows. So a
//! file written a million times a second costs one event per look, and not one per write. Opens and reads are never
//! watched: they would tell us of ourselves.

mod guard;
mod instance;
mod table;

use std::collections::HashSet;
use std::fmt;
use std::mem::MaybeUninit;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rustix::fs::inotify::{self, ReadFlags, WatchFlags};
use rustix::io::Errno;

pub(crate) use self::guard::{FileWatch, Slot, Watch};
use self::instance::Instance;
use self::table::{Interest, Table};
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

impl Watcher {
    /// A watcher that has nothing open yet.
    #[must_use]
    pub fn new(setup: Arc<Setup>) -> Arc<Self> {
        Arc::new(Self { setup, table: Mutex::default() })
    }

    /// How many logs are watched now.
    #[must_use]
    pub fn watched(&self) -> usize {
        self.table().len()
    }

    pub(crate) fn watch(self: &Arc<Self>, wake: Wake) -> Watch {
        let who = self.table().enter(wake);
        Watch::new(self, who)
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        // Every change of the table is one insertion or removal: a panic leaves nothing half done.
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks the kernel to watch `path`; starts the thread with the first watch.
    fn add(self: &Arc<Self>, path: &Path, flags: WatchFlags, interest: Interest) -> Result<(), Poll> {
        let mut table = self.table();
        if table.instance.is_none() {
            table.instance = Some(self.start()?);
        }
        table.add(path, flags, interest).map_err(refusal)
    }

    fn start(self: &Arc<Self>) -> Result<Arc<Instance>, Poll> {
        let instance = Arc::new(Instance::open().map_err(refusal)?);
        let (watcher, own) = (Arc::clone(self), Arc::clone(&instance));
        let thread = std::thread::Builder::new().name("tail-watch".into()).spawn(move || watcher.listen(&own));
        thread.map_err(|_| Poll::NoInstances)?;
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
            if event.events().contains(ReadFlags::QUEUE_OVERFLOW) {
                self.setup.counters.overflows.add(1);
                table.overflowed(&mut who);
            }
            table.note(&event, &mut who);
            if reader.is_buffer_empty() {
                break;
            }
        }
        self.setup.counters.hints.add(who.len() as u64);
        who.into_iter().filter_map(|who| table.wake_of(who)).collect()
    }

    /// Lets go of the instance when nobody watches.
    fn idle(&self, instance: &Arc<Instance>) -> bool {
        let mut table = self.table();
        let idle = table.len() == 0;
        if idle {
            table.abandon(instance);
        }
        idle
    }
}

fn refusal(errno: Errno) -> Poll {
    match errno {
        Errno::NOSPC | Errno::NOMEM => Poll::NoWatches,
        Errno::MFILE | Errno::NFILE => Poll::NoInstances,
        other => Poll::Failed(other.raw_os_error()),
    }
}
