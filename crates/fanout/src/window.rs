//! The items that a ring still holds: a window over an endless sequence, bounded in bytes and in items.
//!
//! Pure data without a lock, so that it can be tested against a model. Weights are kept as running totals: that makes
//! the bytes between any two places a subtraction, also when what lay between them is long gone. It refuses to drop
//! anything itself: whatever leaves is handed to the caller, who drops it outside the lock.

use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;
use std::time::Instant;

use crate::Limits;

/// The number of an item in its ring. The first is 0; it grows by one with each item and never starts again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Seq(u64);

impl Seq {
    /// The plain number, for a log or a wire.
    #[must_use]
    pub const fn get(self) -> u64 {
        self.0
    }

    const fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

impl fmt::Display for Seq {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A stretch of items: how many, and what they weighed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Span {
    /// Number of items.
    pub count: u64,
    /// Sum of their weights, in bytes.
    pub bytes: u64,
}

/// Where a cursor stands: before item `seq`, with `offset` bytes of weight published ahead of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) seq: Seq,
    offset: u64,
}

impl Place {
    /// What lies between here and a later place; nothing when `later` is not later.
    pub(crate) fn until(self, later: Self) -> Span {
        Span { count: later.seq.0.saturating_sub(self.seq.0), bytes: later.offset.saturating_sub(self.offset) }
    }
}

struct Entry<T> {
    item: Arc<T>,
    /// Total weight published up to and with this item.
    end: u64,
    published: Instant,
}

/// What left the window. Empty vectors do not allocate, so the common publish that evicts nothing is free of it.
pub(crate) type Left<T> = Vec<Arc<T>>;

pub(crate) struct Window<T> {
    limits: Limits,
    entries: VecDeque<Entry<T>>,
    /// Place of the first entry; equal to `head` when there is none.
    oldest: Place,
    /// Place behind the last entry: what the next item will get.
    head: Place,
}

impl<T> Window<T> {
    pub(crate) fn new(limits: Limits) -> Self {
        Self { limits, entries: VecDeque::new(), oldest: Place::default(), head: Place::default() }
    }

    pub(crate) fn oldest(&self) -> Place {
        self.oldest
    }

    pub(crate) fn head(&self) -> Place {
        self.head
    }

    /// Appends an item, and evicts from the old end until it fits. The newest item always stays, however heavy, so that
    /// a waiting subscriber can read it: memory is at most the larger of the bound and that one item.
    pub(crate) fn push(&mut self, item: Arc<T>, weight: usize, published: Instant) -> (Seq, Left<T>) {
        let mut left = Vec::new();
        while !self.has_room_for(weight) {
            left.extend(self.pop());
        }
        let seq = self.head.seq;
        let end = self.head.offset + weight as u64;
        self.entries.push_back(Entry { item, end, published });
        self.head = Place { seq: seq.next(), offset: end };
        (seq, left)
    }

    /// Takes out the items published before `before`, and gives back the room that they took.
    pub(crate) fn expire(&mut self, before: Instant) -> Left<T> {
        let mut left = Vec::new();
        while self.entries.front().is_some_and(|entry| entry.published < before) {
            left.extend(self.pop());
        }
        if self.entries.len() * 4 < self.entries.capacity() {
            self.entries.shrink_to(self.entries.len() * 2);
        }
        left
    }

    /// Copies items from `from` on into `out`, at least one if there is one, then while they weigh at most `max_bytes`
    /// together. Returns the place behind them. `from` must lie within the window.
    pub(crate) fn read(&self, from: Place, max_bytes: usize, out: &mut Vec<Arc<T>>) -> Place {
        let mut place = from;
        for entry in self.entries.range(self.index(from.seq)..) {
            if place != from && entry.end - from.offset > max_bytes as u64 {
                break;
            }
            out.push(Arc::clone(&entry.item));
            place = Place { seq: place.seq.next(), offset: entry.end };
        }
        place
    }

    /// The place of an item, if the window has it; the head counts, so that a cursor can be put behind everything.
    pub(crate) fn place(&self, seq: Seq) -> Option<Place> {
        if seq == self.head.seq {
            return Some(self.head);
        }
        if seq == self.oldest.seq {
            return Some(self.oldest);
        }
        let before = self.index(seq).checked_sub(1)?;
        self.entries.get(before).filter(|_| seq < self.head.seq).map(|entry| Place { seq, offset: entry.end })
    }

    /// The first item for which `after` holds, by halving: `after` must be false up to some item and true from there
    /// on.
    pub(crate) fn find(&self, mut after: impl FnMut(&T) -> bool) -> Option<(Seq, Arc<T>)> {
        let index = self.entries.partition_point(|entry| !after(&entry.item));
        let entry = self.entries.get(index)?;
        Some((Seq(self.oldest.seq.0 + index as u64), Arc::clone(&entry.item)))
    }

    fn has_room_for(&self, weight: usize) -> bool {
        let held = self.oldest.until(self.head).bytes;
        let fits = self.entries.len() < self.limits.items && held + weight as u64 <= self.limits.bytes as u64;
        self.entries.is_empty() || fits
    }

    fn pop(&mut self) -> Option<Arc<T>> {
        let entry = self.entries.pop_front()?;
        self.oldest = Place { seq: self.oldest.seq.next(), offset: entry.end };
        Some(entry.item)
    }

    fn index(&self, seq: Seq) -> usize {
        let index = seq.0.saturating_sub(self.oldest.seq.0);
        usize::try_from(index).map_or(self.entries.len(), |index| index.min(self.entries.len()))
    }
}
