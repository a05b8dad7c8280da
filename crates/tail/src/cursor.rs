//! The reading end of followers and pages: one block at a time out of one held.
//!
//! Each read starts up to 64 bytes early and compares them with what was there before. That alone catches a file that
//! was truncated and has grown past the old place again, which neither its size nor its inode number shows.

use std::time::{Duration, Instant, SystemTime};

use rustix::io::Errno;

use crate::block::{BLOCK_BYTES, Begins, Block, Encoding, Ends};
use crate::file::Stat;
use crate::hash::Hash48;
use crate::incarnation::{HeadCheck, Held};
use crate::lines::{last_newline, newline_at};
use crate::place::Place;
use crate::position::{ANCHOR_BYTES, Offset};

/// A half line this long is not read again from its start each time it grows.
const LONG_HALF: u64 = 4096;

/// How many earlier places are remembered to recognise a file whose end was cut off.
const MOST_MARKS: usize = 64;

/// Where somebody reads.
#[derive(Debug)]
pub(crate) struct Cursor {
    pub(crate) place: Place,
    /// Bytes behind the place that are known to hold no newline.
    half: u64,
    /// The largest size this life was seen to have; nothing before the first look.
    seen: Option<u64>,
    /// When it was last seen to grow; nothing if it never did.
    grown: Option<Instant>,
    /// Since when it is read.
    since: Instant,
    /// Some places that were passed, oldest first, each with the hash of the bytes before it.
    marks: Vec<(Offset, Hash48)>,
    /// Where to stop although more may be there.
    limit: Offset,
    /// A hole ends at the place: the file system rounds it to its blocks, so that NUL bytes may still come.
    behind_hole: bool,
    /// Behind the place is nothing but space set aside for lines to come.
    set_aside: bool,
}

/// What one pull brought.
#[derive(Debug)]
pub(crate) enum Pulled {
    Block(Block),
    /// Nothing was ever written from here to there; the place is behind it now.
    Hole(Offset, Offset),
    /// No further whole line is there.
    End,
    /// The bytes before the place are not what they were: another life.
    Changed,
}

impl Cursor {
    pub(crate) fn at(place: Place) -> Self {
        Self::between(place, Offset(u64::MAX))
    }

    /// Reads from `place` to `limit` and takes that for the end of the file.
    pub(crate) fn between(place: Place, limit: Offset) -> Self {
        let (seen, grown, since, marks) = (None, None, Instant::now(), Vec::new());
        let mut cursor =
            Self { place, half: 0, seen, grown, since, marks, limit, behind_hole: false, set_aside: false };
        cursor.mark();
        cursor
    }

    pub(crate) fn held(&self) -> &Held {
        &self.place.held
    }

    /// Takes note of a size. Returns whether the file grew; the first size is no growth, it may have stood there for a
    /// year.
    pub(crate) fn saw(&mut self, size: u64) -> bool {
        let grew = self.seen.is_some_and(|seen| size > seen);
        if grew {
            self.grown = Some(Instant::now());
        }
        self.seen = Some(self.seen.map_or(size, |seen| seen.max(size)));
        grew
    }

    /// Whether the file was empty when it was looked at last. The head does not tell: a page that is read may have seen more.
    pub(crate) fn saw_nothing(&self) -> bool {
        self.seen == Some(0)
    }

    /// Bytes seen behind the place: unread, a half line included.
    pub(crate) fn behind(&self) -> u64 {
        self.seen.unwrap_or(0).saturating_sub(self.place.offset.0)
    }

    /// For how long nobody has written to it: as seen, or by its modification time if it never grew under our eyes.
    pub(crate) fn still_for(&self, stat: &Stat) -> Duration {
        match self.grown {
            Some(when) => when.elapsed(),
            None => {
                let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
                let modified = Duration::from_nanos(u64::try_from(stat.modified).unwrap_or(0));
                // A clock that was set back must not make it look written to for ever.
                now.saturating_sub(modified).max(self.since.elapsed())
            }
        }
    }

    /// Whether a file of this size has lost bytes that were seen, given out or not.
    pub(crate) fn is_cut(&self, size: u64) -> bool {
        size < self.place.offset.0.max(self.seen.unwrap_or(0))
    }

