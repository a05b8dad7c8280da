//! Lines that start with a time in figures.

use super::{Bytes, Format, Found, Line, envelope};
use crate::columns;
use crate::level::Level;
use crate::scan::Scan;
use crate::stamp;
use crate::when::When;

pub(super) const DATE: Format = Format {
    name: "date",
    about: "A date and a time of day, then columns: most of what Java, Python, Go, Rust, databases and nginx log. \
            Also a container's log (CRI) and a syslog file with precise stamps, whose message may have its own level.",
    starts: Bytes::DIGITS,
    indented: true,
    read: date,
    examples: &[
        // logback, log4j, Spring Boot, log4j with the thread first
        ("2026-11-20T20:10:11.123Z error", "2026-11-20 22:10:11,123 ERROR foo"),
        ("2026-11-20T20:10:11.123Z warn", "2026-11-20 22:10:11.123 [main] WARN  org.acme.Pool - slow"),
        ("2026-11-20T21:10:11.123Z info", "2026-11-20T22:10:11.123+01:00  INFO 71 --- [main] o.a.Pool : ERROR no"),
        // Python: with " - ", with the logger first, uvicorn, supervisor, loguru
        ("2026-11-20T20:10:11.123Z error", "2026-11-20 22:10:11,123 - my_app - ERROR - no"),
        ("2026-11-20T20:10:11.123Z fatal", "2026-11-20 22:10:11,123 app.views CRITICAL no"),
        ("2026-11-20T20:10:11.123Z info", "2026-11-20 22:10:11,123 INFO spawned: 'ERROR'"),
        ("2026-11-20T20:10:11.123Z warn", "2026-11-20 22:10:11.123 | WARNING  | app:run:12 - no"),
        // tracing, winston, zap
        ("2026-11-20T22:10:11.123456Z warn", "2026-11-20T22:10:11.123456Z  WARN app::pool: full"),
        ("2026-11-20T22:10:11.123456Z debug", "  2026-11-20T22:10:11.123456Z DEBUG app: opened"),
        ("2026-11-20T22:10:11.123Z error", "2026-11-20T22:10:11.123Z error: no"),
        ("2026-11-20T21:10:11.123Z info", "2026-11-20T22:10:11.123+0100\tinfo\tapp/main.go:12\tstarted"),
        // nginx, Go's log and log/slog
        ("2026-11-20T20:10:11Z error", "2026/11/20 22:10:11 [error] 71#0: *1 open() failed"),
        ("2026-11-20T20:10:11Z warn", "2026/11/20 22:10:11 71#0: [warn] no"),
        ("2026-11-20T20:10:11Z -", "2026/11/20 22:10:11 listening, error is nil"),
        ("2026-11-20T20:10:11Z warn", "2026/11/20 22:10:11 WARN slow query=7"),
        // PostgreSQL: as it comes, as Debian sets it, and a line that belongs to the one before it
        ("2026-11-20T22:10:11.123Z info", "2026-11-20 22:10:11.123 UTC [71] LOG:  ready"),
        ("2026-11-20T20:10:11.123Z fatal", "2026-11-20 22:10:11.123 CET [71] me@shop FATAL:  no"),
        ("2026-11-20T22:10:11.123Z -", "2026-11-20 22:10:11.123 UTC [71] STATEMENT:  SELECT 'ERROR: '"),
        // MySQL, MariaDB, MongoDB before 4.4
        (
            "2026-11-20T22:10:11.123456Z warn",
            "2026-11-20T22:10:11.123456Z 0 [Warning] [MY-010068] [Server] self signed",
        ),
        ("2026-11-20T20:10:11Z info", "2026-11-20 22:10:11 0 [Note] ready"),
        ("2026-11-20T20:10:11Z warn", "2026-11-20  22:10:11 5 [Warning] Aborted connection"),
        ("2026-11-20T22:10:11.123Z warn", "2026-11-20T22:10:11.123+0000 W NETWORK  [conn1] closed"),
        // containers (CRI), rsyslog, kubelet's message in it
        ("2026-11-20T22:10:11.123456789Z error", "2026-11-20T22:10:11.123456789Z stderr F ERROR: no"),
        ("2026-11-20T22:10:11.123456789Z warn", "2026-11-20T22:10:11.123456789Z stdout F {\"level\":\"warn\"}"),
        ("2026-11-20T21:10:11.123456Z error", "2026-11-20T22:10:11.123456+01:00 web1 app[71]: level=error msg=no"),
        ("2026-11-20T21:10:11.123456Z -", "2026-11-20T22:10:11.123456+01:00 web1 sudo: an error occurred"),
        // Rails and others with the offset apart; a word in the message; nothing but a time; a leap second
        ("2026-11-20T21:10:11Z info", "2026-11-20 22:10:11 +0100 INFO ready"),
        ("2026-11-20T20:10:11Z -", "2026-11-20 22:10:11 error while opening"),
        ("2026-11-20T20:10:11Z -", "2026-11-20 22:10:11"),
        ("2026-06-30T23:59:59Z -", "2026-06-30T23:59:60Z leap"),
    ],
};

