//! The cheap look of a host that nobody looks at: once a minute, how many files each process has open, and nothing else.
//!
//! A microsecond for each where the kernel tells it (Linux 6.2), as with [`Proc::counts`](crate::Proc::counts). Which process
//! has a number is read again only when its count has changed: one that came to a number of another with as many files open
//! makes no growth, and the first change, or look, shows whose they are. What a process holds is looked up once, when it
//! has begun to grow, so that a later look can say what has come since.

use std::time::Duration;

use rustix::io::Errno;

use crate::proc::{Entered, Error};
use crate::process::Id;
use crate::stat;

use super::{MOST_FILES, Watch};

/// Processes that are looked into at one sample: those that are known longest, which compilers and the like are not.
const SUSPECTS: usize = 4;

/// What came of a sample.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Sample {
    /// Processes that were counted and hold files.
    pub counted: usize,
    /// Those that could not be counted.
    pub uncounted: usize,
    /// Those that hold files and were left out because enough are remembered.
    pub left_out: usize,
}

/// One that begins to look as if it leaked.
struct Risen {
    pid: u32,
    known: usize,
}

impl Watch {
    /// Counts the open files of all processes. `now` as in [`Watch::look`]; at the middle of each of its minutes, so that a
    /// sample that comes a little late leaves no minute without one.
    ///
    /// # Errors
    /// When the processes cannot be listed.
    pub fn sample(&mut self, now: Duration) -> Result<Sample, Error> {
        let pids = self.proc.pids()?;
        self.watched.retain(|pid, _| pids.binary_search(pid).is_ok());
        let (mut sample, mut risen) = (Sample::default(), Vec::new());
        for pid in pids {
            match self.proc.count(pid) {
                // A kernel thread, or one that has ended.
                Ok(0) | Err(Errno::NOENT | Errno::SRCH) => (),
                Ok(count) => risen.extend(self.add(pid, count, now, &mut sample)),
                Err(_) => sample.uncounted += 1,
            }
        }
        self.watched.values_mut().filter(|each| each.suspect.is_some()).for_each(|each| each.calm(now));
        self.suspect_those_that(risen, now);
        Ok(sample)
    }

    fn add(&mut self, pid: u32, count: u64, now: Duration, sample: &mut Sample) -> Option<Risen> {
        sample.counted += 1;
        let above = self.watched.get(&pid).map_or(0, |watched| watched.above);
        let count = count.saturating_sub(above);
        if let Some(watched) = self.watched.get_mut(&pid)
            && watched.series.last() == Some(count)
        {
            watched.series.push(now, count);
            return None;
        }
        let (id, count) = self.proc.enter(pid).and_then(|entered| identified(&entered))?;
        let Some(watched) = self.place(id) else {
            sample.left_out += 1;
            return None;
        };
        let count = count.saturating_sub(watched.above);
        watched.series.push(now, count);
        let known = watched.series.rises_steadily()?;
        (count <= MOST_FILES && watched.suspect.is_none()).then_some(Risen { pid, known })
    }

    fn suspect_those_that(&mut self, mut risen: Vec<Risen>, now: Duration) {
        risen.sort_unstable_by_key(|risen| std::cmp::Reverse(risen.known));
        let pids: Vec<u32> = risen.iter().take(SUSPECTS).map(|risen| risen.pid).collect();
        self.look_into(&pids, now);
    }
}

/// Which process it is, and what it holds at that time.
fn identified(entered: &Entered<'_>) -> Option<(Id, u64)> {
    let stat = stat::parse(&entered.read("stat").ok()?)?;
    Some((Id { pid: entered.pid, start: stat.start }, entered.count().ok()?))
}
