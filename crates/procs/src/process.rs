//! One process as it stands in a list, and all of them.
//!
//! Nothing in here needs a privilege: how many files are open, the limit, the command and the user of every process can be
//! read by anybody, unless `/proc` is mounted with `hidepid`. Which files those are is another matter ([`crate::Detail`]).

use std::time::{Duration, SystemTime};

use bstr::{BString, ByteSlice};
use rustix::io::Errno;

use crate::above;
use crate::limit::{self, Limit};
use crate::owner::{self, Owner};
use crate::proc::{Entered, Error, Proc};
use crate::stat;
use crate::unseen::Unseen;

/// Processes in one list; what is beyond is counted.
const MOST: usize = 65_536;
/// The longest command that is kept, in bytes.
const COMMAND: usize = 4096;

/// A process, told from all others that had its number before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Id {
    /// Its number.
    pub pid: u32,
    /// When it was started, in clock ticks since the machine was.
    pub start: u64,
}

/// A process in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Process {
    /// Which one.
    pub id: Id,
    /// Its parent's number.
    pub parent: u32,
    /// What it calls itself, at most 15 bytes of any kind.
    pub name: BString,
    /// Its arguments, with spaces between them, cut after 4 KiB; empty for one that has none.
    pub command: BString,
    /// `R`, `S`, `D`, `Z` … (proc_pid_stat(5)).
    pub state: char,
    /// Its effective user; `None` where `status` could not be read.
    pub uid: Option<u32>,
    /// To which service or container it belongs.
    pub owner: Option<Owner>,
    /// How many files it has open, without those above its limit; `None` when that cannot be seen.
    pub fds: Option<u64>,
    /// How many more it has open whose numbers its limit does not allow any more, so that they take no room below it; `None` where
    /// there are some and it cannot be seen how many: then `fds` has all of them.
    pub above: Option<u64>,
    /// How many it may have open.
    pub limit: Option<Limit>,
    /// Time on a processor since its start.
    pub cpu: Duration,
    /// Resident memory in bytes.
    pub memory: u64,
    /// Its threads.
    pub threads: u32,
    /// Whether it is a thread of the kernel, which opens nothing.
    pub kernel_thread: bool,
    /// When it was started.
    pub started: Option<SystemTime>,
}

impl Process {
    /// Open files in per cent of the soft limit.
    #[must_use]
    pub fn percent(&self) -> Option<f64> {
        percent(self.fds?, self.limit?.soft)
    }

    /// Whether nothing more can be opened.
    #[must_use]
    pub fn is_at_limit(&self) -> bool {
        self.fds.zip(self.limit).is_some_and(|(fds, limit)| is_at(fds, limit.soft))
    }
}

/// One or two may be free still: some calls take two at a time. Who may have none has no use for any.
pub(crate) fn is_at(fds: u64, soft: u64) -> bool {
    soft > 0 && fds + 2 >= soft
}

/// `used` in per cent of `limit`; nothing can be said of a limit of zero.
pub(crate) fn percent(used: u64, limit: u64) -> Option<f64> {
    (limit > 0).then(|| used as f64 * 100.0 / limit as f64)
}

/// All processes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Processes {
    /// In order of their numbers. Kernel threads, which hold nothing, are not among them.
    pub list: Vec<Process>,
    /// How many are not in the list because it is full.
    pub left_out: usize,
    /// What could not be seen.
    pub unseen: Vec<Unseen>,
}

impl Proc {
    /// All processes that can be seen. One that ends meanwhile is not in the list.
    ///
    /// # Errors
    /// When they cannot be listed.
    pub fn processes(&self) -> Result<Processes, Error> {
        let pids = self.pids()?;
        let left_out = pids.len().saturating_sub(MOST);
        let list: Vec<_> = pids.into_iter().take(MOST).filter_map(|pid| process(&self.enter(pid)?)).collect();
        let uncounted = list.iter().filter(|process| process.fds.is_none()).count();
        let mut unseen: Vec<_> = Unseen::hidden(self).into_iter().collect();
        unseen.extend((uncounted > 0).then_some(Unseen::Counts { processes: uncounted }));
        let mixed = list.iter().filter(|process| process.above.is_none()).count();
        unseen.extend((mixed > 0).then_some(Unseen::Above { processes: mixed }));
        Ok(Processes { list, left_out, unseen })
    }

