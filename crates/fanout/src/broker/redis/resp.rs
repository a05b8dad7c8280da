//! RESP3, as much of it as comes over a subscribing connection. Pure.
//!
//! Values are read out of the buffer without copying; a value that is not whole yet is `None`. Everything from outside
//! is bounded: depth, number of elements, length of a line. A string longer than any of ours can be is not buffered:
//! its head is reported as [`Parsed::Oversized`] for the caller to step over the rest.

use std::ops::ControlFlow;

/// Elements of one list. `HELLO` has about 20 with its modules; a push has three.
const ELEMENTS: usize = 1_024;
/// Lists within lists.
const DEPTH: usize = 4;
/// A line: a number, an error with its words.
const LINE: usize = 4_096;

#[derive(Debug, PartialEq)]
pub(crate) enum Value<'a> {
    /// A simple string, a number of some other kind, a boolean: its text.
    Text(&'a [u8]),
    Number(i64),
    Bytes(&'a [u8]),
    Error(&'a [u8]),
    Null,
    /// An array, a set, or a map as its keys and values in turn.
    List(Vec<Value<'a>>),
    /// What comes without being asked for.
    Push(Vec<Value<'a>>),
}

/// What the buffer begins with, and the bytes that it takes.
#[derive(Debug, PartialEq)]
pub(crate) enum Parsed<'a> {
    Whole(Value<'a>, usize),
    /// Everything up to and with the head of a string too long. As many bytes of it follow, and a line's end.
    Oversized {
        head: usize,
        follow: usize,
    },
}

/// What came is not RESP3.
#[derive(Debug, PartialEq)]
pub(crate) struct Malformed;

enum Stop {
    Incomplete,
    Malformed,
    Oversized { head: usize, follow: usize },
}

/// Reads the value that the buffer begins with; `None` when it is not whole yet. `longest`: of a string, in bytes.
pub(crate) fn parse(buffer: &[u8], longest: usize) -> Result<Option<Parsed<'_>>, Malformed> {
    let mut reader = Reader { buffer, at: 0, longest };
    match reader.value(0) {
        ControlFlow::Continue(value) => Ok(Some(Parsed::Whole(value, reader.at))),
        ControlFlow::Break(Stop::Incomplete) => Ok(None),
        ControlFlow::Break(Stop::Oversized { head, follow }) => Ok(Some(Parsed::Oversized { head, follow })),
        ControlFlow::Break(Stop::Malformed) => Err(Malformed),
    }
}

struct Reader<'a> {
    buffer: &'a [u8],
    at: usize,
    longest: usize,
}

impl<'a> Reader<'a> {
    fn value(&mut self, depth: usize) -> ControlFlow<Stop, Value<'a>> {
        let line = self.line()?;
        let Some((&kind, rest)) = line.split_first() else { return malformed() };
        ControlFlow::Continue(match kind {
            b'+' | b',' | b'#' | b'(' => Value::Text(rest),
            b'-' => Value::Error(rest),
            b':' => Value::Number(number(rest)?),
            b'_' => Value::Null,
            b'$' | b'=' | b'!' if rest == b"-1" => Value::Null,
            b'$' | b'=' => Value::Bytes(self.bytes(length(rest)?)?),
            b'!' => Value::Error(self.bytes(length(rest)?)?),
            b'*' if rest == b"-1" => Value::Null,
            b'*' | b'~' => Value::List(self.list(length(rest)?, depth)?),
            b'%' => Value::List(self.list(length(rest)?.saturating_mul(2), depth)?),
            b'>' => Value::Push(self.list(length(rest)?, depth)?),
            _ => return malformed(),
        })
    }

    fn line(&mut self) -> ControlFlow<Stop, &'a [u8]> {
        let rest = &self.buffer[self.at..];
        let window = &rest[..rest.len().min(LINE)];
        match window.iter().position(|byte| *byte == b'\n') {
            Some(end) if end > 0 && window[end - 1] == b'\r' => {
                self.at += end + 1;
                ControlFlow::Continue(&window[..end - 1])
            }
            None if rest.len() < LINE => ControlFlow::Break(Stop::Incomplete),
            _ => malformed(),
        }
    }

    fn bytes(&mut self, length: usize) -> ControlFlow<Stop, &'a [u8]> {
        if length > self.longest {
            return ControlFlow::Break(Stop::Oversized { head: self.at, follow: length });
        }
        let rest = &self.buffer[self.at..];
        match rest.get(length..length + 2) {
            Some(b"\r\n") => {
                self.at += length + 2;
                ControlFlow::Continue(&rest[..length])
            }
            Some(_) => malformed(),
            None => ControlFlow::Break(Stop::Incomplete),
        }
    }

    fn list(&mut self, elements: usize, depth: usize) -> ControlFlow<Stop, Vec<Value<'a>>> {
        if depth >= DEPTH || elements > ELEMENTS {
            return malformed();
        }
        let mut list = Vec::new();
        for _ in 0..elements {
            list.push(self.value(depth + 1)?);
        }
        ControlFlow::Continue(list)
    }
}

fn number(text: &[u8]) -> ControlFlow<Stop, i64> {
    match str::from_utf8(text).ok().and_then(|text| text.parse().ok()) {
        Some(number) => ControlFlow::Continue(number),
        None => malformed(),
    }
}

/// A length; what could not be in memory anyway is malformed.
fn length(text: &[u8]) -> ControlFlow<Stop, usize> {
    match number(text)? {
        length @ 0..=0x7fff_ffff => ControlFlow::Continue(usize::try_from(length).unwrap_or(usize::MAX)),
        _ => malformed(),
    }
}

fn malformed<T>() -> ControlFlow<Stop, T> {
    ControlFlow::Break(Stop::Malformed)
}
