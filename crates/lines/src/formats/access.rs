//! Requests to web servers.

use memchr::{memchr_iter, memmem};

use super::{Bytes, Format, Found, Line};
use crate::level::Level;
use crate::scan::Scan;
use crate::stamp;

/// Where the time has to be, in bytes: behind a host of up to 255 bytes and a user.
const FRONT: usize = 512;

pub(super) const ACCESS: Format = Format {
    name: "access",
    about: "The common and combined log formats of Apache and nginx, also with the virtual host in front. They have no \
            level; the status stands for it, so that \"warn and worse\" finds what went wrong: 5xx is an error, 4xx a \
            warning, the rest info.",
    starts: Bytes::LETTERS.and(Bytes::DIGITS).and(Bytes::of(b":-_")),
    indented: false,
    read: access,
    examples: &[
        ("2026-11-20T22:10:11Z info", r#"10.0.0.1 - - [20/Nov/2026:22:10:11 +0000] "GET /error HTTP/1.1" 200 99"#),
        (
            "2026-11-20T21:10:11Z warn",
            r#"10.0.0.1 - me [20/Nov/2026:22:10:11 +0100] "GET /a HTTP/1.1" 404 99 "-" "curl/8""#,
        ),
        (
            "2026-11-20T22:10:11Z error",
            r#"shop:443 ::1 - - [20/Nov/2026:22:10:11 +0000] "GET /\" 200 HTTP/1.1" 503 99"#,
        ),
        ("2026-11-20T22:10:11Z warn", r#"fe80::1 - - [20/Nov/2026:22:10:11 +0000] "" 400 0 "-" "-""#),
        ("2026-11-20T22:10:11Z -", r#"::1 - - [20/Nov/2026:22:10:11 +0000] "GET"#),
    ],
};

fn access(line: Line<'_>) -> Option<Found> {
    let front = &line.bytes[..line.bytes.len().min(FRONT)];
    let open = memchr_iter(b'[', front).find(|&at| front[..at].ends_with(b" "))?;
    let mut scan = Scan::new(&line.bytes[open + 1..]);
    let when = stamp::day_first(&mut scan)?;
    scan.word(b"] \"")?;
    Some(Found { when: Some(when), level: status(scan.rest()).and_then(level) })
}

/// The number after the quoted request. Quotes in it are written `\"` (Apache) or `\x22` (nginx).
fn status(request: &[u8]) -> Option<i16> {
    let end = memchr_iter(b'"', request).find(|&at| !request[..at].ends_with(b"\\"))?;
    let mut scan = Scan::new(&request[end + 1..]);
    scan.eat(b' ')?;
    let status = scan.digits::<3>()?;
    scan.peek().is_none_or(|byte| byte == b' ').then_some(status)
}

fn level(status: i16) -> Option<Level> {
    match status {
        100..400 => Some(Level::Info),
        400..500 => Some(Level::Warn),
        500..600 => Some(Level::Error),
        _ => None,
    }
}

pub(super) const RAILS: Format = Format {
    name: "rails-request",
    about: "The first line of a request to Rails, which has the time in its text.",
    starts: Bytes::of(b"S"),
    indented: false,
    read: rails,
    examples: &[("2026-11-20T22:10:11Z -", r#"Started GET "/ at " for 10.0.0.1 at 2026-11-20 22:10:11 +0000"#)],
};

fn rails(line: Line<'_>) -> Option<Found> {
    let request = line.bytes.strip_prefix(b"Started ")?;
    let at = memmem::rfind(request, b" at ")?;
    let when = stamp::iso(&mut Scan::new(&request[at + 4..]))?;
    Some(Found { when: Some(when), level: None })
}
