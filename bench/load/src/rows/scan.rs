//! How many files each process of a host has open: by one look at all, and by the count that is taken each minute while nobody
//! looks, with the memory that an hour of these takes.

use std::time::{Duration, Instant};

use anyhow::Result;
use tailcast_procs::{Proc, Watch};

use crate::neighbour::Neighbour;
use crate::row::Row;
use crate::tool::Cost;
use crate::watched::Watched;

/// Beside those that run anyway, so that there are some hundreds.
const PROCESSES: usize = 300;
const BAR_US: f64 = 10.0;
const ROUNDS: u32 = 100;
/// More than an hour of samples: all that is ever remembered.
const MINUTES: u64 = 70;

/// The whole row.
pub(crate) fn run() -> Result<Row> {
    eprintln!("bench: counting the open files of {PROCESSES} processes more");
    let _neighbours = (0..PROCESSES).map(|_| Neighbour::idle()).collect::<Result<Vec<_>>>()?;
    let proc = Proc::new()?;
    let processes = proc.counts()?.len();
    let each = |took: Duration| took.as_secs_f64() * 1e6 / processes as f64;
    let counts = each(mean(|| Ok(proc.counts().map(drop)?))?);
    let sampled = Sampled::measure()?;
    let (first, sample) = (each(sampled.first), each(sampled.each));
    let bytes = sampled.bytes / processes as u64;
    let peers = [("lsof -nP", vec!["lsof", "-nP"]), ("ls /proc/*/fd", vec!["sh", "-c", "ls /proc/[0-9]*/fd | wc -l"])];
    let beside = peers.into_iter().map(|(name, words)| {
        let cost = Cost::of(&words)?.map(|cost| format!("{:.1} µs of CPU", each(cost.cpu)));
        Ok(format!("{name}: {}", cost.unwrap_or_else(|| "not installed".into())))
    });
    Ok(Row {
        what: format!("open files of each of {processes} processes"),
        bar: format!("≤ {BAR_US} µs per process"),
        measured: format!(
            "{counts:.1} µs per process; each minute while nobody looks {sample:.1} µs, the first time {first:.1} µs; \
             {bytes} B per process for an hour"
        ),
        beside: beside.collect::<Result<Vec<_>>>()?.join("; "),
        verdict: (counts <= BAR_US && sample <= BAR_US).into(),
    })
}

/// What the samples of an hour cost. Their time is simulated: a minute is over as soon as it has been counted.
struct Sampled {
    first: Duration,
    each: Duration,
    bytes: u64,
}

impl Sampled {
    fn measure() -> Result<Self> {
        let own = Watched::myself();
        let mut watch = Watch::new(Proc::new()?);
        let before = own.resident()?;
        let began = Instant::now();
        watch.sample(Duration::from_secs(30))?;
        let first = began.elapsed();
        let began = Instant::now();
        for minute in 1..MINUTES {
            watch.sample(Duration::from_secs(minute * 60 + 30))?;
        }
        let each = began.elapsed() / u32::try_from(MINUTES - 1)?;
        Ok(Self { first, each, bytes: own.resident()?.saturating_sub(before) })
    }
}

fn mean(mut work: impl FnMut() -> Result<()>) -> Result<Duration> {
    let began = Instant::now();
    for _ in 0..ROUNDS {
        work()?;
    }
    Ok(began.elapsed() / ROUNDS)
}
