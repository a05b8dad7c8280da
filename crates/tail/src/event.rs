//! What a follower tells: blocks, and everything that keeps a reader from being misled about what lies between them.

use crate::block::Block;
use crate::error::{Loss, Obstacle};
use crate::incarnation::{Incarnation, Life};
use crate::position::{Offset, Position};

/// What one step of a follower brought.
#[derive(Debug, Default)]
pub struct Step {
    /// What happened, in order.
    pub events: Vec<Event>,
    /// Whether there is more to read at once; else wait for a wake-up or for
    /// [`Follower::next_look`](crate::Follower::next_look).
    pub more: bool,
}

/// Something that happened to a followed log.
#[derive(Clone, Debug)]
pub enum Event {
    /// Reading starts here: the first time, or after [`Event::Waiting`].
    Opened {
        /// What is read.
        incarnation: Incarnation,
        /// Where reading starts.
        offset: Offset,
        /// Its size in bytes when it was opened.
        size: u64,
    },
    /// Bytes.
    Block(Block),
    /// All of `from` was given out; reading goes on in another file.
    Rotated {
        /// The life that was left.
        from: Life,
        /// The life that is read now.
        to: Incarnation,
        /// Where in it: 0 in a fresh file; further on in a copy that holds the old bytes too.
        at: Offset,
    },
    /// The file was truncated or rewritten in place.
    Truncated {
        /// The life that ended.
        from: Life,
        /// How far it had been given out.
        given: Offset,
        /// The life that begins.
        to: Incarnation,
        /// Where reading goes on: 0, or the new end when only the end was cut off.
        at: Offset,
    },
    /// A hole was skipped: no bytes were ever written there (a writer without `O_APPEND` after a truncation).
    Hole {
        /// Where.
        incarnation: Incarnation,
        /// Its beginning.
        from: Offset,
        /// The first byte behind it.
        to: Offset,
    },
    /// Bytes that were not given out and can still be fetched: a late writer went on in a file that was left.
    Gap(Gap),
    /// Bytes that are gone from the disk.
    Lost(Lost),
    /// The path no longer leads to the file that is read. Reading it goes on as long as sensible.
    Gone(Departure),
    /// Nothing is open: the log cannot be read now. Told again only when the reason changes.
    Waiting(Obstacle),
    /// Changes are looked for by asking again and again, so that lines may come up to 2 s late. Told once.
    Polling(Poll),
    /// Changes are told by the kernel (again). Told after [`Event::Polling`] only.
    Watching,
}

/// A stretch that was skipped, both ends at line starts.
#[derive(Clone, Debug)]
pub struct Gap {
    /// Where.
    pub incarnation: Incarnation,
    /// The first byte skipped.
    pub from: Position,
    /// The first byte not skipped.
    pub to: Position,
}

impl Gap {
    /// How many bytes were skipped.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.to.offset().since(self.from.offset())
    }
}

/// Bytes that nobody can read any more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lost {
    /// Up to where the log had been given out.
    pub from: Position,
    /// How many bytes at least, where it is known.
    pub bytes: Option<u64>,
    /// What happened.
    pub why: Loss,
}

/// How a file went from its path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Departure {
    /// No name leads to it any more.
    Deleted,
    /// It has another name now, and nothing new stands at the path yet.
    Moved,
    /// Something that cannot be read stands at the path instead.
    Displaced(Obstacle),
}

/// Why changes are looked for and not told by the kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Poll {
    /// The file is on a network file system or one in user space.
    Network,
    /// The user's inotify watches are used up (`ENOSPC`, `fs.inotify.max_user_watches`).
    NoWatches,
    /// The user's inotify instances or the file descriptors are used up (`EMFILE`, `fs.inotify.max_user_instances`).
    NoInstances,
    /// Any other failure, as `errno`.
    Failed(i32),
}
