//! Frames on their way to a viewer: references to shared bytes, written many at a time.
//!
//! The queue is bounded in bytes and refuses what does not fit; the viewer decides what that means. Control frames go
//! between two frames, ahead of what is queued, never inside one. Nothing is copied, and an empty queue holds no
//! allocation. It refuses to send anything after a close, as the RFC does (§5.5.1).

use std::collections::VecDeque;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes};
use tokio::io::AsyncWrite;

use super::{Code, Frame, close_frame, pong_frame};

/// So many slices per system call. The kernel takes 1,024; beyond some dozens the cost of the call is spread already.
const SLICES: usize = 64;

const PING: &[u8] = &[0x89, 0x00];

#[derive(Default)]
pub(super) struct Writer {
    /// Bytes of data frames that may be queued.
    limit: usize,
    /// Bytes of data frames in `data`.
    queued: usize,
    /// What is left of a frame that has been written in part. Empty between frames.
    current: Bytes,
    /// The answer to the latest ping; an earlier one that was not sent yet is not owed any more (§5.5.3).
    pong: Bytes,
    ping: bool,
    closing: Closing,
    data: VecDeque<Bytes>,
    /// Something was written and the stream not yet asked to flush it.
    dirty: bool,
}

#[derive(Default)]
enum Closing {
    #[default]
    Open,
    Queued(Bytes),
    Sent,
}

impl Writer {
    pub(super) fn new(limit: usize) -> Self {
        Self { limit, ..Self::default() }
    }

    /// Bytes of data frames that wait, but for the one that is being written.
    pub(super) fn queued(&self) -> usize {
        self.queued
    }

    /// The same, with what is left of that one.
    pub(super) fn unwritten(&self) -> usize {
        self.queued + self.current.len()
    }

    pub(super) fn is_closing(&self) -> bool {
        !matches!(self.closing, Closing::Open)
    }

    /// Queues a frame if it fits. An empty queue takes any: else one over the bound could never be sent.
    pub(super) fn push(&mut self, frame: Frame) -> Result<(), Frame> {
        if self.queued > 0 && self.queued + frame.len() > self.limit {
            return Err(frame);
        }
        self.queued += frame.len();
        self.data.push_back(frame.0);
        Ok(())
    }

    pub(super) fn ping(&mut self) {
        self.ping = true;
    }

    pub(super) fn pong(&mut self, payload: &[u8]) {
        self.pong = pong_frame(payload);
    }

    /// Queues a close behind the frame that is being written, and drops the whole frames behind it: none may follow a
    /// close. Returns how many were dropped. Only the first close counts.
    pub(super) fn close(&mut self, code: Code, reason: &str) -> usize {
        if self.is_closing() {
            return 0;
        }
        self.closing = Closing::Queued(close_frame(code, reason));
        self.queued = 0;
        std::mem::take(&mut self.data).len()
    }

    /// Writes until nothing is queued, then flushes the stream.
    pub(super) fn poll_flush<S: AsyncWrite + Unpin>(
        &mut self,
        stream: &mut S,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        let mut stream = Pin::new(stream);
        while !self.is_empty() {
            self.turn();
            let mut slices = [IoSlice::new(&[]); SLICES];
            let filled = self.gather(&mut slices);
            // One frame is the common case, and the kernel does less for a plain send than for a vector of one.
            let written = ready!(match &slices[..filled] {
                [one] => stream.as_mut().poll_write(cx, one),
                many => stream.as_mut().poll_write_vectored(cx, many),
            })?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.dirty = true;
            self.advance(written);
        }
        if self.dirty {
            ready!(stream.poll_flush(cx))?;
            self.dirty = false;
        }
        Poll::Ready(Ok(()))
    }

    fn is_empty(&self) -> bool {
        let closing = matches!(self.closing, Closing::Queued(_));
        self.current.is_empty() && self.pong.is_empty() && !self.ping && !closing && self.data.is_empty()
    }

    /// Between two frames, the next control frame becomes the current one: pong, ping, close.
    fn turn(&mut self) {
        if !self.current.is_empty() {
            return;
        }
        if !self.pong.is_empty() {
            self.current = std::mem::take(&mut self.pong);
        } else if self.ping {
            self.ping = false;
            self.current = Bytes::from_static(PING);
        } else if let Closing::Queued(frame) = &mut self.closing {
            self.current = std::mem::take(frame);
            self.closing = Closing::Sent;
        }
    }

    /// The current frame, and data behind it unless a control frame has to go first. Returns how many slices there are.
    fn gather<'a>(&'a self, slices: &mut [IoSlice<'a>; SLICES]) -> usize {
        let control_next = !self.pong.is_empty() || self.ping || matches!(self.closing, Closing::Queued(_));
        let data = self.data.iter().filter(|_| !control_next);
        let current = std::iter::once(&self.current).filter(|current| !current.is_empty());
        let mut filled = 0;
        for (slice, bytes) in slices.iter_mut().zip(current.chain(data)) {
            *slice = IoSlice::new(bytes);
            filled += 1;
        }
        filled
    }

    /// Takes what was written off the front; a frame written in part becomes the current one.
    fn advance(&mut self, mut written: usize) {
        loop {
            let step = written.min(self.current.len());
            self.current.advance(step);
            written -= step;
            if written == 0 {
                break;
            }
            let Some(next) = self.data.pop_front() else { break };
            self.queued -= next.len();
            self.current = next;
        }
        if self.current.is_empty() {
            // An empty slice of a shared frame would still hold all of it.
            self.current = Bytes::new();
        }
        if self.data.is_empty() {
            self.data = VecDeque::new();
        }
    }
}
