//! How long to wait before trying again: doubling, and spread out, so that a thousand clients of a hub that restarts do
//! not come back in one moment.

use std::time::Duration;

/// The first wait is at most this.
const FIRST: Duration = Duration::from_millis(250);
/// No wait is longer than this.
const LONGEST: Duration = Duration::from_secs(15);

/// Waits, each longer than the one before it on average.
#[derive(Debug, Default)]
pub(super) struct Backoff {
    tries: u32,
}

impl Backoff {
    /// It went well: the next wait is a short one again.
    pub(super) fn reset(&mut self) {
        self.tries = 0;
    }

    /// Whether nothing has been waited for yet.
    pub(super) fn is_fresh(&self) -> bool {
        self.tries == 0
    }

    /// The next wait: a random part of the bound, not below a tenth of it.
    pub(super) fn next(&mut self) -> Duration {
        let bound = FIRST.saturating_mul(1 << self.tries.min(10)).min(LONGEST);
        self.tries = self.tries.saturating_add(1);
        bound.mul_f64(0.1 + 0.9 * fastrand::f64())
    }

    /// A random part of what the hub asked for.
    pub(super) fn within(retry_ms: u32) -> Duration {
        Duration::from_millis(u64::from(retry_ms)).min(LONGEST).mul_f64(fastrand::f64())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_to_a_bound_and_begin_anew() {
        let mut backoff = Backoff::default();
        assert!(backoff.next() <= FIRST);
        for _ in 0..100 {
            assert!(backoff.next() <= LONGEST);
        }
        backoff.reset();
        assert!(backoff.next() <= FIRST);
    }
}
