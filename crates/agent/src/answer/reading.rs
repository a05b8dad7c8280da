//! What is read of one log for an answer: a page of lines, or raw bytes, as the wire has them.

use std::time::Instant;

use bytes::Bytes;
use tailcast_lines::{Context, FilterState, Recognizer};
use tailcast_tail as tail;
use tailcast_tail::{Ask, Error, Incarnation, Line, Offset, Position, Stopped};
use tailcast_wire::{Answer, Block, Body, Ends, Failure, HalfLine, Page, Part, Place, Refusal, Spot, Tiding, Told};

use super::TakenBack;
use crate::host::{Followed, Stand};
use crate::pump::EDGE;
use crate::sieve::compile;
use crate::text::text;
use crate::told;

/// The most bytes looked at for the end of one long line, whatever else is asked for: its length is told. Less than a tenth of
/// a second of a core, and some seconds of a slow disk, once per line.
const MAX_LENGTH: u64 = 256 << 20;
/// How often a page is asked for again when the file moves on in the middle of it.
const TRIES: usize = 3;

/// What one page may cost.
pub(super) struct Bounds {
    pub(super) lines: u32,
    pub(super) bytes: u32,
    pub(super) scan: u64,
    /// For who looks for lines.
    pub(super) deadline: Instant,
    pub(super) half: HalfLine,
}

/// Which lines one page is to have.
pub(super) struct Lines<'a> {
    pub(super) bounds: Bounds,
    pub(super) filter: tailcast_wire::Filter,
    pub(super) taken_back: &'a TakenBack,
}

pub(super) fn read(log: &Followed, spot: &Spot, wanted: &Lines<'_>, zone: Option<&str>) -> Result<Answer, Refusal> {
    let Lines { bounds, filter, taken_back } = wanted;
    let compiled = compile(filter).map_err(|(words, at)| Refusal {
        at: at.and_then(|at| u32::try_from(at).ok()),
        ..Refusal::of(Failure::BadFilter, words)
    })?;
    let mut tries = 0;
    loop {
        tries += 1;
        let stand = log.stand();
        let mut state = FilterState::default();
        let mut wants =
            |line: Line<'_>| taken_back.is_so() || compiled.matches(&text(line.bytes, line.encoding), &mut state);
        let ask = Ask {
            lines: bounds.lines as usize,
            bytes: bounds.bytes.into(),
            scan: bounds.scan,
            deadline: (!filter.is_empty()).then_some(bounds.deadline),
            length: MAX_LENGTH,
            upto: stand.map(|stand| stand.cap),
            want: (!filter.is_empty()).then_some(&mut wants),
        };
        match page(log, spot, ask, zone) {
            // Also what seems gone: while a file is rotated or copied and cut, it can be missed under either name.
            Err(Error::MovedOn | Error::Gone(_)) if tries < TRIES && !taken_back.is_so() => (),
            // The log is not there (yet): an empty page, and whoever waits is told by the channel.
            Err(Error::Obstacle(tail::Obstacle::NotThere)) if *spot == Spot::Last => {
                return Ok(Answer::Page(Page { end: true, ..Page::default() }));
            }
            Err(e) => return Err(refusal(&e)),
            Ok(page) => {
                let behind = stand.filter(|stand| is_at(&page, stand)).map(|stand| stand.behind);
                return Ok(Answer::Page(Page { behind, ..wire_page(page, bounds.half) }));
            }
        }
    }
}

fn page(log: &Followed, spot: &Spot, ask: Ask<'_>, zone: Option<&str>) -> Result<tail::Page, Error> {
    match spot {
        Spot::Last => log.log.last(ask),
        Spot::Before(position) => log.log.before(&position.parse()?, ask),
        Spot::After(position) => log.log.after(&position.parse()?, ask),
        Spot::Offset(offset) => log.log.after(&log.log.at_offset(Offset(*offset))?, ask),
        Spot::Time(micros) => {
            let place = jump(log, *micros, zone, &ask)?;
            log.log.after(&place, ask)
        }
    }
}

/// The first line that is not earlier than a time.
fn jump(log: &Followed, micros: i64, zone: Option<&str>, ask: &Ask<'_>) -> Result<Position, Error> {
    let zone = zone.and_then(|name| jiff::tz::TimeZone::get(name).ok()).unwrap_or(jiff::tz::TimeZone::UTC);
    let recognizer = Recognizer::new(Context { zone, reference: jiff::Timestamp::now() });
    let mut compare = |line: Line<'_>| {
        recognizer.read(&text(line.bytes, line.encoding)).time.map(|time| time.as_microsecond().cmp(&micros))
    };
    Ok(log.log.find_first(ask.upto, &mut compare)?.place)
}

