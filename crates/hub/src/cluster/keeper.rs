//! What this hub has leased of others: kept by one word to each of them every few seconds, however many channels there are.
//!
//! It refuses to know what a lease is of; who wanted it lets it go.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tailcast_wire::{HubId, LeaseWord};

use super::Cluster;
use crate::hub::Hub;

/// How often leases are kept: three words may be lost.
const KEEP: Duration = Duration::from_secs(8);
/// Leases in one word, of nine bytes each: well within what a broker takes.
const TOGETHER: usize = 4_000;

/// All leases, by the hub that has granted them or is asked to.
#[derive(Debug, Default)]
pub(super) struct Keeper(Mutex<HashMap<HubId, HashSet<u64>>>);

impl Keeper {
    /// From now on it is kept.
    pub(super) fn hold(&self, of: HubId, lease: u64) {
        self.lock().entry(of).or_default().insert(lease);
    }

    /// It is kept no longer.
    pub(super) fn let_go(&self, of: HubId, lease: u64) {
        let mut held = self.lock();
        let Some(leases) = held.get_mut(&of) else { return };
        leases.remove(&lease);
        if leases.is_empty() {
            held.remove(&of);
        }
    }

    /// What is to be said so that all are kept, and to whom.
    fn words(&self) -> Vec<(HubId, LeaseWord)> {
        let held = self.lock();
        let of_one = |(&of, leases): (&HubId, &HashSet<u64>)| {
            let leases: Vec<u64> = leases.iter().copied().collect();
            leases.chunks(TOGETHER).map(|leases| (of, LeaseWord::Keep { leases: leases.to_vec() })).collect::<Vec<_>>()
        };
        held.iter().flat_map(of_one).collect()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<HubId, HashSet<u64>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Keeps them until the hub stops.
pub(super) async fn run(hub: Arc<Hub>, cluster: Arc<Cluster>) {
    let mut tick = tokio::time::interval(KEEP);
    loop {
        tokio::select! {
            _ = tick.tick() => cluster.keeper.words().into_iter().for_each(|(of, word)| cluster.lease(of, word)),
            () = hub.stop.cancelled() => return,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_leases_of_a_hub_are_kept_by_one_word_and_one_that_was_let_go_by_none() {
        let keeper = Keeper::default();
        (0..3_000).for_each(|lease| keeper.hold(HubId(1), lease));
        keeper.hold(HubId(2), 7);
        keeper.let_go(HubId(2), 7);
        keeper.let_go(HubId(1), 0);
        let words = keeper.words();
        let [(HubId(1), LeaseWord::Keep { leases })] = &words[..] else { panic!("{words:?}") };
        assert_eq!((leases.len(), leases.contains(&0)), (2_999, false));
        (3_000..9_000).for_each(|lease| keeper.hold(HubId(1), lease));
        assert_eq!(keeper.words().len(), 3, "no word is longer than a broker takes");
    }
}
