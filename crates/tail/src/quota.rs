//! How many files may be open: a quota, asked before each is opened, so that a reader of logs keeps to a budget it shares with others.
//!
//! The quota is the caller's, as the [`Gate`](crate::Gate) is. What it gives is held as long as the file is open. A log that gets none
//! is told [`Obstacle::NoDescriptor`](crate::Obstacle::NoDescriptor), as when the kernel has none, and is tried again with each look.

use std::any::Any;
use std::fmt;

/// What a file is wanted for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// The only file of a log that has none open.
    First,
    /// One more of a log that has one open: after a rotation the old file is read to its end while the new one is there. Who is
    /// refused it holds the log up, so it should come from a reserve rather than not at all.
    Further,
}

/// Decides whether one more file may be opened.
pub trait Quota: fmt::Debug + Send + Sync {
    /// A place for one more open file; `None` when there is none now. Called on the thread that opens; must be quick.
    fn one_more(&self, need: Need) -> Option<Permit>;
}

/// The right to one open file. Dropped after it is closed.
pub struct Permit {
    _held: Option<Box<dyn Any + Send + Sync>>,
}

impl Permit {
    /// One that gives back what it holds when it is dropped.
    pub fn holding(held: impl Any + Send + Sync) -> Self {
        Self { _held: Some(Box::new(held)) }
    }
}

impl fmt::Debug for Permit {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Permit")
    }
}

/// As many as the kernel lets be open.
#[derive(Clone, Copy, Debug, Default)]
pub struct Unbounded;

impl Quota for Unbounded {
    fn one_more(&self, _: Need) -> Option<Permit> {
        Some(Permit { _held: None })
    }
}
