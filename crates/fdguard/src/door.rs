//! Those who do not fit, and those of whose address there are too many: heard, answered, seen off.
//!
//! A client that is closed on without a word shows "connection reset" or hangs; one that is answered before it asked
//! may never look. So whoever finds a seat, out of the reserve, is heard for a moment (its first bytes may show that
//! it is no viewer at all and has a place of its own), answered, and given time to read; closing earlier, while its
//! request is still on the way, would make TCP throw the answer away. There are few seats: when all are taken by those who
//! speak the rest is answered in the same breath and closed, which is enough for every client that has spoken already.
//!
//! Bounds: 8 seats (`door/seats.rs`) to be heard in for 750 ms while nobody else needs one and at least 20 ms else, then
//! for at most 50 ms, or two seconds for one who may wait, of whom there are 6 at a time; and 8 to be seen off from for at most a second and 64 KiB
//! (fewer of both under a low limit). Refuses to read a request; it is looked at, and what is drained is thrown away.

mod seats;

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream as StdStream};
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::{Semaphore, mpsc};
use tokio::time::{Instant, timeout};

use crate::address::Crowded;
use crate::budget::Budget;
use crate::door::seats::{Listening, Seat, Seats};
use crate::listener::Accepted;
use crate::plan::Class;
use crate::refusal::{Asked, Reason, Refusal};
use crate::slot::Slot;

/// Connections that are heard at a time, and answered ones that are seen off at a time.
const SEATS: usize = 8;

/// How long the words of an answer may take. The buffer of a new socket is empty: words that do not fit into it at once are too many.
const SPOKEN_IN: Duration = Duration::from_millis(20);

/// How long it may take until one that was asked to go has gone.
const ROOM_IN: Duration = Duration::from_millis(50);

/// How long one who may wait does.
const WAIT_IN_SEAT: Duration = Duration::from_secs(2);

/// How long it takes to see a descriptor that was closed, but for what its slot says.
const LOOK_AGAIN: Duration = Duration::from_millis(5);

/// How long an answered client may take to read and close.
const LINGER: Duration = Duration::from_secs(1);

/// How much of a request is looked at.
const HEAD: usize = 4096;

/// How much of a request is thrown away before its sender is closed on.
const DRAIN: usize = 64 * 1024;

/// One who was let in after all, with the seat given up when taken from the queue: so the queue never overflows.
type LetIn = (Accepted, Seat);

pub(crate) struct Door {
    clerk: Arc<Clerk>,
    seats: Seats,
    let_in: mpsc::Receiver<LetIn>,
    letting_in: mpsc::Sender<LetIn>,
}

/// One who has a seat.
struct Guest {
    stream: StdStream,
    peer: SocketAddr,
    reason: Reason,
    listening: Listening,
}

/// What each seat needs.
struct Clerk {
    budget: Budget,
    refusal: Box<dyn Refusal>,
    /// For those who were answered: whoever comes next is heard meanwhile.
    leaving: Semaphore,
    /// For those who wait for a place: fewer than there are seats, so that who comes next can say who it is.
    waiting: Semaphore,
}

impl Door {
    pub(crate) fn new(budget: Budget, refusal: impl Refusal) -> Self {
        let reserve = usize::try_from(budget.floor(Class::Reserve)).unwrap_or(usize::MAX);
        let (letting_in, let_in) = mpsc::channel(SEATS);
        let seats = (reserve / 2).clamp(1, SEATS);
        let leaving = Semaphore::new((reserve / 4).clamp(1, SEATS));
        let waiting = Semaphore::new((seats - (seats / 4).max(1)).max(1));
        let clerk = Arc::new(Clerk { budget, refusal: Box::new(refusal), leaving, waiting });
        Self { clerk, seats: Seats::new(seats), let_in, letting_in }
    }

