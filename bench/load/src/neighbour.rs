//! What this program does when it is started by itself: a process beside those that are measured, which leaks, holds sockets, or
//! does nothing; or looks at all of them, so that its cost is counted like that of any other tool.
//!
//! Each ends with its stdin, so that none is left when the row that started it was ended by force.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use rustix::net::sockopt::set_socket_linger;
use tailcast_procs::Proc;

/// The word that stands before a part on the command line.
pub(crate) const WORD: &str = "neighbour";
/// What one says when it has begun.
const READY: &str = "ready";

/// A neighbour that runs; its end comes with that of its value.
#[derive(Debug)]
pub(crate) struct Neighbour(Child);

impl Neighbour {
    /// One that opens a connection to a Redis for each request, two of which come a minute, and never closes one.
    pub(crate) fn leaky(redis: SocketAddr) -> Result<Self> {
        Self::start(&["leaky", &redis.to_string()])
    }

    /// One that holds so many TCP sockets, connected in pairs to itself.
    pub(crate) fn holder(sockets: usize) -> Result<Self> {
        Self::start(&["holder", &sockets.to_string()])
    }

    /// One that does nothing.
    pub(crate) fn idle() -> Result<Self> {
        Self::start(&["idle"])
    }

    fn start(part: &[&str]) -> Result<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        command.arg(WORD).args(part).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut neighbour = Self(command.spawn()?);
        let mut said = String::new();
        BufReader::new(neighbour.0.stdout.as_mut().context("no stdout")?).read_line(&mut said)?;
        if said.trim() == READY { Ok(neighbour) } else { bail!("a neighbour did not begin: {part:?}") }
    }

    /// Its number.
    pub(crate) fn pid(&self) -> u32 {
        self.0.id()
    }
}

impl Drop for Neighbour {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        self.0.wait().map(drop).unwrap_or_default();
    }
}

/// Plays a part until its stdin ends.
pub(crate) fn play(part: &[String]) -> Result<()> {
    let words: Vec<&str> = part.iter().map(String::as_str).collect();
    match words[..] {
        ["leaky", redis] => leak(redis.parse()?),
        ["holder", sockets] => hold(sockets.parse()?),
        ["idle"] => until_told(),
        ["join"] => join(),
        ["connections"] => connections(),
        _ => bail!("there is no such neighbour: {part:?}"),
    }
}

fn leak(redis: SocketAddr) -> Result<()> {
    const BETWEEN: Duration = Duration::from_secs(30);
    std::thread::spawn(move || -> Result<()> {
        let mut never_closed = Vec::new();
        loop {
            let mut connection = TcpStream::connect(redis)?;
            connection.write_all(b"PING\r\n")?;
            connection.read_exact(&mut [0; 7])?;
            never_closed.push(connection);
            std::thread::sleep(BETWEEN);
        }
    });
    until_told()
}

fn hold(sockets: usize) -> Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    let mut held = Vec::with_capacity(sockets);
    for _ in 0..sockets / 2 {
        let client = TcpStream::connect(address)?;
        // Both ends are reset when they go: 50,000 that wait for a minute would be in the way of the next row.
        set_socket_linger(&client, Some(Duration::ZERO))?;
        held.extend([client, listener.accept()?.0]);
    }
    until_told()
}

/// Of each process with whom it is connected, by state: all that `ss -tanp` knows, in groups.
fn join() -> Result<()> {
    let proc = Proc::new()?;
    let joined = proc.compositions(&proc.pids()?);
    println!("{}", joined.iter().flat_map(|(_, held)| &held.peers).map(|peer| peer.count).sum::<u64>());
    Ok(())
}

/// What the page shows as the connections of a host.
fn connections() -> Result<()> {
    println!("{}", Proc::new()?.network()?.states.iter().map(|(_, count)| count).sum::<u64>());
    Ok(())
}

fn until_told() -> Result<()> {
    println!("{READY}");
    Ok(std::io::stdin().read_to_end(&mut Vec::new()).map(drop)?)
}
