//! The connections of a whole machine: how many in which state, who listens and how full the queues are, and how often the
//! kernel has dropped somebody for a full one.

use std::collections::{BTreeMap, HashSet};

use bstr::ByteSlice;

use crate::ends::Holders;
use crate::link::Node;
use crate::listener::Listener;
use crate::opposite::OtherEnds;
use crate::peer::{Grouping, MOST_PEERS, Peer};
use crate::proc::{Error, Proc};
use crate::socket::{Protocol, Sockets, State};
use crate::unseen::Unseen;

/// Network namespaces besides ours that are looked into.
const MOST_NAMESPACES: usize = 256;
/// Listeners that are kept, the fullest first.
const MOST_LISTENERS: usize = 1000;

/// The connections of a machine.
#[derive(Debug, Clone)]
pub struct Network {
    /// TCP sockets by state, the most first.
    pub states: Vec<(State, u64)>,
    /// Sockets that are not TCP: how many of UDP and how many of Unix.
    pub udp: u64,
    /// Unix domain sockets.
    pub unix: u64,
    /// Who listens; those with the fullest queues first.
    pub listeners: Vec<Listener>,
    /// With whom most connections are, the most first.
    pub peers: Vec<Peer>,
    /// Counters since the start of the machine.
    pub overflows: Option<Overflows>,
    /// Network namespaces that were looked into, ours included.
    pub namespaces: usize,
    /// What could not be seen.
    pub unseen: Vec<Unseen>,
}

/// What the kernel dropped because nobody accepted it in time (snmp_counter.rst).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Overflows {
    /// TcpExtListenOverflows: an accept queue was full.
    pub overflows: u64,
    /// TcpExtListenDrops: dropped for that or another reason.
    pub drops: u64,
}

impl Proc {
    /// The connections of this machine, in all network namespaces that can be seen.
    ///
    /// # Errors
    /// When the processes cannot be listed.
    pub fn network(&self) -> Result<Network, Error> {
        let (mut sockets, unseen) = Sockets::of_ours(self);
        let mut unseen: Vec<_> = unseen.into_iter().collect();
        let namespaces = self.namespaces()?;
        for pid in &namespaces.others {
            sockets.add_of(self, *pid);
        }
        unseen.extend((namespaces.shut > 0).then_some(Unseen::Namespaces(namespaces.shut)));
        unseen.extend((namespaces.more > 0).then_some(Unseen::MoreNamespaces(namespaces.more)));
        unseen.extend((sockets.left_out > 0).then_some(Unseen::MoreSockets(sockets.left_out)));
        let listeners = self.listeners(&sockets, &mut unseen);
        let count = |protocol| sockets.iter().filter(|socket| socket.protocol == protocol).count() as u64;
        Ok(Network {
            states: states(&sockets),
            udp: count(Protocol::Udp),
            unix: count(Protocol::Unix),
            peers: peers(&sockets, &listeners),
            listeners,
            overflows: self.overflows(),
            namespaces: namespaces.others.len() + 1,
            unseen,
        })
    }

    /// The counters of our network namespace.
    #[must_use]
    pub fn overflows(&self) -> Option<Overflows> {
        let dir = if self.is_kernels() { "self/net/netstat" } else { "net/netstat" };
        parse(&self.read(dir).ok()?)
    }

    /// The same of the network namespace of a process, which everybody may read.
    pub(crate) fn overflows_of(&self, pid: u32) -> Option<Overflows> {
        parse(&self.read(&format!("{pid}/net/netstat")).ok()?)
    }

    fn listeners(&self, sockets: &Sockets, unseen: &mut Vec<Unseen>) -> Vec<Listener> {
        let mut listeners: Vec<_> = sockets.iter().filter_map(Listener::of).collect();
        listeners.sort_by_key(|listener| (std::cmp::Reverse(listener.queue), listener.address));
        listeners.truncate(MOST_LISTENERS);
        let wanted: HashSet<_> = listeners.iter().map(|listener| Node::Socket(listener.inode)).collect();
        let holders = Holders::find(self, &wanted);
        for listener in &mut listeners {
            listener.holders = holders.of(Node::Socket(listener.inode)).to_vec();
        }
        unseen.extend(holders.unseen);
        listeners
    }

    /// One process in each network namespace that is not ours.
    fn namespaces(&self) -> Result<Namespaces, Error> {
        let mut known: HashSet<_> = self.link("self/ns/net").into_iter().collect();
        let mut namespaces = Namespaces::default();
        for pid in self.pids()? {
            match self.link(&format!("{pid}/ns/net")) {
                Ok(namespace) => match known.insert(namespace) {
                    false => (),
                    true if namespaces.others.len() < MOST_NAMESPACES => namespaces.others.push(pid),
                    true => namespaces.more += 1,
                },
                Err(rustix::io::Errno::ACCESS | rustix::io::Errno::PERM) => namespaces.shut += 1,
                _ => (),
            }
        }
        Ok(namespaces)
    }
}

#[derive(Debug, Default)]
struct Namespaces {
    others: Vec<u32>,
    /// How many there are besides.
    more: usize,
    shut: usize,
}

fn states(sockets: &Sockets) -> Vec<(State, u64)> {
    let mut states: BTreeMap<State, u64> = BTreeMap::new();
    for socket in sockets.iter().filter(|socket| socket.protocol == Protocol::Tcp) {
        *states.entry(socket.state).or_default() += 1;
    }
    let mut states: Vec<_> = states.into_iter().collect();
    states.sort_by_key(|(state, count)| (std::cmp::Reverse(*count), *state));
    states
}

fn peers(sockets: &Sockets, listeners: &[Listener]) -> Vec<Peer> {
    let over_ip = sockets.iter().filter(|socket| socket.protocol != Protocol::Unix);
    let mut peers = Grouping::of(sockets).group(over_ip);
    peers.truncate(MOST_PEERS);
    name_services(&mut peers, &OtherEnds::of(sockets), listeners);
    peers
}

/// Who listens where the connections of our own network go, or where they come to, wins over what the port is usually for.
fn name_services(peers: &mut [Peer], here: &OtherEnds<'_>, listeners: &[Listener]) {
    let servers = here.servers(peers, None);
    for peer in peers.iter_mut().filter(|peer| peer.inside.is_none()) {
        let serves = |listener: &&Listener| match peer.port {
            Some(port) => listener.inside.is_none() && listener.address.port() == port,
            None => servers.get(&peer.remote) == Some(&listener.inode),
        };
        let holder = listeners.iter().filter(serves).find_map(|listener| listener.holders.first());
        peer.service = holder.map(ToString::to_string).or_else(|| peer.service.take());
    }
}

/// Pairs of lines, names and numbers, each beginning with the name of the group.
fn parse(netstat: &[u8]) -> Option<Overflows> {
    let mut tcp = netstat.lines().filter_map(|line| line.strip_prefix(b"TcpExt: ")?.to_str().ok());
    let (names, numbers) = (tcp.next()?, tcp.next()?);
    let number = |wanted: &str| {
        let mut pairs = names.split(' ').zip(numbers.split(' '));
        pairs.find(|(name, _)| *name == wanted)?.1.parse().ok()
    };
    Some(Overflows { overflows: number("ListenOverflows")?, drops: number("ListenDrops")? })
}
