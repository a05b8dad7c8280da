//! Everybody connects at the same moment: after a restart, after a network came back.

use std::time::Duration;

use anyhow::Result;
use tokio::task::JoinSet;

use crate::crowd::{Crowd, settle};
use crate::latency::Latencies;
use crate::peer::Peer;
use crate::row::Row;
use crate::viewer::Knock;
use crate::watched::listen_overflows;

const CLIENTS: usize = 5_000;
const P99_MS: f64 = 300.0;

/// Thousands of connections at once; counts what the kernel threw away, too.
pub(crate) async fn run() -> Result<Row> {
    eprintln!("bench: {CLIENTS} clients at once");
    let server = Peer::Tailcast.start()?;
    settle(Duration::from_millis(300)).await;
    let overflows = listen_overflows()?;
    let mut knocking = JoinSet::new();
    for _ in 0..CLIENTS {
        let door = server.door.clone();
        knocking.spawn(async move { door.knock().await });
    }
    let (mut inside, mut connects) = (Crowd::default(), Latencies::default());
    while let Some(knocked) = knocking.join_next().await {
        let Ok((knock, connected)) = knocked? else { continue };
        connects.add_ns(u64::try_from(connected.as_nanos())?);
        if let Knock::In(viewer) = knock {
            inside.add(viewer);
        }
    }
    let overflows = listen_overflows()? - overflows;
    let let_in = inside.len();
    inside.leave().await?;
    let times = connects.summary();
    Ok(Row {
        what: format!("{CLIENTS} clients connecting at once"),
        bar: format!("TCP connect p99 ≤ {P99_MS} ms, 0 ListenOverflows"),
        measured: format!("{times}; {overflows} overflows; {let_in} let in"),
        beside: String::new(),
        verdict: (times.within(f64::INFINITY, P99_MS) && overflows == 0 && let_in == CLIENTS).into(),
    })
}
