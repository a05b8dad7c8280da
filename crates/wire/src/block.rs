//! A block, the unit on the way: a stretch of one incarnation of a log. And what is told between blocks.

use bytes::Bytes;
use minicbor::{Decode, Encode};

use crate::why::Why;

/// A stretch of one incarnation, in the order of the file.
///
/// The anchor at any line in it is derived from `lead` and the bytes before that line; nothing derived is sent.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Block {
    /// The incarnation as the agent's process numbers it; equal numbers of one session are the same life of a file.
    #[n(0)]
    pub life: u64,
    /// The incarnation as positions need it; opaque here.
    #[cbor(n(1), with = "crate::codec::raw")]
    pub token: Bytes,
    /// Offset of the first byte, in bytes of the source.
    #[n(2)]
    pub start: u64,
    /// Offset behind the last byte.
    #[n(3)]
    pub end: u64,
    /// The at most 64 bytes in front of `start`.
    #[cbor(n(4), with = "crate::codec::raw")]
    pub lead: Bytes,
    /// The bytes, or the lines in them that a filter picked.
    #[n(5)]
    pub body: Body,
    /// How the last line of it ends.
    #[n(6)]
    pub ends: Ends,
    /// How its characters are encoded.
    #[n(7)]
    pub encoding: Encoding,
    /// Where its first byte stands in a line.
    #[n(8)]
    pub begins: Begins,
}

impl Block {
    /// Its weight in a bounded buffer, in bytes.
    pub fn weight(&self) -> usize {
        let body = match &self.body {
            Body::Raw(bytes) => bytes.len(),
            Body::Picked { lines, .. } => lines.iter().map(|line| line.bytes.len() + line.lead.len() + 96).sum(),
        };
        body + 192
    }
}

/// What a block holds.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum Body {
    /// Every byte from start to end, untouched.
    #[n(0)]
    Raw(#[cbor(n(0), with = "crate::codec::raw")] Bytes),
    /// Only the lines that passed the channel's filter.
    #[n(1)]
    Picked {
        /// In the order of the file.
        #[n(0)]
        lines: Vec<Picked>,
        /// The at most 64 bytes in front of the block's end.
        #[cbor(n(1), with = "crate::codec::raw")]
        last: Bytes,
    },
}

/// One line out of a block.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Picked {
    /// Where the line starts, in bytes of the source.
    #[n(0)]
    pub offset: u64,
    /// The at most 64 bytes in front of it.
    #[cbor(n(1), with = "crate::codec::raw")]
    pub lead: Bytes,
    /// The line without its end.
    #[cbor(n(2), with = "crate::codec::raw")]
    pub bytes: Bytes,
    /// Its true length in bytes where `bytes` is only the beginning of it.
    #[n(3)]
    pub cut: Option<u64>,
}

/// Where the first byte of a block stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum Begins {
    /// At the beginning of a line.
    #[n(0)]
    AtLine,
    /// Inside a line: the piece before it came earlier, or was not asked for.
    #[n(1)]
    InLine,
}

/// How the last line of a block ends.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum Ends {
    /// With its newline.
    #[n(0)]
    Whole,
    /// It is longer than a block and goes on in the next one.
    #[n(1)]
    Continues,
    /// Without a newline: given out at the end for good, or as it stands to who does not follow.
    #[n(2)]
    Unfinished,
    /// The block is only the beginning of one long line; `end` lies behind the whole of it. Pages cut, followers never.
    #[n(3)]
    Cut {
        /// The true length of the line in bytes, with its newline.
        #[n(0)]
        line: u64,
        /// The at most 64 bytes in front of `end`.
        #[cbor(n(1), with = "crate::codec::raw")]
        last: Bytes,
    },
}

/// How the characters of an incarnation are encoded, by its byte order mark.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum Encoding {
    /// UTF-8, or whatever it is: bytes.
    #[n(0)]
    Utf8,
    /// UTF-16, little end first.
    #[n(1)]
    Utf16Le,
    /// UTF-16, big end first.
    #[n(2)]
    Utf16Be,
}

/// A place in a log: what the hub compares (life, offset) and what it hands out (position).
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Place {
    /// As in [`Block::life`].
    #[n(0)]
    pub life: u64,
    /// In bytes of the source.
    #[n(1)]
    pub offset: u64,
    /// The position as text, opaque outside the agent.
    #[n(2)]
    pub position: String,
}

impl Place {
    /// The life of a place that only bounds something (a gap in a file that was left): the log does not go on there.
    pub const BOUND: u64 = 0;
}

/// Something that happened to a log, between two blocks, in its place.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Told {
    /// What happened; `None` when only a newer agent knows the word.
    #[n(0)]
    pub tiding: Option<Tiding>,
    /// Where it begins, where that is known.
    #[n(1)]
    pub from: Option<Place>,
    /// Where the log goes on, where that is known.
    #[n(2)]
    pub to: Option<Place>,
    /// How many bytes it concerns, where that is known.
    #[n(3)]
    pub bytes: Option<u64>,
    /// The same for a person.
    #[n(4)]
    pub words: String,
    /// Why, where there is a word for it.
    #[n(5)]
    pub why: Option<Why>,
}

impl Told {
    /// What happened, in words alone.
    pub const fn of(tiding: Tiding, words: String) -> Self {
        Told { tiding: Some(tiding), from: None, to: None, bytes: None, words, why: None }
    }

    /// Where the log goes on behind this, when it says so.
    pub fn goes_on(&self) -> Option<&Place> {
        self.to.as_ref().filter(|to| to.life != Place::BOUND)
    }
}

/// The kinds of happening, each an event's name in the interfaces.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Encode, Decode)]
#[cbor(index_only)]
pub enum Tiding {
    /// An incarnation was opened and is read from `to` on.
    #[n(0)]
    Opened,
    /// Bytes that were not sent and can still be fetched.
    #[n(1)]
    Gap,
    /// Bytes that are gone from the disk.
    #[n(2)]
    Lost,
    /// The file was renamed and a new one stands in its place.
    #[n(3)]
    Rotated,
    /// The file was cut.
    #[n(4)]
    Truncated,
    /// The file was deleted; its writer may go on for a while.
    #[n(5)]
    Gone,
    /// There is nothing to read yet.
    #[n(6)]
    Waiting,
    /// The last line was given out without its end.
    #[n(7)]
    Unfinished,
    /// Changes are looked for at intervals, since the system does not tell of them.
    #[n(8)]
    Polling,
    /// A budget ended the work before it was done.
    #[n(9)]
    Limit,
    /// It cannot be read, and why.
    #[n(10)]
    Error,
}

impl Tiding {
    /// The event's name in JSON, SSE and the page.
    pub const fn name(self) -> &'static str {
        match self {
            Tiding::Opened => "opened",
            Tiding::Gap => "gap",
            Tiding::Lost => "lost",
            Tiding::Rotated => "rotated",
            Tiding::Truncated => "truncated",
            Tiding::Gone => "gone",
            Tiding::Waiting => "waiting",
            Tiding::Unfinished => "unfinished",
            Tiding::Polling => "polling",
            Tiding::Limit => "limit",
            Tiding::Error => "error",
        }
    }
}
