//! Real sockets, over the kernel's own lists.

use std::io::Write;
use std::net::{TcpListener, TcpStream};
use std::os::fd::AsRawFd;
use std::os::unix::net::UnixStream;
use std::time::Duration;

use tailcast_procs::{Direction, Ends, Kind, Proc, Protocol, State, Watch, Window};

fn look() -> tailcast_procs::Detail {
    Proc::new().unwrap().detail(std::process::id(), Window { from: 0, most: 10_000 }).unwrap()
}

#[test]
fn connections_are_shown_with_both_ends_their_state_and_who_is_there() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let clients: Vec<_> = (0..5).map(|_| TcpStream::connect(address).unwrap()).collect();
    let servers: Vec<_> = (0..3).map(|_| listener.accept().unwrap().0).collect();
    let detail = look();
    let fd = clients[0].as_raw_fd() as u32;
    let file = detail.files.iter().find(|file| file.fd == fd).unwrap();
    let socket = file.socket.as_ref().unwrap();
    assert_eq!((file.kind, socket.protocol, socket.state), (Kind::Socket, Protocol::Tcp, State::Established));
    assert_eq!(socket.inet(), Some((clients[0].local_addr().unwrap(), address)));
    assert_eq!(file.others[0].pid, std::process::id());
    let out = detail.peers.iter().find(|peer| peer.remote == address.to_string()).unwrap();
    assert_eq!((out.direction, out.count), (Direction::Out, 5));
    let service = out.service.as_deref().unwrap();
    assert!(service.ends_with(&format!("pid {}", std::process::id())), "{service}");
    let inward = detail.peers.iter().find(|peer| peer.port == Some(address.port())).unwrap();
    assert_eq!((inward.direction, inward.count, inward.remote.as_str()), (Direction::In, 3, "127.0.0.1"));
    assert_eq!(inward.service, None, "what it does itself is not guessed at");
    let listening = detail.listeners.iter().find(|known| known.address == address).unwrap();
    assert_eq!((listening.queue, listening.is_full()), (2, false));
    assert!(listening.backlog.unwrap() >= 128);
    drop((clients, servers));
}

/// A port that is usually for something else than what this process does, where one is free.
fn mistakable() -> TcpListener {
    let ports = [26_379, 11_211, 27_017, 9042, 8086, 5671];
    ports.iter().find_map(|port| TcpListener::bind(("127.0.0.1", *port)).ok()).expect("a free port")
}

#[test]
fn who_is_known_to_listen_wins_over_what_a_port_is_usually_for() {
    let listener = mistakable();
    let address = listener.local_addr().unwrap().to_string();
    let mut watch = Watch::new(Proc::new().unwrap());
    let own = format!("pid {})", std::process::id());
    let mut clients = Vec::new();
    // Two a minute, by a clock of ours.
    let named = (0..60u64).find_map(|step| {
        clients.push(TcpStream::connect(listener.local_addr().unwrap()).unwrap());
        let list = watch.look(Duration::from_secs(step * 30)).unwrap().list;
        let seen = list.into_iter().find(|seen| seen.process.id.pid == std::process::id())?;
        seen.findings.into_iter().find(|finding| finding.peer.as_ref() == Some(&address))
    });
    let finding = named.expect("it is named within half an hour");
    assert!(finding.words.contains(&own), "{}", finding.words);
    let network = Proc::new().unwrap().network().unwrap();
    for peer in network.peers.iter().filter(|peer| peer.whom().contains(&address.replace("127.0.0.1:", ""))) {
        assert!(peer.to_string().contains(&own), "{peer}");
    }
}

#[test]
fn sockets_that_are_with_nobody_are_named_by_what_they_are() {
    use rustix::net::{AddressFamily, SocketType, socket};
    let bound = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    let idle = socket(AddressFamily::INET, SocketType::STREAM, None).unwrap();
    let detail = look();
    let of = |fd: u32| detail.files.iter().find(|file| file.fd == fd).unwrap();
    let (bound, idle) = (of(bound.as_raw_fd() as u32), of(idle.as_raw_fd() as u32));
    assert_eq!(bound.socket.as_ref().unwrap().state_name(), "UNCONN");
    let about = idle.about.as_ref().map(ToString::to_string);
    assert_eq!(about.as_deref(), Some("TCP, neither connected nor listening"), "{idle:?}");
}

