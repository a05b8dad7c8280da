//! A line in, its time and level out.
//!
//! The recogniser remembers nothing, not even which format the last line had: the first byte of a line leaves so few
//! formats over, and those turn a wrong line away so cheaply, that a memory would only make the answer depend on the
//! order of the questions. So one recogniser serves any number of threads, and a line says the same in a live view, on
//! a page of history and in a search.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::level::Level;

/// What lines leave out, and the log's own host knows.
#[derive(Clone, Debug)]
pub struct Context {
    /// The zone of the stamps that name none: the one of the host that writes the log.
    pub zone: TimeZone,
    /// A moment at or shortly after the line was written, for stamps without a year: the time of the file's last
    /// change, or now. Such a stamp is given the latest year that does not put it more than a day after this.
    pub reference: Timestamp,
}

impl Context {
    /// Stamps without a zone are UTC.
    pub fn utc(reference: Timestamp) -> Context {
        Context { zone: TimeZone::UTC, reference }
    }
}

/// What a line says about itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Said {
    /// When it was written, where it names a day and a time of day.
    pub time: Option<Timestamp>,
    /// How bad it is, where its format has a place for that.
    pub level: Option<Level>,
}

/// Reads times and levels, for the lines of one host.
#[derive(Clone, Debug)]
pub struct Recognizer {
    context: Context,
}

impl Recognizer {
    /// A recogniser for lines that were written where `context` holds.
    pub fn new(context: Context) -> Recognizer {
        Recognizer { context }
    }

    /// What `line` says. Looks at its first 4 KiB only; a trailing `\r`, a byte order mark and terminal colours do not
    /// matter. UTF-16 has to be decoded first.
    pub fn read(&self, line: &[u8]) -> Said {
        let found = crate::formats::recognise(line);
        Said { time: found.when.and_then(|when| when.resolve(&self.context)), level: found.level }
    }
}
