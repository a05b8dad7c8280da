//! A file that was truncated or rewritten in place: a life is over, another one has begun in the same inode.
//!
//! With `copytruncate` the old bytes stand in a fresh sibling: what was not read yet is read there first, and to the
//! reader it is a rotation. Without such a copy the unread bytes are gone, which is told. A file whose end only was cut
//! off goes on where it was cut: what stands before was given out already.

use std::time::Instant;

use super::left::Left;
use super::{Follower, Start, State};
use crate::cursor::Cursor;
use crate::error::Loss;
use crate::event::{Event, Lost};
use crate::file::Identity;
use crate::gate::Role;
use crate::incarnation::Held;
use crate::place::Place;
use crate::position::{HEAD_BYTES, Offset};
use crate::siblings::{Member, Packing};

/// What was found of a life that is over.
enum Rest {
    /// A sibling holds its bytes up to the place and perhaps more.
    Copy(Place),
    /// It is gone, but this file came between.
    Newcomer(Held),
    Nothing,
}

impl Follower {
    /// Goes on in the new life, by way of what is left of the old one. Returns whether there is something to read.
    pub(super) fn begin_again(&mut self, events: &mut Vec<Event>) -> bool {
        let State::Reading(reading) = &self.state else { return false };
        let lacked = self.shared.lacked.get();
        if reading.cursor.saw_nothing() && self.look_behind(events) {
            return true;
        }
        if self.lacked(lacked, events) {
            return false;
        }
        let State::Reading(reading) = &self.state else { return false };
        let old = reading.cursor.held().clone();
        let new = match self.shared.renew(&old) {
            Ok(new) => new,
            Err(why) => {
                self.wait(Start::Again(None), None, why, events);
                return false;
            }
        };
        if let Some(place) = stays(&reading.cursor, &new) {
            let kept = new.size().saturating_sub(place.offset.0);
            return self.truncated(place, kept, events);
        }
        let (rest, copies) = self.find_rest(&reading.cursor);
        if self.lacked(lacked, events) {
            return false;
        }
        self.known.extend(copies);
        let place = match rest {
            Rest::Copy(copy) => {
                let is_read = copy.held.size() <= copy.offset.0;
                let next = if is_read { self.after_copy(&copy.held) } else { None };
                if self.lacked(lacked, events) {
                    return false;
                }
                self.tell_cut_copy(&copy, events);
                self.known.insert(copy.held.file().identity());
                if is_read { Place::start(next.unwrap_or(new)) } else { copy }
            }
            Rest::Newcomer(newcomer) => {
                self.tell_unread(0, events);
                Place::start(newcomer)
            }
            Rest::Nothing => {
                let State::Reading(reading) = &self.state else { return false };
                let place = kept(&reading.cursor, &old, &new).unwrap_or_else(|| Place::start(new));
                return self.truncated(place, 0, events);
            }
        };
        events.push(Event::Rotated { from: old.life(), to: place.held.name().clone(), at: place.offset });
        self.shared.setup.counters.rotations.add(1);
        self.read_apart(place, events);
        true
    }

    /// A file that was empty at the last look shows nothing when it was filled, copied and truncated since: its copy
    /// does. Returns whether it goes on in one.
    pub(super) fn look_behind(&mut self, events: &mut Vec<Event>) -> bool {
        let State::Reading(reading) = &self.state else { return false };
        let lacked = self.shared.lacked.get();
        let ours = reading.cursor.held().clone();
        // Of a file that has no place among the others all that came since may be newer. It is found when this one is read.
        let (mut behind, in_place) = self.shared.surely_behind(&ours);
        behind.retain(|member| !self.known.contains(&member.identity));
        let Ok(now) = ours.file().read_head() else { return false };
        let begins_it = |head: &[u8]| head.len() < HEAD_BYTES && now.starts_with(head);
        let is_copy =
            |copy: &Held| copy.is_copy_of(&ours) || copy.file().read_head().is_ok_and(|head| begins_it(&head));
        // The oldest first; the others stand between it and this file, where they are found.
        let mut came = behind.iter().rev().filter_map(|member| self.shared.open_member(member).ok());
        let mut copies = Vec::new();
        let newcomer = came.find(|copy| {
            let is_copy = is_copy(copy);
            copies.extend(is_copy.then(|| copy.file().identity()));
            !is_copy
        });
        drop(came);
        if self.lacked(lacked, events) {
            return false;
        }
        self.known.extend(copies);
        let Some(copy) = newcomer else { return false };
        self.shared.setup.counters.rotations.add(1);
        events.push(Event::Rotated { from: ours.life(), to: copy.name().clone(), at: Offset::ZERO });
        // Deleted, it is read in its copy when that is come to; what is not in there is told.
        let rest = in_place.and_then(|copy| Place::exactly(ours, Offset(copy.size())).ok());
        if let Some(rest) = rest {
            self.look_after(Left::new(rest), events);
        }
        self.read_apart(Place::start(copy), events);
        true
    }

    /// No copy: the old bytes are gone, or only the end of the file was cut off. Reading goes on at `place`, behind which
    /// `kept` bytes were seen before.
    fn truncated(&mut self, place: Place, kept: u64, events: &mut Vec<Event>) -> bool {
        let State::Reading(reading) = &self.state else { return false };
        let (old, given) = (reading.cursor.held().life(), reading.cursor.place.offset);
        self.tell_unread(kept, events);
        events.push(Event::Truncated { from: old, given, to: place.held.name().clone(), at: place.offset });
        self.read_on(place, events);
        true
    }

