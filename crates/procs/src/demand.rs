//! How much of the time a thread runs, or would if it were given a processor: what a share of a processor does not tell on a
//! machine where others take the rest.
//!
//! From `/proc/PID/task/TID`, for anybody to read: `schedstat` has the time on a processor and the time in its queue
//! (sched-stats.rst), `stat` how much of the former was in the kernel, `status` how often it waited for something else. It is
//! read only of processes at their limit, and of so many threads of each. Refuses to judge: [`crate::judge`] does.

use std::collections::HashMap;
use std::os::fd::AsFd;
use std::time::Duration;

use bstr::ByteSlice;

use crate::dir::names;
use crate::proc::{Entered, number, read_at};
use crate::process::ticks;
use crate::stat;

/// Threads of one process that are looked at: three small files each.
const MOST: usize = 256;
/// Between two looks that are compared, at least: the kernel counts in hundredths of a second.
const LEAST: Duration = Duration::from_millis(500);

/// What the thread of a process wants that wants to run most.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Demand {
    /// The share of the time that it ran or waited for a processor, from 0 to 1.
    pub wanted: f64,
    /// The share of the time that it ran.
    pub ran: f64,
    /// The share of what it ran that it spent in the kernel.
    pub kernel: f64,
    /// How often a second it waited for anything but a processor.
    pub waits: f64,
}

/// The threads of a process at one look.
#[derive(Debug)]
pub(crate) struct Threads {
    at: Duration,
    by_number: HashMap<u32, Times>,
}

/// Since the start of a thread.
#[derive(Debug, Clone, Copy, Default)]
struct Times {
    ran: Duration,
    queued: Duration,
    /// Of what it ran, by the clock of ticks.
    ticks: Duration,
    kernel: Duration,
    waits: u64,
}

impl Threads {
    pub(crate) fn look(entered: &Entered<'_>, at: Duration) -> Option<Self> {
        let tasks = entered.open("task").ok()?;
        let mut numbers = Vec::new();
        names(tasks.as_fd(), |name| numbers.extend(number(name))).ok()?;
        let read = |name: String| read_at(tasks.as_fd(), &name).ok();
        let times = |thread: u32| {
            let stat = stat::parse(&read(format!("{thread}/stat"))?)?;
            let (ticks, kernel) = (ticks(stat.cpu), ticks(stat.system));
            // A kernel without the figures: what a thread waits for a processor is not known then.
            let schedstat = read(format!("{thread}/schedstat")).and_then(|text| schedstat(&text));
            let (ran, queued) = schedstat.unwrap_or((ticks, Duration::ZERO));
            let waits = read(format!("{thread}/status")).and_then(|status| waits(&status)).unwrap_or(0);
            Some((thread, Times { ran, queued, ticks, kernel, waits }))
        };
        Some(Threads { at, by_number: numbers.into_iter().take(MOST).filter_map(times).collect() })
    }

    /// Whether so much time has gone by that another look tells something.
    pub(crate) fn is_due(&self, now: Duration) -> bool {
        now.saturating_sub(self.at) >= LEAST
    }

    /// Of the thread that wanted to run most since the look before.
    pub(crate) fn since(&self, before: &Threads) -> Option<Demand> {
        let wall = self.at.checked_sub(before.at).filter(|wall| *wall >= LEAST)?;
        let both = self.by_number.iter().filter_map(|(thread, now)| Some((now, before.by_number.get(thread)?)));
        let demands = both.filter_map(|(now, then)| now.since(then, wall));
        demands.max_by(|a, b| a.wanted.total_cmp(&b.wanted))
    }
}

impl Times {
    /// `None` where the number is another thread's by now.
    fn since(&self, then: &Times, wall: Duration) -> Option<Demand> {
        let ran = self.ran.checked_sub(then.ran)?;
        let queued = self.queued.checked_sub(then.queued)?;
        let (ticks, kernel) = (self.ticks.checked_sub(then.ticks)?, self.kernel.checked_sub(then.kernel)?);
        let of_wall = |time: Duration| (time.as_secs_f64() / wall.as_secs_f64()).min(1.0);
        let kernel = if ticks.is_zero() { 0.0 } else { kernel.as_secs_f64() / ticks.as_secs_f64() };
        let waits = self.waits.checked_sub(then.waits)? as f64 / wall.as_secs_f64();
        Some(Demand { wanted: of_wall(ran + queued), ran: of_wall(ran), kernel, waits })
    }
}

/// `RAN QUEUED TIMESLICES`, the times in nanoseconds.
fn schedstat(text: &[u8]) -> Option<(Duration, Duration)> {
    let mut numbers = std::str::from_utf8(text).ok()?.split_ascii_whitespace().map(str::parse);
    let (ran, queued) = (numbers.next()?.ok()?, numbers.next()?.ok()?);
    // A kernel that was told not to count says three times nothing.
    (ran > 0).then(|| (Duration::from_nanos(ran), Duration::from_nanos(queued)))
}

fn waits(status: &[u8]) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix(b"voluntary_ctxt_switches:"))?;
    std::str::from_utf8(line).ok()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn threads(second: u64, of: &[(u32, u64, u64)]) -> Threads {
        let times = |ran: u64, queued: u64| Times {
            ran: Duration::from_millis(ran),
            queued: Duration::from_millis(queued),
            ..Times::default()
        };
        let by_number = of.iter().map(|(thread, ran, queued)| (*thread, times(*ran, *queued))).collect();
        Threads { at: Duration::from_secs(second), by_number }
    }

    #[test]
    fn the_thread_counts_that_wants_to_run_most_whoever_else_runs() {
        let before = threads(10, &[(1, 500, 100), (2, 900, 900)]);
        let demand = threads(12, &[(1, 900, 1_680), (2, 1_500, 900), (3, 2_000, 0)]).since(&before).unwrap();
        assert!((demand.wanted - 0.99).abs() < 1e-9 && (demand.ran - 0.2).abs() < 1e-9, "{demand:?}");
        // Another thread of the same number, and a look too soon after the other.
        assert_eq!(threads(12, &[(1, 10, 0)]).since(&before), None);
        assert_eq!(threads(10, &[(1, 600, 100)]).since(&before), None);
    }

    #[test]
    fn a_kernel_that_does_not_count_is_not_believed() {
        assert_eq!(schedstat(b"0 0 0\n"), None);
        assert_eq!(schedstat(b"7 9 1\n"), Some((Duration::from_nanos(7), Duration::from_nanos(9))));
        for text in [&b""[..], b"x", b"1", b"1 x"] {
            assert_eq!(schedstat(text), None);
        }
        assert_eq!(waits(b"Name:\tx\nvoluntary_ctxt_switches:\t12\nnonvoluntary_ctxt_switches:\t3\n"), Some(12));
    }
}
