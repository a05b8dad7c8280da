//! A subscription: a cursor into a ring, and the waker to call when there is more.
//!
//! It is the whole cost of a subscriber. Items are shared, not copied; what a subscriber has drained and not yet let go
//! is its own to bound, by the `max_bytes` that it drains at a time. It refuses to decide for the subscriber what to do
//! about items that it missed: it counts them, and goes on from the oldest.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Context, Poll};

use crate::ring::{Shared, State};
use crate::waiters::Ticket;
use crate::window::Place;
use crate::{Error, Seq, Span};

/// What a drain found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "items may have been missed"]
pub enum Drained {
    /// At least one item was appended to `out`, each following on the one before it.
    Items,
    /// So much left the ring before it was read. Nothing was appended; the cursor stands at the oldest item now, and
    /// each missed item is told in one `Missed` only.
    Missed(Span),
    /// The ring is closed and everything in it has been read.
    Closed,
}

/// A cursor into a ring. It holds a place, never an item.
pub struct Subscription<T> {
    shared: Arc<Shared<T>>,
    place: Place,
    ticket: Option<Ticket>,
}

impl<T> Subscription<T> {
    /// The caller has counted it in `stats.subscribers`.
    pub(crate) fn new(shared: Arc<Shared<T>>, place: Place) -> Self {
        Self { shared, place, ticket: None }
    }

    /// Appends the next items to `out`: one at least, then while they weigh at most `max_bytes` together. When there is
    /// none, the task is woken by the next publish or by the end of the ring; only the latest caller is.
    pub fn poll_drain(&mut self, cx: &Context<'_>, max_bytes: usize, out: &mut Vec<Arc<T>>) -> Poll<Drained> {
        let mut state = self.shared.lock();
        if let Some(drained) = state.drain(&mut self.place, max_bytes, out) {
            return Poll::Ready(drained);
        }
        let (ticket, replaced) = state.waiters.register(self.ticket, cx.waker());
        drop(state);
        self.ticket = Some(ticket);
        drop(replaced);
        Poll::Pending
    }

    /// [`poll_drain`](Self::poll_drain) that never waits: `None` when there is nothing new.
    pub fn try_drain(&mut self, max_bytes: usize, out: &mut Vec<Arc<T>>) -> Option<Drained> {
        self.shared.lock().drain(&mut self.place, max_bytes, out)
    }

    /// [`poll_drain`](Self::poll_drain) as a future. Cancel safe: nothing is read until it is ready.
    pub async fn drain(&mut self, max_bytes: usize, out: &mut Vec<Arc<T>>) -> Drained {
        poll_fn(|cx| self.poll_drain(cx, max_bytes, out)).await
    }

    /// The item to be read next.
    #[must_use]
    pub fn position(&self) -> Seq {
        self.place.seq
    }

    /// How far the cursor is behind the newest item.
    #[must_use]
    pub fn behind(&self) -> Span {
        self.place.until(self.shared.lock().window.head())
    }

    /// Moves to an item, or to the head, and returns what was jumped over (nothing when it went back).
    ///
    /// # Errors
    /// [`Error::Evicted`] when the ring does not have that item any more, or not yet; the cursor stays.
    pub fn seek(&mut self, to: Seq) -> Result<Span, Error> {
        let state = self.shared.lock();
        let place = state.window.place(to).ok_or(Error::Evicted { oldest: state.window.oldest().seq })?;
        drop(state);
        Ok(self.jump(place))
    }

    /// Moves behind the newest item, and returns what was jumped over.
    pub fn skip_to_head(&mut self) -> Span {
        let head = self.shared.lock().window.head();
        self.jump(head)
    }

    /// Moves back to the oldest item that the ring has.
    pub fn rewind(&mut self) {
        let oldest = self.shared.lock().window.oldest();
        self.place = if oldest.seq < self.place.seq { oldest } else { self.place };
    }

    fn jump(&mut self, to: Place) -> Span {
        let over = self.place.until(to);
        self.place = to;
        over
    }
}

impl<T> State<T> {
    fn drain(&mut self, place: &mut Place, max_bytes: usize, out: &mut Vec<Arc<T>>) -> Option<Drained> {
        let oldest = self.window.oldest();
        if place.seq < oldest.seq {
            let missed = place.until(oldest);
            self.stats.missed += missed.count;
            *place = oldest;
            return Some(Drained::Missed(missed));
        }
        let reached = self.window.read(*place, max_bytes, out);
        if reached != *place {
            *place = reached;
            return Some(Drained::Items);
        }
        self.closed.then_some(Drained::Closed)
    }
}

impl<T> std::fmt::Debug for Subscription<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Subscription").field("position", &self.place.seq).finish_non_exhaustive()
    }
}

impl<T> Drop for Subscription<T> {
    fn drop(&mut self) {
        let mut state = self.shared.lock();
        let waker = self.ticket.and_then(|ticket| state.waiters.remove(ticket));
        state.stats.subscribers -= 1;
        let idle = if state.stats.subscribers == 0 { state.idle.take() } else { None };
        drop(state);
        drop(waker);
        if let Some(idle) = idle {
            idle.wake();
        }
    }
}
