//! Lines whose time starts with a bracket, or with a name.

use super::{Bytes, Format, Found, Line};
use crate::columns;
use crate::level::Level;
use crate::scan::Scan;
use crate::stamp;

pub(super) const STAMP: Format = Format {
    name: "bracket-date",
    about: "A date and a time in brackets: Elasticsearch, Kafka, Envoy, env_logger, Monolog, Celery, gunicorn, \
            Jupyter.",
    starts: Bytes::of(b"["),
    indented: false,
    read: stamp_in_brackets,
    examples: &[
        ("2026-11-20T20:10:11.123Z warn", "[2026-11-20T22:10:11,123][WARN ][o.e.c.Pool] [node-1] slow"),
        ("2026-11-20T20:10:11.123Z error", "[2026-11-20 22:10:11,123] ERROR no (kafka.server)"),
        ("2026-11-20T20:10:11.123Z info", "[2026-11-20 22:10:11.123][1][info][main] [source/a.cc:1] started"),
        ("2026-11-20T22:10:11Z error", "[2026-11-20T22:10:11Z ERROR app] no"),
        ("2026-11-20T21:10:11.123456Z error", "[2026-11-20T22:10:11.123456+01:00] app.ERROR: no"),
        ("2026-11-20T20:10:11.123Z info", "[2026-11-20 22:10:11,123: INFO/MainProcess] ready"),
        ("2026-11-20T22:10:11Z fatal", "[2026-11-20 22:10:11 +0000] [71] [CRITICAL] WORKER TIMEOUT"),
        ("2026-11-20T20:10:11.123Z info", "[I 2026-11-20 22:10:11.123 ServerApp] ready"),
        ("2026-11-20T20:10:11Z -", "[2026-11-20 22:10:11] error while opening"),
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
        (
            "2026-11-20T20:10:11.123456Z error",
            "[Fri Nov 20 22:10:11.123456 2026] [core:error] [pid 71:tid 9] [client 10.0.0.1:9] no",
        ),
        ("2026-11-20T20:10:11Z warn", "[Fri Nov 20 22:10:11 2026] [warn] [client 10.0.0.1] no"),
        ("2026-11-06T20:10:11Z -", "[Fri Nov  6 22:10:11 2026] usb 1-1: error -71"),
        ("2026-11-20T20:10:11Z -", "Fri Nov 20 22:10:11 2026 TLS Error: no"),
    ],
};

fn ctime(line: Line<'_>) -> Option<Found> {
    let mut scan = Scan::new(line.bytes);
    scan.eat(b'[');
    let when = stamp::ctime(&mut scan)?;
    Some(Found { when: Some(when), level: columns::level(scan.rest()) })
}

pub(super) const DAY_FIRST: Format = Format {
    name: "day-first",
    about: "Day, name of the month, year, in brackets or not: PHP, php-fpm, Tomcat.",
    starts: Bytes::of(b"[").and(Bytes::DIGITS),
    indented: false,
    read: day_first,
    examples: &[
        ("2026-11-20T22:10:11Z fatal", "[20-Nov-2026 22:10:11 UTC] PHP Fatal error:  no"),
        ("2026-11-20T20:10:11Z warn", "[20-Nov-2026 22:10:11 Europe/Berlin] PHP Warning:  no"),
        ("2026-11-20T20:10:11Z info", "[20-Nov-2026 22:10:11] NOTICE: fpm is running"),
        ("2026-11-20T22:10:11Z -", "[20/Nov/2026:22:10:11 +0000] - GET /"),
        ("2026-11-20T20:10:11.123Z error", "20-Nov-2026 22:10:11.123 SEVERE [main] org.acme.Pool.open no"),
    ],
};

fn day_first(line: Line<'_>) -> Option<Found> {
    let mut scan = Scan::new(line.bytes);
    let bracket = scan.eat(b'[').is_some();
    let when = stamp::day_first(&mut scan)?;
    if bracket {
        // Between the time and the bracket PHP puts the name of its zone.
        scan.until(b']', 64)?;
    }
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
