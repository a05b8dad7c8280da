//! All sockets of our network namespace, dumped by the kernel through sock_diag(7): half the time of the files in
//! `/proc/net`, with the backlog of listeners and the other end of Unix sockets, which those do not have.

use std::io;
use std::net::SocketAddr;

use netlink_packet_core::{NLM_F_DUMP, NLM_F_REQUEST, NetlinkBuffer, NetlinkHeader, NetlinkMessage, Parseable};
use netlink_packet_sock_diag::SockDiagMessage;
use netlink_packet_sock_diag::constants::{AF_INET, AF_INET6, IPPROTO_TCP, IPPROTO_UDP};
use netlink_packet_sock_diag::inet::{ExtensionFlags, InetRequest, InetResponseHeader, SocketId, StateFlags};
use netlink_packet_sock_diag::unix::nlas::UnixDiagName;
use netlink_packet_sock_diag::unix::{ShowFlags, StateFlags as UnixStates, UnixRequest, UnixResponse};
use netlink_sys::{Socket as Netlink, SocketAddr as NetlinkAddr, protocols::NETLINK_SOCK_DIAG};

use crate::proc::Error;
use crate::socket::{Ends, Protocol, Queue, Socket, Sockets, State, canonical, queue};

/// The kernel fills what the reader offers, up to 32 KiB.
const ROOM: usize = 64 << 10;
/// `NLMSG_ERROR` and `NLMSG_DONE` (linux/netlink.h).
const NLMSG_ERROR: u16 = 2;
const NLMSG_DONE: u16 = 3;
/// A `nlmsghdr`.
const HEADER: usize = 16;

/// Adds every socket of our namespace.
pub(crate) fn dump(sockets: &mut Sockets) -> Result<(), Error> {
    let line = connect().map_err(Error::Sockets)?;
    for (protocol, number) in [(Protocol::Tcp, IPPROTO_TCP), (Protocol::Udp, IPPROTO_UDP)] {
        for family in [AF_INET, AF_INET6] {
            let mut add = |body: &[u8]| {
                let found = InetResponseHeader::parse(body).ok();
                found.and_then(|found| inet(protocol, &found)).into_iter().for_each(|socket| sockets.add(socket));
            };
            ask(&line, inet_request(family, number), &mut add).map_err(Error::Sockets)?;
        }
    }
    let mut add = |body: &[u8]| {
        UnixResponse::parse(body)
            .ok()
            .and_then(|found| unix(&found))
            .into_iter()
            .for_each(|socket| sockets.add(socket));
    };
    ask(&line, unix_request(), &mut add).map_err(Error::Sockets)
}

fn connect() -> io::Result<Netlink> {
    let mut line = Netlink::new(NETLINK_SOCK_DIAG)?;
    line.bind_auto()?;
    line.connect(&NetlinkAddr::new(0, 0))?;
    Ok(line)
}

/// Hands the body of each answer to `take`. Never waits for anybody but the kernel, which works while it is read from.
fn ask(line: &Netlink, request: SockDiagMessage, take: &mut dyn FnMut(&[u8])) -> io::Result<()> {
    line.send(&question(request), 0)?;
    let mut bytes = Vec::with_capacity(ROOM);
    loop {
        bytes.clear();
        line.recv(&mut bytes, 0)?;
        let mut rest = &bytes[..];
        while rest.len() >= HEADER {
            let message = NetlinkBuffer::new_checked(rest).map_err(io::Error::other)?;
            let length = message.length() as usize;
            match message.message_type() {
                NLMSG_DONE => return Ok(()),
                NLMSG_ERROR => return failed(&rest[HEADER..]),
                _ => take(message.payload()),
            }
            // Messages begin at multiples of four (NLMSG_ALIGN).
            rest = rest.get(length.next_multiple_of(4).max(HEADER)..).unwrap_or_default();
        }
        if bytes.is_empty() {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
}

/// An error's body begins with the negative number of the error. A family that the kernel was built without is none.
fn failed(body: &[u8]) -> io::Result<()> {
    let number = body.first_chunk().map_or(0, |bytes| -i32::from_ne_bytes(*bytes));
    match io::Error::from_raw_os_error(number) {
        error if error.kind() == io::ErrorKind::NotFound || number == 0 => Ok(()),
        error => Err(error),
    }
}

fn question(request: SockDiagMessage) -> Vec<u8> {
    let mut header = NetlinkHeader::default();
    header.flags = NLM_F_REQUEST | NLM_F_DUMP;
    let mut message = NetlinkMessage::new(header, request.into());
    message.finalize();
    let mut bytes = vec![0; message.buffer_len()];
    message.serialize(&mut bytes);
    bytes
}

fn inet_request(family: u8, protocol: u8) -> SockDiagMessage {
    let socket_id = if family == AF_INET { SocketId::new_v4() } else { SocketId::new_v6() };
    // Also state 12, a request that has no socket yet: it waits for its place in an accept queue.
    let states = StateFlags::from_bits_retain(0x1fff);
    let extensions = ExtensionFlags::empty();
    SockDiagMessage::InetRequest(InetRequest { family, protocol, extensions, states, socket_id })
}

fn unix_request() -> SockDiagMessage {
    let (state_flags, show_flags) = (UnixStates::from_bits_retain(u32::MAX), ShowFlags::NAME | ShowFlags::PEER);
    SockDiagMessage::UnixRequest(UnixRequest { state_flags, inode: 0, show_flags, cookie: [0xff; 8] })
}

fn inet(protocol: Protocol, found: &InetResponseHeader) -> Option<Socket> {
    let id = &found.socket_id;
    let local: SocketAddr = canonical(id.source_address, id.source_port);
    let remote = canonical(id.destination_address, id.destination_port);
    let (inode, state) = (found.inode.into(), State::of(found.state)?);
    let queue = queue(protocol, state, (found.recv_queue, Some(found.send_queue)));
    Some(Socket { inode, protocol, state, ends: Ends::Inet { local, remote }, queue, inside: None })
}

fn unix(found: &UnixResponse) -> Option<Socket> {
    use std::os::unix::ffi::OsStrExt;
    let path = match found.name() {
        Some(UnixDiagName::Pathname(path)) => path.as_bytes().into(),
        Some(UnixDiagName::Abstract(name)) => [b"@", &name[..]].concat().into(),
        None => bstr::BString::default(),
    };
    let ends = Ends::Unix { path, peer: found.peer().map(u64::from).filter(|peer| *peer != 0) };
    let state = State::of(found.header.state)?;
    let (inode, protocol) = (found.header.inode.into(), Protocol::Unix);
    Some(Socket { inode, protocol, state, ends, queue: Queue::default(), inside: None })
}
