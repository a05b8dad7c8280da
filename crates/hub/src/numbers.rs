//! The hub in numbers, at one moment: what `/metrics` and `GET hub` both tell, so that they cannot disagree.
//!
//! Worked out when somebody asks and at no other time. It counts nothing itself: where things happen they are counted.

use std::net::SocketAddr;
use std::time::Duration;

use jiff::Timestamp;
use tailcast_fdguard::Snapshot;

use crate::agents::State;
use crate::audience::Portrait;
use crate::held::HeldNow;
use crate::hub::{Hub, RING};
use crate::metrics::Counts;
use crate::pushed::Pushed;
use crate::spool::SpoolCounts;

/// All of them.
#[derive(Debug)]
pub(crate) struct Numbers {
    pub(crate) started: Timestamp,
    pub(crate) uptime: Duration,
    /// Where it listens, once it does.
    pub(crate) address: Option<SocketAddr>,
    /// Descriptors, and what became of the connections.
    pub(crate) descriptors: Snapshot,
    pub(crate) audience: Portrait,
    pub(crate) counts: Counts,
    pub(crate) channels: u64,
    pub(crate) tasks: u64,
    /// Weight of what the channels hold, and the most that it may be with as many channels, in bytes.
    pub(crate) ring_bytes: u64,
    pub(crate) ring_bound: u64,
    pub(crate) held: HeldNow,
    /// Items that left channels for newer ones.
    pub(crate) ring_evicted: u64,
    pub(crate) agents_up: u64,
    pub(crate) agents_lost: u64,
    /// What is kept of pushed lines, and what became of them.
    pub(crate) pushed: SpoolCounts,
    /// Between hubs: others that are there, channels published for them, messages dropped for want of a broker, and those of
    /// another key.
    pub(crate) hubs: u64,
    pub(crate) granted: u64,
    pub(crate) broker_dropped: u64,
    pub(crate) broker_foreign: u64,
}

impl Numbers {
    /// Of this moment, with so many of those viewers who are furthest behind.
    pub(crate) fn now(hub: &Hub, laggards: usize) -> Self {
        let channels: Vec<_> = hub.agents.channels().iter().map(|channel| channel.stats()).collect();
        let states = hub.agents.states(|state| matches!(state, State::Up(_)));
        let cluster = hub.cluster.get();
        let up = states.iter().filter(|up| **up).count();
        Numbers {
            started: hub.started,
            uptime: hub.born.elapsed(),
            address: hub.address.get().copied(),
            descriptors: hub.budget.snapshot(),
            audience: hub.audience.portrait(laggards),
            counts: hub.metrics.counts(),
            channels: channels.len() as u64,
            tasks: hub.tasks.len() as u64,
            ring_bytes: channels.iter().map(|stats| stats.bytes).sum(),
            ring_bound: channels.len() as u64 * RING.bytes as u64,
            held: hub.held.now(),
            ring_evicted: channels.iter().map(|stats| stats.evicted).sum(),
            agents_up: up as u64,
            agents_lost: (states.len() - up) as u64,
            pushed: hub.pushed.get().map(Pushed::counts).unwrap_or_default(),
            hubs: cluster.map_or(0, |cluster| cluster.others() as u64),
            granted: cluster.map_or(0, |cluster| cluster.granted() as u64),
            broker_dropped: cluster.map_or(0, |cluster| cluster.health().dropped),
            broker_foreign: cluster.map_or(0, |cluster| cluster.foreign_messages()),
        }
    }
}
