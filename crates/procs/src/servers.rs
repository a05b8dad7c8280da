//! Who serves those that have many connections to one place of this machine: who really listens there, whatever the port is
//! usually for.
//!
//! To find it takes a look through the descriptors of all processes, so what was found is remembered for as long as the socket
//! listens and its holder is there.

use std::collections::{HashMap, HashSet};

use crate::ends::Holders;
use crate::file::Holder;
use crate::link::Node;
use crate::opposite::OtherEnds;
use crate::peer::{Direction, Peer};
use crate::proc::Proc;
use crate::socket::{Sockets, State};
use crate::stat;

/// Connections to one place that are worth knowing with whom they are: with fewer nothing is named a leak.
const MANY: u64 = 8;

/// Who listens, by the socket; `None` for one whose holder cannot be seen.
#[derive(Debug, Default)]
pub(crate) struct Servers {
    known: HashMap<u64, Option<Holder>>,
}

impl Servers {
    /// Names the service of each large group of connections that go out to somewhere on this machine, of processes each of which is
    /// in the network of another one, or in ours.
    pub(crate) fn name(&mut self, proc: &Proc, sockets: &Sockets, processes: Vec<(Option<u32>, &mut Vec<Peer>)>) {
        let is_large = |peer: &Peer| peer.direction == Direction::Out && peer.count >= MANY;
        let mut large: Vec<_> = processes.into_iter().filter(|(_, peers)| peers.iter().any(is_large)).collect();
        if large.is_empty() {
            return;
        }
        self.forget(proc, sockets);
        let here = OtherEnds::of(sockets);
        let served: Vec<_> = large.iter().map(|(inside, peers)| here.servers(peers, *inside)).collect();
        let wanted = served.iter().flat_map(HashMap::values).filter(|inode| !self.known.contains_key(inode));
        let wanted: HashSet<_> = wanted.map(|inode| Node::Socket(*inode)).collect();
        let holders = Holders::find(proc, &wanted);
        self.known.extend(wanted.iter().filter_map(|node| match node {
            Node::Socket(inode) => Some((*inode, holders.of(*node).first().cloned())),
            Node::Pipe(_) | Node::Fifo(_) => None,
        }));
        for ((_, peers), served) in large.iter_mut().zip(&served) {
            for peer in peers.iter_mut().filter(|peer| is_large(peer)) {
                let holder = served.get(&peer.remote).and_then(|inode| self.known.get(inode)?.as_ref());
                if let Some(holder) = holder {
                    peer.service = Some(holder.to_string());
                }
            }
        }
    }

    /// What listens no more, or is held by another one.
    fn forget(&mut self, proc: &Proc, sockets: &Sockets) {
        let listens = |inode| sockets.get(inode).is_some_and(|socket| socket.state == State::Listen);
        let is_there = |holder: &Holder| {
            let stat = proc.enter(holder.pid).and_then(|entered| stat::parse(&entered.read("stat").ok()?));
            stat.is_some_and(|stat| stat.name == holder.name)
        };
        self.known.retain(|inode, holder| listens(*inode) && holder.as_ref().is_none_or(is_there));
    }
}
