//! Which user owns the other end of a loopback connection: asked of the kernel through sock_diag(7).
//!
//! The peer's socket is on this machine too, with our remote address as its local one, so an exact lookup finds it
//! and says the uid it was made by. The kernel answers within the call that asks, in microseconds, on one netlink
//! socket kept for the life of the process: a hub short of descriptors can still tell who asks.
//!
//! An answer is believed only when it is about exactly that connection and the socket still belongs to a process:
//! * A socket whose process has closed it reports **uid 0** and inode 0 (`sock_i_uid` in the kernel). Believing that
//!   would let anybody send a request as root by closing at once. The kernel reads the uid before the inode, so an
//!   inode proves the uid.
//! * Where the connection is gone the lookup falls back to a *listener* on that port, of whoever that is. Its
//!   addresses differ.
//!
//! It refuses to guess: whatever is not a clear answer is [`Owner::Unknown`] with the reason, and lets nobody in.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Mutex, PoisonError};

use netlink_packet_core::{NLM_F_REQUEST, NetlinkHeader, NetlinkMessage, NetlinkPayload};
use netlink_packet_sock_diag::SockDiagMessage;
use netlink_packet_sock_diag::constants::{AF_INET, AF_INET6, IPPROTO_TCP};
use netlink_packet_sock_diag::inet::{ExtensionFlags, InetRequest, InetResponseHeader, SocketId, StateFlags};
use netlink_sys::{Socket, SocketAddr as NetlinkAddr, protocols::NETLINK_SOCK_DIAG};

/// `INET_DIAG_NOCOOKIE` (linux/inet_diag.h): we know the socket by its addresses only.
const NO_COOKIE: [u8; 8] = [0xff; 8];

/// An answer about one socket is below 200 bytes.
const ANSWER: usize = 4096;

/// What the kernel said about the owner of a socket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Owner {
    /// The uid that made the socket, as seen in our user namespace.
    Uid(u32),
    /// No clear answer, and why.
    Unknown(String),
}

/// The question asked of the kernel, one at a time.
pub(super) struct SockDiag(Result<Mutex<Line>, String>);

struct Line {
    socket: Socket,
    sequence: u32,
}

impl SockDiag {
    /// Opens the netlink socket. Where that is not possible (a systemd unit with `RestrictAddressFamilies=` and
    /// without `AF_NETLINK`, a seccomp filter) each question is answered with the reason.
    pub(super) fn open() -> Self {
        Self(connect().map(|socket| Mutex::new(Line { socket, sequence: 0 })).map_err(|error| {
            format!("no netlink socket: {error} (does the service allow the address family AF_NETLINK?)")
        }))
    }

    /// The owner of the TCP socket at `remote` that is connected to ours at `local`. Waits for microseconds at most.
    pub(super) fn owner(&self, remote: SocketAddr, local: SocketAddr) -> Owner {
        let line = match &self.0 {
            Ok(line) => line,
            Err(reason) => return Owner::Unknown(reason.clone()),
        };
        let answer = line.lock().unwrap_or_else(PoisonError::into_inner).ask(remote, local);
        match answer {
            Ok(Some(found)) => believed(&found, remote, local),
            Ok(None) => Owner::Unknown("the kernel knows no such connection".to_owned()),
            Err(error) => Owner::Unknown(format!("sock_diag: {error}")),
        }
    }
}

fn connect() -> io::Result<Socket> {
    let mut socket = Socket::new(NETLINK_SOCK_DIAG)?;
    socket.bind_auto()?;
    socket.connect(&NetlinkAddr::new(0, 0))?;
    socket.set_non_blocking(true)?;
    Ok(socket)
}

fn believed(found: &InetResponseHeader, remote: SocketAddr, local: SocketAddr) -> Owner {
    let id = &found.socket_id;
    let exact = id.source_address.to_canonical() == remote.ip()
        && id.destination_address.to_canonical() == local.ip()
        && (id.source_port, id.destination_port) == (remote.port(), local.port());
    match (exact, found.inode) {
        (false, _) => Owner::Unknown("the kernel answered about another socket".to_owned()),
        (true, 0) => Owner::Unknown("the other end is closed already".to_owned()),
        (true, _) => Owner::Uid(found.uid),
    }
}

impl Line {
    fn ask(&mut self, remote: SocketAddr, local: SocketAddr) -> io::Result<Option<InetResponseHeader>> {
        self.sequence = self.sequence.wrapping_add(1);
        self.socket.send(&question(self.sequence, remote, local), 0)?;
        loop {
            // Never waits: sock_diag has put the answer into our buffer before `send` returns.
            let mut bytes = Vec::with_capacity(ANSWER);
            self.socket.recv(&mut bytes, 0)?;
            let answer = NetlinkMessage::<SockDiagMessage>::deserialize(&bytes).map_err(io::Error::other)?;
            // What is left from a question that failed half-way is not the answer to this one.
            if answer.header.sequence_number == self.sequence {
                return meant(answer.payload);
            }
        }
    }
}

fn meant(payload: NetlinkPayload<SockDiagMessage>) -> io::Result<Option<InetResponseHeader>> {
    match payload {
        NetlinkPayload::InnerMessage(SockDiagMessage::InetResponse(found)) => Ok(Some(found.header)),
        NetlinkPayload::Error(error) => match error.to_io() {
            error if error.kind() == io::ErrorKind::NotFound => Ok(None),
            error => Err(error),
        },
        _ => Err(io::Error::other("an answer of an unknown kind")),
    }
}

fn question(sequence: u32, remote: SocketAddr, local: SocketAddr) -> Vec<u8> {
    let socket_id = SocketId {
        source_port: remote.port(),
        destination_port: local.port(),
        source_address: remote.ip(),
        destination_address: local.ip(),
        interface_id: 0,
        cookie: NO_COOKIE,
    };
    let family = if matches!(remote.ip(), IpAddr::V4(_)) { AF_INET } else { AF_INET6 };
    let (extensions, states) = (ExtensionFlags::empty(), StateFlags::all());
    let request = InetRequest { family, protocol: IPPROTO_TCP, extensions, states, socket_id };
    let mut header = NetlinkHeader::default();
    (header.flags, header.sequence_number) = (NLM_F_REQUEST, sequence);
    let mut message = NetlinkMessage::new(header, SockDiagMessage::InetRequest(request).into());
    message.finalize();
    let mut bytes = vec![0; message.buffer_len()];
    message.serialize(&mut bytes);
    bytes
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
        assert!(matches!(SockDiag::open().owner(remote, nobody), Owner::Unknown(_)));
    }

    #[test]
    fn one_line_answers_many_questions() {
        let kernel = SockDiag::open();
        let (_client, server) = connection("127.0.0.1:0", "127.0.0.1");
        let (remote, local) = (server.peer_addr().expect("one"), server.local_addr().expect("one"));
        for _ in 0..50 {
            assert!(matches!(kernel.owner(local, SocketAddr::from(([127, 0, 0, 1], 9))), Owner::Unknown(_)));
            assert_eq!(kernel.owner(remote, local), own());
        }
    }
}
