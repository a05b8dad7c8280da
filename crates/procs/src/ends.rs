//! Who has the other end: a look through the descriptors of all other processes for what is wanted.
//!
//! It is the dear one among the looks (some microseconds for each descriptor of the machine), so it is taken for one process
//! that somebody looks at, and bounded; those that hold little are looked into first, so that a bound reached costs the
//! answer of few processes.

use std::collections::{HashMap, HashSet};

use crate::file::Holder;
use crate::held;
use crate::link::Node;
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
    found: HashMap<Node, Vec<Holder>>,
    pub(crate) unseen: Vec<Unseen>,
}

impl Holders {
    /// Looks for `wanted` in all processes but `besides`.
    pub(crate) fn find(proc: &Proc, wanted: &HashSet<Node>, besides: Option<u32>) -> Self {
        let mut holders = Holders::default();
        if wanted.is_empty() {
            return holders;
        }
        let mut counts = proc.counts().unwrap_or_default();
        counts.retain(|(pid, fds)| Some(*pid) != besides && *fds > 0);
        counts.sort_unstable_by_key(|(_, fds)| *fds);
        let (mut looked_at, mut shut) = (0, 0);
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
        self.found.get(&node).map_or(&[], Vec::as_slice)
    }

    /// Whether it could be looked into; one that has gone has nothing to show.
    fn look_into(&mut self, proc: &Proc, pid: u32, wanted: &HashSet<Node>) -> bool {
        let Some(entered) = proc.enter(pid) else { return true };
        let mut hers = HashSet::new();
        let looked = held::each(&entered, |_, _, link| hers.extend(link.node().filter(|node| wanted.contains(node))));
        if !hers.is_empty() {
            let stat = entered.read("stat").ok().and_then(|stat| stat::parse(&stat));
            let holder = Holder { pid, name: stat.map(|stat| stat.name).unwrap_or_default() };
            for node in hers {
                let known = self.found.entry(node).or_default();
                known.extend((known.len() < NAMED).then(|| holder.clone()));
            }
        }
        !matches!(looked, Err(rustix::io::Errno::ACCESS | rustix::io::Errno::PERM))
    }
}
