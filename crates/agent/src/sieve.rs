//! A filter at work on the blocks of one channel, so that unwanted bytes never leave the host.
//!
//! A block goes in, a block comes out: untouched when every line is wanted, else with the wanted lines picked out, each
//! with its offset and the bytes in front of it. A line longer than a block is judged by its first MiB when its end comes.

use bytes::Bytes;
use tailcast_lines::{Filter, FilterError, FilterSpec, FilterState, MAX_SHOWN};
use tailcast_tail::{Lines, Offset};
use tailcast_wire::{Begins, Block, Body, Encoding, Ends, Picked};

use crate::text::text;

/// How many bytes in front of a line go with it.
const LEAD: usize = 64;

/// A channel's filter and where it stands.
#[derive(Debug)]
pub(crate) struct Sieve {
    filter: Filter,
    state: FilterState,
    long: Option<Picked>,
}

/// The filter in the words of `lines`.
///
/// # Errors
/// What is wrong with which pattern, and where; or that the level is none, which has no place.
pub(crate) fn compile(filter: &tailcast_wire::Filter) -> Result<Filter, (String, Option<usize>)> {
    let level = filter.level.as_deref().map(str::parse).transpose();
    let level = level.map_err(|e: tailcast_lines::UnknownLevel| (e.to_string(), None))?;
    let (include, exclude) = (filter.include.clone(), filter.exclude.clone());
    let spec = FilterSpec { include, exclude, ignore_case: filter.ignore_case, level };
    Filter::new(&spec).map_err(|e: FilterError| (e.to_string(), e.at()))
}

impl Sieve {
    pub(crate) fn new(filter: Filter) -> Self {
        Sieve { filter, state: FilterState::default(), long: None }
    }

    /// What comes next does not follow what came: a line whose end was not seen has none, and a line without a level of its
    /// own belongs to none that was seen.
    pub(crate) fn break_off(&mut self) {
        self.state = FilterState::default();
        self.long = None;
    }

    /// What of `block` the channel wants.
    pub(crate) fn sift(&mut self, block: &Block) -> Block {
        let Body::Raw(bytes) = &block.body else { return block.clone() };
        if self.filter.passes_all() {
            return block.clone();
        }
        let lines = match (block.encoding, block.begins, &block.ends) {
            (Encoding::Utf8, Begins::AtLine, Ends::Whole | Ends::Unfinished) => self.pick(block, bytes),
            _ => self.line_by_line(block, bytes),
        };
        let last = lead_of(block, bytes, bytes.len());
        Block { body: Body::Picked { lines, last }, ..block.clone() }
    }

    /// The quick way: patterns are searched for in the whole block.
    fn pick(&mut self, block: &Block, bytes: &Bytes) -> Vec<Picked> {
        let ranges = self.filter.pick(bytes, &mut self.state);
        let picked = ranges.map(|range| Picked {
            offset: block.start + range.start as u64,
            lead: lead_of(block, bytes, range.start),
            bytes: bytes.slice(range),
            cut: None,
        });
        picked.collect()
    }

    fn line_by_line(&mut self, block: &Block, bytes: &Bytes) -> Vec<Picked> {
        let mut picked = Vec::new();
        for line in Lines::new(bytes, Offset(block.start), encoding(block.encoding)) {
            let at = (line.offset.0 - block.start) as usize;
            let is_open = at + line.bytes.len() == bytes.len() && block.ends == Ends::Continues;
            let goes_on = at == 0 && block.begins == Begins::InLine;
            let begun = if goes_on { self.long.take() } else { None };
            if goes_on && begun.is_none() {
                // The channel begins inside of this line: who looks reads it whole from the file.
                continue;
            }
            let whole = extended(begun, || (line.offset.0, lead_of(block, bytes, at)), bytes.slice_ref(line.bytes));
            if is_open {
                self.long = Some(whole);
            } else if self.wants(&whole.bytes, block.encoding) {
                picked.push(finished(whole));
            }
        }
        picked
    }

