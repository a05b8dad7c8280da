//! Looking back in a large log: the last hundred lines, and page after page before them.

use std::net::SocketAddr;
use std::time::Instant;

use anyhow::{Context as _, Result};
use serde_json::Value;

use crate::big_log::BigLog;
use crate::http::Client;
use crate::latency::{Latencies, Summary};
use crate::peer::{self, Serve};
use crate::row::Row;

const TIMES: usize = 500;
const P50_MS: f64 = 1.0;
const P99_MS: f64 = 5.0;

/// Over one HTTP connection, with nobody else asking.
pub(crate) async fn run(big: &BigLog) -> Result<Row> {
    eprintln!("bench: looking back in {}", big.size_words());
    let server = peer::tailcast(&Serve { offer: Some(big.path().to_owned()), ..Serve::default() })?;
    let address = server.door.address;
    let log = format!("bench:{}", big.path().display());
    let (last, back) = tokio::task::spawn_blocking(move || look_back(address, &log)).await??;
    Ok(Row {
        what: format!("last 100 lines of {} over HTTP; page back", big.size_words()),
        bar: format!("each p50 ≤ {P50_MS} ms, p99 ≤ {P99_MS} ms"),
        measured: format!("last 100: {last}; page back: {back}"),
        beside: String::new(),
        verdict: (last.within(P50_MS, P99_MS) && back.within(P50_MS, P99_MS)).into(),
    })
}

fn look_back(address: SocketAddr, log: &str) -> Result<(Summary, Summary)> {
    let mut client = Client::connect(address)?;
    let newest = format!("/api/v1/lines?log={log}&last=100");
    let mut before = position_before(&client.get(&newest)?)?;
    let (mut last, mut back) = (Latencies::default(), Latencies::default());
    for _ in 0..TIMES {
        timed(&mut client, &newest, &mut last)?;
        let page = timed(&mut client, &format!("/api/v1/lines?log={log}&before={before}&limit=100"), &mut back)?;
        before = position_before(&page)?;
    }
    Ok((last.summary(), back.summary()))
}

fn timed(client: &mut Client, path: &str, into: &mut Latencies) -> Result<Vec<u8>> {
    let started = Instant::now();
    let body = client.get(path)?;
    into.add_ns(u64::try_from(started.elapsed().as_nanos())?);
    Ok(body)
}

/// Where the page before this one ends. Also looks that the page is one: fast and empty is no success.
fn position_before(page: &[u8]) -> Result<String> {
    let page: Value = serde_json::from_slice(page)?;
    let lines = page["lines"].as_array().map_or(0, Vec::len);
    anyhow::ensure!(lines == 100, "a page of {lines} lines instead of 100");
    Ok(page["before"].as_str().context("no position before the page")?.to_owned())
}
