//! The ways to another limit: any one of them does, and within one all steps are needed, in their order.

use super::ancestry::Ancestor;
use super::command;
use super::containers;
use super::origin::{Origin, Sureness};
use super::reach::{self, Reach};
use super::remedies::{self, Remedy};
use crate::limit::Limit;
use crate::phrase::Phrase;
use crate::proc::Proc;

/// One way to change a limit: all of its steps are needed, in their order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Way {
    /// For how long.
    pub lasts: Lasts,
    /// The limit that it gives.
    pub reach: u64,
    /// Whether it gives that much whoever started the process, or only if that one has it to give.
    pub sure: Sureness,
    /// What to do. Never empty.
    pub steps: Vec<Remedy>,
}

/// How far a way goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lasts {
    /// At once, until the process ends.
    UntilItEnds,
    /// From the next start on, and for good.
    ForGood,
    /// Not by anybody on this machine: what can be done here reaches less.
    FromAbove,
}

impl Lasts {
    /// The word for it in every interface.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Lasts::UntilItEnds => "until_it_ends",
            Lasts::ForGood => "for_good",
            Lasts::FromAbove => "from_above",
        }
    }
}

impl Way {
    /// The word for how far it goes in every interface.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match (self.lasts, self.sure) {
            (Lasts::ForGood, Sureness::Probable) => "for_good_if",
            (lasts, _) => lasts.name(),
        }
    }

    /// What raises the soft limit of a process while it runs, to `want` or as far as the hard one lets it; `None` where it is
    /// there already.
    #[must_use]
    pub fn at_once(proc: &Proc, pid: u32, limit: Limit, want: u64) -> Option<Self> {
        let reach = want.min(limit.hard);
        let step = Remedy {
            phrase: Phrase::new(
                "remedy_at_once",
                "raises it while it runs; a program that read its limit at its start (redis, nginx, haproxy, memcached) keeps the \
                 old one",
            ),
            file: None,
            lines: vec![format!(
                "{}prlimit --pid {pid} --nofile={reach}:{}",
                command::to_change(proc, pid),
                limit.hard
            )],
            then: Vec::new(),
        };
        (reach > limit.soft).then(|| Way {
            lasts: Lasts::UntilItEnds,
            reach,
            sure: Sureness::Certain,
            steps: vec![step],
        })
    }
}

/// What makes the limit `want`, or as much of it as can be had here; the quickest first.
pub(super) fn of(proc: &Proc, ancestors: &[Ancestor], origin: &Origin, want: u64) -> Vec<Way> {
    let Some(process) = ancestors.first() else { return Vec::new() };
    let reach = reach::of(proc, ancestors, origin, want);
    let highest = proc.number("sys/fs/nr_open");
    let kernel = |reach: u64| {
        let ceiling = highest.filter(|ceiling| *ceiling < reach);
        ceiling.map(|ceiling| remedies::kernel(ceiling, reach))
    };
    let now = want.min(highest.unwrap_or(want));
    let at_once = process.limit.and_then(|limit| Way::at_once(proc, process.pid, limit, now));
    let lasting = || remedies::lasting(proc, ancestors, origin, reach);
    // What would give less than there is helps nobody.
    let gives_more = process.limit.is_none_or(|limit| limit.soft < reach.limit);
    let for_good = gives_more.then(|| {
        let steps: Vec<_> = kernel(reach.limit).into_iter().chain(lasting()).collect();
        Way { lasts: Lasts::ForGood, reach: reach.limit, sure: sure(proc, ancestors, origin, reach, &steps), steps }
    });
    let above = (reach.limit < want && !is_lowered(ancestors)).then(|| Way {
        lasts: Lasts::FromAbove,
        reach: want,
        sure: Sureness::Certain,
        steps: kernel(want).into_iter().chain([from_above(proc, ancestors, reach.limit, want)]).collect(),
    });
    at_once.into_iter().chain(for_good).chain(above).collect()
}

/// Where a command only gives what its shell has, and nobody knows any more which one started the process, nothing is promised.
fn sure(proc: &Proc, ancestors: &[Ancestor], origin: &Origin, reach: Reach, steps: &[Remedy]) -> Sureness {
    let has = |codes: &str| steps.iter().any(|step| step.phrase.code.starts_with(codes));
    // Of one that is above the process the same holds.
    let above = reach.lowered.filter(|at| *at > 0).and_then(|at| ancestors.get(at + 1));
    let depends = (has("remedy_start_in_shell") && origin.is_of_an_orphan())
        || (has("remedy_start_above") && above.is_some_and(Ancestor::adopts))
        || (reach::may_raise(proc, 1) == Some(false)
            && steps.iter().any(|step| is_of_an_orphaned_shell(ancestors, step)));
    if depends { Sureness::Probable } else { Sureness::Certain }
}

/// A shell that is to set more than it has itself, and that nobody knows who started: that one may have had no more to give.
fn is_of_an_orphaned_shell(ancestors: &[Ancestor], step: &Remedy) -> bool {
    let is_shell = |ancestor: &Ancestor| {
        step.phrase.values().any(|(name, pid)| name == "pid" && *pid == *ancestor.pid.to_string())
    };
    let shell = ancestors.iter().position(is_shell).filter(|_| step.phrase.code == "remedy_shell");
    shell.and_then(|at| ancestors.get(at + 1)).is_some_and(Ancestor::adopts)
}

/// What is asked for and given by none of the ways: that is not to be dropped without a word.
pub(super) fn short_of(ancestors: &[Ancestor], limit: Limit, ways: &[Way], want: u64) -> Option<Phrase> {
    let most = ways.iter().map(|way| way.reach).max().unwrap_or(0).max(limit.soft);
    let first = ancestors.last()?;
    let phrase = Phrase::new(
        "note_short",
        "{want} is more than can be had here: root may not raise a hard limit (CAP_SYS_RESOURCE), and {first} has {hard}; more than that has \
         to come from outside, and then be lowered by nobody in here",
    );
    let hard = first.limit?.hard;
    (most < want && hard < want).then(|| phrase.with("want", want).with("first", first.called()).with("hard", hard))
}

fn from_above(proc: &Proc, ancestors: &[Ancestor], reach: u64, want: u64) -> Remedy {
    let has = ancestors.first().and_then(|process| process.limit).map_or(0, |limit| limit.hard);
    containers::from_above(proc, ancestors, reach.max(has), want)
}

/// Whether somebody in here has lowered the hard limit: more from outside would be lowered as well.
fn is_lowered(ancestors: &[Ancestor]) -> bool {
    let hard = |ancestor: Option<&Ancestor>| ancestor.and_then(|ancestor| ancestor.limit).map(|limit| limit.hard);
    hard(ancestors.first()).zip(hard(ancestors.last())).is_some_and(|(own, first)| own < first)
}
