//! Which user owns the other end of a loopback connection: asked of the kernel (`sock_diag`).
//!
//! The peer's socket is on this machine too, with our remote address as its local one, so an exact lookup finds it
//! and says the uid it was made by.
//!
//! An answer is believed only when it is about exactly that connection and the socket still belongs to a process:
//! * A socket whose process has closed it reports **uid 0** and inode 0 (`sock_i_uid` in the kernel). Believing that
//!   would let anybody send a request as root by closing at once. The kernel reads the uid before the inode, so an
//!   inode proves the uid.
//! * Where the connection is gone the lookup falls back to a *listener* on that port, of whoever that is. Its
//!   addresses differ.
//!
//! It refuses to guess: whatever is not a clear answer is [`Owner::Unknown`] with the reason, and lets nobody in.

use std::net::SocketAddr;

use netlink_packet_sock_diag::inet::{ExtensionFlags, InetResponseHeader};

use crate::sock_diag::{SockDiag, is_about};

/// What the kernel said about the owner of a socket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Owner {
    /// The uid that made the socket, as seen in our user namespace.
    Uid(u32),
    /// No clear answer, and why.
    Unknown(String),
}

impl Owner {
    /// The owner of the TCP socket at `remote` that is connected to ours at `local`. Waits for microseconds at most.
    pub(super) fn of(kernel: &SockDiag, remote: SocketAddr, local: SocketAddr) -> Self {
        match kernel.ask(remote, local, ExtensionFlags::empty()) {
            Ok(Some(found)) => believed(&found.header, remote, local),
            Ok(None) => Owner::Unknown("the kernel knows no such connection".to_owned()),
            Err(words) => Owner::Unknown(words),
        }
    }
}

fn believed(found: &InetResponseHeader, remote: SocketAddr, local: SocketAddr) -> Owner {
    match (is_about(found, remote, local), found.inode) {
        (false, _) => Owner::Unknown("the kernel answered about another socket".to_owned()),
        (true, 0) => Owner::Unknown("the other end is closed already".to_owned()),
        (true, _) => Owner::Uid(found.uid),
    }
}

#[cfg(test)]
mod tests {
    use std::net::{TcpListener, TcpStream};

    use super::*;

    fn connection(listen: &str, to: &str) -> (TcpStream, TcpStream) {
        let listener = TcpListener::bind(listen).expect("a listener");
        let port = listener.local_addr().expect("an address").port();
        let client = TcpStream::connect((to, port)).expect("a connection");
        (client, listener.accept().expect("accepted").0)
    }

    fn owner_seen_by(server: &TcpStream) -> Owner {
        let remote = server.peer_addr().expect("an address");
        let local = server.local_addr().expect("an address");
        let peer = super::super::Peer::new(remote, local);
        peer.owner(&SockDiag::open()).clone()
    }

    fn own() -> Owner {
        Owner::Uid(rustix::process::geteuid().as_raw())
    }

    #[test]
    fn the_owner_of_a_connection_of_our_own_is_us() {
        let (_client, server) = connection("127.0.0.1:0", "127.0.0.1");
        assert_eq!(owner_seen_by(&server), own());
    }

    #[test]
    fn a_connection_over_ipv6_has_an_owner_too() {
        let (_client, server) = connection("[::1]:0", "::1");
        assert_eq!(owner_seen_by(&server), own());
    }

    #[test]
    fn an_ipv4_connection_to_a_listener_for_both_families_has_an_owner_too() {
        let (_client, server) = connection("[::]:0", "127.0.0.1");
        assert_eq!(owner_seen_by(&server), own());
    }

    #[test]
    fn a_socket_of_the_other_family_with_a_mapped_address_has_an_owner_too() {
        let (_client, server) = connection("127.0.0.1:0", "::ffff:127.0.0.1");
        assert_eq!(owner_seen_by(&server), own());
    }

    #[test]
    fn a_closed_other_end_is_not_taken_for_root() {
        let (client, server) = connection("127.0.0.1:0", "127.0.0.1");
        drop(client);
        assert!(matches!(owner_seen_by(&server), Owner::Unknown(_)), "{:?}", owner_seen_by(&server));
    }

    #[test]
    fn a_listener_on_the_port_of_the_other_end_is_not_taken_for_it() {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a listener");
        let remote = listener.local_addr().expect("an address");
        let nobody = SocketAddr::from(([127, 0, 0, 1], 9));
        assert!(matches!(Owner::of(&SockDiag::open(), remote, nobody), Owner::Unknown(_)));
    }

    #[test]
    fn one_line_answers_many_questions() {
        let kernel = SockDiag::open();
        let (_client, server) = connection("127.0.0.1:0", "127.0.0.1");
        let (remote, local) = (server.peer_addr().expect("one"), server.local_addr().expect("one"));
        for _ in 0..50 {
            assert!(matches!(Owner::of(&kernel, local, SocketAddr::from(([127, 0, 0, 1], 9))), Owner::Unknown(_)));
            assert_eq!(Owner::of(&kernel, remote, local), own());
        }
    }
}
