//! Which process has which connections, on a host with many of them: beside the tools that one has for it. Each is a process
//! that is run three times, ours too, and its processor time is what the kernel says of it.

use std::time::Duration;

use anyhow::{Context as _, Result};
use rustix::process::{Resource, getrlimit};

use crate::neighbour::{Neighbour, WORD};
use crate::row::Row;
use crate::tool::Cost;

/// Of the processor time of `ss -tanp`.
const SHARE: f64 = 0.25;
/// Sockets of one holder: below most limits of open files, and of the ports that one address has for another.
const EACH: usize = 5_000;
/// A holder needs some descriptors for itself.
const SPARE: u64 = 100;

const TOOLS: [&[&str]; 4] = [&["ss", "-tanp"], &["netstat", "-tanp"], &["lsof", "-nP"], &["lsfd"]];

/// One row, with so many sockets more than the host has.
pub(crate) fn run(sockets: usize) -> Result<Row> {
    eprintln!("bench: {sockets} sockets and who holds them");
    let _holders = holders(sockets)?;
    let ours = own("join")?;
    let connections = own("connections")?;
    let mut beside = Vec::new();
    let mut of_ss = None;
    for tool in TOOLS {
        let cost = Cost::of(tool)?;
        let words = cost.map_or_else(|| "not installed: scripts/setup bench".to_owned(), |cost| cost.to_string());
        beside.push(format!("{}: {words}", tool.join(" ")));
        of_ss = of_ss.or(cost.filter(|_| tool[0] == "ss"));
    }
    let share = of_ss.map(|ss| ours.cpu.as_secs_f64() / ss.cpu.max(Duration::from_millis(1)).as_secs_f64());
    Ok(Row {
        what: format!("each of {sockets} sockets with the process that holds it"),
        bar: format!("≤ {SHARE} × the CPU of `ss -tanp`"),
        measured: format!(
            "{ours}{}; the connections of the host as the page has them: {connections}",
            share.map_or_else(String::new, |share| format!(" ({share:.2} ×)"))
        ),
        beside: beside.join("; "),
        verdict: share.map_or(crate::row::Verdict::Open, |share| (share <= SHARE).into()),
    })
}

fn holders(sockets: usize) -> Result<Vec<Neighbour>> {
    let allowed = getrlimit(Resource::Nofile).maximum.unwrap_or(u64::MAX).saturating_sub(SPARE);
    let each = EACH.min(usize::try_from(allowed)?) & !1;
    let counts = (0..sockets.div_ceil(each)).map(|at| each.min(sockets - at * each));
    let held = counts.map(|count| {
        Neighbour::holder(count).with_context(|| {
            format!(
                "a process that was to open {count} sockets: the hard limit of open files (`ulimit -Hn`) is {allowed}"
            )
        })
    });
    held.collect()
}

/// This program as the tool that looks.
fn own(part: &str) -> Result<Cost> {
    let program = std::env::current_exe()?;
    let program = program.to_str().context("its own path is not UTF-8")?;
    Cost::of(&[program, WORD, part])?.context("this program is gone")
}
