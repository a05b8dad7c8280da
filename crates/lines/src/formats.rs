//! The table of formats: every way of writing a line that is understood, with examples that are its tests.
//!
//! A line goes to the first format of the [`TABLE`] that claims it. Its first byte leaves few formats over, and these
//! differ within a few bytes more, so a line costs one reading whatever stood before it. A format is added by writing
//! its row: a name, what it is, the bytes that it may start with, its reader, and examples.
//!
//! A format that is not here says nothing, which is an answer: a wrong time or level would send somebody to the wrong
//! place at night.

mod access;
mod android;
mod brackets;
mod dates;
mod envelope;
mod json;
mod keys;
mod letters;
mod pairs;
mod words;

use std::borrow::Cow;

use crate::level::Level;
use crate::scan::Scan;
use crate::when::When;

/// What a control sequence starts with.
const ESC: u8 = 0x1b;

/// How much of a line is looked at, in bytes. Times and levels stand in front; a line may have a gigabyte.
const LOOKED_AT: usize = 4096;

/// A way of writing lines.
pub struct Format {
    /// One word.
    pub name: &'static str,
    /// Who writes it, and what about it is not obvious.
    pub about: &'static str,
    /// Times and levels (`-` for none), and the lines that say them, to somebody two hours east of UTC at the end of
    /// 20 November 2026.
    pub examples: &'static [(&'static str, &'static str)],
    /// The bytes that a line of it may start with.
    starts: Bytes,
    /// Whether blanks may stand before it. What is indented otherwise belongs to the line before it.
    indented: bool,
    read: fn(Line<'_>) -> Option<Found>,
}

/// Every format, in the order in which they are asked.
pub static TABLE: [Format; 21] = [
    json::JSON,
    envelope::PRIORITY,
    dates::DATE,
    dates::REDIS,
    android::THREADTIME,
    dates::EPOCH,
    dates::CLOCK,
    brackets::STAMP,
    brackets::CTIME,
    brackets::DAY_FIRST,
    envelope::FILE,
    dates::JAVA,
    letters::GLOG,
    letters::RUBY,
    android::BRIEF,
    access::RAILS,
    access::ACCESS,
    pairs::JOURNAL,
    pairs::AUDIT,
    pairs::LOGFMT,
    words::WORD,
];

/// For each first byte the formats that a line may be, as bits in the order of the table. Bytes from 128 up: none.
static BY_FIRST: [u32; 128] = by_first();

/// The formats that may be indented, as bits.
static INDENTED: u32 = indented();

/// A set of ASCII bytes.
#[derive(Clone, Copy)]
struct Bytes(u128);

/// A line, as the formats see it: its beginning, without colours.
#[derive(Clone, Copy)]
struct Line<'a> {
    bytes: &'a [u8],
    /// Whether this is the message of another line. Such a one is not opened further.
    inner: bool,
}

/// What a format finds in a line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) when: Option<When>,
    pub(crate) level: Option<Level>,
}

/// What the first format that claims `line` finds in it.
pub(crate) fn recognise(line: &[u8]) -> Found {
    let head = &line[..line.len().min(LOOKED_AT)];
    let head = head.strip_prefix("\u{feff}".as_bytes()).unwrap_or(head);
    let head = head.strip_suffix(b"\r").unwrap_or(head);
    let plain = without_colours(head);
    claim(Line { bytes: &plain, inner: false }).map_or(Found::default(), |(_, found)| found)
}

/// The format that claims `line`, by its place in the table.
fn claim(line: Line<'_>) -> Option<(usize, Found)> {
    let text = line.bytes.trim_ascii_start();
    let allowed = if text.len() < line.bytes.len() { INDENTED } else { u32::MAX };
    let first = *text.first()?;
    let mut candidates = BY_FIRST.get(usize::from(first)).copied()? & allowed;
    while candidates != 0 {
        let place = candidates.trailing_zeros() as usize;
        if let Some(found) = (TABLE[place].read)(Line { bytes: text, ..line }) {
            return Some((place, found));
        }
        candidates &= candidates - 1;
    }
    None
}

impl<'a> Line<'a> {
    /// The level that a message says in a format of its own, as a service does that logs to syslog or to a container.
    fn level_of_message(self, message: &'a [u8]) -> Option<Level> {
        if self.inner {
            return None;
        }
        claim(Line { bytes: message, inner: true }).and_then(|(_, found)| found.level)
    }
}

