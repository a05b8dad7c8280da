//! Which socket is at the other end of which, among those of this machine.

use std::collections::{HashMap, HashSet};
use std::net::SocketAddr;

use crate::file::File;
use crate::link::Node;
use crate::peer::{Direction, Peer};
use crate::socket::{Ends, Socket, Sockets, State};

/// Sockets of this machine by what they are connected with.
pub(crate) struct OtherEnds<'a> {
    sockets: &'a Sockets,
    by_ends: HashMap<(SocketAddr, SocketAddr), u64>,
}

impl<'a> OtherEnds<'a> {
    pub(crate) fn of(sockets: &'a Sockets) -> Self {
        let connected = sockets.iter().filter(|socket| socket.inode != 0 && socket.state != State::Listen);
        let by_ends = connected.filter_map(|socket| Some((socket.inet()?, socket.inode))).collect();
        OtherEnds { sockets, by_ends }
    }

    /// What the other end of a pipe or socket is of.
    pub(crate) fn of_file(&self, file: &File) -> Option<Node> {
        file.pipe.or_else(|| self.of_socket(file.socket.as_ref()?).map(Node::Socket))
    }

    fn of_socket(&self, socket: &Socket) -> Option<u64> {
        match &socket.ends {
            Ends::Inet { local, remote } => self.by_ends.get(&(*remote, *local)).copied(),
            Ends::Unix { peer, .. } => *peer,
            Ends::Named(_) => None,
        }
    }

    /// The sockets that listen where the outgoing connections go, as far as that is on this machine and in the same network:
    /// that of process `inside`, where it is not ours.
    pub(crate) fn servers(&self, peers: &[Peer], inside: Option<u32>) -> HashMap<String, u64> {
        let wanted: HashSet<_> =
            peers.iter().filter(|peer| peer.direction == Direction::Out).map(|peer| peer.remote.as_str()).collect();
        let local: HashSet<_> = self.by_ends.keys().map(|(local, _)| local.ip()).collect();
        let mut servers = HashMap::new();
        let listen = |socket: &&Socket| socket.state == State::Listen && socket.inode != 0 && socket.inside == inside;
        for socket in self.sockets.iter().filter(listen) {
            let Some((address, _)) = socket.inet() else { continue };
            let addresses =
                if address.ip().is_unspecified() { local.iter().copied().collect() } else { vec![address.ip()] };
            for ip in addresses {
                let text = SocketAddr::new(ip, address.port()).to_string();
                if wanted.contains(text.as_str()) {
                    servers.insert(text, socket.inode);
                }
            }
        }
        servers
    }
}
