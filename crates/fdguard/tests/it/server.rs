//! The echo example as a process of its own, and clients that say what became of them.

use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Resource, Rlimit, prlimit};

/// A client that hears nothing for this long was forgotten. Far above any bar: a busy machine must not fail a test.
pub(crate) const HUNG: Duration = Duration::from_secs(10);

/// What became of a client.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// It was served and still is.
    Served(TcpStream),
    /// It was refused in words, and then closed on in order.
    Refused(String),
    /// It was closed on without a word.
    Cut,
    /// It waits.
    Hung,
}

/// A running echo server.
pub(crate) struct Server {
    child: Child,
    pub(crate) address: SocketAddr,
}

impl Server {
    /// Starts the guarded server under `ulimit ARGUMENTS`.
    pub(crate) fn under(ulimit: &str) -> Self {
        Self::of(command(ulimit))
    }

    /// Starts the one that tries `accept` again and again under `ulimit ARGUMENTS`.
    pub(crate) fn naive(ulimit: &str) -> Self {
        Self::of(mode("--naive", ulimit))
    }

    fn of(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address = line.trim().strip_prefix("listening on ").unwrap().parse().unwrap();
        Self { child, address }
    }

    /// A client that connects, says something and waits for the answer.
    pub(crate) fn visit(&self) -> Outcome {
        outcome(knock(self.address))
    }

    /// As many clients as that, all of them connected before the first looks at its answer.
    pub(crate) fn visits(&self, clients: usize) -> Vec<Outcome> {
        let streams: Vec<_> = (0..clients).map(|_| knock(self.address)).collect();
        streams.into_iter().map(outcome).collect()
    }

    /// Visits until served: a server notices only a moment later that somebody left.
    pub(crate) fn visit_until_served(&self) -> TcpStream {
        let began = Instant::now();
        while began.elapsed() < HUNG {
            if let Outcome::Served(stream) = self.visit() {
                return stream;
            }
        }
        panic!("not served within {HUNG:?}");
    }

    /// Sets the soft limit of the running server from outside.
    pub(crate) fn set_soft_limit(&self, soft: u64) {
        let pid = Pid::from_raw(i32::try_from(self.child.id()).unwrap());
        let (_, hard) = self.limits();
        prlimit(pid, Resource::Nofile, Rlimit { current: Some(soft), maximum: Some(hard) }).unwrap();
    }

    /// Its soft and hard limit.
    pub(crate) fn limits(&self) -> (u64, u64) {
        let limits = std::fs::read_to_string(format!("/proc/{}/limits", self.child.id())).unwrap();
        let line = limits.lines().find(|line| line.starts_with("Max open files")).unwrap();
        let numbers: Vec<u64> = line.split_whitespace().filter_map(|word| word.parse().ok()).collect();
        (numbers[0], numbers[1])
    }

    /// How many descriptors it has open, counted one by one.
    pub(crate) fn open_files(&self) -> usize {
        std::fs::read_dir(format!("/proc/{}/fd", self.child.id())).unwrap().count()
    }

    /// Waits until it has noticed that somebody left.
    pub(crate) fn await_open_files(&self, wanted: usize) {
        let began = Instant::now();
        while self.open_files() != wanted {
            assert!(began.elapsed() < HUNG, "{} are open and not {wanted}", self.open_files());
            std::thread::yield_now();
        }
    }

    /// The time that it has had of a core.
    pub(crate) fn cpu(&self) -> Duration {
        // proc_pid_stat(5): behind the name in parentheses, fields 14 and 15 are user and system time in ticks.
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id())).unwrap();
        let fields = stat.rsplit(')').next().unwrap().split_whitespace().skip(11).take(2);
        let ticks: u64 = fields.map(|field| field.parse::<u64>().unwrap()).sum();
        Duration::from_secs_f64(ticks as f64 / rustix::param::clock_ticks_per_second() as f64)
    }

    /// Whether it still runs.
    pub(crate) fn is_alive(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

/// Closes what the tests were started with beside the three standard streams: of 20 descriptors each one counts, and a
/// shell or a runner may hand some of its own down.
const CLOSE_THE_REST: &str =
    "for fd in /proc/self/fd/*; do fd=${fd##*/}; if [ \"$fd\" -gt 2 ]; then eval \"exec $fd>&-\"; fi; done";

/// The guarded server under `ulimit ARGUMENTS`, not yet started.
pub(crate) fn command(ulimit: &str) -> Command {
    mode("--guarded", ulimit)
}

fn mode(mode: &str, ulimit: &str) -> Command {
    // Not sh: Debian's closes descriptors of one digit only.
    let mut command = Command::new("bash");
    let script = format!("{CLOSE_THE_REST}; {ulimit} && exec \"$0\" {mode}");
    command.args(["-c", &script]).arg(example("echo"));
    command.stdin(Stdio::null()).stderr(Stdio::null());
    command
}

/// Connects and speaks.
pub(crate) fn knock(address: SocketAddr) -> TcpStream {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(HUNG)).unwrap();
    // A server that refused already may have closed: what it said is in our buffer all the same.
    if let Err(error) = stream.write_all(b"hello\n") {
        assert!(matches!(error.kind(), ErrorKind::BrokenPipe | ErrorKind::ConnectionReset), "{error}");
    }
    stream
}

/// Waits for the answer.
pub(crate) fn outcome(mut stream: TcpStream) -> Outcome {
    let mut answer = Vec::new();
    let mut byte = [0];
    loop {
        match stream.read(&mut byte) {
            Ok(1) => answer.push(byte[0]),
            Ok(_) => break,
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Outcome::Hung,
            Err(_) => break,
        }
        if answer == b"hello\n" {
            return Outcome::Served(stream);
        }
    }
    if answer.starts_with(b"busy: ") && answer.ends_with(b"\n") {
        Outcome::Refused(String::from_utf8(answer).unwrap())
    } else {
        Outcome::Cut
    }
}

/// How many were served and how many refused. Nobody may be cut off or hang.
pub(crate) fn served_and_refused(outcomes: &[Outcome]) -> (usize, usize) {
    let served = outcomes.iter().filter(|outcome| matches!(outcome, Outcome::Served(_))).count();
    let refused = outcomes.iter().filter(|outcome| matches!(outcome, Outcome::Refused(_))).count();
    assert_eq!(served + refused, outcomes.len(), "somebody was left without a word: {outcomes:?}");
    (served, refused)
}

/// An example's program: cargo and nextest build the examples before they run the tests of a package.
fn example(name: &str) -> PathBuf {
    let tests = std::env::current_exe().unwrap();
    let program = tests.parent().unwrap().parent().unwrap().join("examples").join(name);
    assert!(program.exists(), "build it first: cargo build -p tailcast-fdguard --example {name}");
    program
}
