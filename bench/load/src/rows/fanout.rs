//! One log, many viewers, many lines: what one delivered line costs, and how late it is, beside the peers.

use std::fmt;
use std::iter;
use std::time::Duration;

use anyhow::{Context as _, Result};

use crate::crowd::{Crowd, settle};
use crate::feed::Pace;
use crate::latency::Summary;
use crate::peer::Peer;
use crate::row::{Row, Verdict};

/// One row: the load, who is asked, and what must hold.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fanout {
    /// Viewers of the one log.
    pub(crate) viewers: usize,
    /// The lines.
    pub(crate) pace: Pace,
    /// Who stands beside.
    pub(crate) beside: &'static [Peer],
    /// Cost of one delivered line, as a share of nchan's.
    pub(crate) share_of_nchan: f64,
    /// Latest write→viewer of 99 in 100, in milliseconds.
    pub p99_ms: f64,
}

/// How often each peer is measured.
const ROUNDS: usize = 3;

/// What came out, or why nothing did.
type Measured = Result<Outcome, String>;

/// What came out for one peer.
#[derive(Clone, Copy, Debug)]
struct Outcome {
    /// Microseconds of processor time per delivered line, reading the log included.
    cost_us: f64,
    latency: Summary,
    /// Lines written, times viewers, that nobody got.
    missing: u64,
    disordered: u64,
}

impl Fanout {
    /// Runs all peers under the same load, in turn, so that what else the machine does falls on all of them;
    /// of the rounds of each the one with the middle cost counts.
    pub(crate) async fn run(self) -> Result<Row> {
        let mut rounds = vec![Vec::new(); 1 + self.beside.len()];
        for _ in 0..ROUNDS {
            for (peer, outcomes) in iter::once(&Peer::Tailcast).chain(self.beside).zip(&mut rounds) {
                outcomes.push(self.measure(*peer).await.map_err(|error| format!("not measured: {error:#}")));
            }
        }
        let mut middles = rounds.into_iter().map(middle);
        let ours = middles.next().unwrap_or_else(|| Err("not measured".into()));
        let mut beside = Vec::new();
        let mut nchan = None;
        for (peer, outcome) in self.beside.iter().zip(middles) {
            nchan = nchan.or(outcome.as_ref().ok().filter(|_| *peer == Peer::Nchan).map(|outcome| outcome.cost_us));
            beside.push(format!("{}: {}", peer.name(), words(&outcome)));
        }
        let verdict = match (&ours, nchan) {
            (Ok(ours), Some(nchan)) => Verdict::from(self.holds(ours, nchan)),
            _ => Verdict::Open,
        };
        let share =
            ours.as_ref().ok().zip(nchan).map(|(ours, nchan)| format!(" ({:.2} × nchan)", ours.cost_us / nchan));
        let Pace { rate, bytes, .. } = self.pace;
        Ok(Row {
            what: format!("fan-out, {} viewers × {rate} lines/s × {bytes} B", self.viewers),
            bar: format!("≤ {} × nchan's CPU per delivered line; p99 ≤ {} ms", self.share_of_nchan, self.p99_ms),
            measured: format!("{}{}", words(&ours), share.unwrap_or_default()),
            beside: beside.join("; "),
            verdict,
        })
    }

    fn holds(&self, ours: &Outcome, nchan_us: f64) -> bool {
        let whole = ours.missing == 0 && ours.disordered == 0;
        whole && ours.cost_us <= self.share_of_nchan * nchan_us && ours.latency.within(f64::INFINITY, self.p99_ms)
    }

    async fn measure(&self, peer: Peer) -> Result<Outcome> {
        eprintln!("bench: {} viewers of {}", self.viewers, peer.name());
        let server = peer.start()?;
        let crowd = Crowd::enter(&server.door, self.viewers).await.with_context(|| server.words())?;
        settle(Duration::from_secs(1)).await;
        let watched = server.watched()?;
        let before = watched.cpu()?;
        let feeding = server.feed()?.start(self.pace);
        tokio::task::spawn_blocking(move || feeding.join()).await?.map_err(|_| anyhow::anyhow!("the feed broke"))??;
        settle(Duration::from_secs(1)).await;
        let spent = watched.cpu()? - before;
        let mut tally = crowd.leave().await?;
        let owed = self.pace.lines() * self.viewers as u64;
        Ok(Outcome {
            cost_us: spent.as_secs_f64() * 1e6 / tally.lines.max(1) as f64,
            latency: tally.latencies.summary(),
            missing: owed.saturating_sub(tally.lines),
            disordered: tally.disordered,
        })
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.2} µs per line, {}", self.cost_us, self.latency)?;
        match (self.missing, self.disordered) {
            (0, 0) => Ok(()),
            (missing, disordered) => write!(f, ", {missing} missing, {disordered} out of order"),
        }
    }
}

/// One round that could not be measured spoils all: a peer that works two times in three does not work.
fn middle(outcomes: Vec<Measured>) -> Measured {
    let mut outcomes = outcomes.into_iter().collect::<Result<Vec<Outcome>, String>>()?;
    outcomes.sort_by(|one, other| one.cost_us.total_cmp(&other.cost_us));
    outcomes.get(outcomes.len() / 2).copied().ok_or_else(|| "not measured".into())
}

fn words(outcome: &Measured) -> String {
    match outcome {
        Ok(outcome) => outcome.to_string(),
        Err(words) => words.clone(),
    }
}
