//! A hub with hardly any file descriptors, and three times as many clients: it must refuse in words, not spin,
//! not forget those who are inside, and let the next one in as soon as there is room.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, anyhow};
use tokio::task::JoinSet;

use crate::crowd::{Crowd, settle};
use crate::feed::Pace;
use crate::latency::Latencies;
use crate::peer::{self, Serve, Server};
use crate::row::Row;
use crate::viewer::{Knock, Viewer};

const LIMIT: u32 = 64;
const CLIENTS: usize = 200;
/// Those turned away try again each second, as a browser does.
const SECONDS: u32 = 5;
const CPU_PERCENT: f64 = 2.0;
const REFUSAL_MS: f64 = 50.0;
const ROOM_MS: f64 = 50.0;

/// What came of one wave of clients.
#[derive(Debug, Default)]
struct Wave {
    inside: Vec<Viewer>,
    refusals: Latencies,
    in_words: usize,
    silent: usize,
}

/// The whole row.
pub(crate) async fn run() -> Result<Row> {
    eprintln!("bench: {CLIENTS} clients at ulimit -n {LIMIT}");
    let server = peer::tailcast(&Serve { descriptors: Some(LIMIT), ..Serve::default() })?;
    let mut first = wave(&server, CLIENTS).await?;
    let mut old = Crowd::default();
    let leaving = first.inside.split_off(first.inside.len().saturating_sub(5));
    let (inside, turned_away) = (first.inside.len() + leaving.len(), first.in_words + first.silent);
    first.inside.drain(..).for_each(|viewer| old.add(viewer));

    let pace = Pace { rate: 10, seconds: SECONDS, bytes: 200 };
    let watched = server.watched()?;
    let (before, started) = (watched.cpu()?, Instant::now());
    let feeding = server.feed()?.start(pace);
    for _ in 0..SECONDS {
        let mut again = wave(&server, turned_away).await?;
        first.in_words += again.in_words;
        first.silent += again.silent;
        first.refusals.join(std::mem::take(&mut again.refusals));
        settle(Duration::from_secs(1)).await;
    }
    tokio::task::spawn_blocking(move || feeding.join()).await?.map_err(|_| anyhow!("the feed broke"))??;
    let percent = (watched.cpu()? - before).as_secs_f64() * 100.0 / started.elapsed().as_secs_f64();

    drop(leaving);
    let room = time_to_room(&server).await?;
    let stayed = old.len() as u64;
    let seen = old.leave().await?;
    let missing = (stayed * pace.lines()).saturating_sub(seen.lines);
    let refusals = first.refusals.summary();
    let held = percent < CPU_PERCENT && first.silent == 0 && refusals.within(f64::INFINITY, REFUSAL_MS);
    Ok(Row {
        what: format!("`serve` at `ulimit -n {LIMIT}`, {CLIENTS} clients"),
        bar: format!(
            "CPU < {CPU_PERCENT} % of a core; refused in words, p99 ≤ {REFUSAL_MS} ms; viewers lose nothing; \
             a new one in ≤ {ROOM_MS} ms after room is made"
        ),
        measured: format!(
            "{inside} inside; CPU {percent:.1} %; {} refused in words, {refusals}; {} without a word; {missing} lines \
             missing; a new one in after {:.1} ms",
            first.in_words,
            first.silent,
            room.as_secs_f64() * 1e3
        ),
        beside: String::new(),
        verdict: (held && missing == 0 && room.as_secs_f64() * 1e3 <= ROOM_MS).into(),
    })
}

async fn wave(server: &Server, clients: usize) -> Result<Wave> {
    let mut knocking = JoinSet::new();
    for _ in 0..clients {
        let door = server.door.clone();
        knocking.spawn(async move {
            let started = Instant::now();
            (door.knock().await, started.elapsed())
        });
    }
    let mut wave = Wave::default();
    while let Some(knocked) = knocking.join_next().await {
        let (knock, took) = knocked?;
        match knock {
            Ok(Knock::In(viewer)) => wave.inside.push(viewer),
            Ok(Knock::Refused { in_words: true, .. }) => {
                wave.in_words += 1;
                wave.refusals.add_ns(u64::try_from(took.as_nanos())?);
            }
            Ok(_) | Err(_) => wave.silent += 1,
        }
    }
    Ok(wave)
}

/// How long after others have left a new one is inside.
async fn time_to_room(server: &Server) -> Result<Duration> {
    let started = Instant::now();
    while started.elapsed() < Duration::from_secs(10) {
        if let Knock::In(_) = server.door.knock().await? {
            return Ok(started.elapsed());
        }
    }
    Err(anyhow!("nobody was let in although there was room")).context(server.words())
}
