//! All places but a few are taken by connections that never say a word: a real viewer must not wait for longer than a request's head
//! may take.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use tokio::net::TcpStream;

use crate::crowd::settle;
use crate::peer::{self, Serve};
use crate::row::Row;
use crate::viewer::{Knock, Viewer};

const LIMIT: u32 = 64;
/// Ten fewer than the limit.
const SILENT: usize = 54;
/// How long the hub lets the head of a request take, and a second more.
const SECONDS: f64 = 11.0;

/// The whole row.
pub(crate) async fn run() -> Result<Row> {
    eprintln!("bench: {SILENT} connections that never say a word at ulimit -n {LIMIT}");
    let server = peer::tailcast(&Serve { descriptors: Some(LIMIT), ..Serve::default() })?;
    let mut silent = Vec::new();
    for _ in 0..SILENT {
        silent.push(TcpStream::connect(server.door.address).await?);
    }
    let began = Instant::now();
    let (mut refused, mut inside) = (0, None::<Viewer>);
    while inside.is_none() && began.elapsed().as_secs_f64() < 3.0 * SECONDS {
        match server.door.knock().await? {
            Knock::In(viewer) => inside = Some(viewer),
            Knock::Refused { .. } => refused += 1,
            Knock::Silence => bail!("a viewer was left without a word: {}", server.words()),
        }
        // As a page does that is told to come again.
        settle(Duration::from_millis(if inside.is_some() { 0 } else { 200 })).await;
    }
    let took = began.elapsed().as_secs_f64();
    inside.context("no viewer came in at all")?;
    Ok(Row {
        what: format!("{SILENT} clients that never say a word at `ulimit -n {LIMIT}`, and a viewer"),
        bar: format!("the viewer is inside within {SECONDS} s"),
        measured: format!("inside after {took:.2} s; told to come again {refused} times before"),
        beside: String::new(),
        verdict: (took <= SECONDS).into(),
    })
}
