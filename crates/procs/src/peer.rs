//! The connections of a process, grouped by whom they are with: `120 → 10.0.0.5:6379 (redis), 118 CLOSE_WAIT`.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt;
use std::net::{IpAddr, SocketAddr};

use crate::service;
use crate::socket::{Ends, Protocol, Socket, Sockets, State};

/// Groups that are kept of one process, the largest first.
pub const MOST_PEERS: usize = 200;

/// Who opened a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Direction {
    /// This process did.
    Out,
    /// The other side did, to a port that is listened on here.
    In,
    /// It is a Unix socket.
    Local,
}

impl Direction {
    /// The word for it in every interface.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Direction::Out => "out",
            Direction::In => "in",
            Direction::Local => "local",
        }
    }
}

/// A group of connections.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Peer {
    /// Who opened them.
    pub direction: Direction,
    /// With whom: `10.0.0.5:6379`; of incoming ones the one address they come from, or how many there are; the path of a Unix
    /// socket.
    pub remote: String,
    /// Of incoming ones: the port here.
    pub port: Option<u16>,
    /// Of incoming ones: how many addresses they come from.
    pub addresses: Option<u64>,
    /// The service: usual for the port, or what is known to listen there.
    pub service: Option<String>,
    /// How many there are.
    pub count: u64,
    /// How many in which state, the most first.
    pub states: Vec<(State, u64)>,
    /// A process in whose network namespace they are, where that is not ours: an address may be another machine's there.
    pub inside: Option<u32>,
}

impl Peer {
    /// How many are in `state`.
    #[must_use]
    pub fn in_state(&self, state: State) -> u64 {
        self.states.iter().find(|(known, _)| *known == state).map_or(0, |(_, count)| *count)
    }

    /// Leaves of it, and of it in each state, the least of both.
    pub(crate) fn lower_to(&mut self, other: &Peer) {
        self.count = self.count.min(other.count);
        for (state, count) in &mut self.states {
            *count = (*count).min(other.in_state(*state));
        }
    }

    /// Whom it is about, as one writes it.
    #[must_use]
    pub fn whom(&self) -> String {
        let service = self.service.as_ref().map(|service| format!(" ({service})")).unwrap_or_default();
        match (self.direction, self.port) {
            (Direction::In, Some(port)) => format!("port {port}{service} from {}", self.remote),
            _ => format!("{}{service}", self.remote),
        }
    }
}

impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let arrow = match self.direction {
            Direction::Out => "→",
            Direction::In => "←",
            Direction::Local => "↔",
        };
        write!(f, "{} {arrow} {}", self.count, self.whom())?;
        match &self.states[..] {
            [(State::Established, _)] => Ok(()),
            states => states.iter().try_for_each(|(state, count)| write!(f, ", {count} {}", state.name())),
        }?;
        self.inside.map_or(Ok(()), |pid| write!(f, ", in the network of pid {pid}"))
    }
}

/// By what connections are grouped.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct Key {
    inside: Option<u32>,
    whom: Whom,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Whom {
    Out(Protocol, SocketAddr),
    In(Protocol, u16),
    Local(String),
}

#[derive(Debug, Default)]
struct Group {
    count: u64,
    states: BTreeMap<State, u64>,
    from: HashSet<IpAddr>,
}

/// Sockets of one network, ready to be grouped, once or for many processes.
#[derive(Debug)]
pub(crate) struct Grouping<'a> {
    all: &'a Sockets,
    /// Where somebody listens: a connection to there has come in.
    ports: Ports,
}

/// In the network of which process, by which protocol, at which port.
type Ports = HashSet<(Option<u32>, Protocol, u16)>;

impl<'a> Grouping<'a> {
    pub(crate) fn of(all: &'a Sockets) -> Self {
        Grouping { all, ports: listened_on(all) }
    }

    /// Groups some of them.
    pub(crate) fn group<'b>(&self, own: impl Iterator<Item = &'b Socket>) -> Vec<Peer> {
        let mut groups: HashMap<Key, Group> = HashMap::new();
        for socket in own {
            let Some((key, from)) = key(socket, &self.ports, self.all) else { continue };
            let group = groups.entry(key).or_default();
            group.count += 1;
            *group.states.entry(socket.state).or_default() += 1;
            group.from.extend(from);
        }
        let mut groups: Vec<_> = groups.into_iter().collect();
        groups.sort_by(|(a, one), (b, other)| other.count.cmp(&one.count).then_with(|| a.cmp(b)));
        groups.into_iter().take(MOST_PEERS).map(|(key, group)| peer(key, group)).collect()
    }
}

