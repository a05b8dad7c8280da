//! A program that is run once and ends: how long it took, and how much of the processor it and its children had.

use std::fs;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};

/// What a run has cost.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cost {
    /// User and system time. The kernel counts in ticks of 10 ms.
    pub(crate) cpu: Duration,
    /// By the clock.
    pub(crate) wall: Duration,
}

impl Cost {
    /// The cheapest of three runs; `None` where there is no such program. What it says goes nowhere.
    pub(crate) fn of(words: &[&str]) -> Result<Option<Self>> {
        let mut best: Option<Self> = None;
        for _ in 0..3 {
            let Some(cost) = run(words)? else { return Ok(None) };
            best = Some(best.filter(|best| best.cpu <= cost.cpu).unwrap_or(cost));
        }
        Ok(best)
    }
}

impl std::fmt::Display for Cost {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} ms of CPU, {} ms by the clock", self.cpu.as_millis(), self.wall.as_millis())
    }
}

fn run(words: &[&str]) -> Result<Option<Cost>> {
    let (program, arguments) = words.split_first().context("no program")?;
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let (before, began) = (of_children()?, Instant::now());
    match command.status() {
        Ok(_) => Ok(Some(Cost { cpu: of_children()?.saturating_sub(before), wall: began.elapsed() })),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| words.join(" ")),
    }
}

/// Processor time of all children that have been waited for, and of theirs: `cutime` and `cstime` of proc(5).
fn of_children() -> Result<Duration> {
    let stat = fs::read_to_string("/proc/self/stat")?;
    let (_, rest) = stat.rsplit_once(')').context("no name in stat")?;
    let fields: Vec<&str> = rest.split_whitespace().collect();
    let ticks = |index: usize| Ok::<u64, anyhow::Error>(fields.get(index).context("a field is missing")?.parse()?);
    Ok(Duration::from_millis((ticks(13)? + ticks(14)?) * 1_000 / rustix::param::clock_ticks_per_second()))
}
