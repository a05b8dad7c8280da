//! What could not be seen, and which capability shows it: an empty column must not look like an idle process.

use std::fmt;

use bstr::ByteSlice;

use crate::phrase::Phrase;
use crate::proc::Proc;

/// Something that is there and was not shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unseen {
    /// `/proc` is mounted with `hidepid`, so that processes of other users are missing altogether.
    Processes,
    /// The kernel is older than 6.2 and the files of others cannot be listed, so they are not counted.
    Counts {
        /// Of so many processes.
        processes: usize,
    },
    /// Which files a process has open.
    Files,
    /// Which listeners are its own, so that their queues cannot be held against `net.core.somaxconn`.
    Listeners,
    /// How many processes and threads its control group may have.
    Pids,
    /// How many of the open files of processes have numbers above their limit, and take no room below it.
    Above {
        /// Of so many processes.
        processes: usize,
    },
    /// Whether connections wait to be accepted at processes that are at their limit and always want to run, so that they spin.
    Spins {
        /// At so many processes.
        processes: usize,
    },
    /// Which files other processes have open, so that the other end of a pipe or connection may be with one of them.
    OtherEnds {
        /// So many processes were not looked into.
        processes: usize,
    },
    /// There were too many files to look at all of them for the other ends.
    TooMany {
        /// So many were looked at.
        looked_at: usize,
    },
    /// The sockets of this machine, with what the system said.
    Sockets(String),
    /// In which network namespaces so many processes are: mostly in the one that is shown.
    Namespaces(usize),
    /// Network namespaces beyond those that are looked into: so many.
    MoreNamespaces(usize),
    /// Sockets beyond those that are kept of one look: so many.
    MoreSockets(usize),
}

impl Unseen {
    /// Whether processes of others are hidden, by the options of the mount (proc(5)).
    pub(crate) fn hidden(proc: &Proc) -> Option<Self> {
        let mounts = proc.read("self/mountinfo").ok()?;
        let hides = |line: &[u8]| {
            let of_proc = line.contains_str(" - proc ");
            let option = line.find("hidepid=").map(|at| &line[at + "hidepid=".len()..]);
            of_proc && option.is_some_and(|value| !value.starts_with(b"0") && !value.starts_with(b"off"))
        };
        (mounts.lines().any(hides) && !rustix::process::geteuid().is_root()).then_some(Unseen::Processes)
    }

    /// The capabilities that show it and that this process does not have, as systemd's `AmbientCapabilities=` takes them; empty
    /// when none does, or when it has them and is kept out nonetheless.
    #[must_use]
    pub fn capabilities(&self) -> Vec<&'static str> {
        missing(self.needed(), held())
    }

    fn needed(&self) -> &'static [(&'static str, u64)] {
        match self {
            Unseen::Counts { .. } => &[DAC_READ_SEARCH],
            Unseen::Processes | Unseen::Namespaces(_) | Unseen::Pids => &[SYS_PTRACE],
            Unseen::Above { .. }
            | Unseen::Spins { .. }
            | Unseen::Files
            | Unseen::Listeners
            | Unseen::OtherEnds { .. } => &[DAC_READ_SEARCH, SYS_PTRACE],
            Unseen::TooMany { .. } | Unseen::Sockets(_) | Unseen::MoreNamespaces(_) | Unseen::MoreSockets(_) => &[],
        }
    }
}

/// Their bits (linux/capability.h).
const DAC_READ_SEARCH: (&str, u64) = ("CAP_DAC_READ_SEARCH", 1 << 2);
const SYS_PTRACE: (&str, u64) = ("CAP_SYS_PTRACE", 1 << 19);

/// Those that are in force for this thread, as they are in all of a process that does not part them; none where that cannot be read.
fn held() -> u64 {
    let status = std::fs::read_to_string("/proc/thread-self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("CapEff:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0)
}

/// Whether this process may look into those of other users: at their folder and root.
pub(crate) fn may_look_into_others() -> bool {
    held() & SYS_PTRACE.1 != 0
}

