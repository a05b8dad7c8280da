//! The other end of a TCP connection, as the kernel knows it, and which user owns it.
//!
//! The serve loop makes one [`Peer`] for each accepted connection and puts it into the extensions of each request on
//! it. Who owns the other end is asked at most once per connection, when the gate first needs it, and is not asked at
//! all for a remote one.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, OnceLock};

use super::owner::Owner;
use crate::sock_diag::SockDiag;

/// Both addresses of a connection. Cheap to clone: all clones share one answer to the question of the owner.
#[derive(Debug, Clone)]
pub struct Peer(Arc<Connection>);

#[derive(Debug)]
struct Connection {
    remote: SocketAddr,
    local: SocketAddr,
    owner: OnceLock<Owner>,
}

impl Peer {
    /// `remote` and `local` are what the accepted socket says of itself. An IPv4 address in IPv6 clothes
    /// (`::ffff:127.0.0.1`, from a listener on `[::]`) is taken as the IPv4 address that it is.
    #[must_use]
    pub fn new(remote: SocketAddr, local: SocketAddr) -> Self {
        Self(Arc::new(Connection { remote: plain(remote), local: plain(local), owner: OnceLock::new() }))
    }

    /// Somebody on this machine who came over a socket of which the kernel tells the user: as if over loopback.
    #[must_use]
    pub(crate) fn of_user(uid: u32) -> Self {
        let here = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        Self(Arc::new(Connection { remote: here, local: here, owner: OnceLock::from(Owner::Uid(uid)) }))
    }

    /// The address that the connection comes from: of a proxy, where there is one.
    #[must_use]
    pub fn remote(&self) -> SocketAddr {
        self.0.remote
    }

    /// The address of ours that it came to.
    #[must_use]
    pub fn local(&self) -> SocketAddr {
        self.0.local
    }

    /// Whether the connection never left this machine.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        self.0.remote.ip().is_loopback() && self.0.local.ip().is_loopback()
    }

    /// The owner of the other end, asked once.
    pub(super) fn owner(&self, kernel: &SockDiag) -> &Owner {
        self.0.owner.get_or_init(|| Owner::of(kernel, self.0.remote, self.0.local))
    }
}

#[cfg(test)]
impl Peer {
    /// A connection whose owner is known without the kernel.
    pub(super) fn owned_by(remote: &str, local: &str, owner: Owner) -> Self {
        let peer = Self::new(remote.parse().expect("an address"), local.parse().expect("an address"));
        peer.0.owner.set(owner).expect("not asked before");
        peer
    }
}

fn plain(address: SocketAddr) -> SocketAddr {
    match address.ip().to_canonical() {
        ip if ip == address.ip() => address,
        ip => SocketAddr::new(ip, address.port()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mapped_address_is_the_ipv4_address_that_it_is() {
        let mapped = "[::ffff:127.0.0.1]:80".parse().expect("an address");
        let peer = Peer::new(mapped, mapped);
        assert_eq!(peer.remote(), "127.0.0.1:80".parse().expect("an address"));
        assert!(peer.is_loopback());
    }

    #[test]
    fn a_connection_from_elsewhere_to_loopback_is_not_loopback() {
        let peer = Peer::new("192.0.2.1:5000".parse().expect("one"), "127.0.0.1:80".parse().expect("one"));
        assert!(!peer.is_loopback());
    }
}
