//! The subscribing connection: a reader of RESP3 push of our own, with bounded buffers.
//!
//! General clients queue pushes without bound between the socket and whoever reads (530 MB measured). Here the buffer
//! holds what one read brought and at most one message more; the kernel and Redis do the waiting. Reading and writing go
//! on together, so that 20,000 subscriptions on their way out do not wait for their confirmations, nor these for them.

use bytes::{Buf, Bytes, BytesMut};
use tokio::io::{AsyncReadExt, AsyncWriteExt, ReadHalf, WriteHalf};

use super::refusal;
use super::resp::{self, Parsed, Value};
use crate::broker::dial::{Address, Duplex};
use crate::broker::topic::Subjects;
use crate::broker::{Change, Down, Heard};

/// Bytes asked of the kernel at a time.
const READ: usize = 64 << 10;

pub(crate) struct Tap {
    input: ReadHalf<Box<dyn Duplex>>,
    output: WriteHalf<Box<dyn Duplex>>,
    received: BytesMut,
    /// At most one batch of commands, a ping, and what of the batch before is not written yet.
    unsent: BytesMut,
    /// Whether TLS may hold something back that it was given.
    unflushed: bool,
    /// Bytes still to come of a string that is thrown away.
    skipping: usize,
    subjects: Subjects,
    longest: usize,
    /// Changes that Redis has not confirmed.
    pending: usize,
}

impl Tap {
    /// Connects, says who we are, and makes sure that this is a single server that speaks RESP3.
    pub(crate) async fn open(address: &Address, subjects: Subjects, longest: usize) -> Result<Self, Down> {
        let (input, output) = tokio::io::split(address.dial().await?);
        let mut tap = Self {
            input,
            output,
            received: BytesMut::new(),
            unsent: BytesMut::new(),
            unflushed: false,
            skipping: 0,
            subjects,
            longest,
            pending: 0,
        };
        tap.command(&hello(address));
        tap.greeted(address).await?;
        Ok(tap)
    }

    /// Reads the answer to `HELLO`.
    async fn greeted(&mut self, address: &Address) -> Result<(), Down> {
        let down = |words: &str| refusal::down(address, words);
        loop {
            let taken = match resp::parse(&self.received, self.longest).map_err(|_| down("it does not speak RESP"))? {
                Some(Parsed::Whole(Value::Error(words), _)) => return Err(down(&refusal::told(words))),
                Some(Parsed::Whole(Value::List(about), taken)) if says(&about, b"mode", b"cluster") => {
                    let _ = taken;
                    return Err(down(CLUSTER));
                }
                Some(Parsed::Whole(_, taken)) => taken,
                Some(Parsed::Oversized { .. }) => return Err(down("it does not answer like Redis")),
                None => {
                    self.transfer().await?;
                    continue;
                }
            };
            self.received.advance(taken);
            return Ok(());
        }
    }

    fn command(&mut self, parts: &[&[u8]]) {
        command(&mut self.unsent, parts);
        self.unflushed = true;
    }

    /// Moves bytes in one direction or the other. Cancel safe.
    async fn transfer(&mut self) -> Result<(), Down> {
        self.received.reserve(READ);
        tokio::select! {
            read = self.input.read_buf(&mut self.received) => match read.map_err(Down::because)? {
                0 => Err(Down::because("Redis closed the connection")),
                _ => Ok(()),
            },
            written = write(&mut self.output, &mut self.unsent), if self.unflushed => {
                self.unflushed = !written.map_err(Down::because)?;
                Ok(())
            }
        }
    }

    /// Takes whole values out of what was received.
    fn take(&mut self, heard: &mut Vec<Heard>) -> Result<(), Down> {
        loop {
            let skipped = self.skipping.min(self.received.len());
            self.received.advance(skipped);
            self.skipping -= skipped;
            let parsed =
                resp::parse(&self.received, self.longest).map_err(|_| Down::because("Redis sent what is not RESP"))?;
            match parsed {
                None => return Ok(()),
                Some(Parsed::Oversized { head, follow }) => {
                    heard.push(Heard::Foreign);
                    self.skipping = follow + 2;
                    self.received.advance(head);
                }
                Some(Parsed::Whole(value, taken)) => {
                    let event = event(&value, &self.subjects)?;
                    self.pending -= usize::from(event.confirms).min(self.pending);
                    heard.push(event.heard);
                    self.received.advance(taken);
                }
            }
        }
    }
}

