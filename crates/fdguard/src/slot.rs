//! The right to one descriptor, for as long as it is open.
//!
//! A slot is taken before a descriptor is opened and dropped after it is closed; it travels with the connection
//! wherever that goes, also through an HTTP upgrade (see [`crate::Conn`]). It knows how many bytes really went in
//! and out, so that whoever must make room can tell a client that never spoke from one that works; and it can be
//! asked to go. Asking is all that can be done from outside: who holds the slot says goodbye in its own protocol.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed, Ordering::SeqCst};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

use tokio::sync::Notify;

use crate::budget::{Budget, Full};
use crate::idle::Idle;
use crate::plan::Class;

/// The right to one open descriptor. Dropping it returns it and wakes those who wait; drop it after the descriptor.
#[derive(Debug)]
pub struct Slot {
    budget: Budget,
    class: Class,
    seat: Arc<Seat>,
}

#[derive(Debug)]
pub(crate) struct Seat {
    taken: Instant,
    received: AtomicU64,
    sent: AtomicU64,
    leaving: AtomicBool,
    leave: Notify,
    occupation: Mutex<Occupation>,
}

/// What the holder of a slot has to do.
#[derive(Debug, Default, Clone, Copy)]
enum Occupation {
    #[default]
    Busy,
    /// Nothing: stands at this place in the line of the idle.
    Idle(u64),
    /// The slot was returned. A bell may outlive it and be told what its holder does then: nobody who is gone joins the line,
    /// where nothing would take them out again.
    Gone,
}

impl Seat {
    /// `false` when it has been asked before.
    pub(crate) fn ask_to_go(&self) -> bool {
        let first = !self.leaving.swap(true, SeqCst);
        self.leave.notify_waiters();
        first
    }

    async fn asked_to_go(&self) {
        let leave = self.leave.notified();
        tokio::pin!(leave);
        leave.as_mut().enable();
        if !self.leaving.load(SeqCst) {
            leave.await;
        }
    }

    fn occupation(&self) -> MutexGuard<'_, Occupation> {
        self.occupation.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait_in(self: &Arc<Self>, idle: &Idle) {
        let mut occupation = self.occupation();
        if let Occupation::Busy = *occupation {
            *occupation = Occupation::Idle(idle.enter(self));
        }
    }

    /// Out of the line, for what is done instead of waiting there.
    fn leave(&self, idle: &Idle, to: Occupation) {
        let mut occupation = self.occupation();
        match *occupation {
            Occupation::Gone => return,
            Occupation::Idle(number) => idle.leave(number),
            Occupation::Busy => (),
        }
        *occupation = to;
    }
}

impl Slot {
    pub(crate) fn new(budget: Budget, class: Class) -> Self {
        let seat = Seat {
            taken: Instant::now(),
            received: AtomicU64::new(0),
            sent: AtomicU64::new(0),
            leaving: AtomicBool::new(false),
            leave: Notify::new(),
            occupation: Mutex::default(),
        };
        Self { budget, class, seat: Arc::new(seat) }
    }

    /// What the descriptor is for.
    pub fn class(&self) -> Class {
        self.class
    }

    /// What the descriptor is for from now on: a connection turned out to be an agent's link, say.
    ///
    /// # Errors
    /// [`Full`] when the other class has no room; the slot stays what it was.
    pub fn become_one_of(&mut self, class: Class) -> Result<(), Full> {
        if class != self.class {
            self.budget.reclaim(self.class, class)?;
            self.class = class;
        }
        Ok(())
    }

    /// Completes when this slot has been asked to go. Cancellation safe; stays complete.
    pub async fn asked_to_go(&self) {
        self.seat.asked_to_go().await;
    }

    /// For the holder, when the slot itself is on its way with the descriptor: hears that it is to go, and says whether it has
    /// something to do.
    pub fn bell(&self) -> Bell {
        Bell { budget: self.budget.clone(), seat: Arc::clone(&self.seat) }
    }

    /// Who may ask this slot to go, and see what it did so far.
    pub fn usher(&self) -> Usher {
        Usher(Arc::downgrade(&self.seat))
    }

    pub(crate) fn count_received(&self, bytes: usize) {
        self.seat.received.fetch_add(bytes as u64, Relaxed);
    }

    pub(crate) fn count_sent(&self, bytes: usize) {
        self.seat.sent.fetch_add(bytes as u64, Relaxed);
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.seat.leave(self.budget.idle(), Occupation::Gone);
        self.budget.give_back(self.class);
    }
}

/// A slot as its holder has it. Whoever is idle is asked to go, the longest idle first, when somebody else finds no place.
#[derive(Debug, Clone)]
pub struct Bell {
    budget: Budget,
    seat: Arc<Seat>,
}

impl Bell {
    /// There is nothing to do until the other end wants something.
    pub fn is_idle(&self) {
        self.seat.wait_in(self.budget.idle());
    }

    /// There is something to do again: nobody asks it to go.
    pub fn is_busy(&self) {
        self.seat.leave(self.budget.idle(), Occupation::Busy);
    }

    /// Completes when the slot has been asked to go. Cancellation safe; stays complete.
    pub async fn rings(&self) {
        self.seat.asked_to_go().await;
    }
}

/// Looks after a slot from outside without keeping it: `None` and `false` once it was returned.
#[derive(Debug, Clone)]
pub struct Usher(Weak<Seat>);

impl Usher {
    /// Asks the holder to go. `false` when it has gone already.
    pub fn ask_to_go(&self) -> bool {
        let Some(seat) = self.0.upgrade() else { return false };
        seat.ask_to_go();
        true
    }

    /// How long the slot has been held.
    pub fn held_for(&self) -> Option<Duration> {
        self.0.upgrade().map(|seat| seat.taken.elapsed())
    }

    /// Bytes that really came in and went out over the connection, below any framing or encryption.
    pub fn received_and_sent(&self) -> Option<(u64, u64)> {
        self.0.upgrade().map(|seat| (seat.received.load(Relaxed), seat.sent.load(Relaxed)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::Plan;

    #[test]
    fn nobody_stands_in_the_line_of_the_idle_whose_slot_was_returned() {
        let budget = Budget::new(Plan::default()).unwrap();
        let slot = budget.take(Class::Viewers).unwrap();
        let bell = slot.bell();
        bell.is_idle();
        assert_eq!(Arc::weak_count(&bell.seat), 1, "the line knows it");
        drop(slot);
        bell.is_busy();
        bell.is_idle();
        assert_eq!(Arc::weak_count(&bell.seat), 0, "the line keeps a place for one that is gone");
    }
}
