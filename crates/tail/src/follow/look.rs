//! The look before each read: is the file that is read still there, still at the path, and still what it was?
//!
//! While the file is held open its inode number cannot be given to another one, so device and inode decide exactly
//! whether the path leads to it. Whether it is what it was is decided by size, head and the bytes before the place.

use std::sync::Arc;
use std::time::Instant;

use rustix::io::Errno;

use super::{Follower, From, Reading, Start, State, Waiting};
use crate::error::{Error, Loss, Obstacle};
use crate::event::{Departure, Event, Lost};
use crate::file::{Identity, Stat};
use crate::gate::Role;
use crate::incarnation::Held;
use crate::log::Shared;
use crate::open::real_path;
use crate::place::Place;
use crate::position::Position;
use crate::setup::Ground;

/// What the path of the log leads to, seen from the file that is read.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Front {
    /// That file.
    Same,
    /// Another one that could be opened; its size.
    Other(Identity, u64),
    /// Something that cannot be read.
    Blocked(Identity, Obstacle),
    /// Nothing that can be seen.
    Missing(Obstacle),
}

impl Front {
    /// Bytes that wait there.
    pub(crate) fn size(self) -> u64 {
        if let Self::Other(_, size) = self { size } else { 0 }
    }

    fn identity(self) -> Option<Identity> {
        match self {
            Self::Other(identity, _) | Self::Blocked(identity, _) => Some(identity),
            Self::Same | Self::Missing(_) => None,
        }
    }

    fn of(shared: &Shared, ours: Identity, before: Self) -> Self {
        let stat = match Stat::at(&shared.path) {
            Ok(stat) => stat,
            Err(errno) => return Self::Missing(errno.into()),
        };
        match before {
            _ if stat.identity == ours => Self::Same,
            Self::Blocked(identity, why) if identity == stat.identity => Self::Blocked(identity, why),
            Self::Other(identity, _) if identity == stat.identity => Self::Other(identity, stat.size),
            _ => match shared.look() {
                Ok(stat) if stat.identity == ours => Self::Same,
                Ok(stat) => Self::Other(stat.identity, stat.size),
                Err(Obstacle::NotThere) => Self::Missing(Obstacle::NotThere),
                Err(why) => Self::Blocked(stat.identity, why),
            },
        }
    }
}

impl Follower {
    /// Opens what is not open, arms the watch, and finds out what happened since the last look.
    pub(super) fn look(&mut self, events: &mut Vec<Event>) {
        self.shared.setup.counters.looks.add(1);
        if let State::Waiting(waiting) = &self.state {
            let (start, told) = (waiting.start, waiting.told);
            self.hints.arm(&self.shared.path, None, events);
            let mut lost = Vec::new();
            match self.shared.lacking_nothing(|| self.open(start, &mut lost)) {
                Ok(place) => {
                    lost.into_iter().for_each(|lost| self.lost(lost, events));
                    if matches!(start, Start::From(From::End | From::At(_))) {
                        self.look_for_left(&place.held, events);
                    }
                    self.started(place, events);
                }
                Err(why) => self.wait(start, told, why, events),
            }
        }
        self.reconcile(events);
    }

    fn reconcile(&mut self, events: &mut Vec<Event>) {
        let State::Reading(reading) = &mut self.state else { return };
        let held = reading.cursor.held().clone();
        self.hints.arm(&self.shared.path, Some(held.file()), events);
        let stat = match held.file().stat() {
            Ok(stat) => stat,
            Err(errno) => return self.failed(errno, events),
        };
        let was_empty = reading.cursor.saw_nothing();
        match reading.unchanged(&stat) {
            Ok(true) if was_empty => {
                self.look_behind(events);
            }
            Ok(true) => {}
            Ok(false) => {
                self.begin_again(events);
            }
            Err(errno) => return self.failed(errno, events),
        }
        self.look_ahead(events);
    }

