//! The agent's answers: lists, pages and bytes, read from the disk on a few blocking threads.
//!
//! Fair and bounded: so many questions are at the disk at once, the others wait their turn in the order in which they came,
//! and short ones do not wait behind those that look through much. A question that is taken back looks through no more
//! than a page: from then on every line is wanted. Nothing is kept between two questions.
//!
//! A file system that hangs (`disk`) keeps the thread that asked it and not the turn: who asks for something on it is told, a
//! list has the rest, and whoever asks for something else is answered.

mod reading;

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use tailcast_wire::{Answer, Failure, Inspect, Question, Refusal, Why};
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;

use self::reading::{Bounds, Lines, raw, read};
use crate::disk::{SLOW, Visit};
use crate::host::Host;
use crate::list::{Eyes, Wanted, list};
use crate::told::hangs_words;

/// Questions that are at the disk at once and are soon done: lists, bytes, pages of all lines.
const READERS: usize = 4;
/// Questions that look for lines at once: each may look through [`MAX_SCAN`].
const SEEKERS: usize = 2;
/// The most bytes in one answer, whatever is asked for: it has to fit into a message.
const MAX_BYTES: u32 = 4 << 20;
/// The most bytes looked through for one answer.
const MAX_SCAN: u64 = 1 << 30;
/// The most time for it. A slow disk, or a machine that does other things, takes longer for that much than anybody waits for an
/// answer: so it is told how far it came, and who asks goes on from there. Two in turn fit into a hub's patience.
const MOST_TIME: Duration = Duration::from_secs(8);
/// Threads that file systems may keep, of the 512 that there are for blocking: each hung one keeps those that were at it before
/// that was known.
const MOST_LEFT_BEHIND: usize = 64;
/// Answers questions about one host.
#[derive(Debug, Clone)]
pub(crate) struct Answers {
    host: Arc<Host>,
    readers: Arc<Semaphore>,
    seekers: Arc<Semaphore>,
    /// Threads that a file system keeps.
    left_behind: Arc<AtomicUsize>,
}

/// Whether somebody still waits for an answer; told by dropping the [`Asker`].
#[derive(Debug, Clone, Default)]
struct TakenBack(Arc<AtomicBool>);

/// Held by who waits for an answer.
struct Asker(TakenBack);

