//! One process in full, for a terminal: what is wrong first, then groups, then single files.

use std::fmt::{self, Write};

use jiff::Timestamp;
use tailcast_lines::harmless;
use tailcast_wire::{Holder, OpenFile, ProcessDetail};

use super::table::{ended, hidden, left, words};
use crate::commands::ls::{age, size};

/// All that is known of it. `asked`: the number that was asked for, which may be that of a thread of it; `files`: so many of those
/// that are known; `rest`: what shows the others.
pub(super) fn show(process: &ProcessDetail, asked: u32, files: usize, rest: &str) -> String {
    let mut out = String::new();
    let pid = process.process.pid;
    if asked != pid {
        out += &format!("{asked} is a thread of pid {pid}, which is shown\n");
    }
    // Writing into a String cannot fail.
    write(&mut out, process, &process.files[..files.min(process.files.len())], rest).unwrap_or_default();
    out + &hidden(&process.unseen)
}

fn write(out: &mut String, process: &ProcessDetail, files: &[OpenFile], rest: &str) -> fmt::Result {
    head(out, process)?;
    groups(out, process)?;
    if !files.is_empty() {
        writeln!(out, "\n   FD  KIND")?;
    }
    files.iter().try_for_each(|open| file(out, open))?;
    let known = process.files.len();
    let total = process.files_total.unwrap_or(known as u64);
    if process.next.is_some() || files.len() < known {
        writeln!(out, "… {} of {total} files{rest}", files.len())?;
    }
    closing(out, process)?;
    for remedy in &process.commands {
        writeln!(out, "\nTo be copied; it {}:", harmless(&remedy.words))?;
        remedy.lines.iter().try_for_each(|line| writeln!(out, "  {}", harmless(line)))?;
    }
    Ok(())
}

/// What ends a connection, for one of them: first of those that the other side has closed.
fn closing(out: &mut String, process: &ProcessDetail) -> fmt::Result {
    let sockets = || process.files.iter().filter_map(|open| Some((open.fd, open.socket.as_ref()?)));
    let unclosed = sockets().find(|(_, socket)| socket.close.is_some() && socket.state == "CLOSE_WAIT");
    let Some((fd, socket)) = unclosed.or_else(|| sockets().find(|(_, socket)| socket.close.is_some())) else {
        return Ok(());
    };
    let command = socket.close.as_deref().unwrap_or_default();
    writeln!(
        out,
        "\nTo be copied; it needs root or CAP_NET_ADMIN, and ends one connection, that of descriptor {fd} (--json has one for each):"
    )?;
    writeln!(out, "  {}", harmless(command))
}

fn head(out: &mut String, detail: &ProcessDetail) -> fmt::Result {
    let process = &detail.process;
    let started: Option<Timestamp> = process.started.as_deref().and_then(|started| started.parse().ok());
    write!(out, "{}, pid {}", harmless(&process.name), process.pid)?;
    for said in [&process.user, &process.unit].into_iter().flatten() {
        write!(out, ", {}", harmless(said))?;
    }
    if let Some(started) = started {
        write!(out, ", {} old", age(Timestamp::now(), started))?;
    }
    writeln!(out, "\n{}{}", harmless(&process.command), ended(process))?;
    match (process.fds, process.soft, process.hard) {
        (Some(fds), Some(soft), Some(hard)) => {
            write!(out, "{fds} of {soft} files open (hard limit {hard}), {:.1} %", process.percent.unwrap_or(0.0))?;
        }
        _ => write!(out, "open files cannot be counted")?,
    }
    if process.seconds_left.is_some() {
        write!(out, ", {} until the limit", left(process.seconds_left))?;
    }
    let cpu = process.cpu.map(|cpu| format!("CPU {cpu:.1} %, ")).unwrap_or_default();
    let threads = if process.threads == 1 { "thread" } else { "threads" };
    writeln!(out, "; {cpu}{} {threads}, {}", process.threads, size(process.memory))?;
    for found in &process.findings {
        writeln!(out, "{}\n    {}", words(found), harmless(&found.advice))?;
    }
    Ok(())
}

fn groups(out: &mut String, process: &ProcessDetail) -> fmt::Result {
    let mut kinds: Vec<_> = process.kinds.iter().collect();
    kinds.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
    if !kinds.is_empty() {
        let kinds: Vec<_> = kinds.iter().map(|(kind, count)| format!("{count} {}", harmless(kind))).collect();
        writeln!(out, "open: {}", kinds.join(", "))?;
    }
    for peer in &process.peers {
        writeln!(out, "  {}", harmless(&peer.words))?;
    }
    for listener in &process.listeners {
        let backlog = listener.backlog.map(|backlog| format!(" of {backlog}")).unwrap_or_default();
        writeln!(out, "listens at {}, {}{backlog} waiting", harmless(&listener.address), listener.queue)?;
    }
    if process.deleted.files > 0 {
        let (files, bytes) = (process.deleted.files, size(process.deleted.bytes));
        let (named, go) = if files == 1 { ("file", "goes when it is") } else { ("files", "go when they are") };
        writeln!(out, "deleted: {files} {named} of {bytes}, which {go} closed")?;
    }
    process.logs.iter().try_for_each(|log| writeln!(out, "writes {}", harmless(log)))
}

