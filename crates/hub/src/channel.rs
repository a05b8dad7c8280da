//! One channel in the hub: a log under a filter, its ring, and how far it has come.
//!
//! Only a link writes here ([`crate::ingest`]), and only the one that was asked last to follow ([`Writer`]). The
//! lock on the state is held while an item is published, so that whoever compares a place with the channel's edge sees
//! ring and edge of the same moment.

mod tap;
#[cfg(test)]
mod tests;
mod writer;

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use jiff::tz::TimeZone;
use tailcast_fanout::{Ring, Seq};
use tailcast_wire::{Begins, Ends, Filter, LogName, Place, Tiding, Told, Why};

use crate::away::Away;
use crate::item::{Item, LongLine, Reach, What};

pub(crate) use tap::Tap;
pub(crate) use writer::Writer;

/// How many lives of a file a channel remembers, to recognise the place of a viewer who is catching up.
const LIVES: usize = 32;

/// What is fanned out: equal keys are one channel.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Key {
    pub(crate) log: LogName,
    pub(crate) filter: Filter,
}

/// Where a viewer stands who read from the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct At {
    /// Of which start of the agent the life is.
    pub(crate) session: u64,
    pub(crate) life: u64,
    pub(crate) offset: u64,
    pub(crate) position: Arc<str>,
}

impl At {
    pub(crate) fn new(session: u64, place: &Place) -> Self {
        At { session, life: place.life, offset: place.offset, position: Arc::from(place.position.as_str()) }
    }
}

/// Where to go on in the ring.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Joint {
    /// With this item, of which all up to `Reach` is known already.
    Here(Seq, Reach),
    /// The ring does not reach back so far, or does not know the place: read on from the file.
    NotYet,
}

/// Where to go on after skipping.
#[derive(Debug)]
pub(crate) struct Newest {
    /// The item that is known already, or the one to come.
    pub(crate) seq: Seq,
    pub(crate) reach: Reach,
    pub(crate) life: u64,
    pub(crate) position: Arc<str>,
}

/// How far somebody is behind a channel. Ordered by time first: a busy log has many bytes in a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Behind {
    /// How long the oldest item has been waiting that they have not been written; of those still in the ring.
    pub(crate) time: Duration,
    /// Bytes of the source; `None` when they are in an older life of the file.
    pub(crate) bytes: Option<u64>,
}

/// A channel. Its ring is fed while the agent follows; it lives as long as somebody looks.
#[derive(Debug)]
pub(crate) struct Channel {
    pub(crate) key: Key,
    log: Arc<LogName>,
    ring: Ring<Item>,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    /// Whose turn it is to write.
    turn: u64,
    session: u64,
    /// (life, epoch), newest last.
    lives: VecDeque<(u64, u64)>,
    epoch: u64,
    edge: Option<At>,
    /// When the agent last said something about this log.
    heard: Option<Instant>,
    /// Where the log ends by the agent's last edge, and when that was heard.
    end: Option<(Reach, Instant)>,
    link: Link,
    long: Option<LongLine>,
    /// Where the line starts that is open at the edge, when it is longer than a block.
    line: Option<Arc<str>>,
    /// That lines come late, while it is so: whoever joins later than it was told is to know it, too.
    late: Option<Told>,
    zone: TimeZone,
    /// Who is handed all that is written, for other hubs.
    tap: Option<Arc<dyn Tap>>,
}

/// Whether the agent is there for this channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Link {
    /// It follows, or is about to.
    Up,
    /// It does not.
    Down,
}

impl Channel {
    pub(crate) fn new(key: Key, ring: Ring<Item>) -> Self {
        let log = Arc::new(key.log.clone());
        let state = State {
            turn: 0,
            session: 0,
            lives: VecDeque::new(),
            epoch: 0,
            edge: None,
            heard: None,
            end: None,
            link: Link::Down,
            long: None,
            line: None,
            late: None,
            zone: TimeZone::UTC,
            tap: None,
        };
        Channel { key, log, ring, state: Mutex::new(state) }
    }

    pub(crate) fn log(&self) -> &Arc<LogName> {
        &self.log
    }

    /// Where somebody goes on who skips all but about the last `keep` bytes: behind the item that reaches so far.
    pub(crate) fn newest(&self, keep: u64) -> Option<Newest> {
        let state = self.lock();
        let (edge, reached) = (state.edge.as_ref()?, state.reached());
        let wanted = Reach { offset: reached.offset.saturating_sub(keep), ..reached };
        let found = self.ring.find(|item| item.reach >= wanted);
        let at_edge =
            || Newest { seq: self.ring.head(), reach: reached, life: edge.life, position: Arc::clone(&edge.position) };
        let behind = found.filter(|(_, item)| item.reach.epoch == reached.epoch).and_then(|(seq, item)| {
            Some(Newest { seq, reach: item.reach, life: edge.life, position: Arc::clone(item.position.as_ref()?) })
        });
        Some(behind.unwrap_or_else(at_edge))
    }

    pub(crate) fn link(&self) -> Link {
        self.lock().link
    }

    /// Whether the line that starts at `at` is still being written, as far as the channel goes.
    pub(crate) fn is_in_line(&self, at: &At) -> bool {
        self.lock().line.as_ref() == Some(&at.position)
    }

    /// The agent's word that lines come late, if they do.
    pub(crate) fn late(&self) -> Option<Told> {
        self.lock().late.clone()
    }

    /// Where the log ends by an edge that was heard since then.
    pub(crate) fn end_heard_since(&self, since: Instant) -> Option<Reach> {
        self.lock().end.filter(|(_, heard)| *heard >= since).map(|(end, _)| end)
    }

