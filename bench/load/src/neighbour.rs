//! What this program does when it is started by itself: a process beside those that are measured, which leaks, or holds sockets.
//!
//! Each ends with its stdin, so that none is left when the row that started it was ended by force.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};

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

fn until_told() -> Result<()> {
    println!("{READY}");
    Ok(std::io::stdin().read_to_end(&mut Vec::new()).map(drop)?)
}
