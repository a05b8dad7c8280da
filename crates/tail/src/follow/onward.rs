//! From the end of a file that was rotated away, replaced or deleted to the next one.
//!
//! Two laws pull against each other: no line of a slow writer may be missed, and the first line of the new file is wanted at
//! once. So a file that was left by its path is read until it has been still for a moment (`settle`) and something waits in
//! the next one; a file that only has another name is read as long as nothing waits elsewhere; a deleted one is let go of
//! after `idle`, for it takes room on the disk. `grace` bounds all of it. What comes too late is told as a gap (`left`).

use std::time::Duration;

use super::left::Left;
use super::look::Front;
use super::{Follower, Reading, Start, State};
use crate::error::Obstacle;
use crate::event::Event;
use crate::file::Stat;
use crate::gate::Role;
use crate::incarnation::Held;
use crate::place::Place;
use crate::position::Offset;

impl Follower {
    /// At the end of a file: goes on to the next one if it is time. Returns whether there is something to read.
    pub(super) fn onward(&mut self, events: &mut Vec<Event>) -> bool {
        let State::Reading(reading) = &self.state else { return false };
        if !self.may_leave(reading) {
            return false;
        }
        let ours = reading.cursor.held().clone();
        let lacked = self.shared.lacked.get();
        self.give_unfinished(events);
        for member in self.shared.ahead_of(&ours, Some(&self.known)) {
            match self.shared.open_member(&member) {
                Ok(next) => {
                    self.leave_for(&next, events);
                    return true;
                }
                // One that cannot be looked into now may hold lines.
                Err(Obstacle::NoDescriptor) if self.lacked(lacked, events) => return false,
                Err(why) if member.role == Role::Itself => return self.leave(why, events),
                Err(_) => {}
            }
        }
        let why =
            if let Front::Blocked(_, why) | Front::Missing(why) = self.front() { why } else { Obstacle::NotThere };
        self.leave(why, events)
    }

    fn may_leave(&self, reading: &Reading) -> bool {
        let patience = self.shared.setup.patience;
        let Some(apart) = reading.apart else { return false };
        let file = reading.cursor.held().file();
        let Ok(stat) = file.stat() else { return true };
        let waited = |still: Duration| reading.cursor.still_for(&stat) >= still || apart.elapsed() >= patience.grace;
        let named = stat.links > 0;
        match reading.front {
            Front::Same => false,
            _ if reading.between => waited(patience.settle),
            Front::Other(_, size) if size > 0 => waited(patience.settle),
            Front::Other(..) => !named && waited(patience.idle),
            Front::Missing(Obstacle::NotThere) if named && self.shared.still_admits(file) => false,
            Front::Missing(_) | Front::Blocked(..) => waited(patience.idle) && apart.elapsed() >= patience.settle,
        }
    }

    /// The half line at the end will not be finished any more.
    fn give_unfinished(&mut self, events: &mut Vec<Event>) {
        let State::Reading(reading) = &mut self.state else { return };
        // A file that cannot be read any more has no rest to give; its failure was told by the look.
        if let Ok(Some(block)) = reading.cursor.pull_unfinished() {
            events.push(Event::Block(block));
        }
    }

    fn leave_for(&mut self, next: &Held, events: &mut Vec<Event>) {
        let State::Reading(reading) = &self.state else { return };
        let place = continued(reading, next).unwrap_or_else(|| Place::start(next.clone()));
        let from = reading.cursor.held().life();
        events.push(Event::Rotated { from, to: next.name().clone(), at: place.offset });
        self.shared.setup.counters.rotations.add(1);
        self.keep_an_eye(events);
        self.read_on(place, events);
        self.look_ahead(events);
    }

    /// Nothing to go on with: lets go of the file, which patience was had with already, and waits.
    fn leave(&mut self, why: Obstacle, events: &mut Vec<Event>) -> bool {
        let start = Start::Again(self.edge().map(|edge| edge.position));
        self.wait(start, None, why, events);
        self.hints.moved();
        false
    }

    /// Hands the file that is read over to those that are looked after.
    fn keep_an_eye(&mut self, events: &mut Vec<Event>) {
        if let State::Reading(reading) = &self.state {
            let place = reading.cursor.place.clone();
            self.look_after(Left::new(place), events);
        }
    }

    fn front(&self) -> Front {
        if let State::Reading(reading) = &self.state { reading.front } else { Front::Missing(Obstacle::NotThere) }
    }
}

/// Where reading goes on in `next` if that is no new file but holds what was read: because the file that is read is a copy of
/// it that was being made; or because it was renamed over the file that is read, as editors do, or copied before that
/// one was deleted. A file that was created afterwards is another one, whatever is in it.
fn continued(reading: &Reading, next: &Held) -> Option<Place> {
    let Place { held, offset, .. } = &reading.cursor.place;
    if held.is_copy_of(next) {
        return Some(Place { held: next.clone(), ..reading.cursor.place.clone() });
    }
    let (old, new) = (held.file().stat().ok()?, next.file().stat().ok()?);
    if reading.renamed || old.links > 0 || *offset == Offset::ZERO || !written_before(&new, &old, *offset) {
        return None;
    }
    if new.size < offset.0 && next.is_copy_of(held) {
        // A late writer went on in the old one.
        let (end, line) = (Offset(new.size), Place::snapped(next.clone(), Offset(new.size)).ok()?);
        return if line.offset == end { Some(line) } else { Place::exactly(next.clone(), end).ok() };
    }
    same_place(&reading.cursor.place, next)
}

/// The place in `next`, if that begins alike and has the same bytes before it.
fn same_place(place: &Place, next: &Held) -> Option<Place> {
    let Place { held, offset, lead, .. } = place;
    let from = Offset(offset.0 - lead.len() as u64);
    let alike = next.size() >= offset.0
        && held.begins_like(&next.file().read_head().ok()?)
        && next.file().read(from, lead.len()).ok()? == *lead;
    alike.then(|| Place { held: next.clone(), ..place.clone() })
}

/// Whether `new` was created before `old` was deleted. Clocks tick in milliseconds: on a tie a longer file goes on.
fn written_before(new: &Stat, old: &Stat, offset: Offset) -> bool {
    let born = i128::from(new.identity.born);
    born < old.changed || (born == old.changed && new.size > offset.0)
}
