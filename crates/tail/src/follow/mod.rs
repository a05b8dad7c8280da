//! Following a log through everything that happens to its file.
//!
//! A [`Follower`] is a state machine that is stepped: each step first looks (`look`: is it still the same file, what
//! stands at the path, is the file still what it was), then reads (`cursor`), and at the end of a file that was rotated
//! away decides whether it is time to go on, and where (`onward`). What was rewritten in place begins a new life
//! (`rewritten`). Files that were left are looked after for a while, in case a late writer goes on in them (`left`).
//!
//! Nothing here waits or owns a thread: who steps decides when, woken by hints (`hints`) or by the clock.

mod hints;
mod left;
mod look;
mod onward;
mod rewritten;

use std::collections::HashSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use self::hints::Hints;
use self::left::Left;
use self::look::Front;
use crate::cursor::{Cursor, Pulled};
use crate::error::{Error, Obstacle};
use crate::event::{Departure, Event, Gap, Step};
use crate::file::Identity;
use crate::incarnation::Life;
use crate::log::Shared;
use crate::page::Cap;
use crate::place::Place;
use crate::position::{Offset, Position};
use crate::setup::Patience;
use crate::watch::{Wake, Watcher};

/// Where a follower starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum From {
    /// Behind the last whole line there is. A file that appears only later is read from its beginning.
    End,
    /// At the beginning of the file at the path.
    Start,
    /// Where somebody stopped reading, before a restart or a rotation.
    At(Position),
}

/// The end of what a follower gave out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Edge {
    /// The life it reads.
    pub life: Life,
    /// Where in it; a line start, but inside of a line longer than a block.
    pub offset: Offset,
    /// The same for the world.
    pub position: Position,
}

impl Edge {
    /// Not to be read past by history.
    #[must_use]
    pub fn cap(&self) -> Cap {
        Cap { life: self.life, offset: self.offset }
    }
}

/// Reads a log as it grows. Dropping it closes the file (unless a reader is at it) and ends the watch.
#[derive(Debug)]
pub struct Follower {
    shared: Arc<Shared>,
    state: State,
    /// The file that is read and those that were older at the last transition: what is not among them came since, or is ahead.
    known: HashSet<Identity>,
    left: Vec<Left>,
    hints: Hints,
}

#[derive(Debug)]
enum State {
    /// Nothing is open.
    Waiting(Waiting),
    Reading(Reading),
}

#[derive(Debug)]
struct Waiting {
    start: Start,
    told: Option<Obstacle>,
}

/// Where to start once something can be opened.
#[derive(Clone, Copy, Debug)]
enum Start {
    From(From),
    /// Where it was read when the file system dropped it.
    Dropped(Position),
    /// After the file had gone: behind what was read of it if it comes back, else with what came since.
    Again(Option<Position>),
}

#[derive(Debug)]
struct Reading {
    cursor: Cursor,
    /// What the path leads to.
    front: Front,
    /// Whether it is the file that is read, and was so at the last look.
    at_home: bool,
    /// Since when the path does not lead to the file that is read.
    apart: Option<Instant>,
    /// Whether a sibling with lines stands between the file that is read and the path.
    between: bool,
    /// When the siblings were looked through for that.
    listed: Option<Instant>,
    /// Whether it was seen to have another name while something else stood at the path: it was rotated, not replaced.
    renamed: bool,
    told: Option<Departure>,
    /// An error of the file itself, told once.
    failing: Option<Obstacle>,
    /// Whether it was told that there was no descriptor for the next one.
    lacking: bool,
    /// Whether a network file system showed a smaller size once already.
    shrunk: bool,
}

impl Reading {
    fn at(place: Place) -> Self {
        let (cursor, front) = (Cursor::at(place), Front::Same);
        let (apart, listed, told, failing) = (None, None, None, None);
        Self {
            cursor,
            front,
            at_home: false,
            apart,
            between: false,
            listed,
            renamed: false,
            told,
            failing,
            lacking: false,
            shrunk: false,
        }
    }
}

impl Follower {
    pub(crate) fn new(shared: Arc<Shared>, from: From) -> Self {
        let hints = Hints::new(shared.setup.patience);
        let state = State::Waiting(Waiting { start: Start::From(from), told: None });
        Self { shared, state, known: HashSet::new(), left: Vec::new(), hints }
    }

