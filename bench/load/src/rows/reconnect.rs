//! A hub that is killed and started again: how long until its agents are all back.

use std::time::Duration;

use anyhow::Result;

use crate::crowd::settle;
use crate::fleet::Fleet;
use crate::peer::{self, Serve};
use crate::row::Row;

const AGENTS: usize = 200;
const TIMES: usize = 3;
/// An agent whose link broke sooner waits longer, as for a hub that does not stay up.
const GOOD: Duration = Duration::from_secs(11);
/// They spread themselves over their waits on purpose, so that a hub that comes back is not run over.
const BAR_S: f64 = 5.0;

pub(crate) async fn run() -> Result<Row> {
    eprintln!("bench: {AGENTS} agents reconnecting");
    let mut hub = peer::tailcast(&Serve { agent_apart: true, ..Serve::default() })?;
    let address = hub.door.address;
    let fleet = Fleet::start(address, AGENTS)?;
    fleet.is_there().await?;
    let mut took = Vec::new();
    for _ in 0..TIMES {
        settle(GOOD).await;
        hub.kill()?;
        hub = peer::tailcast(&Serve { agent_apart: true, listen: Some(address), ..Serve::default() })?;
        took.push(fleet.is_there().await?.as_secs_f64());
    }
    took.sort_by(f64::total_cmp);
    let (median, worst) = (took[TIMES / 2], took[TIMES - 1]);
    Ok(Row {
        what: format!("{AGENTS} agents reconnecting after their hub was killed and started, {TIMES} times"),
        bar: format!("all back ≤ {BAR_S} s after it listens"),
        measured: format!("median {median:.2} s, worst {worst:.2} s"),
        beside: String::new(),
        verdict: (worst <= BAR_S).into(),
    })
}
