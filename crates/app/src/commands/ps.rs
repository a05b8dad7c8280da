//! `tailcast ps`: the processes of a host with what they hold open, or one of them in full; as a table or as JSON, once or
//! every two seconds.
//!
//! Of this machine without a hub, by the very code that answers for an agent; of any other through the hub.

mod detail;
mod table;

use std::io::{self, IsTerminal, Write};
use std::time::Duration;

use jiff::Timestamp;
use rustix::termios::tcgetwinsize;
use serde::Serialize;
use tailcast_wire::{Process, Processes};

use crate::cli::{self, Sort};
use crate::commands::inspect::{self, ALL, Source, Way};
use crate::environment::Environment;
use crate::exit::{Exit, Failure, Outcome, say};
use crate::json_shown::for_terminal;

/// Between two looks.
const EACH: Duration = Duration::from_secs(2);
/// Rows that a terminal is given when nothing is said.
const ROWS: u32 = 20;

/// Shows them, once or until it is ended.
pub(crate) async fn run(flags: &cli::Ps, environment: &Environment) -> Outcome {
    let named = flags.writes.as_deref().map(inspect::host_of).transpose()?.flatten();
    let host = inspect::host(flags.host.as_deref())?.or(named);
    let mut source = Source::new(Way { host, hub: &flags.hub, config: &flags.config }, environment)?;
    let screen = Screen { on_terminal: io::stdout().is_terminal(), watch: flags.watch, json: flags.json };
    let mut first = true;
    loop {
        let (shown, exit) = look(&mut source, flags, &screen, first).await?;
        screen.show(&shown, Timestamp::now())?;
        if !flags.watch {
            return Ok(exit);
        }
        first = false;
        tokio::time::sleep(EACH).await;
    }
}

/// `first`: nothing was seen before.
async fn look(source: &mut Source, flags: &cli::Ps, screen: &Screen, first: bool) -> Result<(String, Exit), Failure> {
    let most = screen.most(flags.most);
    if let Some(pid) = flags.pid {
        let mut process = source.process(pid, most).await?;
        if first && spins_perhaps([&process.process]) {
            tokio::time::sleep(EACH).await;
            process = source.process(pid, most).await?;
        }
        let shown = if flags.json { json(&process)? } else { detail::show(&process, pid) };
        return Ok((shown, Exit::Ok));
    }
    let mut list = source.processes(flags.writes.as_deref(), flags.sort.into(), most).await?;
    if first && spins_perhaps(list.processes.iter().chain(&list.found)) {
        tokio::time::sleep(EACH).await;
        list = source.processes(flags.writes.as_deref(), flags.sort.into(), most).await?;
    }
    if !flags.watch && !can_be_sorted(&list, flags.sort) {
        say(UNSORTED);
    }
    let exit = if list.processes.is_empty() { Exit::Nothing } else { Exit::Ok };
    let table = || screen.cut(&table::show(&list, screen.width()));
    Ok((if flags.json { json(&list)? } else { table() }, exit))
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

/// Where it is shown.
struct Screen {
    on_terminal: bool,
    watch: bool,
    json: bool,
}

impl Screen {
    fn most(&self, asked: Option<u32>) -> u32 {
        match asked {
            Some(0) => ALL,
            Some(most) => most,
            None if self.json || !self.on_terminal => ALL,
            None if self.watch => self.rows().unwrap_or(ROWS),
            None => ROWS,
        }
    }

    /// The rows that are left for processes, below the head and above the foot.
    fn rows(&self) -> Option<u32> {
        let rows = u32::from(tcgetwinsize(io::stdout()).ok()?.ws_row);
        Some(rows.saturating_sub(4).max(5))
    }

    /// Letters in a row of the terminal.
    fn width(&self) -> Option<usize> {
        let size = tcgetwinsize(io::stdout()).ok().filter(|_| self.on_terminal)?;
        Some(usize::from(size.ws_col)).filter(|&letters| letters > 0)
    }

    /// Rows are cut at the right edge, so that a command of a thousand letters is one row. What is wrong with a process is
    /// read to its end, but for the one screen of `--watch`.
    fn cut(&self, shown: &str) -> String {
        let Some(width) = self.width() else { return shown.to_owned() };
        let whole = |line: &str| !self.watch && line.starts_with(table::BELOW);
        let cut = |line: &str| {
            line.chars().take(if whole(line) { usize::MAX } else { width }).chain(['\n']).collect::<String>()
        };
        shown.lines().map(cut).collect()
    }

    fn show(&self, shown: &str, now: Timestamp) -> Result<(), Failure> {
        let mut out = io::stdout().lock();
        match (self.on_terminal, self.json) {
            (true, true) => writeln!(out, "{}", for_terminal(shown.trim_end()))?,
            // From the top and over what was there, so that nothing blinks; what is left of it is cleared.
            (true, false) if self.watch => write!(out, "\x1b[H{}\x1b[J", shown.replace('\n', "\x1b[K\n"))?,
            // One look below the other, each with its time; on its own it needs none.
            (false, false) if self.watch => write!(out, "{now:.0}\n{shown}\n")?,
            _ => out.write_all(shown.as_bytes())?,
        }
        Ok(out.flush()?)
    }
}