    /// The next one who turned out to have a place. Cancellation safe.
    pub(crate) async fn let_in(&mut self) -> Accepted {
        match self.let_in.recv().await {
            Some((accepted, _seat)) => accepted,
            // Cannot be: the other end is ours, and held.
            None => std::future::pending().await,
        }
    }

    /// Whether its address has room for one more viewer, which then has the slot.
    pub(crate) fn admits(&self, slot: &Slot, peer: SocketAddr) -> Result<(), Crowded> {
        self.clerk.admits(slot, peer)
    }

    /// Whether who comes now finds a seat only a moment later; then [`Door::opens`] is to be waited for first.
    pub(crate) fn is_crowded(&self) -> bool {
        self.seats.are_all_new()
    }

    /// Until the next one may knock. Cancellation safe.
    pub(crate) async fn opens(&self) {
        self.seats.one_to_take().await;
    }

    /// Deals with one who does not fit, without waiting. `Some` when there is a place for it after all.
    pub(crate) fn knock(&self, stream: StdStream, peer: SocketAddr, reason: Reason) -> Option<Accepted> {
        // Also for one without a seat: who comes next finds the place. For one whose address has its part nobody else has to go.
        let shed = reason == Reason::Full && self.clerk.budget.shed();
        // In this order: nobody gives up a seat that then stays empty.
        let slot = self.clerk.budget.take_for_open(Class::Reserve).ok();
        let Some((slot, listening)) = slot.and_then(|slot| Some((slot, self.seats.take()?))) else {
            return self.clerk.answer_at_once(stream, peer, reason);
        };
        let guest = Guest { stream, peer, reason, listening };
        let (clerk, letting_in) = (Arc::clone(&self.clerk), self.letting_in.clone());
        tokio::spawn(async move {
            let Some(let_in) = clerk.hear_out(guest, slot, shed).await else { return };
            if let Err(error) = letting_in.try_send(let_in) {
                tracing::debug!(%error, "the listener is gone");
            }
        });
        None
    }

    /// Answers one who was accepted with the last descriptor.
    pub(crate) fn turn_away(&self, stream: StdStream, peer: SocketAddr) {
        let let_in = self.clerk.answer_at_once(stream, peer, Reason::Exhausted);
        debug_assert!(let_in.is_none(), "there is no place for anybody");
    }
}

impl Clerk {
    /// Without waiting for anything: what the socket holds and takes at this moment must do.
    fn answer_at_once(&self, mut stream: StdStream, peer: SocketAddr, reason: Reason) -> Option<Accepted> {
        let mut head = [0; HEAD];
        let heard = stream.peek(&mut head).unwrap_or(0);
        let asked = Asked { peer, head: &head[..heard], reason };
        if let Some(slot) = self.place_for(&asked) {
            return Accepted::new(stream, peer, slot).inspect_err(|_| self.closed_on(reason)).ok();
        }
        self.budget.counters().refused(reason);
        self.budget.counters().hurried();
        let words = self.refusal.words(&asked);
        if !matches!(stream.write(&words), Ok(written) if written == words.len()) {
            self.budget.counters().unanswered(reason);
        } else if stream.shutdown(Shutdown::Write).is_ok() {
            // What stays unread when a socket is closed turns the close into a reset.
            let mut drained = 0;
            while drained < DRAIN {
                match stream.read(&mut head) {
                    Ok(1..) => drained += HEAD,
                    _ => break,
                }
            }
        }
        None
    }

