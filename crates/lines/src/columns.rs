//! The level among the columns that stand before a message.
//!
//! After the time most programs write a few columns (process, thread, logger, level) and then the message. This reads
//! column by column and stops at the first thing that could be the message, so that a word in the message is never
//! taken for a level. A bare lower-case word could be: `error` alone is refused, `ERROR`, `error:`, `[error]` and
//! `error |` are not.

use crate::level::Level;
use crate::scan::{Scan, is_blank};

/// How many columns may stand before the level. Envoy has three.
const MAX_COLUMNS: usize = 8;

/// How long a column may be, in bytes.
const MAX_COLUMN: usize = 128;

/// What one column is.
enum Column {
    Level(Level),
    /// Something that stands before a level: a process, a thread, a logger.
    Other,
    /// The message, or something that nobody knows.
    Message,
}

/// The level in the columns that `rest` starts with.
pub(crate) fn level(rest: &[u8]) -> Option<Level> {
    level_and_rest(rest).map(|(level, _)| level)
}

/// The level, and what stands after it.
pub(crate) fn level_and_rest(rest: &[u8]) -> Option<(Level, &[u8])> {
    let mut scan = Scan::new(rest);
    for nth in 0..MAX_COLUMNS {
        divide(&mut scan);
        match column(&mut scan, nth) {
            Column::Level(level) => return Some((level, scan.rest())),
            Column::Other => {}
            Column::Message => return None,
        }
    }
    None
}

/// Passes over what divides columns: blanks, `|`, `]`, `:` and dashes that stand alone.
fn divide(scan: &mut Scan) {
    loop {
        scan.while_(|byte| is_blank(byte) || matches!(byte, b'|' | b']' | b':' | b',' | b';'));
        let mut dashes = *scan;
        let run = dashes.while_(|byte| byte == b'-');
        if run.is_empty() || !dashes.peek().is_some_and(is_blank) {
            return;
        }
        *scan = dashes;
    }
}

fn column(scan: &mut Scan, nth: usize) -> Column {
    match scan.peek() {
        None => Column::Message,
        Some(b'[') => enclosed(scan, b']'),
        Some(b'(') => enclosed(scan, b')'),
        // Only a level stands in angles, and apart: anything else is markup.
        Some(b'<') => match enclosed(scan, b'>') {
            Column::Level(level) if scan.peek().is_none_or(is_blank) => Column::Level(level),
            _ => Column::Message,
        },
        Some(_) => bare(scan, nth),
    }
}

/// `[ERROR]`, `[error]`, `[core:error]`, `[Server thread/INFO]`, `[W]`; else a column such as `[main]` or `[1234]`.
fn enclosed(scan: &mut Scan, end: u8) -> Column {
    scan.byte();
    let Some(inside) = scan.until(end, MAX_COLUMN) else { return Column::Message };
    let inside = inside.trim_ascii();
    let last = inside.rsplit(|byte| matches!(byte, b':' | b'/')).next().unwrap_or(inside);
    let letter = if let [letter] = inside { Level::from_letter(*letter) } else { None };
    Level::from_word(last).or(letter).map_or(Column::Other, Column::Level)
}

fn bare(scan: &mut Scan, nth: usize) -> Column {
    let token = scan.while_(|byte| !is_blank(byte) && !matches!(byte, b'|' | b']' | b'['));
    let (word, colon) = match token.strip_suffix(b":") {
        Some(word) => (word, true),
        None => (token, false),
    };
    let set_off = colon || is_set_off(*scan);
    if let Some(level) = word_level(word, set_off, colon) {
        return Column::Level(level);
    }
    if nth == 0
        && let Some(level) = lone_letter(word, *scan)
    {
        return Column::Level(level);
    }
    if stands_before_a_level(word, colon, *scan, nth) { Column::Other } else { Column::Message }
}

/// Whether a column ends here for certain: `info |`, `info\t`, `info - `, `info]`.
fn is_set_off(after: Scan) -> bool {
    let rest = after.rest();
    matches!(rest.first(), Some(b'\t' | b'|' | b']')) || rest.starts_with(b" |") || rest.starts_with(b" - ")
}

fn word_level(word: &[u8], set_off: bool, colon: bool) -> Option<Level> {
    let shouted =
        |word: &[u8]| !word.is_empty() && word.iter().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
    if set_off || shouted(word) {
        // PostgreSQL's LOG is a level, but a log called LOG is not.
        let log = if colon && word == b"LOG" { Some(Level::Info) } else { None };
        if let Some(level) = Level::from_word(word).or(log) {
            return Some(level);
        }
    }
    // `level=warn`, after a stamp of some collector.
    if let Some(value) = word.strip_prefix(b"level=").or_else(|| word.strip_prefix(b"lvl=")) {
        return Level::from_word(value.trim_ascii_start());
    }
    // Monolog's `channel.ERROR:`, Celery's `INFO/MainProcess`.
    let channel = word.rsplit(|&byte| byte == b'.').next().filter(|last| colon && shouted(last));
    let process = word.split(|&byte| byte == b'/').next().filter(|first| first.len() < word.len() && shouted(first));
    channel.or(process).and_then(Level::from_word)
}

/// MongoDB's `I NETWORK`: a letter, and then a component in capitals; not the `I` of a sentence.
fn lone_letter(word: &[u8], mut after: Scan) -> Option<Level> {
    let [letter] = word else { return None };
    after.blanks();
    let component = after.while_(|byte| byte.is_ascii_uppercase() || byte == b'-');
    let ends = after.peek().is_none_or(is_blank);
    if component.is_empty() || !ends { None } else { Level::from_letter(*letter) }
}

/// Numbers, `4321#0:` (nginx), `app@db` (PostgreSQL), `org.acme.Pool` (a logger), `CET [` (a zone), `name - ` and
/// `name |` (set off as a column).
fn stands_before_a_level(word: &[u8], colon: bool, after: Scan, nth: usize) -> bool {
    let Some(first) = word.first() else { return false };
    let named = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'$' | b'-' | b'@' | b'#');
    if word.len() > MAX_COLUMN || !word.iter().all(named) {
        return false;
    }
    let number = first.is_ascii_digit() && word.iter().all(|byte| byte.is_ascii_digit() || *byte == b'#');
    let set_off =
        !colon && (after.rest().starts_with(b" - ") || after.rest().starts_with(b" |") || after.peek() == Some(b'|'));
    let dotted = !colon && first.is_ascii_alphabetic() && word.contains(&b'.') && !word.ends_with(b".");
    let zone = nth == 0 && word.iter().all(u8::is_ascii_uppercase) && after.rest().starts_with(b" [");
    number || set_off || dotted || zone || word.contains(&b'@')
}
