//! Where those who do not fit are heard: few seats, each for as long as nobody else needs it.
//!
//! A client connects first and says a little later what it wants, a browser sometimes much later. While there are seats that costs
//! nothing, so it is waited for. In a crowd the one who has been silent for longest gives up its seat to the next, but not before it
//! has had a moment; until then the crowd waits in the kernel's queue, where each has time to speak before it is looked at.
//!
//! Where many more gave up their seats without a word than spoke, they are not slow but silent, and the crowd does not wait behind
//! them: so nobody can keep others from their answer by saying nothing.
//!
//! Refuses to know what is said: it is told whether anything was.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};
use tokio::time::{Instant, timeout, timeout_at};

/// How long a client may take to say who it is when nobody else needs its seat: less than a second, after which silence passes for a hang.
const LEISURE: Duration = Duration::from_millis(750);

/// How long it has at least. Long enough for one that connected to ask.
const MOMENT: Duration = Duration::from_millis(20);

/// After so many for each seat who gave it up without a word, beyond those who spoke, nobody waits for the next of them: so a crowd
/// waits for silent ones at most 160 ms, and 20 ms more for each that speaks.
const SILENT_ROUNDS: usize = 8;

/// A seat that is held until it is dropped.
pub(crate) type Seat = OwnedSemaphorePermit;

pub(crate) struct Seats {
    free: Arc<Semaphore>,
    row: Arc<Mutex<Row>>,
}

/// Those who have said nothing yet, who came first in front.
#[derive(Default)]
struct Row {
    silent: VecDeque<Silent>,
    /// The number of the next one.
    next: u64,
    /// How many more gave up their seats without a word than spoke, up to where nobody waits for them.
    unheard: usize,
    most_unheard: usize,
}

struct Silent {
    number: u64,
    since: Instant,
    seat: Seat,
    /// Closed when the seat is given to another.
    _keeps: oneshot::Sender<Infallible>,
}

/// One who has a seat and said nothing yet.
pub(crate) struct Listening {
    row: Arc<Mutex<Row>>,
    number: u64,
    gives_up: oneshot::Receiver<Infallible>,
}

impl Seats {
    pub(crate) fn new(number: usize) -> Self {
        let row = Row { most_unheard: number * SILENT_ROUNDS, ..Row::default() };
        Self { free: Arc::new(Semaphore::new(number)), row: Arc::new(Mutex::new(row)) }
    }

    /// A free seat, or that of who has been silent for longest. `None` when those who have one speak, or came just now.
    pub(crate) fn take(&self) -> Option<Listening> {
        let mut row = lock(&self.row);
        let seat = Arc::clone(&self.free).try_acquire_owned().ok().or_else(|| row.give_up())?;
        let (keeps, gives_up) = oneshot::channel();
        let number = row.next;
        row.next += 1;
        row.silent.push_back(Silent { number, since: Instant::now(), seat, _keeps: keeps });
        Some(Listening { row: Arc::clone(&self.row), number, gives_up })
    }

    /// Until there is one to take, or none to wait for: at most [`MOMENT`] for each that speaks meanwhile. Cancellation safe.
    pub(crate) async fn one_to_take(&self) {
        while let Some(until) = self.worth_waiting_until() {
            // Whether it was a free seat or the clock: it looks again.
            drop(timeout_at(until, self.free.acquire()).await);
        }
    }

    /// Whether [`Seats::one_to_take`] would wait.
    pub(crate) fn are_all_new(&self) -> bool {
        self.worth_waiting_until().is_some()
    }

    /// When the first one has had its moment, if that is yet to come and anybody is worth to be waited for.
    fn worth_waiting_until(&self) -> Option<Instant> {
        let row = lock(&self.row);
        let is_busy = self.free.available_permits() == 0 && row.unheard < row.most_unheard;
        let until = row.silent.front()?.since + MOMENT;
        (is_busy && until > Instant::now()).then_some(until)
    }
}

impl Row {
    fn give_up(&mut self) -> Option<Seat> {
        self.silent.pop_front_if(|first| first.since.elapsed() >= MOMENT).map(|first| {
            self.unheard = (self.unheard + 1).min(self.most_unheard);
            first.seat
        })
    }

    fn leaves(&mut self, number: u64) -> Option<Seat> {
        let place = self.silent.iter().position(|one| one.number == number)?;
        self.silent.remove(place).map(|one| one.seat)
    }
}

impl Listening {
    /// How many bytes it said, none when it takes too long, and its seat unless another has it by then.
    pub(crate) async fn hear(mut self, says: impl Future<Output = usize>) -> (usize, Option<Seat>) {
        let said = tokio::select! {
            biased;
            said = timeout(LEISURE, says) => said.unwrap_or(0),
            _ = &mut self.gives_up => 0,
        };
        let mut row = lock(&self.row);
        if said > 0 {
            row.unheard = row.unheard.saturating_sub(1);
        }
        (said, row.leaves(self.number))
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        drop(lock(&self.row).leaves(self.number));
    }
}

/// Nothing that is done under the lock leaves half of it undone.
fn lock(row: &Mutex<Row>) -> MutexGuard<'_, Row> {
    row.lock().unwrap_or_else(PoisonError::into_inner)
}
