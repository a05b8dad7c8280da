//! In how long there is no room any more, at the pace of the last minutes.
//!
//! A sample of what is open is kept each ten seconds in which somebody looked, for ten minutes: no timer runs for it, since what grows
//! is looked at by what makes it grow, or by whoever reads the metrics. It refuses to see a slope in less than a minute, in a few
//! descriptors, in what was higher before, and in what is more than an hour off: an alarm that comes and goes is soon not heard.

use std::collections::VecDeque;
use std::time::Duration;

/// Between two samples, and how long one is kept.
const EVERY: Duration = Duration::from_secs(10);
const KEPT: Duration = Duration::from_secs(600);

/// Less than that shows no slope, and so many descriptors more are none.
const SPAN_LEAST: Duration = Duration::from_secs(60);
const RISE_LEAST: u64 = 8;

/// What is so far off is no reason to do something now.
const LEFT_MOST: Duration = Duration::from_secs(3600);

/// What was open of late.
#[derive(Debug, Default)]
pub(crate) struct Trend(VecDeque<Sample>);

#[derive(Debug, Clone, Copy)]
struct Sample {
    /// Since some start.
    at: Duration,
    used: u64,
}

impl Trend {
    /// So many are open now.
    pub(crate) fn note(&mut self, at: Duration, used: u64) {
        if self.0.back().is_some_and(|last| at.saturating_sub(last.at) < EVERY) {
            return;
        }
        self.0.push_back(Sample { at, used });
        while self.0.front().is_some_and(|first| at.saturating_sub(first.at) > KEPT) {
            self.0.pop_front();
        }
    }

    /// How long `free` places last, if so many are open `now` and it goes on like that.
    pub(crate) fn left(&self, now: (Duration, u64), free: u64) -> Option<Duration> {
        let first = self.0.front()?;
        let last = Sample { at: now.0, used: now.1 };
        let span = last.at.checked_sub(first.at).filter(|span| *span >= SPAN_LEAST)?;
        let rise = last.used.checked_sub(first.used).filter(|rise| *rise >= RISE_LEAST)?;
        let half = self.0.iter().find(|sample| sample.at >= first.at + span / 2).unwrap_or(&last);
        let rises = first.used < half.used && half.used < last.used;
        if !rises || self.0.iter().any(|sample| sample.used > last.used) {
            return None;
        }
        let left = span.as_secs_f64() * free as f64 / rise as f64;
        Some(left).filter(|left| *left <= LEFT_MOST.as_secs_f64()).map(Duration::from_secs_f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is left after samples each ten seconds.
    fn left(used: impl IntoIterator<Item = u64>, free: u64) -> Option<u64> {
        let mut trend = Trend::default();
        let mut now = (Duration::ZERO, 0);
        for (number, used) in (0..).zip(used) {
            now = (EVERY * number, used);
            trend.note(now.0, now.1);
        }
        trend.left(now, free).map(|left| left.as_secs())
    }

    #[test]
    fn what_grows_evenly_has_as_long_as_the_places_last() {
        assert_eq!(left((0..=60).map(|n| 100 + n), 60), Some(600));
        assert_eq!(left((0..=6).map(|n| 100 + 10 * n), 30), Some(30));
    }

    #[test]
    fn too_little_too_short_or_too_far_off_is_no_slope() {
        assert_eq!(left((0..=5).map(|n| 100 * n), 60), None, "less than a minute");
        assert_eq!(left((0..=60).map(|n| 100 + n / 10), 60), None, "six in ten minutes");
        assert_eq!(left((0..=60).map(|n| 100 + n), 1000), None, "hours");
    }

    #[test]
    fn what_comes_and_goes_and_what_has_stopped_to_grow_is_no_slope() {
        assert_eq!(left((0..=60).map(|n| 100 + n % 10), 5), None);
        assert_eq!(left((0..=60).map(|n| 100 + n.min(20)), 5), None);
        assert_eq!(left((0..=60).rev().map(|n| 100 + n), 5), None);
    }

    #[test]
    fn what_is_older_than_ten_minutes_is_forgotten() {
        let mut trend = Trend::default();
        (0..1000).for_each(|number| trend.note(Duration::from_secs(number), number));
        assert_eq!(trend.0.len(), 61);
    }
}
