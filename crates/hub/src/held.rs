//! What is held in memory for viewers who have not taken it yet, in all: a bound over all of them, who waits, who goes.
//!
//! Each viewer holds little: a page of history while it is written, or what one drain of a ring brought. A thousand that
//! take nothing hold a thousand pages. So a page is asked for only when there is room for it, and whoever wants one waits for
//! its turn; who has taken nothing for long while somebody waits is asked to leave, the longest first. What left a ring
//! for a viewer who then stopped taking is here already, as is a page that weighs more than one does: it counts, and when
//! it does not fit, the longest stuck goes at once. Who left comes again from where it stood, so nothing is lost by it.
//!
//! Bound: [`Held::bound`], and one drain or page until those have left. Policy: wait; the longest stuck goes. Counters: bytes,
//! waiting, gone.
//!
//! What a viewer of several logs has asked for it may be unable to fetch, since it is not polled while it writes: so a place
//! in a line is worth nothing here. A wake-up is a hint, and whoever waits looks again by itself, too.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Notify;
use tokio::time::timeout;

use crate::guests::Exit;

/// Who waits looks again after this.
const AGAIN: Duration = Duration::from_millis(500);
/// Less than this is not counted: it is bounded by the number of viewers, and most of them never hold more.
pub(crate) const SMALL: usize = 16 << 10;

/// What is held for all viewers of a hub.
#[derive(Debug)]
pub(crate) struct Held {
    bound: usize,
    /// Who has taken nothing for so long is stuck.
    stuck: Duration,
    books: Mutex<Books>,
    freed: Notify,
}

#[derive(Debug, Default)]
struct Books {
    next: u64,
    bytes: usize,
    holders: HashMap<u64, Holder>,
    /// Of those who have been asked to leave and have not let go yet.
    leaving: usize,
    waiting: u64,
    shed: u64,
}

#[derive(Debug)]
struct Holder {
    bytes: usize,
    /// When it last took some of it, or was given more.
    since: Instant,
    exit: Exit,
    /// It was asked to leave.
    leaves: bool,
}

/// Room for so many bytes, until it is dropped.
#[derive(Debug)]
pub(crate) struct Room {
    held: Arc<Held>,
    number: u64,
}

/// Counts one who waits, while it lives.
struct Waiting<'a>(&'a Held);

/// The books at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct HeldNow {
    pub(crate) bytes: u64,
    pub(crate) bound: u64,
    pub(crate) waiting: u64,
    /// Viewers that were asked to leave, since the start.
    pub(crate) shed: u64,
}

impl Held {
    pub(crate) fn new(bound: usize, stuck: Duration) -> Arc<Self> {
        Arc::new(Held { bound, stuck, books: Mutex::default(), freed: Notify::new() })
    }

    /// Waits for room. One who wants more than the bound gets it when nobody else holds anything. Cancel safe.
    pub(crate) async fn room(self: &Arc<Self>, bytes: usize, exit: &Exit) -> Room {
        if let Some(room) = self.try_room(bytes, exit) {
            return room;
        }
        self.lock().waiting += 1;
        let _waiting = Waiting(self);
        loop {
            // Whether it was somebody who left or the clock does not matter: the books are asked again.
            timeout(AGAIN, self.freed.notified()).await.unwrap_or(());
            if let Some(room) = self.try_room(bytes, exit) {
                // There may be room for one more, whose wake-up this one has had.
                self.freed.notify_one();
                return room;
            }
            self.lock().shed_for(bytes, self.bound, self.stuck);
        }
    }

    fn try_room(self: &Arc<Self>, bytes: usize, exit: &Exit) -> Option<Room> {
        let mut books = self.lock();
        let fits = books.bytes == 0 || books.bytes + bytes <= self.bound;
        fits.then(|| Room { held: Arc::clone(self), number: books.enter(bytes, exit) })
    }

    /// Counts what is held already. When it does not fit, those who have taken nothing the longest are asked to leave.
    pub(crate) fn hold(self: &Arc<Self>, bytes: usize, exit: &Exit) -> Room {
        let mut books = self.lock();
        let number = books.enter(bytes, exit);
        books.shed_for(0, self.bound, Duration::ZERO);
        Room { held: Arc::clone(self), number }
    }

    pub(crate) fn now(&self) -> HeldNow {
        let books = self.lock();
        HeldNow { bytes: books.bytes as u64, bound: self.bound as u64, waiting: books.waiting, shed: books.shed }
    }