fn file(out: &mut String, open: &OpenFile) -> fmt::Result {
    write!(out, "{:>5}  {:<9}  ", open.fd, harmless(&open.kind))?;
    match &open.socket {
        Some(socket) => {
            let arrow = if socket.remote.is_empty() { "" } else { " → " };
            let (local, remote) = (harmless(&socket.local), harmless(&socket.remote));
            write!(out, "{} {local}{arrow}{remote} {}", harmless(&socket.protocol), harmless(&socket.state))?;
            if socket.state != "LISTEN" && socket.received > 0 {
                write!(out, "  {} unread", size(socket.received.into()))?;
            }
        }
        None => write!(out, "{}", harmless(&open.target))?,
    }
    if open.deleted {
        write!(out, "  deleted, {}", size(open.size.unwrap_or(0)))?;
    }
    if open.kind == "pipe" {
        out.push_str(does(open));
    }
    if let Some(about) = &open.about {
        write!(out, "  {}", harmless(about))?;
    }
    writeln!(out, "{}", others(open))
}

/// What the process does with a pipe.
fn does(open: &OpenFile) -> &'static str {
    match open.access.as_deref() {
        Some("read") => "  reads",
        Some("write") => "  writes",
        Some("both") => "  reads and writes",
        _ => "",
    }
}

/// Who has the other end, and of a pipe what for.
fn others(open: &OpenFile) -> String {
    let named = |other: &Holder| format!("{}, pid {}", harmless(&other.name), other.pid);
    let named: Vec<_> = open.others.iter().map(named).collect();
    let does = match (&open.kind[..], open.access.as_deref()) {
        ("pipe", Some("read")) => "written by ",
        ("pipe", Some("write")) => "read by ",
        _ => "",
    };
    if named.is_empty() { String::new() } else { format!("  ({does}{})", named.join("; ")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pipe_says_who_does_what_with_it() {
        let shown = |open: serde_json::Value| {
            let mut out = String::new();
            file(&mut out, &serde_json::from_value(open).unwrap()).unwrap();
            out
        };
        let pipe = serde_json::json!({
            "fd": 1, "kind": "pipe", "target": "pipe:[7]", "access": "write", "deleted": false,
            "others": [{"pid": 12, "name": "cat"}],
        });
        assert_eq!(shown(pipe.clone()), "    1  pipe       pipe:[7]  writes  (read by cat, pid 12)\n");
        let mut alone = pipe;
        (alone["access"], alone["others"]) = ("read".into(), serde_json::json!([]));
        alone["about"] = "nobody writes it".into();
        assert_eq!(shown(alone), "    1  pipe       pipe:[7]  reads  nobody writes it\n");
    }

    /// A host in which somebody else is at home says what he likes.
    #[test]
    fn nothing_that_a_host_says_commands_the_terminal_or_looks_like_a_line_of_ours() {
        let shown = |said: &str| {
            let finding = serde_json::json!({"pattern": said, "cause": null, "words": said, "advice": said});
            let socket = serde_json::json!({
                "protocol": said, "state": said, "local": said, "remote": said, "received": 7, "unsent": 0, "close": said,
            });
            let open = |socket: Option<&serde_json::Value>| {
                let other = serde_json::json!({"pid": 1, "name": said});
                serde_json::json!({
                    "fd": 1, "kind": said, "target": said, "access": said, "deleted": true, "about": said, "others": [other], "socket": socket,
                })
            };
            let remedy = serde_json::json!({"words": said, "file": said, "lines": [said], "then": [said]});
            let detail = serde_json::json!({
                "pid": 7, "start": 1, "parent": 1, "name": said, "command": said, "memory": 2048, "threads": 1, "state": "S", "user": said,
                "unit": said, "slopes": {}, "findings": [finding], "files": [open(None), open(Some(&socket))], "files_total": 2,
                "kinds": {said: 1}, "peers": [{
                    "direction": said, "remote": said, "service": said, "count": 1, "states": {said: 1}, "words": said,
                }],
                "listeners": [{"address": said, "queue": 0, "backlog": null, "holders": []}], "deleted": {"files": 0, "bytes": 0},
                "logs": [said], "commands": [remedy], "unseen": [{"words": said, "capabilities": [said]}],
            });
            show(&serde_json::from_value(detail).unwrap(), 7, 2, "")
        };
        let (plain, evil) = (shown("x"), shown("x\u{1b}[2J\u{202e}\ntailcast: y"));
        assert!(plain.matches('x').count() > 20, "{plain}");
        assert!(!evil.contains(['\u{1b}', '\u{202e}']), "{evil:?}");
        assert_eq!(evil.lines().count(), plain.lines().count(), "{evil}");
    }
}
