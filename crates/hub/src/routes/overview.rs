//! `GET hub`: the hub itself, for the page that watches it. Numbers as they are when somebody asks, small enough to ask
//! for every two seconds.
//!
//! Who looks sees every log, and so which logs viewers are behind on; where those viewers come from is for the owner.

use std::cmp::Reverse;
use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use http::header::CACHE_CONTROL;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tailcast_wire::HostName;
use utoipa::ToSchema;

use super::cluster::ClusterNow;
use crate::access::Visitor;
use crate::agents::{Host, State as Link};
use crate::audience::{Laggard, Transport};
use crate::away::Away;
use crate::hub::Hub;
use crate::link::Whence;
use crate::numbers::Numbers;
use crate::problem::Problem;

/// Viewers that are named: those furthest behind.
const WORST: usize = 10;
/// Agents in one answer when nothing is said, and at most.
const AGENTS: usize = 100;
const MAX_AGENTS: usize = 5000;
/// What of its offers is told of each agent; `GET hosts` has them all.
const OFFERS: usize = 4;

/// The hub, now.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct HubNow {
    version: &'static str,
    #[schema(value_type = String, format = DateTime)]
    started: Timestamp,
    /// The hub's clock, to measure ages by.
    #[schema(value_type = String, format = DateTime)]
    now: Timestamp,
    /// Since the start, in seconds; a clock that was set does not change it.
    uptime: u64,
    /// Where it listens.
    address: Option<String>,
    descriptors: Descriptors,
    viewers: Viewers,
    queues: Queues,
    counters: Counters,
    agents: Agents,
    /// The other hubs, and the broker that joins them; null for a hub that is alone.
    cluster: Option<ClusterNow>,
}

/// File descriptors of the process.
#[derive(Debug, Serialize, ToSchema)]
struct Descriptors {
    /// All that are open.
    used: u64,
    /// Of those, the ones with numbers above the limit, which was lowered below them or below which they were inherited: they take no
    /// room under it.
    beyond: u64,
    /// The soft limit.
    limit: u64,
    /// Up to which the limit could be raised.
    hard: u64,
    /// Of the hub, for the command that raises it while it runs.
    pid: u32,
    classes: Vec<ClassRow>,
}

/// What one class of descriptors has of them.
#[derive(Debug, Serialize, ToSchema)]
struct ClassRow {
    /// fixed, links, tails, viewers or reserve.
    class: &'static str,
    used: u64,
    /// What it can always have; where the limit was lowered below the sum of all that is promised, as long as one is left.
    floor: u64,
    /// What it can have at most, when the others have no more than they are promised; never less than what it is promised itself.
    ceiling: u64,
}

/// Open live views.
#[derive(Debug, Serialize, ToSchema)]
struct Viewers {
    open: u64,
    by_transport: ByTransport,
    /// How many have not been written all that their logs say.
    lagging: u64,
    /// Those furthest behind, the furthest first.
    worst: Vec<WorstRow>,
}

/// Views by how they are spoken to.
#[derive(Debug, Serialize, ToSchema)]
struct ByTransport {
    /// WebSockets that speak JSON: browsers.
    json: u64,
    /// WebSockets that speak CBOR: the command line.
    cbor: u64,
    /// Server-Sent Events.
    events: u64,
    /// Plain text.
    text: u64,
}

/// A view that is behind.
#[derive(Debug, Serialize, ToSchema)]
struct WorstRow {
    /// The log that it is furthest behind on.
    log: String,
    /// json, cbor, events or text.
    transport: &'static str,
    /// Where it comes from; null unless the owner asks.
    client: Option<String>,
    #[schema(value_type = String, format = DateTime)]
    since: Timestamp,
    /// How long the oldest item waits that the hub still holds for it.
    milliseconds: u64,
    /// Of the log; null when they are in an older life of the file.
    bytes: Option<u64>,
}

/// What waits in memory.
#[derive(Debug, Serialize, ToSchema)]
struct Queues {
    /// Logs, under a filter each, that somebody looks at.
    channels: u64,
    /// Weight of what they hold.
    ring_bytes: u64,
    /// The most that it may be, with as many channels.
    ring_bound: u64,
    /// Bytes held for viewers who have not taken them yet: pages of history, and what left a ring.
    held_bytes: u64,
    /// The most that it may be, for all viewers.
    held_bound: u64,
    /// Viewers that wait until there is room for a page of history.
    waiting: u64,
}