    /// What is left of the life that is over; and the files that hold only what was given out of it. These are not to be
    /// read as new ones later on: nothing shows then what they are copies of.
    fn find_rest(&self, cursor: &Cursor) -> (Rest, Vec<Identity>) {
        let ours = cursor.held().file().identity();
        let (mut newcomer, mut copies) = (None, Vec::new());
        let chain = self.shared.chain();
        // What is newer than this file comes after its new life; and so does all that came, should it have no place any more.
        let place = chain.iter().position(|member| member.identity == ours);
        for member in chain.into_iter().skip(place.map_or(0, |at| at + 1)) {
            if member.role == Role::Itself || member.packing == Packing::Packed {
                continue;
            }
            let Ok(sibling) = self.shared.open_member(&member) else { continue };
            match holds(cursor, &sibling) {
                Some(place) => return (Rest::Copy(place), copies),
                None if is_shorter_copy(cursor, &sibling) => copies.push(member.identity),
                None if place.is_some() && self.is_newcomer(&member, cursor, &sibling) => newcomer = Some(sibling),
                None => {}
            }
        }
        // The chain comes newest first, so that the last one found is the oldest.
        (newcomer.map_or(Rest::Nothing, Rest::Newcomer), copies)
    }

    /// What was copied after the copy that has nothing more to give.
    fn after_copy(&self, copy: &Held) -> Option<Held> {
        let ahead = self.shared.ahead_of(copy, None);
        let mut siblings = ahead.into_iter().filter(|member| member.role == Role::Sibling);
        siblings.find_map(|member| self.shared.open_member(&member).ok())
    }

    /// Whether a sibling came after the last transition and is no copy of what was read.
    fn is_newcomer(&self, member: &Member, cursor: &Cursor, sibling: &Held) -> bool {
        let ours = cursor.held();
        let copy = ours.head_tells() && sibling.file().read_head().is_ok_and(|head| ours.began_with(&head));
        // Nor of what stands in the file now, which is read after it.
        !self.known.contains(&member.identity) && member.size > 0 && !copy && !sibling.is_copy_of(ours)
    }

    /// Bytes that were seen and not read are lost with the life they stood in, but for those that are kept.
    fn tell_unread(&self, kept: u64, events: &mut Vec<Event>) {
        let State::Reading(reading) = &self.state else { return };
        let unread = reading.cursor.behind().saturating_sub(kept);
        if unread > 0 {
            let from = reading.cursor.place.position();
            self.lost(Lost { from, bytes: Some(unread), why: Loss::Truncated }, events);
        }
    }

    /// Lines that were written after the copy was made and before the truncation are in neither file.
    fn tell_cut_copy(&self, copy: &Place, events: &mut Vec<Event>) {
        let State::Reading(reading) = &self.state else { return };
        let missing = (copy.offset.0 + reading.cursor.behind()).saturating_sub(copy.held.size());
        if missing > 0 {
            let from = reading.cursor.place.position();
            self.lost(Lost { from, bytes: Some(missing), why: Loss::Truncated }, events);
        }
    }

    /// Reads a file the path does not lead to, or perhaps does.
    fn read_apart(&mut self, place: Place, events: &mut Vec<Event>) {
        self.read_on(place, events);
        self.look_ahead(events);
        // The writer is known to have left: it was not moved away with the file, the bytes were copied.
        if let State::Reading(reading) = &mut self.state
            && reading.apart.is_some()
        {
            reading.apart = Instant::now().checked_sub(self.shared.setup.patience.grace).or(reading.apart);
        }
    }
}

/// The place of `cursor` in a file that begins alike and has the same bytes there.
fn holds(cursor: &Cursor, sibling: &Held) -> Option<Place> {
    let Place { held, offset, lead, .. } = &cursor.place;
    let from = Offset(offset.0 - lead.len() as u64);
    let alike = sibling.size() >= offset.0
        && held.begins_like(&sibling.file().read_head().ok()?)
        && sibling.file().read(from, lead.len()).ok()? == *lead;
    alike.then(|| Place { held: sibling.clone(), ..cursor.place.clone() })
}

/// Whether a file holds nothing but the beginning of what was given out, as a copy does that was made earlier. Of short files
/// that is never said: two of them may well be equal.
fn is_shorter_copy(cursor: &Cursor, sibling: &Held) -> bool {
    let size = sibling.size();
    let head = sibling.file().read_head().unwrap_or_default();
    head.len() == HEAD_BYTES && size <= cursor.place.offset.0 && cursor.held().begins_like(&head)
}

/// The place itself, in a file whose end was cut off behind it.
fn stays(cursor: &Cursor, new: &Held) -> Option<Place> {
    let Place { held, offset, lead, .. } = &cursor.place;
    let from = Offset(offset.0 - lead.len() as u64);
    let alike = cursor.is_cut(new.size())
        && new.size() >= offset.0.max(1)
        && held.began_with(&new.file().read_head().ok()?)
        && new.file().read(from, lead.len()).ok()? == *lead;
    alike.then(|| Place { held: new.clone(), ..cursor.place.clone() })
}

/// Where a file goes on of which only the end was cut off: as far as it is proven to be what was given out. A file
/// shorter than a head is compared in full; of a longer one the marks are, so that some lines may come again, but none
/// is missed.
fn kept(cursor: &Cursor, old: &Held, new: &Held) -> Option<Place> {
    let size = new.size();
    if size >= cursor.place.offset.0 {
        return None;
    }
    let head = new.file().read_head().ok().filter(|head| !head.is_empty() && old.began_with(head))?;
    let proven = if head.len() as u64 == size { Offset(size) } else { cursor.kept(new, size)? };
    Place::snapped(new.clone(), proven).ok()
}
