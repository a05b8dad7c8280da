//! The figures of the README: the guarded and the naive echo server side by side, on this machine, on loopback.
//!
//! ```text
//! cargo build --release -p tailcast-fdguard --examples && target/release/examples/storm
//! ```
//!
//! Three tables. *At the limit*: `ulimit -n 20`, 16 or 100 clients at once (the naive server has a backlog of 128); what the server's CPU does in the next
//! five seconds, what became of the clients, what five old clients with 20 messages per second notice, and how soon a
//! new client is served once the others have left. *Live*: `prlimit` down and up again. *Storm*: 5,000 clients at once.
//! Each client is a blocking socket, and a thread only where clients must act at the same time.

use std::error::Error;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Resource, Rlimit, prlimit};
use tailcast_fdguard::{Limit, backlog_in_force, listen_overflows};

type Outcome<T> = Result<T, Box<dyn Error>>;

/// A client that hears nothing for this long counts as hanging.
const PATIENCE: Duration = Duration::from_secs(5);
const OLD: usize = 5;
const STORM: usize = 5000;

fn main() -> Outcome<()> {
    println!("{}; backlog {}", Limit::raise(), backlog_in_force());
    println!(
        "\nat `ulimit -n 20`            CPU in 5 s  served  refused  silent  cut  refusal p99  old p99   recovery"
    );
    for clients in [16, 100] {
        for mode in ["--naive", "--guarded"] {
            at_the_limit(mode, clients)?;
        }
    }
    println!("\n`prlimit` on the guarded server at `ulimit -n 64`: until it refuses, until it serves again");
    live()?;
    println!("\n{STORM} clients at once          connect p50      p99      max   ListenOverflows  all served after");
    for mode in ["--naive", "--guarded"] {
        storm(mode)?;
    }
    Ok(())
}

fn at_the_limit(mode: &str, clients: usize) -> Outcome<()> {
    let server = Server::start(mode, "ulimit -n 20")?;
    let base = server.open_files()?; // tokio, the listener, and what the shell handed down
    let mut old = (0..OLD).map(|_| server.connect()).collect::<Result<Vec<_>, _>>()?;
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| -> Outcome<()> {
        let chatting = scope.spawn(|| chat(&mut old, &stop));
        let (cpu, began) = (server.cpu()?, Instant::now());
        let crowd = (0..clients).map(|_| Visit::begin(server.address)).collect::<Result<Vec<_>, _>>()?;
        let crowd: Vec<Visit> = crowd.into_iter().map(Visit::finish).collect();
        std::thread::sleep(Duration::from_secs(5).saturating_sub(began.elapsed()));
        let percent = (server.cpu()? - cpu).as_secs_f64() / began.elapsed().as_secs_f64() * 100.0;
        let fates = [Fate::Served, Fate::Refused, Fate::Silent, Fate::Cut];
        let [served, refused, silent, cut] = fates.map(|fate| crowd.iter().filter(|visit| visit.fate == fate).count());
        let refusals = crowd.iter().filter(|visit| visit.fate == Fate::Refused).map(|visit| visit.took).collect();
        stop.store(true, Relaxed);
        let echoes = chatting.join().map_err(|_| "the old clients were cut off")?;
        drop(crowd);
        let recovery = server.until(Fate::Served)?;
        println!(
            "{mode:10} {clients:4} clients {base:6} {:>10.1} % {served:7} {refused:8} {silent:7} {cut:4} {:>12} {:>8} {:>10}",
            percent,
            milliseconds(percentile(refusals, 99)),
            milliseconds(percentile(echoes, 99)),
            milliseconds(recovery),
        );
        Ok(())
    })
}

fn live() -> Outcome<()> {
    let server = Server::start("--guarded", "ulimit -n 64")?;
    let _old = (0..OLD).map(|_| server.connect()).collect::<Result<Vec<_>, _>>()?;
    server.limit(server.open_files()? + 3)?;
    let down = server.until(Fate::Refused)?;
    server.limit(64)?;
    let up = server.until(Fate::Served)?;
    println!("{:>10} {:>10}", milliseconds(down), milliseconds(up));
    Ok(())
}

fn storm(mode: &str) -> Outcome<()> {
    let server = Server::start(mode, &format!("ulimit -n {}", STORM * 2))?;
    let before = listen_overflows().unwrap_or_default();
    let began = Instant::now();
    // Four threads, so that the clients are quicker than the server.
    let visits: Vec<Visit> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4).map(|_| scope.spawn(|| crowd(server.address, STORM / 4))).collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap_or_default()).collect()
    });
    let served = visits.iter().filter(|visit| visit.fate == Fate::Served).count();
    let connects: Vec<Duration> = visits.iter().map(|visit| visit.connect).collect();
    let after = listen_overflows().unwrap_or_default();
    println!(
        "{mode:10} {served:5} served {:>20} {:>8} {:>8} {:>17} {:>17}",
        milliseconds(percentile(connects.clone(), 50)),
        milliseconds(percentile(connects.clone(), 99)),
        milliseconds(percentile(connects, 100)),
        after.overflows - before.overflows,
        milliseconds(Some(began.elapsed())),
    );
    Ok(())
}

