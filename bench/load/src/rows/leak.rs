//! A real process that opens a connection to a real Redis for each of its two requests a minute, seen through two real hubs: after
//! how many minutes it is named, and with which words, where somebody looks all the time, and where nobody looked and the host
//! counts once a minute. It takes a quarter of an hour of the clock and hardly any of the processor.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

use crate::broker::{Broker, Kind};
use crate::crowd::settle;
use crate::http::Client;
use crate::neighbour::Neighbour;
use crate::peer::{self, Serve, Server};
use crate::row::Row;

/// As a page looks, and `tailcast ps --watch`.
const LOOK: Duration = Duration::from_secs(2);
/// Longer than a host waits between two counts of its own.
const BETWEEN_SAMPLES: Duration = Duration::from_secs(75);
const BAR: Duration = Duration::from_secs(15 * 60);
/// For so long it is waited for, so that a miss has a figure, too.
const PATIENCE: Duration = Duration::from_secs(25 * 60);

/// When it was named, and how.
struct Named {
    after: Duration,
    looks: usize,
    words: String,
}

/// The whole row.
pub(crate) async fn run() -> Result<Row> {
    eprintln!("bench: a leak of two connections a minute, for a quarter of an hour");
    let redis = Broker::start(Kind::Redis)?;
    let looked_at = peer::tailcast(&Serve::default())?;
    let history = vec![("TAILCAST_AGENT__PROCESSES_HISTORY", "true".to_owned())];
    let left_alone = peer::tailcast(&Serve { environment: history, ..Serve::default() })?;
    let leaky = Neighbour::leaky(redis.address)?;
    let began = Instant::now();
    let watched = until_named(&looked_at, leaky.pid(), redis.address, began).await?;
    eprintln!("bench: looked at, it was named {watched}");
    // So that the other hub's minutes, which began with its start, have seen as much.
    settle(BETWEEN_SAMPLES).await;
    let alone = until_named(&left_alone, leaky.pid(), redis.address, began).await?;
    Ok(Row {
        what: "a process that opens a connection to Redis for each request, 2 a minute, and closes none".into(),
        bar: format!("named ≤ {} min", BAR.as_secs() / 60),
        measured: format!("looked at: {watched}; with a count a minute and nobody looking: {alone}"),
        beside: String::new(),
        verdict: (watched.after <= BAR && alone.after <= BAR).into(),
    })
}

/// Looks until it is named, and it is said with whom the connections are that grow.
async fn until_named(hub: &Server, pid: u32, redis: SocketAddr, began: Instant) -> Result<Named> {
    let (mut client, with) = (Client::connect(hub.door.address)?, format!("connections to {redis}"));
    for looks in 1.. {
        if let Some(words) = finding(&mut client, pid)?.filter(|words| words.contains(&with)) {
            return Ok(Named { after: began.elapsed(), looks, words });
        }
        if began.elapsed() > PATIENCE {
            break;
        }
        settle(LOOK).await;
    }
    bail!("it was not named within {} minutes", PATIENCE.as_secs() / 60)
}

/// What the hub says is wrong with the process.
fn finding(client: &mut Client, pid: u32) -> Result<Option<String>> {
    let list: Value = serde_json::from_slice(&client.get("/api/v1/hosts/bench/processes")?)?;
    let of_it = |process: &&Value| process["pid"] == pid;
    let process = list["processes"].as_array().and_then(|list| list.iter().find(of_it)).context("it has ended")?;
    Ok(process["findings"][0]["words"].as_str().map(str::to_owned))
}

impl std::fmt::Display for Named {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let minutes = self.after.as_secs_f64() / 60.0;
        write!(f, "after {minutes:.1} min (look {}): `{}`", self.looks, self.words)
    }
}
