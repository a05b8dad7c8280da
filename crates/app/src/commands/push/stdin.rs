//! Stdin on its way to the hub: read by a thread, held until it is acknowledged.
//!
//! Bound: 1 MiB is held; then nothing is read until some of it is acknowledged, and whoever writes into the pipe waits. The
//! thread is never waited for: it may sit in a read that does not end before the program does.

use std::io::{self, ErrorKind, Read, Write};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use bytes::{Buf, Bytes, BytesMut};
use tokio::sync::Notify;

/// The most that is held, in bytes.
const MOST: usize = 1 << 20;
/// The most that is read at once, in bytes: what a pipe holds.
const READ: usize = 64 << 10;

/// What was read and is not acknowledged.
#[derive(Debug)]
pub(super) struct Held(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    /// Something was acknowledged.
    room: Condvar,
    /// Something was read, or the end.
    came: Notify,
}

#[derive(Debug, Default)]
struct State {
    bytes: BytesMut,
    ended: bool,
    failure: Option<io::Error>,
}

impl Held {
    /// Begins to read. `tee`: what is read also goes to stdout.
    pub(super) fn read(tee: bool) -> Self {
        let shared = Arc::new(Shared::default());
        let reading = Arc::clone(&shared);
        std::thread::spawn(move || {
            let failure = reading.read_all(&mut io::stdin().lock(), tee).err();
            let mut state = reading.lock();
            (state.ended, state.failure) = (true, failure);
            drop(state);
            reading.came.notify_one();
        });
        Held(shared)
    }

    /// Waits until there is something; `false` at the end. Cancel safe.
    pub(super) async fn has_some(&self) -> bool {
        loop {
            match *self.0.lock() {
                State { ref bytes, .. } if !bytes.is_empty() => return true,
                State { ended: true, .. } => return false,
                _ => (),
            }
            self.0.came.notified().await;
        }
    }

    /// Whether there is so much, or all there will be, that waiting for more is of no use.
    pub(super) fn is_pressing(&self, bytes: usize) -> bool {
        let state = self.0.lock();
        state.ended || state.bytes.len() >= bytes
    }

    /// Waits until that is so. Cancel safe.
    pub(super) async fn presses(&self, bytes: usize) {
        while !self.is_pressing(bytes) {
            self.0.came.notified().await;
        }
    }

    /// The oldest of it, at most so many bytes.
    pub(super) fn front(&self, most: usize) -> Bytes {
        let state = self.0.lock();
        Bytes::copy_from_slice(&state.bytes[..state.bytes.len().min(most)])
    }

    /// So many of the oldest bytes need not be held any longer.
    pub(super) fn acknowledged(&self, bytes: usize) {
        self.0.lock().bytes.advance(bytes);
        self.0.room.notify_one();
    }

    /// Why stdin was not read to its end, if it was not.
    pub(super) fn failure(&self) -> Option<io::Error> {
        self.0.lock().failure.take()
    }
}

impl Shared {
    fn read_all(&self, stdin: &mut impl Read, tee: bool) -> io::Result<()> {
        let mut stdout = tee.then(io::stdout);
        let mut buffer = vec![0; READ];
        loop {
            let read = match stdin.read(&mut buffer) {
                Ok(0) => return Ok(()),
                Ok(read) => read,
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            let read = &buffer[..read];
            // Whoever has closed our stdout does not want to see it; the log goes on.
            stdout = stdout.filter(|out| show(out, read).is_ok());
            self.hold(read);
        }
    }

    /// Waits until there is room.
    fn hold(&self, read: &[u8]) {
        let full = |state: &mut State| state.bytes.len() + read.len() > MOST;
        let mut state = self.room.wait_while(self.lock(), full).unwrap_or_else(PoisonError::into_inner);
        state.bytes.extend_from_slice(read);
        drop(state);
        self.came.notify_one();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn show(out: &io::Stdout, bytes: &[u8]) -> io::Result<()> {
    let mut out = out.lock();
    out.write_all(bytes)?;
    out.flush()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_is_not_acknowledged_is_bounded_and_the_writer_waits() {
        let shared = Arc::new(Shared::default());
        let held = Held(Arc::clone(&shared));
        let all: Vec<u8> = (0..3 * MOST).map(|n| n as u8).collect();
        let given = all.clone();
        let reading = std::thread::spawn(move || {
            shared.read_all(&mut &given[..], false).unwrap();
            shared.lock().ended = true;
            shared.came.notify_one();
        });
        let mut got = Vec::new();
        while held.has_some().await {
            held.presses(READ).await;
            assert!(held.0.lock().bytes.len() <= MOST);
            let piece = held.front(READ);
            assert_eq!(piece, held.front(READ), "a piece is there until it is acknowledged");
            held.acknowledged(piece.len());
            got.extend_from_slice(&piece);
        }
        reading.join().unwrap();
        assert!(got == all, "some of it is lost, or in another order");
    }
}