/// What has been counted since the start.
#[derive(Debug, Serialize, ToSchema)]
struct Counters {
    /// Live views opened.
    opened: u64,
    /// Lines written to viewers, those of each viewer counted.
    lines: u64,
    /// Bytes written to viewers.
    bytes: u64,
    /// Gaps that viewers were told of: left out, and still on the host.
    gaps: u64,
    /// Losses that viewers were told of: gone from the disk.
    lost: u64,
    /// Times a live view was too slow and skipped ahead.
    skips: u64,
    /// Views closed since nobody answered.
    silent: u64,
    /// Views closed since they took nothing and others needed the room.
    shed: u64,
    /// Connections let in.
    accepted: u64,
    /// Connections refused for want of room.
    refused: u64,
    /// Of the refused, those whom no words reached.
    unanswered: u64,
}

/// The agents that are, or were, here.
#[derive(Debug, Serialize, ToSchema)]
struct Agents {
    up: u64,
    lost: u64,
    /// Those that match, the lost ones first and the last lost first among them, then by name.
    rows: Vec<AgentRow>,
    /// How many more match than are in `rows`.
    more: u64,
}

/// One agent.
#[derive(Debug, Serialize, ToSchema)]
struct AgentRow {
    name: String,
    /// `up` or `lost`.
    state: &'static str,
    #[schema(value_type = String, format = DateTime)]
    since: Timestamp,
    version: String,
    /// The first of its offers, as its administrator wrote them.
    offers: Vec<String>,
    /// How many offers it has in all.
    offered: u64,
    /// Why it is lost, or what a person should know, in words.
    words: Option<String>,
    /// The same as a word for programs, where there is one.
    why: Option<&'static str>,
    link: Option<LinkRow>,
}

/// The link of an agent that is here.
#[derive(Debug, Serialize, ToSchema)]
struct LinkRow {
    /// Whether the agent is in the hub's own process.
    own: bool,
    /// The hub that it is linked to, by its name, where that is another one.
    hub: Option<String>,
    /// Where it comes from; null unless the owner asks.
    client: Option<String>,
    /// Bytes of messages from the agent.
    received: u64,
    /// Bytes of messages to the agent.
    sent: u64,
    /// How long it has not been heard; a link without lines is asked for a sign of life every 15 s. Null for the own one.
    silent_milliseconds: Option<u64>,
    /// How long the last ping took there and back.
    round_trip_microseconds: Option<u64>,
}

/// Which agents are wanted.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct OverviewQuery {
    #[serde(default)]
    q: Option<String>,
    #[serde(default)]
    agents: Option<usize>,
}

/// The hub itself: descriptors, viewers, queues, counters, agents.
#[utoipa::path(get, path = "/api/v1/hub", tag = "health",
    params(
        ("q" = Option<String>, Query, description = "Only agents whose name contains this"),
        ("agents" = Option<u32>, Query, description = "At most so many agents; default 100"),
    ),
    responses((status = 200, body = HubNow), (status = 400, description = "Not understood", body = Problem)))]
pub(crate) async fn overview(
    State(hub): State<Arc<Hub>>,
    visitor: Visitor,
    query: Result<Query<OverviewQuery>, QueryRejection>,
) -> Result<impl axum::response::IntoResponse, Problem> {
    let Query(query) = query.map_err(|e| Problem::bad_request(e.body_text()))?;
    let (now, owner) = (Numbers::now(&hub, WORST), visitor.is_owner());
    let shown = HubNow {
        version: env!("CARGO_PKG_VERSION"),
        started: now.started,
        now: Timestamp::now(),
        uptime: now.uptime.as_secs(),
        address: now.address.map(|address| address.to_string()),
        descriptors: Descriptors::of(&now),
        viewers: Viewers::of(&now, owner),
        queues: Queues {
            channels: now.channels,
            ring_bytes: now.ring_bytes,
            ring_bound: now.ring_bound,
            held_bytes: now.held.bytes,
            held_bound: now.held.bound,
            waiting: now.held.waiting,
        },
        counters: Counters::of(&now),
        agents: Agents::of(&hub, &now, &query, owner),
        cluster: hub.cluster.get().map(|cluster| ClusterNow::of(cluster)),
    };
    Ok(([(CACHE_CONTROL, "no-store")], Json(shown)))
}