fn listened_on(all: &Sockets) -> Ports {
    let listens = |socket: &&Socket| socket.state == State::Listen;
    let port = |socket: &Socket| Some((socket.inside, socket.protocol, socket.inet()?.0.port()));
    all.iter().filter(listens).filter_map(port).collect()
}

/// The group of a socket; `None` for one that is with nobody.
fn key(socket: &Socket, ports: &Ports, all: &Sockets) -> Option<(Key, Option<IpAddr>)> {
    let (protocol, inside) = (socket.protocol, socket.inside);
    let (whom, from) = match &socket.ends {
        _ if socket.state == State::Listen => return None,
        Ends::Inet { remote, .. } if remote.port() == 0 => return None,
        Ends::Inet { local, remote } if ports.contains(&(inside, protocol, local.port())) => {
            (Whom::In(protocol, local.port()), Some(remote.ip()))
        }
        Ends::Inet { remote, .. } => (Whom::Out(protocol, *remote), None),
        Ends::Unix { path, peer } => {
            let other = all.get((*peer)?)?;
            let named = [path, path_of(other)?].into_iter().find(|path| !path.is_empty())?;
            (Whom::Local(named.to_string()), None)
        }
        Ends::Named(_) => return None,
    };
    Some((Key { inside, whom }, from))
}

fn path_of(socket: &Socket) -> Option<&bstr::BString> {
    match &socket.ends {
        Ends::Unix { path, .. } => Some(path),
        Ends::Inet { .. } | Ends::Named(_) => None,
    }
}

fn peer(key: Key, group: Group) -> Peer {
    let mut states: Vec<_> = group.states.into_iter().collect();
    states.sort_by_key(|(state, count)| (std::cmp::Reverse(*count), *state));
    let addresses = matches!(key.whom, Whom::In(..)).then_some(group.from.len() as u64);
    let inside = key.inside;
    let (direction, remote, port, service) = match key.whom {
        Whom::Out(_, remote) => (Direction::Out, remote.to_string(), None, service::usual(remote.port())),
        Whom::In(_, port) => (Direction::In, from(&group.from), Some(port), service::usual(port)),
        Whom::Local(path) => (Direction::Local, path, None, None),
    };
    Peer { direction, remote, port, addresses, service: service.map(str::to_owned), count: group.count, states, inside }
}

fn from(addresses: &HashSet<IpAddr>) -> String {
    match addresses.iter().next() {
        Some(one) if addresses.len() == 1 => one.to_string(),
        _ => format!("{} addresses", addresses.len()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::socket::Queue;

    fn tcp(inode: u64, local: &str, remote: &str, state: State) -> Socket {
        let ends = Ends::Inet { local: local.parse().unwrap(), remote: remote.parse().unwrap() };
        Socket { inode, protocol: Protocol::Tcp, state, ends, queue: Queue::default(), inside: None }
    }

    #[test]
    fn connections_are_grouped_by_whom_they_are_with() {
        let mut all = Sockets::default();
        all.add(tcp(1, "0.0.0.0:8080", "0.0.0.0:0", State::Listen));
        for n in 0..120u16 {
            let state = if n < 118 { State::CloseWait } else { State::Established };
            all.add(tcp(100 + u64::from(n), &format!("10.0.0.1:{}", 30_000 + n), "10.0.0.5:6379", state));
        }
        for n in 0..3u16 {
            all.add(tcp(900 + u64::from(n), "10.0.0.1:8080", &format!("10.1.0.{n}:5000"), State::Established));
        }
        let said: Vec<_> = Grouping::of(&all).group(all.iter()).iter().map(ToString::to_string).collect();
        assert_eq!(
            said,
            ["120 → 10.0.0.5:6379 (redis), 118 CLOSE_WAIT, 2 ESTABLISHED", "3 ← port 8080 from 3 addresses"]
        );
    }
}
