//! Backwards: the page that ends at a place.
//!
//! Without a filter only newlines are counted on the way back, in blocks of 8, then 64, then 256 KiB (measured: 8 KiB
//! is best for a screenful, 256 KiB for the rest), and the page is then read forwards. With a filter a window is read
//! forwards at a time, the newest window first. At the start of a file it goes on at the end of the next older one.

use std::collections::VecDeque;

use super::forth::{Reader, pick};
use super::limit;
use crate::block::{BLOCK_BYTES, Begins, Block, LINE_BYTES};
use crate::error::{Error, Loss};
use crate::incarnation::Held;
use crate::lines::last_newline;
use crate::log::Shared;
use crate::page::{Ask, Page, Stopped};
use crate::place::Place;
use crate::position::{Offset, Position};

/// The block sizes on the way back; the last one is repeated.
const STRIDES: [u64; 3] = [8 << 10, 64 << 10, BLOCK_BYTES as u64];

/// The window a filter looks at in one go. Smaller ones cost more reads, larger ones more lines that were looked at in
/// vain.
const WINDOW_BYTES: u64 = 1 << 20;

/// How far back the start of a line without an end is looked for: 10 ms of reading.
const LONGEST_BYTES: u64 = 64 << 20;

/// A page being filled from its end.
struct Build<'a> {
    ask: Ask<'a>,
    blocks: VecDeque<Block>,
    lines: usize,
    bytes: u64,
    scanned: u64,
}

/// A stretch that ends where the last one began.
struct Step {
    start: Place,
    blocks: Vec<Block>,
}

/// The page that ends at `end`.
pub(super) fn page(shared: &Shared, end: &Place, ask: Ask<'_>) -> Result<Page, Error> {
    let upto = limit(&end.held, ask.upto);
    let is_end = end.offset >= end.held.data_end().min(upto) && shared.is_newest(&end.held, ask.upto);
    let mut build = Build { ask, blocks: VecDeque::new(), lines: 0, bytes: 0, scanned: 0 };
    let mut at = end.clone();
    // Where the file that is read was entered.
    let mut entered = end.clone();
    let stopped = loop {
        if let Some(stopped) = build.full() {
            break stopped;
        }
        if at.offset <= floor(&at)? {
            match older(shared, &at.held) {
                // Found while this one stood: had it been cut before, its copy would be taken for an older file.
                Some(next) => {
                    still_stands(&entered)?;
                    entered = next.clone();
                    at = next;
                }
                None => break Stopped::Edge,
            }
        }
        let step = if build.ask.want.is_some() { build.window(&at)? } else { build.count(&at)? };
        at = step.start;
        build.take(step.blocks);
    };
    still_stands(&entered)?;
    let before = match stopped {
        Stopped::Edge => None,
        // The beginning of this file and not the end of the older one: that may be a half line, to whose start it would
        // be moved.
        _ if at.offset <= floor(&at)? => older(shared, &at.held).map(|_| at.position()),
        _ => Some(at.position()),
    };
    // Spent with the last there was to look at: there is nothing to go on with.
    let stopped = if before.is_none() && stopped == Stopped::Scan { Stopped::Edge } else { stopped };
    let new_life = build.blocks.front().is_some_and(|first| first.incarnation().life() != at.held.life())
        || (before.is_some() && at.offset <= floor(&at)?);
    let page = build.page(before, after(end)?, is_end, stopped);
    Ok(Page { after_life: Some(end.held.life()), new_life, ..page })
}

/// An error if what was read up to a place was not, or is no longer, what it was: copied and cut under the read, say.
pub(super) fn still_stands(place: &Place) -> Result<(), Error> {
    if place.stands()? { Ok(()) } else { Err(Error::Gone(Loss::Truncated)) }
}

/// Whether a place is where a file begins, and an older one ends before it.
pub(super) fn begins_anew(shared: &Shared, at: &Place) -> Result<bool, Error> {
    Ok(at.offset <= floor(at)? && older(shared, &at.held).is_some())
}

/// Where to go on behind the page: at the start of a line that has no end yet, however long it is by now. Who would have to
/// look back further than this goes on inside of it.
fn after(end: &Place) -> Result<Position, Error> {
    let mut start = Place::snapped(end.held.clone(), end.offset)?;
    let floor = Offset(end.offset.0.saturating_sub(LONGEST_BYTES));
    while start.begins == Begins::InLine && start.offset > floor {
        // No line ends in the block before it, or it would have been moved there.
        let before = Offset(start.offset.0.saturating_sub(BLOCK_BYTES as u64 - 1));
        start = Place::snapped(end.held.clone(), before)?;
    }
    Ok(start.position())
}

/// Where a file begins: behind the hole that a writer without `O_APPEND` left in front after a truncation.
fn floor(at: &Place) -> Result<Offset, Error> {
    if at.offset == Offset::ZERO {
        return Ok(Offset::ZERO);
    }
    let file = at.held.file();
    match file.data_from(Offset::ZERO) {
        Some(Offset::ZERO) => Ok(Offset::ZERO),
        None => Ok(at.offset),
        // The file system rounds a hole to its blocks; NUL bytes fill the rest.
        Some(data) => {
            let edge = file.read(data, STRIDES[0] as usize)?;
            Ok(data.plus(edge.iter().take_while(|&&byte| byte == 0).count() as u64))
        }
    }
}

/// The end of the next older file. A copy of the one at hand, which a running `copytruncate` makes, is none.
fn older(shared: &Shared, ours: &Held) -> Option<Place> {
    let behind = shared.behind(ours).into_iter().filter_map(|member| shared.open_member(&member).ok());
    let older = behind.into_iter().find(|older| !older.repeats(ours))?;
    let end = older.data_end();
    Place::exactly(older, end).ok()
}

