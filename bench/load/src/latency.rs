//! What a row says about times: how many there were, and the two that count.
//!
//! Every single time is kept (4 bytes each, a few million at most), so that p99 is exact and not an estimate.

use std::fmt;

/// Times in microseconds, in no order.
#[derive(Clone, Debug, Default)]
pub(crate) struct Latencies(Vec<u32>);

impl Latencies {
    /// Adds one time.
    pub(crate) fn add_ns(&mut self, nanoseconds: u64) {
        self.0.push(u32::try_from(nanoseconds / 1_000).unwrap_or(u32::MAX));
    }

    /// Adds all times of another viewer.
    pub(crate) fn join(&mut self, mut other: Self) {
        self.0.append(&mut other.0);
    }

    /// The time that `share` (0.0 to 1.0) of all are not above, in milliseconds; none when there are no times.
    pub(crate) fn at(&mut self, share: f64) -> Option<f64> {
        let last = self.0.len().checked_sub(1)?;
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "an index below the length")]
        let index = (last as f64 * share).round() as usize;
        let (_, found, _) = self.0.select_nth_unstable(index.min(last));
        Some(f64::from(*found) / 1_000.0)
    }

    /// p50 and p99, as a row prints them.
    pub(crate) fn summary(&mut self) -> Summary {
        Summary { p50: self.at(0.50), p99: self.at(0.99) }
    }
}

/// Milliseconds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Summary {
    /// Half of all times are not above this.
    pub p50: Option<f64>,
    /// 99 of 100 are not above this.
    pub p99: Option<f64>,
}

impl Summary {
    /// Whether the bar holds; without a single time it does not.
    pub(crate) fn within(&self, p50: f64, p99: f64) -> bool {
        self.p50.is_some_and(|ms| ms <= p50) && self.p99.is_some_and(|ms| ms <= p99)
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.p50, self.p99) {
            (Some(p50), Some(p99)) => write!(f, "p50 {p50:.2} ms, p99 {p99:.2} ms"),
            _ => write!(f, "no times"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_exact() {
        let mut times = Latencies::default();
        for ms in (1..=100).rev() {
            times.add_ns(ms * 1_000_000);
        }
        assert_eq!(times.at(0.0), Some(1.0));
        assert_eq!(times.at(0.99), Some(99.0));
        assert_eq!(times.at(1.0), Some(100.0));
        assert_eq!(Latencies::default().at(0.5), None);
    }
}
