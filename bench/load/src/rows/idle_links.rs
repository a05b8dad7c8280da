//! What the link of an agent costs its hub while nobody looks: resident memory, spread over a thousand.

use std::time::Duration;

use anyhow::Result;

use crate::crowd::settle;
use crate::fleet::Fleet;
use crate::peer::{self, Serve};
use crate::row::Row;

const LINKS: usize = 1_000;
const BAR_KIB: f64 = 32.0;

pub(crate) async fn run() -> Result<Row> {
    eprintln!("bench: {LINKS} idle links of agents");
    let hub = peer::tailcast(&Serve { agent_apart: true, ..Serve::default() })?;
    let watched = hub.watched()?;
    // The first question pays for what all share.
    Fleet::start(hub.door.address, 0)?.is_there().await?;
    settle(Duration::from_secs(1)).await;
    let before = watched.resident()?;
    let fleet = Fleet::start(hub.door.address, LINKS)?;
    fleet.is_there().await?;
    settle(Duration::from_secs(3)).await;
    let kib = watched.resident()?.saturating_sub(before) as f64 / 1024.0 / LINKS as f64;
    Ok(Row {
        what: format!("memory per idle agent link, over {LINKS}"),
        bar: format!("≤ {BAR_KIB} KiB"),
        measured: format!("{kib:.1} KiB"),
        beside: String::new(),
        verdict: (kib <= BAR_KIB).into(),
    })
}
