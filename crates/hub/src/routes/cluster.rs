//! What `GET hub` tells of the cluster: the broker, the other hubs, and what is wrong between them.

use std::sync::PoisonError;
use std::time::Instant;

use serde::Serialize;
use utoipa::ToSchema;

use crate::cluster::Cluster;
use crate::cluster::directory::Peer;

/// The hub as one of several.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ClusterNow {
    /// The cluster's name.
    name: String,
    /// What this hub is called in it.
    hub: String,
    /// Why the broker is away; null while it is there.
    broker_down: Option<String>,
    /// Messages published, received, and dropped since too much waited for the broker.
    published: u64,
    received: u64,
    dropped: u64,
    /// Messages that no hub with this one's key can have sent.
    foreign: u64,
    /// Channels that are published for other hubs.
    granted: u64,
    /// The other hubs, by name.
    hubs: Vec<PeerRow>,
    /// Hubs that are heard and not listened to, since their clock is off.
    clocks_off: Vec<ClockRow>,
}

/// Another hub.
#[derive(Debug, Serialize, ToSchema)]
struct PeerRow {
    name: String,
    version: String,
    /// Where it is asked.
    url: String,
    /// How long nothing was heard of it; it speaks each five seconds.
    silent_milliseconds: u64,
    /// How far its clock is ahead of this one's, with the time on the way.
    ahead_milliseconds: i64,
    /// Hosts that are, or were, linked to it.
    hosts: u64,
}

/// A hub whose clock is off.
#[derive(Debug, Serialize, ToSchema)]
struct ClockRow {
    name: String,
    ahead_milliseconds: i64,
}

impl ClusterNow {
    pub(crate) fn of(cluster: &Cluster) -> Self {
        let health = cluster.health();
        let directory = cluster.directory.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        let mut hubs: Vec<_> = directory.peers().map(|(_, peer)| PeerRow::of(peer, now)).collect();
        hubs.sort_by(|one, other| one.name.cmp(&other.name));
        let clocks = directory.clocks_off();
        ClusterNow {
            name: cluster.name().to_owned(),
            hub: cluster.hub_name().to_owned(),
            broker_down: cluster.broker_down(),
            published: health.published,
            received: health.received,
            dropped: health.dropped,
            foreign: cluster.foreign_messages(),
            granted: cluster.granted() as u64,
            hubs,
            clocks_off: clocks.map(|(name, ahead)| ClockRow::of(name, ahead)).collect(),
        }
    }
}

impl PeerRow {
    fn of(peer: &Peer, now: Instant) -> Self {
        PeerRow {
            name: peer.name.clone(),
            version: peer.version.clone(),
            url: peer.url.to_string(),
            silent_milliseconds: u64::try_from((now - peer.heard).as_millis()).unwrap_or(u64::MAX),
            ahead_milliseconds: peer.ahead / 1_000,
            hosts: peer.residents() as u64,
        }
    }
}

impl ClockRow {
    fn of(name: &str, ahead: i64) -> Self {
        ClockRow { name: name.to_owned(), ahead_milliseconds: ahead / 1_000 }
    }
}
