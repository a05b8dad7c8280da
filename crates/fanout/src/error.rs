//! What can go wrong: two things, and neither loses an item without a word.

use std::fmt;

use crate::Seq;

/// Why a ring refused. By hand rather than derived, so that the crate needs nothing but `std`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// The ring is closed: nobody will read what would be published now.
    Closed,
    /// The item asked for has left the ring; `oldest` is the first that it still has.
    Evicted {
        /// The first item still held, or the head of an empty ring.
        oldest: Seq,
    },
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Closed => f.write_str("the ring is closed"),
            Self::Evicted { oldest } => write!(f, "the item has left the ring, which now starts at {oldest}"),
        }
    }
}

impl std::error::Error for Error {}
