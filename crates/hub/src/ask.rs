//! A question to an agent: a number, a deadline, at most one answer.
//!
//! Bounded per agent: so many questions are open at once, the rest wait their turn, and waiting counts against the deadline.
//! Whoever stops waiting takes the question back, so that the host does not work for nobody.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tailcast_wire::{Answer, HostName, Question, ToAgent, Why};
use tokio::sync::{Semaphore, oneshot};
use tokio::time::timeout;

use crate::away::{self, Away};
use crate::link::Link;

/// Questions open at one agent at once.
const OPEN: usize = 32;

/// Why there is no answer.
#[derive(Debug, Clone, thiserror::Error)]
pub(crate) enum AskError {
    /// No agent of that name has been here.
    #[error(
        "no host called {0} has been here since the hub started; `tailcast ls` and GET /api/v1/hosts show which have"
    )]
    NoSuchHost(HostName),
    /// The agent's link is down.
    #[error("the agent is away: {0}")]
    Away(Away),
    /// The deadline passed.
    #[error("the agent did not answer within {} s", .0.as_secs())]
    Late(Duration),
    /// No sign of life came, for so long.
    #[error("nothing was heard of the agent for {} s: it stands still, or the way to it is cut", .0.as_secs())]
    Silent(Duration),
}

impl AskError {
    /// The same for a program.
    pub(crate) fn why(&self) -> Option<Why> {
        match self {
            AskError::NoSuchHost(_) => Some(Why::NeverHere),
            AskError::Away(away) => away.why,
            AskError::Late(_) | AskError::Silent(_) => Some(Why::SlowAnswer),
        }
    }

    /// The same as it stands in an answer over HTTP, where it is told apart who is slow and who says nothing at all.
    pub(crate) fn word(&self) -> Option<&'static str> {
        match self {
            AskError::Silent(_) => Some("silent"),
            _ => self.why().map(Why::name),
        }
    }
}

/// An answer, and of which start of the agent it is: lives are numbered anew by each.
#[derive(Debug)]
pub(crate) struct Answered {
    pub(crate) session: u64,
    pub(crate) answer: Answer,
}

/// The open questions of one link.
#[derive(Debug)]
pub(crate) struct Asks {
    turns: Semaphore,
    next: AtomicU64,
    waiting: Mutex<HashMap<u64, oneshot::Sender<Answer>>>,
}

impl Default for Asks {
    fn default() -> Self {
        Asks { turns: Semaphore::new(OPEN), next: AtomicU64::new(1), waiting: Mutex::default() }
    }
}

impl Asks {
    /// Asks and waits, for a turn and the answer together no longer than `patience`. Cancel safe: dropping the future takes
    /// the question back.
    pub(crate) async fn ask(link: &Arc<Link>, question: Question, patience: Duration) -> Result<Answered, AskError> {
        timeout(patience, Self::ask_in_turn(link, question)).await.unwrap_or(Err(AskError::Late(patience)))
    }

    async fn ask_in_turn(link: &Arc<Link>, question: Question) -> Result<Answered, AskError> {
        let _turn = link.asks().turns.acquire().await.map_err(|_| gone())?;
        Self::put(link, question).await
    }

    /// Asks for something that costs the agent nothing and that it will refuse, out of turn: a sign of life is wanted
    /// most of an agent that is busy. Cancel safe.
    pub(crate) async fn sign_of_life(link: &Arc<Link>) -> Result<Answered, AskError> {
        Self::put(link, Question::Raw { log: String::new(), from: None, to: None, bytes: 0 }).await
    }

    async fn put(link: &Arc<Link>, question: Question) -> Result<Answered, AskError> {
        let asks = link.asks();
        let (tx, rx) = oneshot::channel();
        let number = asks.next.fetch_add(1, Ordering::Relaxed);
        asks.lock().insert(number, tx);
        if asks.turns.is_closed() {
            // The link went down in between, and whoever took the open questions back has not seen this one.
            asks.lock().clear();
        }
        let open = Open { link, number };
        link.send(&ToAgent::Ask { ask: number, question }).await.map_err(|_| gone())?;
        let answer = rx.await.map_err(|_| gone());
        drop(open);
        Ok(Answered { session: link.hello().session, answer: answer? })
    }

    /// Hands an answer to whoever waits for it; one that nobody waits for any more is dropped.
    pub(crate) fn answer(&self, number: u64, answer: Answer) {
        if let Some(waiting) = self.lock().remove(&number) {
            // The asker may have gone this very moment.
            waiting.send(answer).unwrap_or_else(drop);
        }
    }

    /// The link is down: nobody will be answered.
    pub(crate) fn close(&self) {
        self.turns.close();
        self.lock().clear();
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<u64, oneshot::Sender<Answer>>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn gone() -> AskError {
    AskError::Away(away::LINK_DOWN)
}

/// A question that has been asked; dropped unanswered it is taken back.
struct Open<'a> {
    link: &'a Link,
    number: u64,
}

impl Drop for Open<'_> {
    fn drop(&mut self) {
        if self.link.asks().lock().remove(&self.number).is_some() {
            self.link.try_send(&ToAgent::Cancel { ask: self.number });
        }
    }
}
