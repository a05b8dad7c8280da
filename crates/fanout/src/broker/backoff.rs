//! How long to wait before the next attempt: doubling, bounded, and never two alike, so that a thousand processes do
//! not come back to a broker at the same moment.

use std::time::Duration;

const FIRST: Duration = Duration::from_millis(50);
const LONGEST: Duration = Duration::from_secs(2);

#[derive(Debug, Default)]
pub(crate) struct Backoff(u32);

impl Backoff {
    /// It worked: the next failure starts from the beginning.
    pub(crate) fn reset(&mut self) {
        self.0 = 0;
    }

    /// The wait before the next attempt.
    pub(crate) fn wait(&mut self) -> Duration {
        let attempt = self.0;
        self.0 += 1;
        delay(attempt)
    }
}

/// The wait after so many failed attempts, of which a random part of up to a half is left off.
pub(crate) fn delay(attempt: u32) -> Duration {
    let whole = FIRST.saturating_mul(1 << attempt.min(16)).min(LONGEST);
    whole.mul_f64(0.5 + fastrand::f64() / 2.0)
}
