//! What all logs of a process part share: the gate, the quota, the times to wait, and the counters.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::files::OpenFiles;
use crate::gate::Gate;
use crate::quota::{Quota, Unbounded};

/// Shared by any number of [`Log`](crate::Log)s.
pub struct Setup {
    /// Decides what may be read.
    pub gate: Arc<dyn Gate>,
    /// Decides how many files may be open.
    pub quota: Arc<dyn Quota>,
    /// How long to wait for what.
    pub patience: Patience,
    /// What kind of file system to take a file for.
    pub ground: Ground,
    /// What has been done so far.
    pub counters: Counters,
    /// What is open.
    pub files: OpenFiles,
}

impl Setup {
    /// A setup with the usual times, and as many files as the kernel lets be open.
    #[must_use]
    pub fn new(gate: impl Gate + 'static) -> Self {
        Self {
            gate: Arc::new(gate),
            quota: Arc::new(Unbounded),
            patience: Patience::default(),
            ground: Ground::Detect,
            counters: Counters::default(),
            files: OpenFiles::default(),
        }
    }
}

impl fmt::Debug for Setup {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Setup")
            .field("patience", &self.patience)
            .field("ground", &self.ground)
            .finish_non_exhaustive()
    }
}

/// How long a follower waits for what.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// After a rotation, with lines in the new file: how long the old one must have been still before it is left.
    /// This is the longest a first line of a new file is held back by a quiet old one. After that, what comes late into the
    /// old one is told at most this often.
    pub settle: Duration,
    /// How long a deleted file that nobody writes to is held open.
    pub idle: Duration,
    /// How long a deleted or rotated file that is still written to is held open, and how long a left one is looked
    /// after since something came into it.
    pub grace: Duration,
    /// How often everything is looked at although no hint came.
    pub reconcile: Duration,
    /// The shortest time between two looks where no hints can come; it doubles up to `reconcile` while nothing happens.
    pub poll: Duration,
    /// How often watching is tried again after it was refused.
    pub rewatch: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            settle: Duration::from_millis(250),
            idle: Duration::from_secs(5),
            grace: Duration::from_secs(60),
            reconcile: Duration::from_secs(2),
            poll: Duration::from_millis(50),
            rewatch: Duration::from_secs(60),
        }
    }
}

/// What kind of file system a file is on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Ground {
    /// Ask the kernel (`statfs`).
    #[default]
    Detect,
    /// Local: changes are told by inotify, sizes are true.
    Local,
    /// On a network or in user space (NFS, SMB, FUSE, 9P …): no hints for other hosts' writes, sizes may be older than
    /// the truth.
    Network,
}

/// What has been done since the process part began. Each only grows; read them with [`Counter::get`].
#[derive(Debug, Default)]
pub struct Counters {
    /// Hints that came from the kernel and woke somebody.
    pub hints: Counter,
    /// Times the kernel's queue ran over and everything was looked at.
    pub overflows: Counter,
    /// Looks at a followed file.
    pub looks: Counter,
    /// Reads (`pread`).
    pub reads: Counter,
    /// Bytes read.
    pub bytes: Counter,
    /// Files opened.
    pub opened: Counter,
    /// Files the gate refused.
    pub refused: Counter,
    /// Times bytes were lost, known or unknown how many.
    pub losses: Counter,
    /// Bytes known to be lost.
    pub lost_bytes: Counter,
    /// Bytes skipped and told as a gap.
    pub gap_bytes: Counter,
    /// Rotations followed.
    pub rotations: Counter,
    /// Truncations and rewrites in place noticed.
    pub truncations: Counter,
}

/// A number that only grows.
#[derive(Debug, Default)]
pub struct Counter(AtomicU64);

impl Counter {
    /// The number now.
    #[must_use]
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    pub(crate) fn add(&self, more: u64) {
        self.0.fetch_add(more, Ordering::Relaxed);
    }
}
