//! `tailcast ls`: the logs there are, as a table or as JSON lines, page by page as the hub hands them out.
//! Hosts that did not answer are told on stderr; when nothing else was found, that is how it ends.

mod pages;

use std::io::{self, BufWriter, IsTerminal, Write};

use jiff::Timestamp;
use serde::Deserialize;
use tailcast_lines::harmless;

use self::pages::{Missing, Pages};
use crate::cli;
use crate::client::Client;
use crate::environment::Environment;
use crate::exit::{Exit, Failure, Outcome, say};
use crate::json_shown::for_terminal;
use crate::options;

/// What the table shows of an entry.
#[derive(Deserialize)]
struct Entry {
    log: String,
    size: Option<u64>,
    modified: Option<Timestamp>,
    unreadable: Option<String>,
}

/// Lists the logs.
pub(crate) async fn run(flags: &cli::Ls, environment: &Environment) -> Outcome {
    let mut client = Client::new(options::client(&flags.hub, &flags.config, environment)?);
    let mut pages = Pages::new(&mut client, flags.pattern.as_deref());
    let stdout = io::stdout();
    let on_terminal = stdout.is_terminal();
    let mut out = BufWriter::new(stdout.lock());
    let mut exit = Exit::Nothing;
    while let Some(page) = pages.next().await? {
        for entry in page {
            exit = Exit::Ok;
            match flags.json {
                true if on_terminal => writeln!(out, "{}", for_terminal(entry.get()))?,
                true => writeln!(out, "{entry}")?,
                false => row(&mut out, entry.get())?,
            }
        }
        // Each page is seen before the next one is asked for: the first may be all that somebody wants.
        out.flush()?;
    }
    match (exit, pages.missing()) {
        (Exit::Nothing, missing) => nothing(flags.pattern.as_deref(), &missing),
        (_, missing) => {
            missing.tell();
            Ok(exit)
        }
    }
}

/// There is no log, or none that anybody who answered knows of.
fn nothing(pattern: Option<&str>, missing: &Missing) -> Outcome {
    if let Some(failure) = missing.failure() {
        return Err(failure);
    }
    if io::stderr().is_terminal() {
        say(&format!("no log{}", pattern.map_or(String::new(), |glob| format!(" matches {glob}"))));
    }
    Ok(Exit::Nothing)
}

/// The names of the logs that match, the first `most` of them and maybe some more. There is at least one.
pub(crate) async fn matching(client: &mut Client, pattern: &str, most: usize) -> Result<Vec<String>, Failure> {
    let mut pages = Pages::new(client, Some(pattern));
    let mut names = Vec::new();
    while let Some(page) = pages.next().await? {
        let found = page.into_iter().filter_map(|entry| serde_json::from_str::<Entry>(entry.get()).ok());
        names.extend(found.filter(|entry| entry.unreadable.is_none()).map(|entry| entry.log));
        if names.len() > most {
            return Ok(names);
        }
    }
    let missing = pages.missing();
    if names.is_empty() {
        let nothing = || Failure::new(Exit::Nothing, anyhow::anyhow!("no log matches {pattern}"));
        return Err(missing.failure().unwrap_or_else(nothing));
    }
    missing.tell();
    Ok(names)
}

/// `SIZE  AGE  HOST:NAME  (why it cannot be read)`. The name is last but for the reason, since it has no bound.
fn row(out: &mut impl Write, entry: &str) -> Result<(), Failure> {
    let entry: Entry = serde_json::from_str(entry).map_err(|error| {
        Failure::new(Exit::Failed, anyhow::anyhow!("the hub lists what this version does not understand: {error}"))
    })?;
    let size = entry.size.map_or_else(|| "-".to_owned(), size);
    let age = entry.modified.map_or_else(|| "-".to_owned(), |modified| age(Timestamp::now(), modified));
    write!(out, "{size:>8}  {age:>4}  {}", harmless(&entry.log))?;
    match entry.unreadable {
        Some(why) => writeln!(out, "  ({})", harmless(&why))?,
        None => writeln!(out)?,
    }
    Ok(())
}

/// A size that is read at a glance, as the page writes it: in powers of 1000, with three digits: `812 B`, `1.57 MB`, `37.5 GB`.
pub(super) fn size(bytes: u64) -> String {
    const UNITS: [&str; 6] = ["kB", "MB", "GB", "TB", "PB", "EB"];
    if bytes < 1000 {
        return format!("{bytes} B");
    }
    let mut value = bytes as f64 / 1000.0;
    let mut unit = 0;
    while value >= 999.5 && unit + 1 < UNITS.len() {
        value /= 1000.0;
        unit += 1;
    }
    let digits = if value < 9.995 { 2 } else { usize::from(value < 99.95) };
    format!("{value:.digits$} {}", UNITS[unit])
}

/// How long ago: `4s`, `12m`, `3h`, `40d`. A time in the future is a clock that differs, and is `0s`.
pub(super) fn age(now: Timestamp, then: Timestamp) -> String {
    let seconds = now.as_second().saturating_sub(then.as_second()).max(0);
    match seconds {
        0..60 => format!("{seconds}s"),
        60..3600 => format!("{}m", seconds / 60),
        3600..86_400 => format!("{}h", seconds / 3600),
        _ => format!("{}d", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_is_read_at_a_glance() {
        for (bytes, shown) in [
            (0, "0 B"),
            (999, "999 B"),
            (1000, "1.00 kB"),
            (9_996, "10.0 kB"),
            (99_960, "100 kB"),
            (1_572_864, "1.57 MB"),
            (999_600_000, "1.00 GB"),
            (u64::MAX, "18.4 EB"),
        ] {
            assert_eq!(size(bytes), shown);
        }
    }

    #[test]
    fn an_age_has_one_unit() {
        let at = |second| Timestamp::from_second(second).unwrap();
        for (seconds, shown) in [(0, "0s"), (59, "59s"), (60, "1m"), (3599, "59m"), (7200, "2h"), (86_400 * 40, "40d")]
        {
            assert_eq!(age(at(1_000_000_000 + seconds), at(1_000_000_000)), shown);
        }
        assert_eq!(age(at(5), at(9)), "0s");
    }

    #[test]
    fn a_name_cannot_command_the_terminal() {
        let mut out = Vec::new();
        row(&mut out, r#"{"log": "web1:/a\u001b[2J", "size": 3, "modified": null}"#).unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), "     3 B     -  web1:/a\\x1b[2J\n");
    }
}
