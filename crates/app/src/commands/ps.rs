//! `tailcast ps`: the processes of a host with what they hold open, or one of them in full; as a table or as JSON, once or
//! every two seconds.
//!
//! Of this machine without a hub, by the very code that answers for an agent; of any other through the hub.

mod detail;
mod table;

use std::io::{self, IsTerminal, Write};
use std::time::Duration;

use rustix::termios::tcgetwinsize;
use serde::Serialize;

use crate::cli;
use crate::commands::inspect::{self, ALL, Source, Way};
use crate::environment::Environment;
use crate::exit::{Exit, Failure, Outcome};
use crate::json_shown::for_terminal;

/// Between two looks.
const EACH: Duration = Duration::from_secs(2);
/// Rows that a terminal is given when nothing is said.
const ROWS: u32 = 20;

/// Shows them, once or until it is ended.
pub(crate) async fn run(flags: &cli::Ps, environment: &Environment) -> Outcome {
    let host = inspect::host(flags.host.as_deref())?.or_else(|| inspect::host_of(flags.writes.as_deref()));
    let mut source = Source::new(Way { host, hub: &flags.hub, config: &flags.config }, environment)?;
    let screen = Screen { on_terminal: io::stdout().is_terminal(), watch: flags.watch, json: flags.json };
    loop {
        let (shown, exit) = look(&mut source, flags, &screen).await?;
        screen.show(&shown)?;
        if !flags.watch {
            return Ok(exit);
        }
        tokio::time::sleep(EACH).await;
    }
}

async fn look(source: &mut Source, flags: &cli::Ps, screen: &Screen) -> Result<(String, Exit), Failure> {
    let most = screen.most(flags.most);
    if let Some(pid) = flags.pid {
        let process = source.process(pid, most).await?;
        let shown = if flags.json { json(&process)? } else { detail::show(&process) };
        return Ok((shown, Exit::Ok));
    }
    let list = source.processes(flags.writes.as_deref(), flags.sort.into(), most).await?;
    let exit = if list.processes.is_empty() { Exit::Nothing } else { Exit::Ok };
    let table = || screen.cut(&table::show(&list));
    Ok((if flags.json { json(&list)? } else { table() }, exit))
}

pub(super) fn json(value: &impl Serialize) -> Result<String, Failure> {
    serde_json::to_string(value).map(|line| line + "\n").map_err(|error| Failure::new(Exit::Failed, error))
}

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

    /// Rows are cut at the right edge, so that a command of a thousand letters is one row.
    fn cut(&self, shown: &str) -> String {
        let width = tcgetwinsize(io::stdout()).map_or(0, |size| usize::from(size.ws_col));
        match width {
            0 => shown.to_owned(),
            width => shown.lines().map(|line| line.chars().take(width).chain(['\n']).collect::<String>()).collect(),
        }
    }

    fn show(&self, shown: &str) -> Result<(), Failure> {
        let mut out = io::stdout().lock();
        match (self.on_terminal, self.json) {
            (true, true) => writeln!(out, "{}", for_terminal(shown.trim_end()))?,
            // From the top and over what was there, so that nothing blinks; what is left of it is cleared.
            (true, false) if self.watch => write!(out, "\x1b[H{}\x1b[J", shown.replace('\n', "\x1b[K\n"))?,
            _ => out.write_all(shown.as_bytes())?,
        }
        Ok(out.flush()?)
    }
}
