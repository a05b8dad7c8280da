//! The limit, divided among the classes, and asked before anything is opened.
//!
//! One law decides: **the sum over all classes of the larger of what they hold and what they are promised must not
//! exceed the limit**, and what is open with a number above it: that takes no room under it. So a class that is below its floor always gets its descriptor, and the others share what no
//! promise covers. What no slot speaks for (libraries, standard streams) counts as held by [`Class::Fixed`].
//!
//! Thread-safe without a lock. A taker counts itself first and looks second, so that of two who want the last place
//! at least one sees the other: both may be refused, never both be let in. (That argument needs sequential
//! consistency across two counters, hence `SeqCst`.) The kernel is asked at most once per millisecond, and only when
//! somebody wants something; in between the books are kept by slots taken and returned. A `prlimit` from outside
//! takes effect with the next look, in both directions.
//!
//! Refuses to start under a limit that cannot hold the plan.

mod books;

use std::convert::Infallible;
use std::fmt::Display;
use std::sync::Arc;
use std::sync::atomic::Ordering::SeqCst;
use std::time::Duration;

use tokio::sync::futures::Notified;

use self::books::Books;
use crate::Error;
use crate::address::{Addresses, Crowded, Network};
use crate::counters::{ClassUse, Counters, Snapshot};
use crate::gauge::{Gauge, ProcessGauge};
use crate::idle::Idle;
use crate::plan::{Class, Plan};
use crate::refusal::Reason;
use crate::slot::Slot;

/// Nobody can be woken by a limit that somebody raised from outside; those who wait look again this often.
const RETRY: Duration = Duration::from_secs(1);

/// There is no room. An expected answer, and the words for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no room for more {}: {used} of {limit} descriptors are open or promised, {held} by {}", class.name(), class.name())]
pub struct Full {
    /// Who was refused.
    pub class: Class,
    /// How many the class holds.
    pub held: u64,
    /// Open descriptors of the process under its limit, and those that others are promised.
    pub used: u64,
    /// The soft limit.
    pub limit: u64,
}

/// The descriptors of this process. Cheap to clone; all clones are one budget.
#[derive(Clone)]
pub struct Budget(Arc<Books>);

impl Budget {
    /// The budget of this process under its limit as it stands: call [`crate::Limit::raise`] first.
    ///
    /// # Errors
    /// [`Error::TooFew`], with the number needed, when the plan does not fit beside what is open already. That is the only time
    /// it is asked: a server that starts at the number it was told to need goes on.
    pub fn new(plan: Plan) -> Result<Self, Error> {
        Self::with_gauge(plan, ProcessGauge::open())
    }

    /// A budget that goes by numbers from elsewhere.
    ///
    /// # Errors
    /// As [`Budget::new`].
    pub fn with_gauge(plan: Plan, gauge: impl Gauge) -> Result<Self, Error> {
        let (reading, open) = (gauge.read(), gauge.at_start());
        // What has a number above this limit may have one below a limit that is high enough: what is needed counts it, so that it is the
        // same number under every limit.
        let all = plan.beside(open.saturating_add(reading.beyond));
        let needed = all.needed();
        if reading.soft < needed {
            return Err(Error::TooFew { limit: reading.soft, hard: reading.hard, always: all.always, needed });
        }
        let books = Books::new(plan.beside(open), Box::new(gauge), &reading, open);
        books.look();
        Ok(Self(Arc::new(books)))
    }

    /// The plan, with what was open already in it: says what fits under another limit, too.
    pub fn plan(&self) -> Plan {
        self.0.plan
    }

    /// Takes a descriptor for this class, to be opened now. Never blocks; costs a few atomics.
    ///
    /// # Errors
    /// [`Full`] when there is no room.
    pub fn take(&self, class: Class) -> Result<Slot, Full> {
        self.0.look_if_stale();
        self.0.claim(class)?;
        Ok(Slot::new(self.clone(), class))
    }

    /// Takes a place for a descriptor that is open already and that no slot speaks for yet.
    ///
    /// # Errors
    /// [`Full`] when there is no room.
    pub(crate) fn take_for_open(&self, class: Class) -> Result<Slot, Full> {
        // Counted before the look, which sees the descriptor too: the other way round it would count twice.
        let slot = Slot::new(self.clone(), class);
        self.0.held[class.index()].fetch_add(1, SeqCst);
        self.0.look_if_stale();
        if self.0.fits(class) { Ok(slot) } else { Err(self.0.full(class)) }
    }

    /// Takes a descriptor for this class as soon as there is room. Cancellation safe; not fair.
    pub async fn take_when_free(&self, class: Class) -> Slot {
        loop {
            let freed = self.freed();
            tokio::pin!(freed);
            freed.as_mut().enable();
            if let Ok(slot) = self.take(class) {
                return slot;
            }
            // Whether it was a slot or the clock does not matter: the books are asked again.
            tokio::time::timeout(RETRY, freed).await.unwrap_or(());
        }
    }

