//! A ring: the publishing end, and the state that it shares with its subscriptions.
//!
//! One mutex per ring, held for a few dozen nanoseconds: to push an item and swap the wakers out, or to copy references
//! to items out. Wakers are woken, and items and wakers dropped, after it is released: either can run code that comes
//! back to this ring. No state is left half changed when foreign code panics, so a poisoned lock is used on.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Instant;

use crate::subscription::Subscription;
use crate::waiters::{Waiters, Woken};
use crate::window::{Left, Window};
use crate::{Error, Seq};

/// What an item weighs.
pub trait Weigh {
    /// Bytes that the item holds, now or later: it is asked once, when the item is published, so that forms which are
    /// made of it on demand have to be counted ahead.
    fn weight(&self) -> usize;
}

/// How much a ring may hold. Beyond either bound the oldest items leave. The newest item always stays, whatever it
/// weighs, so a ring holds at most the larger of `bytes` and one item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Sum of the weights, in bytes.
    pub bytes: usize,
    /// Number of items: each costs about 50 bytes beside its weight, which this bounds for items that weigh nothing.
    pub items: usize,
}

impl Limits {
    /// Limits of so many bytes and so many items.
    #[must_use]
    pub const fn new(bytes: usize, items: usize) -> Self {
        Self { bytes, items }
    }
}

/// What a ring has done and holds. The first four only grow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stats {
    /// Items published.
    pub published: u64,
    /// Items that left because newer ones needed the room.
    pub evicted: u64,
    /// Items that left because of their age.
    pub expired: u64,
    /// Items that left before a subscription read them, summed over all subscriptions.
    pub missed: u64,
    /// Items held now.
    pub items: u64,
    /// Weight held now, in bytes.
    pub bytes: u64,
    /// Subscriptions now.
    pub subscribers: usize,
    /// Subscriptions that have read everything and wait.
    pub waiting: usize,
}

/// The publishing end of a ring. Clones are the same ring; it closes when the last of them is dropped, or by
/// [`close`](Self::close).
pub struct Ring<T>(Arc<Publisher<T>>);

/// Closes the ring with the last clone, so that no subscriber waits for a publisher that is gone.
struct Publisher<T>(Arc<Shared<T>>);

pub(crate) struct Shared<T>(Mutex<State<T>>);

pub(crate) struct State<T> {
    pub(crate) window: Window<T>,
    pub(crate) waiters: Waiters,
    /// Waits for the last subscription to go; at most one, the channel's source.
    pub(crate) idle: Option<Waker>,
    pub(crate) closed: bool,
    /// The counters; the gauges among them but `subscribers` are filled in when somebody asks.
    pub(crate) stats: Stats,
}