#[test]
fn a_connection_that_the_other_side_has_closed_is_in_close_wait() {
    let listener = TcpListener::bind("[::1]:0").unwrap();
    let address = listener.local_addr().unwrap();
    let client = TcpStream::connect(address).unwrap();
    drop(listener.accept().unwrap());
    // The end of the stream has come when it is read.
    assert_eq!(std::io::Read::read(&mut &client, &mut [0]).unwrap(), 0);
    let detail = look();
    let out = detail.peers.iter().find(|peer| peer.remote == address.to_string()).unwrap();
    assert_eq!(out.in_state(State::CloseWait), 1, "{out}");
}

#[test]
fn the_two_ends_of_a_unix_socket_find_each_other() {
    let (one, other) = UnixStream::pair().unwrap();
    let detail = look();
    for end in [&one, &other] {
        let fd = end.as_raw_fd() as u32;
        let file = detail.files.iter().find(|file| file.fd == fd).unwrap();
        assert_eq!(file.others.iter().map(|holder| holder.pid).collect::<Vec<_>>(), [std::process::id()], "{file:?}");
    }
}

#[test]
fn the_machine_is_seen_by_state_with_its_listeners_and_counters() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let _client = TcpStream::connect(address).unwrap();
    let network = Proc::new().unwrap().network().unwrap();
    let found = network.listeners.iter().find(|known| known.address == address).unwrap();
    assert_eq!((found.queue, found.holders[0].pid), (1, std::process::id()));
    let count = |state| network.states.iter().find(|(known, _)| *known == state).map_or(0, |(_, count)| *count);
    assert!(count(State::Listen) >= 1 && count(State::Established) >= 2, "{:?}", network.states);
    assert!(network.overflows.is_some() && network.namespaces >= 1);
}

/// What is known of a socket of ours.
fn socket_of(fd: &impl AsRawFd) -> tailcast_procs::Socket {
    let fd = fd.as_raw_fd() as u32;
    look().files.into_iter().find(|file| file.fd == fd).unwrap().socket.unwrap()
}

#[test]
fn the_end_of_a_stream_is_no_byte_that_waits() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    for said in [&b""[..], b"hello"] {
        let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (mut server, _) = listener.accept().unwrap();
        server.write_all(said).unwrap();
        server.shutdown(std::net::Shutdown::Write).unwrap();
        while socket_of(&client).state != State::CloseWait {
            std::thread::yield_now();
        }
        // By the files of /proc the same as by the dump.
        let inode = socket_of(&client).inode.to_string();
        let table = std::fs::read_to_string("/proc/self/net/tcp").unwrap();
        let row = table.lines().find(|row| row.split_whitespace().nth(9) == Some(&inode)).unwrap();
        let counted = u32::from_str_radix(&row.split_whitespace().nth(4).unwrap()[9..], 16).unwrap();
        assert_eq!(counted, said.len() as u32 + 1, "the kernel counts the end");
        assert_eq!(socket_of(&client).queue.received, said.len() as u32);
        // Also once it is read, when the kernel counts nothing any more.
        std::io::Read::read_to_end(&mut &client, &mut Vec::new()).unwrap();
        assert_eq!(socket_of(&client).queue.received, 0);
    }
}

#[test]
fn a_socket_to_the_kernel_and_one_that_sees_frames_are_named() {
    use rustix::net::{AddressFamily, SocketFlags, SocketType, bind, netlink, socket_with};
    let route = socket_with(AddressFamily::NETLINK, SocketType::RAW, SocketFlags::CLOEXEC, None).unwrap();
    bind(&route, &netlink::SocketAddrNetlink::new(0, 0b1_0001)).unwrap();
    let seen = socket_of(&route);
    assert_eq!((seen.protocol, seen.ends), (Protocol::Netlink, Ends::Named("route, groups 1, 5".to_owned())));
    // Frames take a privilege to be seen.
    if let Ok(frames) = socket_with(AddressFamily::PACKET, SocketType::DGRAM, SocketFlags::CLOEXEC, None) {
        let seen = socket_of(&frames);
        assert_eq!(
            (seen.protocol, seen.ends),
            (Protocol::Packet, Ends::Named("no frames at any interface".to_owned()))
        );
    }
}
