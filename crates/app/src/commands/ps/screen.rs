//! Where it is shown: a terminal, once or as one screen that is drawn anew; or a pipe, one look below the other.

use std::io::{self, IsTerminal, Write};

use jiff::{Timestamp, Zoned};
use rustix::termios::tcgetwinsize;

use super::frame::{self, Size, cut};
use super::{Look, detail, json, table};
use crate::cli;
use crate::commands::inspect::ALL;
use crate::exit::{Failure, say};
use crate::json_shown::for_terminal;

/// Rows that a terminal is given when nothing is said.
const ROWS: u32 = 20;

/// Stdout, and what it shows.
pub(super) struct Screen {
    on_terminal: bool,
    watch: bool,
    json: bool,
    /// So many rows, or files of one process, were asked for; 0 for all.
    asked: Option<u32>,
    /// What stands on a terminal that is watched, and since when.
    last: Option<(Look, Zoned)>,
    /// The last question was not answered, and that was said.
    silent: bool,
}

impl Screen {
    pub(super) fn of_stdout(flags: &cli::Ps) -> Self {
        let on_terminal = io::stdout().is_terminal();
        Screen { on_terminal, watch: flags.watch, json: flags.json, asked: flags.most, last: None, silent: false }
    }

    /// How many rows, or files of one process, are worth asking for.
    pub(super) fn most(&self) -> u32 {
        let asked = match self.asked {
            Some(0) => ALL,
            Some(most) => most,
            None if self.json || !self.on_terminal || self.watch => ALL,
            None => ROWS,
        };
        let room = || size().map_or(ROWS, |size| u32::try_from(size.rows).unwrap_or(ROWS));
        if self.is_drawn() { asked.min(room()) } else { asked }
    }

    /// What shows those that are not there, where something does.
    fn rest(&self) -> &'static str {
        if self.most() == ALL { "" } else { ": -n 0 shows all" }
    }

    pub(super) fn show(&mut self, look: Look) -> Result<(), Failure> {
        self.silent = false;
        if self.is_drawn() {
            draw(&look, None)?;
            self.last = Some((look, Zoned::now()));
            return Ok(());
        }
        let width = size().filter(|_| self.on_terminal).map(|size| size.width);
        let shown = match &look {
            Look::All(list) if self.json => json(list)?,
            Look::One { process, .. } if self.json => json(process)?,
            Look::All(list) => cut_rows(&table::show(list, width, self.rest()), width),
            Look::One { process, asked } => detail::show(process, *asked, process.files.len(), self.rest()),
        };
        let mut out = io::stdout().lock();
        match (self.on_terminal, self.json) {
            (true, true) => writeln!(out, "{}", for_terminal(shown.trim_end()))?,
            // One look below the other, each with its time; on its own it needs none.
            (false, false) if self.watch => write!(out, "{:.0}\n{shown}\n", Timestamp::now())?,
            _ => out.write_all(shown.as_bytes())?,
        }
        Ok(out.flush()?)
    }

    /// Whoever is asked is away, and is asked again: what was seen stays, with since when it is old.
    pub(super) fn is_not_answered(&mut self, failure: &Failure) -> Result<(), Failure> {
        match &self.last {
            Some((look, at)) => {
                draw(look, Some(&format!("this is from {}: {failure}; trying again", at.strftime("%H:%M:%S"))))?;
            }
            None if !self.silent => say(&format!("{failure}; trying again")),
            None => {}
        }
        self.silent = true;
        Ok(())
    }

    fn is_drawn(&self) -> bool {
        self.on_terminal && self.watch && !self.json
    }
}

fn size() -> Option<Size> {
    let size = tcgetwinsize(io::stdout()).ok()?;
    let size = Size { width: usize::from(size.ws_col), rows: usize::from(size.ws_row) };
    // A console may not know its size.
    Some(size).filter(|size| size.width > 0 && size.rows > 0)
}

fn draw(look: &Look, notice: Option<&str>) -> Result<(), Failure> {
    let drawn = frame::draw(look, notice, size().unwrap_or(Size { width: 80, rows: 24 }));
    let mut out = io::stdout().lock();
    out.write_all(drawn.as_bytes())?;
    Ok(out.flush()?)
}

/// Rows are cut at the right edge, so that a command of a thousand letters is one row. What is wrong with a process is
/// read to its end.
fn cut_rows(shown: &str, width: Option<usize>) -> String {
    let Some(width) = width else { return shown.to_owned() };
    let row = |line: &str| if line.starts_with(table::BELOW) { line.to_owned() } else { cut(line, width) };
    shown.lines().map(|line| row(line) + "\n").collect()
}
