//! Real processes at their limit, on a machine where others want each processor: one that tries again at once, and one that
//! computes.

use std::io::{BufRead, BufReader};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tailcast_procs::{Finding, Pattern, Proc, Unseen, Watch};

const LIMIT: usize = 20;

/// Ended with the test.
struct Ours(Child);

impl Drop for Ours {
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

/// The test `name` of this binary as a process of its own, with room for twenty files.
fn limited(name: &str) -> (Ours, u16) {
    let mut shell = Command::new("sh");
    shell.args(["-c", &format!("ulimit -n {LIMIT}; exec \"$@\"",), "sh"]).arg(std::env::current_exe().unwrap());
    shell.args(["--exact", name, "--ignored", "--nocapture"]);
    let mut child = Ours(shell.stdout(Stdio::piped()).spawn().unwrap());
    let mut lines = BufReader::new(child.0.stdout.take().unwrap()).lines().map_while(Result::ok);
    // The harness writes the name of the test before what the test writes.
    let port = lines.find_map(|line| line.rsplit_once("port ")?.1.parse().ok()).unwrap();
    (child, port)
}

/// So many that each processor is wanted by two.
fn others() -> Vec<Ours> {
    let processors = std::thread::available_parallelism().unwrap().get();
    let busy = || Ours(Command::new("sh").args(["-c", "while :; do :; done"]).spawn().unwrap());
    (0..processors).map(|_| busy()).collect()
}

/// What is found of it at each look, once it was looked at twice at its limit.
fn found(of: &Ours) -> impl Iterator<Item = Finding> {
    let (mut watch, began) = (Watch::new(Proc::new().unwrap()), Instant::now());
    let pid = of.0.id();
    let looks = std::iter::from_fn(move || {
        std::thread::sleep(Duration::from_secs(1));
        let list = watch.look(began.elapsed()).unwrap().list;
        let seen = list.into_iter().find(|seen| seen.process.id.pid == pid).unwrap();
        Some(seen.findings.into_iter().next())
    });
    looks.skip_while(Option::is_none).flatten().skip(1)
}

#[test]
fn who_accepts_in_vain_is_named_a_spin_also_where_others_take_the_processors() {
    let (naive, port) = limited("spin::accepts_in_vain");
    let _clients: Vec<_> = (0..LIMIT + 4).map(|_| TcpStream::connect(("127.0.0.1", port)).unwrap()).collect();
    let _others = others();
    let spin = found(&naive).take(30).find(|found| found.pattern == Pattern::Spin).expect("no spin is found");
    let demand = spin.demand.unwrap();
    assert!(demand.wanted >= 0.9 && demand.ran < demand.wanted, "{demand:?}");
    assert!(spin.waiting.iter().any(|listener| listener.address.port() == port), "{:?}", spin.waiting);
    assert!(spin.words.contains(" of 20 descriptors are open, and a thread wants to run "), "{}", spin.words);
    assert!(spin.words.contains(" to be accepted at 127.0.0.1:"), "{}", spin.words);
}

/// Asked by the user nobody: a thread has a user of its own.
fn told_nobody<T: Send + 'static>(ask: impl FnOnce() -> T + Send + 'static) -> T {
    let ask = move || {
        let (uid, gid) = (rustix::process::Uid::from_raw(65_534), rustix::process::Gid::from_raw(65_534));
        rustix::thread::set_thread_groups(&[]).unwrap();
        rustix::thread::set_thread_res_gid(gid, gid, gid).unwrap();
        rustix::thread::set_thread_res_uid(uid, uid, uid).unwrap();
        ask()
    };
    std::thread::spawn(ask).join().unwrap()
}

#[test]
fn a_stranger_is_told_that_a_spin_cannot_be_told_without_who_waits() {
    if !rustix::process::geteuid().is_root() {
        return;
    }
    let (computes, _port) = limited("spin::computes_at_its_limit");
    let pid = computes.0.id();
    let said = told_nobody(move || {
        let (mut watch, began) = (Watch::new(Proc::new().unwrap()), Instant::now());
        let mut looks = std::iter::from_fn(|| {
            std::thread::sleep(Duration::from_secs(1));
            let look = watch.look(began.elapsed()).unwrap();
            let seen = look.list.into_iter().find(|seen| seen.process.id.pid == pid).unwrap();
            Some((seen.unseen, look.unseen))
        });
        looks.by_ref().take(30).find(|(unseen, _)| !unseen.is_empty())
    });
    let (of_it, of_all) = said.expect("it is not said");
    assert_eq!(of_it, [Unseen::Spins { processes: 1 }]);
    assert!(of_all.iter().any(|unseen| matches!(unseen, Unseen::Spins { .. })), "{of_all:?}");
}

#[test]
fn who_computes_at_its_limit_is_at_its_limit_and_spins_not() {
    let (computes, _port) = limited("spin::computes_at_its_limit");
    let _others = others();
    let found: Vec<_> = found(&computes).take(4).map(|found| found.pattern).collect();
    assert_eq!(found, [Pattern::AtLimit; 4]);
}

#[test]
#[ignore = "it is the process that a test above looks at"]
fn accepts_in_vain() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    println!("port {}", listener.local_addr().unwrap().port());
    let mut clients = Vec::new();
    // As it is usually written: "too many open files" is still true at the next try.
    loop {
        clients.extend(listener.accept().map(|(client, _)| client));
    }
}

#[test]
#[ignore = "it is the process that a test above looks at"]
fn computes_at_its_limit() {
    let _files: Vec<_> = std::iter::from_fn(|| std::fs::File::open("/dev/null").ok()).collect();
    println!("port 0");
    let mut number = 1_u64;
    loop {
        number = std::hint::black_box(number.wrapping_mul(6_364_136_223_846_793_005));
    }
}