    /// Whether the file still is what it was up to the place: not shorter than it was seen, same head, same bytes before
    /// the place.
    pub(crate) fn still_holds(&self, size: u64) -> Result<bool, Errno> {
        let held = &self.place.held;
        let begins_so = !held.is_over() && !self.is_cut(size) && held.check_head()? == HeadCheck::Same;
        Ok(begins_so && self.place.lead_stands()? && !self.half_is_gone()?)
    }

    /// Whether a half line that was seen behind a hole is under a hole now: before it are NUL bytes as ever.
    fn half_is_gone(&self) -> Result<bool, Errno> {
        let begun_behind_hole = self.behind_hole && self.half > 0;
        Ok(begun_behind_hole && self.held().file().read(self.place.offset, 1)? == [0])
    }

    /// Reads the next block of whole lines, or the next piece of a line longer than a block.
    pub(crate) fn pull(&mut self) -> Result<Pulled, Errno> {
        self.pull_of(BLOCK_BYTES as u64)
    }

    /// As [`Cursor::pull`], but reading `glimpse` bytes first: a longer block comes only if no line ends in them.
    pub(crate) fn pull_of(&mut self, glimpse: u64) -> Result<Pulled, Errno> {
        let size = self.size()?;
        let seen = (self.seen, self.grown);
        self.saw(size);
        let pulled = self.pull_from(size, glimpse);
        if matches!(pulled, Ok(Pulled::Changed)) {
            // What stands there now is of another life.
            (self.seen, self.grown) = seen;
        }
        pulled
    }

    fn pull_from(&mut self, size: u64, glimpse: u64) -> Result<Pulled, Errno> {
        self.set_aside = false;
        let Some(most) = self.promising(size)? else {
            return Ok(if size < self.place.offset.0 { Pulled::Changed } else { Pulled::End });
        };
        let first = most.min(usize::try_from(glimpse).unwrap_or(usize::MAX));
        let Some(buffer) = self.read(first)? else { return Ok(Pulled::Changed) };
        let bytes = &buffer[self.place.lead.len()..];
        if let Some(hole) = self.hole(bytes)? {
            return Ok(hole);
        }
        match last_newline(bytes, self.place.offset, self.encoding()?) {
            Some(end) => Ok(Pulled::Block(self.take(buffer, end, Ends::Whole))),
            None if bytes.len() == BLOCK_BYTES => Ok(Pulled::Block(self.take(buffer, BLOCK_BYTES, Ends::Continues))),
            None if first < most => self.pull(),
            None => {
                self.half = bytes.len() as u64;
                Ok(Pulled::End)
            }
        }
    }

    /// Gives out the half line at the end as it stands, or the next piece of it; nothing when there is none.
    pub(crate) fn pull_unfinished(&mut self) -> Result<Option<Block>, Errno> {
        if self.set_aside {
            return Ok(None);
        }
        let size = self.size()?;
        let most = size.saturating_sub(self.place.offset.0).min(BLOCK_BYTES as u64) as usize;
        let Some(buffer) = self.read(most)? else { return Ok(None) };
        let len = buffer.len() - self.place.lead.len();
        Ok((len > 0).then(|| self.take(buffer, len, Ends::Unfinished)))
    }

    /// Goes to another place of the same file.
    pub(crate) fn go(&mut self, place: Place) {
        (self.place, self.half, self.behind_hole) = (place, 0, false);
        self.mark();
    }

    /// The furthest place passed that lies in the first `size` bytes and is still unchanged in `now`, if it proves that
    /// only the end was cut off.
    pub(crate) fn kept(&self, now: &Held, size: u64) -> Option<Offset> {
        let stands = |(offset, hash): &&(Offset, Hash48)| {
            let from = Offset(offset.0.saturating_sub(ANCHOR_BYTES as u64));
            now.file().read(from, offset.since(from) as usize).is_ok_and(|before| Hash48::of(&before) == *hash)
        };
        // Cut twice, and grown in between, it may be another file behind a mark that no longer stands.
        self.marks.iter().rev().filter(|(offset, _)| offset.0 <= size).find(stands).map(|(offset, _)| *offset)
    }

