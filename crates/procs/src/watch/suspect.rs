//! A process that grows, or is at its limit: what it held before, and what it holds by now.
//!
//! Both are floors, as in a [`crate::Series`]: of each kind and each group the least that was seen. A burst of requests that
//! was there when it was looked into first would hide what has grown since, and one that is there now would be taken for it.

use std::collections::VecDeque;
use std::time::Duration;

use crate::detail::Composition;
use crate::listener::Listener;

/// What a process holds by now is the least of so many looks.
const LATEST: usize = 3;

/// What is known of one.
#[derive(Debug)]
pub(super) struct Suspect {
    /// When it was looked into last.
    pub(super) looked: Duration,
    /// When it was last seen to rise.
    pub(super) rose: Duration,
    /// The least of all looks.
    before: Composition,
    /// Looks after the first one, the newest last.
    latest: VecDeque<Composition>,
    listeners: Vec<Listener>,
}

impl Suspect {
    pub(super) fn new(first: Composition, now: Duration) -> Self {
        let listeners = first.listeners.clone();
        Suspect { looked: now, rose: now, before: first, latest: VecDeque::new(), listeners }
    }

    pub(super) fn add(&mut self, look: Composition, now: Duration) {
        self.looked = now;
        self.before.lower_to(&look);
        self.listeners.clone_from(&look.listeners);
        self.latest.push_back(look);
        if self.latest.len() > LATEST {
            self.latest.pop_front();
        }
    }

    /// What it held before, and what it holds by now.
    pub(super) fn grown(&self) -> (&Composition, Composition) {
        let Some(newest) = self.latest.back() else { return (&self.before, self.before.clone()) };
        let mut now = newest.clone();
        self.latest.iter().for_each(|look| now.lower_to(look));
        (&self.before, now)
    }

    /// Where it listens, as seen last.
    pub(super) fn listeners(&self) -> &[Listener] {
        &self.listeners
    }
}
