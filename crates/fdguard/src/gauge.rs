//! How many descriptors are open, and how many may be: the two numbers everything else follows from.
//!
//! The kernel counts for us: since Linux 6.2 `st_size` of `/proc/self/fd` is the number of open descriptors
//! (torvalds/linux@f1f1f2569901), read by one `fstat` on a directory that is held open, in about a microsecond, and
//! it works when no descriptor is left. It includes what libraries opened and cannot drift, as a count of our own
//! would. Refuses to list the whole directory except once on an older kernel: that takes 15 ms at 20,000 descriptors; what has
//! numbers above the limit is counted apart (`Beyond`).

use std::os::fd::OwnedFd;
use std::sync::{Mutex, PoisonError};

use rustix::fs::{Dir, Mode, OFlags, fstat, open};
use rustix::process::{Resource, getrlimit};

use crate::beyond::Beyond;
use crate::limit::or_infinite;

/// What a [`Gauge`] saw.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reading {
    /// Open descriptors; `None` when the kernel does not tell, and the budget must go by its own count.
    pub used: Option<u64>,
    /// Of those, the ones whose number the soft limit does not allow any more: they take no room under it.
    pub beyond: u64,
    /// The soft limit in force now.
    pub soft: u64,
    /// The hard limit in force now.
    pub hard: u64,
}

impl Reading {
    fn under_the_limit(&self) -> Option<u64> {
        self.used.map(|used| used.saturating_sub(self.beyond))
    }
}

/// Where a budget gets its two numbers from. A test hands in its own.
pub trait Gauge: Send + Sync + 'static {
    /// Looks. Must not block and must not open anything.
    fn read(&self) -> Reading;

    /// What is open under the limit, counted once at start; what to assume when [`Reading::used`] is `None`.
    fn at_start(&self) -> u64 {
        self.read().under_the_limit().unwrap_or(0)
    }
}

/// This process, as `/proc` shows it.
#[derive(Debug)]
pub struct ProcessGauge {
    /// `/proc/self/fd`, held: naming it again would need a descriptor, and there may be none.
    directory: Option<OwnedFd>,
    beyond: Mutex<Beyond>,
}

impl ProcessGauge {
    /// Opens `/proc/self/fd`. Without `/proc` the gauge works and tells the limit only.
    pub fn open() -> Self {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        Self { directory: open("/proc/self/fd", flags, Mode::empty()).ok(), beyond: Mutex::default() }
    }
}

impl Gauge for ProcessGauge {
    fn read(&self) -> Reading {
        let size = self.directory.as_ref().and_then(|directory| fstat(directory).ok()).map(|stat| stat.st_size);
        let limit = getrlimit(Resource::Nofile);
        let (soft, hard) = (or_infinite(limit.current), or_infinite(limit.maximum));
        // Before 6.2 the size is 0, which cannot be true: the directory itself is open.
        let used = size.and_then(|size| u64::try_from(size).ok()).filter(|used| *used > 0);
        let beyond = self.directory.as_ref().zip(used).map_or(0, |(directory, used)| {
            self.beyond.lock().unwrap_or_else(PoisonError::into_inner).of(directory, soft, used)
        });
        Reading { used, beyond, soft, hard }
    }

    fn at_start(&self) -> u64 {
        let listed = || Dir::read_from(self.directory.as_ref()?).ok();
        // `.`, `..` and the directory that lists are in the listing.
        self.read().under_the_limit().or_else(|| Some((listed()?.count() as u64).saturating_sub(3))).unwrap_or(ASSUMED)
    }
}

/// Without `/proc`: the standard streams, epoll and its waker, signals, listeners.
const ASSUMED: u64 = 16;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_count_follows_what_is_opened_and_closed() {
        let gauge = ProcessGauge::open();
        let Some(before) = gauge.read().used else { return };
        let files: Vec<_> = (0..100).map(|_| std::fs::File::open("/proc/self/stat").unwrap()).collect();
        // Other tests open and close at the same time; a hundred is more than they do.
        assert!(gauge.read().used.unwrap() > before + 50);
        drop(files);
        assert!(gauge.read().used.unwrap() < before + 50);
    }
}