    /// How many bytes to read; nothing when no newline can be among them.
    fn promising(&mut self, size: u64) -> Result<Option<usize>, Errno> {
        let there = size.saturating_sub(self.place.offset.0);
        if there <= self.half {
            return Ok(None);
        }
        let most = there.min(BLOCK_BYTES as u64);
        if self.half >= LONG_HALF && most < BLOCK_BYTES as u64 {
            // One byte early, in case that a two-byte newline was half written. Without an anchor: this only decides
            // whether to read.
            let from = self.place.offset.plus(self.half - 1);
            let fresh = self.held().file().read(from, (most - self.half + 1) as usize)?;
            if newline_at(&fresh, from, self.encoding()?).is_none() {
                self.half = most;
                return Ok(None);
            }
        }
        Ok(Some(most as usize))
    }

    /// The lead and up to `most` bytes; nothing when the lead is not what it was.
    fn read(&self, most: usize) -> Result<Option<Vec<u8>>, Errno> {
        let Place { held, offset, lead, .. } = &self.place;
        let from = Offset(offset.0 - lead.len() as u64);
        let buffer = held.file().read(from, lead.len() + most)?;
        // At the beginning there is nothing in front to compare; what it begins with must be what it began with.
        let is_same = buffer.starts_with(lead) && (*offset > Offset::ZERO || held.began_with(&buffer));
        Ok(is_same.then_some(buffer))
    }

    fn size(&self) -> Result<u64, Errno> {
        Ok(self.held().file().stat()?.size.min(self.limit.0))
    }

    fn encoding(&self) -> Result<Encoding, Errno> {
        if self.place.offset == Offset::ZERO {
            // The file may have got its first bytes, a byte order mark, after the head was read.
            self.held().check_head()?;
        }
        Ok(self.held().encoding())
    }

    /// Steps over a hole at the place, and over the NUL bytes that fill the rest of its last block.
    /// A hole up to the end of the file is space set aside for lines to come: it is waited in front of.
    fn hole(&mut self, bytes: &[u8]) -> Result<Option<Pulled>, Errno> {
        if self.place.begins != Begins::AtLine || bytes.first() != Some(&0) {
            return Ok(None);
        }
        let from = self.place.offset;
        let behind_nuls = from.plus(bytes.iter().take_while(|&&byte| byte == 0).count() as u64);
        let hole = self.held().file().hole_from(from);
        let to = match self.held().file().data_from(hole) {
            // A half line stood here: neither its size nor the NUL bytes in front of it show that it is gone.
            _ if self.half > 0 && (self.behind_hole || hole <= behind_nuls) => return Ok(Some(Pulled::Changed)),
            // The file system rounds data to its blocks, too: NUL bytes fill what a line does not.
            _ if hole > behind_nuls && self.behind_hole => behind_nuls,
            _ if hole > behind_nuls => return Ok(None),
            None => {
                // Nothing was written there, so nothing is missing if it is taken back.
                (self.seen, self.set_aside) = (Some(from.0), true);
                return Ok(Some(Pulled::End));
            }
            Some(data) => data,
        };
        let lead = Offset(to.0.saturating_sub(ANCHOR_BYTES as u64));
        self.place.lead = self.held().file().read(lead, to.since(lead) as usize)?;
        self.place.offset = to;
        (self.half, self.behind_hole) = (0, true);
        Ok(Some(Pulled::Hole(from, to)))
    }

    /// Cuts `len` bytes off as a block and moves the place behind them.
    fn take(&mut self, mut buffer: Vec<u8>, len: usize, ends: Ends) -> Block {
        let place = &mut self.place;
        let lead = place.lead.len();
        buffer.truncate(lead + len);
        let last = buffer[buffer.len().saturating_sub(ANCHOR_BYTES)..].to_vec();
        let next = if ends == Ends::Whole { Begins::AtLine } else { Begins::InLine };
        let (start, begins) = (place.offset, place.begins);
        *place = Place { held: place.held.clone(), offset: start.plus(len as u64), lead: last, begins: next };
        let incarnation = place.held.name().clone();
        (self.half, self.behind_hole) = (0, false);
        self.mark();
        Block { incarnation, start, buffer, lead, begins, ends }
    }

    fn mark(&mut self) {
        if self.marks.len() >= MOST_MARKS {
            let mut keep = false;
            self.marks.retain(|_| {
                keep = !keep;
                keep
            });
        }
        if !self.place.lead.is_empty() {
            self.marks.push((self.place.offset, Hash48::of(&self.place.lead)));
        }
    }
}
