//! The block: the unit on the way from the file to the viewer, so that nothing on that way costs anything per line.
//!
//! A block is up to 256 KiB of one incarnation and the ≤ 64 bytes in front of it. From these the position of each line
//! in it can be derived by whoever has the bytes and the token. Bytes are passed on as they stand in the file: no
//! decoding, no `\r` taken off, nothing replaced.

use std::fmt;

use memchr::memchr_iter;

use crate::incarnation::Incarnation;
use crate::lines::Lines;
use crate::position::{ANCHOR_BYTES, Offset, Position};

/// The most bytes a block has. Measured: preads of 256 KiB are the fastest, larger ones fall out of the L2 cache.
pub const BLOCK_BYTES: usize = 256 * 1024;

/// The most bytes of one line that a page has, without its newline: a longer one is cut.
pub const LINE_BYTES: usize = 1 << 20;

/// How the lines of a file are divided. Found out from its byte order mark.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Encoding {
    /// Lines end with the byte `\n`: ASCII, UTF-8 and all their relatives. A UTF-8 byte order mark is part of the first
    /// line.
    #[default]
    Bytes,
    /// Begins with `FF FE`: lines end with `0A 00` at an even offset.
    Utf16Le,
    /// Begins with `FE FF`: lines end with `00 0A` at an even offset.
    Utf16Be,
}

impl Encoding {
    /// What a file that begins with `head` is written in.
    #[must_use]
    pub fn of(head: &[u8]) -> Self {
        match head {
            [0xff, 0xfe, ..] => Self::Utf16Le,
            [0xfe, 0xff, ..] => Self::Utf16Be,
            _ => Self::Bytes,
        }
    }

    /// The length of a newline in bytes.
    #[must_use]
    pub fn newline_bytes(self) -> usize {
        match self {
            Self::Bytes => 1,
            Self::Utf16Le | Self::Utf16Be => 2,
        }
    }
}

/// Where the first byte of a block stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Begins {
    /// At the beginning of a line.
    AtLine,
    /// Inside a line: the piece before it was in an earlier block, or was not asked for.
    InLine,
}

/// How a block ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ends {
    /// Just behind a newline.
    Whole,
    /// In a line longer than a block; the next block of this incarnation goes on with it.
    Continues,
    /// In a line that has no newline: given out at the end for good, or as it stands to who does not follow.
    Unfinished,
    /// The block holds only the beginning of one long line (pages do that; a follower never cuts).
    Cut {
        /// The true length of the line in bytes with its newline, or as far as it was looked at when the budget ended
        /// there.
        line: u64,
        /// The ≤ 64 bytes in front of the next line.
        last: Vec<u8>,
    },
}

/// A stretch of one incarnation.
#[derive(Clone)]
pub struct Block {
    pub(crate) incarnation: Incarnation,
    pub(crate) start: Offset,
    /// The lead and the bytes, in one piece as they were read, so that nothing has to be moved.
    pub(crate) buffer: Vec<u8>,
    pub(crate) lead: usize,
    pub(crate) begins: Begins,
    pub(crate) ends: Ends,
}

/// One line of a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line<'a> {
    /// Where it starts.
    pub offset: Offset,
    /// Its bytes without the newline (a `\r` before it stays).
    pub bytes: &'a [u8],
    /// How to read them.
    pub encoding: Encoding,
}

impl Block {
    /// The life of the file it is from.
    #[must_use]
    pub fn incarnation(&self) -> &Incarnation {
        &self.incarnation
    }

    /// Where its first byte stands.
    #[must_use]
    pub fn start(&self) -> Offset {
        self.start
    }

    /// Where the next block or line starts: behind its last byte, and behind the whole line when that was cut.
    #[must_use]
    pub fn end(&self) -> Offset {
        match self.ends {
            Ends::Cut { line, .. } => self.start.plus(line),
            _ => self.start.plus(self.bytes().len() as u64),
        }
    }

    /// The ≤ 64 bytes in front of [`Block::start`]. Fewer only near the beginning of the file.
    #[must_use]
    pub fn lead(&self) -> &[u8] {
        &self.buffer[..self.lead]
    }

