//! Long-polling: an event stream whose viewer takes it in turns, each an answer of its own that ends by itself.
//!
//! For whom a proxy holds answers back until they are whole. The views of such a viewer wait here between two turns, where
//! they stood, so that also what changes no position (that a log is gone, that an agent went away) is told once and never
//! missed. Who comes too late, or asks for a turn again because its answer was lost on the way, begins anew from its `from`.
//!
//! Bound: [`MOST`] views wait, each for [`KEPT`] at most; the oldest gives way and is counted. It refuses to judge who may
//! look: the gate has, for each turn.

use std::collections::{HashMap, HashSet};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tailcast_wire::LogName;
use tokio::time::{Sleep, sleep};

use super::{LiveQuery, Views};
use crate::hub::Hub;
use crate::item::{Item, What};
use crate::problem::Problem;

/// As many viewers as wait between two turns at most. Each holds a cursor per log.
const MOST: usize = 256;
/// How long a viewer may take between two turns.
const KEPT: Duration = Duration::from_secs(5);
/// The longest name that a viewer may give itself.
const LONGEST_NAME: usize = 64;

/// Which turn of which viewer a request is: `turn=NAME.NUMBER`. The name is the viewer's own invention.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Turn {
    name: String,
    number: u64,
}

impl Turn {
    /// # Errors
    /// In words, when it is spelled otherwise.
    pub(crate) fn parse(text: &str) -> Result<Self, Problem> {
        let turn = text.rsplit_once('.').filter(|(name, _)| (1..=LONGEST_NAME).contains(&name.len()));
        let turn = turn.and_then(|(name, number)| Some(Turn { name: name.to_owned(), number: number.parse().ok()? }));
        turn.ok_or_else(|| Problem::bad_request("`turn` is a name of your own, a dot and a number: `turn=x7Qz.0`"))
    }

    /// The one behind it, which is there for as long as numbers are.
    fn next(self) -> Self {
        Turn { number: self.number.wrapping_add(1), ..self }
    }
}

/// When a turn ends: as soon as there is something to tell, or every log's agent has confirmed its end; at the latest when its
/// time is up.
pub(crate) struct Ending {
    turn: Turn,
    late: Pin<Box<Sleep>>,
    confirmed: HashSet<Arc<LogName>>,
    told: bool,
}

impl Ending {
    pub(crate) fn new((wait, turn): (Duration, Turn)) -> Self {
        Ending { turn, late: Box::pin(sleep(wait)), confirmed: HashSet::new(), told: false }
    }

    /// An item goes out.
    pub(super) fn pass(&mut self, item: &Item) {
        match item.what {
            What::Edge { .. } => drop(self.confirmed.insert(Arc::clone(&item.log))),
            _ => self.told = true,
        }
    }

    /// Its time is up, whatever there may be to write. A busy log would else never let a turn end.
    pub(super) fn is_late(&mut self, cx: &mut Context<'_>) -> Option<Turn> {
        self.late.as_mut().poll(cx).is_ready().then(|| self.turn.clone())
    }

    /// Ready when it may end; asked while there is nothing to write. Views that are being opened are waited for, so that a
    /// page over many logs is not opened one log at a time.
    pub(super) fn poll(&mut self, views: &Views, cx: &mut Context<'_>) -> Poll<Turn> {
        let enough = self.told || (self.confirmed.len() >= views.views.len());
        if !enough || views.are_asking() {
            ready!(self.late.as_mut().poll(cx));
        }
        Poll::Ready(self.turn.clone())
    }
}

/// The views that wait for their viewer's next turn.
#[derive(Default)]
pub(crate) struct Turns(Mutex<Waiting>);

#[derive(Default)]
struct Waiting {
    /// By the names of their viewers.
    seats: HashMap<String, Seat>,
    count: u64,
}

struct Seat {
    number: u64,
    /// Grows with each that sat down.
    since: u64,
    views: Views,
}

impl Turns {
    /// The views that wait for this very turn and look at what the query asks for.
    pub(crate) fn take(&self, turn: &Turn, query: &LiveQuery) -> Option<Views> {
        let seat = self.lock().seats.remove(&turn.name)?;
        (seat.number == turn.number && seat.views.are_of(query)).then_some(seat.views)
    }

    /// Keeps views for the turn behind this one.
    pub(crate) fn keep(hub: &Arc<Hub>, turn: Turn, views: Views) {
        if hub.is_stopping() {
            return;
        }
        let Turn { name, number } = turn.next();
        let (since, given_way) = hub.turns.sit(name.clone(), number, views);
        if given_way.is_some() {
            hub.metrics.turn_given_way();
        }
        let (turns, stop) = (Arc::downgrade(hub), hub.stop.clone());
        hub.tasks.spawn(async move {
            tokio::select! {
                () = tokio::time::sleep(KEPT) => (),
                () = stop.cancelled() => (),
            }
            if let Some(hub) = turns.upgrade() {
                hub.turns.leave(&name, since);
            }
        });
    }

    /// Which one it is, and who had to give way.
    fn sit(&self, name: String, number: u64, views: Views) -> (u64, Option<Seat>) {
        let mut waiting = self.lock();
        waiting.count += 1;
        let since = waiting.count;
        let before = waiting.seats.insert(name, Seat { number, since, views });
        let oldest = waiting.seats.iter().min_by_key(|(_, seat)| seat.since).map(|(name, _)| name.clone());
        let given_way = match oldest {
            Some(oldest) if waiting.seats.len() > MOST => waiting.seats.remove(&oldest),
            _ => None,
        };
        drop(waiting);
        drop(before);
        (since, given_way)
    }

    fn leave(&self, name: &str, since: u64) {
        let mut waiting = self.lock();
        let late = waiting.seats.get(name).is_some_and(|seat| seat.since == since);
        let gone = late.then(|| waiting.seats.remove(name));
        drop(waiting);
        drop(gone);
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
