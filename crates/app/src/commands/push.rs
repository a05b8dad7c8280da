//! `tailcast push LOG`: what comes on stdin becomes a log on the hub.
//!
//! ```text
//! stdin → stdin (a thread; ≤ 1 MiB held) → pieces, each with its offset → POST push
//! ```
//!
//! The first byte after a silence leaves at once, what follows within 50 ms goes together. A piece is held until the hub
//! has acknowledged it and is sent again where that stays away; its offset keeps it from being doubled. A hub that is away
//! is waited for, and then stdin is not read any more: whoever writes waits too, and nothing is dropped.

mod stdin;

use std::time::Duration;

use bytes::Bytes;
use http::StatusCode;
use serde::Deserialize;
use tailcast_wire::PushedLog;
use tokio::time::{Instant, sleep, sleep_until, timeout};

use self::stdin::Held;
use crate::cli;
use crate::client::{Client, Unanswered};
use crate::environment::Environment;
use crate::exit::{Exit, Failure, Outcome, say};
use crate::options;

/// The most that goes in one request, in bytes.
const PIECE: usize = 64 << 10;
/// What comes sooner than this after a piece goes with the next one.
const PACE: Duration = Duration::from_millis(50);
/// How long the hub may take to answer. Its disk may be slow.
const ANSWER: Duration = Duration::from_secs(30);
/// The first and the longest wait for a hub that is away.
const BACK_OFF: (Duration, Duration) = (Duration::from_millis(250), Duration::from_secs(10));

/// What the hub answers.
#[derive(Debug, Deserialize)]
struct Taken {
    offset: u64,
}

/// Pushes until stdin ends and all of it is acknowledged.
pub(crate) async fn run(flags: cli::Push, environment: &Environment) -> Outcome {
    let log = PushedLog::from_shorthand(&flags.log).map_err(Failure::usage)?;
    let client = Client::new(options::client(&flags.hub, &flags.config, environment)?);
    let held = Held::read(flags.tee);
    Push { client, log, told: Told::All }.all(&held).await
}

/// Whether somebody was told that the hub is away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Told {
    /// It is not, or was and is back.
    All,
    Away,
}

struct Push {
    client: Client,
    log: PushedLog,
    told: Told,
}

impl Push {
    async fn all(&mut self, held: &Held) -> Outcome {
        // Without an offset and without a byte: where does it stand? From then on it is told each time.
        let mut end = self.send(None, &Bytes::new()).await?;
        let mut next = Instant::now();
        while held.has_some().await {
            if !held.is_pressing(PIECE) {
                tokio::select! {
                    () = sleep_until(next) => (),
                    () = held.presses(PIECE) => (),
                }
            }
            let piece = held.front(PIECE);
            next = Instant::now() + PACE;
            let now = self.send(Some(end), &piece).await?;
            end += piece.len() as u64;
            if now != end {
                return Err(self.another(now));
            }
            held.acknowledged(piece.len());
        }
        held.failure().map_or(Ok(Exit::Ok), |error| {
            Err(Failure::new(Exit::Failed, anyhow::Error::from(error).context("stdin cannot be read to its end")))
        })
    }

    /// Sends a piece until the hub has taken it; gives where the log ends then.
    async fn send(&mut self, at: Option<u64>, piece: &Bytes) -> Result<u64, Failure> {
        let mut wait = BACK_OFF.0;
        loop {
            let error = match self.post(at, piece).await {
                Ok(end) => {
                    self.is_back();
                    return Ok(end);
                }
                Err(Unanswered::Refused(StatusCode::CONFLICT, words)) => {
                    return Err(Failure::new(Exit::Refused, anyhow::anyhow!("{words}")));
                }
                Err(error) if passes(&error) => error,
                Err(error) => return Err(error.into()),
            };
            self.is_away(error);
            sleep(wait.mul_f64(0.5 + fastrand::f64())).await;
            wait = (wait * 2).min(BACK_OFF.1);
        }
    }

    async fn post(&mut self, at: Option<u64>, piece: &Bytes) -> Result<u64, Unanswered> {
        // Nothing in such a name has a meaning in a URL's query.
        let log = &self.log;
        let path = match at {
            Some(at) => format!("push?log={log}&offset={at}"),
            None => format!("push?log={log}"),
        };
        match timeout(ANSWER, self.client.post::<Taken>(&path, piece.clone())).await {
            Ok(taken) => taken.map(|taken| taken.offset),
            Err(_) => {
                let words = format!("the hub has not answered for {} s", ANSWER.as_secs());
                Err(Failure::new(Exit::Unreachable, anyhow::anyhow!(words)).into())
            }
        }
    }

    fn is_away(&mut self, error: Unanswered) {
        if self.told == Told::All {
            self.told = Told::Away;
            say(&format!("{}; waiting for the hub, nothing is lost", Failure::from(error)));
        }
    }

    fn is_back(&mut self) {
        if self.told == Told::Away {
            self.told = Told::All;
            say(&format!("the hub takes {} again", self.log));
        }
    }

    /// The log has more than we have sent.
    fn another(&self, end: u64) -> Failure {
        let words = format!("{}: somebody else pushes to this log too; it ends at byte {end}", self.log);
        Failure::new(Exit::Refused, anyhow::anyhow!(words))
    }
}

/// Whether it may be otherwise after a while: a hub that is not reached, is full, or makes a mistake.
fn passes(error: &Unanswered) -> bool {
    match error {
        Unanswered::Refused(status, _) => {
            status.is_server_error() || matches!(*status, StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS)
        }
        Unanswered::Failed(failure) => failure.exit() == Exit::Unreachable,
    }
}
