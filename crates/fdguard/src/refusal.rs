//! The words for those who do not fit. This crate carries them and does not know what they mean.

use std::fmt;
use std::net::{IpAddr, SocketAddr};

use crate::plan::Class;

/// Why somebody is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// The budget has no room; there are descriptors yet.
    Full,
    /// The kernel has none: EMFILE, ENFILE, ENOBUFS or ENOMEM.
    Exhausted,
    /// There is room, but not for one more from this address.
    Crowded,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Reason::Full => "the budget of descriptors is used up",
            Reason::Exhausted => "the kernel has no descriptor left",
            Reason::Crowded => "too many connections come from one address",
        })
    }
}

/// Who wants in, and what they said so far.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// The other end, as the socket has it.
    pub peer: SocketAddr,
    /// The first bytes, at most 4 KiB, looked at and not consumed. Often a whole request head; may be cut anywhere,
    /// and is empty when the client waits to be spoken to.
    pub head: &'a [u8],
    /// Why there is no room for it.
    pub reason: Reason,
}

/// What to say to those who do not fit. Called on the accept path: must not block.
pub trait Refusal: Send + Sync + 'static {
    /// The whole answer, at most a few KiB, so that it fits into the empty buffer of a new socket. Made anew for
    /// each, so that a time to come back can differ from client to client.
    fn words(&self, asked: &Asked<'_>) -> Vec<u8>;

    /// Who this is, by their first bytes, when there is no room for one more viewer. Who belongs to another class
    /// is let in as long as that class has room: an agent's link must not wait for viewers to leave.
    fn class(&self, asked: &Asked<'_>) -> Class {
        let Asked { .. } = asked;
        Class::Viewers
    }

    /// Whether it may wait for a place in its seat, two seconds at most: one of several connections of which all are of no use where one
    /// is refused, as a browser's for the parts of a page. The others become idle meanwhile, and give theirs.
    fn may_wait(&self, asked: &Asked<'_>) -> bool {
        let Asked { .. } = asked;
        false
    }

    /// Whether many come from this address by right, so that it is not bound as one: a proxy is, and so is this machine,
    /// where one usually runs. Whoever reads a proxy's requests says for whom each is ([`crate::Bell::serves`]).
    fn speaks_for_many(&self, address: IpAddr) -> bool {
        address.to_canonical().is_loopback()
    }
}

impl<F> Refusal for F
where
    F: Fn(&Asked<'_>) -> Vec<u8> + Send + Sync + 'static,
{
    fn words(&self, asked: &Asked<'_>) -> Vec<u8> {
        self(asked)
    }
}
