//! What a subscriber knows of the publishers of one channel, and so what it missed. Pure: time is an argument.
//!
//! Numbers that follow on one another need no word. A number that jumps is a hole of exactly that size. A number that
//! was seen is a repetition: publishers send again what the broker has not acknowledged. Three cases need more:
//!
//! * **A stream heard for the first time, not at 1.** It began before we listened, or its beginning was lost. Its age
//!   decides: younger than our subscription, all before was lost; its last message younger, something was lost.
//! * **A publisher that owes a word**: after each message an edge or the next message; after an outage of our link its
//!   last number, for which it is asked. Not heard in time, something may have been lost with it: unknown.
//! * **Too many streams**: the one heard longest ago is forgotten. It is then judged as heard for the first time.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use super::stamp::{Kind, Stamp, since};
use super::{IDLE, OWED};
use crate::{Count, Missed, Why};

/// Streams known per channel. A channel has one publisher or a few; more than this is somebody playing.
const STREAMS: usize = 64;

/// How long a message may be on its way to us. A stream that is joined in the middle is not suspected of a loss that is
/// no older than that, unless its publisher says so or our link was cut.
const ON_THE_WAY: Duration = Duration::from_secs(2);

/// What is known of the streams of one channel.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    streams: HashMap<u64, Known>,
    /// Since when no stream could have gone unheard; `None` until the broker has confirmed the subscription.
    since: Option<Instant>,
    /// Whether the link was cut since: what was sent meanwhile may have been the beginning of a stream.
    cut: Option<Why>,
}

#[derive(Clone, Copy, Debug)]
struct Known {
    /// The number that comes next; `None` after a word of unknown loss, when it is taken up again wherever it is.
    next: Option<u64>,
    /// When it was heard, or last told about.
    heard: Instant,
    /// When the publisher must have said where it stands.
    owed: Option<Instant>,
    /// Whether our link was down since it was heard: then a hole is the link's.
    cut: Option<Why>,
    ended: bool,
}

/// What a frame means to the subscribers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Verdict {
    /// What is missing in front of it.
    pub(crate) missed: Option<Missed>,
    /// Whether its payload is a message that was not heard yet.
    pub(crate) fresh: bool,
}

impl Ledger {
    /// The broker has confirmed the subscription, the first time or after an outage.
    pub(crate) fn confirmed(&mut self, now: Instant) {
        self.since.get_or_insert(now);
        for known in self.streams.values_mut().filter(|known| known.cut.is_some()) {
            known.owed = Some(now + OWED);
        }
    }

    /// Whatever was sent since may be lost: each publisher has to say where it stands.
    pub(crate) fn cut(&mut self, why: Why, now: Instant) {
        self.cut = self.since.and(Some(why));
        for known in self.streams.values_mut().filter(|known| !known.ended) {
            known.cut = Some(why);
            known.owed = Some(now + OWED);
        }
    }

    /// Whether there is a publisher to ask, or one that could have begun unheard.
    pub(crate) fn began(&self) -> bool {
        self.since.is_some()
    }

    pub(crate) fn hear(&mut self, stamp: &Stamp, now: Instant) -> Verdict {
        // Of an edge the number is that of a message which should have been heard, of a message it is its own.
        let reached = if stamp.kind == Kind::Message { stamp.number } else { stamp.number + 1 };
        let missed = match self.streams.get(&stamp.stream).copied() {
            Some(Known { next: Some(next), .. }) if reached < next => return Verdict { missed: None, fresh: false },
            Some(Known { next: Some(next), cut, .. }) => count(reached - next, cut.unwrap_or(Why::Publisher)),
            Some(Known { next: None, heard, cut, .. }) => first(stamp, reached, since(now, heard), cut),
            None => self.since.and_then(|begun| first(stamp, reached, since(now, begun), self.cut)),
        };
        self.note(stamp, now);
        Verdict { missed, fresh: stamp.kind == Kind::Message }
    }

    /// What may be missing because a publisher did not say in time where it stands. Streams that are over are
    /// forgotten. `asked`: whether our own link is up, so that they could be asked and heard.
    pub(crate) fn overdue(&mut self, asked: bool, now: Instant) -> Vec<Missed> {
        let mut missed = Vec::new();
        self.streams.retain(|_, known| {
            match known.owed {
                Some(owed) if !asked => known.owed = Some(owed.max(now + OWED)),
                Some(owed) if owed <= now => {
                    missed.push(Missed { count: Count::Unknown, why: known.cut.unwrap_or(Why::Publisher) });
                    *known = Known { next: None, heard: now, owed: None, cut: None, ended: false };
                }
                _ => {}
            }
            // Publishers end a stream that is quiet for `IDLE`; beyond that a forgotten stream cannot come back.
            known.owed.is_some() || since(now, known.heard) < 2 * IDLE
        });
        missed
    }

    fn note(&mut self, stamp: &Stamp, now: Instant) {
        if !self.streams.contains_key(&stamp.stream) && self.streams.len() >= STREAMS {
            self.forget_oldest();
        }
        let known = Known {
            next: Some(stamp.number + 1),
            heard: now,
            owed: (stamp.kind == Kind::Message).then(|| now + OWED),
            cut: None,
            ended: stamp.kind == Kind::End,
        };
        self.streams.insert(stamp.stream, known);
    }

    fn forget_oldest(&mut self) {
        let Some((&stream, &Known { heard, .. })) = self.streams.iter().min_by_key(|(_, known)| known.heard) else {
            return;
        };
        self.streams.remove(&stream);
        self.since = self.since.max(Some(heard));
    }
}

/// A stream heard for the first time, or again after an unknown loss, with all numbers before `reached` behind it: what
/// was lost since we `listened`. Its ages are a little too small, by the time that it was on its way.
fn first(stamp: &Stamp, reached: u64, listened: Duration, cut: Option<Why>) -> Option<Missed> {
    let why = cut.unwrap_or(Why::Publisher);
    let certain = cut.is_some() || stamp.hole || stamp.quiet.saturating_add(ON_THE_WAY) < listened;
    match reached {
        1 => None,
        // It began while we listened.
        _ if stamp.age < listened => count(reached - 1, why),
        // Its last message came while we listened; how many did cannot be known.
        _ if stamp.quiet < listened && certain => Some(Missed { count: Count::Unknown, why }),
        _ => None,
    }
}

fn count(missing: u64, why: Why) -> Option<Missed> {
    (missing > 0).then_some(Missed { count: Count::Exactly(missing), why })
}
