//! A viewer as cheap as it can be: one socket, one growing buffer, and the time of each line that comes in.
//!
//! It speaks just enough WebSocket (RFC 6455) to stay connected, so that thousands of them fit into one process
//! and the program under load is what the table shows. It looks for stamps in whatever comes; it parses no JSON.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::watch;

use crate::latency::Latencies;
use crate::stamp::{self, Stamp};

/// How much is read at once; also what is kept per viewer once lines come in.
const READ: usize = 32 * 1024;
/// An answer to the opening request that is longer than this is no answer.
const LONGEST_HEAD: usize = 16 * 1024;
/// A server that says nothing for this long has hung its client.
const PATIENCE: Duration = Duration::from_secs(10);

/// Where to look, and how to ask for it.
#[derive(Clone, Debug)]
pub(crate) struct Door {
    /// The server.
    pub(crate) address: SocketAddr,
    /// Path and query of the WebSocket.
    pub(crate) path: String,
    /// The subprotocol to ask for, if any.
    pub(crate) protocol: Option<&'static str>,
    /// A text message to send once inside, for servers that want one.
    pub(crate) hello: Option<String>,
}

/// What came of knocking.
#[derive(Debug)]
pub(crate) enum Knock {
    /// Inside.
    In(Viewer),
    /// Turned away with a status and words.
    Refused {
        /// The HTTP status.
        status: u16,
        /// Whether there was a body to read.
        in_words: bool,
    },
    /// Cut off or left waiting, without a word.
    Silence,
}

/// What one viewer saw.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tally {
    /// Lines that came in.
    pub(crate) lines: u64,
    /// Lines that came in again, or after a later one.
    pub(crate) disordered: u64,
    /// Write→viewer of each.
    pub(crate) latencies: Latencies,
    last: u64,
}

impl Tally {
    fn add(&mut self, stamp: Stamp, now_ns: u64) {
        self.lines += 1;
        self.disordered += u64::from(stamp.sequence <= self.last);
        self.last = self.last.max(stamp.sequence);
        self.latencies.add_ns(now_ns.saturating_sub(stamp.written_ns));
    }

    /// Adds what another viewer saw.
    pub(crate) fn join(&mut self, other: Self) {
        self.lines += other.lines;
        self.disordered += other.disordered;
        self.latencies.join(other.latencies);
    }
}

/// A viewer that is inside.
#[derive(Debug)]
pub(crate) struct Viewer {
    stream: TcpStream,
    unread: Vec<u8>,
    tally: Tally,
}

impl Door {
    /// Connects and asks to be let in.
    pub(crate) async fn knock(&self) -> io::Result<Knock> {
        self.knock_on(TcpStream::connect(self.address).await?).await
    }

    /// Asks to be let in over a connection that is there already.
    pub(crate) async fn knock_on(&self, mut stream: TcpStream) -> io::Result<Knock> {
        match tokio::time::timeout(PATIENCE, self.ask(&mut stream)).await {
            Ok(Ok(head)) if head.starts_with(b"HTTP/1.1 101") => Ok(Knock::In(self.enter(stream, &head).await?)),
            Ok(Ok(head)) => Ok(refused(&head)),
            Ok(Err(_)) | Err(_) => Ok(Knock::Silence),
        }
    }

    async fn ask(&self, stream: &mut TcpStream) -> io::Result<Vec<u8>> {
        let protocol = self.protocol.map(|name| format!("Sec-WebSocket-Protocol: {name}\r\n")).unwrap_or_default();
        let request = format!(
            "GET {} HTTP/1.1\r\nHost: {}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{protocol}\r\n",
            self.path, self.address
        );
        stream.write_all(request.as_bytes()).await?;
        let mut head = Vec::new();
        while !complete(&head) {
            if head.len() > LONGEST_HEAD || stream.read_buf(&mut head).await? == 0 {
                break;
            }
        }
        Ok(head)
    }

    async fn enter(&self, mut stream: TcpStream, head: &[u8]) -> io::Result<Viewer> {
        if let Some(hello) = &self.hello {
            stream.write_all(&masked(0x1, hello.as_bytes())).await?;
        }
        let unread = head.get(head_length(head).unwrap_or(head.len())..).unwrap_or_default().to_vec();
        let mut viewer = Viewer { stream, unread, tally: Tally::default() };
        viewer.take_frames()?;
        Ok(viewer)
    }
}

