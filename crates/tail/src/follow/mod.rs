//! Following a log: see [`Follower`].

use std::sync::Arc;
use std::time::Duration;

use crate::error::Error;
use crate::event::{Gap, Step};
use crate::incarnation::Life;
use crate::page::Cap;
use crate::position::{Offset, Position};
use crate::watch::{Wake, Watcher};

/// Where a follower starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum From {
    /// Behind the last whole line there is.
    End,
    /// At the beginning of the file.
    Start,
    /// Where somebody stopped reading, before a restart or a rotation.
    At(Position),
}

/// The end of what a follower gave out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Edge {
    /// The life it reads.
    pub life: Life,
    /// Where in it; a line start, but inside of a line longer than a block.
    pub offset: Offset,
    /// The same for the world.
    pub position: Position,
}

impl Edge {
    /// Not to be read past by history.
    #[must_use]
    pub fn cap(&self) -> Cap {
        Cap { life: self.life, offset: self.offset }
    }
}

/// Reads a log as it grows.
#[derive(Debug)]
pub struct Follower {}

impl Follower {
    /// Looks at everything once and reads up to about `max_bytes` bytes (at least one block). Never blocks on the log's writer.
    pub fn step(&mut self, max_bytes: usize) -> Step {
        drop(max_bytes);
        Step::default()
    }

    /// Has `wake` called when there may be something to read. Refusals are told as events, and looked after.
    pub fn watched_by(&mut self, watcher: &Arc<Watcher>, wake: Wake) {
        drop((watcher, wake));
    }

    /// When to call [`Follower::step`] again although nobody woke: 2 s, or sooner where no hints come.
    #[must_use]
    pub fn next_look(&self) -> Duration {
        Duration::from_secs(2)
    }

    /// Goes to the last line start of the file that is read; the stretch that was skipped is told.
    /// Nothing when there is nothing to skip.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn skip_to_end(&mut self) -> Result<Option<Gap>, Error> {
        Ok(None)
    }

    /// The end of what was given out; nothing while nothing is open.
    #[must_use]
    pub fn edge(&self) -> Option<Edge> {
        None
    }

    /// Bytes known to be unread, a half line included.
    #[must_use]
    pub fn behind(&self) -> u64 {
        0
    }
}
