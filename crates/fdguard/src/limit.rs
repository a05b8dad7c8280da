//! RLIMIT_NOFILE: what it was, what it is now, and what a child should get.
//!
//! The soft limit of 1024 is there for programs that use `select(2)`, which cannot hold a descriptor above 1023;
//! systemd.exec(5) asks the others to raise their own soft limit to the hard one. So this process does, once, at
//! start. Children get the old soft limit back, because they may be such programs.
//!
//! Refuses to touch the hard limit, and to go above 2^20: some systems set the hard limit to 2^30, and a program
//! (or a library in it) that closes or allocates per possible descriptor then needs minutes or gigabytes.

use std::fmt;
use std::io;

use rustix::process::{Pid, Resource, Rlimit, getrlimit, prlimit, setrlimit};

/// The soft limit is never raised beyond this, whatever the hard limit allows.
const CAP: u64 = 1 << 20;

/// The limit of open files of this process, as found at start and as it stands since.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit {
    was: Rlimit,
    soft: u64,
}

impl Limit {
    /// Raises the soft limit to the hard one, at most to 2^20, and remembers what it was.
    ///
    /// Never fails: if the kernel says no, the limit stays as it was and [`Limit::soft`] says so. A soft limit that
    /// is above the cap already is left alone: somebody wanted it.
    pub fn raise() -> Self {
        let was = getrlimit(Resource::Nofile);
        let before = or_infinite(was.current);
        let wanted = or_infinite(was.maximum).min(CAP);
        if wanted > before {
            let raised = Rlimit { current: Some(wanted), maximum: was.maximum };
            if let Err(error) = setrlimit(Resource::Nofile, raised) {
                tracing::warn!(%error, wanted, "the soft limit of open files stays as it was");
            }
        }
        Self { was, soft: or_infinite(getrlimit(Resource::Nofile).current) }
    }

    /// The soft limit before [`Limit::raise`].
    pub fn was(&self) -> u64 {
        or_infinite(self.was.current)
    }

    /// The soft limit after [`Limit::raise`].
    pub fn soft(&self) -> u64 {
        self.soft
    }

    /// The hard limit: nobody but root can go above it.
    pub fn hard(&self) -> u64 {
        or_infinite(self.was.maximum)
    }

    /// What to give to a child process.
    pub fn for_children(&self) -> ForChildren {
        ForChildren(self.was)
    }
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "open files: soft limit was {}, now {}, hard {}", self.was(), self.soft, self.hard())
    }
}

/// The limit that this process was started with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ForChildren(Rlimit);

impl ForChildren {
    /// The soft limit a child gets.
    pub fn soft(&self) -> u64 {
        or_infinite(self.0.current)
    }

    /// Gives it to the child with this process id, by `prlimit(2)`.
    ///
    /// To be called right after the spawn. The child runs with the raised limit until then, which harms only a
    /// program that opens more than 1023 files and calls `select` in its first moments.
    pub fn give_to(&self, child: u32) -> io::Result<()> {
        let pid = i32::try_from(child).ok().and_then(Pid::from_raw).ok_or(io::ErrorKind::InvalidInput)?;
        prlimit(Some(pid), Resource::Nofile, self.0)?;
        Ok(())
    }
}

/// A limit is a number here; the kernel's "unlimited" is a large one.
pub(crate) fn or_infinite(limit: Option<u64>) -> u64 {
    limit.unwrap_or(u64::MAX)
}
