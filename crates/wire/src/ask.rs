//! Questions of the hub and the one answer to each. Every question carries its own bound: lines, bytes, work.

use bytes::Bytes;
use minicbor::{Decode, Encode};

use crate::block::{Block, Place, Told};
use crate::filter::Filter;
use crate::processes::{Inspect, Inspected};
use crate::why::Why;

/// What a hub asks an agent.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum Question {
    /// Which logs are there?
    #[n(0)]
    List {
        /// A glob over NAME; all when absent.
        #[n(0)]
        pattern: Option<String>,
        /// A part of the NAME, case not regarded.
        #[n(1)]
        contains: Option<String>,
        /// At most so many.
        #[n(2)]
        limit: u32,
        /// Only names behind this one, in order of bytes.
        #[n(3)]
        after: Option<String>,
    },
    /// A page of lines.
    #[n(1)]
    Read {
        /// The NAME of the log.
        #[n(0)]
        log: String,
        /// Where the page lies.
        #[n(1)]
        spot: Spot,
        /// At most so many lines.
        #[n(2)]
        lines: u32,
        /// At most about so many bytes in the answer.
        #[n(3)]
        bytes: u32,
        /// Only lines that pass.
        #[n(4)]
        filter: Filter,
        /// Look through at most so many bytes for them.
        #[n(5)]
        scan: u64,
        /// What to do with a last line that has no end yet.
        #[n(6)]
        half: HalfLine,
    },
    /// Bytes as they are.
    #[n(2)]
    Raw {
        /// The NAME of the log.
        #[n(0)]
        log: String,
        /// From here; a position, or the first byte there is.
        #[n(1)]
        from: Option<String>,
        /// Up to here, not including it; a position, or the end as it stands.
        #[n(2)]
        to: Option<String>,
        /// At most so many bytes in one answer.
        #[n(3)]
        bytes: u32,
    },
    /// Of its processes.
    #[n(3)]
    Inspect(#[n(0)] Inspect),
}

/// A last line that its writer has not ended yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum HalfLine {
    /// Give it as it stands: nobody waits for the rest.
    #[n(0)]
    Give,
    /// Hold it back: who follows gets it whole.
    #[n(1)]
    Hold,
}

/// Where a page of lines lies.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum Spot {
    /// The last lines there are.
    #[n(0)]
    Last,
    /// The lines that end at a position.
    #[n(1)]
    Before(#[n(0)] String),
    /// The lines that start at a position.
    #[n(2)]
    After(#[n(0)] String),
    /// The line in which this byte of the present file lies, and those behind it.
    #[n(3)]
    Offset(#[n(0)] u64),
    /// The first line that is not earlier than this time (microseconds since 1970), and those behind it.
    #[n(4)]
    Time(#[n(0)] i64),
}

/// What an agent answers.
#[derive(Debug, Clone, PartialEq, Encode, Decode)]
pub enum Answer {
    /// To `List`.
    #[n(0)]
    Logs {
        /// In order of their names' bytes.
        #[n(0)]
        logs: Vec<LogEntry>,
        /// Ask again behind this name; absent when these were the last.
        #[n(1)]
        next: Option<String>,
    },
    /// To `Read`.
    #[n(1)]
    Page(#[n(0)] Page),
    /// To `Raw`.
    #[n(2)]
    Raw {
        /// The bytes.
        #[cbor(n(0), with = "crate::codec::raw")]
        bytes: Bytes,
        /// The position to go on from; absent when the end was reached.
        #[n(1)]
        next: Option<String>,
    },
    /// It could not be answered.
    #[n(3)]
    Refused(#[n(0)] Refusal),
    /// To `Inspect`.
    #[n(4)]
    Inspected(#[n(0)] Inspected),
}

/// One log in a list.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct LogEntry {
    /// Its NAME.
    #[n(0)]
    pub name: String,
    /// In bytes, as it stands.
    #[n(1)]
    pub size: Option<u64>,
    /// When it was last written, in microseconds since 1970.
    #[n(2)]
    pub modified: Option<i64>,
    /// Why it cannot be read, when it cannot.
    #[n(3)]
    pub unreadable: Option<String>,
}

/// A page: stretches of one or more incarnations in order, with what happened between them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Encode, Decode)]
pub struct Page {
    /// In the order of the log.
    #[n(0)]
    pub parts: Vec<Part>,
    /// Ask `Before` this for what comes before; absent at the beginning of what is on the disk.
    #[n(1)]
    pub before: Option<String>,
    /// Ask `After` this for what comes behind; absent when there is nothing to read at all.
    #[n(2)]
    pub after: Option<Place>,
    /// Whether the last line that exists is in it (or lies before it).
    #[n(3)]
    pub end: bool,
    /// Whether the bound on the work ended it before its lines were found.
    #[n(4)]
    pub limited: bool,
    /// How many bytes were looked through.
    #[n(5)]
    pub scanned: u64,
    /// What happened right before its first line: a life of the file ends there. The page that ends there does not say so.
    #[n(6)]
    pub in_front: Option<Told>,
    /// Bytes on the disk behind `after`, where whoever follows the log stands there and has looked a moment ago: its edge, for one who
    /// comes between two of them.
    #[n(7)]
    pub behind: Option<u64>,
}

/// A piece of a page.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum Part {
    /// Lines.
    #[n(0)]
    Block(#[n(0)] Block),
    /// What happened here.
    #[n(1)]
    Told(#[n(0)] Told),
}

/// Why a question was not answered.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Refusal {
    /// What a program needs to know.
    #[n(0)]
    pub failure: Option<Failure>,
    /// The same for a person; reveals nothing of what is not offered.
    #[n(1)]
    pub words: String,
    /// Where in a pattern the fault lies, in bytes, when it is in one.
    #[n(2)]
    pub at: Option<u32>,
    /// What stands in the way of reading the log, where that is known better than by `failure`.
    #[n(3)]
    pub why: Option<Why>,
}

impl Refusal {
    /// With nothing more than its kind and its words.
    pub fn of(failure: Failure, words: impl Into<String>) -> Self {
        Refusal { failure: Some(failure), words: words.into(), at: None, why: None }
    }

    /// Why the log cannot be read, where there is a word for it.
    pub fn why(&self) -> Option<Why> {
        self.why.or_else(|| match self.failure? {
            Failure::NotOffered => Some(Why::NotOffered),
            Failure::Unreadable => Some(Why::Unreadable),
            Failure::Gone => Some(Why::NotFound),
            Failure::Busy => Some(Why::Busy),
            Failure::BadPosition | Failure::BadFilter | Failure::Unknown | Failure::Failed => None,
        })
    }
}

/// The kinds of refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum Failure {
    /// Not offered, or not there: deliberately one word for both.
    #[n(0)]
    NotOffered,
    /// Offered, but cannot be read now.
    #[n(1)]
    Unreadable,
    /// The position is none, or is of another log.
    #[n(2)]
    BadPosition,
    /// A pattern is none.
    #[n(3)]
    BadFilter,
    /// What the position stood in is gone from the disk.
    #[n(4)]
    Gone,
    /// Too many questions at once.
    #[n(5)]
    Busy,
    /// The agent does not know this question.
    #[n(6)]
    Unknown,
    /// Reading failed.
    #[n(7)]
    Failed,
}
