//! What is held and what is promised, by class, and whether that balances under the limit: the law of [`Budget`](super::Budget), kept
//! in atomics.
//!
//! Refuses to know whom a descriptor is for beyond its class: who waits, who goes and what is said of it is the budget's.

use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Notify;

use super::Full;
use crate::address::Addresses;
use crate::counters::Counters;
use crate::episode::Episodes;
use crate::gauge::{Gauge, Reading};
use crate::idle::Idle;
use crate::outlook::Trend;
use crate::plan::{Class, Plan};

/// The kernel is not asked again within this time.
const LOOK_EVERY: Duration = Duration::from_millis(1);

/// The books. Public within the budget, which is their only reader.
pub(super) struct Books {
    pub(super) plan: Plan,
    pub(super) gauge: Box<dyn Gauge>,
    pub(super) born: Instant,
    /// Nanoseconds from `born` to the last look at the gauge.
    pub(super) looked: AtomicU64,
    pub(super) soft: AtomicU64,
    /// Open descriptors with numbers that the limit does not allow any more, at the last look.
    pub(super) beyond: AtomicU64,
    pub(super) hard: AtomicU64,
    /// Open descriptors that no slot speaks for, at the last look.
    pub(super) unclaimed: AtomicU64,
    /// Slots out, by class.
    pub(super) held: [AtomicU64; 5],
    /// What is promised, by class, under the limit of the last look.
    pub(super) floors: [AtomicU64; 5],
    pub(super) freed: Notify,
    pub(super) refused: Notify,
    pub(super) idle: Idle,
    pub(super) addresses: Addresses,
    pub(super) episodes: Mutex<Episodes>,
    pub(super) trend: Mutex<Trend>,
    pub(super) counters: Counters,
}

impl Books {
    /// Nothing is taken yet; `open` is what no slot speaks for.
    pub(super) fn new(plan: Plan, gauge: Box<dyn Gauge>, reading: &Reading, open: u64) -> Self {
        Self {
            plan,
            gauge,
            born: Instant::now(),
            looked: AtomicU64::new(0),
            soft: AtomicU64::new(reading.soft),
            beyond: AtomicU64::new(reading.beyond),
            hard: AtomicU64::new(reading.hard),
            unclaimed: AtomicU64::new(open),
            held: Default::default(),
            floors: Default::default(),
            freed: Notify::new(),
            refused: Notify::new(),
            idle: Idle::default(),
            addresses: Addresses::default(),
            episodes: Mutex::default(),
            trend: Mutex::default(),
            counters: Counters::default(),
        }
    }

    pub(super) fn claim(&self, class: Class) -> Result<(), Full> {
        self.held[class.index()].fetch_add(1, SeqCst);
        if self.fits(class) {
            return Ok(());
        }
        let full = self.full(class);
        self.held[class.index()].fetch_sub(1, SeqCst);
        Err(full)
    }

    /// What to say to one who is counted in the books and does not fit.
    pub(super) fn full(&self, class: Class) -> Full {
        let held = self.held[class.index()].load(SeqCst);
        let used = Class::ALL.into_iter().map(|class| self.promised(class)).sum::<u64>();
        let used = used.saturating_sub(1 + self.beyond.load(SeqCst));
        Full { class, held: held.saturating_sub(1), used, limit: self.soft.load(SeqCst) }
    }

    /// Whether the books still balance with what was just claimed for this class.
    pub(super) fn fits(&self, class: Class) -> bool {
        let most = self.most();
        let floor = self.floors[class.index()].load(SeqCst);
        let held = self.held_by(class);
        if class == Class::Reserve || held <= floor {
            // Within a promise only the kernel's own bound counts: the limit may have been lowered below the sum
            // of all promises.
            return held <= floor && self.used() <= most;
        }
        Class::ALL.into_iter().map(|class| self.promised(class)).sum::<u64>() <= most
    }

    /// How many may be open in all: each number under the limit, and those above it that are open already.
    pub(super) fn most(&self) -> u64 {
        self.soft.load(SeqCst).saturating_add(self.beyond.load(SeqCst))
    }

