//! A WebSocket with one viewer: the stream, what comes in, what goes out.
//!
//! No task, no lock, no buffer of its own while it is silent. The viewer polls it beside its subscription, and drains
//! only when everything is flushed, so that what a slow viewer has not taken stays in the channel:
//!
//! ```text
//! if let Poll::Ready(message) = socket.poll_recv(cx) { … }
//! if socket.poll_flush(cx)?.is_ready() {
//!     if let Poll::Ready(drained) = subscription.poll_drain(cx, …) { … socket.send(frame) … }
//! }
//! ```
//!
//! Pings are answered, a close is echoed, and a peer that breaks the protocol is told so, all in [`Socket::poll_recv`].
//! It refuses to keep time: pinging, giving up on a peer, and the limit for [`Socket::finish`] are the caller's.

use std::future::poll_fn;
use std::io;
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};

use super::reader::{Event, Reader};
use super::writer::Writer;
use super::{Close, Code, Frame, Violation};

/// Read at once, into the stack. Viewers send small commands; a large one takes a few rounds.
const READ: usize = 4096;

/// What a socket may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// A message from the viewer, over all its fragments, in bytes. Beyond it the viewer is closed with 1009.
    pub message: u32,
    /// Frames queued for the viewer, in bytes. Beyond it [`Socket::send`] refuses; one frame is always taken.
    pub queue: usize,
}

impl Default for Limits {
    /// 64 KiB in: a filter of that size is a mistake. 256 KiB out: one block.
    fn default() -> Self {
        Self { message: 64 << 10, queue: 256 << 10 }
    }
}

/// What a viewer says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// A text message.
    Text(String),
    /// A binary message.
    Binary(Vec<u8>),
    /// The answer to a [`ping`](Socket::ping): it lives.
    Pong,
    /// The last word, its own or [`Code::CUT`]. What is left to do is [`Socket::finish`].
    Close(Close),
}

