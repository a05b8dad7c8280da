//! The lines of a block, each with its offset, the bytes in front of it (for its position) and its true length.
//!
//! Between blocks and everything that shows lines. Knows lines longer than a block: their beginning is carried from block
//! to block ([`gather_long`]) and shown, cut, when their end comes, so that memory is bounded by what is shown.

use std::borrow::Cow;
use std::sync::Arc;

use bytes::Bytes;
use tailcast_lines::MAX_SHOWN;
use tailcast_tail::{Lines, Offset, Position, Token};
use tailcast_wire::{Begins, Block, Body, Encoding, Ends, Picked, Place};

use crate::item::LongLine;

/// How many bytes in front of a line make its anchor.
const ANCHOR: usize = 64;

/// One line to show.
#[derive(Debug)]
pub(crate) struct ShownLine<'a> {
    pub(crate) offset: u64,
    /// The at most 64 bytes in front of it.
    pub(crate) before: Cow<'a, [u8]>,
    pub(crate) bytes: Cow<'a, [u8]>,
    /// Its true length where `bytes` is only its beginning.
    pub(crate) cut: Option<u64>,
    pub(crate) encoding: Encoding,
}

impl ShownLine<'_> {
    /// The position of the line's beginning.
    pub(crate) fn position(&self, token: &Token) -> Position {
        token.position(Offset(self.offset), &self.before)
    }
}

/// How many lines end in this block.
pub(crate) fn count(block: &Block) -> u64 {
    match &block.body {
        Body::Picked { lines, .. } => lines.len() as u64,
        Body::Raw(bytes) => memchr::memchr_iter(b'\n', bytes).count() as u64,
    }
}

/// The lines that are complete with this block; `long` is the beginning of the first one, from earlier blocks.
pub(crate) fn lines<'a>(block: &'a Block, long: Option<&'a LongLine>) -> Vec<ShownLine<'a>> {
    match &block.body {
        Body::Picked { lines, .. } => lines.iter().map(|line| shown_picked(line, block.encoding)).collect(),
        Body::Raw(bytes) => raw_lines(block, bytes, long),
    }
}

fn shown_picked(line: &Picked, encoding: Encoding) -> ShownLine<'_> {
    ShownLine {
        offset: line.offset,
        before: Cow::Borrowed(&line.lead),
        bytes: Cow::Borrowed(&line.bytes),
        cut: line.cut,
        encoding,
    }
}

fn raw_lines<'a>(block: &'a Block, bytes: &'a Bytes, long: Option<&'a LongLine>) -> Vec<ShownLine<'a>> {
    let mut shown = Vec::new();
    for line in Lines::new(bytes, Offset(block.start), source_encoding(block.encoding)) {
        let at = (line.offset.0 - block.start) as usize;
        let is_first = at == 0;
        let is_open = at + line.bytes.len() == bytes.len();
        match (&block.ends, long) {
            (Ends::Continues, _) if is_open => break,
            (_, Some(long)) if is_first && block.begins == Begins::InLine => {
                shown.push(end_of_long(long, line.bytes, block.encoding))
            }
            // The rest of a line of which the beginning was shown already, cut.
            (_, None) if is_first && block.begins == Begins::InLine => (),
            (Ends::Cut { line: length, last }, _) => {
                let cut = Some(length - newline_at_end(last, block.encoding));
                shown.push(ShownLine { cut, ..plain(block, bytes, at, line.bytes) })
            }
            _ => shown.push(plain(block, bytes, at, line.bytes)),
        }
    }
    shown
}

fn plain<'a>(block: &'a Block, bytes: &'a Bytes, at: usize, line: &'a [u8]) -> ShownLine<'a> {
    ShownLine {
        offset: block.start + at as u64,
        before: before(block, bytes, at),
        bytes: Cow::Borrowed(line),
        cut: None,
        encoding: block.encoding,
    }
}

/// How many of these bytes are a newline at their end.
fn newline_at_end(last: &[u8], encoding: Encoding) -> u64 {
    let newline: &[u8] = match encoding {
        Encoding::Utf8 => b"\n",
        Encoding::Utf16Le => b"\n\0",
        Encoding::Utf16Be => b"\0\n",
    };
    if last.ends_with(newline) { newline.len() as u64 } else { 0 }
}

