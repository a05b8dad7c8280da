//! One log line when refusing begins, one per ten seconds while it lasts, one when it is over.
//!
//! A server at its limit is met by clients that try again and again. A line for each (Redis wrote 220 MB in six
//! seconds that way) fills the disk while somebody is looking for the reason. Refusals that are less than ten seconds
//! apart are one episode, so that a limit that is touched and left again and again does not fill it either.

use std::fmt::Display;
use std::time::Duration;

use tokio::time::Instant;

use crate::budget::Budget;

/// Between two log lines; and without a refusal, the end of an episode.
const TEN_SECONDS: Duration = Duration::from_secs(10);

pub(crate) struct Episode {
    budget: Budget,
    born: Instant,
    /// The second, since `born`, that was last counted as a refusing one.
    counted: Option<u64>,
    now: Option<Running>,
}

struct Running {
    began: Instant,
    last: Instant,
    said: Instant,
    refused: u64,
}

impl Episode {
    pub(crate) fn new(budget: Budget) -> Self {
        Self { budget, born: Instant::now(), counted: None, now: None }
    }

    /// Somebody was refused, or could not even be accepted.
    pub(crate) fn refused(&mut self, why: &dyn Display) {
        let now = Instant::now();
        self.count_second(now);
        match &mut self.now {
            Some(running) if now - running.last < TEN_SECONDS => {
                running.last = now;
                running.refused += 1;
                if now - running.said >= TEN_SECONDS {
                    running.said = now;
                    let (used, limit) = self.budget.used_and_limit();
                    let (refused, seconds) = (running.refused, (now - running.began).as_secs());
                    tracing::warn!(used, limit, refused, seconds, "still refusing connections: {why}");
                }
            }
            _ => {
                self.budget.counters().episode();
                self.now = Some(Running { began: now, last: now, said: now, refused: 1 });
                let (used, limit) = self.budget.used_and_limit();
                tracing::warn!(
                    used,
                    limit,
                    "refusing connections: {why}; more fit with a higher limit of open files (LimitNOFILE, ulimit -n)"
                );
            }
        }
    }

    /// Somebody was let in.
    pub(crate) fn accepted(&mut self) {
        let Some(running) = &self.now else { return };
        if running.last.elapsed() >= TEN_SECONDS {
            let seconds = (running.last - running.began).as_secs();
            tracing::info!(refused = running.refused, seconds, "no longer refusing connections");
            self.now = None;
        }
    }

    fn count_second(&mut self, now: Instant) {
        let second = (now - self.born).as_secs();
        if self.counted != Some(second) {
            self.counted = Some(second);
            self.budget.counters().refusing_second();
        }
    }
}