    /// With a seat: waits a moment for the request, answers, and lets the client read.
    async fn hear_out(
        &self,
        Guest { stream, peer, mut reason, listening }: Guest,
        mut slot: Slot,
        shed: bool,
    ) -> Option<LetIn> {
        let Ok(mut stream) = stream.set_nodelay(true).and_then(|()| TcpStream::from_std(stream)) else {
            self.closed_on(reason);
            return None;
        };
        let mut head = vec![0; HEAD];
        let says = async { stream.peek(&mut head).await.unwrap_or(0) };
        let (heard, seat) = listening.hear(says).await;
        let asked = |reason| Asked { peer, head: &head[..heard], reason };
        let waits = self.refusal.may_wait(&asked(reason)).then(|| self.waiting.try_acquire().ok()).flatten();
        let room_in = match shed {
            _ if waits.is_some() => WAIT_IN_SEAT,
            true => ROOM_IN,
            false => Duration::ZERO,
        };
        match (self.refusal.class(&asked(reason)), seat) {
            // Who leaves next to it makes no place for one whose address has its part, and the room is for who has its seat now.
            (Class::Viewers, _) if reason == Reason::Crowded => (),
            (_, None) => (),
            (class, Some(seat)) => match self.finds_room(&mut slot, class, peer, room_in).await {
                Ok(()) => return Some((Accepted { stream, peer, slot }, seat)),
                Err(why) => reason = why,
            },
        }
        drop(waits);
        self.budget.counters().refused(reason);
        let words = self.refusal.words(&asked(reason));
        if timeout(SPOKEN_IN, stream.write_all(&words)).await.is_ok_and(|written| written.is_ok()) {
            // With no place to be seen off from: what has come of its request is read, as from those without a seat.
            let linger = self.leaving.try_acquire();
            let time = if linger.is_ok() { LINGER } else { Duration::ZERO };
            // Time that is up is an end like any other: it had its words, and a second to read them.
            timeout(time, see_off(&mut stream)).await.unwrap_or(());
        } else {
            self.budget.counters().unanswered(reason);
        }
        // In this order: a slot is returned after its descriptor is closed.
        drop(stream);
        drop(slot);
        None
    }

    /// Whether there is a place in its class now, or within this time, since somebody idle was asked to go for it.
    async fn finds_room(
        &self,
        slot: &mut Slot,
        class: Class,
        peer: SocketAddr,
        room_in: Duration,
    ) -> Result<(), Reason> {
        let until = Instant::now() + room_in;
        let mut one_more = false;
        loop {
            let freed = self.budget.freed();
            tokio::pin!(freed);
            freed.as_mut().enable();
            if slot.become_one_of(class).is_ok() {
                let admitted = if class == Class::Viewers { self.admits(slot, peer) } else { Ok(()) };
                return admitted.map_err(|_| Reason::Crowded);
            }
            if Instant::now() >= until {
                return Err(Reason::Full);
            }
            if one_more {
                self.budget.shed();
            }
            // One may not be enough, since others have opened more meanwhile; and without a returned slot too it looks again:
            // what the books have of the kernel may be of before.
            one_more = true;
            timeout(LOOK_AGAIN, freed).await.unwrap_or(());
        }
    }

    /// One who is refused, and hears nothing of it.
    fn closed_on(&self, reason: Reason) {
        self.budget.counters().refused(reason);
        self.budget.counters().unanswered(reason);
    }

    fn admits(&self, slot: &Slot, peer: SocketAddr) -> Result<(), Crowded> {
        if self.refusal.speaks_for_many(peer.ip()) { Ok(()) } else { slot.counts_for(peer.ip()) }
    }

    /// A place for one who is no viewer. When the kernel has no descriptor left there is none for anybody.
    fn place_for(&self, asked: &Asked<'_>) -> Option<Slot> {
        match (asked.reason, self.refusal.class(asked)) {
            (Reason::Exhausted, _) | (_, Class::Viewers) => None,
            (Reason::Full | Reason::Crowded, class) => self.budget.take_for_open(class).ok(),
        }
    }
}

/// Tells the client that this was all, and reads until it closes.
async fn see_off(stream: &mut TcpStream) {
    let (mut bin, mut drained) = ([0; HEAD], 0);
    if stream.shutdown().await.is_err() {
        return;
    }
    while drained < DRAIN {
        match stream.read(&mut bin).await {
            Ok(read @ 1..) => drained += read,
            _ => return,
        }
    }
}
