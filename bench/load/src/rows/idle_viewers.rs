//! What a viewer costs that nothing is sent to: resident memory, spread over thousands.

use std::time::Duration;

use anyhow::{Context as _, Result};

use crate::crowd::{Crowd, settle};
use crate::peer::Peer;
use crate::row::Row;

const VIEWERS: usize = 5_000;
const BAR_KIB: f64 = 8.0;

/// Thousands of viewers of one silent log.
pub(crate) async fn run() -> Result<Row> {
    let ours = measure(Peer::Tailcast).await?;
    let nchan = measure(Peer::Nchan).await;
    Ok(Row {
        what: format!("memory per idle viewer, over {VIEWERS}"),
        bar: format!("≤ {BAR_KIB} KiB"),
        measured: format!("{ours:.1} KiB"),
        beside: nchan
            .map_or_else(|error| format!("not measured: {error:#}"), |kib| format!("nginx+nchan: {kib:.1} KiB")),
        verdict: (ours <= BAR_KIB).into(),
    })
}

async fn measure(peer: Peer) -> Result<f64> {
    eprintln!("bench: {VIEWERS} idle viewers of {}", peer.name());
    let server = peer.start()?;
    // The first ones pay for what all share.
    let first = Crowd::enter(&server.door, 10).await.with_context(|| server.words())?;
    settle(Duration::from_secs(1)).await;
    let watched = server.watched()?;
    let before = watched.resident()?;
    let crowd = Crowd::enter(&server.door, VIEWERS).await.with_context(|| server.words())?;
    settle(Duration::from_secs(3)).await;
    let grown = watched.resident()?.saturating_sub(before);
    first.leave().await?;
    crowd.leave().await?;
    Ok(grown as f64 / 1024.0 / VIEWERS as f64)
}
