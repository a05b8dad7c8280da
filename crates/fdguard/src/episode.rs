//! One log line when refusing begins, one per ten seconds while it lasts, one when it is over.
//!
//! A server at its limit is met by clients that try again and again. A line for each (Redis wrote 220 MB in six
//! seconds that way) fills the disk while somebody is looking for the reason. Refusals that are less than ten seconds
//! apart are one episode, so that a limit that is touched and left again and again does not fill it either. That there is no room and
//! that one address has too much of it are told apart: what helps is not the same.
//!
//! A line's numbers are those of the counters since it began: whoever was closed on without a byte is among them.

use std::fmt::Display;
use std::time::Duration;

use tokio::time::Instant;

use crate::counters::{Counters, Counts};
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
    /// What had been counted when it began.
    before: Toll,
}

/// What came of them: since the start, or within an episode.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Toll {
    refused: u64,
    /// Of the refused: closed on without a byte.
    unanswered: u64,
    /// Who went for others; nobody goes for one whose address has its part.
    shed: Option<u64>,
    /// Let in, and closed on without a byte, since no request came in time.
    silent: Option<u64>,
}

impl Toll {
    fn no_room(counts: &Counts) -> Self {
        Toll {
            refused: counts.refused_full + counts.refused_exhausted,
            unanswered: counts.unanswered_no_room,
            shed: Some(counts.shed),
            silent: Some(counts.silent),
        }
    }

    fn crowded(counts: &Counts) -> Self {
        Toll { refused: counts.refused_crowded, unanswered: counts.unanswered_crowded, shed: None, silent: None }
    }

    fn since(self, before: Self) -> Self {
        Toll {
            refused: self.refused - before.refused,
            unanswered: self.unanswered - before.unanswered,
            shed: self.shed.zip(before.shed).map(|(now, before)| now - before),
            silent: self.silent.zip(before.silent).map(|(now, before)| now - before),
        }
    }
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
        let counts = counters.counts();
        let (episode, toll, remedy) = match reason {
            Reason::Full | Reason::Exhausted => (
                &mut self.no_room,
                Toll::no_room(&counts),
                "more fit with a higher limit of open files (LimitNOFILE, ulimit -n)",
            ),
            Reason::Crowded => {
                (&mut self.crowded, Toll::crowded(&counts), "a proxy that speaks for many has to be named as one")
            }
        };
        match episode.refused(now, toll) {
            Said::Nothing => (),
            Said::Begins => {
                counters.episode();
                tracing::warn!(used, limit, "refusing connections: {why}; {remedy}");
            }
            Said::Lasts { toll: Toll { refused, unanswered, shed, silent }, seconds } => {
                tracing::warn!(
                    used,
                    limit,
                    refused,
                    unanswered,
                    shed,
                    silent,
                    seconds,
                    "still refusing connections: {why}"
                );
            }
        }
    }

    /// Somebody was let in.
    pub(crate) fn accepted(&mut self, counters: &Counters) {
        self.no_room.accepted(|| Toll::no_room(&counters.counts()));
        self.crowded.accepted(|| Toll::crowded(&counters.counts()));
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
    Lasts { toll: Toll, seconds: u64 },
}

impl Episode {
    /// One more, who is not in the `toll` yet.
    fn refused(&mut self, now: Instant, toll: Toll) -> Said {
        match &mut self.0 {
            Some(running) if now - running.last < TEN_SECONDS => {
                running.last = now;
                if now - running.said < TEN_SECONDS {
                    return Said::Nothing;
                }
                running.said = now;
                Said::Lasts { toll: toll.since(running.before), seconds: (now - running.began).as_secs() }
            }
            over => {
                *over = Some(Running { began: now, last: now, said: now, before: toll });
                Said::Begins
            }
        }
    }

    fn accepted(&mut self, toll: impl FnOnce() -> Toll) {
        if let Some(running) = self.0.take_if(|running| running.last.elapsed() >= TEN_SECONDS) {
            let seconds = (running.last - running.began).as_secs();
            let Toll { refused, unanswered, shed, silent } = toll().since(running.before);
            tracing::info!(refused, unanswered, shed, silent, seconds, "no longer refusing connections");
        }
    }
}
