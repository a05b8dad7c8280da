//! Names, processes and permissions that are not as one expects.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use tailcast_procs::{Direction, Error, Kind, Owner, Proc, State, Unseen, Window};

use crate::fake::Fake;

const ALL: Window = Window { from: 0, most: 1000 };

#[test]
fn a_process_may_have_any_name() {
    let fake = Fake::new();
    for (pid, name) in [(7, &b"plain"[..]), (8, b"a) R 1 (b"), (9, b"line\nline"), (10, b"\xff\xfe")] {
        fake.process(pid, name);
    }
    let list = fake.proc().processes().unwrap().list;
    let names: Vec<_> = list.iter().map(|process| process.name.as_slice()).collect();
    assert_eq!(names, [&b"plain"[..], b"a) R 1 (b", b"line\nline", b"\xff\xfe"]);
    let process = &list[0];
    assert_eq!((process.command.as_slice(), process.threads, process.uid), (&b"plain --flag"[..], 3, Some(33)));
    assert_eq!(process.owner, Some(Owner::Unit("made-up.service".to_owned())));
    assert_eq!(process.cpu.as_millis(), 3000);
}

#[test]
fn open_files_are_counted_against_the_limit() {
    let fake = Fake::new();
    fake.process(7, b"x");
    for fd in 0..5 {
        fake.opens(7, fd, b"/dev/null");
    }
    let process = fake.proc().process(7).unwrap();
    assert_eq!((process.fds, process.percent()), (Some(5), Some(25.0)));
    assert_eq!(fake.proc().counts().unwrap(), [(7, 5)]);
}

#[test]
fn a_process_that_is_half_gone_is_left_out_or_shown_as_far_as_it_can_be_seen() {
    let fake = Fake::new();
    fs::create_dir(fake.dir.path().join("5")).unwrap();
    let dir = fake.process(6, b"ghost");
    for name in ["cmdline", "status", "limits", "cgroup"] {
        fs::remove_file(dir.join(name)).unwrap();
    }
    fs::remove_dir(dir.join("fd")).unwrap();
    let seen = fake.proc().processes().unwrap();
    let [process] = &seen.list[..] else { panic!("{seen:?}") };
    assert_eq!((process.fds, process.limit, process.uid, process.percent()), (None, None, None, None));
    assert!(matches!(fake.proc().process(5), Err(Error::NoSuchProcess(5))));
    assert!(matches!(fake.proc().process(4), Err(Error::NoSuchProcess(4))));
}

#[test]
fn a_number_that_is_given_to_another_process_is_another_process() {
    let fake = Fake::new();
    fake.process(7, b"first");
    let first = fake.proc().process(7).unwrap().id;
    let stat = fs::read_to_string(fake.dir.path().join("7/stat")).unwrap().replace(" 4242 ", " 9999 ");
    fs::write(fake.dir.path().join("7/stat"), stat).unwrap();
    assert_ne!(fake.proc().process(7).unwrap().id, first);
}

#[test]
fn targets_may_have_any_bytes() {
    let fake = Fake::new();
    fake.process(7, b"x");
    let odd = [&b"/tmp/a\nb"[..], b"/tmp/\xff", b"/tmp/named (deleted)", b"socket:[x]", b"anon_inode:[]"];
    for (fd, target) in odd.iter().enumerate() {
        fake.opens(7, fd as u32, target);
    }
    let detail = fake.proc().detail(7, ALL).unwrap();
    assert_eq!(detail.total, Some(5));
    let targets: Vec<_> = detail.files.iter().map(|file| (file.target.as_slice(), file.deleted)).collect();
    assert!(
        targets.contains(&(&b"/tmp/a\nb"[..], false)) && targets.contains(&(&b"/tmp/\xff"[..], false)),
        "{targets:?}"
    );
    assert!(targets.contains(&(&b"/tmp/named"[..], true)), "{targets:?}");
}

#[test]
fn sockets_of_another_network_are_found_in_the_files_of_the_process() {
    let fake = Fake::new();
    let dir = fake.process(7, b"leaky");
    fs::create_dir(dir.join("net")).unwrap();
    let head = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n";
    let rows: String = (0..12)
        .map(|n| {
            format!("{n:4}: 0100000A:{:04X} 0500000A:18EB 08 00000000:00000000 00:00000000 00000000   102        0 {} 1 x\n", 40_000 + n, 500 + n)
        })
        .collect();
    fs::write(dir.join("net/tcp"), format!("{head}{rows}")).unwrap();
    for n in 0..12 {
        fake.opens(7, n, format!("socket:[{}]", 500 + n).as_bytes());
    }
    let detail = fake.proc().detail(7, ALL).unwrap();
    let [peer] = &detail.peers[..] else { panic!("{:?}", detail.peers) };
    assert_eq!(peer.to_string(), "12 → 10.0.0.5:6379 (redis), 12 CLOSE_WAIT");
    assert_eq!((peer.direction, peer.in_state(State::CloseWait)), (Direction::Out, 12));
    assert_eq!(detail.kinds, [(Kind::Socket, 12)]);
}

