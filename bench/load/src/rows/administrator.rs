//! The administrator's socket of a hub that has no room for anybody else.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use crate::latency::Latencies;
use crate::peer::{self, Serve, Server};
use crate::row::Row;
use crate::viewer::Knock;

const LIMIT: u32 = 64;
const P99_MS: f64 = 50.0;
const QUESTIONS: usize = 20;

/// The whole row.
pub(crate) async fn run() -> Result<Row> {
    eprintln!("bench: the administrator's socket of a full hub");
    let server = peer::tailcast(&Serve { descriptors: Some(LIMIT), ..Serve::default() })?;
    let mut inside = Vec::new();
    while let Knock::In(viewer) = server.door.knock().await? {
        inside.push(viewer);
    }
    let mut answers = ask(&server)?;
    let times = answers.summary();
    Ok(Row {
        what: format!(
            "the administrator's socket, {} viewers inside at `ulimit -n {LIMIT}` and no room for one more",
            inside.len()
        ),
        bar: format!("`/metrics` answered, p99 ≤ {P99_MS} ms"),
        measured: format!("{QUESTIONS} of {QUESTIONS} answered, {times}"),
        beside: String::new(),
        verdict: times.within(f64::INFINITY, P99_MS).into(),
    })
}

fn ask(server: &Server) -> Result<Latencies> {
    let (path, mut answers) = (server.admin(), Latencies::default());
    for _ in 0..QUESTIONS {
        let began = Instant::now();
        question(&path)?;
        answers.add_ns(u64::try_from(began.elapsed().as_nanos())?);
    }
    Ok(answers)
}

fn question(path: &Path) -> Result<()> {
    let mut stream = UnixStream::connect(path)?;
    stream.set_read_timeout(Some(Duration::from_secs(10)))?;
    stream.write_all(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
    let (mut reader, mut status) = (BufReader::new(stream), String::new());
    reader.read_line(&mut status)?;
    if !status.starts_with("HTTP/1.1 200") {
        bail!("the administrator is told {status}");
    }
    reader.read_to_end(&mut Vec::new())?;
    Ok(())
}
