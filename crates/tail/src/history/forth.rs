//! Forwards: the blocks from a place on, over the ends of files, picked and counted.
//!
//! A line longer than 1 MiB is given as its beginning with its true length, so that a page stays small whatever is in the
//! log; the rest of the line is read only to find its end.

use super::back::{begins_anew, still_stands};
use super::limit;
use crate::block::{BLOCK_BYTES, Begins, Block, Ends};
use crate::cursor::{Cursor, Pulled};
use crate::error::{Error, Loss};
use crate::gate::Role;
use crate::incarnation::Held;
use crate::lines::newline_at;
use crate::log::Shared;
use crate::page::{Ask, Page, Stopped};
use crate::place::Place;
use crate::position::{ANCHOR_BYTES, Offset, Position};

/// The page that starts at `place`.
pub(super) fn page(shared: &Shared, place: &Place, mut ask: Ask<'_>) -> Result<Page, Error> {
    let after_life = Some(place.held.life());
    let mut page =
        Page { before: Some(place.position()), after: Some(place.position()), after_life, ..Page::default() };
    let mut reader = Reader::new(place.clone(), limit_of(&ask), ask.scan).with_length(ask.length);
    let (mut lines, most) = (0, ask.lines.min(Ask::MOST_LINES));
    let (mut bytes, mut half) = (0, false);
    page.stopped = loop {
        if lines >= most {
            break Stopped::Lines;
        }
        if bytes >= ask.bytes {
            break Stopped::Bytes;
        }
        if ask.is_spent(reader.scanned) {
            break Stopped::Scan;
        }
        let Some(block) = reader.next()? else {
            let Some(next) = newer(shared, &reader, &ask) else { break Stopped::Edge };
            match reader.has_grown() {
                true if reader.is_in_line() => break Stopped::Grown,
                true => reader.see_more(),
                false => reader.go_on(next),
            }
            continue;
        };
        page.after_life = Some(block.incarnation().life());
        let unended = reader.has_no_end_yet(&block).then(|| block.position_at(block.start()));
        let (picked, after) = pick(block, most - lines, &mut ask);
        half = unended.is_some() || picked.last().is_some_and(|block| *block.ends() == Ends::Unfinished);
        page.after = Some(unended.unwrap_or(after));
        lines += picked.iter().map(Block::line_count).sum::<usize>();
        bytes += picked.iter().map(|block| block.bytes().len() as u64).sum::<u64>();
        page.blocks.extend(picked);
    };
    page.end = page.stopped == Stopped::Edge;
    if page.end {
        // Cut since, it is not the end: the rest is in its copy.
        still_stands(&reader.cursor.place)?;
    }
    match newer(shared, &reader, &ask).filter(|_| half && !page.end) {
        // It has come further than this page, which is read again from the line's start.
        Some(_) if reader.has_grown() => {}
        // The half line at the end of a rotated file stays as it is.
        Some(next) => {
            page.after_life = Some(next.held.life());
            page.after = Some(next.position());
        }
        None => page.end |= half,
    }
    page.scanned = reader.scanned;
    if let Some(first) = page.blocks.first() {
        page.crosses = first.incarnation().life() != place.held.life();
        page.new_life = page.crosses || begins_anew(shared, place)?;
    }
    Ok(page)
}

fn limit_of(ask: &Ask<'_>) -> impl Fn(&Held) -> Offset + use<> {
    let upto = ask.upto;
    move |held| limit(held, upto)
}

/// Where it goes on in the next newer file, unless the cap or the end of the log stands before it.
fn newer(shared: &Shared, reader: &Reader<impl Fn(&Held) -> Offset>, ask: &Ask<'_>) -> Option<Place> {
    let ours = reader.cursor.held();
    if ask.upto.is_some_and(|cap| cap.life == ours.life()) {
        return None;
    }
    go_on(shared, &reader.cursor.place)
}

/// Where the log goes on behind a place at the end of its file: in the next newer one, or nowhere. A running `copytruncate` has
/// the same lines in two files: they are read in the one that is copied, whether the copy lies ahead or is the one at hand.
pub(super) fn go_on(shared: &Shared, place: &Place) -> Option<Place> {
    let ahead = shared.ahead_of(&place.held, None);
    let mut ahead = ahead.into_iter().filter_map(|member| Some((member.role, shared.open_member(&member).ok()?)));
    let is_copy = |held: &Held| shared.open_front().is_ok_and(|front| held.repeats(&front));
    let (_, next) = ahead.find(|(role, held)| *role == Role::Itself || !is_copy(held))?;
    Some(if place.held.repeats(&next) { Place { held: next, ..place.clone() } } else { Place::start(next) })
}

/// The wanted lines of a block, at most `most`, in runs; and where to go on.
pub(super) fn pick(block: Block, most: usize, ask: &mut Ask<'_>) -> (Vec<Block>, Position) {
    let Some(want) = &mut ask.want else {
        let too_many = if block.line_count() > most { block.lines().nth(most) } else { None };
        let block = match too_many {
            Some(line) => block.part(block.start(), line.offset),
            None => block,
        };
        let after = resume(&block);
        return (vec![block], after);
    };
    let mut runs: Vec<(Offset, Offset)> = Vec::new();
    let mut picked = 0;
    let mut lines = block.lines().peekable();
    while let Some(line) = lines.next() {
        let end = lines.peek().map_or(block.end(), |next| next.offset);
        if !want(line) {
            continue;
        }
        match runs.last_mut() {
            Some((_, to)) if *to == line.offset => *to = end,
            _ => runs.push((line.offset, end)),
        }
        picked += 1;
        if picked == most {
            break;
        }
    }
    let after = match runs.last() {
        Some(&(_, to)) if picked == most && to < block.end() => block.position_at(to),
        _ => resume(&block),
    };
    (runs.into_iter().map(|(from, to)| block.part(from, to)).collect(), after)
}

