//! What can go wrong. None of it loses an item or a message without a word.

use std::fmt;

use crate::Seq;

/// Why a ring or a fan-out refused. By hand rather than derived, so that the crate needs little more than `std`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// The ring is closed: nobody will read what would be published now.
    Closed,
    /// The item asked for has left the ring; `oldest` is the first that it still has.
    Evicted {
        /// The first item still held, or the head of an empty ring.
        oldest: Seq,
    },
    /// The broker's address or an option cannot be used, in words.
    Url(String),
    /// The broker could not be reached, or would not have us, in words.
    Refused(String),
    /// The message is longer than may be published, in bytes.
    TooLarge {
        /// What it has.
        bytes: usize,
        /// What it may have.
        most: usize,
    },
    /// As much waits for the broker as may; the message is lost, and subscribers will be told.
    Full,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Closed => f.write_str("the ring is closed"),
            Self::Evicted { oldest } => write!(f, "the item has left the ring, which now starts at {oldest}"),
            Self::Url(words) | Self::Refused(words) => f.write_str(words),
            Self::TooLarge { bytes, most } => write!(f, "a message of {bytes} bytes, where {most} are allowed"),
            Self::Full => f.write_str("the broker is slow or away, and no more may wait for it"),
        }
    }
}

impl std::error::Error for Error {}
