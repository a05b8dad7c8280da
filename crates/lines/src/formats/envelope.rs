//! Syslog: lines around the messages of others.
//!
//! The level is the severity where there is one, else what the message says in a format of its own.

use super::{Bytes, Format, Found, Line};
use crate::level::Level;
use crate::scan::Scan;
use crate::stamp;

/// How long a host or a tag may be, in bytes. RFC 5424 section 6: host 255, app name 48.
const MAX_NAME: usize = 255;

pub(super) const PRIORITY: Format = Format {
    name: "syslog-priority",
    about: "Syslog with its priority, of RFC 5424 or RFC 3164, and the `<3>` of the kernel and of systemd services.",
    starts: Bytes::of(b"<"),
    indented: false,
    read: priority,
    examples: &[
        ("2026-11-20T22:10:11.003Z fatal", "<34>1 2026-11-20T22:10:11.003Z web1 su - ID47 - 'su root' failed"),
        ("- info", "<165>1 - web1 app - - - no time"),
        ("2026-11-20T20:10:11Z warn", "<12>Nov 20 22:10:11 web1 app[71]: error"),
        ("- error", "<3>oom-kill: no"),
        ("- info", "<6>[   12.345678] usb 1-1: error"),
    ],
};

fn priority(line: Line<'_>) -> Option<Found> {
    let mut scan = Scan::new(line.bytes);
    scan.eat(b'<')?;
    // Facilities go to 23: RFC 5424 section 6.2.1.
    let (priority, _) = scan.number().filter(|(priority, _)| *priority <= 191)?;
    scan.eat(b'>')?;
    // The version, which RFC 3164 does not have.
    let mut newer = scan;
    if newer.word(b"1 ").is_some() {
        scan = newer;
    }
    let mut older = scan;
    let when = stamp::iso(&mut scan).or_else(|| stamp::month_first(&mut older));
    Some(Found { when, level: Level::from_severity(priority % 8) })
}

pub(super) const FILE: Format = Format {
    name: "syslog",
    about: "A syslog file of the older kind, without a year and a priority. The year comes from the reference; the \
            level from the message, where that has a format of its own.",
    starts: Bytes::UPPER,
    indented: false,
    read: file,
    examples: &[
        ("2026-11-20T20:10:11Z -", "Nov 20 22:10:11 web1 app[71]: started, error is 0"),
        ("2026-11-06T20:10:11Z error", "Nov  6 22:10:11 web1 sshd[71]: error: kex_exchange_identification"),
        ("2026-11-20T20:10:11Z warn", "Nov 20 22:10:11 web1 postfix/smtpd[71]: warning: no"),
        ("2026-11-20T20:10:11Z warn", "Nov 20 22:10:11 web1 NetworkManager[71]: <warn>  [1795212611.1] no"),
        (
            "2026-11-20T20:10:11Z error",
            "Nov 20 22:10:11 web1 dockerd[71]: time=\"2026-11-20T22:10:11Z\" level=error msg=no",
        ),
        ("2026-11-20T20:10:11Z error", "Nov 20 22:10:11 web1 kubelet[71]: E1120 22:10:11.123456      71 a.go:1] no"),
        ("2025-12-31T21:59:59Z -", "Dec 31 23:59:59 web1 kernel: [12.3] up"),
        ("2024-02-29T10:00:00Z -", "Feb 29 12:00:00 web1 app: no"),
        ("2026-11-20T20:10:11Z -", "Nov 20 2026 22:10:11: %ASA-3-1: no"),
    ],
};

fn file(line: Line<'_>) -> Option<Found> {
    let mut scan = Scan::new(line.bytes);
    let when = stamp::month_first(&mut scan)?;
    let level = message(scan.rest()).and_then(|message| line.level_of_message(message));
    Some(Found { when: Some(when), level })
}

/// The message in ` host tag[71]: message` or ` tag: message`.
pub(super) fn message(rest: &[u8]) -> Option<&[u8]> {
    let mut scan = Scan::new(rest);
    for _ in 0..2 {
        scan.eat(b' ')?;
        let name = scan.while_(|byte| byte != b' ');
        if name.len() > MAX_NAME {
            return None;
        }
        if name.ends_with(b":") {
            scan.blanks();
            return Some(scan.rest());
        }
    }
    None
}
