//! What the kernel knows of one TCP connection, asked through sock_diag(7).
//!
//! It answers within the call that asks, in microseconds, on one netlink socket kept for the life of the process: a hub short
//! of descriptors can still ask.
//!
//! A lookup that finds no connection falls back to a *listener* on that port, of whoever that is: [`is_about`] tells. It
//! refuses to judge what it is told.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Mutex, PoisonError};

use netlink_packet_core::{NLM_F_REQUEST, NetlinkHeader, NetlinkMessage, NetlinkPayload};
use netlink_packet_sock_diag::SockDiagMessage;
use netlink_packet_sock_diag::constants::{AF_INET, AF_INET6, IPPROTO_TCP};
use netlink_packet_sock_diag::inet::{
    ExtensionFlags, InetRequest, InetResponse, InetResponseHeader, SocketId, StateFlags,
};
use netlink_sys::{Socket, SocketAddr as NetlinkAddr, protocols::NETLINK_SOCK_DIAG};

/// `INET_DIAG_NOCOOKIE` (linux/inet_diag.h): we know the socket by its addresses only.
const NO_COOKIE: [u8; 8] = [0xff; 8];

/// An answer about one socket is below 500 bytes.
const ANSWER: usize = 4096;

/// The question asked of the kernel, one at a time.
pub(crate) struct SockDiag(Result<Mutex<Line>, String>);

struct Line {
    socket: Socket,
    sequence: u32,
}

impl SockDiag {
    /// Opens the netlink socket. Where that is not possible (a systemd unit with `RestrictAddressFamilies=` and
    /// without `AF_NETLINK`, a seccomp filter) each question is answered with the reason.
    pub(crate) fn open() -> Self {
        Self(connect().map(|socket| Mutex::new(Line { socket, sequence: 0 })).map_err(|error| {
            format!("no netlink socket: {error} (does the service allow the address family AF_NETLINK?)")
        }))
    }

    /// What is known of the TCP socket at `here` that is connected to `there`. Waits for microseconds at most.
    ///
    /// # Errors
    /// In words, why nothing could be asked.
    pub(crate) fn ask(
        &self,
        here: SocketAddr,
        there: SocketAddr,
        more: ExtensionFlags,
    ) -> Result<Option<InetResponse>, String> {
        let line = self.0.as_ref().map_err(String::clone)?;
        let answer = line.lock().unwrap_or_else(PoisonError::into_inner).ask(here, there, more);
        answer.map_err(|error| format!("sock_diag: {error}"))
    }
}

/// Whether an answer is about exactly the connection that was asked for.
pub(crate) fn is_about(found: &InetResponseHeader, here: SocketAddr, there: SocketAddr) -> bool {
    let id = &found.socket_id;
    id.source_address.to_canonical() == here.ip()
        && id.destination_address.to_canonical() == there.ip()
        && (id.source_port, id.destination_port) == (here.port(), there.port())
}

fn connect() -> io::Result<Socket> {
    let mut socket = Socket::new(NETLINK_SOCK_DIAG)?;
    socket.bind_auto()?;
    socket.connect(&NetlinkAddr::new(0, 0))?;
    socket.set_non_blocking(true)?;
    Ok(socket)
}

impl Line {
    fn ask(&mut self, here: SocketAddr, there: SocketAddr, more: ExtensionFlags) -> io::Result<Option<InetResponse>> {
        self.sequence = self.sequence.wrapping_add(1);
        self.socket.send(&question(self.sequence, here, there, more), 0)?;
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

fn meant(payload: NetlinkPayload<SockDiagMessage>) -> io::Result<Option<InetResponse>> {
    match payload {
        NetlinkPayload::InnerMessage(SockDiagMessage::InetResponse(found)) => Ok(Some(*found)),
        NetlinkPayload::Error(error) => match error.to_io() {
            error if error.kind() == io::ErrorKind::NotFound => Ok(None),
            error => Err(error),
        },
        _ => Err(io::Error::other("an answer of an unknown kind")),
    }
}

fn question(sequence: u32, here: SocketAddr, there: SocketAddr, extensions: ExtensionFlags) -> Vec<u8> {
    let socket_id = SocketId {
        source_port: here.port(),
        destination_port: there.port(),
        source_address: here.ip(),
        destination_address: there.ip(),
        interface_id: 0,
        cookie: NO_COOKIE,
    };
    let family = if matches!(here.ip(), IpAddr::V4(_)) { AF_INET } else { AF_INET6 };
    let request = InetRequest { family, protocol: IPPROTO_TCP, extensions, states: StateFlags::all(), socket_id };
    let mut header = NetlinkHeader::default();
    (header.flags, header.sequence_number) = (NLM_F_REQUEST, sequence);
    let mut message = NetlinkMessage::new(header, SockDiagMessage::InetRequest(request).into());
    message.finalize();
    let mut bytes = vec![0; message.buffer_len()];
    message.serialize(&mut bytes);
    bytes
}
