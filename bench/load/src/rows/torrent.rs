//! A log that grows by 100 MB each second, with a viewer: following it must cost next to nothing, because the pump
//! skips and tells; and reading a large log as it lies must go as fast as the machine can copy.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow};

use crate::big_log::BigLog;
use crate::crowd::{Crowd, settle};
use crate::http::Client;
use crate::peer::{self, Agent, Serve};
use crate::row::Row;

const BYTES_PER_SECOND: usize = 100_000_000;
const SECONDS: u32 = 5;
const CPU_PERCENT: f64 = 5.0;
const CATCH_UP: f64 = 1e9;

/// One live viewer, and an agent in a process of its own.
pub(crate) async fn follow() -> Result<Row> {
    eprintln!("bench: a log that grows by 100 MB/s");
    let server = peer::tailcast(&Serve { agent_apart: true, ..Serve::default() })?;
    let agent = Agent::start(&server)?;
    settle(Duration::from_secs(2)).await;
    let crowd = Crowd::enter(&server.door, 1).await?;
    settle(Duration::from_millis(500)).await;
    let (hub, agent) = (server.watched()?, agent.watched()?);
    let (hub_before, agent_before, started) = (hub.cpu()?, agent.cpu()?, Instant::now());
    let log = server.log.clone();
    tokio::task::spawn_blocking(move || pour(&log)).await??;
    let percent = |spent: Duration| spent.as_secs_f64() * 100.0 / started.elapsed().as_secs_f64();
    let (hub, agent) = (percent(hub.cpu()? - hub_before), percent(agent.cpu()? - agent_before));
    settle(Duration::from_millis(500)).await;
    let seen = crowd.leave().await?.lines;
    Ok(Row {
        what: "following a file that grows 100 MB/s, 1 live viewer".into(),
        bar: format!("agent ≤ {CPU_PERCENT} % of a core"),
        measured: format!("agent {agent:.1} %, hub {hub:.1} %; {seen} lines shown, the rest told as gaps"),
        beside: String::new(),
        verdict: (agent <= CPU_PERCENT && seen > 0).into(),
    })
}

/// The whole of a large log, as bytes.
pub(crate) async fn catch_up(big: &BigLog) -> Result<Row> {
    eprintln!("bench: {} of log as bytes", big.size_words());
    let server = peer::tailcast(&Serve { offer: Some(big.path().to_owned()), ..Serve::default() })?;
    let path = format!("/api/v1/raw?log=bench:{}", big.path().display());
    let address = server.door.address;
    let (bytes, took) = tokio::task::spawn_blocking(move || {
        let started = Instant::now();
        Client::connect(address)?.drain(&path).map(|bytes| (bytes, started.elapsed()))
    })
    .await??;
    if bytes < big.bytes() {
        return Err(anyhow!("{bytes} of {} bytes came", big.bytes()));
    }
    let speed = bytes as f64 / took.as_secs_f64();
    Ok(Row {
        what: format!("{} through `raw`, over HTTP", big.size_words()),
        bar: "≥ 1 GB/s".into(),
        measured: format!("{:.2} GB/s", speed / 1e9),
        beside: String::new(),
        verdict: (speed >= CATCH_UP).into(),
    })
}

/// Appends in pieces of 1 MB, a hundred each second.
fn pour(log: &Path) -> Result<()> {
    let mut file = OpenOptions::new().append(true).open(log)?;
    let mut line = Vec::new();
    let (started, pieces) = (Instant::now(), 100 * SECONDS);
    for number in 1..=pieces {
        crate::stamp::stamp(&mut line, u64::from(number), 199);
        line.push(b'\n');
        file.write_all(&line.repeat(BYTES_PER_SECOND / 100 / line.len()))?;
        thread::sleep((Duration::from_millis(10) * number).saturating_sub(started.elapsed()));
    }
    Ok(())
}
