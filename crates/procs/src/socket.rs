//! Sockets of a network namespace, by the inode that ties each to the processes that hold it.
//!
//! Those of our own namespace are dumped by the kernel ([`crate::kernel`]) in one call per family; those of another are
//! read from the files of any process in it ([`crate::table`]), which takes no privilege where entering it would. Inodes of
//! sockets are of one count for the whole machine, so what was found both ways can be joined without knowing whose is which.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};

use bstr::BString;

use crate::proc::Proc;
use crate::unseen::Unseen;
use crate::{kernel, table};

/// Sockets that are kept of one look; what is beyond is counted. A million connections are 100 MB here.
pub(crate) const MOST: usize = 1 << 20;

/// A transport.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Protocol {
    /// TCP.
    Tcp,
    /// UDP.
    Udp,
    /// Unix domain sockets of any kind.
    Unix,
    /// Any other over IP, with the number of the protocol in place of a port.
    Raw,
    /// To the kernel itself (netlink(7)).
    Netlink,
    /// Frames as they pass an interface (packet(7)).
    Packet,
}

impl Protocol {
    /// As it is written.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Protocol::Tcp => "tcp",
            Protocol::Udp => "udp",
            Protocol::Unix => "unix",
            Protocol::Raw => "raw",
            Protocol::Netlink => "netlink",
            Protocol::Packet => "packet",
        }
    }
}

/// States of TCP (include/net/tcp_states.h), which the kernel uses for other sockets too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[allow(missing_docs, reason = "these are the names of RFC 9293, section 3.3.2")]
pub enum State {
    Established,
    SynSent,
    SynReceived,
    FinWait1,
    FinWait2,
    TimeWait,
    Closed,
    CloseWait,
    LastAck,
    Listen,
    Closing,
}

impl State {
    /// By the kernel's number.
    pub(crate) fn of(number: u8) -> Option<Self> {
        Some(match number {
            1 => State::Established,
            2 => State::SynSent,
            3 | 12 => State::SynReceived,
            4 => State::FinWait1,
            5 => State::FinWait2,
            6 => State::TimeWait,
            7 => State::Closed,
            8 => State::CloseWait,
            9 => State::LastAck,
            10 => State::Listen,
            11 => State::Closing,
            _ => return None,
        })
    }

    /// As people write it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            State::Established => "ESTABLISHED",
            State::SynSent => "SYN_SENT",
            State::SynReceived => "SYN_RECV",
            State::FinWait1 => "FIN_WAIT1",
            State::FinWait2 => "FIN_WAIT2",
            State::TimeWait => "TIME_WAIT",
            State::Closed => "CLOSED",
            State::CloseWait => "CLOSE_WAIT",
            State::LastAck => "LAST_ACK",
            State::Listen => "LISTEN",
            State::Closing => "CLOSING",
        }
    }
}

/// A socket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Socket {
    /// What ties it to its holders; 0 for one that no process holds any more.
    pub inode: u64,
    /// Its transport.
    pub protocol: Protocol,
    /// Its state.
    pub state: State,
    /// Between whom.
    pub ends: Ends,
    /// What waits in it.
    pub queue: Queue,
    /// A process in whose network it is, where that is another one than ours.
    pub inside: Option<u32>,
}

/// Between whom a socket is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ends {
    /// Over IP; an IPv4 address that is mapped into IPv6 is written as what it is.
    Inet {
        /// This end.
        local: SocketAddr,
        /// The other; the unspecified address with port 0 where there is none.
        remote: SocketAddr,
    },
    /// On this machine.
    Unix {
        /// The name it is bound to: a path, or `@` and an abstract name; empty for none.
        path: BString,
        /// The inode of the socket at the other end, where there is one and it can be known.
        peer: Option<u64>,
    },
    /// With no other process: what it is bound to, in the words of netlink(7) and packet(7).
    Named(String),
}

/// What waits in a socket. For one that listens: connections to be accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Queue {
    /// Bytes to be read, or connections to be accepted.
    pub received: u32,
    /// Bytes that the other end has not taken yet; or how many connections may wait, where that is known.
    pub unsent: Option<u32>,
}

