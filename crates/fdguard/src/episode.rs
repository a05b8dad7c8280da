//! One log line when refusing begins, one per ten seconds while it lasts, one when it is over.
//!
//! A server at its limit is met by clients that try again and again. A line for each (Redis wrote 220 MB in six
//! seconds that way) fills the disk while somebody is looking for the reason. Refusals that are less than ten seconds
//! apart are one episode, so that a limit that is touched and left again and again does not fill it either. That there is no room and
//! that one address has too much of it are told apart: what helps is not the same.

use std::fmt::Display;
use std::time::Duration;

use tokio::time::Instant;

use crate::counters::Counters;
use crate::refusal::Reason;

/// Between two log lines; and without a refusal, the end of an episode.
const TEN_SECONDS: Duration = Duration::from_secs(10);

/// Both kinds of them.
#[derive(Debug, Default)]
pub(crate) struct Episodes {
    born: Option<Instant>,
    /// The second, since `born`, that was last counted as a refusing one.
    counted: Option<u64>,
    no_room: Episode,
    crowded: Episode,
}

#[derive(Debug, Default)]
struct Episode(Option<Running>);

#[derive(Debug)]
struct Running {
    began: Instant,
    last: Instant,
    said: Instant,
    refused: u64,
}

impl Episodes {
    /// Somebody was refused, or could not even be accepted; `used` and `limit` are what is open then.
    pub(crate) fn refused(
        &mut self,
        reason: Reason,
        why: &dyn Display,
        (used, limit): (u64, u64),
        counters: &Counters,
    ) {
        let now = Instant::now();
        self.count_second(now, counters);
        let (episode, remedy) = match reason {
            Reason::Full | Reason::Exhausted => {
                (&mut self.no_room, "more fit with a higher limit of open files (LimitNOFILE, ulimit -n)")
            }
            Reason::Crowded => (&mut self.crowded, "a proxy that speaks for many has to be named as one"),
        };
        match episode.refused(now) {
            Said::Nothing => (),
            Said::Begins => {
                counters.episode();
                tracing::warn!(used, limit, "refusing connections: {why}; {remedy}");
            }
            Said::Lasts { refused, seconds } => {
                tracing::warn!(used, limit, refused, seconds, "still refusing connections: {why}");
            }
        }
    }

    /// Somebody was let in.
    pub(crate) fn accepted(&mut self) {
        self.no_room.accepted();
        self.crowded.accepted();
    }

    fn count_second(&mut self, now: Instant, counters: &Counters) {
        let second = (now - *self.born.get_or_insert(now)).as_secs();
        if self.counted != Some(second) {
            self.counted = Some(second);
            counters.refusing_second();
        }
    }
}

/// What is to be said of a refusal.
enum Said {
    Nothing,
    Begins,
    Lasts { refused: u64, seconds: u64 },
}

impl Episode {
    fn refused(&mut self, now: Instant) -> Said {
        match &mut self.0 {
            Some(running) if now - running.last < TEN_SECONDS => {
                running.last = now;
                running.refused += 1;
                if now - running.said < TEN_SECONDS {
                    return Said::Nothing;
                }
                running.said = now;
                Said::Lasts { refused: running.refused, seconds: (now - running.began).as_secs() }
            }
            over => {
                *over = Some(Running { began: now, last: now, said: now, refused: 1 });
                Said::Begins
            }
        }
    }

    fn accepted(&mut self) {
        if let Some(running) = self.0.take_if(|running| running.last.elapsed() >= TEN_SECONDS) {
            let seconds = (running.last - running.began).as_secs();
            tracing::info!(refused = running.refused, seconds, "no longer refusing connections");
        }
    }
}
