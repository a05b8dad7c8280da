//! Who has the other end: a look through the descriptors of all processes for what is wanted.
//!
//! It is the dear one among the looks (some microseconds for each descriptor of the machine), so it is taken for one process
//! that somebody looks at, and bounded; those that hold little are looked into first, so that a bound reached costs the
//! answer of few processes. The two ends of a pipe are one thing in the kernel: who may read it is told from who may write it.

use std::collections::{HashMap, HashSet};
use std::os::fd::BorrowedFd;

use rustix::io::Errno;

use crate::file::{self, Access, Holder};
use crate::held;
use crate::link::{Link, Node};
use crate::proc::Proc;
use crate::stat;
use crate::unseen::Unseen;

/// Descriptors that are looked at for one answer.
const MOST: u64 = 200_000;
/// Holders that are named of one thing.
const NAMED: usize = 8;

/// Who holds what was asked for.
#[derive(Debug, Default)]
pub(crate) struct Holders {
    found: HashMap<Node, Found>,
    pub(crate) unseen: Vec<Unseen>,
}

/// Who holds one thing, and for what.
#[derive(Debug, Default)]
struct Found {
    all: Vec<Holder>,
    readers: Vec<Holder>,
    writers: Vec<Holder>,
}

impl Holders {
    /// Looks for `wanted` in all processes.
    pub(crate) fn find(proc: &Proc, wanted: &HashSet<Node>) -> Self {
        let mut holders = Holders::default();
        if wanted.is_empty() {
            return holders;
        }
        let (mut counts, mut looked_at, mut shut) = (Vec::new(), 0, 0);
        for pid in proc.pids().unwrap_or_default() {
            match proc.count(pid) {
                Ok(fds) if fds > 0 => counts.push((pid, fds)),
                // A kernel that does not tell how many there are does not show them either.
                Err(Errno::ACCESS | Errno::PERM) => shut += 1,
                _ => (),
            }
        }
        counts.sort_unstable_by_key(|(_, fds)| *fds);
        for (pid, fds) in counts {
            if looked_at + fds > MOST {
                holders.unseen.push(Unseen::TooMany { looked_at: looked_at as usize });
                break;
            }
            looked_at += fds;
            shut += usize::from(!holders.look_into(proc, pid, wanted));
        }
        holders.unseen.extend((shut > 0).then_some(Unseen::OtherEnds { processes: shut }));
        holders
    }

    /// Who holds it.
    pub(crate) fn of(&self, node: Node) -> &[Holder] {
        self.found.get(&node).map_or(&[], |found| &found.all)
    }

    /// Who may read it, or write it; who holds it for nothing but its name is neither.
    pub(crate) fn who_may(&self, access: Access, node: Node) -> &[Holder] {
        self.found.get(&node).map_or(&[], |found| match access {
            Access::Read => &found.readers,
            Access::Write => &found.writers,
            Access::Both => &found.all,
        })
    }

    /// Whether it could be looked into; one that has gone has nothing to show.
    fn look_into(&mut self, proc: &Proc, pid: u32, wanted: &HashSet<Node>) -> bool {
        let Some(entered) = proc.enter(pid) else { return true };
        let named = wanted.iter().any(|node| matches!(node, Node::Fifo(_)));
        let mut hers: HashMap<Node, (bool, bool)> = HashMap::new();
        let looked = held::each(&entered, |fds, fd, link| {
            let node = link.node().or_else(|| if named { fifo(fds, fd, &link) } else { None });
            let Some(node) = node.filter(|node| wanted.contains(node)) else { return };
            let access = file::access(fds, &fd.to_string());
            let (reads, writes) = hers.entry(node).or_default();
            *reads |= matches!(access, Some(Access::Read | Access::Both));
            *writes |= matches!(access, Some(Access::Write | Access::Both));
        });
        if !hers.is_empty() {
            let stat = entered.read("stat").ok().and_then(|stat| stat::parse(&stat));
            let holder = Holder { pid, name: stat.map(|stat| stat.name).unwrap_or_default() };
            for (node, (reads, writes)) in hers {
                let found = self.found.entry(node).or_default();
                for (list, _) in [(&mut found.all, true), (&mut found.readers, reads), (&mut found.writers, writes)]
                    .into_iter()
                    .filter(|(list, is)| *is && list.len() < NAMED)
                {
                    list.push(holder.clone());
                }
            }
        }
        !matches!(looked, Err(Errno::ACCESS | Errno::PERM))
    }
}

/// A path may lead to a FIFO, and only a look tells.
fn fifo(fds: BorrowedFd<'_>, fd: u32, link: &Link) -> Option<Node> {
    matches!(link, Link::Path(_)).then(|| file::look(fds, &fd.to_string())).flatten()?.fifo()
}