    /// What helps here when there is no room, in words for the log line when refusing begins.
    pub fn advise(&self, words: String) {
        self.0.episodes().advise(words);
    }

    /// Completes when the next slot, of any class, is returned.
    pub fn freed(&self) -> Notified<'_> {
        self.0.freed.notified()
    }

    /// Open descriptors and the soft limit, as the books have them.
    pub fn used_and_limit(&self) -> (u64, u64) {
        self.0.look_if_stale();
        (self.0.used(), self.0.soft.load(SeqCst))
    }

    /// How many descriptors the class is promised under the limit of now.
    pub fn floor(&self, class: Class) -> u64 {
        self.0.floors[class.index()].load(SeqCst)
    }

    /// Everything that there is to show, for metrics and the overview.
    pub fn snapshot(&self) -> Snapshot {
        self.0.look();
        let (soft, beyond) = (self.0.soft.load(SeqCst), self.0.beyond.load(SeqCst));
        let classes = Class::ALL.map(|class| ClassUse {
            class,
            used: self.0.held_by(class),
            floor: self.floor(class),
            ceiling: self.0.ceiling(class),
        });
        let counts = self.0.counters.counts();
        let (used, hard, most_per_address) = (self.0.used(), self.0.hard.load(SeqCst), self.0.addresses.most());
        let left = self.0.trend().left((self.0.born.elapsed(), used), self.0.free_for_viewers());
        Snapshot { used, beyond, soft, hard, classes, most_per_address, left, counts }
    }

    /// Brings the books up to date, however fresh they are.
    pub(crate) fn look(&self) {
        self.0.look();
    }

    pub(crate) fn idle(&self) -> &Idle {
        &self.0.idle
    }

    pub(crate) fn addresses(&self) -> &Addresses {
        &self.0.addresses
    }

    /// Counts one viewer, who has a place already, for its address. Two that come at once may both see the last place as free;
    /// the bound of an address is a part of the room, to which one more or less is nothing.
    pub(crate) fn enter(&self, network: Network) -> Result<(), Crowded> {
        let free = self.0.free_for_viewers() + 1;
        self.0.addresses.enter(network, free, self.0.plan.per_address)
    }

    /// Somebody was refused, or could not even be accepted. Told in the log, once in ten seconds.
    pub(crate) fn tell_refused(&self, reason: Reason, why: &dyn Display) {
        let state = self.used_and_limit();
        self.0.episodes().refused(reason, why, state, self.counters());
        self.0.refused.notify_waiters();
    }

    /// Somebody was let in.
    pub(crate) fn tell_accepted(&self) {
        self.0.episodes().accepted(self.counters());
    }

    /// Tells in the log when refusing is over, soon after it is. Never completes. Cancellation safe, also when it is begun anew again and
    /// again, as long as it is polled each time.
    pub(crate) async fn tell_ends(&self) -> Infallible {
        loop {
            let refused = self.0.refused.notified();
            tokio::pin!(refused);
            refused.as_mut().enable();
            let due = self.0.episodes().due();
            match due {
                None => refused.await,
                Some(due) => {
                    tokio::time::sleep_until(due).await;
                    self.0.look();
                    self.0.episodes().look(self.0.free_for_viewers(), self.counters());
                }
            }
        }
    }

    /// Asks the longest idle viewer to go for something else than a viewer. `false` when nobody is idle, and when nothing would come
    /// of it: what viewers are promised stays theirs.
    pub fn make_room(&self) -> bool {
        self.0.held_by(Class::Viewers) > self.floor(Class::Viewers) && self.shed()
    }

    /// Asks the longest idle holder of a slot to go, so that there is a place in a moment. `false` when nobody is idle.
    pub(crate) fn shed(&self) -> bool {
        let shed = self.0.idle.shed();
        if shed {
            self.counters().shed();
        }
        shed
    }

    pub(crate) fn counters(&self) -> &Counters {
        &self.0.counters
    }

    /// Moves an open descriptor from one class to another.
    pub(crate) fn reclaim(&self, from: Class, to: Class) -> Result<(), Full> {
        self.0.look_if_stale();
        self.0.held[from.index()].fetch_sub(1, SeqCst);
        self.0.claim(to).inspect_err(|_| {
            self.0.held[from.index()].fetch_add(1, SeqCst);
        })
    }

    pub(crate) fn give_back(&self, class: Class) {
        self.0.held[class.index()].fetch_sub(1, SeqCst);
        self.0.freed.notify_waiters();
    }
}

impl std::fmt::Debug for Budget {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (used, limit) = self.used_and_limit();
        write!(f, "Budget({used} of {limit})")
    }
}
