//! The level among the columns that stand before a message.
//!
//! After the time most programs write a few columns (process, thread, logger, level) and then the message. This reads
//! column by column and stops at the first thing that could be the message, so that a word in the message is never
//! taken for a level. A bare lower-case word could be: `error` alone is refused, `ERROR`, `error:`, `[error]` and
//! `error |` are not.

use crate::level::Level;
use crate::scan::{Scan, is_blank};

/// How many columns may stand before the level. Envoy has three.
pub(crate) const MAX_COLUMNS: usize = 8;

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
    level_within(rest, MAX_COLUMNS).map(|(level, _)| level)
}

/// The level in the first `columns` of `rest`, and what stands after it.
pub(crate) fn level_within(rest: &[u8], columns: usize) -> Option<(Level, &[u8])> {
    let mut scan = Scan::new(rest);
    for nth in 0..columns {
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
    let level = word_level(word, colon, *scan)
        .or_else(|| joined_level(word, colon))
        .or_else(|| lone_letter(word, *scan).filter(|_| nth == 0));
    match level {
        Some(level) => Column::Level(level),
        None if stands_before_a_level(word, colon, *scan, nth) => Column::Other,
        None => Column::Message,
    }
}

/// `ERROR`, `error:`, `error |`, and PostgreSQL's `LOG:`.
fn word_level(word: &[u8], colon: bool, after: Scan) -> Option<Level> {
    if colon && word == b"LOG" {
        return Some(Level::Info);
    }
    let certain = colon || is_shouted(word) || ends_a_column(after);
    if certain { Level::from_word(word) } else { None }
}

/// A level with something joined to it: `level=warn`, Monolog's `channel.ERROR:`, Celery's `INFO/MainProcess`.
fn joined_level(word: &[u8], colon: bool) -> Option<Level> {
    if let Some(value) = word.strip_prefix(b"level=").or_else(|| word.strip_prefix(b"lvl=")) {
        return Level::from_word(value);
    }
    let channel = word.rsplit(|&byte| byte == b'.').next().filter(|_| colon);
    let process = word.split(|&byte| byte == b'/').next().filter(|first| first.len() < word.len());
    channel.or(process).filter(|level| is_shouted(level)).and_then(Level::from_word)
}

/// Whether a word is in capitals, as levels are and messages are not.
fn is_shouted(word: &[u8]) -> bool {
    word.iter().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
}

/// Whether a column ends here for certain: `info |`, `info\t`, `info - `, `info]`.
fn ends_a_column(after: Scan) -> bool {
    let rest = after.rest();
    matches!(rest.first(), Some(b'\t' | b'|' | b']')) || rest.starts_with(b" |") || rest.starts_with(b" - ")
}

/// MongoDB's `I NETWORK`: a letter, and then a component in capitals; not the `I` of a sentence.
fn lone_letter(word: &[u8], mut after: Scan) -> Option<Level> {
    let [letter] = word else { return None };
    after.blanks();
    let component = after.while_(|byte| byte.is_ascii_uppercase() || byte == b'-');
    let ends = after.peek().is_none_or(is_blank);
    if component.is_empty() || !ends { None } else { Level::from_letter(*letter) }
}

/// `1234`, `4321#0:` (nginx), `app@db` (PostgreSQL), `org.acme.Pool` (a logger), `CET [` (a zone), `name - ` and
/// `name |` (set off as a column).
fn stands_before_a_level(word: &[u8], colon: bool, after: Scan, nth: usize) -> bool {
    let belongs = |byte: &u8| byte.is_ascii_alphanumeric() || b"._$-@#".contains(byte);
    if word.is_empty() || word.len() > MAX_COLUMN || !word.iter().all(belongs) {
        return false;
    }
    let number = word[0].is_ascii_digit() && word.iter().all(|byte| byte.is_ascii_digit() || *byte == b'#');
    let dotted = word[0].is_ascii_alphabetic() && word.contains(&b'.') && !word.ends_with(b".");
    let zone = nth == 0 && is_shouted(word) && after.rest().starts_with(b" [");
    let named = !colon && (dotted || zone || ends_a_column(after));
    number || named || word.contains(&b'@')
}
