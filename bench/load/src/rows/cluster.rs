//! Hubs joined by a broker: what a delivered line costs all of them together, and how late it is, beside one hub alone.

use std::fmt;
use std::time::Duration;

use anyhow::{Context as _, Result};

use crate::broker::{Broker, Kind};
use crate::crowd::{Crowd, settle};
use crate::feed::Pace;
use crate::latency::Summary;
use crate::peer::{self, Serve, Server};
use crate::row::Row;
use crate::viewer::Tally;
use crate::watched::Watched;

/// Viewers of the one log, in all, spread evenly over the hubs.
const VIEWERS: usize = 100;
const PACE: Pace = Pace { rate: 1_000, seconds: 5, bytes: 200 };
/// Hubs at the broker.
const HUBS: [usize; 3] = [1, 2, 4];

/// What came out for one arrangement.
struct Outcome {
    hubs: usize,
    /// Microseconds of processor time of all hubs per delivered line, and of the broker.
    hubs_us: f64,
    broker_us: f64,
    /// Lines that reached viewers each second, of all of them.
    per_second: f64,
    latency: Summary,
    missing: u64,
    disordered: u64,
}

/// One row: this broker, beside no broker.
pub(crate) async fn run(kind: Kind) -> Result<Row> {
    let mut outcomes = Vec::new();
    for hubs in HUBS {
        eprintln!("bench: {hubs} hubs over {kind:?}");
        outcomes.push(joined(kind, hubs).await?);
    }
    eprintln!("bench: one hub alone");
    let alone = alone().await?;
    let whole = outcomes.iter().all(|outcome| outcome.missing == 0 && outcome.disordered == 0);
    let measured: Vec<_> = outcomes.iter().map(ToString::to_string).collect();
    Ok(Row {
        what: format!("{VIEWERS} viewers × {} lines/s × {} B over 1, 2 and 4 hubs at {kind:?}", PACE.rate, PACE.bytes),
        bar: "each line once and in order".into(),
        measured: measured.join("; "),
        beside: format!("one hub, no broker: {alone}"),
        verdict: whole.into(),
    })
}

async fn joined(kind: Kind, count: usize) -> Result<Outcome> {
    let broker = Broker::start(kind)?;
    let mut hubs = Vec::new();
    for number in 0..count {
        hubs.push(broker.hub(number == 0)?);
    }
    let outcome = measure(&hubs, Some(broker.watched()?)).await;
    outcome.with_context(|| broker.words())
}

async fn alone() -> Result<Outcome> {
    measure(&[peer::tailcast(&Serve::default())?], None).await
}

/// The first of the hubs reads the log.
async fn measure(hubs: &[Server], broker: Option<Watched>) -> Result<Outcome> {
    settle(Duration::from_secs(2)).await;
    let reads = hubs.first().context("no hub")?;
    let mut crowds = Vec::new();
    for hub in hubs {
        let mut door = hub.door.clone();
        door.path.clone_from(&reads.door.path);
        crowds.push(Crowd::enter(&door, VIEWERS / hubs.len()).await.with_context(|| hub.words())?);
    }
    settle(Duration::from_secs(2)).await;
    let all = hubs.iter().map(Server::watched).collect::<Result<Vec<Watched>>>()?;
    let spent = || all.iter().map(Watched::cpu).sum::<Result<Duration>>();
    let broker_spent = || broker.as_ref().map_or(Ok(Duration::ZERO), Watched::cpu);
    let (before, broker_before) = (spent()?, broker_spent()?);
    let feeding = reads.feed()?.start(PACE);
    tokio::task::spawn_blocking(move || feeding.join()).await?.map_err(|_| anyhow::anyhow!("the feed broke"))??;
    settle(Duration::from_secs(1)).await;
    let (spent, broker_spent) = (spent()? - before, broker_spent()? - broker_before);
    let mut tally = Tally::default();
    for crowd in crowds {
        tally.join(crowd.leave().await?);
    }
    let per_line = |spent: Duration| spent.as_secs_f64() * 1e6 / tally.lines.max(1) as f64;
    Ok(Outcome {
        hubs: hubs.len(),
        hubs_us: per_line(spent),
        broker_us: per_line(broker_spent),
        per_second: tally.lines as f64 / f64::from(PACE.seconds),
        missing: (PACE.lines() * VIEWERS as u64).saturating_sub(tally.lines),
        disordered: tally.disordered,
        latency: tally.latencies.summary(),
    })
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { hubs, hubs_us, broker_us, per_second, latency, missing, disordered } = self;
        let word = if *hubs == 1 { "hub" } else { "hubs" };
        write!(
            f,
            "{hubs} {word}: {hubs_us:.2} µs per line and {broker_us:.2} in the broker, {per_second:.0} lines/s, {latency}"
        )?;
        match (missing, disordered) {
            (0, 0) => Ok(()),
            _ => write!(f, ", {missing} missing, {disordered} out of order"),
        }
    }
}
