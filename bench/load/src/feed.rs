//! What writes the lines, at an even pace, from a thread of its own: a program does not wait for its readers.

use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crate::stamp;

/// Where a line goes.
#[derive(Debug)]
pub(crate) enum Feed {
    /// To the end of a file, one write(2) per line.
    File(File),
    /// To a server that wants each line as a request, over one connection that stays open.
    Post {
        /// The connection.
        connection: BufReader<TcpStream>,
        /// The path that takes lines.
        path: &'static str,
    },
}

/// How many, how fast, how long.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pace {
    /// Lines per second.
    pub(crate) rate: u32,
    /// Seconds.
    pub(crate) seconds: u32,
    /// Bytes per line, with its newline.
    pub(crate) bytes: usize,
}

impl Pace {
    /// How many lines that makes.
    pub(crate) fn lines(&self) -> u64 {
        u64::from(self.rate) * u64::from(self.seconds)
    }
}

impl Feed {
    /// Writes lines with the sequences 1.. at `pace`. A late line is written at once: the rate holds over the whole.
    pub(crate) fn start(mut self, pace: Pace) -> JoinHandle<io::Result<Self>> {
        thread::spawn(move || {
            let started = Instant::now();
            let mut line = Vec::with_capacity(pace.bytes);
            for sequence in 1..=pace.lines() {
                let due = Duration::from_secs_f64(sequence as f64 / f64::from(pace.rate));
                thread::sleep(due.saturating_sub(started.elapsed()));
                stamp::stamp(&mut line, sequence, pace.bytes - 1);
                self.write(&mut line)?;
            }
            Ok(self)
        })
    }

    fn write(&mut self, line: &mut Vec<u8>) -> io::Result<()> {
        match self {
            Self::File(file) => {
                line.push(b'\n');
                file.write_all(line)
            }
            Self::Post { connection, path } => post(connection, path, line),
        }
    }
}

fn post(connection: &mut BufReader<TcpStream>, path: &str, body: &[u8]) -> io::Result<()> {
    let mut request = format!("POST {path} HTTP/1.1\r\nHost: bench\r\nContent-Length: {}\r\n\r\n", body.len());
    request.push_str(&String::from_utf8_lossy(body));
    connection.get_mut().write_all(request.as_bytes())?;
    let mut length = 0;
    let mut header = String::new();
    while connection.read_line(&mut header)? > 2 {
        if let Some(value) = header.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap_or(0);
        }
        header.clear();
    }
    io::copy(&mut connection.by_ref().take(length), &mut io::sink())?;
    Ok(())
}
