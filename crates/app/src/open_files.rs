//! The limit of open files at a start: raised, divided, said in one line with who has set it and what it buys, and held against that
//! of the last start. The day on which a limit is met is not the day to find out that it is low, or fell with an upgrade.
//!
//! Refuses a limit under which the plan cannot hold. Whatever else cannot be seen or written here is told, and keeps nobody from
//! serving.

use std::fs;
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::Path;

use anyhow::anyhow;
use tailcast_fdguard::{Budget, Class, Limit, Plan};
use tailcast_procs::{Diagnosis, Lasts, Proc, Way};

use crate::exit::{Exit, Failure};

/// A hub with fewer has room for some thousand viewers, which is less than one expects of it.
const LOW: u64 = 4096;

/// In the state folder: the limit of the last start, as a number.
const REMEMBERED: &str = "open-files-limit";

/// Raises the limit of this process and divides it; says it, with who has set it and how many of `class` it has room for, and
/// whether there is room for less than at the last start, where a `state_dir` remembers that.
///
/// # Errors
/// The limit is below what the plan needs: with that number.
pub(crate) fn divide(plan: Plan, class: Class, state_dir: Option<&Path>) -> Result<Budget, Failure> {
    // Looked at before: afterwards the soft limit is this process's own doing.
    let diagnosis = Proc::new().and_then(|proc| proc.diagnose(std::process::id(), None));
    let limit = Limit::raise();
    let budget = Budget::new(plan);
    let room =
        budget.as_ref().map(|budget| format!("; {}", room(budget.plan(), class, limit.soft()))).unwrap_or_default();
    let origin = match &diagnosis {
        Ok(diagnosis) => diagnosis.origin.to_string(),
        Err(error) => format!("who has set it cannot be seen ({error})"),
    };
    tracing::info!("{limit}{room}; {origin}");
    if limit.soft() < LOW {
        tell_low(&limit, &origin, diagnosis.ok().as_ref());
        // Who cannot start has nothing to be looked at.
        if budget.is_ok() {
            tracing::warn!("`tailcast doctor {}` says more while this runs", std::process::id());
        }
    }
    match (&budget, state_dir) {
        (Ok(budget), Some(state_dir)) => compare(limit.soft(), budget.plan(), state_dir),
        // It does not start, so this limit is not the one of a last start.
        (Err(_), Some(state_dir)) => drop(tell_fall(limit.soft(), plan, state_dir)),
        (_, None) => (),
    }
    budget.map_err(|error| Failure::new(Exit::Failed, anyhow!(error)))
}

fn room(plan: Plan, class: Class, limit: u64) -> String {
    let word = if class == Class::Tails { "followed logs" } else { class.name() };
    format!("room for at most {} {word}", plan.ceiling(class, limit))
}

fn tell_low(limit: &Limit, origin: &str, diagnosis: Option<&Diagnosis>) {
    tracing::warn!("the limit of open files is low, {}: {origin}", limit.soft());
    let way = diagnosis.and_then(|diagnosis| advised(&diagnosis.ways, limit.soft()));
    for (at, step) in
        way.into_iter().flat_map(|way| way.steps.iter().enumerate().map(move |(at, step)| (place(at, way), step)))
    {
        let file = step.file.as_deref().map(|file| format!(" in {file}")).unwrap_or_default();
        tracing::warn!("{at}{file}: {} ({})", [&step.lines[..], &step.then].concat().join(" · "), step.phrase);
    }
}

/// It was asked before the soft limit was raised: what gives no more than that did would only start all anew.
fn advised(ways: &[Way], soft: u64) -> Option<&Way> {
    ways.iter().find(|way| way.lasts == Lasts::ForGood && way.reach > soft)
}

/// All steps of a way are needed; one alone is none.
fn place(at: usize, way: &Way) -> String {
    match way.steps.len() {
        1 => format!("to get {}", way.reach),
        steps => format!("to get {}, step {} of {steps} (all are needed)", way.reach, at + 1),
    }
}

/// Says it loudly when there is room for less than at the last start, and remembers this one in the state folder. One limit
/// below another may have the same room, or one place more: parts of it are rounded.
fn compare(now: u64, plan: Plan, state_dir: &Path) {
    let last = tell_fall(now, plan, state_dir);
    if last != Some(now)
        && let Err(error) = remember(state_dir, now)
    {
        tracing::warn!(
            "whether the limit of open files falls will not be known at the next start: {}: {error}",
            state_dir.join(REMEMBERED).display()
        );
    }
}

/// What was remembered; that `now` is less room is told.
fn tell_fall(now: u64, plan: Plan, state_dir: &Path) -> Option<u64> {
    let last = last(&state_dir.join(REMEMBERED))?;
    let (before, left) = (plan.ceiling(Class::Viewers, last), plan.ceiling(Class::Viewers, now));
    if last > now && before > left {
        tracing::error!(
            "the limit of open files fell from {last} to {now} since the last start: {}, where there was room for {before}; \
             `tailcast doctor` says who has set it",
            room(plan, Class::Viewers, now)
        );
    }
    Some(last)
}

/// `None` at a first start, and when it is no number: nothing is to be said then.
fn last(path: &Path) -> Option<u64> {
    fs::read_to_string(path).ok()?.trim().parse().ok()
}

fn remember(state_dir: &Path, limit: u64) -> io::Result<()> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(state_dir)?;
    fs::write(state_dir.join(REMEMBERED), format!("{limit}\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_gives_no_more_than_is_had_is_not_advised() {
        let limit = tailcast_procs::Limit { soft: 200, hard: 2000 };
        let quick = Way::at_once(1, limit, 2000).unwrap();
        let ways = [quick.clone(), Way { lasts: Lasts::ForGood, ..quick }];
        assert_eq!(advised(&ways, 200), Some(&ways[1]));
        assert_eq!(advised(&ways, 2000), None);
    }
}
