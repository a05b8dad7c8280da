//! Asking for history, and what comes back.

use std::fmt;
use std::time::Instant;

use crate::block::{Block, Line};
use crate::incarnation::Life;
use crate::position::{Offset, Position};

/// Picks lines: true to have it in the page.
pub type Want<'a> = &'a mut dyn FnMut(Line<'_>) -> bool;

/// A place not to read past: the edge of the follower, so that history and live lines meet without gap or double.
/// Newer lives than this one are not read at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cap {
    /// The life the follower reads.
    pub life: Life,
    /// The end of what it gave out there.
    pub offset: Offset,
}

/// How much history is wanted, and what it may cost.
pub struct Ask<'a> {
    /// Lines in the page at most; capped at [`Ask::MOST_LINES`].
    pub lines: usize,
    /// Bytes in the page at most (at least one line comes, cut if need be).
    pub bytes: u64,
    /// Bytes looked at on the disk at most; matters with a filter and with lines of many megabytes.
    pub scan: u64,
    /// When to end as if `scan` bytes had been looked at; some are looked at in any case. What a core does in an instant takes long on
    /// a disk or a machine that is busy, and nobody is served by an answer that comes too late.
    pub deadline: Option<Instant>,
    /// Bytes looked at for the end of a long line, forwards, where that is more than is left of `scan`: so that its true length
    /// is known also where little is looked at.
    pub length: u64,
    /// A place not to read past.
    pub upto: Option<Cap>,
    /// Which lines are wanted; all when there is none. Of a line longer than a block it sees the beginning.
    pub want: Option<Want<'a>>,
}

impl Ask<'_> {
    /// The most lines a page can have.
    pub const MOST_LINES: usize = 4_000_000;

    /// `lines` lines, at most 8 MiB of them, looking at no more than 1 GiB.
    #[must_use]
    pub fn lines(lines: usize) -> Self {
        Self { lines, bytes: 8 << 20, scan: 1 << 30, deadline: None, length: 0, upto: None, want: None }
    }

    /// Whether enough was looked at.
    pub(crate) fn is_spent(&self, scanned: u64) -> bool {
        let is_late = || self.deadline.is_some_and(|deadline| Instant::now() >= deadline);
        scanned >= self.scan || (scanned > 0 && is_late())
    }
}

impl fmt::Debug for Ask<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Ask").field("lines", &self.lines).field("upto", &self.upto).finish_non_exhaustive()
    }
}

/// A stretch of history, oldest first, possibly over several incarnations.
#[derive(Debug, Default)]
pub struct Page {
    /// The bytes, in order. With a filter each block is a run of picked lines that follow each other.
    pub blocks: Vec<Block>,
    /// Where the page before this one ends; nothing at the beginning of what is on the disk.
    pub before: Option<Position>,
    /// Whether a life of the file ends right before its first line.
    pub new_life: bool,
    /// Whether the place that was asked for is in an older life than its first line, so that one ends in between.
    pub crosses: bool,
    /// Where the next page, or the live lines, start; nothing only when the log has no file.
    pub after: Option<Position>,
    /// The life that `after` is in.
    pub after_life: Option<Life>,
    /// Whether the last line that exists (or that the cap lets see) is in it, or was looked at by the filter.
    pub end: bool,
    /// Bytes looked at.
    pub scanned: u64,
    /// Why it ended where it did.
    pub stopped: Stopped,
}

/// Why a page ended where it did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Stopped {
    /// All there is in that direction was looked at.
    #[default]
    Edge,
    /// The lines asked for are there.
    Lines,
    /// The page is full: [`Ask::bytes`].
    Bytes,
    /// Enough was looked at: [`Ask::scan`], or for long enough: [`Ask::deadline`].
    Scan,
    /// The half line at its end has gone on in the meantime: [`Page::after`] is its start.
    Grown,
}

/// A piece of the raw file.
#[derive(Debug)]
pub struct Raw {
    /// The bytes, as they stand.
    pub bytes: Vec<u8>,
    /// Where the next piece starts; nothing when the end, or the place asked for, is reached.
    pub next: Option<Position>,
}

/// What a jump found.
#[derive(Clone, Debug)]
pub struct Jump {
    /// The first line that is not before the one looked for, or the end of the log when all are before it.
    pub place: Position,
    /// What is known about it.
    pub found: Found,
    /// Bytes looked at.
    pub scanned: u64,
}

/// What a jump knows about the place it landed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// A line stands there that is not before the one looked for.
    Line,
    /// Every line on the disk is before it: the place is the end.
    AllBefore,
    /// Every line on the disk is after it: the place is the beginning.
    AllAfter,
    /// No line that was looked at could be compared (no time stamps): the place is the beginning of the newest file.
    Nothing,
}