    /// The host's time zone.
    pub(crate) fn zone(&self) -> TimeZone {
        self.lock().zone.clone()
    }

    /// Where a viewer who has read up to `at` goes on in the ring.
    pub(crate) fn join(&self, at: &At) -> Joint {
        let state = self.lock();
        let Some(reach) = state.reach(at) else { return Joint::NotYet };
        let head = self.ring.head();
        match self.ring.find(|item| item.reach > reach) {
            Some((seq, item)) if item.follows(reach) => Joint::Here(seq, reach),
            Some(_) => Joint::NotYet,
            None => match state.edge.as_ref().and_then(|edge| state.reach(edge)) {
                Some(edge) if edge <= reach => Joint::Here(head, reach),
                _ => Joint::NotYet,
            },
        }
    }

    /// Where somebody stands who has read the file up to `at`, if the channel knows that life of it.
    pub(crate) fn place(&self, at: &At) -> Option<Reach> {
        self.lock().reach(at)
    }

    /// How far somebody is behind who knows the log up to `reach`; `None` when they know it all.
    pub(crate) fn behind(&self, reach: Reach) -> Option<Behind> {
        let reached = self.lock().reached();
        if reach >= reached {
            return None;
        }
        let waiting = self.ring.find(|item| item.reach > reach);
        let time = waiting.map_or(Duration::ZERO, |(_, item)| item.made.elapsed());
        Some(Behind { time, bytes: (reach.epoch == reached.epoch).then(|| reached.offset - reach.offset) })
    }

    /// The link went down, or is not up. Told once, also when it went before the agent had said anything about this log.
    pub(crate) fn lost(&self, away: &Away) {
        let mut state = self.lock();
        if state.link == Link::Up || state.heard.is_none() {
            let from = state.reached();
            self.publish(&mut state, from, What::AgentLost(away.clone()));
        }
        state.link = Link::Down;
    }

    fn publish(&self, state: &mut State, from: Reach, what: What) {
        let now = Instant::now();
        state.heard = Some(now);
        match &what {
            What::Edge { behind } => {
                let reached = state.reached();
                state.end = Some((Reach { offset: reached.offset + behind, ..reached }, now));
            }
            What::Told(told) if told.tiding == Some(Tiding::Polling) => {
                state.late = (told.why != Some(Why::Watched)).then(|| told.clone());
            }
            What::AgentLost(_) => state.late = None,
            _ => (),
        }
        let reach = state.reached();
        let position = state.edge.as_ref().map(|edge| Arc::clone(&edge.position));
        let item = Item::new(Arc::clone(&self.log), state.zone.clone(), what, (from, reach), position);
        let item = item.within(state.line.clone());
        // A closed ring is a channel that the last viewer has just left: nobody misses the item.
        if self.ring.publish(item).is_err() {
            tracing::trace!(log = %self.key.log, "the channel closed under an item");
        }
    }

    /// Of which start of the agent the lives are that it tells of now.
    pub(crate) fn session(&self) -> u64 {
        self.lock().session
    }

    /// How many bytes of items it holds, and how many viewers.
    pub(crate) fn stats(&self) -> tailcast_fanout::Stats {
        self.ring.stats()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// The edge as a reach; the very beginning while there is none.
    fn reached(&self) -> Reach {
        let offset = self.edge.as_ref().map_or(0, |edge| edge.offset);
        Reach { epoch: self.epoch, offset }
    }

    fn reach(&self, at: &At) -> Option<Reach> {
        let known = self.lives.iter().rev().find(|(life, _)| *life == at.life && self.session == at.session);
        known.map(|(_, epoch)| Reach { epoch: *epoch, offset: at.offset })
    }

    /// Moves the edge, by something that begins at the offset `begin`. Another life is another epoch; but not when a new
    /// session goes on at the very edge that it was asked to go on from, since viewers may know the log beyond it.
    fn advance(&mut self, to: Option<&Place>, begin: Option<u64>) {
        let Some(place) = to else { return };
        let goes_on = self.lives.is_empty() && self.edge.as_ref().is_some_and(|edge| Some(edge.offset) == begin);
        if self.lives.back().is_none_or(|(life, _)| *life != place.life) {
            self.epoch += u64::from(!goes_on);
            self.lives.push_back((place.life, self.epoch));
            let surplus = self.lives.len().saturating_sub(LIVES);
            self.lives.drain(..surplus);
        }
        self.edge = Some(At::new(self.session, place));
    }

    /// Follows where the line starts that is open at the edge. A block that does not end a line holds nothing but it.
    fn begin_or_end_line(&mut self, what: &What) {
        match what {
            What::Block { block, .. } if block.ends != Ends::Continues => self.line = None,
            What::Block { block, .. } if block.begins == Begins::AtLine => {
                self.line = crate::block_lines::start_of(block)
            }
            What::Block { .. } | What::Edge { .. } | What::AgentLost(_) | What::AgentBack { .. } => (),
            What::Told(_) => self.line = None,
        }
    }

    /// Puts the beginning of a long line together over blocks, and gives it to the block that ends it.
    fn with_long_line(&mut self, what: What) -> What {
        match what {
            What::Block { block, .. } => {
                let long = self.long.take();
                let (here, next) = crate::block_lines::gather_long(&block, long);
                self.long = next;
                What::Block { block, long: here }
            }
            What::Edge { behind } => What::Edge { behind },
            other => {
                self.long = None;
                other
            }
        }
    }
}