pub(super) fn raw(log: &Followed, from: Option<&str>, to: Option<&str>, bytes: u32) -> Result<Answer, Refusal> {
    let parse = |text: Option<&str>| text.map(str::parse::<Position>).transpose().map_err(|e| refusal(&e));
    let (from, to) = (parse(from)?, parse(to)?);
    let from = match from {
        Some(from) => from,
        None => log.log.at_offset(Offset::ZERO).map_err(|e| refusal(&e))?,
    };
    let raw = log.log.raw(&from, to.as_ref(), bytes as usize).map_err(|e| refusal(&e))?;
    Ok(Answer::Raw { bytes: Bytes::from(raw.bytes), next: raw.next.map(|next| next.to_string()) })
}

/// Whether a page ends where the pump of its log stands, by a look that is no older than an edge is when the next one is due: a
/// pump that a disk holds up says nothing, and so does the page.
fn is_at(page: &tail::Page, stand: &Stand) -> bool {
    let after = page.after.as_ref().map(Position::offset);
    (page.after_life, after) == (Some(stand.cap.life), Some(stand.cap.offset)) && stand.looked.elapsed() <= EDGE
}

/// A page for the wire; where one incarnation ends and the next begins, that is told.
fn wire_page(page: tail::Page, half: HalfLine) -> Page {
    let mut last: Option<Incarnation> = None;
    let in_front = page.blocks.first().filter(|_| page.new_life).map(rotated);
    // Who has read the older file to its end was perhaps not told that it ended there.
    let mut parts: Vec<Part> = in_front.iter().filter(|_| page.crosses).cloned().map(Part::Told).collect();
    for block in page.blocks {
        if last.as_ref().is_some_and(|last| last.life() != block.incarnation().life()) {
            parts.push(Part::Told(rotated(&block)));
        }
        last = Some(block.incarnation().clone());
        parts.push(Part::Block(told::block(block)));
    }
    // `after` is the start of a line that has no end yet.
    if let (HalfLine::Hold, Some(after)) = (half, &page.after)
        && let Some(Part::Block(block)) = parts.last_mut()
        && hold_half_line(block, after.offset().0) == Held::Whole
    {
        parts.pop();
    }
    let after = page.after.map(|after| {
        let life = page.after_life.map_or(0, tail::Life::number);
        Place { life, offset: after.offset().0, position: after.to_string() }
    });
    Page {
        parts,
        before: page.before.map(|before| before.to_string()),
        after,
        end: page.end,
        limited: page.stopped == Stopped::Scan,
        scanned: page.scanned,
        in_front,
        behind: None,
    }
}

/// How much of a page's last block was held back.
#[derive(Debug, PartialEq, Eq)]
enum Held {
    /// Nothing, or the half line behind the whole ones.
    Rest,
    /// All of it: it was nothing but the beginning of a line.
    Whole,
}

/// Takes the half line off the end of a page: it comes whole when its writer is done with it.
fn hold_half_line(block: &mut Block, after: u64) -> Held {
    match (&block.ends, &mut block.body) {
        (Ends::Unfinished | Ends::Cut { .. }, _) if block.start == after => Held::Whole,
        (Ends::Unfinished, Body::Raw(bytes)) if (block.start..block.end).contains(&after) => {
            bytes.truncate((after - block.start) as usize);
            block.end = after;
            block.ends = Ends::Whole;
            Held::Rest
        }
        _ => Held::Rest,
    }
}

fn rotated(block: &tail::Block) -> Told {
    let to = told::place(block.incarnation().life(), block.start(), &block.position_at(block.start()));
    let words = "the file was rotated; this is the next one".to_owned();
    Told { to: Some(to), ..Told::of(Tiding::Rotated, words) }
}

fn refusal(error: &Error) -> Refusal {
    let (failure, why) = match error {
        Error::Garbled(_) | Error::AnotherLog => (Failure::BadPosition, None),
        Error::Gone(_) => (Failure::Gone, None),
        Error::Followed | Error::MovedOn => (Failure::Busy, None),
        Error::Obstacle(tail::Obstacle::Refused) => return crate::host::not_offered(),
        Error::Obstacle(obstacle) => (Failure::Unreadable, Some(told::hindrance(*obstacle))),
    };
    Refusal { why, ..Refusal::of(failure, error.to_string()) }
}