/// Why a socket is of no use any more.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The peer broke the protocol. A close with the fitting code is queued.
    #[error("WebSocket protocol: {0}")]
    Violation(#[from] Violation),
    /// The stream broke.
    #[error("WebSocket: {0}")]
    Io(#[from] io::Error),
    /// The last word has been received already.
    #[error("the WebSocket is closed")]
    Closed,
}

/// Why a frame was not queued.
#[derive(Debug, thiserror::Error)]
pub enum Unsent {
    /// No room; here it is back.
    #[error("the viewer's queue is full")]
    Full(Frame),
    /// A close has been queued or sent: nothing may follow it.
    #[error("the WebSocket is closing")]
    Closing,
}

/// The server's end of a WebSocket, over any stream.
pub struct Socket<S> {
    stream: S,
    reader: Reader,
    writer: Writer,
    /// Read from the stream and not yet by `reader`: what followed a message in the same read. Mostly empty.
    rest: Bytes,
    /// The last word has been received: nothing is read any more.
    ended: bool,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Socket<S> {
    /// A socket whose handshake is done. `read` is what the HTTP server has read beyond the request.
    pub fn new(stream: S, read: Bytes, limits: Limits) -> Self {
        let (reader, writer) = (Reader::new(limits.message), Writer::new(limits.queue));
        // An empty slice would still hold the buffer that it was cut from: some 8 KiB per connection.
        let rest = if read.is_empty() { Bytes::new() } else { read };
        Self { stream, reader, writer, rest, ended: false }
    }

    /// Queues a frame. It leaves with the next flush, or receive.
    ///
    /// # Errors
    /// [`Unsent::Full`] gives the frame back.
    pub fn send(&mut self, frame: Frame) -> Result<(), Unsent> {
        if self.writer.is_closing() {
            return Err(Unsent::Closing);
        }
        self.writer.push(frame).map_err(Unsent::Full)
    }

    /// Bytes of frames that wait to be written, but for one that has been begun.
    #[must_use]
    pub fn queued(&self) -> usize {
        self.writer.queued()
    }

    /// Bytes of frames that wait to be written, with what is left of one that has been begun.
    #[must_use]
    pub fn unwritten(&self) -> usize {
        self.writer.unwritten()
    }

    /// Queues a ping, ahead of the data. The answer is a [`Message::Pong`].
    pub fn ping(&mut self) {
        if !self.writer.is_closing() {
            self.writer.ping();
        }
    }

    /// Queues a close, which overtakes what is queued; as nothing may follow a close, that is dropped. Returns the
    /// number of frames dropped: flush first where they matter. `reason` is cut at 123 bytes.
    pub fn close(&mut self, code: Code, reason: &str) -> usize {
        self.writer.close(code, reason)
    }

    /// The next message. Also writes what is queued, as far as the stream takes it.
    pub fn poll_recv(&mut self, cx: &mut Context<'_>) -> Poll<Result<Message, Error>> {
        let received = self.poll_read(cx);
        // After the reading, which may have queued a pong or the echo of a close. A message goes before an error.
        if let (Poll::Ready(Err(error)), Poll::Pending) = (self.poll_flush(cx), &received) {
            return Poll::Ready(Err(error.into()));
        }
        received
    }

    /// Ready when all that was queued has been handed to the stream.
    pub fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.writer.poll_flush(&mut self.stream, cx)
    }

    /// [`poll_recv`](Self::poll_recv) as a future. Cancel safe: a message is taken only when it is ready.
    ///
    /// # Errors
    /// After any error the socket is good only for [`finish`](Self::finish).
    pub async fn recv(&mut self) -> Result<Message, Error> {
        poll_fn(|cx| self.poll_recv(cx)).await
    }

    /// [`poll_flush`](Self::poll_flush) as a future. Cancel safe: what is written is not written again.
    ///
    /// # Errors
    /// When the stream breaks.
    pub async fn flush(&mut self) -> io::Result<()> {
        poll_fn(|cx| self.poll_flush(cx)).await
    }

    /// Flushes, ends our side of the stream, and waits for the peer to end its own: closing on unread input would reset
    /// the connection and take the last frames with it. Needs a time limit from outside; gives up after 1 MiB of input.
    ///
    /// # Errors
    /// When the stream breaks.
    pub async fn finish(mut self) -> io::Result<()> {
        self.flush().await?;
        self.stream.shutdown().await?;
        tokio::io::copy(&mut self.stream.take(1 << 20), &mut tokio::io::sink()).await?;
        Ok(())
    }

    fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<Result<Message, Error>> {
        if self.ended {
            return Poll::Ready(Err(Error::Closed));
        }
        loop {
            if let Some(message) = self.take_message()? {
                return Poll::Ready(Ok(message));
            }
            let mut stack = [const { MaybeUninit::uninit() }; READ];
            let mut buffer = ReadBuf::uninit(&mut stack);
            ready!(Pin::new(&mut self.stream).poll_read(cx, &mut buffer))?;
            if buffer.filled().is_empty() {
                self.ended = true;
                return Poll::Ready(Ok(Message::Close(Close { code: Code::CUT, reason: String::new() })));
            }
            let mut input = buffer.filled();
            let message = self.next_message(&mut input)?;
            // Copied only when more came than one message.
            self.rest = Bytes::copy_from_slice(input);
            if let Some(message) = message {
                return Poll::Ready(Ok(message));
            }
        }
    }

    /// The next message in `rest`.
    fn take_message(&mut self) -> Result<Option<Message>, Violation> {
        if self.rest.is_empty() {
            return Ok(None);
        }
        let mut rest = std::mem::take(&mut self.rest);
        let mut input = &rest[..];
        let message = self.next_message(&mut input)?;
        let left = input.len();
        if left > 0 {
            rest.advance(rest.len() - left);
            self.rest = rest;
        }
        Ok(message)
    }

    /// The next message in `input`, which is taken off; what the protocol itself answers is answered on the way.
    fn next_message(&mut self, input: &mut &[u8]) -> Result<Option<Message>, Violation> {
        loop {
            let event = self.reader.next(input).inspect_err(|violation| {
                self.ended = true;
                self.writer.close(violation.code(), &violation.to_string());
            })?;
            match event {
                None => return Ok(None),
                Some(Event::Text(text)) => return Ok(Some(Message::Text(text))),
                Some(Event::Binary(bytes)) => return Ok(Some(Message::Binary(bytes))),
                Some(Event::Pong) => return Ok(Some(Message::Pong)),
                Some(Event::Ping(payload)) if self.writer.is_closing() => drop(payload),
                Some(Event::Ping(payload)) => self.writer.pong(&payload),
                Some(Event::Close(close)) => {
                    self.ended = true;
                    *input = &[];
                    self.writer.close(close.code, "");
                    return Ok(Some(Message::Close(close)));
                }
            }
        }
    }
}