impl crate::broker::Tap for Tap {
    async fn change(&mut self, changes: &[Change]) -> Result<(), Down> {
        // A batch may mix both; runs of the same kind go into one command, in their order.
        let kind = |change: &Change| matches!(change, Change::Subscribe(_));
        for run in changes.chunk_by(|a, b| kind(a) == kind(b)) {
            let verb: &[u8] = if kind(&run[0]) { b"SUBSCRIBE" } else { b"UNSUBSCRIBE" };
            let subjects = run.iter().map(|change| self.subjects.of(change.id()));
            let subjects = subjects.collect::<Vec<_>>();
            let parts = [verb].into_iter().chain(subjects.iter().map(String::as_bytes)).collect::<Vec<_>>();
            command(&mut self.unsent, &parts);
        }
        self.unflushed = true;
        self.pending += changes.len();
        Ok(())
    }

    async fn ping(&mut self) -> Result<(), Down> {
        self.command(&[b"PING"]);
        Ok(())
    }

    async fn hear(&mut self, heard: &mut Vec<Heard>) -> Result<(), Down> {
        loop {
            self.take(heard)?;
            if !heard.is_empty() {
                return Ok(());
            }
            self.transfer().await?;
        }
    }

    fn pending(&self) -> usize {
        self.pending
    }
}

const CLUSTER: &str = "this is a cluster of Redis, which is not supported: give the address of a single server";

struct Happened {
    heard: Heard,
    /// Whether it answers one change.
    confirms: bool,
}

fn event(value: &Value<'_>, subjects: &Subjects) -> Result<Happened, Down> {
    let heard = |heard| Ok(Happened { heard, confirms: false });
    let Value::Push(parts) = value else {
        return match value {
            Value::Error(words) => Err(Down(refusal::told(words))),
            _ => heard(Heard::Alive),
        };
    };
    match parts[..] {
        [Value::Bytes(b"message"), Value::Bytes(subject), Value::Bytes(payload)] => match subjects.id(subject) {
            // Copied out, so that a small message does not hold on to the whole buffer that it came in.
            Some(id) => heard(Heard::Frame(id, Bytes::copy_from_slice(payload))),
            None => heard(Heard::Foreign),
        },
        [Value::Bytes(b"subscribe"), Value::Bytes(subject), _] => {
            let heard = subjects.id(subject).map_or(Heard::Foreign, Heard::Subscribed);
            Ok(Happened { heard, confirms: true })
        }
        [Value::Bytes(b"unsubscribe"), ..] => Ok(Happened { heard: Heard::Alive, confirms: true }),
        _ => heard(Heard::Alive),
    }
}

/// Writes or flushes; whether that was the last of it. Cancel safe.
async fn write(output: &mut WriteHalf<Box<dyn Duplex>>, unsent: &mut BytesMut) -> std::io::Result<bool> {
    if unsent.is_empty() {
        output.flush().await?;
        return Ok(true);
    }
    output.write_buf(unsent).await?;
    if unsent.is_empty() {
        *unsent = BytesMut::new();
    }
    Ok(false)
}

fn hello(address: &Address) -> Vec<&[u8]> {
    let mut parts: Vec<&[u8]> = vec![b"HELLO", b"3"];
    if let Some(password) = &address.password {
        let user = address.user.as_deref().unwrap_or("default");
        parts.extend([b"AUTH", user.as_bytes(), password.as_bytes()]);
    }
    parts.extend([&b"SETNAME"[..], b"tailcast-subscriber"]);
    parts
}

fn says(about: &[Value<'_>], key: &[u8], value: &[u8]) -> bool {
    about.chunks_exact(2).any(|pair| matches!(pair, [Value::Bytes(k), Value::Bytes(v)] if *k == key && *v == value))
}

fn command(out: &mut BytesMut, parts: &[&[u8]]) {
    out.extend_from_slice(format!("*{}\r\n", parts.len()).as_bytes());
    for part in parts {
        out.extend_from_slice(format!("${}\r\n", part.len()).as_bytes());
        out.extend_from_slice(part);
        out.extend_from_slice(b"\r\n");
    }
}
