//! A log that says little: its next line must go out at once, because nothing behind the pump adds delay.

use std::time::Duration;

use anyhow::{Result, anyhow};

use crate::crowd::{Crowd, settle};
use crate::feed::Pace;
use crate::latency::Summary;
use crate::peer::Peer;
use crate::row::Row;

const PACE: Pace = Pace { rate: 10, seconds: 10, bytes: 200 };
const P50_MS: f64 = 1.0;
const P99_MS: f64 = 5.0;

/// One viewer, ten lines a second.
pub(crate) async fn run() -> Result<Row> {
    let ours = measure(Peer::Tailcast).await?;
    let nchan = measure(Peer::Nchan).await.map_or_else(|error| format!("not measured: {error:#}"), |s| s.to_string());
    Ok(Row {
        what: format!("quiet log, 1 viewer, {} lines/s", PACE.rate),
        bar: format!("write→viewer p50 ≤ {P50_MS} ms, p99 ≤ {P99_MS} ms"),
        measured: ours.to_string(),
        beside: format!("nginx+nchan: {nchan}"),
        verdict: ours.within(P50_MS, P99_MS).into(),
    })
}

async fn measure(peer: Peer) -> Result<Summary> {
    eprintln!("bench: a quiet log, {}", peer.name());
    let server = peer.start()?;
    let crowd = Crowd::enter(&server.door, 1).await?;
    settle(Duration::from_millis(500)).await;
    let feeding = server.feed()?.start(PACE);
    tokio::task::spawn_blocking(move || feeding.join()).await?.map_err(|_| anyhow!("the feed broke"))??;
    settle(Duration::from_millis(500)).await;
    Ok(crowd.leave().await?.latencies.summary())
}
