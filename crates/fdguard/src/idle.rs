//! Who holds a descriptor and has nothing to do with it: those who are asked to go first when somebody needs the place.
//!
//! Kept in the order in which they became idle, so that the one that goes has been idle for longest: a client that asks again and
//! again on one connection keeps it. Bound: the slots that are out. Refuses to end anything: a [`Bell`](crate::slot::Bell) rings, and
//! who holds the slot says goodbye in its own protocol.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use crate::slot::Seat;

/// The idle of one budget.
#[derive(Debug, Default)]
pub(crate) struct Idle(Mutex<Line>);

#[derive(Debug, Default)]
struct Line {
    next: u64,
    waiting: BTreeMap<u64, Weak<Seat>>,
}

impl Idle {
    /// Its holder has nothing to do from now on. The number takes it out again.
    pub(crate) fn enter(&self, seat: &Arc<Seat>) -> u64 {
        let mut line = self.lock();
        let number = line.next;
        line.next += 1;
        line.waiting.insert(number, Arc::downgrade(seat));
        number
    }

    pub(crate) fn leave(&self, number: u64) {
        self.lock().waiting.remove(&number);
    }

    /// Asks the one to go that has been idle for longest. `false` when nobody is.
    pub(crate) fn shed(&self) -> bool {
        let longest = || self.lock().waiting.pop_first();
        // One whose slot was returned meanwhile has made room already, and that is known.
        std::iter::from_fn(longest).any(|(_, seat)| seat.upgrade().is_some_and(|seat| seat.ask_to_go()))
    }

    fn lock(&self) -> MutexGuard<'_, Line> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
