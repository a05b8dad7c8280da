//! `tailcast-bench`: prints the table of `bench/README.md`. With names of rows it runs only these.
//!
//! It holds all viewers in one process and one thread, so that the other core belongs to the program under load.
//! Everything it talks to is a process that it started itself, on the loopback interface.

use std::future::Future;

use anyhow::{Result, bail};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::signal::ctrl_c;
use tokio::signal::unix::{SignalKind, signal};

mod big_log;
mod broker;
mod crowd;
mod feed;
mod fleet;
mod http;
mod latency;
mod neighbour;
mod peer;
mod rival;
mod row;
mod rows;
mod stamp;
mod tool;
mod viewer;
mod watched;

use crate::big_log::BigLog;
use crate::broker::Kind;
use crate::feed::Pace;
use crate::peer::Peer;
use crate::row::Row;
use crate::rows::fanout::Fanout;
use crate::rows::{
    administrator, cluster, descriptors, history, idle_agent, idle_links, idle_viewers, join, leak, limit, lowered,
    quiet, reconnect, scan, sealing, silent, storm, torrent,
};

/// What can be asked for, in the order of the table.
const NAMES: &[&str] = &[
    "fanout",
    "many",
    "quiet",
    "idle-viewers",
    "follow",
    "history",
    "descriptors",
    "lowered",
    "silent",
    "administrator",
    "limit",
    "storm",
    "idle-agent",
    "idle-links",
    "cluster",
    "sealing",
    "reconnect",
    "scan",
    "join",
];
/// What is run only when it is asked for by name: it takes a quarter of an hour.
const LONG: &[&str] = &["leak"];

/// A hundred people look at a busy log.
const FANOUT: Fanout = Fanout {
    viewers: 100,
    pace: Pace { rate: 1_000, seconds: 5, bytes: 200 },
    beside: &[Peer::Nchan, Peer::Frontail],
    share_of_nchan: 0.1,
    p99_ms: 30.0,
};
/// A thousand look at a less busy one.
const MANY: Fanout = Fanout {
    viewers: 1_000,
    pace: Pace { rate: 200, seconds: 5, bytes: 200 },
    beside: &[Peer::Nchan],
    share_of_nchan: 0.35,
    p99_ms: 50.0,
};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    #[expect(clippy::disallowed_methods, reason = "this is a program: what to run is said on its command line")]
    let words: Vec<String> = std::env::args().skip(1).collect();
    if words.first().is_some_and(|word| word == neighbour::WORD) {
        return neighbour::play(&words[1..]);
    }
    let asked = asked(words)?;
    raise_descriptors()?;
    // Whoever ends this ends the servers, too: they stop when the row that started them is dropped.
    let mut told_to_stop = signal(SignalKind::terminate())?;
    tokio::select! {
        finished = table(&asked) => finished,
        _ = ctrl_c() => bail!("interrupted"),
        _ = told_to_stop.recv() => bail!("told to stop"),
    }
}

async fn table(asked: &[String]) -> Result<()> {
    println!("{}", Row::HEAD);
    for name in asked {
        match name.as_str() {
            "fanout" => print(name, FANOUT.run()).await,
            "many" => print(name, MANY.run()).await,
            "quiet" => print(name, quiet::run()).await,
            "idle-viewers" => print(name, idle_viewers::run()).await,
            "follow" => print(name, torrent::follow()).await,
            "history" => look_back(name).await?,
            "descriptors" => print(name, descriptors::run()).await,
            "lowered" => print(name, lowered::run()).await,
            "silent" => print(name, silent::run()).await,
            "administrator" => print(name, administrator::run()).await,
            "limit" => print(name, limit::run()).await,
            "storm" => print(name, storm::run()).await,
            "idle-agent" => print(name, idle_agent::run()).await,
            "idle-links" => print(name, idle_links::run()).await,
            "cluster" => {
                print(name, cluster::run(Kind::Redis)).await;
                print(name, cluster::run(Kind::Nats)).await;
            }
            "sealing" => print(name, async { sealing::run() }).await,
            "reconnect" => print(name, reconnect::run()).await,
            "scan" => print(name, async { scan::run() }).await,
            "join" => {
                print(name, async { join::run(20_000) }).await;
                print(name, async { join::run(100_000) }).await;
            }
            "leak" => print(name, leak::run()).await,
            other => bail!("no row is called {other}: {}", [NAMES, LONG].concat().join(", ")),
        }
    }
    Ok(())
}

/// The two rows that need a large log share one.
async fn look_back(name: &str) -> Result<()> {
    let big = BigLog::write()?;
    print(name, history::run(&big)).await;
    print(name, torrent::catch_up(&big)).await;
    Ok(())
}

/// A row that breaks is a row that says so: the others are still worth having.
async fn print(name: &str, row: impl Future<Output = Result<Row>>) {
    match row.await {
        Ok(row) => println!("{row}"),
        Err(error) => println!("{}", Row::broken(name, &error)),
    }
}

fn asked(words: Vec<String>) -> Result<Vec<String>> {
    let known = [NAMES, LONG].concat();
    match words.iter().find(|name| !known.contains(&name.as_str())) {
        Some(unknown) => bail!("no row is called {unknown}: {}", known.join(", ")),
        None if words.is_empty() => Ok(NAMES.iter().map(|name| (*name).to_owned()).collect()),
        None => Ok(words),
    }
}

/// Thousands of viewers in one process need as many descriptors; the servers inherit the limit.
fn raise_descriptors() -> Result<()> {
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    Ok(setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum })?)
}
