//! Sockets that are with no other process: those to the kernel (netlink(7)) and those that see frames (packet(7)).

use crate::socket::{Ends, Protocol, Queue, Socket, State};

/// Protocols of netlink by their numbers (linux/netlink.h); those without a name here are seldom or gone.
const NETLINK: [(u32, &str); 16] = [
    (0, "route"),
    (2, "usersock"),
    (4, "sock_diag"),
    (5, "nflog"),
    (6, "xfrm"),
    (7, "selinux"),
    (8, "iscsi"),
    (9, "audit"),
    (10, "fib_lookup"),
    (11, "connector"),
    (12, "netfilter"),
    (15, "kobject_uevent"),
    (16, "generic"),
    (18, "scsitransport"),
    (20, "rdma"),
    (21, "crypto"),
];

/// `sk Eth Pid Groups Rmem Wmem Dump Locks Drops Inode`: the protocol, the port, and the first 32 groups as bits.
pub(super) fn netlink(line: &[u8]) -> Option<Socket> {
    let fields = fields::<10>(line)?;
    let (number, groups) = (fields[1].parse::<u32>().ok()?, u32::from_str_radix(fields[3], 16).ok()?);
    let name = NETLINK.iter().find(|(known, _)| *known == number).map(|(_, name)| (*name).to_owned());
    let name = name.unwrap_or_else(|| format!("protocol {number}"));
    let listed: Vec<_> = (0..32).filter(|bit| groups >> bit & 1 == 1).map(|bit| (bit + 1).to_string()).collect();
    let groups = match &listed[..] {
        [] => String::new(),
        [one] => format!(", group {one}"),
        several => format!(", groups {}", several.join(", ")),
    };
    socket(Protocol::Netlink, format!("{name}{groups}"), fields[9])
}

/// `sk RefCnt Type Proto Iface R Rmem User Inode`: which frames (0003 is all of them), and of which interface (0 is any).
pub(super) fn packet(line: &[u8]) -> Option<Socket> {
    let fields = fields::<9>(line)?;
    let frames = match u16::from_str_radix(fields[3], 16).ok()? {
        0 => "no frames".to_owned(),
        3 => "all frames".to_owned(),
        0x0800 => "frames of IPv4".to_owned(),
        0x0806 => "frames of ARP".to_owned(),
        0x86dd => "frames of IPv6".to_owned(),
        other => format!("frames of type {other:#06x}"),
    };
    let interface = match fields[4].parse::<u32>().ok()? {
        0 => "any interface".to_owned(),
        index => format!("interface {index}"),
    };
    socket(Protocol::Packet, format!("{frames} at {interface}"), fields[8])
}

fn fields<const COUNT: usize>(line: &[u8]) -> Option<[&str; COUNT]> {
    let mut fields = std::str::from_utf8(line).ok()?.split_ascii_whitespace();
    let mut found = [""; COUNT];
    for field in &mut found {
        *field = fields.next()?;
    }
    Some(found)
}

fn socket(protocol: Protocol, name: String, inode: &str) -> Option<Socket> {
    let inode = inode.parse().ok()?;
    let (state, ends) = (State::Closed, Ends::Named(name));
    Some(Socket { inode, protocol, state, ends, queue: Queue::default(), inside: None })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_socket_to_the_kernel_is_named_by_its_protocol_and_its_groups() {
        let line = |eth: u32, groups: &str| format!("00000000fb8af7a5 {eth}   812   {groups} 0 0 0 2 0 15035085");
        for (line, said) in [
            (line(0, "00000113"), "route, groups 1, 2, 5, 9"),
            (line(15, "00000001"), "kobject_uevent, group 1"),
            (line(4, "00000000"), "sock_diag"),
            (line(99, "00000000"), "protocol 99"),
        ] {
            let socket = netlink(line.as_bytes()).unwrap();
            assert_eq!((socket.inode, socket.ends), (15_035_085, Ends::Named(said.to_owned())));
        }
        assert_eq!(netlink(b"sk  Eth Pid  Groups  Rmem Wmem Dump Locks Drops Inode"), None);
    }

    #[test]
    fn a_socket_that_sees_frames_says_which_and_where() {
        for (proto, interface, said) in [
            ("0003", 2, "all frames at interface 2"),
            ("0806", 0, "frames of ARP at any interface"),
            ("88cc", 1, "frames of type 0x88cc at interface 1"),
        ] {
            let line = format!("00000000a7b7ce71 3      3    {proto}   {interface}     1 0      0      4711");
            let socket = packet(line.as_bytes()).unwrap();
            assert_eq!((socket.inode, socket.ends), (4711, Ends::Named(said.to_owned())));
        }
        assert_eq!(packet(b"sk RefCnt Type Proto  Iface R Rmem   User   Inode"), None);
    }
}
