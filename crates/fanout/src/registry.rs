//! The channels of a fan-out that somebody in this process listens to: topic → ring, and what is known about it.
//!
//! One mutex over all of them. What a message changes (the tally, the ring, what is known of its publisher) changes
//! under it, so that whoever joins knows exactly from which message on. Wakers, items and subscriptions are woken and
//! dropped after it is released: they can run foreign code that comes back here.
//!
//! `S` is what is kept per channel beside: nothing when embedded, the ledger of its publishers over a broker.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use crate::event::{Event, Item, Tally};
use crate::ring::Appended;
use crate::waiters::{Ticket, Waiters, Woken};
use crate::{Limits, Ring, Subscription};

/// What names a channel inside: the name itself when embedded, its hash at a broker.
pub(crate) type Topic = Arc<[u8]>;

pub(crate) struct Registry<S> {
    limits: Limits,
    state: Mutex<State<S>>,
}

pub(crate) struct State<S> {
    pub(crate) open: HashMap<Topic, Open<S>>,
    /// Those who wait until their channel is open at the broker.
    waiters: Waiters,
}

/// A channel that is listened to.
pub(crate) struct Open<S> {
    ring: Ring<Item>,
    tally: Tally,
    /// Whether it is subscribed at the broker, as far as the broker has said.
    pub(crate) confirmed: bool,
    #[cfg_attr(not(feature = "link"), expect(dead_code, reason = "nothing is kept when embedded"))]
    pub(crate) side: S,
}

/// A place in a channel, for a feed.
pub(crate) struct Seat {
    pub(crate) subscription: Subscription<Item>,
    pub(crate) tally: Tally,
    /// Whether the channel has to be opened upstream.
    #[cfg_attr(not(feature = "link"), expect(dead_code, reason = "there is no upstream when embedded"))]
    pub(crate) first: bool,
}

/// What is left to do when the lock is released.
#[must_use = "somebody has to be woken"]
#[derive(Default)]
pub(crate) struct Afterwards {
    appended: Vec<Appended<Item>>,
    confirmed: Option<Woken>,
}

impl Afterwards {
    pub(crate) fn run(self) {
        self.appended.into_iter().for_each(Appended::finish);
        self.confirmed.into_iter().for_each(Woken::wake);
    }
}

impl<S> Open<S> {
    /// Puts an event into the ring. A closed ring has no reader: its last one is leaving just now.
    pub(crate) fn push(&mut self, event: Event, after: &mut Afterwards) {
        let before = self.tally;
        self.tally = before.after(&event);
        if let Ok(appended) = self.ring.append(Arc::new(Item { before, event })) {
            after.appended.push(appended);
        }
    }
}

impl<S> State<S> {
    /// Some channels have been confirmed: whoever waits for one looks again.
    #[cfg(feature = "link")]
    pub(crate) fn some_confirmed(&mut self, after: &mut Afterwards) {
        after.confirmed = Some(self.waiters.take());
    }
}

impl<S: Default> Registry<S> {
    pub(crate) fn new(limits: Limits) -> Self {
        Self { limits, state: Mutex::new(State { open: HashMap::new(), waiters: Waiters::default() }) }
    }

    /// A place at the head of a channel, which is opened for the first one. `confirmed`: whether that is all.
    pub(crate) fn join(&self, topic: &Topic, confirmed: bool) -> Seat {
        let mut state = self.lock();
        let first = !state.open.contains_key(topic);
        let open = state.open.entry(Arc::clone(topic)).or_insert_with(|| Open {
            ring: Ring::new(self.limits),
            tally: Tally::default(),
            confirmed,
            side: S::default(),
        });
        Seat { subscription: open.ring.subscribe(), tally: open.tally, first }
    }
}

impl<S> Registry<S> {
    /// Closes a channel if nobody listens any more; whether it did.
    pub(crate) fn leave(&self, topic: &[u8]) -> bool {
        let mut state = self.lock();
        let idle = state.open.get(topic).is_some_and(|open| open.ring.stats().subscribers == 0);
        let left = if idle { state.open.remove_entry(topic) } else { None };
        if state.open.len() * 4 < state.open.capacity() {
            let room = state.open.len() * 2;
            state.open.shrink_to(room);
        }
        drop(state);
        left.is_some()
    }

    /// Puts an event into a channel, if anybody listens to it.
    pub(crate) fn deliver(&self, topic: &[u8], event: Event) {
        let mut after = Afterwards::default();
        if let Some(open) = self.lock().open.get_mut(topic) {
            open.push(event, &mut after);
        }
        after.run();
    }

    /// Ready when the channel is open at the broker, or closed here.
    pub(crate) fn poll_confirmed(&self, topic: &[u8], ticket: &mut Option<Ticket>, cx: &Context<'_>) -> Poll<()> {
        let waker = cx.waker().clone();
        let mut state = self.lock();
        if state.open.get(topic).is_none_or(|open| open.confirmed) {
            return Poll::Ready(());
        }
        let (given, replaced) = state.waiters.register(*ticket, &waker);
        drop(state);
        *ticket = Some(given);
        drop(replaced);
        Poll::Pending
    }

    /// Ends every channel: feeds read what there is, and then hear the end. Whoever subscribes later hears nothing.
    pub(crate) fn close(&self) {
        let mut after = Afterwards::default();
        let rings = {
            let mut state = self.lock();
            after.confirmed = Some(state.waiters.take());
            let open = std::mem::take(&mut state.open);
            open.into_values().map(|open| open.ring).collect::<Vec<_>>()
        };
        rings.iter().for_each(Ring::close);
        after.run();
    }

    /// Gives up waiting.
    pub(crate) fn forget(&self, ticket: Ticket) {
        let waker = self.lock().waiters.remove(ticket);
        drop(waker);
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, State<S>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
