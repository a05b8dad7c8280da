//! What the keys of structured lines are called, and how their values are read: shared by JSON and logfmt.
//!
//! A key has to be one of these names exactly. The message is under other names, and is never looked into.

use jiff::Timestamp;

use crate::level::Level;
use crate::scan::Scan;
use crate::stamp;
use crate::when::When;

/// Whether the time is kept under this name.
pub(super) fn is_time(key: &[u8]) -> bool {
    matches!(
        key,
        b"time"
            | b"ts"
            | b"timestamp"
            | b"@timestamp"
            | b"t"
            | b"@t"
            | b"datetime"
            | b"date"
            | b"asctime"
            | b"eventTime"
    )
}

/// Whether the level is kept under this name: Go and most others, geth, Google, Python, ECS, Serilog, Monolog,
/// OpenTelemetry, the journal.
pub(super) fn is_level(key: &[u8]) -> bool {
    matches!(
        key,
        b"level"
            | b"lvl"
            | b"severity"
            | b"levelname"
            | b"log.level"
            | b"log_level"
            | b"loglevel"
            | b"@l"
            | b"level_name"
            | b"severity_text"
            | b"severityText"
            | b"PRIORITY"
    )
}

/// A level as a word, also with a step as in `INFO+2` (log/slog), or as a number.
pub(super) fn level(value: &[u8]) -> Option<Level> {
    let word = value.split(|byte| matches!(byte, b'+' | b'-')).next()?;
    Level::from_word(word.trim_ascii()).or_else(|| number(value))
}

/// Three scales that do not overlap: syslog's from 0, pino's and bunyan's (and Python's) from 10, Monolog's from 100.
fn number(value: &[u8]) -> Option<Level> {
    let mut scan = Scan::new(value);
    let (number, _) = scan.number()?;
    match number {
        _ if scan.peek().is_some() => None,
        0..=7 => Level::from_severity(number),
        10..20 => Some(Level::Trace),
        20..30 | 100..200 => Some(Level::Debug),
        30..40 | 200..300 => Some(Level::Info),
        40..50 | 300..400 => Some(Level::Warn),
        50..60 | 400..500 => Some(Level::Error),
        60..70 | 500..=600 => Some(Level::Fatal),
        _ => None,
    }
}

/// A time as a date or as a count from the epoch.
pub(super) fn time(value: &[u8]) -> Option<When> {
    let mut scan = Scan::new(value);
    if let Some(when) = stamp::iso(&mut scan) {
        return Some(when);
    }
    let mut scan = Scan::new(value);
    match stamp::epoch(&mut scan) {
        Some(when) if scan.peek().is_none() => Some(when),
        _ => exponent(value),
    }
}

/// `1.795212611123e+09`: seconds, as zap writes them. A double holds them to a quarter of a microsecond.
fn exponent(value: &[u8]) -> Option<When> {
    if !value.contains(&b'e') {
        return None;
    }
    let seconds: f64 = str::from_utf8(value).ok()?.parse().ok()?;
    // The range of ten digits, as in `stamp::epoch`.
    let plausible = (1e9..1e10).contains(&seconds);
    plausible.then(|| Timestamp::from_microsecond((seconds * 1e6).round() as i64).ok())?.map(When::Moment)
}