    /// Takes note of what the path leads to, and tells when it is no longer the file that is read.
    pub(super) fn look_ahead(&mut self, events: &mut Vec<Event>) {
        let State::Reading(reading) = &mut self.state else { return };
        let held = reading.cursor.held();
        let file = held.file();
        if matches!(reading.front, Front::Other(..)) {
            // Before it is looked at, so that what comes after the look is told.
            self.hints.look_ahead(&self.shared.path);
        }
        let front = Front::of(&self.shared, file.identity(), reading.front);
        let turned = front.identity() != reading.front.identity() || reading.apart.is_none();
        reading.front = front;
        if matches!(front, Front::Same) {
            if !std::mem::replace(&mut reading.at_home, true)
                && let Ok(real) = real_path(file.fd())
            {
                self.shared.homes.arrived(real);
            }
            (reading.apart, reading.told, reading.between, reading.renamed) = (None, None, false, false);
            return;
        }
        reading.at_home = false;
        self.shared.homes.apart(&self.shared.path);
        let apart = *reading.apart.get_or_insert_with(Instant::now);
        let links = file.stat().map_or(0, |stat| stat.links);
        reading.renamed |= links > 0;
        let settle = self.shared.setup.patience.settle;
        // What stands at the path may itself be rotated or copied away while it is waited for.
        if turned || reading.listed.is_none_or(|listed| listed.elapsed() >= settle) {
            let ahead = self.shared.ahead_of(held, Some(&self.known));
            reading.between = ahead.iter().any(|member| member.role == Role::Sibling);
            reading.listed = Some(Instant::now());
        }
        // A rename and the creation that follows it are seldom seen apart; only what lasts is told.
        if apart.elapsed() >= settle {
            reading.tell_departure(links, events);
        }
    }

    /// The file system failed us: a dropped file is found again by its position, other failures are told and tried
    /// again.
    pub(super) fn failed(&mut self, errno: Errno, events: &mut Vec<Event>) {
        let State::Reading(reading) = &mut self.state else { return };
        if errno == Errno::STALE {
            let start = Start::Dropped(reading.cursor.place.position());
            self.state = State::Waiting(Waiting { start, told: None });
            return self.hints.moved();
        }
        let why = Obstacle::from(errno);
        if reading.failing.replace(why) != Some(why) {
            events.push(Event::Waiting(why));
        }
    }

    /// From now on nothing is open.
    pub(super) fn wait(&mut self, start: Start, told: Option<Obstacle>, why: Obstacle, events: &mut Vec<Event>) {
        if told != Some(why) {
            events.push(Event::Waiting(why));
        }
        // What appears where nothing was is new from its first byte, also if it is rotated before the next look.
        let start = match start {
            Start::From(From::End | From::Start) if why == Obstacle::NotThere => {
                self.known = self.shared.chain().iter().map(|member| member.identity).collect();
                Start::Again(None)
            }
            start => start,
        };
        self.state = State::Waiting(Waiting { start, told: Some(why) });
    }

    fn open(&self, start: Start, lost: &mut Vec<Lost>) -> Result<Place, Obstacle> {
        match start {
            Start::From(From::End) => Ok(Place::last_line_start(self.shared.open_front()?)?),
            Start::From(From::Start) => Ok(Place::start(self.shared.open_front()?)),
            Start::From(From::At(position)) => self.open_at(position, None, lost),
            Start::Dropped(position) => self.open_at(position, Some(Loss::Stale), lost),
            Start::Again(position) => self.open_again(position),
        }
    }

    /// Where somebody stopped; if that is gone and the log is there, its beginning, and it is told: for the reason that is known,
    /// else for that of the search.
    fn open_at(&self, position: Position, why: Option<Loss>, losses: &mut Vec<Lost>) -> Result<Place, Obstacle> {
        match self.shared.resolve(&position) {
            Ok(place) => Ok(place),
            Err(Error::Obstacle(why)) => Err(why),
            Err(error) => {
                let front = self.shared.open_front()?;
                let found = if let Error::Gone(found) = error { found } else { Loss::NotFound };
                let why = why.unwrap_or(found);
                losses.push(Lost { from: position, bytes: None, why });
                Ok(Place::start(front))
            }
        }
    }

    /// After the file had gone: the same inode if it is back under any name, else the oldest file that came since.
    fn open_again(&self, position: Option<Position>) -> Result<Place, Obstacle> {
        if let Some(place) = position.and_then(|position| self.shared.resolve_same_inode(&position)) {
            return Ok(place);
        }
        let came = self.shared.chain().into_iter().rev().filter(|member| {
            member.role == Role::Sibling && member.is_readable() && !self.known.contains(&member.identity)
        });
        let front = self.shared.open_front();
        let is_copy = |held: &Held| front.as_ref().is_ok_and(|front| held.is_copy_of(front));
        let mut came = came.filter_map(|member| self.shared.open_member(&member).ok());
        Ok(Place::start(came.find(|held| !is_copy(held)).map_or(front, Ok)?))
    }

