//! The accept loop: lets in who fits, answers who does not, and never spins.
//!
//! A place in the budget is taken first and the connection second, so the books are right at every `accept`. When
//! there is no place the connection is accepted all the same, out of the reserve, and handed to the door. Only when
//! the kernel itself has no descriptor does the loop pause: it gives up its spare one, answers up to 64 with it, and
//! if not even one could be answered it waits, 10 ms first and 100 ms at most, or until a slot is returned. A fixed
//! sleep here is what makes servers deaf for seconds after room was made.
//!
//! Refuses to return an error: nothing that can happen to one connection, or to all descriptors, ends the listener.

use std::fmt::Display;
use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream as StdStream};
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::task::coop::consume_budget;

use crate::Error;
use crate::accept::{Accept, TcpAcceptor};
use crate::budget::Budget;
use crate::conn::Conn;
use crate::door::Door;
use crate::plan::Class;
use crate::refusal::{Reason, Refusal};
use crate::slot::Slot;
use crate::spare::Spare;
use crate::trouble::Trouble;

/// Connections answered out of the spare descriptor before others get their turn.
const RELIEF: usize = 64;

/// The first pause and the longest one.
const PAUSE: (Duration, Duration) = (Duration::from_millis(10), Duration::from_millis(100));

/// A connection that was let in.
#[derive(Debug)]
pub struct Accepted {
    /// The connection, with TCP_NODELAY.
    pub stream: TcpStream,
    /// The other end, as the socket has it.
    pub peer: SocketAddr,
    /// The right to it: keep it until the stream is closed.
    pub slot: Slot,
}

impl Accepted {
    pub(crate) fn new(stream: StdStream, peer: SocketAddr, slot: Slot) -> io::Result<Self> {
        stream.set_nodelay(true)?;
        Ok(Self { stream: TcpStream::from_std(stream)?, peer, slot })
    }

    /// Stream and slot as one, for a protocol that hands its stream on.
    pub fn into_conn(self) -> Conn {
        Conn::new(self.stream, self.slot)
    }
}

/// A listening socket that keeps to a [`Budget`].
pub struct Listener<A = TcpAcceptor> {
    source: A,
    budget: Budget,
    door: Door,
    spare: Spare,
    pause: Duration,
}

enum Step {
    Accepted(Accepted),
    Next,
    Pause,
    /// Nobody else can be heard for a moment.
    Crowd,
}

impl Listener {
    /// Listens on an address. Needs a tokio runtime.
    ///
    /// # Errors
    /// [`Error::Listen`].
    pub fn bind(address: SocketAddr, budget: Budget, refusal: impl Refusal) -> Result<Self, Error> {
        Ok(Self::with_source(TcpAcceptor::bind(address)?, budget, refusal))
    }

    /// Takes over a socket that listens already: socket activation. Needs a tokio runtime.
    ///
    /// # Errors
    /// [`Error::Inherited`].
    pub fn from_std(listener: TcpListener, budget: Budget, refusal: impl Refusal) -> Result<Self, Error> {
        Ok(Self::with_source(TcpAcceptor::from_std(listener)?, budget, refusal))
    }

    /// Where it listens: the real port when 0 was asked for.
    ///
    /// # Errors
    /// As getsockname(2).
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.source.local_addr()
    }
}

impl<A: Accept> Listener<A> {
    /// Guards another source of connections.
    pub fn with_source(source: A, budget: Budget, refusal: impl Refusal) -> Self {
        let door = Door::new(budget.clone(), refusal);
        let spare = Spare::open();
        // What was just opened must be in the books before the first client comes, be it within a millisecond.
        budget.look();
        Self { source, budget, door, spare, pause: PAUSE.0 }
    }

    /// Holds a spare descriptor that was opened earlier in place of its own. The kernel bounds the number of a descriptor: with the
    /// lowest one of a process those who come are answered under any limit that it is given while it runs.
    #[must_use]
    pub fn holding(self, spare: Spare) -> Self {
        Self { spare, ..self }
    }

    /// The next connection that fits. Those that do not are answered meanwhile. Cancellation safe: a connection
    /// that was accepted is returned or answered, never dropped.
    pub async fn accept(&mut self) -> Accepted {
        loop {
            // A crowd to be refused must not keep this thread from those who are served.
            consume_budget().await;
            let step = tokio::select! {
                biased;
                // First, so that a door at which somebody always stands does not keep it from being told.
                never = self.budget.tell_ends() => match never {},
                accepted = self.door.let_in() => Step::Accepted(accepted),
                ready = self.source.ready() => match ready {
                    Ok(()) => self.step(),
                    Err(error) => self.failed(&error),
                },
            };
            match step {
                Step::Accepted(accepted) => return self.let_in(accepted),
                Step::Next => {}
                Step::Pause => self.wait().await,
                Step::Crowd => self.door.opens().await,
            }
        }
    }

    fn let_in(&mut self, accepted: Accepted) -> Accepted {
        self.budget.counters().accepted();
        self.budget.tell_accepted();
        accepted
    }

    /// One `accept(2)`, and what follows from it. Does not wait.
    fn step(&mut self) -> Step {
        let place = self.budget.take(Class::Viewers);
        if place.is_err() && self.door.is_crowded() {
            return Step::Crowd;
        }
        let (stream, peer) = match self.source.take() {
            Ok(taken) => taken,
            Err(error) => {
                drop(place);
                return self.failed(&error);
            }
        };
        self.pause = PAUSE.0;
        // Where a low limit took it: now there are descriptors again.
        self.spare.hold_again();
        match place {
            Ok(slot) => match self.door.admits(&slot, peer) {
                Ok(()) => Accepted::new(stream, peer, slot).map_or_else(|error| self.failed(&error), Step::Accepted),
                Err(crowded) => {
                    drop(slot);
                    self.refuse(stream, peer, Reason::Crowded, &crowded)
                }
            },
            Err(full) => self.refuse(stream, peer, Reason::Full, &full),
        }
    }

    fn refuse(&self, stream: StdStream, peer: SocketAddr, reason: Reason, why: &dyn Display) -> Step {
        self.budget.tell_refused(reason, why);
        self.door.knock(stream, peer, reason).map_or(Step::Next, Step::Accepted)
    }

    fn failed(&mut self, error: &io::Error) -> Step {
        if error.kind() == io::ErrorKind::WouldBlock {
            return Step::Next;
        }
        self.budget.counters().accept_error(error);
        match Trouble::of(error) {
            Trouble::OneSocket => Step::Next,
            trouble @ (Trouble::Exhausted | Trouble::Unknown) => {
                // Before anybody is answered, who then counts as refused since it began.
                self.budget.tell_refused(Reason::Exhausted, error);
                if trouble == Trouble::Unknown || self.relieve() == 0 {
                    return Step::Pause;
                }
                self.pause = PAUSE.0;
                Step::Next
            }
        }
    }

    /// Answers those who wait, one after the other, in the place of the spare descriptor.
    fn relieve(&mut self) -> usize {
        let (source, door) = (&self.source, &self.door);
        self.spare.lend(|| {
            let waiting = std::iter::from_fn(|| source.take().ok()).take(RELIEF);
            waiting.map(|(stream, peer)| door.turn_away(stream, peer)).count()
        })
    }

    async fn wait(&mut self) {
        let pause = self.pause;
        self.pause = (pause * 2).min(PAUSE.1);
        // Whether it was a slot or the clock that ended it: the next thing is to try again.
        tokio::time::timeout(pause, self.budget.freed()).await.unwrap_or(());
    }
}