/// So many clients, all connected before the first waits for its answer.
fn crowd(address: SocketAddr, clients: usize) -> Vec<Visit> {
    let visits: Vec<Visit> = (0..clients).filter_map(|_| Visit::begin(address).ok()).collect();
    visits.into_iter().map(Visit::finish).collect()
}

/// 20 messages per second from each, until told to stop: how long each took there and back.
fn chat(clients: &mut [TcpStream], stop: &AtomicBool) -> Vec<Duration> {
    let mut echoes = Vec::new();
    while !stop.load(Relaxed) {
        for client in clients.iter_mut() {
            let said = Instant::now();
            client.write_all(b"20 per second\n").and_then(|()| client.read_exact(&mut [0; 14])).unwrap_or_else(
                |error| {
                    panic!("an old client lost its connection: {error}");
                },
            );
            echoes.push(said.elapsed());
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    echoes
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Served,
    Refused,
    Silent,
    Cut,
}

/// One client that says hello.
struct Visit {
    stream: TcpStream,
    connected: Instant,
    connect: Duration,
    took: Duration,
    fate: Fate,
}

impl Visit {
    fn begin(address: SocketAddr) -> Outcome<Self> {
        let began = Instant::now();
        let mut stream = TcpStream::connect_timeout(&address, PATIENCE)?;
        let connect = began.elapsed();
        // A server that refuses at once may have closed already. What it said can still be read.
        let fate = if stream.write_all(b"hello\n").is_ok() { Fate::Silent } else { Fate::Cut };
        Ok(Self { stream, connected: Instant::now(), connect, took: Duration::ZERO, fate })
    }

    fn finish(mut self) -> Self {
        let left = PATIENCE.saturating_sub(self.connected.elapsed()).max(Duration::from_millis(1));
        let mut answer = [0; 256];
        self.fate = match self.stream.set_read_timeout(Some(left)).and_then(|()| self.stream.read(&mut answer)) {
            Ok(0) => Fate::Cut,
            Ok(_) if answer.starts_with(b"hello") => Fate::Served,
            Ok(_) => Fate::Refused,
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => Fate::Silent,
            Err(_) => Fate::Cut,
        };
        self.took = self.connected.elapsed();
        self
    }
}

struct Server {
    child: Child,
    address: SocketAddr,
}

impl Server {
    fn start(mode: &str, ulimit: &str) -> Outcome<Self> {
        let mut command = Command::new("sh");
        command.args(["-c", &format!("{ulimit} && exec \"$0\" {mode}")]).arg(echo()?);
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?;
        let mut line = String::new();
        BufReader::new(child.stdout.take().ok_or("no stdout")?).read_line(&mut line)?;
        let address = line.trim().strip_prefix("listening on ").ok_or("it does not listen")?.parse()?;
        Ok(Self { child, address })
    }

    /// A client that is served already.
    fn connect(&self) -> Outcome<TcpStream> {
        let visit = Visit::begin(self.address)?.finish();
        if visit.fate == Fate::Served { Ok(visit.stream) } else { Err("not served".into()) }
    }

    /// How long until a visit ends like this; `None` when it does not within twice the patience.
    fn until(&self, fate: Fate) -> Outcome<Option<Duration>> {
        let began = Instant::now();
        while began.elapsed() < PATIENCE * 2 {
            if Visit::begin(self.address)?.finish().fate == fate {
                return Ok(Some(began.elapsed()));
            }
        }
        Ok(None)
    }

    /// User and system time so far; the kernel counts it in ticks of 10 ms.
    fn cpu(&self) -> Outcome<Duration> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id()))?;
        // The name, second, may have spaces and is in brackets; user and system time are fields 14 and 15.
        let fields: Vec<&str> = stat.rsplit(") ").next().unwrap_or_default().split(' ').collect();
        let ticks = fields[11].parse::<u64>()? + fields[12].parse::<u64>()?;
        Ok(Duration::from_millis(ticks * 1000 / rustix::param::clock_ticks_per_second()))
    }

    fn open_files(&self) -> Outcome<u64> {
        Ok(std::fs::read_dir(format!("/proc/{}/fd", self.child.id()))?.count() as u64)
    }

    fn limit(&self, soft: u64) -> Outcome<()> {
        let pid = Pid::from_raw(i32::try_from(self.child.id())?);
        prlimit(pid, Resource::Nofile, Rlimit { current: Some(soft), maximum: Some(64) })?;
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let ended = self.child.kill().and_then(|()| self.child.wait());
        if let Err(error) = ended {
            eprintln!("the server is still there: {error}");
        }
    }
}

/// The echo example lies beside this one.
fn echo() -> Outcome<PathBuf> {
    let echo = std::env::current_exe()?.with_file_name("echo");
    if echo.exists() { Ok(echo) } else { Err("build it first: cargo build --examples".into()) }
}

fn percentile(mut times: Vec<Duration>, percent: usize) -> Option<Duration> {
    times.sort_unstable();
    times.get((times.len() * percent / 100).min(times.len().saturating_sub(1))).copied()
}

fn milliseconds(time: Option<Duration>) -> String {
    time.map_or_else(|| "-".into(), |time| format!("{:.1} ms", time.as_secs_f64() * 1000.0))
}