/// Where to go on behind a block: at the start of a line that has no end yet, since it will come whole.
fn resume(block: &Block) -> Position {
    match block.ends() {
        Ends::Unfinished => block.position_at(block.lines().last().map_or(block.start(), |line| line.offset)),
        _ => block.after(),
    }
}

fn end(limit: impl Fn(&Held) -> Offset, held: &Held) -> Offset {
    Offset(held.size()).min(limit(held))
}

/// Reads the blocks of one file after the other.
pub(super) struct Reader<L> {
    cursor: Cursor,
    limit: L,
    /// Where the file ended when reading it began: what is written meanwhile is for the next page. Else a half line could
    /// be given and then its rest.
    upto: Offset,
    pub(super) scanned: u64,
    /// Looking for the end of a long line stops here,
    budget: u64,
    /// or after so many bytes of that line, whichever is further.
    length: u64,
}

impl<L: Fn(&Held) -> Offset> Reader<L> {
    pub(super) fn new(place: Place, limit: L, budget: u64) -> Self {
        let upto = end(&limit, &place.held);
        Self { cursor: Cursor::between(place, upto), limit, upto, scanned: 0, budget, length: 0 }
    }

    /// The same, which looks at so many bytes of a long line in any case.
    fn with_length(self, length: u64) -> Self {
        Self { length, ..self }
    }

    fn go_on(&mut self, place: Place) {
        self.upto = end(&self.limit, &place.held);
        self.cursor = Cursor::between(place, self.upto);
    }

    /// Whether something was written to the file since reading it began. Asked when a newer file is known to be there: what
    /// stands in this one was written before, and comes before.
    fn has_grown(&self) -> bool {
        end(&self.limit, self.cursor.held()) > self.upto
    }

    /// Whether a line has been given the end of which was not there.
    fn is_in_line(&self) -> bool {
        self.cursor.place.begins == Begins::InLine
    }

    /// Reads on to where the file ends now.
    fn see_more(&mut self) {
        self.go_on(self.cursor.place.clone());
    }

    /// The next block, a half line at the end included; nothing at the end.
    pub(super) fn next(&mut self) -> Result<Option<Block>, Error> {
        self.next_of(BLOCK_BYTES as u64)
    }

    /// As [`Reader::next`], but reading `glimpse` bytes first: a longer block comes only if no line ends in them.
    pub(super) fn next_of(&mut self, glimpse: u64) -> Result<Option<Block>, Error> {
        let block = loop {
            match self.cursor.pull_of(glimpse)? {
                Pulled::Block(block) if *block.ends() == Ends::Continues => break self.long_line(block)?,
                Pulled::Block(block) => break block,
                Pulled::Hole(..) => {}
                Pulled::Changed => return Err(Error::Gone(Loss::Truncated)),
                Pulled::End => match self.cursor.pull_unfinished()? {
                    Some(block) => break block,
                    None => return Ok(None),
                },
            }
        };
        self.scanned += block.end().since(block.start());
        Ok(Some(block))
    }

    /// Whether a block is the beginning of a long line whose end is not there to be seen: to who follows it comes whole.
    fn has_no_end_yet(&self, block: &Block) -> bool {
        let Ends::Cut { last, .. } = block.ends() else { return false };
        let held = self.cursor.held();
        block.end() >= self.upto
            && newline_at(last, Offset(block.end().0 - last.len() as u64), held.encoding()) != Some(last.len())
    }

    /// A block that is the beginning of a long line becomes that line, cut if it is very long; the cursor goes behind it.
    fn long_line(&mut self, mut block: Block) -> Result<Block, Error> {
        let held = self.cursor.held().clone();
        let mut at = block.end();
        let mut ends = None;
        let budget = self.budget.saturating_sub(self.scanned).max(self.length);
        while at < self.upto && at.since(block.start()) < budget {
            // One byte early, in case that a two-byte newline stands on the edge.
            let from = Offset(at.0 - 1);
            let most = self.upto.since(from).min(BLOCK_BYTES as u64 + 1) as usize;
            let bytes = held.file().read(from, most)?;
            if bytes.len() < 2 {
                break;
            }
            ends = newline_at(&bytes, from, held.encoding());
            let upto = ends.unwrap_or(bytes.len());
            block.extend_line(&bytes[1..upto]);
            at = from.plus(upto as u64);
            if ends.is_some() {
                break;
            }
        }
        let begins = if ends.is_some() { Begins::AtLine } else { Begins::InLine };
        let place = Place { begins, ..Place::exactly(held, at)? };
        debug_assert!(place.lead.len() <= ANCHOR_BYTES);
        block.end_line(at, ends.is_some(), at >= self.upto, &place.lead);
        self.cursor.go(place);
        Ok(block)
    }
}