    fn lock(&self) -> MutexGuard<'_, Books> {
        self.books.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Books {
    fn enter(&mut self, bytes: usize, exit: &Exit) -> u64 {
        let number = self.next;
        self.next += 1;
        self.bytes += bytes;
        self.holders.insert(number, Holder { bytes, since: Instant::now(), exit: exit.clone(), leaves: false });
        number
    }

    fn lessen(&mut self, number: u64, bytes: usize) {
        if self.holders.get(&number).is_some_and(|holder| bytes < holder.bytes) {
            self.set(number, bytes);
        }
    }

    fn set(&mut self, number: u64, bytes: usize) {
        let Some(holder) = self.holders.get_mut(&number) else { return };
        let before = std::mem::replace(&mut holder.bytes, bytes);
        if bytes != before {
            holder.since = Instant::now();
        }
        self.bytes = self.bytes - before + bytes;
        if holder.leaves {
            self.leaving = self.leaving - before + bytes;
        }
    }

    /// Whoever was asked to leave over a connection that has ended is somebody to ask again.
    fn stay(&mut self, number: u64, exit: &Exit) {
        let Some(holder) = self.holders.get_mut(&number).filter(|holder| !holder.exit.is(exit)) else { return };
        holder.exit = exit.clone();
        if std::mem::take(&mut holder.leaves) {
            self.leaving -= holder.bytes;
        }
    }

    /// Asks those to leave, the longest first, who have taken nothing for `stuck`, until so many bytes more will fit. One
    /// who holds more than the bound alone stays: it would come again for the same.
    fn shed_for(&mut self, bytes: usize, bound: usize, stuck: Duration) {
        while self.bytes - self.leaving + bytes > bound {
            if bytes == 0 && self.holders.values().filter(|holder| !holder.leaves).count() == 1 {
                return;
            }
            let staying = self.holders.values_mut().filter(|holder| !holder.leaves && holder.since.elapsed() >= stuck);
            let Some(longest) = staying.min_by_key(|holder| holder.since) else { return };
            longest.exit.shed();
            longest.leaves = true;
            self.leaving += longest.bytes;
            self.shed += 1;
        }
    }
}

impl Room {
    /// At most so many bytes are left of it.
    pub(crate) fn lessen(&self, bytes: usize) {
        self.held.lock().lessen(self.number, bytes);
        self.held.freed.notify_one();
    }

    /// It turned out to be so many bytes, for a viewer who may have come over another connection meanwhile.
    pub(crate) fn set(&self, bytes: usize, exit: &Exit) {
        let mut books = self.held.lock();
        books.set(self.number, bytes);
        books.stay(self.number, exit);
        books.shed_for(0, self.held.bound, Duration::ZERO);
        drop(books);
        self.held.freed.notify_one();
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        let mut books = self.held.lock();
        books.set(self.number, 0);
        books.holders.remove(&self.number);
        drop(books);
        self.held.freed.notify_one();
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.lock().waiting -= 1;
    }
}

#[cfg(test)]
mod tests {
    use futures_util::poll;

    use super::*;
    use crate::access::Standing;
    use crate::guests::{Guest, Guests, Leave};

    const MIB: usize = 1 << 20;

    fn guest(guests: &Arc<Guests>) -> Guest {
        guests.enter(Standing::nobody(), None)
    }

    fn shed(held: &Held) -> (u64, u64) {
        (held.now().bytes / MIB as u64, held.now().shed)
    }

    #[tokio::test]
    async fn who_does_not_fit_waits_until_somebody_lets_go_and_nobody_is_sent_away() {
        let (held, guests) = (Held::new(4 * MIB, Duration::from_secs(3600)), Arc::default());
        let (first, second) = (guest(&guests), guest(&guests));
        let room = held.room(3 * MIB, &first.exit()).await;
        let exit = second.exit();
        let waits = held.room(3 * MIB, &exit);
        tokio::pin!(waits);
        assert!(poll!(waits.as_mut()).is_pending());
        assert_eq!((shed(&held), held.now().waiting), ((3, 0), 1));
        room.set(MIB, &first.exit());
        drop(waits.await);
        assert_eq!((shed(&held), held.now().waiting), ((1, 0), 0));
        drop(room);
        assert_eq!(held.now().bytes, 0);
    }

    #[tokio::test]
    async fn who_is_stuck_is_asked_to_leave_for_one_who_waits_the_longest_first_and_no_more_than_needed() {
        let (held, guests) = (Held::new(4 * MIB, Duration::ZERO), Arc::default());
        let stuck: Vec<_> = (0..4).map(|_| guest(&guests)).collect();
        let mut rooms = std::collections::VecDeque::new();
        for each in &stuck {
            rooms.push_back(held.room(MIB, &each.exit()).await);
        }
        let newcomer = guest(&guests);
        let exit = newcomer.exit();
        let waits = held.room(2 * MIB, &exit);
        tokio::pin!(waits);
        tokio::select! {
            _ = waits.as_mut() => panic!("nobody has let go yet"),
            why = stuck[1].asked_to_leave() => assert_eq!(why, Leave::RoomNeeded),
        }
        assert_eq!(shed(&held), (4, 2));
        for each in &stuck[..2] {
            assert_eq!(each.asked_to_leave().await, Leave::RoomNeeded);
            rooms.pop_front();
        }
        let room = waits.await;
        assert_eq!(shed(&held), (4, 2));
        drop((room, rooms));
    }

    #[tokio::test]
    async fn what_is_held_already_and_does_not_fit_sends_the_longest_away_at_once() {
        let (held, guests) = (Held::new(4 * MIB, Duration::from_secs(3600)), Arc::default());
        let (first, second) = (guest(&guests), guest(&guests));
        let rooms = (held.hold(3 * MIB, &first.exit()), held.hold(3 * MIB, &second.exit()));
        assert_eq!(first.asked_to_leave().await, Leave::RoomNeeded);
        assert_eq!(shed(&held), (6, 1));
        drop(rooms);
        assert_eq!(held.now().bytes, 0);
    }

    #[tokio::test]
    async fn a_page_that_weighs_more_than_its_room_sends_the_longest_away_and_never_the_one_who_asked_for_it() {
        let (held, guests) = (Held::new(4 * MIB, Duration::from_secs(3600)), Arc::default());
        let (first, second) = (guest(&guests), guest(&guests));
        let stuck = held.room(2 * MIB, &first.exit()).await;
        let room = held.room(2 * MIB, &second.exit()).await;
        room.set(3 * MIB, &second.exit());
        assert_eq!(first.asked_to_leave().await, Leave::RoomNeeded);
        drop(stuck);
        room.set(5 * MIB, &second.exit());
        assert_eq!(shed(&held), (5, 1));
        drop(room);
    }
}
