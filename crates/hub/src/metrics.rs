//! Counters and gauges of the hub, for `/metrics`: atomics that are counted where things happen and read when asked.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use prometheus_client::collector::Collector;
use prometheus_client::encoding::text::encode;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::Registry;

use crate::agents::State;
use crate::hub::Hub;

/// What is counted.
#[derive(Debug, Default)]
pub(crate) struct Metrics {
    viewers: Arc<AtomicU64>,
    opened: AtomicU64,
    skipped: AtomicU64,
    skipped_bytes: AtomicU64,
    silent: AtomicU64,
    cut: AtomicU64,
}

/// A viewer, counted while this lives.
#[derive(Debug)]
pub(crate) struct Watching(Arc<AtomicU64>);

impl Drop for Watching {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Metrics {
    pub(crate) fn watching(&self) -> Watching {
        self.opened.fetch_add(1, Ordering::Relaxed);
        self.viewers.fetch_add(1, Ordering::Relaxed);
        Watching(Arc::clone(&self.viewers))
    }

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
        let (metrics, hub) = (&self.0.metrics, &self.0);
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let gauge = |value: u64| ConstGauge::new(i64::try_from(value).unwrap_or(i64::MAX));
        let channels = hub.agents.channels();
        let stats: Vec<_> = channels.iter().map(|channel| channel.stats()).collect();
        let up = hub.agents.list().iter().filter(|(_, host)| matches!(host.state, State::Up(_))).count();
        let fds = hub.budget.snapshot();
        let (used, limit) = hub.budget.used_and_limit();
        for (name, help, value) in [
            ("viewers", "Open live views", read(&metrics.viewers)),
            ("agents", "Agents with a link", up as u64),
            ("channels", "Channels with somebody looking", channels.len() as u64),
            ("tasks", "Tasks at work: connections, views, links, channels", hub.tasks.len() as u64),
            ("ring_bytes", "Weight of what the channels hold, in bytes", stats.iter().map(|s| s.bytes).sum()),
            ("fds_used", "Open file descriptors", used),
            ("fds_limit", "Soft limit of open file descriptors", limit),
        ] {
            describe(&mut encoder, name, help, &gauge(value))?;
        }
        for (name, help, value) in [
            ("viewers_opened", "Live views opened", read(&metrics.opened)),
            ("viewer_skips", "Times a live view was too slow and skipped ahead", read(&metrics.skipped)),
            ("viewer_skipped_bytes", "Bytes that were skipped so, where it is known", read(&metrics.skipped_bytes)),
            ("viewers_silent", "Views closed since nobody answered", read(&metrics.silent)),
            ("viewers_cut", "Views closed before the last words were out", read(&metrics.cut)),
            ("connections_accepted", "Connections that were let in", fds.counts.accepted),
            (
                "connections_refused",
                "Connections refused in words",
                fds.counts.refused_full + fds.counts.refused_exhausted,
            ),
            ("ring_evicted", "Items that left channels for newer ones", stats.iter().map(|s| s.evicted).sum()),
        ] {
            describe(&mut encoder, name, help, &ConstCounter::new(value))?;
        }
        Ok(())
    }
}

fn describe<M: EncodeMetric>(
    encoder: &mut DescriptorEncoder<'_>,
    name: &str,
    help: &str,
    metric: &M,
) -> std::fmt::Result {
    metric.encode(encoder.encode_descriptor(name, help, None, metric.metric_type())?)
}