impl Descriptors {
    fn of(now: &Numbers) -> Self {
        let fds = &now.descriptors;
        let row = |class: &tailcast_fdguard::ClassUse| ClassRow {
            class: class.class.name(),
            used: class.used,
            floor: class.floor,
            ceiling: class.ceiling,
        };
        let classes = fds.classes.iter().map(row).collect();
        Descriptors {
            used: fds.used,
            beyond: fds.beyond,
            limit: fds.soft,
            hard: fds.hard,
            pid: std::process::id(),
            classes,
        }
    }
}

impl Viewers {
    fn of(now: &Numbers, owner: bool) -> Self {
        let audience = &now.audience;
        let open = |transport: Transport| audience.open[transport as usize];
        Viewers {
            open: audience.open.iter().sum(),
            by_transport: ByTransport {
                json: open(Transport::Json),
                cbor: open(Transport::Cbor),
                events: open(Transport::Events),
                text: open(Transport::Text),
            },
            lagging: audience.lagging,
            worst: audience.worst.iter().map(|laggard| WorstRow::of(laggard, owner)).collect(),
        }
    }
}

impl WorstRow {
    fn of(laggard: &Laggard, owner: bool) -> Self {
        WorstRow {
            log: laggard.log.clone(),
            transport: laggard.face.transport.name(),
            client: owner.then(|| laggard.face.client.to_string()),
            since: laggard.since,
            milliseconds: millis(laggard.behind.time),
            bytes: laggard.behind.bytes,
        }
    }
}

impl Counters {
    fn of(now: &Numbers) -> Self {
        let (audience, doors) = (&now.audience, &now.descriptors.counts);
        Counters {
            opened: audience.opened,
            lines: audience.written.lines,
            bytes: audience.written.bytes,
            gaps: audience.written.gaps,
            lost: audience.written.lost,
            skips: now.counts.skipped,
            silent: now.counts.silent,
            shed: now.held.shed,
            accepted: doors.accepted,
            refused: doors.refused(),
            unanswered: doors.unanswered(),
        }
    }
}

impl Agents {
    fn of(hub: &Hub, now: &Numbers, query: &OverviewQuery, owner: bool) -> Self {
        let wanted = query.q.as_deref().unwrap_or_default().to_lowercase();
        let mut hosts = hub.agents.list();
        hosts.retain(|(name, _)| name.as_str().to_lowercase().contains(&wanted));
        // By name they are already, and stay so where nothing else decides.
        hosts.sort_by_key(|(_, host)| match host.state {
            Link::Lost(_) => (false, Some(Reverse(host.since))),
            Link::Up(_) => (true, None),
        });
        let most = query.agents.unwrap_or(AGENTS).min(MAX_AGENTS);
        let more = hosts.len().saturating_sub(most) as u64;
        let rows = hosts.into_iter().take(most).map(|(name, host)| AgentRow::of(&name, host, hub, owner)).collect();
        Agents { up: now.agents_up, lost: now.agents_lost, rows, more }
    }
}

impl AgentRow {
    fn of(name: &HostName, host: Host, hub: &Hub, owner: bool) -> Self {
        let said = hub.said_of(name, &host);
        let (state, link) = match host.state {
            Link::Up(link) => ("up", Some(LinkRow::of(&link, hub, owner))),
            Link::Lost(_) => ("lost", None),
        };
        let why = said.as_ref().and_then(Away::word);
        let offered = host.offers.len() as u64;
        let offers = host.offers.into_iter().take(OFFERS).collect();
        AgentRow {
            name: name.to_string(),
            state,
            since: host.since,
            version: host.version,
            offers,
            offered,
            words: said.map(|said| said.to_string()),
            why,
            link,
        }
    }
}

impl LinkRow {
    fn of(link: &crate::link::Link, hub: &Hub, owner: bool) -> Self {
        let pulse = link.pulse();
        let (received, sent) = pulse.bytes();
        let client = match link.whence() {
            Whence::Own | Whence::Hub(..) => None,
            Whence::Dialled(address) => Some(address),
        };
        LinkRow {
            own: link.whence() == Whence::Own,
            hub: match link.whence() {
                Whence::Hub(id, _) => {
                    Some(hub.cluster.get().map_or_else(|| id.to_string(), |cluster| cluster.name_of(id)))
                }
                Whence::Own | Whence::Dialled(_) => None,
            },
            client: client.filter(|_| owner).map(|address| address.to_string()),
            received,
            sent,
            silent_milliseconds: client.map(|_| millis(pulse.silent_for())),
            round_trip_microseconds: pulse.round_trip().map(|took| u64::try_from(took.as_micros()).unwrap_or(u64::MAX)),
        }
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
