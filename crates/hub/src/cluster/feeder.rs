//! What one channel's agent says, sealed and published for the hubs that hold a lease of it: once, however many they are.
//!
//! It never waits: what the broker does not take in time is dropped by the fan-out, and known to those who hold a lease by the
//! hole in the sequence.

use std::collections::HashMap;
use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tailcast_fanout::Fanout;
use tailcast_wire::{Fed, HubId, Place, encode};

use super::seal::Seals;
use super::voice::Voice;
use crate::channel::Tap;
use crate::item::What;

/// A lease that is not kept for so long is over.
pub(super) const LEASE: Duration = Duration::from_secs(30);

/// Publishes one channel.
pub(super) struct Feeder {
    topic: String,
    voice: Voice,
    leases: Mutex<HashMap<u64, Lease>>,
}

#[derive(Debug, Clone, Copy)]
struct Lease {
    hub: HubId,
    kept: Instant,
}

impl Feeder {
    pub(super) fn new(fanout: Fanout, topic: String, seals: &Seals) -> io::Result<Self> {
        Ok(Self { topic, voice: Voice::new(fanout, seals)?, leases: Mutex::default() })
    }

    /// A hub holds this lease from now on.
    pub(super) fn lease(&self, number: u64, hub: HubId) {
        self.leases().insert(number, Lease { hub, kept: Instant::now() });
    }

    /// Says where the channel begins for one lease. Called under the channel's lock, as all publishing is.
    pub(super) fn grant(&self, leases: Vec<u64>, session: u64, edge: Option<&Place>) {
        self.publish(&Fed::Granted { leases, session, edge: edge.cloned() });
    }

    /// Keeps a lease of that hub, if it is one.
    pub(super) fn keep(&self, number: u64, hub: HubId) {
        if let Some(lease) = self.leases().get_mut(&number).filter(|lease| lease.hub == hub) {
            lease.kept = Instant::now();
        }
    }

    /// Ends a lease of that hub.
    pub(super) fn end(&self, number: u64, hub: HubId) {
        self.leases().retain(|&known, lease| known != number || lease.hub != hub);
    }

    /// Whether it is a lease of this channel.
    pub(super) fn holds(&self, number: u64) -> bool {
        self.leases().contains_key(&number)
    }

    /// Forgets leases that were not kept; whether any is left.
    pub(super) fn is_leased(&self) -> bool {
        let mut leases = self.leases();
        leases.retain(|_, lease| lease.kept.elapsed() < LEASE);
        !leases.is_empty()
    }

    fn publish(&self, fed: &Fed) {
        self.voice.say(&self.topic, &encode(fed));
    }

    fn leases(&self) -> MutexGuard<'_, HashMap<u64, Lease>> {
        self.leases.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Tap for Feeder {
    fn opened(&self, session: u64, edge: Option<&Place>) {
        let leases = self.leases().keys().copied().collect();
        self.grant(leases, session, edge);
    }

    fn took(&self, what: &What, to: Option<&Place>) {
        match what {
            What::Block { block, .. } => self.publish(&Fed::Block(block.clone())),
            What::Told(told) => self.publish(&Fed::Told(told.clone())),
            What::Edge { behind } => self.publish(&Fed::Edge { edge: to.cloned(), behind: *behind }),
            // The directory tells of hosts.
            What::AgentLost(_) | What::AgentBack { .. } => (),
        }
    }
}

impl std::fmt::Debug for Feeder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Feeder").field("leases", &self.leases().len()).finish_non_exhaustive()
    }
}
