//! To a time: the first line that is not before it, found by halving the file.
//!
//! The caller compares a line with what it looks for, or says that a line cannot be compared (a stack trace has no
//! time). A probe goes to the middle and reads on to the first line that can be compared. What lies between the halves
//! at the end is read line by line, so that of equal lines the first is found. 2 GiB take about 20 probes.
//! Lines out of order make the landing "about right"; who needs a margin looks for an earlier time.

use std::cmp::Ordering;
use std::ops::Range;

use super::forth::Reader;
use super::limit;
use crate::block::Line;
use crate::error::Error;
use crate::incarnation::Held;
use crate::log::{Log, Shared};
use crate::page::{Cap, Found, Jump};
use crate::place::Place;
use crate::position::Offset;

/// Below this the rest is read line by line.
const LINEAR_BYTES: u64 = 32 << 10;

/// The first read of a probe: enough for some lines. Further ones are of block size.
const GLIMPSE_BYTES: u64 = 4 << 10;

/// How far a file without anything to compare is read before it is given up.
const PATIENCE_BYTES: u64 = 1 << 20;

/// How much a jump reads at most, over all files: traces of many megabytes make probes long.
const MOST_BYTES: u64 = 256 << 20;

/// Compares a line with the one looked for; nothing when it cannot be compared.
type Order<'a> = &'a mut dyn FnMut(Line<'_>) -> Option<Ordering>;

impl Log {
    /// The first line of which `order` does not say [`Ordering::Less`], in whichever file it is. `order` says `None` of
    /// a line that cannot be compared.
    ///
    /// # Errors
    /// As [`Log::last`].
    pub fn find_first(&self, upto: Option<Cap>, order: Order<'_>) -> Result<Jump, Error> {
        self.0.lacking_nothing(|| {
            let (newest, _) = self.0.visible_end(upto)?;
            let mut search = Search { upto, order, scanned: 0 };
            let (place, found) = search.over_files(&self.0, newest)?;
            Ok(Jump { place: place.position(), found, scanned: search.scanned })
        })
    }
}

struct Search<'a> {
    upto: Option<Cap>,
    order: Order<'a>,
    scanned: u64,
}

/// What a probe came upon.
struct Probe {
    line: Offset,
    end: Offset,
    order: Ordering,
}

impl Search<'_> {
    /// Newest file first: the first that begins before the line has it, or the one after it begins with it.
    fn over_files(&mut self, shared: &Shared, newest: Held) -> Result<(Place, Found), Error> {
        // One after the other: a month of hourly files must not be open at once.
        let older = std::iter::once_with(|| shared.behind(&newest)).flatten();
        let older = older.filter_map(|member| shared.open_member(&member).ok());
        // The start of the oldest file that is known to begin with a line that is not before.
        let mut later: Option<Place> = None;
        for file in std::iter::once(newest.clone()).chain(older) {
            let end = self.end(&file);
            match self.probe(&file, Offset::ZERO, end, PATIENCE_BYTES)? {
                None => {}
                Some(Probe { order: Ordering::Less, .. }) => return self.in_file(&file, end, later),
                Some(_) => later = Some(Place::start(file)),
            }
        }
        Ok(match later {
            Some(start) => (start, Found::AllAfter),
            None => (Place::start(newest), Found::Nothing),
        })
    }

    /// In a file that begins before the line looked for.
    fn in_file(&mut self, file: &Held, end: Offset, later: Option<Place>) -> Result<(Place, Found), Error> {
        // Lines that start before `low` are before; the one at `high`, if there is one, is not.
        let (mut low, mut high) = (Offset::ZERO, end);
        while high.since(low) > LINEAR_BYTES && self.scanned < MOST_BYTES {
            let middle = self.line_at_or_after(file, low.plus(high.since(low) / 2), high)?;
            match self.probe(file, middle, high, MOST_BYTES)? {
                Some(Probe { end, order: Ordering::Less, .. }) => low = end,
                _ if middle >= high => high = low.plus(high.since(low) / 2),
                _ => high = middle,
            }
        }
        let first = self.first_in(file, low, end)?;
        Ok(match (first, later) {
            (Some(line), _) => (Place::at_line(file.clone(), line)?, Found::Line),
            (None, Some(later)) => (later, Found::Line),
            (None, None) => (Place::last_line_start(file.clone())?, Found::AllBefore),
        })
    }

    /// The first line start at or after `from`; `upto` when there is none before it.
    fn line_at_or_after(&mut self, file: &Held, from: Offset, upto: Offset) -> Result<Offset, Error> {
        let snapped = Place::snapped(file.clone(), from)?;
        if snapped.offset == from {
            return Ok(from);
        }
        let mut reader = Reader::new(snapped, |_: &Held| upto, MOST_BYTES);
        let next = reader.next_of(GLIMPSE_BYTES)?;
        self.scanned += reader.scanned;
        let next = next
            .as_ref()
            .and_then(|block| block.lines().map(|line| line.offset).find(|&at| at >= from).or(Some(block.end())));
        Ok(next.unwrap_or(upto).min(upto))
    }

    /// The first line from `from` to `upto` that can be compared, if one comes in `patience` bytes.
    fn probe(&mut self, file: &Held, from: Offset, upto: Offset, patience: u64) -> Result<Option<Probe>, Error> {
        self.walk(file, from..upto, patience, |_| true)
    }

    /// The first line from `from` to `upto` that is not before the one looked for.
    fn first_in(&mut self, file: &Held, from: Offset, upto: Offset) -> Result<Option<Offset>, Error> {
        let found = self.walk(file, from..upto, MOST_BYTES, |order| order != Ordering::Less)?;
        Ok(found.map(|probe| probe.line))
    }

    /// The first line that can be compared, and with an outcome to stop at.
    fn walk(
        &mut self,
        file: &Held,
        span: Range<Offset>,
        patience: u64,
        stop: impl Fn(Ordering) -> bool,
    ) -> Result<Option<Probe>, Error> {
        let mut reader = Reader::new(Place::at_line(file.clone(), span.start)?, |_: &Held| span.end, patience);
        let mut stride = GLIMPSE_BYTES;
        while reader.scanned < patience {
            let Some(block) = reader.next_of(stride)? else { break };
            let mut lines = block.lines().peekable();
            while let Some(line) = lines.next() {
                if let Some(order) = (self.order)(line).filter(|&order| stop(order)) {
                    self.scanned += reader.scanned;
                    let end = lines.peek().map_or(block.end(), |next| next.offset);
                    return Ok(Some(Probe { line: line.offset, end, order }));
                }
            }
            stride = u64::MAX;
        }
        self.scanned += reader.scanned;
        Ok(None)
    }

    fn end(&self, file: &Held) -> Offset {
        file.data_end().min(limit(file, self.upto))
    }
}