fn date(line: Line<'_>) -> Option<Found> {
    let mut scan = Scan::new(line.bytes);
    let when = stamp::iso(&mut scan)?;
    let rest = scan.rest();
    let level = columns::level(rest).or_else(|| match when {
        // Whoever wraps the lines of others writes the offset.
        When::Wall(_, Some(_)) => line.level_of_message(wrapped(rest)?),
        _ => None,
    });
    Some(Found { when: Some(when), level })
}

/// The message in ` stdout F message` (CRI) or ` host tag[71]: message` (rsyslog).
fn wrapped(rest: &[u8]) -> Option<&[u8]> {
    let stream = rest.strip_prefix(b" stdout ").or_else(|| rest.strip_prefix(b" stderr "));
    match stream {
        Some(stream) => stream.strip_prefix(b"F ").or_else(|| stream.strip_prefix(b"P ")),
        None => envelope::message(rest),
    }
}

pub(super) const REDIS: Format = Format {
    name: "redis",
    about: "Redis and Valkey: process and role, then a time with month names; the level is one of `.-*#`.",
    starts: Bytes::DIGITS,
    indented: false,
    read: redis,
    examples: &[
        ("2026-11-20T20:10:11.123Z warn", "71:M 20 Nov 2026 22:10:11.123 # WARNING overcommit"),
        ("2026-11-20T20:10:11.123Z info", "71:C 20 Nov 2026 22:10:11.123 * Ready"),
        ("2026-11-20T20:10:11.123Z debug", "71:M 20 Nov 2026 22:10:11.123 - Accepted"),
        ("2026-11-20T20:10:11.123Z trace", "71:S 20 Nov 2026 22:10:11.123 . 3 clients"),
    ],
};

fn redis(line: Line<'_>) -> Option<Found> {
    let mut scan = Scan::new(line.bytes);
    scan.number()?;
    scan.eat(b':')?;
    scan.eat_any(b"MSCX")?;
    scan.eat(b' ')?;
    let when = stamp::day_first(&mut scan)?;
    scan.eat(b' ')?;
    // From the least: debug, verbose, notice, warning. Redis has nothing above a warning.
    let level = match scan.byte()? {
        b'.' => Level::Trace,
        b'-' => Level::Debug,
        b'*' => Level::Info,
        b'#' => Level::Warn,
        _ => return None,
    };
    Some(Found { when: Some(when), level: Some(level) })
}

pub(super) const EPOCH: Format = Format {
    name: "epoch",
    about: "A count from 1970 in the first column, as Squid writes it: 10 digits are seconds, 13, 16 and 19 finer.",
    starts: Bytes::DIGITS,
    indented: false,
    read: epoch,
    examples: &[
        ("2026-11-20T22:10:11.123Z -", "1795212611.123    12 10.0.0.1 TCP_MISS/200 99 GET http://a/ - DIRECT/- -"),
        ("2026-11-20T22:10:11Z error", "1795212611 ERROR no"),
        ("2026-11-20T22:10:11.123Z -", "1795212611123\tstarted"),
        ("2026-11-20T22:10:11.123456Z -", "1795212611123456 started"),
        ("2026-11-20T22:10:11.123456789Z -", "1795212611123456789 started"),
    ],
};

fn epoch(line: Line<'_>) -> Option<Found> {
    let mut scan = Scan::new(line.bytes);
    let when = stamp::epoch(&mut scan)?;
    scan.eat_any(b" \t")?;
    Some(Found { when: Some(when), level: columns::level(scan.rest()) })
}

pub(super) const CLOCK: Format = Format {
    name: "clock",
    about: "A time of day without a day, as logback and zerolog write it by default: the level is read, and no time, \
            because the day is not known.",
    starts: Bytes::DIGITS,
    indented: false,
    read: clock,
    examples: &[
        ("- debug", "22:10:11.123 [main] DEBUG org.acme.Pool - opened"),
        ("- warn", "10:10PM WARN slow"),
        ("- info", "10:10PM INF ready"),
    ],
};

fn clock(line: Line<'_>) -> Option<Found> {
    let mut scan = Scan::new(line.bytes);
    if stamp::clock(&mut scan).is_none() {
        scan = Scan::new(line.bytes);
        let (hour, _) = scan.number()?;
        scan.eat(b':')?;
        scan.digits::<2>()?;
        scan.eat_any(b"AP").filter(|_| (1..=12).contains(&hour))?;
        scan.eat(b'M')?;
    }
    scan.eat_any(b" \t")?;
    Some(Found { when: None, level: columns::level(scan.rest()) })
}

pub(super) const JAVA: Format = Format {
    name: "java",
    about: "java.util.logging in English, which writes the level at the start of the next line.",
    starts: Bytes::UPPER,
    indented: false,
    read: java,
    examples: &[
        ("2026-11-20T20:10:11Z -", "Nov 20, 2026 10:10:11 PM org.acme.Pool open"),
        ("2026-11-19T22:10:11Z -", "Nov 20, 2026 12:10:11 AM org.acme.Pool open"),
    ],
};

fn java(line: Line<'_>) -> Option<Found> {
    let when = stamp::java(&mut Scan::new(line.bytes))?;
    Some(Found { when: Some(when), level: None })
}