fn missing(needed: &[(&'static str, u64)], held: u64) -> Vec<&'static str> {
    needed.iter().filter(|(_, bit)| held & bit == 0).map(|(name, _)| *name).collect()
}

impl Unseen {
    /// What it is, in a sentence that says nothing of capabilities.
    #[must_use]
    pub fn phrase(&self) -> Phrase {
        match self {
            Unseen::Processes => {
                Phrase::new("unseen_other_users", "processes of other users are hidden (/proc is mounted with hidepid)")
            }
            Unseen::Counts { processes } => {
                let english = for_number(
                    *processes,
                    "the open files of one process cannot be counted",
                    "the open files of {count} processes cannot be counted",
                );
                Phrase::new("unseen_counts", english).with("count", processes)
            }
            Unseen::Files => Phrase::new("unseen_files", "which files and connections it holds open cannot be seen"),
            Unseen::Above { processes } => {
                let english = for_number(
                    *processes,
                    "one process has more open than its limit allows: how many of them are above it, and take no room below it, cannot be seen",
                    "{count} processes have more open than their limits allow: how many of them are above it, and take no room below it, cannot be seen",
                );
                Phrase::new("unseen_above", english).with("count", processes)
            }
            Unseen::Spins { processes } => {
                let english = for_number(
                    *processes,
                    "whether one process at its limit spins cannot be told: who waits to be accepted by it cannot be seen",
                    "whether {count} processes at their limits spin cannot be told: who waits to be accepted by them cannot be seen",
                );
                Phrase::new("unseen_spins", english).with("count", processes)
            }
            Unseen::Listeners => Phrase::new(
                "unseen_listeners",
                "where it waits for connections, and whether net.core.somaxconn cuts a backlog of it, cannot be seen",
            ),
            Unseen::Pids => Phrase::new(
                "unseen_pids",
                "pids.max of its control groups, how many processes and threads they may have, cannot be seen",
            ),
            Unseen::OtherEnds { processes } => {
                let english = for_number(
                    *processes,
                    "the files of one other process cannot be seen; the missing other ends may be there",
                    "the files of {count} other processes cannot be seen; the missing other ends may be there",
                );
                Phrase::new("unseen_other_ends", english).with("count", processes)
            }
            Unseen::TooMany { looked_at } => Phrase::new(
                "unseen_too_many",
                "only {count} files of other processes were looked at for the other ends",
            )
            .with("count", looked_at),
            Unseen::Sockets(error) => {
                Phrase::new("unseen_sockets", "the sockets of this machine cannot be seen: {error}")
                    .with("error", error)
            }
            Unseen::Namespaces(count) => {
                let english = for_number(
                    *count,
                    "in which network one process is cannot be seen; the sockets of another than these may be missing",
                    "in which network {count} processes are cannot be seen; the sockets of others than these may be missing",
                );
                Phrase::new("unseen_namespaces", english).with("count", count)
            }
            Unseen::MoreNamespaces(count) => {
                let english = for_number(
                    *count,
                    "one more network was not looked into",
                    "{count} more networks were not looked into",
                );
                Phrase::new("unseen_more_namespaces", english).with("count", count)
            }
            Unseen::MoreSockets(count) => {
                let english = for_number(*count, "one more socket was left out", "{count} more sockets were left out");
                Phrase::new("unseen_more_sockets", english).with("count", count)
            }
        }
    }
}

/// The words for one, or those for any other number.
fn for_number(count: usize, one: &'static str, others: &'static str) -> &'static str {
    if count == 1 { one } else { others }
}

impl fmt::Display for Unseen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.phrase().fmt(f)?;
        match self.capabilities()[..] {
            [] if self.needed().is_empty() => Ok(()),
            [] => f.write_str(
                "; no capability is missing for that: a security module, a sandbox or a user namespace keeps this process out",
            ),
            [one] => write!(f, "; {one} would show it"),
            ref several => write!(f, "; {} together would show it", several.join(" and ")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_cannot_be_placed_is_not_said_to_be_in_a_network_of_its_own() {
        let said = |count| Unseen::Namespaces(count).phrase().to_string();
        assert!(said(1).starts_with("in which network one process is cannot be seen; "), "{}", said(1));
        assert!(said(158).starts_with("in which network 158 processes are cannot be seen; "), "{}", said(158));
    }

    #[test]
    fn only_capabilities_that_this_process_does_not_have_are_named_as_missing() {
        let needed = Unseen::Files.needed();
        assert_eq!(missing(needed, 0), ["CAP_DAC_READ_SEARCH", "CAP_SYS_PTRACE"]);
        assert_eq!(missing(needed, DAC_READ_SEARCH.1), ["CAP_SYS_PTRACE"]);
        assert_eq!(missing(needed, u64::MAX), [""; 0]);
        let said = Unseen::Files.to_string();
        assert_eq!(said.contains("would show it"), !Unseen::Files.capabilities().is_empty(), "{said}");
    }
}
