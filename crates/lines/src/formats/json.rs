//! Lines that are a JSON object.
//!
//! Only the outermost keys are read, from left to right, and only until both answers are there; nothing is unescaped or
//! kept. A general parser would read the whole line, and refuse one that is cut.

use memchr::memchr2;

use super::{Bytes, Format, Found, Line, keys};
use crate::level::Level;
use crate::scan::Scan;
use crate::when::When;

pub(super) const JSON: Format = Format {
    name: "json",
    about: "An object: log/slog, zap, pino, bunyan, logrus, Serilog, ECS, GELF, MongoDB, Docker's json-file, journalctl \
            -o json. Numbers are levels of syslog (0 to 7), pino (10 to 60) or Monolog (100 to 600). Of a message in \
            `log` the level is what its own format says.",
    starts: Bytes::of(b"{"),
    indented: false,
    read: json,
    examples: &[
        ("2026-11-20T21:10:11.123Z error", r#"{"time":"2026-11-20T22:10:11.123+01:00","level":"ERROR","msg":"no"}"#),
        ("2026-11-20T22:10:11.123Z info", r#"{"level":30,"time":1795212611123,"pid":71,"msg":"\"level\":60"}"#),
        ("2026-11-20T22:10:11.25Z warn", r#"{"level":"warn","ts":1795212611.25,"msg":"no"}"#),
        ("2026-11-20T22:10:11.25Z fatal", r#"{"level":"dpanic","ts":1.79521261125e+09,"msg":"no"}"#),
        (
            "2026-11-20T22:10:11.123Z error",
            r#"{"@timestamp":"2026-11-20T22:10:11.123Z","log.level":"error","message":"no"}"#,
        ),
        (
            "2026-11-20T22:10:11Z warn",
            r#"{ "@timestamp": "2026-11-20T22:10:11Z", "log": {"a": [1, "}"], "level": "warn"} }"#,
        ),
        (
            "2026-11-20T22:10:11.5Z error",
            r#"{"version":"1.1","host":"web1","short_message":"no","timestamp":1795212611.5,"level":3}"#,
        ),
        ("2026-11-20T22:10:11Z warn", r#"{"@t":"2026-11-20T22:10:11Z","@mt":"no","@l":"Warning"}"#),
        ("- fatal", r#"{"severity":"CRITICAL","message":"level: info"}"#),
        (
            "2026-11-20T20:10:11Z error",
            r#"{"message":"no","level":400,"level_name":"ERROR","datetime":"2026-11-20 22:10:11"}"#,
        ),
        (
            "2026-11-20T22:10:11.123Z warn",
            r#"{"t":{"$date":"2026-11-20T22:10:11.123+00:00"},"s":"W","c":"NETWORK","msg":"no"}"#,
        ),
        (
            "2026-11-20T22:10:11.123456Z error",
            r#"{"__REALTIME_TIMESTAMP":"1795212611123456","PRIORITY":"3","MESSAGE":"no"}"#,
        ),
        (
            "2026-11-20T22:10:11.123456789Z error",
            r#"{"log":"2026-11-20 22:10:11 ERROR no\n","stream":"stdout","time":"2026-11-20T22:10:11.123456789Z"}"#,
        ),
        (
            "2026-11-20T22:10:11Z warn",
            r#"{"log":"{\"level\":\"warn\"}\n","stream":"stderr","time":"2026-11-20T22:10:11Z"}"#,
        ),
        ("- -", r#"{"msg":"took","time":12.5,"level":"high","s":"E"}"#),
    ],
};

fn json(line: Line<'_>) -> Option<Found> {
    let mut found = Found::default();
    let (mut message, mut mongo) = (None, false);
    for (key, value) in Members::of(line.bytes)? {
        match value {
            Value::Object(object) if key == b"t" => {
                (found.when, mongo) = (found.when.or_else(|| date_in(object)), true);
            }
            Value::Object(object) if key == b"log" => found.level = found.level.or_else(|| level_in(object)),
            Value::Text(text) if key == b"log" => message = Some(text),
            Value::Text(&[letter]) if mongo && key == b"s" => found.level = Level::from_letter(letter),
            Value::Text(text) if key == b"__REALTIME_TIMESTAMP" => found.when = keys::time(text),
            Value::Text(scalar) | Value::Number(scalar) if keys::is_time(key) => {
                found.when = found.when.or_else(|| keys::time(scalar));
            }
            Value::Text(scalar) | Value::Number(scalar) if keys::is_level(key) => {
                found.level = found.level.or_else(|| keys::level(scalar));
            }
            _ => {}
        }
        if found.when.is_some() && found.level.is_some() {
            return Some(found);
        }
    }
    found.level = found.level.or_else(|| line_in_log(line, message?));
    Some(found)
}

/// `{"$date":"…"}`: MongoDB since 4.4.
fn date_in(object: &[u8]) -> Option<When> {
    Members::of(object)?.find_map(|(key, value)| match value {
        Value::Text(text) if key == b"$date" => keys::time(text),
        _ => None,
    })
}

/// `{"level":"…"}` under `log`: ECS, unfolded.
fn level_in(object: &[u8]) -> Option<Level> {
    Members::of(object)?.find_map(|(key, value)| match value {
        Value::Text(text) if key == b"level" => keys::level(text),
        _ => None,
    })
}

/// The level of a line that Docker has put into a string.
fn line_in_log(line: Line<'_>, text: &[u8]) -> Option<Level> {
    if line.inner {
        return None;
    }
    let message = unescape(text);
    let plain = super::without_colours(&message);
    super::claim(Line { bytes: &plain, inner: true }).and_then(|(_, found)| found.level)
}

/// The characters that a level or what stands around it may need: RFC 8259 section 7. Other escapes become `?`.
fn unescape(text: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(text.len());
    let mut scan = Scan::new(text);
    while scan.peek().is_some() {
        plain.extend_from_slice(scan.while_(|byte| byte != b'\\'));
        scan.byte();
        match scan.byte() {
            Some(byte @ (b'"' | b'\\' | b'/')) => plain.push(byte),
            Some(b't') => plain.push(b'\t'),
            Some(b'u') if scan.word(b"001b").is_some() => plain.push(super::ESC),
            // The end of the line, of which Docker keeps the `\n`.
            Some(b'n' | b'r') | None => break,
            Some(_) => plain.push(b'?'),
        }
    }
    plain
}

/// One value of an object. Text is as it is written, with its escapes.
enum Value<'a> {
    Text(&'a [u8]),
    Number(&'a [u8]),
    /// From its opening brace on, and further than its end.
    Object(&'a [u8]),
    Other,
}

/// The members of an object, until it ends or is cut.
struct Members<'a> {
    scan: Scan<'a>,
}

impl<'a> Members<'a> {
    /// `None` for what is no object.
    fn of(text: &'a [u8]) -> Option<Members<'a>> {
        let mut scan = Scan::new(text);
        scan.eat(b'{')?;
        let mut ahead = scan;
        ahead.blanks();
        ahead.eat(b'"')?;
        Some(Members { scan })
    }

    fn value(&mut self) -> Option<Value<'a>> {
        let rest = self.scan.rest();
        match self.scan.peek()? {
            b'"' => self.string().map(Value::Text),
            b'{' => self.skip_nested().map(|()| Value::Object(rest)),
            b'[' => self.skip_nested().map(|()| Value::Other),
            b'0'..=b'9' => Some(Value::Number(self.scan.while_(is_scalar))),
            _ => Some(self.scan.while_(is_scalar)).map(|_| Value::Other),
        }
    }

    /// A string, without its quotes.
    fn string(&mut self) -> Option<&'a [u8]> {
        self.scan.eat(b'"')?;
        let text = self.scan.rest();
        let mut end = 0;
        loop {
            end += memchr2(b'"', b'\\', text.get(end..)?)?;
            if text[end] == b'"' {
                self.scan = Scan::new(&text[end + 1..]);
                return Some(&text[..end]);
            }
            end += 2;
        }
    }

    /// Over an object or an array and everything in it.
    fn skip_nested(&mut self) -> Option<()> {
        let mut depth = 0_usize;
        loop {
            self.scan.while_(|byte| !matches!(byte, b'"' | b'{' | b'[' | b'}' | b']'));
            match self.scan.peek()? {
                b'"' => {
                    self.string()?;
                    continue;
                }
                b'{' | b'[' => depth += 1,
                _ => depth -= 1,
            }
            self.scan.byte();
            if depth == 0 {
                return Some(());
            }
        }
    }
}

impl<'a> Iterator for Members<'a> {
    type Item = (&'a [u8], Value<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        self.scan.while_(|byte| matches!(byte, b' ' | b'\t' | b','));
        let key = self.string()?;
        self.scan.while_(|byte| matches!(byte, b' ' | b'\t' | b':'));
        Some((key, self.value()?))
    }
}

fn is_scalar(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'+' | b'-')
}
