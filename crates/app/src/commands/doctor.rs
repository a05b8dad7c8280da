//! `tailcast doctor`: which limit of open files is in force, who has set it, what else is in the way, and the exact lines
//! that change it.

use std::fmt::{self, Write};
use std::io::{self, IsTerminal};

use tailcast_fdguard::{Class, Plan};
use tailcast_lines::harmless;
use tailcast_wire::{Ceiling, Limits, Remedy};

use super::inspect::{self, Source, Way};
use super::ps::json;
use crate::always_open;
use crate::cli;
use crate::environment::Environment;
use crate::exit::{Exit, Outcome};
use crate::json_shown::for_terminal;

/// Says it.
pub(crate) async fn run(flags: &cli::Doctor, environment: &Environment) -> Outcome {
    let way = Way { host: inspect::host(flags.host.as_deref())?, hub: &flags.hub, config: &flags.config };
    let mut limits = Source::new(way, environment)?.limits(flags.pid, flags.want).await?;
    limits.stops.extend(viewers(&limits));
    let stdout = io::stdout();
    let said = match (flags.json, stdout.is_terminal()) {
        (true, true) => for_terminal(&json(&limits)?).into_owned(),
        (true, false) => json(&limits)?,
        (false, _) => show(&limits),
    };
    io::Write::write_all(&mut stdout.lock(), said.as_bytes())?;
    Ok(Exit::Ok)
}

/// What the limit means for a hub or an agent, which raises its soft limit itself.
fn viewers(limits: &Limits) -> Option<String> {
    (limits.name == "tailcast").then(|| {
        let reach = limits.hard.clamp(limits.soft, limits.soft.max(1 << 20));
        let (hub, agent) = (always_open::hub(false), always_open::agent());
        let stops = |plan: Plan, class| plan.beside(always_open::AT_THE_START).ceiling(class, reach);
        let (viewers, logs) = (stops(hub, Class::Viewers), stops(agent, Class::Tails));
        format!("tailcast raises itself to {reach}: a hub stops at {viewers} viewers, an agent at {logs} followed logs")
    })
}

fn show(limits: &Limits) -> String {
    let mut out = String::new();
    // Writing into a String cannot fail.
    write(&mut out, limits).unwrap_or_default();
    out
}

fn write(out: &mut String, limits: &Limits) -> fmt::Result {
    writeln!(
        out,
        "{}, pid {}: soft limit {}, hard limit {}",
        harmless(&limits.name),
        limits.pid,
        limits.soft,
        limits.hard
    )?;
    limits.stops.iter().try_for_each(|stop| writeln!(out, "  {stop}"))?;
    writeln!(out, "\nWho has set it: {}", harmless(&limits.origin))?;
    for ancestor in &limits.ancestors {
        let number = |number: Option<u64>| number.map_or_else(|| "?".to_owned(), |number| number.to_string());
        let (soft, hard) = (number(ancestor.soft), number(ancestor.hard));
        writeln!(out, "  {:>7}  {soft:>8} of {hard:<8}  {}", ancestor.pid, harmless(&ancestor.name))?;
    }
    writeln!(out, "\nWhat else is in the way:")?;
    limits.ceilings.iter().try_for_each(|limit| ceiling(out, limit))?;
    for (at, one) in limits.remedies.iter().enumerate() {
        writeln!(out, "\nTo change it ({} of {}), {}:", at + 1, limits.remedies.len(), harmless(&one.words))?;
        remedy(out, one)?;
    }
    if !limits.notes.is_empty() {
        writeln!(out)?;
    }
    limits.notes.iter().try_for_each(|note| writeln!(out, "Note: {}", harmless(note)))
}

fn ceiling(out: &mut String, ceiling: &Ceiling) -> fmt::Result {
    let used = ceiling.used.map(|used| format!(", {used} used")).unwrap_or_default();
    writeln!(out, "  {} = {}{used}: {}", ceiling.name, ceiling.value, ceiling.words)
}

fn remedy(out: &mut String, remedy: &Remedy) -> fmt::Result {
    if let Some(file) = &remedy.file {
        writeln!(out, "  in {}:", harmless(file))?;
    }
    remedy.lines.iter().try_for_each(|line| writeln!(out, "    {}", harmless(line)))?;
    if !remedy.then.is_empty() {
        writeln!(out, "  then:")?;
    }
    remedy.then.iter().try_for_each(|line| writeln!(out, "    {}", harmless(line)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_of_tailcast_is_told_in_viewers() {
        let json = serde_json::json!({
            "pid": 812, "name": "tailcast", "fds": 30, "soft": 1024, "hard": 4096, "origin": "x\u{1b}[2J", "set_by": "unknown",
            "ancestors": [], "ceilings": [], "stops": [], "remedies": [], "notes": [],
        });
        let limits: Limits = serde_json::from_value(json).unwrap();
        let said = viewers(&limits).unwrap();
        assert!(said.starts_with("tailcast raises itself to 4096: a hub stops at "), "{said}");
        assert!(!show(&limits).contains('\u{1b}'));
        let tiny = viewers(&Limits { soft: 64, hard: 64, ..limits.clone() }).unwrap();
        assert!(tiny.contains("a hub stops at 23 viewers"), "as a start at that limit says: {tiny}");
        assert_eq!(viewers(&Limits { name: "redis-server".to_owned(), ..limits }), None);
    }
}