    fn started(&mut self, place: Place, events: &mut Vec<Event>) {
        let (incarnation, offset, size) = (place.held.name().clone(), place.offset, place.held.size());
        events.push(Event::Opened { incarnation, offset, size });
        self.read_on(place, events);
    }

    /// Reads from `place` on.
    pub(super) fn read_on(&mut self, place: Place, events: &mut Vec<Event>) {
        let file = Arc::clone(place.held.file());
        let ours = file.identity();
        let chain = self.shared.chain();
        // What is ahead, be it empty still, is to be read: it counts as new, wherever it is moved before that.
        match chain.iter().position(|member| member.identity == ours) {
            Some(at) => self.known = chain[at..].iter().map(|member| member.identity).collect(),
            None => drop(self.known.insert(ours)),
        }
        self.state = State::Reading(Reading::at(place));
        self.hints.moved();
        self.hints.arm(&self.shared.path, Some(&file), events);
    }

    /// Whether a file could not be looked into for want of a descriptor since the log had lacked `since` of them: then what was
    /// found holds for the others only, and the follower stays where it is until it can look into all. Told once per file.
    pub(super) fn lacked(&mut self, since: u64, events: &mut Vec<Event>) -> bool {
        let State::Reading(reading) = &mut self.state else { return false };
        if self.shared.lacked.get() == since {
            return false;
        }
        if !std::mem::replace(&mut reading.lacking, true) {
            events.push(Event::Waiting(Obstacle::NoDescriptor));
        }
        true
    }

    pub(super) fn lost(&self, lost: Lost, events: &mut Vec<Event>) {
        self.shared.setup.counters.losses.add(1);
        self.shared.setup.counters.lost_bytes.add(lost.bytes.unwrap_or(0));
        events.push(Event::Lost(lost));
    }
}

impl Reading {
    /// Whether the file is what it was. A network file system may show an older, smaller size: that counts when seen
    /// twice.
    fn unchanged(&mut self, stat: &Stat) -> Result<bool, Errno> {
        let held = self.cursor.held();
        let shrunk = self.cursor.is_cut(stat.size) && held.file().ground() == Ground::Network;
        if shrunk && !std::mem::replace(&mut self.shrunk, true) {
            return Ok(true);
        }
        self.shrunk = shrunk;
        let holds = self.cursor.still_holds(stat.size)?;
        if holds {
            self.cursor.saw(stat.size);
        }
        Ok(holds)
    }

    fn tell_departure(&mut self, links: u32, events: &mut Vec<Event>) {
        let departure = match self.front {
            Front::Blocked(_, why) => Departure::Displaced(why),
            Front::Missing(Obstacle::NotThere) if links == 0 => Departure::Deleted,
            Front::Missing(Obstacle::NotThere) => Departure::Moved,
            Front::Missing(why) => Departure::Displaced(why),
            Front::Same | Front::Other(..) => return,
        };
        if self.told.replace(departure) != Some(departure) {
            events.push(Event::Gone(departure));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gate::Everything;
    use crate::log::Log;
    use crate::position::Tag;
    use crate::setup::Setup;

    /// The events of a step after the file system dropped the file, and `meanwhile` was done to the log.
    fn dropped(meanwhile: impl FnOnce(&std::path::Path)) -> Vec<Event> {
        let folder = tempfile::tempdir().expect("a temporary directory");
        let path = folder.path().join("log");
        std::fs::write(&path, "one\n").expect("a write");
        let log = Log::new(path.clone(), Tag::of("here:log"), &Arc::new(Setup::new(Everything)));
        let mut follower = log.follow(From::Start).expect("a follower");
        let mut events = follower.step(1 << 20).events;
        events.clear();
        meanwhile(&path);
        follower.failed(Errno::STALE, &mut events);
        events.extend(follower.step(1 << 20).events);
        events
    }

    #[test]
    fn a_file_that_its_file_system_dropped_is_opened_again_where_it_was() {
        let events = dropped(|path| std::fs::write(path, "one\ntwo\n").expect("a write"));
        assert!(
            matches!(&events[..], [Event::Opened { .. }, Event::Block(block)] if block.bytes() == b"two\n"),
            "{events:?}"
        );
    }

    #[test]
    fn a_file_that_came_back_as_another_one_is_told_as_dropped() {
        let events = dropped(|path| std::fs::write(path, "three\n").expect("a write"));
        assert!(
            matches!(&events[..], [Event::Lost(Lost { why: Loss::Stale, .. }), Event::Opened { .. }, Event::Block(_)]),
            "{events:?}"
        );
    }
}
