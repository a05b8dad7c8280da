//! The table of processes: figures to the right, names last, and under a process what is wrong with it.

use std::cmp::Ordering;
use std::fmt::Write;
use std::time::Duration;

use tailcast_lines::harmless;
use tailcast_wire::{Finding, Hidden, Process, Processes};

use crate::cli::Sort;
use crate::commands::ls::size;

/// What comes first is what one looks for: the most, the least time, the youngest, the first letter.
pub(super) fn sort(processes: &mut [Process], by: Sort) {
    let most = |a: Option<f64>, b: Option<f64>| b.unwrap_or(f64::MIN).total_cmp(&a.unwrap_or(f64::MIN));
    let order = |a: &Process, b: &Process| match by {
        Sort::Percent => most(a.percent, b.percent),
        Sort::Fds => b.fds.cmp(&a.fds),
        Sort::Slope => most(a.slope_per_min, b.slope_per_min),
        Sort::Left => a.seconds_left.unwrap_or(u64::MAX).cmp(&b.seconds_left.unwrap_or(u64::MAX)),
        Sort::Cpu => most(a.cpu, b.cpu),
        Sort::Memory => b.memory.cmp(&a.memory),
        Sort::Threads => b.threads.cmp(&a.threads),
        Sort::Started => b.start.cmp(&a.start),
        Sort::Name => a.name.cmp(&b.name),
        Sort::Pid => Ordering::Equal,
    };
    processes.sort_by(|a, b| order(a, b).then_with(|| a.pid.cmp(&b.pid)));
}

/// The table, with what could not be seen below.
pub(super) fn show(list: &Processes) -> String {
    let mut out =
        String::from("    PID      FDS    LIMIT      %    /MIN     LEFT   CPU%   MEMORY  USER          COMMAND\n");
    for process in &list.processes {
        row(&mut out, process).unwrap_or_default();
    }
    if list.left_out > 0 {
        writeln!(out, "… and {} more: -n 0 shows all", list.left_out).unwrap_or_default();
    }
    out + &hidden(&list.unseen)
}

fn row(out: &mut String, process: &Process) -> std::fmt::Result {
    let number = |number: Option<u64>| number.map_or_else(|| "-".to_owned(), |number| number.to_string());
    let figure = |figure: Option<f64>| figure.map_or_else(|| "-".to_owned(), |figure| format!("{figure:.1}"));
    let slope = process.slope_per_min.map_or_else(|| "-".to_owned(), |slope| format!("{slope:+.1}"));
    let user = process.user.as_deref().unwrap_or("-");
    write!(out, "{:>7} {:>8} {:>8} ", process.pid, number(process.fds), number(process.soft))?;
    write!(out, "{:>6} {slope:>7} {:>8} ", figure(process.percent), left(process.seconds_left))?;
    write!(out, "{:>6} {:>8}  {:<12}  ", figure(process.cpu), size(process.memory), harmless(user))?;
    writeln!(out, "{}{}", harmless(what(process)), unit(process))?;
    process.findings.iter().try_for_each(|found| writeln!(out, "        {}", words(found)))
}

/// A command, or in brackets the name of a process that has none.
fn what(process: &Process) -> &str {
    if process.command.is_empty() { &process.name } else { &process.command }
}

fn unit(process: &Process) -> String {
    process.unit.as_deref().map(|unit| format!("  [{}]", harmless(unit))).unwrap_or_default()
}

/// A finding in one line.
pub(super) fn words(found: &Finding) -> String {
    format!("{}: {}", found.pattern.replace('_', " "), harmless(&found.words))
}

pub(super) fn left(seconds: Option<u64>) -> String {
    seconds.map_or_else(|| "-".to_owned(), |seconds| tailcast_procs::spoken(Duration::from_secs(seconds)))
}

/// What could not be seen, a line for each.
pub(super) fn hidden(unseen: &[Hidden]) -> String {
    unseen.iter().map(|hidden| format!("not seen: {}\n", harmless(&hidden.words))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn process(pid: u32, percent: Option<f64>, left: Option<u64>) -> Process {
        let json = serde_json::json!({
            "pid": pid, "start": pid, "parent": 1, "name": "x\u{1b}[2J", "command": "", "memory": 2048, "threads": 1,
            "state": "S", "slopes": {}, "findings": [], "percent": percent, "seconds_left": left,
        });
        serde_json::from_value(json).unwrap()
    }

    #[test]
    fn what_one_looks_for_comes_first_and_what_is_not_known_last() {
        let mut list = vec![process(1, None, None), process(2, Some(9.0), Some(50)), process(3, Some(80.0), Some(70))];
        let mut pids = |by| {
            sort(&mut list, by);
            list.iter().map(|process| process.pid).collect::<Vec<_>>()
        };
        assert_eq!(pids(Sort::Percent), [3, 2, 1]);
        assert_eq!(pids(Sort::Left), [2, 3, 1]);
        assert_eq!(pids(Sort::Started), [3, 2, 1]);
        assert_eq!(pids(Sort::Pid), [1, 2, 3]);
    }

    #[test]
    fn a_name_cannot_command_the_terminal_and_columns_stand_under_their_heads() {
        let list = Processes { processes: vec![process(7, Some(12.345), None)], left_out: 3, unseen: Vec::new() };
        let shown = show(&list);
        assert!(!shown.contains('\u{1b}'), "{shown:?}");
        let lines: Vec<_> = shown.lines().collect();
        assert_eq!(lines[0].find('%').unwrap(), lines[1].find("12.3").unwrap() + 3, "{shown}");
        assert_eq!(lines[2], "… and 3 more: -n 0 shows all");
    }
}
