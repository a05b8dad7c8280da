//! Files that are followed or read take places in the budget of descriptors, in the class `tails`.
//!
//! What is promised to them viewers cannot take; what is not promised goes to whoever comes first, and somebody idle is asked to go
//! for a log as for a viewer. A log that has a file open already and needs a second one for a moment, at a rotation, gets it out of the
//! reserve when there is no other, and so does the log of whoever came in with the last place; such a place moves to `tails` as
//! soon as one is free there. It refuses to wait: who is refused tries again with its next look.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

use tailcast_fdguard::{Budget, Class, Full, Slot};
use tailcast_tail::{Need, Permit, Quota};

/// Between two log lines that say that there is no place.
const SAID: Duration = Duration::from_secs(10);

/// The places of this process's logs. All clones are one.
#[derive(Clone)]
pub(crate) struct Tails(Arc<Shared>);

struct Shared {
    budget: Budget,
    /// Places out of the reserve that are to become places of `tails`.
    lent: Mutex<Vec<Weak<Mutex<Slot>>>>,
    said: Mutex<Option<Instant>>,
}

impl Tails {
    /// Those of a budget.
    pub(crate) fn of(budget: &Budget) -> Self {
        Self(Arc::new(Shared { budget: budget.clone(), lent: Mutex::default(), said: Mutex::default() }))
    }

    /// As a host takes it.
    pub(crate) fn quota(&self) -> Arc<dyn Quota> {
        Arc::new(self.clone())
    }
}

impl fmt::Debug for Tails {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Tails").field(&self.0.budget).finish()
    }
}

impl Quota for Tails {
    fn one_more(&self, need: Need) -> Option<Permit> {
        let shared = &self.0;
        shared.settle();
        let slot = match shared.budget.take(Class::Tails) {
            Ok(slot) => Arc::new(Mutex::new(slot)),
            Err(full) => shared.lend(need).or_else(|| {
                // Who is asked to go has gone at the next look.
                shared.budget.make_room();
                shared.tell(&full);
                None
            })?,
        };
        Some(Permit::holding(Place { slot: Some(slot), shared: Arc::clone(shared) }))
    }
}

/// One of them, for as long as a file is open.
struct Place {
    slot: Option<Arc<Mutex<Slot>>>,
    shared: Arc<Shared>,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.slot = None;
        self.shared.settle();
    }
}

impl Shared {
    /// One out of the reserve, of which half is left for what else must work when all is full. A quarter is for first ones: whoever
    /// was let in with the last place for viewers has come for a log.
    fn lend(&self, need: Need) -> Option<Arc<Mutex<Slot>>> {
        let part = if need == Need::Further { 2 } else { 4 };
        let mut lent = lock(&self.lent);
        if lent.len() as u64 >= self.budget.floor(Class::Reserve) / part {
            return None;
        }
        let slot = Arc::new(Mutex::new(self.budget.take(Class::Reserve).ok()?));
        lent.push(Arc::downgrade(&slot));
        Some(slot)
    }

    /// Moves what was lent out of the reserve to where it belongs, as far as there is room now.
    fn settle(&self) {
        let moves = |slot: &Arc<Mutex<Slot>>| lock(slot).become_one_of(Class::Tails).is_ok();
        lock(&self.lent).retain(|lent| lent.upgrade().is_some_and(|slot| !moves(&slot)));
    }

    fn tell(&self, full: &Full) {
        let mut said = lock(&self.said);
        if said.is_none_or(|said| said.elapsed() >= SAID) {
            *said = Some(Instant::now());
            tracing::warn!(
                "a log cannot be opened now: {full}; it is tried again, and more fit with a higher limit of open files \
                 (LimitNOFILE, ulimit -n)"
            );
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use tailcast_fdguard::{Gauge, Plan, Reading};

    use super::*;

    struct Fixed(u64);

    impl Gauge for Fixed {
        fn read(&self) -> Reading {
            Reading { used: None, beyond: 0, soft: self.0, hard: self.0 }
        }

        fn at_start(&self) -> u64 {
            12
        }
    }

    fn used(budget: &Budget, class: Class) -> u64 {
        budget.snapshot().classes[class as usize].used
    }

    #[test]
    fn a_rotation_goes_on_out_of_the_reserve_and_gives_back_as_soon_as_there_is_a_place() {
        let budget = Budget::with_gauge(Plan::default(), Fixed(64)).unwrap();
        let tails = Tails::of(&budget);
        let mut logs: Vec<_> = std::iter::from_fn(|| tails.one_more(Need::First)).collect();
        let (reserve, of_reserve) = (budget.floor(Class::Reserve), used(&budget, Class::Reserve));
        let all = used(&budget, Class::Tails);
        assert!(all >= 8 && of_reserve == reserve / 4, "{all} and {of_reserve} of {reserve}");
        let more: Vec<_> = std::iter::from_fn(|| tails.one_more(Need::Further)).collect();
        assert_eq!(used(&budget, Class::Reserve), reserve / 2, "half of the reserve is for others");
        drop(more);
        assert_eq!(used(&budget, Class::Reserve), reserve / 4);
        logs.remove(0);
        assert_eq!((used(&budget, Class::Tails), used(&budget, Class::Reserve)), (all, reserve / 4 - 1));
        drop(logs);
        assert_eq!((used(&budget, Class::Tails), used(&budget, Class::Reserve)), (0, 0));
    }

    #[test]
    fn an_idle_viewer_goes_for_a_log_only_where_that_makes_room_for_it() {
        let budget = Budget::with_gauge(Plan::default(), Fixed(64)).unwrap();
        let tails = Tails::of(&budget);
        let few: Vec<_> = (0..8).map(|_| budget.take(Class::Viewers).unwrap()).collect();
        few.iter().for_each(|slot| slot.bell().is_idle());
        let logs: Vec<_> = std::iter::from_fn(|| tails.one_more(Need::First)).collect();
        assert_eq!(budget.snapshot().counts.shed, 0, "these places are promised to viewers");
        drop(logs);
        let one_more = budget.take(Class::Viewers).unwrap();
        one_more.bell().is_idle();
        let _logs: Vec<_> = std::iter::from_fn(|| tails.one_more(Need::First)).collect();
        assert_eq!(budget.snapshot().counts.shed, 1);
    }

    #[test]
    fn viewers_do_not_take_the_places_of_logs() {
        let budget = Budget::with_gauge(Plan::default(), Fixed(64)).unwrap();
        let _viewers: Vec<_> = std::iter::from_fn(|| budget.take(Class::Viewers).ok()).collect();
        let tails = Tails::of(&budget);
        let logs: Vec<_> = std::iter::from_fn(|| tails.one_more(Need::First)).collect();
        assert_eq!(logs.len() as u64, 8 + budget.floor(Class::Reserve) / 4);
    }
}
