//! Just enough HTTP/1.1 to ask over one connection, one question after the other, and to time the answers.

use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};

/// One connection that stays open.
#[derive(Debug)]
pub(crate) struct Client {
    connection: BufReader<TcpStream>,
    address: SocketAddr,
}

/// How the end of a body is told.
enum Body {
    Length(u64),
    Chunked,
}

impl Client {
    /// Connects. An answer that does not come within ten seconds is an error.
    pub(crate) fn connect(address: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(Duration::from_secs(10)))?;
        Ok(Self { connection: BufReader::with_capacity(256 * 1024, stream), address })
    }

    /// The body of an answer that must be 200.
    pub(crate) fn get(&mut self, path: &str) -> Result<Vec<u8>> {
        let mut body = Vec::new();
        self.read(path, &mut body)?;
        Ok(body)
    }

    /// Reads the body and forgets it; returns how long it was, in bytes.
    pub(crate) fn drain(&mut self, path: &str) -> Result<u64> {
        self.read(path, &mut io::sink())
    }

    fn read(&mut self, path: &str, into: &mut impl io::Write) -> Result<u64> {
        let request = format!("GET {path} HTTP/1.1\r\nHost: {}\r\n\r\n", self.address);
        self.connection.get_mut().write_all(request.as_bytes())?;
        match self.head().with_context(|| format!("GET {path}"))? {
            Body::Length(length) => Ok(io::copy(&mut self.connection.by_ref().take(length), into)?),
            Body::Chunked => self.chunks(into),
        }
    }

    fn head(&mut self) -> Result<Body> {
        let status = self.line()?;
        let mut body = None;
        loop {
            let header = self.line()?.to_ascii_lowercase();
            match header.split_once(':') {
                Some(("content-length", length)) => body = Some(Body::Length(length.trim().parse()?)),
                Some(("transfer-encoding", _)) => body = Some(Body::Chunked),
                None if header.is_empty() => break,
                _ => {}
            }
        }
        if !status.starts_with("HTTP/1.1 200") {
            bail!("{status}");
        }
        body.context("neither Content-Length nor chunks")
    }

    fn chunks(&mut self, into: &mut impl io::Write) -> Result<u64> {
        let mut sum = 0;
        loop {
            let length = u64::from_str_radix(self.line()?.trim(), 16)?;
            sum += io::copy(&mut self.connection.by_ref().take(length), into)?;
            self.line()?;
            if length == 0 {
                return Ok(sum);
            }
        }
    }

    fn line(&mut self) -> Result<String> {
        let mut line = String::new();
        self.connection.read_line(&mut line)?;
        match line.strip_suffix("\r\n") {
            Some(line) => Ok(line.to_owned()),
            None => bail!("the answer broke off"),
        }
    }
}