#[test]
fn what_is_in_another_network_is_not_taken_for_ours() {
    let fake = Fake::new();
    let root = fake.dir.path();
    let row = |inode: u32, local: &str, remote: &str, state: &str| {
        format!("{inode}: {local} {remote} {state} 0:0 0:0 0 0 0 {inode} 1 x\n")
    };
    // Both have a listener at 127.0.0.1:6379; in the other one a connection to such a one has come in.
    let (listens, nobody) = ("0100007F:18EB", "00000000:0000");
    for (dir, namespace, rows) in [
        (root.join("self"), 1, String::new()),
        (fake.process(7, b"container"), 2, row(71, listens, nobody, "0A") + &row(72, listens, "0100007F:9999", "01")),
        (root.to_owned(), 0, row(1, listens, nobody, "0A") + &row(2, "0100007F:9999", listens, "01")),
    ] {
        fs::create_dir_all(dir.join("ns")).unwrap();
        fs::create_dir_all(dir.join("net")).unwrap();
        std::os::unix::fs::symlink(format!("net:[{namespace}]"), dir.join("ns/net")).unwrap();
        fs::write(dir.join("net/tcp"), rows).unwrap();
    }
    let network = fake.proc().network().unwrap();
    let mut listeners: Vec<_> = network.listeners.iter().map(|known| (known.inside, known.address.port())).collect();
    listeners.sort_unstable();
    assert_eq!(listeners, [(None, 6379), (Some(7), 6379)]);
    let mut peers: Vec<_> = network.peers.iter().map(ToString::to_string).collect();
    peers.sort_unstable();
    let inside = "1 ← port 6379 (redis) from 127.0.0.1, in the network of pid 7";
    assert_eq!(peers, [inside, "1 → 127.0.0.1:6379 (redis)"]);
}

#[test]
fn a_window_lists_some_files_and_all_are_counted() {
    let fake = Fake::new();
    fake.process(7, b"x");
    for fd in 0..10 {
        fake.opens(7, fd, b"/dev/null");
    }
    let mut seen = Vec::new();
    for from in [0, 3] {
        let detail = fake.proc().detail(7, Window { from, most: 3 }).unwrap();
        assert_eq!((detail.files.len(), detail.total), (3, Some(10)));
        seen.extend(detail.files.iter().map(|file| file.fd));
    }
    // The directory of a test is in no order; the kernel's is in ascending order.
    assert_eq!(seen.len(), 6);
}

/// Runs the test `name` of this very binary as the user nobody, who can read it only where everybody can.
pub(crate) fn as_nobody(name: &str) {
    use std::os::unix::process::CommandExt;
    let dir = tempfile::tempdir().unwrap();
    fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let copy = dir.path().join("it");
    fs::copy(std::env::current_exe().unwrap(), &copy).unwrap();
    let mut command = std::process::Command::new(copy);
    command.args(["--exact", name, "--ignored"]).current_dir("/").uid(65534).gid(65534);
    let ran = command.output().unwrap();
    let said = String::from_utf8_lossy(&ran.stdout);
    assert!(ran.status.success() && said.contains("1 passed"), "{said}");
}

#[test]
fn without_a_privilege_all_are_counted_and_what_is_hidden_is_said() {
    if rustix::process::geteuid().is_root() {
        as_nobody("odd::nobody_sees_counts_and_no_files");
    }
}

#[test]
#[ignore = "it is run as another user by the test above"]
fn nobody_sees_counts_and_no_files() {
    let proc = Proc::new().unwrap();
    let seen = proc.processes().unwrap();
    let init = seen.list.iter().find(|process| process.id.pid == 1).unwrap();
    assert!(init.limit.is_some() && init.uid == Some(0), "{init:?}");
    let detail = proc.detail(1, ALL).unwrap();
    assert_eq!((detail.total, &detail.unseen[..]), (None, &[Unseen::Files][..]));
    let said = detail.unseen[0].to_string();
    assert!(said.contains("CAP_DAC_READ_SEARCH and CAP_SYS_PTRACE together would show it"), "{said}");
    // Of ourselves we see all, and who cannot be looked into for the other ends is counted.
    let (_one, _other) = std::os::unix::net::UnixStream::pair().unwrap();
    let own = proc.detail(std::process::id(), ALL).unwrap();
    assert!(own.total.is_some(), "{own:?}");
    assert!(matches!(own.unseen[..], [Unseen::OtherEnds { processes: 1.. }]), "{:?}", own.unseen);
}

#[test]
fn what_is_no_proc_is_refused_and_an_empty_one_is_empty() {
    assert!(matches!(Proc::at("/nonexistent".as_ref()), Err(Error::Root { .. })));
    let fake = Fake::new();
    assert!(fake.proc().processes().unwrap().list.is_empty());
}

#[test]
fn on_a_machine_of_many_processors_it_is_known_when_a_process_was_started() {
    let fake = Fake::new();
    fake.process(7, b"x");
    let cpus = "cpu0 1234567 0 1234567 12345678901 1234567 0 1234567 0 0 0\n".repeat(512);
    let interrupts = format!("intr 1{}\n", " 0".repeat(30_000));
    fs::write(fake.dir.path().join("stat"), [&cpus, &interrupts, "btime 1700000000\n"].concat()).unwrap();
    assert!(fake.proc().process(7).unwrap().started.is_some());
}

#[test]
fn networks_that_are_too_many_to_be_looked_into_are_counted() {
    let fake = Fake::new();
    for pid in 1..=300 {
        let dir = fake.process(pid, b"x");
        fs::create_dir(dir.join("ns")).unwrap();
        std::os::unix::fs::symlink(format!("net:[{pid}]"), dir.join("ns/net")).unwrap();
    }
    let network = fake.proc().network().unwrap();
    assert_eq!(network.namespaces, 257);
    assert!(network.unseen.contains(&Unseen::MoreNamespaces(44)), "{:?}", network.unseen);
}