impl Bytes {
    const DIGITS: Bytes = Bytes::of(b"0123456789");
    const UPPER: Bytes = Bytes::of(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ");
    const LETTERS: Bytes = Bytes::of(b"abcdefghijklmnopqrstuvwxyz").and(Bytes::UPPER);

    const fn of(bytes: &[u8]) -> Bytes {
        let (mut set, mut at) = (0, 0);
        while at < bytes.len() {
            set |= 1 << bytes[at];
            at += 1;
        }
        Bytes(set)
    }

    const fn and(self, other: Bytes) -> Bytes {
        Bytes(self.0 | other.0)
    }
}

const fn by_first() -> [u32; 128] {
    let mut masks = [0; 128];
    let mut place = 0;
    while place < TABLE.len() {
        let mut byte = 0;
        while byte < 128 {
            masks[byte] |= ((TABLE[place].starts.0 >> byte & 1) as u32) << place;
            byte += 1;
        }
        place += 1;
    }
    masks
}

const fn indented() -> u32 {
    let (mut mask, mut place) = (0, 0);
    while place < TABLE.len() {
        mask |= (TABLE[place].indented as u32) << place;
        place += 1;
    }
    mask
}

/// `line` without the sequences that colour a terminal: ESC `[` … letter (ECMA-48 section 5.4).
fn without_colours(line: &[u8]) -> Cow<'_, [u8]> {
    let Some(first) = memchr::memchr(ESC, line) else { return Cow::Borrowed(line) };
    let mut plain = line[..first].to_vec();
    let mut scan = Scan::new(&line[first..]);
    while scan.eat(ESC).is_some() {
        if scan.eat(b'[').is_some() {
            scan.while_(|byte| matches!(byte, b' '..=b'?'));
            scan.byte();
        }
        plain.extend_from_slice(scan.while_(|byte| byte != ESC));
    }
    Cow::Owned(plain)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Context, Recognizer};

    /// Time and level of `line`, as the examples write them.
    fn said(line: &str) -> String {
        let zone = jiff::tz::Offset::constant(2).to_time_zone();
        let reference = "2026-11-20T22:00:00Z".parse().expect("a time");
        let said = Recognizer::new(Context { zone, reference }).read(line.as_bytes());
        let time = said.time.map_or("-".to_owned(), |time| time.to_string());
        format!("{time} {}", said.level.map_or("-", Level::as_str))
    }

    /// Every example of every format.
    fn examples() -> impl Iterator<Item = (&'static Format, &'static str, &'static str)> {
        TABLE.iter().flat_map(|format| format.examples.iter().map(move |(says, line)| (format, *says, *line)))
    }

    #[test]
    fn every_example_says_what_is_written_beside_it() {
        for (format, says, line) in examples() {
            assert_eq!(said(line), says, "{}: {line}", format.name);
        }
    }

    #[test]
    fn every_example_is_claimed_by_its_own_format() {
        for (format, _, line) in examples() {
            let claimed = claim(Line { bytes: line.as_bytes(), inner: false });
            assert_eq!(claimed.map(|(place, _)| TABLE[place].name), Some(format.name), "{line}");
        }
    }

    #[test]
    fn every_format_has_a_name_of_its_own_and_an_example() {
        for (place, format) in TABLE.iter().enumerate() {
            assert!(TABLE[..place].iter().all(|other| other.name != format.name), "{} is there twice", format.name);
            assert!(!format.examples.is_empty(), "{} has no example", format.name);
        }
    }

    #[test]
    fn colours_do_not_hinder() {
        for (_, says, line) in examples() {
            assert_eq!(said(&format!("\x1b[2m\x1b[38;5;9m{line}\x1b[0m")), says, "{line}");
        }
        assert_eq!(said("2026-11-20 22:10:11 \x1b[31mERROR\x1b[0m no"), "2026-11-20T20:10:11Z error");
    }

    #[test]
    fn a_byte_order_mark_does_not_hinder() {
        assert_eq!(said("\u{feff}2026-11-20 22:10:11 ERROR no"), "2026-11-20T20:10:11Z error");
    }

    #[test]
    fn a_line_may_end_anywhere() {
        for (_, _, line) in examples() {
            (0..line.len()).filter_map(|end| line.get(..end)).for_each(|line| drop(said(line)));
        }
    }
}
