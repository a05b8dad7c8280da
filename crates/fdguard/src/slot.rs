//! The right to one descriptor, for as long as it is open.
//!
//! A slot is taken before a descriptor is opened and dropped after it is closed; it travels with the connection
//! wherever that goes, also through an HTTP upgrade (see [`crate::Conn`]). It knows how many bytes really went in
//! and out, so that whoever must make room can tell a client that never spoke from one that works; and it can be
//! asked to go. Asking is all that can be done from outside: who holds the slot says goodbye in its own protocol.

use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed, Ordering::SeqCst};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

use tokio::sync::Notify;

use crate::address::{Addresses, Crowded, Network};
use crate::budget::{Budget, Full};
use crate::plan::Class;
use crate::refusal::Reason;

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
    holder: Mutex<Holder>,
}

/// Who has the slot, as far as that matters to others.
#[derive(Debug, Default)]
struct Holder {
    occupation: Occupation,
    counts_for: Client,
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

/// The address for which a viewer's connection counts.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Client {
    /// None: the other end speaks for many, or it is no viewer.
    #[default]
    Uncounted,
    /// That of the other end.
    Direct(Network),
    /// That for which the other end asks, until it has its answer.
    Behind(Network),
}

impl Client {
    fn network(self) -> Option<Network> {
        match self {
            Client::Uncounted => None,
            Client::Direct(network) | Client::Behind(network) => Some(network),
        }
    }
}

impl Holder {
    fn count_no_more(&mut self, addresses: &Addresses) {
        if let Some(network) = std::mem::take(&mut self.counts_for).network() {
            addresses.leave(network);
        }
    }
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

    fn holder(&self) -> MutexGuard<'_, Holder> {
        self.holder.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait(self: &Arc<Self>, budget: &Budget) {
        let mut holder = self.holder();
        if let Occupation::Busy = holder.occupation {
            holder.occupation = Occupation::Idle(budget.idle().enter(self));
        }
        if let Client::Behind(_) = holder.counts_for {
            holder.count_no_more(budget.addresses());
        }
    }

    /// Out of the line of the idle, for what is done instead of waiting there.
    fn leave_the_line(&self, budget: &Budget, to: Occupation) {
        let mut holder = self.holder();
        match holder.occupation {
            Occupation::Gone => return,
            Occupation::Idle(number) => budget.idle().leave(number),
            Occupation::Busy => (),
        }
        if let Occupation::Gone = to {
            holder.count_no_more(budget.addresses());
        }
        holder.occupation = to;
    }

    fn count_for(&self, budget: &Budget, client: Client) -> Result<(), Crowded> {
        let mut holder = self.holder();
        if matches!(holder.occupation, Occupation::Gone) || holder.counts_for.network() == client.network() {
            return Ok(());
        }
        holder.count_no_more(budget.addresses());
        if let Some(network) = client.network() {
            budget.enter(network)?;
        }
        holder.counts_for = client;
        Ok(())
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
            holder: Mutex::default(),
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
        if class != Class::Viewers {
            self.seat.holder().count_no_more(self.budget.addresses());
        }
        Ok(())
    }

    /// The connection is that of a viewer at this address, until it turns out to be something else.
    pub(crate) fn counts_for(&self, address: IpAddr) -> Result<(), Crowded> {
        self.seat.count_for(&self.budget, Client::Direct(Network::of(address)))
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
        self.seat.leave_the_line(&self.budget, Occupation::Gone);
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
        self.seat.wait(&self.budget);
    }

    /// There is something to do again: nobody asks it to go.
    pub fn is_busy(&self) {
        self.seat.leave_the_line(&self.budget, Occupation::Busy);
    }

    /// What is asked for now is for a viewer at this address, for whom the other end speaks: the slot counts for that one until
    /// its holder is idle again.
    ///
    /// # Errors
    /// [`Crowded`] when that address holds too many already; it is counted as refused, and told in the log.
    pub fn serves(&self, address: IpAddr) -> Result<(), Crowded> {
        self.seat.count_for(&self.budget, Client::Behind(Network::of(address))).inspect_err(|crowded| {
            self.budget.tell_refused(Reason::Crowded, crowded);
            self.budget.counters().refused(Reason::Crowded);
        })
    }

    /// Its holder closes it without a byte: what the other end wants was not said in time. Counted.
    pub fn was_silent(&self) {
        self.budget.counters().silent();
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