    /// One process.
    ///
    /// # Errors
    /// When there is none of that number.
    pub fn process(&self, pid: u32) -> Result<Process, Error> {
        self.enter(pid).and_then(|entered| look(&entered)).ok_or(Error::NoSuchProcess(pid))
    }
}

impl Proc {
    /// The process that `number` is a thread of; of a process its own number. `/proc` shows a thread under its number as if it were
    /// one, and lists it nowhere.
    pub(crate) fn whole(&self, number: u32) -> u32 {
        let status = self.read(&format!("{number}/status")).unwrap_or_default();
        stat::process(&status).unwrap_or(number)
    }
}

/// A process of the list; `None` for one that has gone and for a kernel thread.
fn process(entered: &Entered<'_>) -> Option<Process> {
    let stat = stat::parse(&entered.read("stat").ok()?)?;
    if stat.kernel_thread { None } else { with(entered, stat) }
}

/// A process, of whatever kind.
pub(crate) fn look(entered: &Entered<'_>) -> Option<Process> {
    with(entered, stat::parse(&entered.read("stat").ok()?)?)
}

fn with(entered: &Entered<'_>, stat: stat::Stat) -> Option<Process> {
    let fds = match entered.count() {
        Ok(fds) => Some(fds),
        Err(Errno::NOENT | Errno::SRCH) if entered.proc.is_kernels() => return None,
        Err(_) => None,
    };
    let read = |name: &str| entered.read(name).ok();
    let limit = read("limits").and_then(|limits| limit::open_files(&limits));
    let above = fds.zip(limit).map_or(Some(0), |(fds, limit)| above::of(entered, fds, limit));
    Some(Process {
        id: Id { pid: entered.pid, start: stat.start },
        parent: stat.parent,
        name: stat.name,
        command: read("cmdline").map(|line| command(&line)).unwrap_or_default(),
        state: stat.state,
        uid: read("status").and_then(|status| stat::users(&status)).map(|(_, effective)| effective),
        owner: read("cgroup").and_then(|cgroup| owner::parse(&cgroup)),
        fds: fds.map(|fds| fds.saturating_sub(above.unwrap_or(0))),
        above,
        limit,
        cpu: ticks(stat.cpu),
        memory: stat.pages.saturating_mul(rustix::param::page_size() as u64),
        threads: stat.threads,
        kernel_thread: stat.kernel_thread,
        started: entered.proc.booted().and_then(|booted| booted.checked_add(ticks(stat.start))),
    })
}

/// Arguments end with a NUL each. Some programs write a title of their own over them, with spaces and NULs behind it.
fn command(line: &[u8]) -> BString {
    let cut = &line[..line.len().min(COMMAND)];
    let mut command: Vec<u8> = cut.trim_end_with(|c| c == '\0' || c == ' ').to_vec();
    for byte in &mut command {
        if *byte == 0 {
            *byte = b' ';
        }
    }
    command.into()
}

/// Clock ticks as time: a hundredth of a second each on every Linux, but asked for.
pub(crate) fn ticks(ticks: u64) -> Duration {
    let per_second = rustix::param::clock_ticks_per_second().max(1);
    Duration::from_secs_f64(ticks as f64 / per_second as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_divided_by_spaces_and_a_title_ends_where_it_ends() {
        assert_eq!(command(b"nginx\0-g\0daemon off;\0"), "nginx -g daemon off;");
        assert_eq!(command(b"postgres: writer   \0\0\0\0"), "postgres: writer");
        assert_eq!(command(b""), "");
        assert_eq!(command(&[b'x'; 9000]).len(), COMMAND);
    }
}
