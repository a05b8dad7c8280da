//! How a link does: bytes either way, when the agent was last heard, how long a ping takes to it and back.
//!
//! Counted where messages pass (`link`, `carry`), read when somebody asks. It keeps no history and judges nothing.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

/// Not measured yet.
const NONE: u64 = u64::MAX;

/// The counters of one link. Times are microseconds since it began.
#[derive(Debug)]
pub(crate) struct Pulse {
    began: Instant,
    received: AtomicU64,
    sent: AtomicU64,
    heard: AtomicU64,
    round_trip: AtomicU64,
}

impl Default for Pulse {
    fn default() -> Self {
        Pulse {
            began: Instant::now(),
            received: AtomicU64::new(0),
            sent: AtomicU64::new(0),
            heard: AtomicU64::new(0),
            round_trip: AtomicU64::new(NONE),
        }
    }
}

impl Pulse {
    /// A message of so many bytes has come.
    pub(crate) fn received(&self, bytes: usize) {
        self.received.fetch_add(bytes as u64, Relaxed);
        self.alive();
    }

    /// A message of so many bytes has been handed over to be sent.
    pub(crate) fn sent(&self, bytes: usize) {
        self.sent.fetch_add(bytes as u64, Relaxed);
    }

    /// The agent has said something, if only that it lives.
    pub(crate) fn alive(&self) {
        self.heard.store(self.now(), Relaxed);
    }

    /// What a ping carries, to be known again in its answer.
    pub(crate) fn ping(&self) -> [u8; 8] {
        self.now().to_be_bytes()
    }

    /// A pong has come. What it carries is the other side's word: one that cannot be ours is left alone.
    pub(crate) fn pong(&self, carried: &[u8]) {
        let sent = carried.try_into().map(u64::from_be_bytes);
        if let Some(took) = sent.ok().and_then(|sent| self.now().checked_sub(sent)) {
            self.round_trip.store(took, Relaxed);
        }
    }

    /// Bytes of messages from the agent, and to it.
    pub(crate) fn bytes(&self) -> (u64, u64) {
        (self.received.load(Relaxed), self.sent.load(Relaxed))
    }

    /// How long the agent has not been heard.
    pub(crate) fn silent_for(&self) -> Duration {
        Duration::from_micros(self.now().saturating_sub(self.heard.load(Relaxed)))
    }

    /// How long the last ping took there and back.
    pub(crate) fn round_trip(&self) -> Option<Duration> {
        Some(self.round_trip.load(Relaxed)).filter(|micros| *micros != NONE).map(Duration::from_micros)
    }

    fn now(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_micros()).unwrap_or(NONE - 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pong_that_carries_something_else_than_a_ping_of_ours_measures_nothing() {
        let pulse = Pulse::default();
        for foreign in [&b""[..], b"short", &u64::MAX.to_be_bytes(), b"much too long for one"] {
            pulse.pong(foreign);
            assert_eq!(pulse.round_trip(), None, "{foreign:?}");
        }
        pulse.pong(&pulse.ping());
        assert!(pulse.round_trip().is_some());
    }
}