impl Viewer {
    /// Reads until told to stop, or until the server ends it.
    pub(crate) async fn watch(mut self, mut stop: watch::Receiver<bool>) -> Tally {
        tokio::select! {
            _ = stop.wait_for(|stop| *stop) => {}
            _ = self.read_on() => {}
        }
        self.tally
    }

    /// Never returns but for an error. Cancel safe: a frame that came in part stays in the buffer.
    async fn read_on(&mut self) -> io::Result<()> {
        loop {
            self.stream.readable().await?;
            // Only now, so that a viewer that nothing was sent to has no buffer.
            self.unread.reserve(READ);
            match self.stream.try_read_buf(&mut self.unread) {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(_) => self.take_frames()?,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Err(error),
            }
        }
    }

    fn take_frames(&mut self) -> io::Result<()> {
        let now_ns = stamp::now_ns();
        let mut taken = 0;
        while let Some(frame) = Frame::read(self.unread.get(taken..).unwrap_or_default()) {
            match frame.opcode {
                0x8 => return Err(io::ErrorKind::ConnectionAborted.into()),
                // Six bytes into a socket that we only read from: either they fit or the connection is broken.
                0x9 => drop(self.stream.try_write(&masked(0xA, frame.payload))?),
                _ => stamp::stamps(frame.payload).for_each(|stamp| self.tally.add(stamp, now_ns)),
            }
            taken += frame.length;
        }
        self.unread.drain(..taken);
        Ok(())
    }
}

/// One frame from a server: never masked (RFC 6455, section 5.1).
struct Frame<'a> {
    opcode: u8,
    payload: &'a [u8],
    length: usize,
}

impl<'a> Frame<'a> {
    /// The frame that `bytes` start with, once it is there as a whole.
    fn read(bytes: &'a [u8]) -> Option<Self> {
        let (header, size) = match bytes.get(1)? & 0x7F {
            126 => (4, u64::from(u16::from_be_bytes(bytes.get(2..4)?.try_into().ok()?))),
            127 => (10, u64::from_be_bytes(bytes.get(2..10)?.try_into().ok()?)),
            short => (2, u64::from(short)),
        };
        let length = header + usize::try_from(size).ok()?;
        Some(Self { opcode: bytes.first()? & 0x0F, payload: bytes.get(header..length)?, length })
    }
}

/// A short frame from a client. It must be masked; a mask of zeros leaves the bytes as they are.
fn masked(opcode: u8, payload: &[u8]) -> Vec<u8> {
    let payload = payload.get(..125).unwrap_or(payload);
    let mut frame = vec![0x80 | opcode, 0x80 | payload.len() as u8, 0, 0, 0, 0];
    frame.extend_from_slice(payload);
    frame
}

fn refused(head: &[u8]) -> Knock {
    let text = String::from_utf8_lossy(head);
    match text.split_whitespace().nth(1).and_then(|status| status.parse().ok()) {
        Some(status) => Knock::Refused { status, in_words: head_length(head).is_some_and(|end| end < head.len()) },
        None => Knock::Silence,
    }
}

/// With 101 the head is all; a refusal is complete when the server closes or its `Content-Length` is there.
fn complete(head: &[u8]) -> bool {
    let Some(end) = head_length(head) else { return false };
    head.starts_with(b"HTTP/1.1 101") || head.len() >= end + content_length(head)
}

fn head_length(head: &[u8]) -> Option<usize> {
    Some(memchr::memmem::find(head, b"\r\n\r\n")? + 4)
}

/// Without the header the body ends with the connection.
fn content_length(head: &[u8]) -> usize {
    let text = String::from_utf8_lossy(head).to_ascii_lowercase();
    let value = text.lines().find_map(|line| line.strip_prefix("content-length:")?.trim().parse().ok());
    value.unwrap_or(LONGEST_HEAD)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_is_taken_only_as_a_whole() {
        let mut bytes = vec![0x81, 126, 0, 200];
        bytes.extend([b'x'; 200]);
        assert!(Frame::read(&bytes[..100]).is_none());
        assert_eq!(Frame::read(&bytes).map(|frame| frame.length), Some(204));
    }

    #[test]
    fn a_refusal_in_words_is_told_from_one_without() {
        let words = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 4\r\n\r\nfull";
        assert!(complete(words) && !complete(&words[..words.len() - 1]));
        assert!(matches!(refused(words), Knock::Refused { status: 503, in_words: true }));
        assert!(matches!(refused(b"HTTP/1.1 503 x\r\n\r\n"), Knock::Refused { in_words: false, .. }));
        assert!(matches!(refused(b""), Knock::Silence));
    }
}
