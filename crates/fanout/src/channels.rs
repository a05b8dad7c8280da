//! Rings by name: a channel is there while somebody feeds it, and somebody feeds it while it is looked at.
//!
//! The first to subscribe to a name gets its [`Source`], the duty to feed the channel, and keeps it until
//! [`retire`](Source::retire) succeeds, which it does only while nobody subscribes. A subscriber who comes before that
//! joins the same ring; one who comes after starts a new one, with a new source. So follow and unfollow upstream never
//! cross, with any linger between, and without a callback under a lock. A dropped source closes its channel.
//!
//! One mutex over the map: subscribing is rare beside publishing, which does not pass here. Locks are taken in the
//! order map, ring. It refuses to know what a source does: follow a file, subscribe at a broker, or nothing at all.

use std::collections::HashMap;
use std::future::poll_fn;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Instant;

use crate::{Limits, Ring, Subscription};

type Map<K, T> = Mutex<HashMap<K, Ring<T>>>;

/// The channels of a process. Clones share them.
#[derive(Debug)]
pub struct Channels<K, T>(Arc<Map<K, T>>);

/// What subscribing gives.
#[derive(Debug)]
#[must_use = "a source that is dropped closes its channel"]
pub struct Joined<K: Eq + Hash, T> {
    /// A cursor at the head of the channel.
    pub subscription: Subscription<T>,
    /// The duty to feed the channel, for the first subscriber; `None` when somebody has it already.
    pub source: Option<Source<K, T>>,
}

/// The duty to feed one channel. There is one per channel; when it is dropped the channel closes and its name is free.
#[derive(Debug)]
pub struct Source<K: Eq + Hash, T> {
    key: K,
    ring: Ring<T>,
    map: Arc<Map<K, T>>,
}

impl<K: Eq + Hash + Clone, T> Channels<K, T> {
    /// No channel yet.
    #[must_use]
    pub fn new() -> Self {
        Self(Arc::new(Mutex::new(HashMap::new())))
    }

    /// Joins the channel `key`, at its head. If there is none, it is made with `limits`, and its source is the
    /// caller's.
    pub fn subscribe(&self, key: K, limits: Limits) -> Joined<K, T> {
        let mut map = lock(&self.0);
        if let Some(subscription) = map.get(&key).and_then(Ring::join) {
            return Joined { subscription, source: None };
        }
        let ring = Ring::new(limits);
        let subscription = ring.subscribe();
        // A ring that is closed but still listed has a source that has not let go; it loses the name here.
        let closed = map.insert(key.clone(), ring.clone());
        drop(map);
        drop(closed);
        Joined { subscription, source: Some(Source { key, ring, map: Arc::clone(&self.0) }) }
    }

    /// The ring of a channel that is there, to publish into or to look at.
    #[must_use]
    pub fn get(&self, key: &K) -> Option<Ring<T>> {
        lock(&self.0).get(key).cloned()
    }

    /// All channels, at one moment.
    #[must_use]
    pub fn snapshot(&self) -> Vec<(K, Ring<T>)> {
        lock(&self.0).iter().map(|(key, ring)| (key.clone(), ring.clone())).collect()
    }

    /// Number of channels.
    #[must_use]
    pub fn len(&self) -> usize {
        lock(&self.0).len()
    }

    /// Whether there is no channel.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Lets items published before `before` go in every channel, and returns how many went. The map is not locked
    /// meanwhile.
    pub fn expire(&self, before: Instant) -> usize {
        let rings: Vec<_> = lock(&self.0).values().cloned().collect();
        rings.iter().map(|ring| ring.expire(before)).sum()
    }
}

impl<K: Eq + Hash, T> Source<K, T> {
    /// The channel's name.
    #[must_use]
    pub fn key(&self) -> &K {
        &self.key
    }

    /// Where to publish.
    #[must_use]
    pub fn ring(&self) -> &Ring<T> {
        &self.ring
    }

    /// Ready when nobody subscribes: time to [`retire`](Self::retire), at once or after a linger.
    pub fn poll_idle(&mut self, cx: &Context<'_>) -> Poll<()> {
        self.ring.poll_idle(cx)
    }

    /// [`poll_idle`](Self::poll_idle) as a future. Cancel safe.
    pub async fn idle(&mut self) {
        poll_fn(|cx| self.poll_idle(cx)).await;
    }

    /// Ends the channel if nobody subscribes: its ring is closed and its name is free.
    ///
    /// # Errors
    /// The source itself, when somebody has come: the duty goes on.
    pub fn retire(self) -> Result<(), Self> {
        // Whoever subscribes between this and the drop of `self` finds a closed ring, and takes its name over.
        if self.ring.close_if_idle() { Ok(()) } else { Err(self) }
    }
}

impl<K: Eq + Hash, T> Drop for Source<K, T> {
    fn drop(&mut self) {
        let mut map = lock(&self.map);
        let ours = map.get(&self.key).is_some_and(|ring| ring.is_same(&self.ring));
        let removed = if ours { map.remove_entry(&self.key) } else { None };
        if map.len() * 4 < map.capacity() {
            let room = map.len() * 2;
            map.shrink_to(room);
        }
        drop(map);
        drop(removed);
        self.ring.close();
    }
}

impl<K, T> Clone for Channels<K, T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<K: Eq + Hash + Clone, T> Default for Channels<K, T> {
    fn default() -> Self {
        Self::new()
    }
}

fn lock<K, T>(map: &Map<K, T>) -> MutexGuard<'_, HashMap<K, Ring<T>>> {
    map.lock().unwrap_or_else(PoisonError::into_inner)
}
