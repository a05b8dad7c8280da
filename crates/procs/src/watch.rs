//! All processes, looked at again and again: what they hold, how that changes, and what is wrong with some.
//!
//! Whoever calls says when; nothing runs in between, so that nobody looking means no work. What a process is made of is
//! looked up only for those that grow or are at their limit, a few at a time and once a minute each. Where looks are to find
//! a past although nobody looked, [`Watch::sample`] is called once a minute.

mod sample;
mod suspect;

use std::collections::HashMap;
use std::time::Duration;

use crate::demand::{Demand, Threads};
use crate::detail::Composition;
use crate::finding::{self, Finding, Known, Pattern};
use crate::listener::Listener;
use crate::proc::{Error, Proc};
use crate::process::{Id, Process};
use crate::series::{Point, Series, Slopes};
use crate::servers::Servers;
use crate::unseen::Unseen;

pub use sample::Sample;
use suspect::Suspect;

/// Processes whose past is kept: 1.2 KB each, and 1.5 KB more for those that are being looked at.
const MOST: usize = 8192;
/// Processes of which it is kept what they held before they grew: some kilobytes each, 80 with very many peers.
const MOST_SUSPECTED: usize = 512;
/// Processes that are looked into at one look.
const SUSPECTS: usize = 8;
/// A process with more files than this is not looked into unasked.
const MOST_FILES: u64 = 100_000;
/// How often a suspect is looked into.
const AGAIN: Duration = Duration::from_secs(60);
/// The same for one at its limit with few files: whether connections wait to be accepted changes sooner.
const SOON: Duration = Duration::from_secs(10);
const FEW_FILES: u64 = 5000;
/// What has stood still for so long is forgotten to have grown.
const CALM: Duration = Duration::from_secs(600);

/// Processes over time.
#[derive(Debug)]
pub struct Watch {
    proc: Proc,
    /// By their numbers, so that a sample needs to know nothing else of most.
    watched: HashMap<u32, Watched>,
    servers: Servers,
}

/// What is remembered of one.
#[derive(Debug, Default)]
struct Watched {
    /// As in [`Id`]: another one of the same number has another.
    start: u64,
    series: Series,
    cpu: Option<(Duration, Duration)>,
    suspect: Option<Box<Suspect>>,
    percent: Option<f64>,
    /// How many are above its limit, which no sample asks for.
    above: u64,
    /// Of one that was at its limit at the last look.
    threads: Option<Box<Threads>>,
    demand: Option<Demand>,
}

/// A process with its past.
#[derive(Debug, Clone, PartialEq)]
pub struct Seen {
    /// As it stands.
    pub process: Process,
    /// Its share of one processor since the look before, in per cent; since its start at the first look.
    pub cpu: Option<f64>,
    /// How its open files change.
    pub slopes: Slopes,
    /// The way there, in few points.
    pub trend: Vec<Point>,
    /// How long until its limit, at the pace at which it still grows; `None` for one that does not.
    pub left: Option<Duration>,
    /// What is wrong with it.
    pub findings: Vec<Finding>,
    /// What could not be seen of it that a finding would need.
    pub unseen: Vec<Unseen>,
}

impl Seen {
    /// A process whose past is not known.
    #[must_use]
    pub fn at_first(process: Process) -> Self {
        Seen {
            process,
            cpu: None,
            slopes: Slopes::default(),
            trend: Vec::new(),
            left: None,
            findings: Vec::new(),
            unseen: Vec::new(),
        }
    }
}

/// All processes at one look.
#[derive(Debug, Clone, PartialEq)]
pub struct Look {
    /// In order of their numbers.
    pub list: Vec<Seen>,
    /// How many are not in it because it is full.
    pub left_out: usize,
    /// What could not be seen.
    pub unseen: Vec<Unseen>,
}

impl Watch {
    /// A watch on the processes of `proc`; nothing is looked at yet.
    #[must_use]
    pub fn new(proc: Proc) -> Self {
        Watch { proc, watched: HashMap::new(), servers: Servers::default() }
    }

    /// What is looked at.
    #[must_use]
    pub fn proc(&self) -> &Proc {
        &self.proc
    }

    /// Looks. `now` is of one clock of the caller's, and never goes back.
    ///
    /// # Errors
    /// When the processes cannot be listed.
    pub fn look(&mut self, now: Duration) -> Result<Look, Error> {
        let seen = self.proc.processes()?;
        let there: HashMap<u32, u64> = seen.list.iter().map(|process| (process.id.pid, process.id.start)).collect();
        self.watched.retain(|pid, watched| there.get(pid) == Some(&watched.start));
        for process in &seen.list {
            self.remember(process, now);
            self.look_at_threads(process, now);
        }
        self.look_into_suspects(&seen.list, now);
        let list: Vec<_> = seen.list.into_iter().map(|process| self.judged(process)).collect();
        let mut unseen = seen.unseen;
        let spins = list.iter().filter(|seen| !seen.unseen.is_empty()).count();
        unseen.extend((spins > 0).then_some(Unseen::Spins { processes: spins }));
        Ok(Look { list, left_out: seen.left_out, unseen })
    }

    fn remember(&mut self, process: &Process, now: Duration) {
        let Some(watched) = self.place(process.id) else { return };
        watched.above = process.above.unwrap_or(0);
        if let Some(fds) = process.fds {
            watched.series.push(now, fds);
        }
        watched.percent = match watched.cpu {
            Some((then, cpu)) if now > then => {
                Some(process.cpu.saturating_sub(cpu).as_secs_f64() * 100.0 / (now - then).as_secs_f64())
            }
            Some(_) => watched.percent,
            None => since_start(process),
        };
        watched.cpu = Some((now, process.cpu));
    }

