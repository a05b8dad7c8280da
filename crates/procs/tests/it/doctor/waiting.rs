//! Queues of connections of a real process, held against `net.core.somaxconn`; and what of that is said to who may not look.

use std::net::{SocketAddr, TcpListener, TcpStream};

use tailcast_procs::{Bound, Unseen, Waiting};

use super::stranger::{is_root, told_nobody};
use super::*;

fn listen(backlog: i32) -> TcpListener {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    // A second call gives it another one (listen(2)).
    rustix::net::listen(&listener, backlog).unwrap();
    listener
}

fn at(address: SocketAddr) -> Waiting {
    let found = diagnose(std::process::id());
    assert_eq!(found.unseen.iter().find(|unseen| **unseen == Unseen::Listeners), None);
    assert!(found.overflows.is_some());
    found.waiting.into_iter().find(|waiting| waiting.listener.address == address).unwrap()
}

#[test]
fn a_queue_that_the_program_made_small_is_told_from_one_that_somaxconn_cuts() {
    let somaxconn: u32 = fs::read_to_string("/proc/sys/net/core/somaxconn").unwrap().trim().parse().unwrap();
    let (small, large) = (listen(7), listen(i32::MAX));
    let small = at(small.local_addr().unwrap());
    assert_eq!((small.listener.backlog, small.bound), (Some(7), Bound::Program(somaxconn)));
    assert!(small.phrase().to_string().contains("raising that changes nothing"), "{}", small.phrase());
    let large = at(large.local_addr().unwrap());
    assert_eq!((large.listener.backlog, large.bound), (Some(somaxconn), Bound::Somaxconn(somaxconn)));
    assert!(large.phrase().to_string().contains("sysctl --system"), "{}", large.phrase());
}

#[test]
fn a_queue_that_is_full_now_is_said_to_be_that() {
    let listener = listen(1);
    let address = listener.local_addr().unwrap();
    let _clients = [(); 2].map(|()| TcpStream::connect(address).unwrap());
    let full = until(|| Some(at(address)).filter(|waiting| waiting.listener.is_full()));
    assert_eq!((full.listener.queue, full.listener.backlog), (2, Some(1)));
}

#[test]
fn a_stranger_is_told_that_the_queues_are_hidden_and_what_shows_them() {
    if !is_root() {
        return;
    }
    let program = Program::start(Command::new("sleep").arg("600"));
    let found = told_nobody(program.0.id(), None);
    assert!(found.waiting.is_empty() && found.overflows.is_some());
    let said = found.unseen.iter().find(|unseen| **unseen == Unseen::Listeners).unwrap();
    assert_eq!(said.phrase().code, "unseen_listeners");
}

#[test]
fn a_limit_of_a_control_group_of_either_version_is_found_and_one_that_is_hidden_is_said_to_be_that() {
    let fake = crate::fake::Fake::new();
    let dir = fake.process(7, b"worker");
    fs::write(dir.join("cgroup"), "3:pids:/a/b\n0::/\n").unwrap();
    let hidden = fake.proc().diagnose(7, None).unwrap();
    assert!(hidden.unseen.contains(&Unseen::Pids), "{:?}", hidden.unseen);
    let root = fake.process(1, b"init").join("root");
    let group = root.join("sys/fs/cgroup/pids/a");
    fs::create_dir_all(group.join("b")).unwrap();
    fs::write(group.join("pids.max"), "500\n").unwrap();
    fs::write(group.join("b/pids.max"), "max\n").unwrap();
    let found = fake.proc().diagnose(7, None).unwrap();
    let pids = found.ceilings.iter().find(|ceiling| ceiling.name == "pids.max").unwrap();
    assert_eq!((pids.value, pids.used), (500, None));
    assert!(!found.unseen.contains(&Unseen::Pids), "{:?}", found.unseen);
}
