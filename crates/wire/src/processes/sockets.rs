//! With whom processes are connected: single sockets, groups of them by peer, those who listen, and a whole host's.

use std::collections::BTreeMap;

use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Hidden;

/// A socket.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, Serialize, Deserialize, ToSchema)]
pub struct SocketEnds {
    /// tcp, udp, unix, raw, netlink or packet. There may be more.
    #[n(0)]
    pub protocol: String,
    /// ESTABLISHED, LISTEN, CLOSE_WAIT …; empty for one that has none.
    #[n(1)]
    pub state: String,
    /// This end: an address with a port, a path, or of netlink and packet what it is bound to.
    #[n(2)]
    pub local: String,
    /// The other; empty for none.
    #[n(3)]
    pub remote: String,
    /// Bytes that wait to be read, without the end of the stream, or connections that wait to be accepted.
    #[n(4)]
    pub received: u32,
    /// Bytes that the other end has not taken; of a listener, how many connections may wait.
    #[n(5)]
    pub unsent: Option<u32>,
    /// The command that closes this connection, to be copied; absent where there is none.
    #[n(6)]
    pub close: Option<String>,
}

/// A process that holds something.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, Serialize, Deserialize, ToSchema)]
pub struct Holder {
    /// Its number.
    #[n(0)]
    pub pid: u32,
    /// Its name.
    #[n(1)]
    pub name: String,
}

/// A group of connections.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, Serialize, Deserialize, ToSchema)]
pub struct Peer {
    /// out, in or local.
    #[n(0)]
    pub direction: String,
    /// With whom: an address with a port; of incoming ones an address, or how many; a path.
    #[n(1)]
    pub remote: String,
    /// Of incoming ones: the port here.
    #[n(2)]
    pub port: Option<u16>,
    /// What listens there: the process on this host, or what is usual for the port.
    #[n(3)]
    pub service: Option<String>,
    /// How many.
    #[n(4)]
    pub count: u64,
    /// How many in which state.
    #[n(5)]
    pub states: BTreeMap<String, u64>,
    /// All of it in one line.
    #[n(6)]
    pub words: String,
    /// Of incoming ones: how many addresses they come from; null from an older agent.
    #[n(7)]
    pub addresses: Option<u64>,
    /// A process in whose network namespace they are, where that is not the host's own; null also in what is said of one process.
    #[n(8)]
    pub network: Option<u32>,
}

/// A socket that waits for connections.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, Serialize, Deserialize, ToSchema)]
pub struct Listener {
    /// Where.
    #[n(0)]
    pub address: String,
    /// Connections that wait to be accepted.
    #[n(1)]
    pub queue: u32,
    /// How many may; null where that cannot be known.
    #[n(2)]
    pub backlog: Option<u32>,
    /// Who would accept them.
    #[n(3)]
    pub holders: Vec<Holder>,
    /// A process in whose network namespace it is, where that is not the host's own: nobody comes to it from elsewhere at this
    /// address. Null also in what is said of one process.
    #[n(4)]
    pub network: Option<u32>,
}

/// The connections of a host.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, Serialize, Deserialize, ToSchema)]
pub struct HostSockets {
    /// TCP sockets by state.
    #[n(0)]
    pub states: BTreeMap<String, u64>,
    /// Sockets of UDP.
    #[n(1)]
    pub udp: u64,
    /// Unix sockets.
    #[n(2)]
    pub unix: u64,
    /// Who listens, the fullest queue first.
    #[n(3)]
    pub listeners: Vec<Listener>,
    /// With whom most connections are.
    #[n(4)]
    pub peers: Vec<Peer>,
    /// Connections that were dropped since the host was started because an accept queue was full.
    #[n(5)]
    pub overflows: Option<u64>,
    /// Dropped for that or another reason.
    #[n(6)]
    pub drops: Option<u64>,
    /// Network namespaces that were looked into.
    #[n(7)]
    pub namespaces: u64,
    /// What could not be seen.
    #[n(8)]
    pub unseen: Vec<Hidden>,
}
