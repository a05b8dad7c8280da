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
use tailcast_fdguard::{Budget, Class, Error, Limit, Plan};
use tailcast_procs::{Lasts, Proc, Way};

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
    let way = diagnosis.as_ref().ok().and_then(|diagnosis| advised(&diagnosis.ways, limit.soft()));
    // Who cannot start has nothing to be looked at, and is told what to do once, at the end.
    if limit.soft() < LOW && budget.is_ok() {
        tell_low(&limit, &origin, way);
        tracing::warn!("`tailcast doctor {}` says more while this runs", std::process::id());
    }
    match (&budget, state_dir) {
        (Ok(budget), Some(state_dir)) => compare(limit.soft(), budget.plan(), state_dir),
        // It does not start, so this limit is not the one of a last start.
        (Err(_), Some(state_dir)) => drop(tell_fall(limit.soft(), plan, state_dir)),
        (_, None) => (),
    }
    budget.map_err(|error| Failure::new(Exit::Failed, refused(error, &origin, way)))
}

/// Why it does not start, and the one thing to do about it: what the doctor finds where it can say it, and gives enough.
fn refused(error: Error, origin: &str, way: Option<&Way>) -> anyhow::Error {
    let Error::TooFew { limit, hard, always, needed } = error else { return anyhow!(error) };
    match way.filter(|way| way.reach >= needed) {
        None => anyhow!(error),
        Some(way) => anyhow!(
            "the limit of open files is {limit} (hard limit {hard}) and at least {needed} are needed, {always} of them for what is \
             always open; {origin}; {}",
            steps(way).collect::<Vec<_>>().join("; ")
        ),
    }
}

fn room(plan: Plan, class: Class, limit: u64) -> String {
    let word = if class == Class::Tails { "followed logs" } else { class.name() };
    format!("room for at most {} {word}", plan.ceiling(class, limit))
}

fn tell_low(limit: &Limit, origin: &str, way: Option<&Way>) {
    tracing::warn!("the limit of open files is low, {}: {origin}", limit.soft());
    way.into_iter().flat_map(steps).for_each(|step| tracing::warn!("{step}"));
}

/// Each step of a way: for how many, where, what, and what that does.
fn steps(way: &Way) -> impl Iterator<Item = String> {
    way.steps.iter().enumerate().map(|(at, step)| {
        let file = step.file.as_deref().map(|file| format!(" in {file}")).unwrap_or_default();
        let lines = [&step.lines[..], &step.then].concat().join(" · ");
        let place = place(at, way);
        match lines.as_str() {
            "" => format!("{place}: {}", step.phrase),
            lines => format!("{place}{file}: {lines} ({})", step.phrase),
        }
    })
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
        let quick = Way::at_once(&tailcast_procs::Proc::new().unwrap(), 1, limit, 2000).unwrap();
        let ways = [quick.clone(), Way { lasts: Lasts::ForGood, ..quick }];
        assert_eq!(advised(&ways, 200), Some(&ways[1]));
        assert_eq!(advised(&ways, 2000), None);
    }

    #[test]
    fn a_start_that_is_refused_is_given_one_remedy_and_that_which_gives_enough() {
        let way = Way::at_once(
            &tailcast_procs::Proc::new().unwrap(),
            1,
            tailcast_procs::Limit { soft: 30, hard: 2000 },
            2000,
        )
        .unwrap();
        let refused = |needed| {
            let error = Error::TooFew { limit: 30, hard: 2000, always: 19, needed };
            refused(error, "a shell has set it", Some(&way)).to_string()
        };
        let one = refused(48);
        assert!(one.contains("at least 48 are needed") && one.contains("to get 2000: prlimit --pid 1 "), "{one}");
        assert!(!one.contains("LimitNOFILE"), "{one}");
        assert!(refused(4000).contains("LimitNOFILE=4000"));
    }
}