    fn wants(&mut self, line: &[u8], in_encoding: Encoding) -> bool {
        self.filter.matches(&text(line, encoding(in_encoding)), &mut self.state)
    }
}

/// A line with one more piece; of a long one the first MiB is kept and the length counted on, in `cut`.
fn extended(begun: Option<Picked>, start: impl FnOnce() -> (u64, Bytes), piece: Bytes) -> Picked {
    let Some(begun) = begun else {
        let (offset, lead) = start();
        let cut = Some(piece.len() as u64);
        return Picked { offset, lead, bytes: piece, cut };
    };
    let room = MAX_SHOWN.saturating_sub(begun.bytes.len()).min(piece.len());
    let bytes = Bytes::from([&begun.bytes[..], &piece[..room]].concat());
    Picked { bytes, cut: begun.cut.map(|length| length + piece.len() as u64), ..begun }
}

/// A line whose length is that of its bytes is not cut.
fn finished(line: Picked) -> Picked {
    let cut = line.cut.filter(|length| *length > line.bytes.len() as u64);
    Picked { cut, ..line }
}

fn lead_of(block: &Block, bytes: &Bytes, at: usize) -> Bytes {
    if at >= LEAD {
        return bytes.slice(at - LEAD..at);
    }
    let both = [&block.lead[..], &bytes[..at]].concat();
    Bytes::from(both).split_off(block.lead.len().saturating_sub(LEAD - at).min(block.lead.len()))
}

fn encoding(encoding: Encoding) -> tailcast_tail::Encoding {
    match encoding {
        Encoding::Utf8 => tailcast_tail::Encoding::Bytes,
        Encoding::Utf16Le => tailcast_tail::Encoding::Utf16Le,
        Encoding::Utf16Be => tailcast_tail::Encoding::Utf16Be,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sieve(include: &[&str], level: Option<&str>) -> Sieve {
        let include = include.iter().map(|&text| text.to_owned()).collect();
        let filter = tailcast_wire::Filter { include, level: level.map(str::to_owned), ..Default::default() };
        Sieve::new(compile(&filter).unwrap())
    }

    fn block(start: u64, bytes: &'static str, begins: Begins, ends: Ends) -> Block {
        let end = start + bytes.len() as u64;
        let (token, lead, body) = (Bytes::new(), Bytes::new(), Body::Raw(Bytes::from_static(bytes.as_bytes())));
        Block { life: 1, token, start, end, lead, body, ends, encoding: Encoding::Utf8, begins }
    }

    fn picked(block: &Block) -> Vec<String> {
        let Body::Picked { lines, .. } = &block.body else { panic!("{block:?}") };
        lines.iter().map(|line| String::from_utf8(line.bytes.to_vec()).unwrap()).collect()
    }

    #[test]
    fn halves_of_two_lines_are_not_joined_over_a_gap() {
        let head = block(0, "seen\na wanted be", Begins::AtLine, Ends::Continues);
        let tail = block(900, "ginning is here\nwanted\n", Begins::InLine, Ends::Whole);
        let mut sieve = sieve(&["wanted"], None);
        assert!(picked(&sieve.sift(&head)).is_empty());
        sieve.break_off();
        assert_eq!(picked(&sieve.sift(&tail)), ["wanted"]);
    }

    #[test]
    fn a_line_behind_a_gap_belongs_to_none_before_it() {
        let before = block(0, "2026-11-20T22:10:11Z DEBUG polled\n", Begins::AtLine, Ends::Whole);
        let behind = block(900, "  at pool.rs:12\n", Begins::AtLine, Ends::Whole);
        let mut sieve = sieve(&[], Some("error"));
        assert!(picked(&sieve.sift(&before)).is_empty());
        assert!(picked(&sieve.sift(&behind)).is_empty());
        sieve.break_off();
        assert_eq!(picked(&sieve.sift(&behind)), ["  at pool.rs:12"], "whose line it is is not known: it is shown");
    }
}
