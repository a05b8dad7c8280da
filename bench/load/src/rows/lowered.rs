//! The limit is lowered while the hub runs, to just above what is open, and raised again: it refuses soon, lets in again soon, and
//! forgets nobody who is inside.

use std::time::{Duration, Instant};

use anyhow::{Result, anyhow, bail};
use rustix::process::{Resource, Rlimit, prlimit};

use crate::crowd::{Crowd, settle};
use crate::feed::Pace;
use crate::peer::{self, Serve, Server};
use crate::row::Row;
use crate::viewer::Knock;

const LIMIT: u32 = 256;
/// Inside before, and so many above what is open then the limit is lowered to.
const INSIDE: usize = 20;
const ABOVE: u64 = 3;
const SECONDS: f64 = 1.5;
const PACE: Pace = Pace { rate: 100, seconds: 1, bytes: 200 };

/// The whole row.
pub(crate) async fn run() -> Result<Row> {
    eprintln!("bench: the limit of open files is lowered and raised while it runs");
    let server = peer::tailcast(&Serve { descriptors: Some(LIMIT), ..Serve::default() })?;
    let mut crowd = Crowd::enter(&server.door, INSIDE).await?;
    settle(Duration::from_millis(300)).await;
    limit(&server, server.open_files()? + ABOVE)?;
    let refuses = time_until(&server, &mut crowd, false).await?;
    limit(&server, u64::from(LIMIT))?;
    let lets_in = time_until(&server, &mut crowd, true).await?;
    let inside = crowd.len();
    let feeding = server.feed()?.start(PACE);
    tokio::task::spawn_blocking(move || feeding.join()).await?.map_err(|_| anyhow!("the feed broke"))??;
    settle(Duration::from_millis(300)).await;
    let missing = (inside as u64 * PACE.lines()).saturating_sub(crowd.leave().await?.lines);
    let held = refuses.max(lets_in).as_secs_f64() < SECONDS && missing == 0;
    Ok(Row {
        what: format!("`prlimit` of a running hub to {ABOVE} above what is open, and up again"),
        bar: format!("refuses, and lets in again, each within {SECONDS} s; those inside lose nothing"),
        measured: format!(
            "refuses after {:.1} ms; lets in again after {:.1} ms; {inside} inside, {missing} lines missing",
            refuses.as_secs_f64() * 1e3,
            lets_in.as_secs_f64() * 1e3
        ),
        beside: String::new(),
        verdict: held.into(),
    })
}

fn limit(server: &Server, soft: u64) -> Result<()> {
    let limit = Rlimit { current: Some(soft), maximum: Some(u64::from(LIMIT)) };
    prlimit(Some(server.pid()?), Resource::Nofile, limit)?;
    Ok(())
}

/// How long it takes until somebody who comes is let in, or is refused; whoever is let in stays.
async fn time_until(server: &Server, crowd: &mut Crowd, let_in: bool) -> Result<Duration> {
    let started = Instant::now();
    while started.elapsed() < Duration::from_secs(10) {
        let knock = server.door.knock().await?;
        let took = started.elapsed();
        match knock {
            Knock::In(viewer) => {
                crowd.add(viewer);
                if let_in {
                    return Ok(took);
                }
            }
            Knock::Refused { in_words: true, .. } if !let_in => return Ok(took),
            Knock::Refused { .. } => settle(Duration::from_millis(5)).await,
            Knock::Silence => bail!("somebody was left without a word: {}", server.words()),
        }
    }
    bail!("it did not take up the new limit within 10 s: {}", server.words())
}