    /// What no other class can have.
    pub(super) fn promised(&self, class: Class) -> u64 {
        self.held_by(class).max(self.floors[class.index()].load(SeqCst))
    }

    /// How many the class can have at most. What is always open may be more than was planned for it, and is open already. Under a limit
    /// that was lowered below the sum of all promises each class may still have what it is promised, whoever comes first: that is
    /// the most then.
    pub(super) fn ceiling(&self, class: Class) -> u64 {
        let floor = |class: Class| self.floors[class.index()].load(SeqCst);
        let has = |other: Class| if other == Class::Fixed { self.promised(other) } else { floor(other) };
        match class {
            Class::Reserve => floor(class),
            Class::Fixed | Class::Links | Class::Tails | Class::Viewers => {
                let others = Class::ALL.into_iter().filter(|other| *other != class).map(has).sum();
                self.most().saturating_sub(others).max(floor(class))
            }
        }
    }

    pub(super) fn held_by(&self, class: Class) -> u64 {
        let unclaimed = if class == Class::Fixed { self.unclaimed.load(SeqCst) } else { 0 };
        self.held[class.index()].load(SeqCst) + unclaimed
    }

    /// Places for viewers that nobody has and nobody else is promised.
    pub(super) fn free_for_viewers(&self) -> u64 {
        let others = Class::ALL.into_iter().filter(|class| *class != Class::Viewers);
        let taken = others.map(|class| self.promised(class)).sum::<u64>() + self.held_by(Class::Viewers);
        self.most().saturating_sub(taken)
    }

    pub(super) fn used(&self) -> u64 {
        Class::ALL.into_iter().map(|class| self.held_by(class)).sum()
    }

    pub(super) fn look_if_stale(&self) {
        let now = self.age();
        let looked = self.looked.load(SeqCst);
        let stale = now.saturating_sub(looked) >= LOOK_EVERY.as_nanos() as u64;
        // One of those who find the books stale looks; the others go by what is there.
        if stale && self.looked.compare_exchange(looked, now, SeqCst, SeqCst).is_ok() {
            self.look();
        }
    }

    /// Asks the kernel. A slot whose descriptor is just being opened or closed makes `unclaimed` wrong by one until
    /// the next look; the reserve is there for that too.
    pub(super) fn look(&self) {
        let reading = self.gauge.read();
        if let Some(used) = reading.used {
            let claimed: u64 = self.held.iter().map(|held| held.load(SeqCst)).sum();
            self.unclaimed.store(used.saturating_sub(claimed), SeqCst);
        }
        self.hard.store(reading.hard, SeqCst);
        self.beyond.store(reading.beyond, SeqCst);
        self.tell_change(self.soft.swap(reading.soft, SeqCst), &reading);
        for class in Class::ALL {
            self.floors[class.index()].store(self.plan.floor(class, reading.soft), SeqCst);
        }
        self.looked.store(self.age(), SeqCst);
        self.trend().note(self.born.elapsed(), self.used());
    }

    /// Nobody in here changes it after the start: somebody outside did, and may look for what that did.
    pub(super) fn tell_change(&self, before: u64, reading: &Reading) {
        let now = reading.soft;
        if now < before {
            // Only here: it tries one limit after the other, and looks are many.
            let needed = self.plan.needed();
            let beyond = Some(reading.beyond).filter(|beyond| *beyond > 0);
            tracing::warn!(
                before,
                now,
                needed,
                beyond,
                "the limit of open files was lowered from outside, as by `prlimit`"
            );
        } else if now > before {
            tracing::info!(before, now, "the limit of open files was raised from outside, as by `prlimit`");
        }
    }

    pub(super) fn episodes(&self) -> MutexGuard<'_, Episodes> {
        self.episodes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn trend(&self) -> MutexGuard<'_, Trend> {
        self.trend.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn age(&self) -> u64 {
        self.born.elapsed().as_nanos() as u64
    }
}