impl TakenBack {
    fn is_so(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

impl Drop for Asker {
    fn drop(&mut self) {
        self.0.0.store(true, Ordering::Relaxed);
    }
}

impl Answers {
    pub(crate) fn new(host: Arc<Host>) -> Self {
        Answers {
            host,
            readers: Arc::new(Semaphore::new(READERS)),
            seekers: Arc::new(Semaphore::new(SEEKERS)),
            left_behind: Arc::default(),
        }
    }

    /// The answer to a question. Cancel safe: what is at the disk then reads some megabytes more, or to the end of one long line, and is dropped.
    pub(crate) async fn answer(&self, question: Question) -> Answer {
        // What is not offered needs no disk: the hub asks for such a log to hear whether this agent lives.
        if let Question::Read { log, .. } | Question::Raw { log, .. } = &question
            && let Err(refusal) = self.host.log(log)
        {
            return Answer::Refused(refusal);
        }
        let asker = Asker(TakenBack::default());
        let taken_back = asker.0.clone();
        let readers = match &question {
            Question::Read { filter, .. } if !filter.is_empty() => &self.seekers,
            _ => &self.readers,
        };
        let Ok(turn) = Arc::clone(readers).acquire_owned().await else {
            return refused(Failure::Busy, "the agent stops");
        };
        // On its own: also of a question that is taken back it has to be known whether it hangs, or it would keep its turn.
        let answering =
            Answering { host: Arc::clone(&self.host), left_behind: Arc::clone(&self.left_behind), taken_back };
        let answered = tokio::spawn(async move {
            let answer = answering.answer(question).await;
            drop(turn);
            answer
        });
        answered.await.unwrap_or_else(|_| unforeseen())
    }
}

/// One question that has its turn.
struct Answering {
    host: Arc<Host>,
    left_behind: Arc<AtomicUsize>,
    taken_back: TakenBack,
}

impl Answering {
    async fn answer(&self, question: Question) -> Answer {
        loop {
            if self.left_behind.load(Ordering::Relaxed) >= MOST_LEFT_BEHIND {
                return refused(
                    Failure::Busy,
                    "too many questions of this host wait for file systems that do not answer",
                );
            }
            let hung = match self.look_up(question.clone()).await {
                Ok(answer) => return answer,
                Err(hung) => hung,
            };
            // Once more, and without what hangs: the rest of a list is worth having.
            if !matches!(question, Question::List { .. }) || self.taken_back.is_so() {
                return Answer::Refused(hangs(&hung));
            }
        }
    }

    /// The mount point of a file system that hangs, where there is no answer for that.
    async fn look_up(&self, question: Question) -> Result<Answer, PathBuf> {
        // These it asks nothing: it cannot be them that hold it up.
        let known = self.host.disk.all_that_hang();
        let visit = Visit::default();
        let (host, taken_back, at) = (Arc::clone(&self.host), self.taken_back.clone(), visit.clone());
        let mut looking = tokio::task::spawn_blocking(move || look_up(&host, question, &taken_back, &at));
        loop {
            if let Ok(answer) = tokio::time::timeout(SLOW, &mut looking).await {
                return Ok(answer.unwrap_or_else(|_| unforeseen()));
            }
            if let Some(hung) = self.hung(&visit, &known).await {
                self.leave_behind(looking);
                return Err(hung);
            }
        }
    }

    /// The file system that holds up who stands there: that of the place, or that of an offer which might have it.
    async fn hung(&self, visit: &Visit, known: &HashSet<PathBuf>) -> Option<PathBuf> {
        let place = visit.place()?;
        let roots: Vec<PathBuf> = self.host.offers().roots().map(Path::to_owned).collect();
        for path in std::iter::once(place).chain(roots) {
            if let Some(hung) = self.host.disk.look(path).await.filter(|hung| !known.contains(hung)) {
                return Some(hung);
            }
        }
        None
    }

    /// A thread that nobody waits for any more, until its file system lets it go.
    fn leave_behind(&self, looking: JoinHandle<Answer>) {
        let left_behind = Arc::clone(&self.left_behind);
        left_behind.fetch_add(1, Ordering::Relaxed);
        tokio::spawn(async move {
            drop(looking.await);
            left_behind.fetch_sub(1, Ordering::Relaxed);
        });
    }
}

fn unforeseen() -> Answer {
    refused(Failure::Failed, "reading failed in an unforeseen way; see the agent's log")
}

fn hangs(mount: &Path) -> Refusal {
    Refusal { why: Some(Why::DiskHangs), ..Refusal::of(Failure::Unreadable, hangs_words(mount)) }
}

/// The log that has to be at hand for an answer.
fn question_about(question: &Question) -> Option<&str> {
    match question {
        Question::Read { log, .. } | Question::Raw { log, .. } => Some(log),
        Question::Inspect(Inspect::Processes { writes, .. }) => writes.as_deref(),
        Question::Inspect(_) | Question::List { .. } => None,
    }
}

fn look_up(host: &Host, question: Question, taken_back: &TakenBack, visit: &Visit) -> Answer {
    if let Some(path) = question_about(&question).and_then(|log| host.offers().path_of(log)) {
        visit.at(&path);
        if let Some(mount) = host.disk.hangs_at(&path) {
            return Answer::Refused(hangs(&mount));
        }
    }
    let answer = match question {
        Question::List { pattern, contains, limit, after } => {
            let wanted = Wanted {
                pattern: pattern.as_deref(),
                contains: contains.as_deref(),
                limit: limit as usize,
                after: after.as_deref(),
            };
            return list(Eyes { offers: &host.offers(), disk: &host.disk, visit }, &wanted);
        }
        Question::Read { log, spot, lines, bytes, filter, scan, half } => {
            let deadline = Instant::now() + MOST_TIME;
            let bounds = Bounds { lines, bytes: bytes.min(MAX_BYTES), scan: scan.min(MAX_SCAN), deadline, half };
            let wanted = Lines { bounds, filter, taken_back };
            host.log(&log).and_then(|log| read(&log, &spot, &wanted, host.zone()))
        }
        Question::Inspect(question) => return host.processes().answer(&host.offers(), question),
        Question::Raw { log, from, to, bytes } => {
            host.log(&log).and_then(|log| raw(&log, from.as_deref(), to.as_deref(), bytes.min(MAX_BYTES)))
        }
    };
    answer.unwrap_or_else(Answer::Refused)
}

fn refused(failure: Failure, words: &str) -> Answer {
    Answer::Refused(Refusal::of(failure, words))
}

#[cfg(test)]
mod tests;
