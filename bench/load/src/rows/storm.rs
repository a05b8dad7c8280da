//! Everybody connects at the same moment: after a restart, after a network came back.
//!
//! Connecting is done by threads that block in connect(2), so that what is timed is the kernel's accept queue and
//! not the turn of a task among thousands. All are connected before the first one says anything.

use std::io;
use std::net::{SocketAddr, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow};
use tokio::task::JoinSet;

use crate::crowd::{Crowd, settle};
use crate::latency::Latencies;
use crate::peer::{Peer, Server};
use crate::row::Row;
use crate::viewer::Knock;
use crate::watched::listen_drops;

const CLIENTS: usize = 5_000;
/// Few, or the clients would take both cores from the hub, which those of the real world do not.
const THREADS: usize = 4;
const P99_MS: f64 = 300.0;

type Connected = (TcpStream, Duration);

/// Thousands of connections at once; counts what the kernel threw away, too.
pub(crate) async fn run() -> Result<Row> {
    eprintln!("bench: {CLIENTS} clients at once");
    let server = Peer::Tailcast.start()?;
    settle(Duration::from_millis(300)).await;
    let (address, started) = (server.door.address, Instant::now());
    let connected = tokio::task::spawn_blocking(move || connect_all(address)).await??;
    let mut connects = Latencies::default();
    for (_, took) in &connected {
        connects.add_ns(u64::try_from(took.as_nanos())?);
    }
    let crowd = enter_all(&server, connected).await?;
    let all_in = started.elapsed();
    let (inside, overflows) = (crowd.len(), listen_drops(address.port())?);
    crowd.leave().await?;
    let times = connects.summary();
    Ok(Row {
        what: format!("{CLIENTS} clients connecting at once"),
        bar: format!("TCP connect p99 ≤ {P99_MS} ms, 0 ListenOverflows"),
        measured: format!("{times}; {overflows} overflows; {inside} let in after {:.2} s", all_in.as_secs_f64()),
        beside: String::new(),
        verdict: (times.within(f64::INFINITY, P99_MS) && overflows == 0 && inside == CLIENTS).into(),
    })
}

fn connect_all(address: SocketAddr) -> Result<Vec<Connected>> {
    thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS).map(|_| scope.spawn(move || connect_some(address))).collect();
        let mut all = Vec::with_capacity(CLIENTS);
        for thread in threads {
            all.extend(thread.join().map_err(|_| anyhow!("a connecting thread broke"))??);
        }
        Ok(all)
    })
}

fn connect_some(address: SocketAddr) -> io::Result<Vec<Connected>> {
    let one = || {
        let started = Instant::now();
        Ok((TcpStream::connect(address)?, started.elapsed()))
    };
    (0..CLIENTS / THREADS).map(|_| one()).collect()
}

async fn enter_all(server: &Server, connected: Vec<Connected>) -> Result<Crowd> {
    let mut knocking = JoinSet::new();
    for (stream, _) in connected {
        stream.set_nonblocking(true)?;
        let (door, stream) = (server.door.clone(), tokio::net::TcpStream::from_std(stream)?);
        knocking.spawn(async move { door.knock_on(stream).await });
    }
    let mut inside = Crowd::default();
    while let Some(knocked) = knocking.join_next().await {
        if let Ok(Knock::In(viewer)) = knocked? {
            inside.add(viewer);
        }
    }
    Ok(inside)
}
