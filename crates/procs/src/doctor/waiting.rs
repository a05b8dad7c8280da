//! Where a process waits for connections, each queue held against `net.core.somaxconn`: which of the two bounds it decides what helps.
//!
//! The kernel takes the smaller of what a program asked for and of the sysctl, at the time of `listen`, and keeps no word of the other.

use std::collections::BTreeSet;

use crate::held;
use crate::link::Link;
use crate::listener::Listener;
use crate::phrase::Phrase;
use crate::proc::Proc;
use crate::socket::Sockets;
use crate::unseen::Unseen;

/// Listeners that are kept, those with the longest queues first.
const MOST: usize = 50;

/// One of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// Where, and how many wait and may.
    pub listener: Listener,
    /// What bounds its queue.
    pub bound: Bound,
}

/// What bounds a queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bound {
    /// It is just `net.core.somaxconn`: the program may have asked for more.
    Somaxconn(u32),
    /// The program, which asked for less than `net.core.somaxconn`.
    Program(u32),
    /// It is above `net.core.somaxconn`, which was lowered since.
    Before(u32),
    /// It is in another network namespace, or the sysctl cannot be read.
    Unknown,
}

impl Bound {
    fn of(backlog: Option<u32>, somaxconn: Option<u32>) -> Self {
        let Some((backlog, somaxconn)) = backlog.zip(somaxconn) else { return Bound::Unknown };
        match backlog.cmp(&somaxconn) {
            std::cmp::Ordering::Less => Bound::Program(somaxconn),
            std::cmp::Ordering::Equal => Bound::Somaxconn(somaxconn),
            std::cmp::Ordering::Greater => Bound::Before(somaxconn),
        }
    }

    /// The word for it in every interface.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Bound::Somaxconn(_) => "somaxconn",
            Bound::Program(_) => "program",
            Bound::Before(_) => "before",
            Bound::Unknown => "unknown",
        }
    }
}

impl Waiting {
    /// What would let more wait.
    #[must_use]
    pub fn phrase(&self) -> Phrase {
        match self.bound {
            Bound::Program(max) => Phrase::new(
                "backlog_program",
                "the program asked for no more, and net.core.somaxconn ({max}) allows more: raising that changes nothing here, the program \
                 has to ask for more (its `backlog`)",
            )
            .with("max", max),
            Bound::Somaxconn(max) => Phrase::new(
                "backlog_somaxconn",
                "just net.core.somaxconn, so the program may have asked for more: `net.core.somaxconn = {more}` in a file of \
                 /etc/sysctl.d, `sysctl --system` and a new start of the program give it what it asked for, up to that",
            )
            .with("more", max.max(1024).saturating_mul(4)),
            Bound::Before(max) => Phrase::new(
                "backlog_before",
                "more than net.core.somaxconn, which was lowered to {max} since: at its next start it gets no more than that",
            )
            .with("max", max),
            Bound::Unknown => Phrase::new(
                "backlog_unknown",
                "how many may wait cannot be seen from here, as it is in another network namespace: `nsenter -t PID -n ss -ltn` shows it, as root",
            ),
        }
    }
}

/// All that a process has, and what of them cannot be seen.
pub(super) fn of(proc: &Proc, pid: u32) -> (Vec<Waiting>, Vec<Unseen>) {
    let mut inodes = BTreeSet::new();
    let looked = proc.enter(pid).map(|entered| {
        held::each(&entered, |_, _, link| {
            if let Link::Socket(inode) = link {
                inodes.insert(inode);
            }
        })
    });
    let mut unseen = Vec::from_iter(matches!(looked, Some(Err(_))).then_some(Unseen::Listeners));
    if inodes.is_empty() {
        return (Vec::new(), unseen);
    }
    let inodes: Vec<u64> = inodes.into_iter().collect();
    let (mut sockets, missing) = Sockets::of_ours(proc);
    sockets.complete(proc, pid, &inodes);
    unseen.extend(missing);
    let somaxconn = proc.number("sys/net/core/somaxconn").and_then(|number| u32::try_from(number).ok());
    let mut listeners: Vec<_> =
        inodes.iter().filter_map(|inode| sockets.get(*inode)).filter_map(Listener::of).collect();
    listeners.sort_by_key(|listener| (std::cmp::Reverse(listener.queue), listener.address));
    listeners.truncate(MOST);
    let waiting = |listener: Listener| Waiting { bound: Bound::of(listener.backlog, somaxconn), listener };
    (listeners.into_iter().map(waiting).collect(), unseen)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_bounds_a_queue_is_told_from_what_does_not() {
        for (backlog, name) in [(128, "program"), (4096, "somaxconn"), (8192, "before")] {
            assert_eq!(Bound::of(Some(backlog), Some(4096)).name(), name);
        }
        assert_eq!(Bound::of(None, Some(4096)), Bound::Unknown);
        assert_eq!(Bound::of(Some(128), None), Bound::Unknown);
    }
}
