//! One log line when refusing begins, one per ten seconds while it lasts, one when it is over.
//!
//! A server at its limit is met by clients that try again and again. A line for each (Redis wrote 220 MB in six
//! seconds that way) fills the disk while somebody is looking for the reason. Refusals that are less than ten seconds
//! apart are one episode, so that a limit that is touched and left again and again does not fill it either. It is over when nobody was
//! refused for ten seconds and there is room, or somebody was let in after them: a full house at whose door nobody stands at this
//! moment refuses still. Whoever waits for connections looks for that end ([`Episodes::due`]), so that it is told when it has come,
//! and not when somebody comes. That there is no room and that one address has too much of it are told apart: what helps is not the same.
//!
//! A line's numbers are those of the counters since it began: whoever was closed on without a byte is among them.

use std::fmt::Display;
use std::time::Duration;

use tokio::time::Instant;

use crate::counters::{Counters, Counts};
use crate::refusal::Reason;

/// Between two log lines; and without a refusal, the end of an episode.
const TEN_SECONDS: Duration = Duration::from_secs(10);

/// Nobody tells when there is room: between two looks whether there is.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// Both kinds of them.
#[derive(Debug, Default)]
pub(crate) struct Episodes {
    born: Option<Instant>,
    /// The second, since `born`, that was last counted as a refusing one.
    counted: Option<u64>,
    no_room: Episode,
    crowded: Episode,
    /// What helps here when there is no room, where somebody knows better than what is said of any program.
    advice: Option<String>,
}

#[derive(Debug, Default)]
struct Episode(Option<Running>);

#[derive(Debug)]
struct Running {
    began: Instant,
    last: Instant,
    said: Instant,
    /// When to look whether it is over.
    due: Instant,
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
    pub(crate) fn advise(&mut self, words: String) {
        self.advice = Some(words);
    }

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
                self.advice.as_deref().unwrap_or("more fit with a higher limit of open files (LimitNOFILE, ulimit -n)"),
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

    /// When to look whether an episode is over; `None` while there is none.
    pub(crate) fn due(&self) -> Option<Instant> {
        [&self.no_room, &self.crowded].into_iter().filter_map(Episode::due).min()
    }

    /// Looks whether those that are due are over, with the free places of now.
    pub(crate) fn look(&mut self, free: u64, counters: &Counters) {
        self.no_room.look(free > 0, || Toll::no_room(&counters.counts()));
        // How much is free is not what that one lacks.
        self.crowded.look(true, || Toll::crowded(&counters.counts()));
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
        let Some(running) = &mut self.0 else {
            self.0 = Some(Running { began: now, last: now, said: now, due: now + TEN_SECONDS, before: toll });
            return Said::Begins;
        };
        running.last = now;
        running.due = now + TEN_SECONDS;
        if now - running.said < TEN_SECONDS {
            return Said::Nothing;
        }
        running.said = now;
        Said::Lasts { toll: toll.since(running.before), seconds: (now - running.began).as_secs() }
    }

    fn accepted(&mut self, toll: impl FnOnce() -> Toll) {
        if let Some(running) = self.0.take_if(|running| running.last.elapsed() >= TEN_SECONDS) {
            running.tell_end(toll());
        }
    }

    fn due(&self) -> Option<Instant> {
        self.0.as_ref().map(|running| running.due)
    }

    fn look(&mut self, is_room: bool, toll: impl FnOnce() -> Toll) {
        let now = Instant::now();
        let Some(running) = self.0.take_if(|running| running.due <= now) else { return };
        if is_room {
            running.tell_end(toll());
        } else {
            self.0 = Some(Running { due: now + LOOK_AGAIN, ..running });
        }
    }
}

impl Running {
    fn tell_end(&self, toll: Toll) {
        let seconds = (self.last - self.began).as_secs();
        let Toll { refused, unanswered, shed, silent } = toll.since(self.before);
        tracing::info!(refused, unanswered, shed, silent, seconds, "no longer refusing connections");
    }
}
