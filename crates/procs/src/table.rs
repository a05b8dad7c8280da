//! Sockets as `/proc/PID/net` lists them: those of the network namespace that the process is in, for anybody to read.
//!
//! Slower than a dump and without the backlog of listeners, but it needs neither netlink nor the right to enter the
//! namespace. Read line by line, since such a file may have a hundred megabytes.

mod rare;

use std::io::{BufRead, BufReader, Read};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use crate::proc::Proc;
use crate::socket::{Ends, MOST, Protocol, Queue, Socket, Sockets, State, canonical, queue};

/// The longest line of these files that is taken for one, in bytes.
const LINE: u64 = 1024;

/// Adds all sockets that are listed in `dir`, which is `PID/net` and `inside` the network of that process where it is not
/// ours. What is not there adds nothing.
pub(crate) fn read(proc: &Proc, dir: &str, inside: Option<u32>, sockets: &mut Sockets) {
    for (name, protocol) in
        [("tcp", Protocol::Tcp), ("tcp6", Protocol::Tcp), ("udp", Protocol::Udp), ("udp6", Protocol::Udp)]
    {
        each(proc, &format!("{dir}/{name}"), inside, sockets, |line| inet(protocol, line));
    }
    each(proc, &format!("{dir}/unix"), inside, sockets, unix);
}

/// Adds those of kinds that few processes have, and few of each.
pub(crate) fn read_rare(proc: &Proc, dir: &str, inside: Option<u32>, sockets: &mut Sockets) {
    for name in ["raw", "raw6", "icmp", "icmp6"] {
        each(proc, &format!("{dir}/{name}"), inside, sockets, |line| inet(Protocol::Raw, line));
    }
    each(proc, &format!("{dir}/netlink"), inside, sockets, rare::netlink);
    each(proc, &format!("{dir}/packet"), inside, sockets, rare::packet);
}

fn each(proc: &Proc, path: &str, inside: Option<u32>, sockets: &mut Sockets, socket: impl Fn(&[u8]) -> Option<Socket>) {
    lines(proc, path, |line| {
        let found = socket(line).map(|socket| Socket { inside, ..socket });
        found.into_iter().for_each(|socket| sockets.add(socket));
    });
}

fn lines(proc: &Proc, path: &str, mut take: impl FnMut(&[u8])) {
    let Ok(file) = proc.file(path) else { return };
    let mut file = BufReader::with_capacity(64 << 10, file);
    let mut line = Vec::new();
    for _ in 0..=MOST {
        line.clear();
        match (&mut file).take(LINE).read_until(b'\n', &mut line) {
            Ok(0) | Err(_) => return,
            Ok(_) => take(line.trim_ascii_end()),
        }
    }
}

/// `sl local remote st tx:rx tr:when retransmits uid timeout inode …` (proc_net(5)), the addresses as the machine holds them.
fn inet(protocol: Protocol, line: &[u8]) -> Option<Socket> {
    let mut fields = std::str::from_utf8(line).ok()?.split_ascii_whitespace();
    let mut next = || fields.next();
    let _number = next()?.strip_suffix(':')?;
    let (local, remote) = (address(next()?)?, address(next()?)?);
    let state = State::of(u8::from_str_radix(next()?, 16).ok()?)?;
    let (unsent, received) = next()?.split_once(':')?;
    let inode = fields.nth(4)?.parse().ok()?;
    let hex = |text: &str| u32::from_str_radix(text, 16).ok();
    // Of a listener this file does not know how many may wait.
    let unsent = hex(unsent).filter(|_| state != State::Listen);
    let queue = queue(protocol, state, (hex(received)?, unsent));
    Some(Socket { inode, protocol, state, ends: Ends::Inet { local, remote }, queue, inside: None })
}

/// `0100007F:1F90`: words of 32 bits in the order of the machine, then the port.
fn address(text: &str) -> Option<SocketAddr> {
    let (ip, port) = text.split_once(':')?;
    let port = u16::from_str_radix(port, 16).ok()?;
    let word = |at: usize| Some(u32::from_str_radix(ip.get(at..at + 8)?, 16).ok()?.to_ne_bytes());
    let ip: IpAddr = match ip.len() {
        8 => Ipv4Addr::from(word(0)?).into(),
        32 => {
            let bytes = [word(0)?, word(8)?, word(16)?, word(24)?].concat();
            Ipv6Addr::from(<[u8; 16]>::try_from(bytes).ok()?).into()
        }
        _ => return None,
    };
    Some(canonical(ip, port))
}

/// `Num: RefCount Protocol Flags Type St Inode Path`; a path may have spaces.
fn unix(line: &[u8]) -> Option<Socket> {
    /// `SO_ACCEPTCON` (linux/net.h).
    const LISTENS: u32 = 1 << 16;
    let mut fields = line.splitn(8, |byte| *byte == b' ').map(|field| std::str::from_utf8(field).unwrap_or_default());
    let flags = u32::from_str_radix(fields.nth(3)?, 16).ok()?;
    let connected = fields.nth(1)? == "03";
    // Inodes are aligned to the right.
    let rest = line.splitn(7, |byte| *byte == b' ').nth(6)?.trim_ascii_start();
    let (inode, path) = match rest.iter().position(|byte| *byte == b' ') {
        Some(at) => (&rest[..at], &rest[at + 1..]),
        None => (rest, &b""[..]),
    };
    let state = match (flags & LISTENS != 0, connected) {
        (true, _) => State::Listen,
        (false, true) => State::Established,
        (false, false) => State::Closed,
    };
    let inode = std::str::from_utf8(inode).ok()?.parse().ok()?;
    let ends = Ends::Unix { path: path.into(), peer: None };
    Some(Socket { inode, protocol: Protocol::Unix, state, ends, queue: Queue::default(), inside: None })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_is_read_with_both_ends() {
        let line =
            b"   1: 0100007F:1F90 0500000A:18EB 08 00000000:0000002A 00:00000000 00000000   102        0 48213 1 x";
        let socket = inet(Protocol::Tcp, line).unwrap();
        // The end of the stream is counted too, and is no byte.
        assert_eq!((socket.inode, socket.state, socket.queue.received), (48_213, State::CloseWait, 41));
        let ends = ("127.0.0.1:8080".parse().unwrap(), "10.0.0.5:6379".parse().unwrap());
        assert_eq!(socket.inet(), Some(ends));
    }

    #[test]
    fn a_mapped_address_is_what_it_stands_for() {
        let mapped = "0000000000000000FFFF00000100007F:0050";
        assert_eq!(address(mapped), Some("127.0.0.1:80".parse().unwrap()));
        assert_eq!(address("00000000000000000000000001000000:0050"), Some("[::1]:80".parse().unwrap()));
        for text in ["", ":", "0100007F", "0100007F:XX", "01:50", "0100007é:1F90", "é0000000000000000000000001000000:0"]
        {
            assert_eq!(address(text), None, "{text}");
        }
    }

    #[test]
    fn a_unix_socket_may_have_a_path_with_spaces_or_none() {
        let named = unix(b"0000000000000000: 00000002 00000000 00010000 0001 01   923 /run/a b.sock").unwrap();
        assert_eq!((named.inode, named.state), (923, State::Listen));
        assert_eq!(named.ends, Ends::Unix { path: "/run/a b.sock".into(), peer: None });
        let bare = unix(b"0000000000000000: 00000003 00000000 00000000 0001 03 12345").unwrap();
        assert_eq!((bare.inode, bare.state), (12_345, State::Established));
        assert!(unix(b"Num       RefCount Protocol Flags    Type St Inode Path").is_none());
    }
}
