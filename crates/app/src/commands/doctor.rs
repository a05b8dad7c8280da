//! `tailcast doctor`: which limit of open files is in force, who has set it, what else is in the way, and the exact lines
//! that change it.

mod waiting;

use std::fmt::{self, Write};
use std::io::{self, IsTerminal};

use tailcast_fdguard::{Class, Plan};
use tailcast_lines::harmless;
use tailcast_wire::{Ceiling, Limits, Remedy, Step};

use super::inspect::{self, Source, Way};
use super::ours::{self, Serving};
use super::ps::json;
use crate::always_open;
use crate::cli;
use crate::environment::Environment;
use crate::exit::{Exit, Failure, Outcome};
use crate::json_shown::for_terminal;

/// Says it.
pub(crate) async fn run(flags: &cli::Doctor, environment: &Environment) -> Outcome {
    let way = Way { host: inspect::host(flags.host.as_deref())?, hub: &flags.hub, config: &flags.config };
    // Of another host only the agent there could tell.
    let serving = if way.host.is_none() { ours::serving() } else { Vec::new() };
    let here = flags.pid.is_none() && way.host.is_none();
    let elsewhere = way.host.is_some();
    let mut source = Source::new(way, environment)?;
    let pid = if here { chosen(&serving)? } else { flags.pid };
    let mut limits = source.limits(pid, flags.want).await?;
    let serves = serving.iter().find(|each| each.pid == limits.pid).map(|each| each.role);
    let (role, began) = match elsewhere {
        // What it was handed cannot be seen from here.
        true if limits.name == "tailcast" => (ours::role(&source.process(limits.pid, 1).await?.process.command), None),
        true => (None, None),
        false => {
            let like = if serves.is_some() { limits.pid } else { std::process::id() };
            (serves, always_open::at_the_start_of(like, limits.soft))
        }
    };
    limits.stops.extend(viewers(&limits, role, began));
    let stdout = io::stdout();
    let said = match (flags.json, stdout.is_terminal()) {
        (true, true) => for_terminal(&json(&limits)?).into_owned(),
        (true, false) => json(&limits)?,
        (false, _) => show(&limits),
    };
    io::Write::write_all(&mut stdout.lock(), said.as_bytes())?;
    Ok(Exit::Ok)
}

/// Which process is looked at when none is named: the hub or agent that runs here, or this program; of several, none. What was
/// chosen is said beside the answer, so that nobody takes it for that of another.
fn chosen(serving: &[Serving]) -> Result<Option<u32>, Failure> {
    match serving {
        [] => {
            eprintln!(
                "No PID was given, and no hub or agent of tailcast runs here: this is about a program started from this shell."
            );
            Ok(None)
        }
        [one] => {
            eprintln!("No PID was given: this is about {one}, which runs here.");
            Ok(Some(one.pid))
        }
        several => {
            let listed: Vec<_> =
                several.iter().map(|each| format!("\n  tailcast doctor {}   # {each}", each.pid)).collect();
            Err(Failure::usage(format_args!(
                "{} hubs or agents run here; which one?{}",
                several.len(),
                listed.concat()
            )))
        }
    }
}