fn end_of_long<'a>(long: &'a LongLine, rest: &[u8], encoding: Encoding) -> ShownLine<'a> {
    let length = long.length + rest.len() as u64;
    let mut bytes = long.shown.clone();
    bytes.extend_from_slice(&rest[..rest.len().min(MAX_SHOWN - long.shown.len().min(MAX_SHOWN))]);
    let cut = (length > bytes.len() as u64).then_some(length);
    ShownLine { offset: long.offset, before: Cow::Borrowed(&long.lead), bytes: Cow::Owned(bytes), cut, encoding }
}

/// The at most 64 bytes in front of index `at` of a block's bytes.
fn before<'a>(block: &'a Block, bytes: &'a [u8], at: usize) -> Cow<'a, [u8]> {
    match at {
        0 => Cow::Borrowed(&block.lead),
        ANCHOR.. => Cow::Borrowed(&bytes[at - ANCHOR..at]),
        _ => {
            let both = [&block.lead, &bytes[..at]].concat();
            Cow::Owned(both[both.len().saturating_sub(ANCHOR)..].to_vec())
        }
    }
}

/// Follows lines longer than a block: the beginning that `block` ends, and the one that goes on behind it.
pub(crate) fn gather_long(block: &Block, long: Option<LongLine>) -> (Option<LongLine>, Option<LongLine>) {
    let Body::Raw(bytes) = &block.body else { return (None, None) };
    let here = long.filter(|_| block.begins == Begins::InLine);
    if block.ends != Ends::Continues {
        return (here, None);
    }
    let last = Lines::new(bytes, Offset(block.start), source_encoding(block.encoding)).last();
    let Some(last) = last else { return (here, None) };
    let at = (last.offset.0 - block.start) as usize;
    let is_middle = at == 0 && block.begins == Begins::InLine;
    let mut next = match &here {
        Some(long) if is_middle => long.clone(),
        _ => {
            let lead = Bytes::copy_from_slice(&before(block, bytes, at));
            LongLine { offset: last.offset.0, lead, shown: Vec::new(), length: 0 }
        }
    };
    let room = MAX_SHOWN.saturating_sub(next.shown.len()).min(last.bytes.len());
    next.shown.extend_from_slice(&last.bytes[..room]);
    next.length += last.bytes.len() as u64;
    (here.filter(|_| !is_middle), Some(next))
}

/// What is left of `block` from `offset` on, which is the start of a line in it; `None` when nothing is.
pub(crate) fn cut_front(block: &Block, offset: u64) -> Option<Block> {
    if offset >= block.end {
        return None;
    }
    let rest = match &block.body {
        Body::Raw(bytes) => {
            let at = usize::try_from(offset.saturating_sub(block.start)).ok()?.min(bytes.len());
            let lead = Bytes::copy_from_slice(&before(block, bytes, at));
            let begins = if at == 0 { block.begins } else { Begins::AtLine };
            Block { start: block.start + at as u64, lead, begins, body: Body::Raw(bytes.slice(at..)), ..block.clone() }
        }
        Body::Picked { lines, last } => {
            let lines = lines.iter().filter(|line| line.offset >= offset).cloned().collect();
            Block { start: offset.max(block.start), body: Body::Picked { lines, last: last.clone() }, ..block.clone() }
        }
    };
    Some(rest)
}

/// The position of the first line that a block shows; `None` when it shows none.
pub(crate) fn first_line(block: &Block) -> Option<String> {
    let token = Token::try_from(&block.token[..]).ok()?;
    Some(lines(block, None).first()?.position(&token).to_string())
}

/// The position of a block's first byte.
pub(crate) fn start_of(block: &Block) -> Option<Arc<str>> {
    let token = Token::try_from(&block.token[..]).ok()?;
    Some(Arc::from(token.position(Offset(block.start), &block.lead).to_string()))
}

/// The position at a block's end, where the next line starts.
pub(crate) fn end_of(block: &Block) -> Option<Place> {
    let token = Token::try_from(&block.token[..]).ok()?;
    let last = match (&block.ends, &block.body) {
        (Ends::Cut { last, .. }, _) | (_, Body::Picked { last, .. }) => Cow::Borrowed(&last[..]),
        (_, Body::Raw(bytes)) => before(block, bytes, bytes.len()),
    };
    let position = token.position(Offset(block.end), &last).to_string();
    Some(Place { life: block.life, offset: block.end, position })
}

/// The encoding as the library that divides lines calls it.
pub(crate) fn source_encoding(encoding: Encoding) -> tailcast_tail::Encoding {
    match encoding {
        Encoding::Utf8 => tailcast_tail::Encoding::Bytes,
        Encoding::Utf16Le => tailcast_tail::Encoding::Utf16Le,
        Encoding::Utf16Be => tailcast_tail::Encoding::Utf16Be,
    }
}