impl<T> Ring<T> {
    /// An empty ring. It allocates for items when there are some, never ahead.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        let state = State {
            window: Window::new(limits),
            waiters: Waiters::default(),
            idle: None,
            closed: false,
            stats: Stats::default(),
        };
        Self(Arc::new(Publisher(Arc::new(Shared(Mutex::new(state))))))
    }

    /// A cursor behind the newest item: it reads what is published from now on.
    #[must_use]
    pub fn subscribe(&self) -> Subscription<T> {
        let mut state = self.lock();
        state.stats.subscribers += 1;
        Subscription::new(Arc::clone(&self.0.0), state.window.head())
    }

    /// Like [`subscribe`](Self::subscribe), unless the ring is closed.
    pub(crate) fn join(&self) -> Option<Subscription<T>> {
        let mut state = self.lock();
        if state.closed {
            return None;
        }
        state.stats.subscribers += 1;
        Some(Subscription::new(Arc::clone(&self.0.0), state.window.head()))
    }

    /// The first item still held; the head when there is none.
    #[must_use]
    pub fn oldest(&self) -> Seq {
        self.lock().window.oldest().seq
    }

    /// The number that the next item will get.
    #[must_use]
    pub fn head(&self) -> Seq {
        self.lock().window.head().seq
    }

    /// The first item for which `after` holds, for a subscriber that has read what came earlier elsewhere. `after` must
    /// be false up to some item and true from there on ("ends behind the place that I have"): the search halves, and
    /// runs under the lock, so `after` should be a comparison.
    pub fn find(&self, after: impl FnMut(&T) -> bool) -> Option<(Seq, Arc<T>)> {
        self.lock().window.find(after)
    }

    /// Lets the items published before `before` go, also those that a slow subscription has not read (it is told), and
    /// returns how many went. Called now and then it keeps an idle channel small.
    pub fn expire(&self, before: Instant) -> usize {
        let left = {
            let mut state = self.lock();
            let left = state.window.expire(before);
            state.stats.expired += left.len() as u64;
            left
        };
        left.len()
    }

    /// Ends the ring: subscribers read what it holds and are then told that it is closed.
    pub fn close(&self) {
        self.0.0.close();
    }

    /// Counters and gauges, at one moment.
    #[must_use]
    pub fn stats(&self) -> Stats {
        let state = self.lock();
        let held = state.window.oldest().until(state.window.head());
        Stats { items: held.count, bytes: held.bytes, waiting: state.waiters.waiting(), ..state.stats }
    }

    /// Ready when nobody subscribes. Only the latest caller is woken.
    pub(crate) fn poll_idle(&self, cx: &Context<'_>) -> Poll<()> {
        let waker = cx.waker().clone();
        let mut state = self.lock();
        if state.stats.subscribers == 0 {
            return Poll::Ready(());
        }
        let replaced = state.idle.replace(waker);
        drop(state);
        drop(replaced);
        Poll::Pending
    }

    /// Closes the ring if nobody subscribes; no subscription can slip in between the look and the deed.
    pub(crate) fn close_if_idle(&self) -> bool {
        let mut state = self.lock();
        let idle = state.stats.subscribers == 0;
        state.closed |= idle;
        idle
    }

    pub(crate) fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.0.0.lock()
    }
}

impl<T: Weigh> Ring<T> {
    /// Appends an item and wakes each waiting subscription once. Takes a `T` or an `Arc<T>`.
    ///
    /// # Errors
    /// [`Error::Closed`] when the ring is closed; the item is dropped.
    pub fn publish(&self, item: impl Into<Arc<T>>) -> Result<Seq, Error> {
        let appended = self.append(item.into())?;
        let seq = appended.seq;
        appended.finish();
        Ok(seq)
    }

    /// Appends an item, and leaves waking to a caller that holds a lock just now.
    pub(crate) fn append(&self, item: Arc<T>) -> Result<Appended<T>, Error> {
        let weight = item.weight();
        let now = Instant::now();
        let mut state = self.lock();
        if state.closed {
            return Err(Error::Closed);
        }
        let (seq, left) = state.window.push(item, weight, now);
        state.stats.published += 1;
        state.stats.evicted += left.len() as u64;
        Ok(Appended { seq, left, woken: state.waiters.take() })
    }
}

/// What an append leaves to do when no lock is held.
#[must_use = "somebody has to be woken"]
pub(crate) struct Appended<T> {
    seq: Seq,
    left: Left<T>,
    woken: Woken,
}

impl<T> Appended<T> {
    /// Wakes who waited, and drops what left.
    pub(crate) fn finish(self) {
        self.woken.wake();
        drop(self.left);
    }
}

impl<T> Clone for Ring<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T> std::fmt::Debug for Ring<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Ring").field(&self.stats()).finish()
    }
}

impl<T> Drop for Publisher<T> {
    fn drop(&mut self) {
        self.0.close();
    }
}

impl<T> Shared<T> {
    pub(crate) fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn close(&self) {
        let woken = {
            let mut state = self.lock();
            state.closed = true;
            state.waiters.take()
        };
        woken.wake();
    }
}