impl Queue {
    /// What the kernel counts of a TCP socket, without what is no byte: the end of the stream has a number as a byte has, and so
    /// has the opening (RFC 9293, section 3.4), and both are counted until they are read or acknowledged (tcp_diag.c).
    pub(crate) fn of_tcp(state: State, received: u32, unsent: Option<u32>) -> Self {
        let end_has_come = matches!(state, State::CloseWait | State::LastAck | State::Closing);
        let own_is_out = matches!(state, State::SynSent | State::FinWait1 | State::LastAck | State::Closing);
        let without = |count: u32, one: bool| count.saturating_sub(u32::from(one));
        Queue { received: without(received, end_has_come), unsent: unsent.map(|unsent| without(unsent, own_is_out)) }
    }
}

impl Socket {
    /// Its state as people write it: what is not TCP is not closed while nobody is at its other end, but not connected.
    #[must_use]
    pub const fn state_name(&self) -> &'static str {
        match (self.protocol, self.state) {
            (Protocol::Udp | Protocol::Unix | Protocol::Raw, State::Closed) => "UNCONN",
            (_, state) => state.name(),
        }
    }

    /// Its addresses, when it is over IP.
    #[must_use]
    pub fn inet(&self) -> Option<(SocketAddr, SocketAddr)> {
        match self.ends {
            Ends::Inet { local, remote } => Some((local, remote)),
            Ends::Unix { .. } | Ends::Named(_) => None,
        }
    }
}

/// What waits in a socket over IP, as the kernel counts it.
pub(crate) fn queue(protocol: Protocol, state: State, (received, unsent): (u32, Option<u32>)) -> Queue {
    match protocol {
        Protocol::Tcp => Queue::of_tcp(state, received, unsent),
        _ => Queue { received, unsent },
    }
}

/// An address as people write it.
pub(crate) fn canonical(ip: IpAddr, port: u16) -> SocketAddr {
    SocketAddr::new(ip.to_canonical(), port)
}

/// The sockets of one look.
#[derive(Debug, Clone, Default)]
pub(crate) struct Sockets {
    all: Vec<Socket>,
    by_inode: HashMap<u64, usize>,
    /// How many are not in it because it is full.
    pub(crate) left_out: usize,
}

impl Sockets {
    /// Those of the network namespace that we are in, or of the one that a `/proc` made by a test shows.
    pub(crate) fn of_ours(proc: &Proc) -> (Self, Option<Unseen>) {
        let mut sockets = Sockets::default();
        if !proc.is_kernels() {
            table::read(proc, "net", None, &mut sockets);
            return (sockets, None);
        }
        // Where netlink is shut (a seccomp filter, RestrictAddressFamilies=) the files still say most of it.
        let unseen = kernel::dump(&mut sockets).err().map(|error| {
            table::read(proc, "self/net", None, &mut sockets);
            Unseen::Sockets(error.to_string())
        });
        (sockets, unseen.filter(|_| sockets_are_missing(proc)))
    }

    /// Adds those of the namespace of a process.
    pub(crate) fn add_of(&mut self, proc: &Proc, pid: u32) {
        table::read(proc, &format!("{pid}/net"), Some(pid), self);
    }

    /// Adds what is missing of the sockets of a process, `inodes`: those that the dump does not have, and where it is in another
    /// network than ours, those of that.
    pub(crate) fn complete(&mut self, proc: &Proc, pid: u32, inodes: &[u64]) {
        let missing = |sockets: &Self| inodes.iter().any(|inode| sockets.get(*inode).is_none());
        if missing(self) && proc.is_kernels() {
            table::read_rare(proc, "self/net", None, self);
        }
        if missing(self) && !(proc.is_kernels() && proc.is_in_our_network(pid)) {
            self.add_of(proc, pid);
            table::read_rare(proc, &format!("{pid}/net"), Some(pid), self);
        }
    }

    /// Adds one, unless it is there or there are too many.
    pub(crate) fn add(&mut self, socket: Socket) {
        if socket.inode != 0 && self.by_inode.contains_key(&socket.inode) {
            return;
        }
        if self.all.len() >= MOST {
            self.left_out += 1;
            return;
        }
        if socket.inode != 0 {
            self.by_inode.insert(socket.inode, self.all.len());
        }
        self.all.push(socket);
    }

    /// The socket of an inode.
    #[must_use]
    pub(crate) fn get(&self, inode: u64) -> Option<&Socket> {
        self.by_inode.get(&inode).map(|at| &self.all[*at])
    }

    /// All of them.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Socket> {
        self.all.iter()
    }
}

fn sockets_are_missing(proc: &Proc) -> bool {
    proc.read("self/net/tcp").is_err()
}
