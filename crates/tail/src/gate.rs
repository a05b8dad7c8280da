//! Who decides what may be read: a gate, asked about what was really opened, never about the path that was asked for.
//!
//! The gate is the caller's (the agent's configuration). It is asked at each opening, also for rotated siblings, with
//! the real path the kernel gives for the descriptor, so that no link and no race between check and open can widen what
//! is offered.

use std::path::Path;

/// A file that has been opened (`O_PATH`, not yet readable) and waits for permission.
#[derive(Debug)]
pub struct Candidate<'a> {
    /// Its real path, all links resolved, as `/proc/self/fd` tells it.
    pub real: &'a Path,
    /// Why it is to be read.
    pub role: Role,
    /// Device number.
    pub device: u64,
    /// Inode number.
    pub inode: u64,
    /// Owner.
    pub uid: u32,
    /// Size in bytes when it was opened.
    pub size: u64,
}

/// Why a file is to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// The log's own path leads to it.
    Itself,
    /// It stands beside the log's path under a rotated name (`NAME.1`, `NAME-20261120`), or the log was renamed to it.
    Sibling,
}

/// Decides on an opened file whether it may be read.
pub trait Gate: Send + Sync {
    /// Whether `candidate` may be read. Called on the thread that opens; must be quick (no I/O).
    fn admits(&self, candidate: &Candidate<'_>) -> bool;
}

/// Admits every regular file: for tools that run with their user's own rights.
#[derive(Clone, Copy, Debug, Default)]
pub struct Everything;

impl Gate for Everything {
    fn admits(&self, _: &Candidate<'_>) -> bool {
        true
    }
}

impl<F: Fn(&Candidate<'_>) -> bool + Send + Sync> Gate for F {
    fn admits(&self, candidate: &Candidate<'_>) -> bool {
        self(candidate)
    }
}