    /// How much a process at its limit wants to run, since the look before.
    fn look_at_threads(&mut self, process: &Process, now: Duration) {
        let Some(watched) = self.watched.get_mut(&process.id.pid) else { return };
        if !process.is_at_limit() {
            (watched.threads, watched.demand) = (None, None);
            return;
        }
        if watched.threads.as_ref().is_some_and(|threads| !threads.is_due(now)) {
            return;
        }
        let threads = self.proc.enter(process.id.pid).and_then(|entered| Threads::look(&entered, now)).map(Box::new);
        watched.demand = threads.as_ref().zip(watched.threads.as_ref()).and_then(|(now, then)| now.since(then));
        watched.threads = threads;
    }

    /// What is remembered of a process, from now on if nothing was; `None` when no more can be remembered.
    fn place(&mut self, id: Id) -> Option<&mut Watched> {
        if self.watched.len() >= MOST && !self.watched.contains_key(&id.pid) {
            return None;
        }
        let watched = self.watched.entry(id.pid).or_default();
        if watched.start != id.start {
            *watched = Watched { start: id.start, ..Watched::default() };
        }
        Some(watched)
    }

    fn known(&self, id: Id) -> Option<&Watched> {
        self.watched.get(&id.pid).filter(|watched| watched.start == id.start)
    }

    fn look_into_suspects(&mut self, list: &[Process], now: Duration) {
        let leaks = |process: &Process| self.known(process.id).is_some_and(|watched| watched.series.growth().is_some());
        let due = list.iter().filter(|process| self.is_due(process, now));
        let mut due: Vec<_> =
            due.map(|process| (leaks(process), process.percent().unwrap_or(0.0), process.id.pid)).collect();
        // First those that are about to be named, then those nearest to their limit.
        due.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| b.1.total_cmp(&a.1)));
        let pids: Vec<u32> = due.iter().take(SUSPECTS).map(|(_, _, pid)| *pid).collect();
        self.look_into(&pids, now);
    }

    /// Looks what these are made of, by now.
    fn look_into(&mut self, pids: &[u32], now: Duration) {
        let mut room =
            MOST_SUSPECTED.saturating_sub(self.watched.values().filter(|each| each.suspect.is_some()).count());
        for (pid, composition) in self.proc.compositions_served(pids, &mut self.servers) {
            let Some(watched) = self.watched.get_mut(&pid) else { continue };
            if watched.suspect.is_none() {
                let Some(left) = room.checked_sub(1) else { continue };
                room = left;
            }
            watched.suspect(composition, now);
        }
    }

    fn is_due(&self, process: &Process, now: Duration) -> bool {
        let (Some(watched), Some(fds)) = (self.known(process.id), process.fds) else { return false };
        let full = process.is_at_limit();
        let again = if full && fds <= FEW_FILES { SOON } else { AGAIN };
        let due = watched.suspect.as_ref().is_none_or(|suspect| now.saturating_sub(suspect.looked) >= again);
        let near = process.percent().is_some_and(|percent| percent >= 98.0);
        let asked = full || near || watched.suspect.is_some() || watched.series.rises();
        due && asked && fds <= MOST_FILES
    }

    /// Whether only what cannot be seen keeps it from being named a spin: who waits to be accepted by it.
    fn may_spin(&self, process: &Process, known: &Known<'_>, findings: &[Finding]) -> bool {
        let at_limit = findings.iter().any(|finding| finding.pattern == Pattern::AtLimit);
        let wants = known.demand.is_some_and(|demand| finding::always_wants(&demand));
        let is_shut = || self.proc.enter(process.id.pid).is_some_and(|entered| entered.open("fd").is_err());
        at_limit && wants && is_shut()
    }

    fn judged(&self, process: Process) -> Seen {
        let Some(watched) = self.known(process.id) else {
            return Seen::at_first(process);
        };
        let slopes = watched.series.slopes();
        let suspect = watched.suspect.as_deref();
        let grown = suspect.map(Suspect::grown);
        let listeners: &[Listener] = suspect.map_or(&[], Suspect::listeners);
        let known = Known {
            series: &watched.series,
            limit: process.limit,
            demand: watched.demand,
            grown: grown.as_ref().map(|(before, now)| (*before, now)),
            listeners,
        };
        let findings = finding::judge(&known);
        let named = findings.iter().find_map(|finding| finding.left);
        let left = named.or_else(|| finding::left(process.fds, process.limit, watched.series.pace()?));
        let unseen =
            Vec::from_iter(self.may_spin(&process, &known, &findings).then_some(Unseen::Spins { processes: 1 }));
        Seen { unseen, cpu: watched.percent, slopes, trend: watched.series.trend(), left, findings, process }
    }
}

impl Watched {
    fn suspect(&mut self, composition: Composition, now: Duration) {
        let was = self.suspect.is_some();
        self.calm(now);
        match &mut self.suspect {
            Some(suspect) => suspect.add(composition, now),
            None if was => (),
            none => *none = Some(Box::new(Suspect::new(composition, now))),
        }
    }

    /// Forgets the suspicion of who has stood still for long.
    fn calm(&mut self, now: Duration) {
        let rises = self.series.rises();
        self.suspect = self.suspect.take().filter(|suspect| rises || now.saturating_sub(suspect.rose) <= CALM);
        if let Some(suspect) = self.suspect.as_mut().filter(|_| rises) {
            suspect.rose = now;
        }
    }
}

/// The share of one processor over a whole life, in per cent, as `ps` has it.
fn since_start(process: &Process) -> Option<f64> {
    let age = process.started?.elapsed().ok()?.as_secs_f64();
    (age > 0.0).then(|| process.cpu.as_secs_f64() * 100.0 / age)
}
