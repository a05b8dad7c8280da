//! Who has something open: live views and links of agents; and how each is asked to leave.
//!
//! The gate looks once, when a request comes; a view may then be open for weeks. So what its viewer was let in by is looked
//! at again, once a second: a token that was removed, a session that was logged out and a password that was changed end what
//! is open, in words, and behind the words, should nobody take them, by cutting the connection.
//!
//! Bound: the connections are (`fdguard`). It refuses to judge: whether somebody still may look is the gate's to say.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::access::{Access, Over, Standing};
use crate::carrier::Reins;
use crate::patience::Patience;

/// Why somebody is asked to leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Leave {
    /// The hub goes down.
    HubStops,
    /// They take nothing, and what is held for them is needed for others.
    RoomNeeded,
    /// What they were let in by holds no longer.
    NotAdmitted(Over),
}

/// All of them.
#[derive(Debug, Default)]
pub(crate) struct Guests {
    inner: Mutex<Inner>,
    /// Somebody came whose standing can end.
    came: Notify,
}

#[derive(Debug, Default)]
struct Inner {
    next: u64,
    seats: HashMap<u64, Arc<Seat>>,
    /// The hub goes down: whoever comes now leaves at once.
    closed: bool,
}

#[derive(Debug)]
struct Seat {
    standing: Standing,
    /// Of the connection, where the words go through a response that only its client moves on.
    reins: Option<Reins>,
    why: OnceLock<Leave>,
    asked: CancellationToken,
}

impl Seat {
    fn ask_to_leave(&self, why: Leave) {
        // The first reason is the one that is told.
        if self.why.set(why).is_ok() {
            self.asked.cancel();
        }
    }
}

/// The way by which one of them is asked to leave for want of room. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Exit(Arc<Seat>);

impl Exit {
    /// Whether it is that of the same guest.
    pub(crate) fn is(&self, other: &Exit) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// Asks it to leave, and cuts a connection that takes nothing and so would not hear.
    pub(crate) fn shed(&self) {
        self.0.ask_to_leave(Leave::RoomNeeded);
        if let Some(reins) = &self.0.reins {
            reins.cut();
        }
    }
}

/// One of them, for as long as this lives.
#[derive(Debug)]
pub(crate) struct Guest {
    guests: Arc<Guests>,
    number: u64,
    seat: Arc<Seat>,
}

impl Guest {
    /// How it is asked to make room.
    pub(crate) fn exit(&self) -> Exit {
        Exit(Arc::clone(&self.seat))
    }

    /// Completes when it is to leave, and says why. Stays complete.
    pub(crate) fn asked_to_leave(&self) -> impl Future<Output = Leave> + Send + Sync + use<> {
        let seat = Arc::clone(&self.seat);
        async move {
            seat.asked.cancelled().await;
            seat.why.get().copied().unwrap_or(Leave::HubStops)
        }
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        self.guests.lock().seats.remove(&self.number);
    }
}

impl Guests {
    /// Somebody opens something.
    pub(crate) fn enter(self: &Arc<Self>, standing: Standing, reins: Option<Reins>) -> Guest {
        let can_end = standing.can_end();
        let seat = Seat { standing, reins, why: OnceLock::new(), asked: CancellationToken::new() };
        let seat = Arc::new(seat);
        let mut inner = self.lock();
        let number = inner.next;
        inner.next += 1;
        match inner.closed {
            true => seat.ask_to_leave(Leave::HubStops),
            false => drop(inner.seats.insert(number, Arc::clone(&seat))),
        }
        drop(inner);
        if can_end {
            self.came.notify_one();
        }
        Guest { guests: Arc::clone(self), number, seat }
    }

    /// The hub goes down: all are asked to leave.
    pub(crate) fn close(&self) {
        let mut inner = self.lock();
        inner.closed = true;
        inner.seats.values().for_each(|seat| seat.ask_to_leave(Leave::HubStops));
    }

    /// Looks, for as long as it is polled, who may look no longer. While nobody is there whose standing can end it sleeps.
    pub(crate) async fn look_after(&self, access: &Access, patience: &Patience) {
        loop {
            self.came.notified().await;
            while self.look(access, patience).await {
                tokio::time::sleep(patience.look_again).await;
            }
        }
    }

    /// Whether there is somebody to look at again.
    async fn look(&self, access: &Access, patience: &Patience) -> bool {
        let can_end = |(_, seat): &(&u64, &Arc<Seat>)| seat.standing.can_end();
        let seats: Vec<_> =
            self.lock().seats.iter().filter(can_end).map(|(&number, seat)| (number, Arc::clone(seat))).collect();
        let over = access.over(seats.iter().map(|(_, seat)| &seat.standing));
        let mut leaving = Vec::new();
        for ((number, seat), over) in seats.iter().zip(over) {
            if let Some(over) = over {
                seat.ask_to_leave(Leave::NotAdmitted(over));
                leaving.push(*number);
            }
        }
        if !leaving.is_empty() {
            tokio::time::sleep(patience.last_words).await;
            self.cut(&leaving);
        }
        !seats.is_empty()
    }

    /// Cuts the connections of those who are still there; of others it may serve another request by now.
    fn cut(&self, numbers: &[u64]) {
        let inner = self.lock();
        numbers.iter().filter_map(|number| inner.seats.get(number)?.reins.as_ref()).for_each(Reins::cut);
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
