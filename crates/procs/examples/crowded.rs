//! How long the looks take beside `lsof -nP`, `ss -tanp` and `lsfd`, on a machine with many sockets, which it opens itself.
//!
//! ```sh
//! cargo run --release -p tailcast-procs --example crowded -- 20000
//! ```
//!
//! Prints the best of three of each, and the load of the machine at that time. A tool that is not installed has a dash.

use std::error::Error;
use std::io::{BufRead, BufReader, Read};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tailcast_procs::{Proc, Window};

/// Sockets of one holder: as many descriptors, below most limits.
const EACH: usize = 5000;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args_os().skip(1).filter_map(|argument| argument.into_string().ok());
    match (arguments.next().as_deref(), arguments.next()) {
        (Some("hold"), Some(sockets)) => hold(sockets.parse()?),
        (sockets, _) => measure(sockets.unwrap_or("20000").parse()?),
    }
}

/// Opens connections to itself, and holds them until its stdin ends.
fn hold(sockets: usize) -> Result<(), Box<dyn Error>> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    let mut held = Vec::with_capacity(sockets);
    for _ in 0..sockets / 2 {
        held.push(TcpStream::connect(address)?);
        held.push(listener.accept()?.0);
    }
    println!("ready");
    std::io::stdin().read_to_end(&mut Vec::new())?;
    Ok(())
}

/// A process that holds sockets, ended when it is dropped.
struct Holder(Child);

impl Holder {
    fn start(sockets: usize) -> Result<Self, Box<dyn Error>> {
        let mut command = Command::new(std::env::current_exe()?);
        command.args(["hold", &sockets.to_string()]).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut holder = Holder(command.spawn()?);
        let mut said = String::new();
        if let Some(stdout) = &mut holder.0.stdout {
            BufReader::new(stdout).read_line(&mut said)?;
        }
        if said.trim() == "ready" { Ok(holder) } else { Err("a holder could not open its sockets".into()) }
    }
}

impl Drop for Holder {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        drop(self.0.wait());
    }
}

fn measure(sockets: usize) -> Result<(), Box<dyn Error>> {
    let holders = (0..sockets.div_ceil(EACH)).map(|at| Holder::start(EACH.min(sockets - at * EACH)));
    let holders = holders.collect::<Result<Vec<_>, _>>()?;
    let proc = Proc::new()?;
    let processes = proc.counts()?.len();
    let load = std::fs::read_to_string("/proc/loadavg")?;
    println!("{sockets} sockets in {} of {processes} processes; load {}", holders.len(), load.trim());
    let own = |words: &str, took: Result<Duration, Box<dyn Error>>| row(words, took.ok());
    let counts = best(|| Ok(proc.counts()?))?;
    println!("{:>10.2} µs  count of open files, for each process", counts.as_secs_f64() * 1e6 / processes as f64);
    own("counts of all", Ok(counts));
    own("list of all, with limits, users, units", best(|| Ok(proc.processes()?)));
    own("every socket, joined with who holds each listener", best(|| Ok(proc.network()?)));
    let one = holders.first().ok_or("no holder")?.0.id();
    let window = Window { from: 0, most: 500 };
    own("one holder in full, with who has the other ends", best(|| Ok(proc.detail(one, window)?)));
    for tool in [&["lsof", "-nP"][..], &["ss", "-tanp"], &["lsfd"], &["netstat", "-tanp"]] {
        row(&tool.join(" "), best(|| run(tool)).ok());
    }
    Ok(())
}

fn run(tool: &[&str]) -> Result<(), Box<dyn Error>> {
    Command::new(tool[0]).args(&tool[1..]).stdout(Stdio::null()).stderr(Stdio::null()).status()?;
    Ok(())
}

fn best<T>(mut work: impl FnMut() -> Result<T, Box<dyn Error>>) -> Result<Duration, Box<dyn Error>> {
    let mut best = Duration::MAX;
    for _ in 0..3 {
        let began = Instant::now();
        work()?;
        best = best.min(began.elapsed());
    }
    Ok(best)
}

fn row(words: &str, took: Option<Duration>) {
    match took {
        Some(took) => println!("{:>10.2} ms  {words}", took.as_secs_f64() * 1e3),
        None => println!("{:>10} ms  {words}", "-"),
    }
}
