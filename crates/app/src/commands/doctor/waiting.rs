//! Where a process waits for connections, in what `tailcast doctor` prints: how many wait, how many may, and what would let more.

use std::fmt::{self, Write};

use tailcast_lines::harmless;
use tailcast_wire::{Limits, Waiting};

/// Nothing of who listens nowhere.
pub(super) fn write(out: &mut String, limits: &Limits) -> fmt::Result {
    if limits.waiting.is_empty() {
        return Ok(());
    }
    writeln!(out, "\nWhere it waits for connections:")?;
    limits.waiting.iter().try_for_each(|each| one(out, each))?;
    match limits.overflows {
        Some(0) => writeln!(out, "  nobody was dropped in its network for a full queue (TcpExtListenOverflows)"),
        Some(dropped) => writeln!(
            out,
            "  {dropped} {} dropped for a full queue since its network was made, at this or another address of it \
             (TcpExtListenOverflows)",
            if dropped == 1 { "connection was" } else { "connections were" }
        ),
        None => Ok(()),
    }
}

fn one(out: &mut String, waiting: &Waiting) -> fmt::Result {
    let may = waiting.backlog.map_or_else(|| "?".to_owned(), |backlog| backlog.to_string());
    let full = if waiting.full { "; it is full now, and who comes is dropped" } else { "" };
    let (address, words) = (harmless(&waiting.address), harmless(&waiting.words));
    writeln!(out, "  {address}  {} of {may} wait{full}: {words}", waiting.queue)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_queue_and_what_was_dropped_are_told() {
        let json = serde_json::json!({
            "pid": 812, "name": "x", "fds": 30, "soft": 1024, "hard": 4096, "origin": "x", "set_by": "unknown",
            "ancestors": [], "ceilings": [], "stops": [], "remedies": [], "notes": [], "overflows": 7, "waiting": [
                {"address": "0.0.0.0:80", "queue": 129, "backlog": 128, "full": true, "bound": "program", "words": "asked\u{1b}"},
                {"address": "0.0.0.0:81", "queue": 0, "backlog": null, "full": false, "bound": "unknown", "words": "elsewhere"},
            ],
        });
        let mut out = String::new();
        write(&mut out, &serde_json::from_value(json).unwrap()).unwrap();
        for part in [
            "  0.0.0.0:80  129 of 128 wait; it is full now, and who comes is dropped: asked",
            "  0.0.0.0:81  0 of ? wait: elsewhere",
            "7 connections were dropped",
        ] {
            assert!(out.contains(part), "{part}: {out}");
        }
        assert!(!out.contains('\u{1b}'));
    }
}