    /// The bytes as they stand in the file, newlines included; at most [`BLOCK_BYTES`], or one line of up to
    /// [`LINE_BYTES`] in a page.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.buffer[self.lead..]
    }

    /// Where its first byte stands in a line.
    #[must_use]
    pub fn begins(&self) -> Begins {
        self.begins
    }

    /// How it ends.
    #[must_use]
    pub fn ends(&self) -> &Ends {
        &self.ends
    }

    /// How its lines are divided.
    #[must_use]
    pub fn encoding(&self) -> Encoding {
        self.incarnation.encoding()
    }

    /// The lines of the block; the first and the last may be pieces, see [`Block::begins`] and [`Block::ends`].
    #[must_use]
    pub fn lines(&self) -> Lines<'_> {
        Lines::new(self.bytes(), self.start, self.encoding())
    }

    /// The position of a place in the block, of [`Block::start`] or of [`Block::end`].
    /// A place outside gets the position of the nearer end.
    #[must_use]
    pub fn position_at(&self, place: Offset) -> Position {
        if place >= self.end() {
            return self.after();
        }
        let within = (place.since(self.start) as usize).min(self.bytes().len());
        let upto = self.lead + within;
        let before = &self.buffer[upto.saturating_sub(ANCHOR_BYTES)..upto];
        self.incarnation.position(self.start.plus(within as u64), before)
    }

    /// The position of [`Block::end`]: where reading goes on.
    #[must_use]
    pub fn after(&self) -> Position {
        self.incarnation.position(self.end(), self.last_bytes())
    }

    /// The ≤ 64 bytes in front of [`Block::end`].
    #[must_use]
    pub fn last_bytes(&self) -> &[u8] {
        match &self.ends {
            Ends::Cut { last, .. } => last,
            _ => &self.buffer[self.buffer.len().saturating_sub(ANCHOR_BYTES)..],
        }
    }

    /// The lead and the bytes in one buffer, and the length of the lead: for sending without a copy.
    #[must_use]
    pub fn into_buffer(self) -> (Vec<u8>, usize) {
        (self.buffer, self.lead)
    }

    /// How many lines it has, pieces at its ends included.
    pub(crate) fn line_count(&self) -> usize {
        let rest = usize::from(self.ends != Ends::Whole);
        match self.encoding() {
            Encoding::Bytes => memchr_iter(b'\n', self.bytes()).count() + rest,
            _ => self.lines().count(),
        }
    }

    /// Appends a piece of the one line that the block is, as far as it may be shown and its newline fits behind.
    pub(crate) fn extend_line(&mut self, piece: &[u8]) {
        let room = (LINE_BYTES + self.encoding().newline_bytes()).saturating_sub(self.bytes().len());
        self.buffer.extend_from_slice(&piece[..piece.len().min(room)]);
    }

    /// The one line that the block is ends at `end`, or is known up to there. `last` are the bytes in front of that.
    pub(crate) fn end_line(&mut self, end: Offset, has_newline: bool, is_all: bool, last: &[u8]) {
        let line = end.since(self.start);
        let newline = if has_newline { self.encoding().newline_bytes() } else { 0 };
        self.ends = if line > (LINE_BYTES + newline) as u64 || !(has_newline || is_all) {
            self.buffer.truncate(self.lead + LINE_BYTES);
            Ends::Cut { line, last: last.to_vec() }
        } else if has_newline {
            Ends::Whole
        } else {
            Ends::Unfinished
        };
    }

    /// The stretch from `from` to `to`, both starts of lines in it or its ends.
    pub(crate) fn part(&self, from: Offset, to: Offset) -> Self {
        let index = |place: Offset| self.lead + (place.since(self.start) as usize).min(self.bytes().len());
        let lead = index(from).min(ANCHOR_BYTES);
        let buffer = self.buffer[index(from) - lead..index(to)].to_vec();
        let begins = if from == self.start { self.begins } else { Begins::AtLine };
        let ends = if to >= self.end() { self.ends.clone() } else { Ends::Whole };
        Self { incarnation: self.incarnation.clone(), start: from, buffer, lead, begins, ends }
    }
}

impl fmt::Debug for Block {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Block")
            .field("life", &self.incarnation.life())
            .field("start", &self.start.0)
            .field("bytes", &String::from_utf8_lossy(&self.bytes()[..self.bytes().len().min(80)]))
            .field("len", &self.bytes().len())
            .field("begins", &self.begins)
            .field("ends", &self.ends)
            .finish()
    }
}
