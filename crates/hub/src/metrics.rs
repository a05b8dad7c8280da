//! Counters of the hub, and `/metrics`: atomics that are counted where things happen and read when asked.

mod descriptors;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use prometheus_client::collector::Collector;
use prometheus_client::encoding::text::encode;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::Registry;

use crate::hub::Hub;
use crate::numbers::Numbers;

/// What is counted of viewers beside what was written to them.
#[derive(Debug, Default)]
pub(crate) struct Metrics {
    skipped: AtomicU64,
    skipped_bytes: AtomicU64,
    silent: AtomicU64,
    cut: AtomicU64,
    given_way: AtomicU64,
}

/// What has been counted up to now.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Counts {
    pub(crate) skipped: u64,
    pub(crate) skipped_bytes: u64,
    pub(crate) silent: u64,
    pub(crate) cut: u64,
    pub(crate) given_way: u64,
}

impl Metrics {
    /// A live viewer was too slow, or came back too far behind.
    pub(crate) fn viewer_skipped(&self, bytes: u64) {
        self.skipped.fetch_add(1, Ordering::Relaxed);
        self.skipped_bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    /// A viewer did not answer pings.
    pub(crate) fn viewer_silent(&self) {
        self.silent.fetch_add(1, Ordering::Relaxed);
    }

    /// A viewer could not be told the last words.
    pub(crate) fn viewer_cut(&self) {
        self.cut.fetch_add(1, Ordering::Relaxed);
    }

    /// The views of a long-polling viewer had to make room between two turns.
    pub(crate) fn turn_given_way(&self) {
        self.given_way.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn counts(&self) -> Counts {
        let [skipped, skipped_bytes, silent, cut, given_way] =
            [&self.skipped, &self.skipped_bytes, &self.silent, &self.cut, &self.given_way]
                .map(|counter| counter.load(Ordering::Relaxed));
        Counts { skipped, skipped_bytes, silent, cut, given_way }
    }
}

/// All of it as OpenMetrics text.
pub(crate) fn exposition(hub: &Arc<Hub>) -> String {
    let mut registry = Registry::with_prefix("tailcast");
    registry.register_collector(Box::new(Reading(Arc::clone(hub))));
    let mut text = String::new();
    match encode(&mut text, &registry) {
        Ok(()) => text,
        Err(never) => unreachable!("writing metrics to memory cannot fail: {never}"),
    }
}

#[derive(Debug)]
struct Reading(Arc<Hub>);

impl Collector for Reading {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), std::fmt::Error> {
        let now = Numbers::now(&self.0, 1);
        for (name, help, value) in gauges(&now) {
            let value = i64::try_from(value).unwrap_or(i64::MAX);
            describe(&mut encoder, name, help, &ConstGauge::new(value))?;
        }
        for (name, help, value) in counters(&now) {
            describe(&mut encoder, name, help, &ConstCounter::new(value))?;
        }
        descriptors::encode(&mut encoder, &now.descriptors)
    }
}

/// A name, what it means, its value.
type Named = (&'static str, &'static str, u64);

fn gauges(now: &Numbers) -> [Named; 20] {
    let worst = now.audience.worst.first();
    let lag = worst.map_or(0, |worst| u64::try_from(worst.behind.time.as_millis()).unwrap_or(u64::MAX));
    [
        ("viewers", "Open live views", now.audience.open.iter().sum()),
        ("viewers_lagging", "Live views that have not been written all that their logs say", now.audience.lagging),
        ("viewers_worst_lag_milliseconds", "How long the one furthest behind is behind", lag),
        ("agents", "Agents with a link", now.agents_up),
        ("agents_lost", "Agents that were here and have no link", now.agents_lost),
        ("channels", "Channels with somebody looking", now.channels),
        ("tasks", "Tasks at work: connections, views, links, channels", now.tasks),
        ("ring_bytes", "Weight of what the channels hold, in bytes", now.ring_bytes),
        ("held_bytes", "What is held for viewers who have not taken it yet, in bytes", now.held.bytes),
        ("held_waiting", "Viewers that wait until there is room for a page of history", now.held.waiting),
        ("pushed_kept_bytes", "What is kept of lines that were pushed, in bytes", now.pushed.kept),
        ("hubs", "Other hubs of the cluster that are there", now.hubs),
        ("granted_channels", "Channels that are published for other hubs", now.granted),
        ("fds_used", "Open file descriptors", now.descriptors.used),
        (
            "fds_beyond",
            "Open file descriptors above the soft limit, which take no room under it",
            now.descriptors.beyond,
        ),
        ("fds_limit", "Soft limit of open file descriptors", now.descriptors.soft),
        ("fds_hard_limit", "Up to which the limit of open file descriptors could be raised", now.descriptors.hard),
        (
            "connections_most_per_address",
            "Connections of the address that has most of them",
            now.descriptors.most_per_address,
        ),
        ("start_time_seconds", "When the hub started, in seconds since 1970", now.started.as_second().unsigned_abs()),
        ("uptime_seconds", "How long the hub has been running", now.uptime.as_secs()),
    ]
}

fn counters(now: &Numbers) -> [Named; 26] {
    let (audience, counts, doors) = (&now.audience, &now.counts, &now.descriptors.counts);
    [
        ("viewers_opened", "Live views opened", audience.opened),
        ("lines_delivered", "Lines written to viewers, those of each viewer counted", audience.written.lines),
        ("bytes_delivered", "Bytes of events and lines written to viewers", audience.written.bytes),
        ("gaps_told", "Gaps that viewers were told of: left out, and still on the host", audience.written.gaps),
        ("losses_told", "Losses that viewers were told of: gone from the disk", audience.written.lost),
        ("viewer_skips", "Times a live view was too slow and skipped ahead", counts.skipped),
        ("viewer_skipped_bytes", "Bytes that were skipped so, where it is known", counts.skipped_bytes),
        ("viewers_silent", "Views closed since nobody answered", counts.silent),
        ("viewers_shed", "Views closed since they took nothing and others needed the room", now.held.shed),
        ("viewers_cut", "Views closed before the last words were out", counts.cut),
        ("turns_given_way", "Views of long-polling viewers that made room for newer ones", counts.given_way),
        ("pushed_bytes", "Bytes of lines that were pushed and taken", now.pushed.taken),
        ("pushed_dropped_bytes", "Of those: dropped for newer lines and logs", now.pushed.dropped),
        ("broker_dropped", "Messages to other hubs dropped since too much waited for the broker", now.broker_dropped),
        ("broker_foreign", "Messages on the broker that no hub with this one's key can have sent", now.broker_foreign),
        ("connections_accepted", "Connections that were let in", doors.accepted),
        ("connections_refused", "Connections refused in words", doors.refused()),
        (
            "connections_unanswered",
            "Of the refused: closed without a byte, since no words could be written",
            doors.unanswered(),
        ),
        ("connections_hurried", "Of the refused: closed at once, since others lingered", doors.hurried),
        ("connections_silent", "Closed without a byte, since no request came in time", doors.silent),
        ("connections_shed", "Idle connections that were asked to go for others", doors.shed),
        (
            "connections_refused_exhausted",
            "Of the refused: since the kernel had no descriptor",
            doors.refused_exhausted,
        ),
        (
            "connections_refused_crowded",
            "Of the refused: since their address held its part already",
            doors.refused_crowded,
        ),
        ("refusing_episodes", "Times that refusing connections began", doors.episodes),
        ("refusing_seconds", "Seconds in which a connection was refused", doors.refusing_seconds),
        ("ring_evicted", "Items that left channels for newer ones", now.ring_evicted),
    ]
}

fn describe<M: EncodeMetric>(
    encoder: &mut DescriptorEncoder<'_>,
    name: &str,
    help: &str,
    metric: &M,
) -> std::fmt::Result {
    metric.encode(encoder.encode_descriptor(name, help, None, metric.metric_type())?)
}