    /// Has `wake` called when there may be something to read; it is to bring about a [`Follower::step`].
    /// When the kernel refuses to tell, that is an event of a step, and [`Follower::next_look`] gets shorter.
    pub fn watched_by(&mut self, watcher: &Arc<Watcher>, wake: Wake) {
        self.hints.ask(watcher, wake);
    }

    /// Looks at everything once and reads about `max_bytes` bytes, at least one block if there is one.
    /// Does disk I/O, and never waits for a writer.
    pub fn step(&mut self, max_bytes: usize) -> Step {
        let mut step = Step::default();
        self.look(&mut step.events);
        self.read(max_bytes, &mut step);
        self.look_after_left(&mut step.events);
        self.hints.looked(!step.events.is_empty());
        step
    }

    /// When to step again although nobody woke: after 2 s; sooner where no hints come or something is about to end.
    #[must_use]
    pub fn next_look(&self) -> Duration {
        let Patience { settle, idle, .. } = self.shared.setup.patience;
        let soon = match &self.state {
            State::Reading(Reading { apart: Some(apart), front, between, .. }) => {
                if *between || front.size() > 0 || apart.elapsed() < settle { settle } else { idle }
            }
            _ => Duration::MAX,
        };
        let left = self.left.iter().filter_map(|left| left.rest(settle)).min();
        self.hints.interval().min(soon).min(left.unwrap_or(Duration::MAX))
    }

    /// Goes to the last line start of the file that is read; the stretch that was skipped is told.
    /// Nothing when there is nothing to skip.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn skip_to_end(&mut self) -> Result<Option<Gap>, Error> {
        let State::Reading(Reading { cursor, .. }) = &mut self.state else { return Ok(None) };
        // What was rewritten since the last look, or filled for the first time, is looked at by the next step.
        if cursor.saw_nothing() || !cursor.still_holds(cursor.held().size())? {
            return Ok(None);
        }
        let end = Place::last_line_start(cursor.held().clone())?;
        if end.offset <= cursor.place.offset {
            return Ok(None);
        }
        let incarnation = end.held.name().clone();
        let gap = Gap { incarnation, from: cursor.place.position(), to: end.position() };
        cursor.go(end);
        self.shared.setup.counters.gap_bytes.add(gap.bytes());
        Ok(Some(gap))
    }

    /// The end of what was given out; nothing while nothing is open.
    #[must_use]
    pub fn edge(&self) -> Option<Edge> {
        let State::Reading(Reading { cursor, .. }) = &self.state else { return None };
        let Place { held, offset, .. } = &cursor.place;
        Some(Edge { life: held.life(), offset: *offset, position: cursor.place.position() })
    }

    /// Bytes that were there at the last look and are not given out, a half line included.
    #[must_use]
    pub fn behind(&self) -> u64 {
        let State::Reading(reading) = &self.state else { return 0 };
        reading.cursor.behind() + reading.front.size()
    }

    /// Reads until `max_bytes` are there, the end is reached, or something is in the way.
    fn read(&mut self, max_bytes: usize, step: &mut Step) {
        let mut read = 0;
        while read < max_bytes.max(1) {
            let State::Reading(reading) = &mut self.state else { return };
            let pulled = reading.cursor.pull();
            if pulled.is_ok() {
                reading.failing = None;
            }
            match pulled {
                Ok(Pulled::Block(block)) => {
                    read += block.bytes().len();
                    step.events.push(Event::Block(block));
                }
                Ok(Pulled::Hole(from, to)) => {
                    let incarnation = reading.cursor.held().name().clone();
                    step.events.push(Event::Hole { incarnation, from, to });
                }
                // On a network file system the second look decides.
                Ok(Pulled::Changed) if reading.shrunk => return,
                Ok(Pulled::Changed) if !self.begin_again(&mut step.events) => return,
                Ok(Pulled::End) if !self.onward(&mut step.events) => return,
                Ok(Pulled::Changed | Pulled::End) => {}
                Err(errno) => return self.failed(errno, &mut step.events),
            }
        }
        step.more = true;
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        self.shared.unfollow();
    }
}
