//! A word in the message is never taken for a level, and a number never for a time.

use tailcast_lines::{Context, Level, Recognizer, Said};

fn read(line: &[u8]) -> Said {
    Recognizer::new(Context::utc(jiff::Timestamp::UNIX_EPOCH)).read(line)
}

#[test]
fn lines_without_a_level_have_none() {
    for line in [
        "",
        " ",
        "an ERROR occurred",
        "retry - ERROR - no",
        "org.acme.Pool ERROR",
        "error while opening",
        "Error: cannot find module",
        "Warning in the middle",
        "  ERROR indented, so it belongs to the line before",
        "\tat org.acme.Error.fatal(Error.java:12)",
        "Caused by: java.lang.Error: fatal",
        "java.lang.IllegalStateException: ERROR",
        "2026-11-20 22:10:11 Got ERROR from the server",
        "2026-11-20 22:10:11 I think so",
        "2026-11-20 22:10:11 connection: ERROR",
        "2026-11-20 22:10:11 <error>markup</error>x",
        "2026-11-20T22:10:11Z see [the docs] for error",
        "Nov 20 22:10:11 web1 app[7]: the ERROR: of our ways",
        "<html><error>",
        "[\"error\",1]",
        "{\"msg\":\"level=error\",\"data\":{\"level\":\"error\"}}",
        "msg=\"level=error\" x=1",
        "msg=the level=high",
        "config: loaded",
        "errors: 12",
        "E 1120 22:10:11",
        "INFORMATION12",
    ] {
        assert_eq!(read(line.as_bytes()).level, None, "{line}");
    }
}

#[test]
fn numbers_that_are_no_time_are_none() {
    for line in [
        "12345 requests",
        "1795212611",
        "17952126111 too many digits",
        "2026-11-20",
        "2026-11-20T22:10",
        "2026-11/20 22:10:11",
        "2026-11-20 22:10:11abc",
        "11/20/2026 22:10:11 nobody knows which is the month",
        "{\"time\":12.5,\"ts\":\"soon\",\"t\":1e300}",
        "{\"time\":\"12ms\"}",
        "127.0.0.1 - - [20/Foo/2026:22:10:11 +0000] \"GET / HTTP/1.1\" 200 1",
        "Nov 20 2:10:11 web1 app: no",
    ] {
        assert_eq!(read(line.as_bytes()).time, None, "{line}");
    }
}

#[test]
fn what_stands_far_into_a_line_is_not_looked_for() {
    let mut line = format!("{{\"msg\":\"{}\"", "x".repeat(5000)).into_bytes();
    line.extend_from_slice(b",\"level\":\"error\"}");
    assert_eq!(read(&line).level, None);
    // A line that is cut after its level still has it.
    assert_eq!(read(b"{\"level\":\"error\",\"msg\":\"cut he").level, Some(Level::Error));
}

#[test]
fn a_carriage_return_at_the_end_does_not_matter() {
    for line in [&b"PRIORITY=3\r"[..], b"level=error\r", b"[ERROR]\r", b"ERROR:\r", b"2026-11-20 22:10:11 ERROR\r"] {
        assert_eq!(read(line).level, Some(Level::Error), "{}", line.escape_ascii());
    }
    assert!(read(b"2026-11-20 22:10:11\r").time.is_some());
}

#[test]
fn a_message_is_opened_once_and_no_deeper() {
    let nested = r#"{"log":"{\"log\":\"ERROR: no\"}"}"#;
    assert_eq!(read(nested.as_bytes()).level, None);
    let deep = "Nov 20 22:10:11 a: ".repeat(200);
    assert_eq!(read(deep.as_bytes()).level, None);
}
