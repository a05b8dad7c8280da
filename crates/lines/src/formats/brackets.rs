//! Lines that start with something in brackets.

use super::{Bytes, Example, Format, Found, Line};
use crate::columns;
use crate::level::Level;
use crate::scan::Scan;
use crate::stamp;
use crate::when::When;

pub(super) const STAMP: Format = Format {
    name: "bracket-date",
    about: "A date and a time in brackets: Elasticsearch, Kafka, Envoy, env_logger, Monolog, Celery, gunicorn, Jupyter.",
    starts: Bytes::of(b"["),
    indented: false,
    read: stamp_in_brackets,
    examples: &[
        Example::new(
            "[2026-11-20T22:10:11,123][WARN ][o.e.c.Pool] [node-1] slow",
            Some("2026-11-20T20:10:11.123Z"),
            Some(Level::Warn),
        ),
        Example::new(
            "[2026-11-20 22:10:11,123] ERROR no (kafka.server)",
            Some("2026-11-20T20:10:11.123Z"),
            Some(Level::Error),
        ),
        Example::new(
            "[2026-11-20 22:10:11.123][1][info][main] [source/a.cc:1] started",
            Some("2026-11-20T20:10:11.123Z"),
            Some(Level::Info),
        ),
        Example::new("[2026-11-20T22:10:11Z ERROR app] no", Some("2026-11-20T22:10:11Z"), Some(Level::Error)),
        Example::new(
            "[2026-11-20T22:10:11.123456+01:00] app.ERROR: no",
            Some("2026-11-20T21:10:11.123456Z"),
            Some(Level::Error),
        ),
        Example::new(
            "[2026-11-20 22:10:11,123: INFO/MainProcess] ready",
            Some("2026-11-20T20:10:11.123Z"),
            Some(Level::Info),
        ),
        Example::new(
            "[2026-11-20 22:10:11 +0000] [71] [CRITICAL] WORKER TIMEOUT",
            Some("2026-11-20T22:10:11Z"),
            Some(Level::Fatal),
        ),
        Example::new(
            "[I 2026-11-20 22:10:11.123 ServerApp] ready",
            Some("2026-11-20T20:10:11.123Z"),
            Some(Level::Info),
        ),
        Example::new("[2026-11-20 22:10:11] error while opening", Some("2026-11-20T20:10:11Z"), None),
    ],
};

fn stamp_in_brackets(line: Line<'_>) -> Option<Found> {
    let mut scan = Scan::new(line.bytes);
    scan.eat(b'[')?;
    let mut lettered = scan;
    let letter = lettered.byte().and_then(Level::from_letter).filter(|_| lettered.eat(b' ').is_some());
    if letter.is_some() {
        scan = lettered;
    }
    let when = stamp::iso(&mut scan)?;
    Some(Found { when: Some(when), level: letter.or_else(|| columns::level(scan.rest())) })
}

pub(super) const CTIME: Format = Format {
    name: "ctime",
    about: "A time as ctime(3) writes it, in brackets or not: Apache's error log, dmesg -T, OpenVPN.",
    starts: Bytes::of(b"[").and(Bytes::UPPER),
    indented: false,
    read: ctime,
    examples: &[
        Example::new(
            "[Fri Nov 20 22:10:11.123456 2026] [core:error] [pid 71:tid 9] [client 10.0.0.1:9] no",
            Some("2026-11-20T20:10:11.123456Z"),
            Some(Level::Error),
        ),
        Example::new(
            "[Fri Nov 20 22:10:11 2026] [warn] [client 10.0.0.1] no",
            Some("2026-11-20T20:10:11Z"),
            Some(Level::Warn),
        ),
        Example::new("[Fri Nov  6 22:10:11 2026] usb 1-1: error -71", Some("2026-11-06T20:10:11Z"), None),
        Example::new("Fri Nov 20 22:10:11 2026 TLS Error: no", Some("2026-11-20T20:10:11Z"), None),
    ],
};

fn ctime(line: Line<'_>) -> Option<Found> {
    let mut scan = Scan::new(line.bytes);
    scan.eat(b'[');
    let when = stamp::ctime(&mut scan)?;
    Some(Found { when: Some(when), level: columns::level(scan.rest()) })
}

pub(super) const DAY_FIRST: Format = Format {
    name: "bracket-day",
    about: "Day, name of the month, year, in brackets: PHP and php-fpm.",
    starts: Bytes::of(b"["),
    indented: false,
    read: day_first,
    examples: &[
        Example::new(
            "[20-Nov-2026 22:10:11 UTC] PHP Fatal error:  no",
            Some("2026-11-20T22:10:11Z"),
            Some(Level::Fatal),
        ),
        Example::new(
            "[20-Nov-2026 22:10:11 Europe/Berlin] PHP Warning:  no",
            Some("2026-11-20T20:10:11Z"),
            Some(Level::Warn),
        ),
        Example::new("[20-Nov-2026 22:10:11] NOTICE: fpm is running", Some("2026-11-20T20:10:11Z"), Some(Level::Info)),
        Example::new("[20/Nov/2026:22:10:11 +0000] - GET /", Some("2026-11-20T22:10:11Z"), None),
    ],
};

fn day_first(line: Line<'_>) -> Option<Found> {
    let mut scan = Scan::new(line.bytes);
    scan.eat(b'[')?;
    let when: When = stamp::day_first(&mut scan)?;
    scan.until(b']', 64)?;
    Some(Found { when: Some(when), level: php(scan).or_else(|| columns::level(scan.rest())) })
}

/// ` PHP Fatal error:  …`: error_log of PHP, whose `Parse error` and `Deprecated` are the other words.
fn php(mut scan: Scan<'_>) -> Option<Level> {
    scan.word(b" PHP ")?;
    let word = scan.until(b':', 32)?;
    match word {
        b"Fatal error" | b"Parse error" => Some(Level::Fatal),
        b"Recoverable fatal error" => Some(Level::Error),
        b"Deprecated" => Some(Level::Info),
        other => Level::from_word(other),
    }
}
