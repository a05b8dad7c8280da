//! `tailcast ps`: the processes of a host with what they hold open, or one of them in full; as a table or as JSON, once or
//! every two seconds.
//!
//! Of this machine without a hub, by the very code that answers for an agent; of any other through the hub.

mod detail;
mod frame;
mod screen;
mod table;

use std::time::Duration;

use anyhow::anyhow;
use serde::Serialize;
use tailcast_lines::harmless;
use tailcast_wire::{By, Process, ProcessDetail, Processes};

use self::screen::Screen;
use crate::cli::{self, Sort};
use crate::commands::inspect::{self, Source, Way};
use crate::environment::Environment;
use crate::exit::{Exit, Failure, Outcome, say};

/// Between two looks.
const EACH: Duration = Duration::from_secs(2);

/// Shows them, once or until it is ended.
pub(crate) async fn run(flags: &cli::Ps, environment: &Environment) -> Outcome {
    let named = flags.writes.as_deref().map(inspect::host_of).transpose()?.flatten();
    let host = inspect::host(flags.host.as_deref())?;
    if let (Some(host), Some(named)) = (&host, &named)
        && host != named
    {
        return Err(Failure::usage(format_args!(
            "--writes names a log of {named}, and --host {host}: which one is it?"
        )));
    }
    let host = host.or(named);
    let mut source = Source::new(Way { host, hub: &flags.hub, config: &flags.config }, environment)?;
    let mut screen = Screen::of_stdout(flags);
    let first = look(&mut source, flags, &screen, true).await?;
    let exit = match &first {
        Look::All(list) if list.processes.is_empty() => Exit::Nothing,
        _ => Exit::Ok,
    };
    if let Look::All(list) = &first
        && !flags.watch
        && !can_be_sorted(list, flags.sort)
    {
        say(UNSORTED);
    }
    if let (Some(log), Exit::Nothing, false) = (&flags.writes, exit, flags.watch) {
        say(&format!("nobody has {} open for writing, as far as can be seen", log.display()));
    }
    let watched = first.process().cloned();
    screen.show(first)?;
    if !flags.watch {
        return Ok(exit);
    }
    loop {
        tokio::time::sleep(EACH).await;
        match look(&mut source, flags, &screen, false).await {
            Ok(look) => match (&watched, look.process()) {
                (Some(old), Some(new)) if (old.pid, old.start) != (new.pid, new.start) => {
                    return Err(replaced(old, new));
                }
                _ => screen.show(look)?,
            },
            Err(failure) => match (may_come_back(&mut source, &failure).await, &watched) {
                (true, _) => screen.is_not_answered(&failure)?,
                (false, Some(old)) if failure.exit() == Exit::Nothing => return Err(ended(old, "")),
                (false, _) => return Err(failure),
            },
        }
    }
}

/// What one look has seen.
enum Look {
    All(Processes),
    /// The number that was asked for may be that of a thread of it.
    One {
        process: Box<ProcessDetail>,
        asked: u32,
    },
}

impl Look {
    fn process(&self) -> Option<&Process> {
        match self {
            Look::All(_) => None,
            Look::One { process, .. } => Some(&process.process),
        }
    }
}

/// `first`: nothing was seen before.
async fn look(source: &mut Source, flags: &cli::Ps, screen: &Screen, first: bool) -> Result<Look, Failure> {
    let most = screen.most();
    if let Some(asked) = flags.pid {
        let mut process = source.process(asked, most).await?;
        if first && spins_perhaps([&process.process]) {
            tokio::time::sleep(EACH).await;
            process = source.process(asked, most).await?;
        }
        return Ok(Look::One { process: Box::new(process), asked });
    }
    let mut list = source.processes(flags.writes.as_deref(), flags.sort.into(), most).await?;
    if first && spins_perhaps(list.processes.iter().chain(&list.found)) {
        tokio::time::sleep(EACH).await;
        list = source.processes(flags.writes.as_deref(), flags.sort.into(), most).await?;
    }
    Ok(Look::All(list))
}

/// Whether who is asked is away, and the same question may be answered later: the hub, or the agent behind it. A hub that was
/// started anew says of a host that did not come back yet what it says of one that it never had: nothing is there.
async fn may_come_back(source: &mut Source, failure: &Failure) -> bool {
    match failure.exit() {
        Exit::Unreachable => true,
        Exit::Nothing => source.processes(None, By::Percent, 1).await.is_err(),
        _ => false,
    }
}

/// The end of a watch: it is of one process, and not of a number.
fn ended(process: &Process, more: &str) -> Failure {
    Failure::new(Exit::Nothing, anyhow!("{}, pid {}, has ended{more}", harmless(&process.name), process.pid))
}

fn replaced(old: &Process, new: &Process) -> Failure {
    ended(old, &format!("; its number is that of another process now: {}", harmless(&new.name)))
}

/// Whether one is at its limit of which it is not known what it does there: that two looks tell.
fn spins_perhaps<'a>(processes: impl IntoIterator<Item = &'a Process>) -> bool {
    let mut findings = processes.into_iter().flat_map(|process| &process.findings);
    findings.any(|found| found.pattern == "at_limit")
}

/// Whether by what one sorts is known of any of them.
fn can_be_sorted(list: &Processes, by: Sort) -> bool {
    match by {
        Sort::Slope => list.processes.iter().any(|process| process.slope_per_min.is_some()),
        Sort::Left => list.processes.iter().any(|process| process.slopes.one.or(process.slopes.ten).is_some()),
        _ => true,
    }
}

pub(super) fn json(value: &impl Serialize) -> Result<String, Failure> {
    serde_json::to_string(value).map(|line| line + "\n").map_err(|error| Failure::new(Exit::Failed, error))
}

const UNSORTED: &str = "not sorted: one look does not tell how fast they grow. --watch does after half a minute; --host NAME at once \
where somebody looks at that host on the page, or its agent has `processes_history = true`";