impl Build<'_> {
    fn full(&self) -> Option<Stopped> {
        if self.lines >= self.ask.lines.min(Ask::MOST_LINES) {
            Some(Stopped::Lines)
        } else if self.bytes >= self.ask.bytes {
            Some(Stopped::Bytes)
        } else if self.ask.is_spent(self.scanned) {
            Some(Stopped::Scan)
        } else {
            None
        }
    }

    fn wanted(&self) -> usize {
        self.ask.lines.min(Ask::MOST_LINES) - self.lines
    }

    /// The stretch with the wanted number of lines before `end`, found by counting newlines.
    fn count(&mut self, end: &Place) -> Result<Step, Error> {
        let (start, looked) =
            count_back(end, self.wanted(), self.ask.bytes - self.bytes, self.ask.scan - self.scanned)?;
        self.scanned += looked;
        let blocks = read_all(&start, end.offset)?;
        Ok(Step { start, blocks })
    }

    /// The wanted lines of the window before `end`.
    fn window(&mut self, end: &Place) -> Result<Step, Error> {
        let mut start = Place::snapped(end.held.clone(), Offset(end.offset.0.saturating_sub(WINDOW_BYTES)))?;
        if start.begins == Begins::InLine {
            let (line, looked) = count_back(&start, 1, u64::MAX, self.ask.scan - self.scanned)?;
            self.scanned += looked;
            start = line;
        }
        let mut reader = Reader::new(start.clone(), |_: &Held| end.offset, u64::MAX);
        let mut picked = Vec::new();
        while let Some(block) = reader.next()? {
            picked.extend(pick(block, usize::MAX, &mut self.ask).0);
        }
        self.scanned += reader.scanned;
        Ok(self.newest(start, picked))
    }

    /// Keeps the newest of the picked lines, as many as are still wanted; the page then begins with the oldest of them.
    fn newest(&self, mut start: Place, mut picked: Vec<Block>) -> Step {
        let mut too_many = picked.iter().map(Block::line_count).sum::<usize>().saturating_sub(self.wanted());
        while too_many > 0 {
            let first = picked.remove(0);
            let lines = first.line_count();
            if lines > too_many
                && let Some(keep) = first.lines().nth(too_many)
            {
                let kept = first.part(keep.offset, first.end());
                picked.insert(0, kept);
            }
            too_many = too_many.saturating_sub(lines);
            if too_many == 0
                && let Some(first) = picked.first()
            {
                let (held, lead) = (start.held.clone(), first.lead().to_vec());
                start = Place { held, offset: first.start(), lead, begins: first.begins() };
            }
        }
        Step { start, blocks: picked }
    }

    fn take(&mut self, blocks: Vec<Block>) {
        for block in blocks.into_iter().rev() {
            self.lines += block.line_count();
            self.bytes += block.bytes().len() as u64;
            self.blocks.push_front(block);
        }
    }

    fn page(self, before: Option<Position>, after: Position, end: bool, stopped: Stopped) -> Page {
        let Self { blocks, scanned, .. } = self;
        Page { blocks: blocks.into(), before, after: Some(after), end, scanned, stopped, ..Page::default() }
    }
}

/// The blocks from `start` to `end`.
fn read_all(start: &Place, end: Offset) -> Result<Vec<Block>, Error> {
    let mut reader = Reader::new(start.clone(), |_: &Held| end, u64::MAX);
    let mut blocks = Vec::new();
    while let Some(block) = reader.next()? {
        blocks.push(block);
    }
    Ok(blocks)
}

/// The start of the `lines`-th line before `end`, or of an earlier one of these if more than `bytes` would be read, or
/// the beginning of the file; and how much was looked at. Inside of a line only if that alone takes more than `scan`
/// bytes.
fn count_back(end: &Place, lines: usize, bytes: u64, scan: u64) -> Result<(Place, u64), Error> {
    let (held, encoding) = (&end.held, end.held.encoding());
    let mut strides = STRIDES.into_iter();
    let mut stride = STRIDES[0];
    // The newline at the very end closes the last line; it starts none.
    let unit = encoding.newline_bytes() as u64;
    let mut upto = Offset(end.offset.0.saturating_sub(1) / unit * unit);
    let (mut found, mut count, mut shown, mut looked) = (end.offset, 0, 0, 0);
    while upto > Offset::ZERO {
        stride = strides.next().unwrap_or(stride);
        let from = Offset((upto.0 - 1) / stride * stride);
        let buffer = held.file().read(from, upto.since(from) as usize)?;
        looked += buffer.len() as u64;
        let mut rest = buffer.as_slice();
        while let Some(start) = last_newline(rest, from, encoding) {
            let start_of_line = from.plus(start as u64);
            shown += found.since(start_of_line).min(LINE_BYTES as u64);
            if shown > bytes && count > 0 {
                return Ok((Place::at_line(held.clone(), found)?, looked));
            }
            (found, count) = (start_of_line, count + 1);
            if count == lines {
                return Ok((Place::at_line(held.clone(), found)?, looked));
            }
            rest = &rest[..start - encoding.newline_bytes()];
        }
        if looked >= scan {
            let start =
                if count > 0 { Place::at_line(held.clone(), found)? } else { Place::exactly(held.clone(), from)? };
            return Ok((start, looked));
        }
        if rest.len() as u64 >= STRIDES[1] && from <= floor(end)? {
            break;
        }
        upto = from;
    }
    let start = floor(end)?;
    Ok((Place::at_line(held.clone(), start)?, looked))
}