/// What the limit means for a hub or an agent. One that runs has raised its soft limit when it started, and does not again: what it
/// has holds, also where somebody lowered it since. `began`: with how many it began, or one that is started here would.
fn viewers(limits: &Limits, role: Option<&str>, began: Option<u64>) -> Option<String> {
    let open = began.unwrap_or(always_open::AT_THE_START);
    let stops = |plan: Plan, class, limit| plan.beside(open).ceiling(class, limit);
    let viewers = |limit| stops(always_open::hub(false), Class::Viewers, limit);
    let logs = |limit| stops(always_open::agent(), Class::Tails, limit);
    let reach = limits.hard.clamp(limits.soft, limits.soft.max(1 << 20));
    let less = match began {
        Some(_) => "",
        None => ", less what was handed to it besides the standard streams, which cannot be seen from here",
    };
    (limits.name == "tailcast").then(|| match role {
        Some("agent") => format!("this agent stops at {} followed logs for as long as it runs with {}{less}", logs(limits.soft), limits.soft),
        Some(_) => format!("this hub stops at {} viewers for as long as it runs with {}{less}", viewers(limits.soft), limits.soft),
        None => format!(
            "tailcast raises itself to {reach} when it starts: a hub then stops at {} viewers, an agent at {} followed logs",
            viewers(reach),
            logs(reach)
        ),
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
    limits.stops.iter().try_for_each(|stop| writeln!(out, "  {}", harmless(stop)))?;
    writeln!(out, "\nWho has set it: {}", harmless(&limits.origin))?;
    for ancestor in &limits.ancestors {
        let number = |number: Option<u64>| number.map_or_else(|| "?".to_owned(), |number| number.to_string());
        let (soft, hard) = (number(ancestor.soft), number(ancestor.hard));
        writeln!(out, "  {:>7}  {soft:>8} of {hard:<8}  {}", ancestor.pid, harmless(&ancestor.name))?;
    }
    ways(out, limits)?;
    writeln!(out, "\nWhat else is in the way:")?;
    limits.ceilings.iter().try_for_each(|limit| ceiling(out, limit))?;
    waiting::write(out, limits)?;
    limits.unseen.iter().try_for_each(|hidden| writeln!(out, "not seen: {}", harmless(&hidden.words)))?;
    if !limits.notes.is_empty() {
        writeln!(out)?;
    }
    limits.notes.iter().try_for_each(|note| writeln!(out, "Note: {}", harmless(note)))
}

fn ceiling(out: &mut String, ceiling: &Ceiling) -> fmt::Result {
    let used = ceiling.used.map(|used| format!(", {used} used")).unwrap_or_default();
    let (name, words) = (harmless(&ceiling.name), harmless(&ceiling.words));
    writeln!(out, "  {name} = {}{used}: {words}", ceiling.value)
}

/// What changes it: the ways, any one of which does, each with all its steps.
fn ways(out: &mut String, limits: &Limits) -> fmt::Result {
    let ways: Vec<&[Remedy]> = limits.remedies.chunk_by(|one, next| way_of(one) == way_of(next)).collect();
    match ways[..] {
        [] => return writeln!(out, "\nNothing to change: it has that many already."),
        [[Remedy { step: None, .. }, ..], ..] => {
            writeln!(out, "\nTo change it (an older agent says these, and not which of them belong together):")?;
        }
        [_] => writeln!(out, "\nTo change it:")?,
        _ => writeln!(out, "\nTo change it, any one of these {} does:", ways.len())?,
    }
    ways.into_iter().try_for_each(|steps| way(out, steps))
}

fn way_of(remedy: &Remedy) -> Option<u32> {
    remedy.step.as_ref().map(|step| step.way)
}

fn way(out: &mut String, steps: &[Remedy]) -> fmt::Result {
    if let Some(step) = steps.first().and_then(|first| first.step.as_ref()) {
        writeln!(out, "\n{}. {}{}", step.way, lasts(step), needed(steps.len()))?;
    }
    for (at, one) in steps.iter().enumerate() {
        let place = match steps.len() {
            1 => String::new(),
            all if one.step.is_some() => format!("Step {} of {all}: ", at + 1),
            _ => String::new(),
        };
        writeln!(out, "   {place}{}", harmless(&one.words))?;
        remedy(out, one)?;
    }
    Ok(())
}

fn lasts(step: &Step) -> String {
    match step.lasts.as_str() {
        "until_it_ends" => format!("At once, to {}, until the process ends", step.reach),
        "for_good_if" => {
            format!("For good, from its next start on: up to {}, if what starts it has that many to give", step.reach)
        }
        "for_good" => format!("For good, to {}, from its next start on", step.reach),
        "from_above" => format!("From outside, to {}", step.reach),
        _ => format!("To {}", step.reach),
    }
}

fn needed(steps: usize) -> String {
    match steps {
        1 => String::new(),
        2 => ": both steps are needed, in this order".to_owned(),
        all => format!(": all {all} steps are needed, in this order"),
    }
}

fn remedy(out: &mut String, remedy: &Remedy) -> fmt::Result {
    if let Some(file) = &remedy.file {
        writeln!(out, "   in {}:", harmless(file))?;
    }
    remedy.lines.iter().try_for_each(|line| writeln!(out, "       {}", harmless(line)))?;
    if !remedy.then.is_empty() {
        writeln!(out, "   then:")?;
    }
    remedy.then.iter().try_for_each(|line| writeln!(out, "       {}", harmless(line)))
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
        let said = viewers(&limits, None, None).unwrap();
        assert!(said.starts_with("tailcast raises itself to 4096 when it starts: a hub then stops at "), "{said}");
        assert!(!show(&limits).contains('\u{1b}'));
        let tiny = viewers(&Limits { soft: 64, hard: 64, ..limits.clone() }, None, None).unwrap();
        assert!(tiny.contains("a hub then stops at 23 viewers"), "as a start at that limit says: {tiny}");
        // Lowered while it runs: it never raises itself again.
        let lowered = Limits { soft: 64, hard: 4096, ..limits.clone() };
        let running = viewers(&lowered, Some("serve"), Some(always_open::AT_THE_START)).unwrap();
        assert_eq!(running, "this hub stops at 23 viewers for as long as it runs with 64");
        let unseen = viewers(&lowered, Some("serve"), None).unwrap();
        assert!(unseen.ends_with(
            "with 64, less what was handed to it besides the standard streams, which cannot be seen from here"
        ));
        let handed = viewers(&lowered, Some("serve"), Some(always_open::AT_THE_START + 2)).unwrap();
        assert_eq!(handed, "this hub stops at 21 viewers for as long as it runs with 64");
        let running = viewers(&lowered, Some("agent"), None).unwrap();
        assert!(running.starts_with("this agent stops at ") && !running.contains("viewers"), "{running}");
        assert_eq!(viewers(&Limits { name: "redis-server".to_owned(), ..limits }, None, None), None);
    }

    /// A host in which somebody else is at home says what he likes.
    #[test]
    fn nothing_that_a_host_says_commands_the_terminal_or_looks_like_a_line_of_ours() {
        let shown = |said: &str| {
            let step = serde_json::json!({"way": 1, "lasts": said, "reach": 7});
            let limits = serde_json::json!({
                "pid": 812, "name": said, "fds": 30, "soft": 1024, "hard": 4096, "origin": said, "set_by": said, "stops": [said],
                "ancestors": [{"pid": 1, "name": said}], "notes": [said], "unseen": [{"words": said, "capabilities": [said]}],
                "ceilings": [{"name": said, "value": 7, "used": 1, "words": said}],
                "remedies": [{"words": said, "file": said, "lines": [said], "then": [said], "step": step}],
                "waiting": [{"address": said, "queue": 0, "backlog": 1, "full": false, "bound": said, "words": said}],
            });
            show(&serde_json::from_value(limits).unwrap())
        };
        let (plain, evil) = (shown("x"), shown("x\u{1b}[2J\u{202e}\ntailcast: y"));
        assert!(!evil.contains(['\u{1b}', '\u{202e}']), "{evil:?}");
        assert_eq!(evil.lines().count(), plain.lines().count(), "{evil}");
    }

    fn remedy(way: Option<u32>, lasts: &str, words: &str) -> serde_json::Value {
        let step = way.map(|way| serde_json::json!({"way": way, "lasts": lasts, "reach": 2048}));
        serde_json::json!({"words": words, "lines": ["a"], "then": [], "step": step})
    }

    fn shown(remedies: &[serde_json::Value]) -> String {
        let json = serde_json::json!({
            "pid": 812, "name": "x", "fds": 30, "soft": 1024, "hard": 4096, "origin": "x", "set_by": "unknown",
            "ancestors": [], "ceilings": [], "stops": [], "remedies": remedies, "notes": [],
        });
        show(&serde_json::from_value(json).unwrap())
    }

    #[test]
    fn steps_that_are_all_needed_are_told_from_ways_of_which_one_is_enough() {
        let said = shown(&[
            remedy(Some(1), "until_it_ends", "quick"),
            remedy(Some(2), "for_good", "unit"),
            remedy(Some(2), "for_good", "minfds"),
        ]);
        let places = [
            "any one of these 2 does",
            "1. At once, to 2048, until the process ends\n   quick",
            "2. For good, to 2048, from its next start on: both steps are needed, in this order\n   Step 1 of 2: unit",
            "   Step 2 of 2: minfds",
        ]
        .map(|part| said.find(part).unwrap_or_else(|| panic!("{part}: {said}")));
        assert!(places.is_sorted());
        assert!(shown(&[remedy(None, "", "old")]).contains("not which of them belong together"));
        assert!(shown(&[]).contains("Nothing to change"));
    }

    #[test]
    fn of_several_hubs_none_is_taken_silently() {
        let serving = |pid, role| Serving { pid, role, command: format!("tailcast {role} --listen :{pid}") };
        let Err(failure) = chosen(&[serving(7, "serve"), serving(9, "agent")]) else { panic!("one was taken") };
        let words = failure.to_string();
        assert!(words.contains("tailcast doctor 7 ") && words.contains("tailcast doctor 9 "), "{words}");
        assert_eq!(chosen(&[serving(7, "serve")]).unwrap(), Some(7));
        assert_eq!(chosen(&[]).unwrap(), None);
    }
}
