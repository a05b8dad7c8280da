//! The hubs and agents that run on this machine, for a command that is about one of them and was not told which.

use std::fmt;

use tailcast_lines::harmless;

/// So many characters of a command line tell one from another.
const MOST: usize = 120;

/// One of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Serving {
    /// Its number.
    pub(super) pid: u32,
    /// `serve` or `agent`.
    pub(super) role: &'static str,
    /// Its arguments, with spaces between them; only its own user's word.
    pub(super) command: String,
}

impl fmt::Display for Serving {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let role = if self.role == "agent" { "the agent" } else { "the hub" };
        let command: String = self.command.chars().take(MOST).collect();
        write!(f, "{role} with pid {} ({})", self.pid, harmless(&command))
    }
}

/// `serve` or `agent`, by a command line; of another command nothing.
pub(super) fn role(command: &str) -> Option<&'static str> {
    let word = command.split(' ').nth(1)?;
    ["serve", "agent"].into_iter().find(|role| *role == word)
}

/// All of them that can be seen, by number.
pub(super) fn serving() -> Vec<Serving> {
    let processes = tailcast_procs::Proc::new().and_then(|proc| proc.processes());
    let list = processes.map(|processes| processes.list).unwrap_or_default();
    let ours = list.into_iter().filter(|process| process.name == "tailcast");
    let mut found: Vec<_> = ours
        .filter_map(|process| {
            let command = process.command.to_string();
            let role = role(&command)?;
            Some(Serving { pid: process.id.pid, role, command })
        })
        .collect();
    found.sort_by_key(|serving| serving.pid);
    found
}
