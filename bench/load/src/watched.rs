//! A program under load, seen from outside: processor time, memory and wake-ups of it and its children, from /proc.
//!
//! All peers are measured with the same few files, so that no program's own figures are believed.
//! Source: proc(5), and Documentation/filesystems/proc.rst of Linux.

use std::fs;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result};

/// A process and what it had started when it was looked at: nginx has its workers, frontail its `tail`.
#[derive(Clone, Debug)]
pub(crate) struct Watched(Vec<u32>);

impl Watched {
    /// Looks for the children of `root`, and theirs.
    pub(crate) fn tree(root: u32) -> Result<Self> {
        let parents = parents()?;
        let mut tree = vec![root];
        let mut next = 0;
        while let Some(&parent) = tree.get(next) {
            tree.extend(parents.iter().filter(|(_, of)| *of == parent).map(|(pid, _)| *pid));
            next += 1;
        }
        Ok(Self(tree))
    }

    /// This process without what it has started.
    pub(crate) fn myself() -> Self {
        Self(vec![std::process::id()])
    }

    /// The processes.
    pub(crate) fn pids(&self) -> &[u32] {
        &self.0
    }

    /// User and system time so far. The kernel counts in ticks of 10 ms.
    pub(crate) fn cpu(&self) -> Result<Duration> {
        let ticks = self.sum(|pid| {
            let fields = stat(pid)?;
            Ok(number(&fields, 11)? + number(&fields, 12)?)
        })?;
        Ok(Duration::from_millis(ticks * 1_000 / rustix::param::clock_ticks_per_second()))
    }

    /// Resident memory in bytes.
    pub(crate) fn resident(&self) -> Result<u64> {
        self.sum(|pid| {
            let fields: Vec<String> =
                fs::read_to_string(format!("/proc/{pid}/statm"))?.split_whitespace().map(str::to_owned).collect();
            Ok(number(&fields, 1)? * rustix::param::page_size() as u64)
        })
    }

    /// How often its threads went to sleep by themselves: each of these was a wake-up.
    pub(crate) fn wakeups(&self) -> Result<u64> {
        self.sum(|pid| {
            let mut sum = 0;
            for thread in fs::read_dir(format!("/proc/{pid}/task"))? {
                sum += voluntary_switches(&fs::read_to_string(thread?.path().join("status"))?);
            }
            Ok(sum)
        })
    }

    fn sum(&self, of: impl Fn(u32) -> Result<u64>) -> Result<u64> {
        self.0.iter().map(|&pid| of(pid).with_context(|| format!("process {pid}"))).sum()
    }
}

/// Connections that the kernel threw away because the accept queue of this listener was full. The counter of
/// the whole machine (ListenOverflows) would count those of others, too; only `ss` shows that of one socket.
pub(crate) fn listen_drops(port: u16) -> Result<u64> {
    let output = Command::new("ss").args(["-Hltnm", "sport", "=", &format!(":{port}")]).output().context("ss")?;
    let text = String::from_utf8(output.stdout)?;
    // skmem:(r0,rb131072,…,bl0,d0)
    let drops = text.split_once("skmem:(").and_then(|(_, rest)| rest.split_once(')')?.0.rsplit_once(",d"));
    Ok(drops.with_context(|| format!("no drops in {text:?}"))?.1.parse()?)
}

fn voluntary_switches(status: &str) -> u64 {
    let line = status.lines().find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"));
    line.and_then(|count| count.trim().parse().ok()).unwrap_or(0)
}

/// Every process with its parent. One that ends meanwhile is left out.
fn parents() -> Result<Vec<(u32, u32)>> {
    let mut all = Vec::new();
    for entry in fs::read_dir("/proc")? {
        let Some(pid) = entry?.file_name().to_str().and_then(|name| name.parse().ok()) else { continue };
        if let Ok(parent) = stat(pid).and_then(|fields| number(&fields, 1)) {
            all.push((pid, u32::try_from(parent)?));
        }
    }
    Ok(all)
}

/// The fields after the name, which stands in brackets and may hold anything: field 3 of proc(5) is index 0.
fn stat(pid: u32) -> Result<Vec<String>> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat"))?;
    let (_, rest) = text.rsplit_once(')').context("no name in stat")?;
    Ok(rest.split_whitespace().map(str::to_owned).collect())
}

fn number(fields: &[String], index: usize) -> Result<u64> {
    Ok(fields.get(index).context("a field is missing")?.parse()?)
}
