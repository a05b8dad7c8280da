//! Lines of `key=value`.

use super::{Bytes, Format, Found, Line, keys};
use crate::scan::{Scan, is_blank};
use crate::stamp;

pub(super) const LOGFMT: Format = Format {
    name: "logfmt",
    about: "Pairs of key and value: log/slog, logrus, go-kit, Grafana, Traefik. Read until something is no pair.",
    starts: Bytes::LETTERS.and(Bytes::of(b"@_")),
    indented: false,
    read: logfmt,
    examples: &[
        ("2026-11-20T21:10:11.123Z error", "time=2026-11-20T22:10:11.123+01:00 level=ERROR msg=no err=\"a b\""),
        ("2026-11-20T22:10:11Z warn", "time=\"2026-11-20T22:10:11Z\" level=warning msg=\"level=error\""),
        ("2026-11-20T22:10:11.123Z info", "ts=2026-11-20T22:10:11.123Z caller=a.go:1 level=info msg=ready"),
        ("2026-11-20T22:10:11.5Z debug", "msg=\"a \\\" b\" lvl=dbug ts=1795212611.5"),
        ("- info", "level=INFO+2 msg=ready"),
    ],
};

fn logfmt(line: Line<'_>) -> Option<Found> {
    let mut found = Found::default();
    let mut scan = Scan::new(line.bytes);
    while let Some((key, value)) = pair(&mut scan) {
        if keys::is_time(key) {
            found.when = found.when.or_else(|| keys::time(value));
        } else if keys::is_level(key) {
            found.level = found.level.or_else(|| keys::level(value));
        }
        scan.blanks();
    }
    (found != Found::default()).then_some(found)
}

fn pair<'a>(scan: &mut Scan<'a>) -> Option<(&'a [u8], &'a [u8])> {
    let key = scan.while_(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-' | b'@' | b'/'));
    if key.is_empty() {
        return None;
    }
    scan.eat(b'=')?;
    if scan.eat(b'"').is_none() {
        return Some((key, scan.while_(|byte| !is_blank(byte))));
    }
    let text = scan.rest();
    loop {
        scan.while_(|byte| byte != b'"' && byte != b'\\');
        if scan.byte()? == b'"' {
            break;
        }
        scan.byte();
    }
    Some((key, &text[..text.len() - scan.rest().len() - 1]))
}

pub(super) const AUDIT: Format = Format {
    name: "audit",
    about: "auditd: the time is in the first pair that is not the type; no level.",
    starts: Bytes::of(b"t"),
    indented: false,
    read: audit,
    examples: &[("2026-11-20T22:10:11.123Z -", "type=SYSCALL msg=audit(1795212611.123:4): arch=c000003e")],
};

fn audit(line: Line<'_>) -> Option<Found> {
    let mut scan = Scan::new(line.bytes);
    scan.word(b"type=")?;
    scan.while_(|byte| !is_blank(byte));
    scan.word(b" msg=audit(")?;
    Some(Found { when: Some(stamp::epoch(&mut scan)?), level: None })
}

pub(super) const JOURNAL: Format = Format {
    name: "journal-export",
    about: "journalctl -o export: one field to a line, of which two say something.",
    starts: Bytes::of(b"_P"),
    indented: false,
    read: journal,
    examples: &[("2026-11-20T22:10:11.123456Z -", "__REALTIME_TIMESTAMP=1795212611123456"), ("- error", "PRIORITY=3")],
};

fn journal(line: Line<'_>) -> Option<Found> {
    let mut scan = Scan::new(line.bytes);
    if scan.word(b"PRIORITY=").is_some() {
        return Some(Found { when: None, level: Some(keys::level(scan.rest())?) });
    }
    scan.word(b"__REALTIME_TIMESTAMP=")?;
    Some(Found { when: Some(stamp::epoch(&mut scan)?), level: None })
}
