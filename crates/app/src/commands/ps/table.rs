//! The table of processes: figures to the right, names last, and under a process what is wrong with it.

use std::fmt::Write;
use std::time::Duration;

use tailcast_lines::harmless;
use tailcast_wire::{Finding, Hidden, Process, Processes};

use crate::commands::ls::size;

/// What stands below a process.
pub(super) const BELOW: &str = "        ";

/// A terminal with fewer letters in a row has room for a command, or for what it costs and whose it is: the command says
/// which process it is.
const WIDE: usize = 110;
/// With so many there is room for the hard limit, too.
const WIDER: usize = 120;

/// The table, with what could not be seen below. `width`: letters in a row, where there is an end to them; `rest`: what shows those
/// that are not there.
pub(super) fn show(list: &Processes, width: Option<usize>, rest: &str) -> String {
    let wide = width.is_none_or(|width| width >= WIDE);
    let wider = width.is_none_or(|width| width >= WIDER);
    let hard = if wider { "     HARD" } else { "" };
    let costs = if wide { "  CPU%   MEMORY  USER          " } else { " " };
    let mut out = format!("    PID      FDS    LIMIT{hard}      %    /MIN     LEFT {costs}COMMAND\n");
    for process in &list.processes {
        let what = if width.is_some() { shortened(what(process)) } else { what(process) };
        row(&mut out, process, what, (wide, wider)).unwrap_or_default();
    }
    if list.left_out > 0 {
        writeln!(out, "… and {} more{rest}", list.left_out).unwrap_or_default();
    }
    out + &hidden(&list.unseen)
}

fn row(out: &mut String, process: &Process, what: &str, (wide, wider): (bool, bool)) -> std::fmt::Result {
    let number = |number: Option<u64>| number.map_or_else(|| "-".to_owned(), |number| number.to_string());
    let figure = |figure: Option<f64>| figure.map_or_else(|| "-".to_owned(), |figure| format!("{figure:.1}"));
    let slope = process.slope_per_min.map_or_else(|| "-".to_owned(), |slope| format!("{slope:+.1}"));
    let user = process.user.as_deref().unwrap_or("-");
    write!(out, "{:>7} {:>8} {:>8} ", process.pid, number(process.fds), number(process.soft))?;
    if wider {
        write!(out, "{:>8} ", number(process.hard))?;
    }
    write!(out, "{:>6} {slope:>7} {:>8} ", figure(process.percent), left(process.seconds_left))?;
    if wide {
        write!(out, "{:>6} {:>8}  {:<12}  ", figure(process.cpu), size(process.memory), harmless(user))?;
    } else {
        out.push(' ');
    }
    writeln!(out, "{}{}{}", harmless(what), unit(process), ended(process))?;
    process.findings.iter().try_for_each(|found| writeln!(out, "{BELOW}{}", words(found)))
}

/// A command, or in brackets the name of a process that has none.
fn what(process: &Process) -> &str {
    if process.command.is_empty() { &process.name } else { &process.command }
}

/// A command without the folder of its program, as the page has it in a row: what tells it from others stands behind that.
fn shortened(command: &str) -> &str {
    let program = command.split(' ').next().unwrap_or_default();
    match program.rfind('/') {
        Some(at) if program.starts_with('/') && at + 1 < program.len() => &command[at + 1..],
        _ => command,
    }
}

/// Of one that has ended: who keeps it in the list.
pub(super) fn ended(process: &Process) -> String {
    let parent = process.parent;
    if process.state != "Z" {
        return String::new();
    }
    format!("  (has ended and holds nothing; it is listed until its parent, pid {parent}, asks how it ended)")
}

fn unit(process: &Process) -> String {
    process.unit.as_deref().map(|unit| format!("  [{}]", harmless(unit))).unwrap_or_default()
}

/// A finding in one line. What a leak is of comes first: one is mended in another place than the other.
pub(super) fn words(found: &Finding) -> String {
    let of = match found.cause.as_deref() {
        Some("not_closed") => ", not closed",
        Some("connections") => ", connections (a client per request, or a pool without a bound?)",
        Some("clients") => ", clients that stay",
        _ => "",
    };
    format!("{}{of}: {}", harmless(&found.pattern).replace('_', " "), harmless(&found.words))
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
            "soft": 1024, "hard": 4096,
        });
        serde_json::from_value(json).unwrap()
    }

    #[test]
    fn who_has_ended_is_said_to_have_and_by_whom_it_is_kept() {
        let zombie = Process { state: "Z".to_owned(), parent: 812, ..process(7, None, None) };
        let list = Processes { processes: vec![zombie], left_out: 0, unseen: Vec::new(), found: Vec::new() };
        assert!(
            show(&list, None, "").contains("(has ended and holds nothing; it is listed until its parent, pid 812, ")
        );
    }

    #[test]
    fn on_a_terminal_a_command_begins_with_its_program_and_not_with_the_folder_of_it() {
        let shorter = ["/opt/python/3.11/bin/python3 /srv/leak.py", "/usr/bin/redis-server"].map(shortened);
        assert_eq!(shorter, ["python3 /srv/leak.py", "redis-server"]);
        for command in ["nginx: worker process", "./a/b c", "", "/ x", "sh -c /a/b"] {
            assert_eq!(shortened(command), command);
        }
        let python =
            Process { command: "/opt/python/3.11/bin/python3 /srv/leak.py".to_owned(), ..process(7, None, None) };
        let list = Processes { processes: vec![python], left_out: 0, unseen: Vec::new(), found: Vec::new() };
        assert!(show(&list, Some(80), "").contains("  python3 /srv/leak.py\n"));
        // Into a pipe it goes as it is.
        assert!(show(&list, None, "").contains("  /opt/python/3.11/bin/python3 /srv/leak.py\n"));
    }

    #[test]
    fn leaks_of_two_kinds_are_told_apart() {
        let leak = |cause: Option<&str>| {
            let json = serde_json::json!({"pattern": "leak", "cause": cause, "words": "grew", "advice": ""});
            words(&serde_json::from_value(json).unwrap())
        };
        assert_eq!(leak(Some("not_closed")), "leak, not closed: grew");
        assert!(leak(Some("connections")).starts_with("leak, connections (a client per request"));
        assert_eq!([leak(Some("pipe")), leak(None)], ["leak: grew", "leak: grew"]);
    }

    #[test]
    fn a_name_cannot_command_the_terminal_and_columns_stand_under_their_heads() {
        let list = Processes {
            processes: vec![process(7, Some(12.345), None)],
            left_out: 3,
            unseen: Vec::new(),
            found: Vec::new(),
        };
        let shown = show(&list, None, "");
        assert!(!shown.contains('\u{1b}'), "{shown:?}");
        let lines: Vec<_> = shown.lines().collect();
        assert_eq!(lines[0].find('%').unwrap(), lines[1].find("12.3").unwrap() + 3, "{shown}");
        assert_eq!(lines[2], "… and 3 more");
        let wide = show(&list, Some(WIDER), "");
        let lines: Vec<_> = wide.lines().collect();
        assert_eq!(lines[0].find("HARD").unwrap(), lines[1].find("4096").unwrap(), "{wide}");
        assert!(!show(&list, Some(WIDER - 1), "").contains("HARD"));
        let narrow = show(&list, Some(80), "");
        let lines: Vec<_> = narrow.lines().map(|line| line.chars().take(80).collect::<String>()).collect();
        assert!(lines[1].contains("x\\x1b[2J") && !narrow.contains("USER"), "{narrow}");
        assert_eq!(lines[0].find("COMMAND"), lines[1].find('x'), "{narrow}");
    }
}
