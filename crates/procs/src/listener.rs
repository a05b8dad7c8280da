//! Sockets that wait for connections, with how many wait to be accepted and how many may.

use std::net::SocketAddr;

use crate::file::Holder;
use crate::socket::{Protocol, Socket, State};

/// A socket that listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listener {
    /// Where.
    pub address: SocketAddr,
    /// Connections that wait to be accepted.
    pub queue: u32,
    /// How many may wait; `None` for one in another network namespace.
    pub backlog: Option<u32>,
    /// A process in whose network namespace it is, where that is not ours: nobody comes to it from here.
    pub inside: Option<u32>,
    /// Which processes would accept them.
    pub holders: Vec<Holder>,
    /// What ties it to them.
    pub(crate) inode: u64,
}

impl Listener {
    /// The listener that a socket is; `None` when it is none, or a Unix socket.
    pub(crate) fn of(socket: &Socket) -> Option<Self> {
        let (address, _) = socket.inet()?;
        let listens = socket.protocol == Protocol::Tcp && socket.state == State::Listen;
        let (queue, backlog) = (socket.queue.received, socket.queue.unsent);
        let (inside, inode) = (socket.inside, socket.inode);
        listens.then_some(Listener { address, queue, backlog, inside, holders: Vec::new(), inode })
    }

    /// Whether its queue is full, so that the kernel drops those who come.
    #[must_use]
    pub fn is_full(&self) -> bool {
        // The kernel takes one more than the backlog (sk_acceptq_is_full).
        self.backlog.is_some_and(|backlog| self.queue > backlog)
    }
}
