//! What other hubs have leased of this one: a channel is published while somebody holds a lease of it, and followed for them as
//! for a viewer. Once for all of them, and for as long as they keep it.
//!
//! It refuses what is not linked here: a lease of a host that is at another hub would be a chain.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use tailcast_fanout::{Fanout, Subscription};
use tailcast_wire::{HubId, LeaseWord, Leasing};

use super::feeder::Feeder;
use super::pass;
use super::seal::Seals;
use super::topic::Topics;
use crate::channel::{Channel, Key};
use crate::hub::Hub;
use crate::item::Item;

/// Channels that are published at once. Each costs its host a follower, as a viewer's would.
const MOST: usize = 20_000;

/// One published channel.
struct Grant {
    feeder: Arc<Feeder>,
    channel: Arc<Channel>,
    /// Keeps the channel open, as a viewer's would. Nothing is read by it.
    _seat: Subscription<Item>,
}

/// All of them.
pub(super) struct Grants {
    me: HubId,
    fanout: Fanout,
    seals: Seals,
    topics: Topics,
    open: Mutex<Open>,
}

#[derive(Default)]
struct Open {
    channels: HashMap<Key, Grant>,
    /// Where each lease belongs.
    leases: HashMap<u64, Arc<Feeder>>,
}

impl Grants {
    pub(super) fn new(me: HubId, fanout: Fanout, seals: Seals, topics: Topics) -> Self {
        Self { me, fanout, seals, topics, open: Mutex::default() }
    }

    /// How many channels are published.
    pub(super) fn count(&self) -> usize {
        self.open().channels.len()
    }

    /// A hub has said what it wants, or no longer. What is older than a pass may be is not taken: a broker that has kept it
    /// could else have logs followed for ever that nobody looks at.
    pub(super) fn take(&self, hub: &Arc<Hub>, leasing: Leasing) {
        let from = leasing.hub;
        let apart = Timestamp::now().as_microsecond().saturating_sub(leasing.at).saturating_abs();
        if apart > pass::APART * 1_000_000 {
            return tracing::debug!(hub = %from, "it said what it wants at another time");
        }
        for word in leasing.words {
            match word {
                LeaseWord::Want { lease, session, log, filter } => {
                    self.want(hub, (from, lease), session, &Key { log, filter });
                }
                LeaseWord::Keep { leases } => self.each(&leases, |feeder, lease| feeder.keep(lease, from)),
                LeaseWord::Drop { leases } => self.each(&leases, |feeder, lease| feeder.end(lease, from)),
            }
        }
    }

    /// Ends what nobody has kept.
    pub(super) fn expire(&self) {
        let mut open = self.open();
        let Open { channels, leases } = &mut *open;
        for (_, over) in channels.extract_if(|_, grant| !grant.feeder.is_leased()) {
            over.channel.tap(None);
        }
        leases.retain(|&lease, feeder| feeder.holds(lease));
    }

    fn want(&self, hub: &Arc<Hub>, (from, lease): (HubId, u64), session: u64, key: &Key) {
        if !hub.agents.is_linked_here(&key.log.host, session) {
            return tracing::debug!(log = %key.log, hub = %from, "a hub wants what is not linked here");
        }
        let mut open = self.open();
        let Some((feeder, channel)) = self.opened(&mut open, hub, key) else { return };
        feeder.lease(lease, from);
        open.leases.insert(lease, Arc::clone(&feeder));
        // Not yet there: it is granted when the agent follows.
        channel.enter(|session, edge| feeder.grant(vec![lease], session, edge));
    }

    fn opened(&self, open: &mut Open, hub: &Arc<Hub>, key: &Key) -> Option<(Arc<Feeder>, Arc<Channel>)> {
        if let Some(grant) = open.channels.get(key) {
            return Some((Arc::clone(&grant.feeder), Arc::clone(&grant.channel)));
        }
        if open.channels.len() >= MOST {
            tracing::warn!(log = %key.log, "{MOST} channels are published for other hubs already; this one is not");
            return None;
        }
        let topic = self.topics.channel(self.me, key);
        let feeder = match Feeder::new(self.fanout.clone(), topic, &self.seals) {
            Ok(feeder) => Arc::new(feeder),
            Err(error) => {
                tracing::error!(log = %key.log, "it cannot be published for other hubs: {error}");
                return None;
            }
        };
        let (channel, seat) = hub.watch(key);
        channel.tap(Some(Arc::clone(&feeder) as _));
        let grant = Grant { feeder: Arc::clone(&feeder), channel: Arc::clone(&channel), _seat: seat };
        open.channels.insert(key.clone(), grant);
        Some((feeder, channel))
    }

    fn each(&self, leases: &[u64], with: impl Fn(&Feeder, u64)) {
        let open = self.open();
        for &lease in leases {
            open.leases.get(&lease).into_iter().for_each(|feeder| with(feeder, lease));
        }
    }

    fn open(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for Grants {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Grants").field("open", &self.count()).finish_non_exhaustive()
    }
}
