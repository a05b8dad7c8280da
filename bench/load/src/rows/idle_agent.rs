//! Ten thousand logs that nobody watches, a hundred of them being written to: no memory to speak of, no wake-up.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::path::Path;
use std::time::Duration;

use anyhow::Result;

use crate::crowd::settle;
use crate::peer::{self, Serve};
use crate::row::Row;
use crate::watched::Watched;

const LOGS: usize = 10_000;
const WRITTEN: usize = 100;
const SECONDS: u32 = 5;
const RESIDENT_MB: f64 = 37.0;

/// Hub and agent in one process: the bar is the sum of theirs (25 and 12 MB).
pub(crate) async fn run() -> Result<Row> {
    eprintln!("bench: {LOGS} logs that nobody watches");
    let folder = tempfile::tempdir()?;
    for number in 0..LOGS {
        let below = folder.path().join(format!("service-{}", number / 100));
        fs::create_dir_all(&below)?;
        fs::write(below.join(format!("{number}.log")), "2026-01-01T00:00:00Z INFO started\n")?;
    }
    let server = peer::tailcast(&Serve { offer: Some(folder.path().to_owned()), ..Serve::default() })?;
    settle(Duration::from_secs(5)).await;
    let watched = server.watched()?;
    let silent = wakeups_per_second(&watched).await?;
    let path = folder.path().to_owned();
    let writing = tokio::task::spawn_blocking(move || write(&path));
    let written = wakeups_per_second(&watched).await?;
    writing.await??;
    let resident = watched.resident()? as f64 / 1e6;
    Ok(Row {
        what: format!("{LOGS} logs offered, nobody watching, {WRITTEN} of them written to"),
        bar: format!("RSS ≤ {RESIDENT_MB} MB (agent 12, hub 25); no wake-up caused by the writing"),
        measured: format!("{resident:.1} MB; {written:.1} wake-ups/s while written to, {silent:.1} while silent"),
        beside: String::new(),
        // Timers of the process itself do not tick evenly: one a second more is none that the logs caused.
        verdict: (resident <= RESIDENT_MB && written <= silent + 1.0).into(),
    })
}

async fn wakeups_per_second(watched: &Watched) -> Result<f64> {
    let before = watched.wakeups()?;
    settle(Duration::from_secs(SECONDS.into())).await;
    Ok((watched.wakeups()? - before) as f64 / f64::from(SECONDS))
}

/// A thousand lines each second, a little longer than anybody looks.
fn write(folder: &Path) -> Result<()> {
    for round in 0..(SECONDS + 1) * 10 {
        for number in 0..WRITTEN {
            let path = folder.join(format!("service-0/{number}.log"));
            writeln!(OpenOptions::new().append(true).open(path)?, "2026-01-01T00:00:01Z INFO round {round}")?;
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    Ok(())
}
