//! What goes to the hub: live lines first, answers behind them, in one order that both ends can rely on.
//!
//! Two bounded queues and one writer. An answer that was made when the live edge stood at P says nothing of what lies
//! behind P, and leaves only after every live message that was queued before it: so a hub that has read such an answer
//! has all blocks up to P, and can go on in them. When the link is slow the queues are full, and pumps and answers wait.

use bytes::Bytes;
use tailcast_wire::{ToHub, encode};
use tokio::sync::mpsc;

/// Live messages that may wait: blocks of 256 KiB at most.
const LIVE: usize = 32;
/// Answers that may wait: pages of up to 4 MiB.
const ANSWERS: usize = 4;

/// Where pumps and answers put what they have. Clones share the queues.
#[derive(Debug, Clone)]
pub(crate) struct Outbox {
    live: mpsc::Sender<Bytes>,
    answers: mpsc::Sender<Bytes>,
}

/// The other end, for the one writer.
#[derive(Debug)]
pub(crate) struct Outgoing {
    live: mpsc::Receiver<Bytes>,
    answers: mpsc::Receiver<Bytes>,
}

/// The link has ended.
#[derive(Debug)]
pub(crate) struct Ended;

pub(crate) fn outbox() -> (Outbox, Outgoing) {
    let (live_tx, live) = mpsc::channel(LIVE);
    let (answers_tx, answers) = mpsc::channel(ANSWERS);
    (Outbox { live: live_tx, answers: answers_tx }, Outgoing { live, answers })
}

impl Outbox {
    /// Queues a live message that is encoded already, waiting for room. Cancel safe.
    pub(crate) async fn live(&self, message: Bytes) -> Result<(), Ended> {
        self.live.send(message).await.map_err(|_| Ended)
    }

    /// Queues an answer, waiting for room. Cancel safe.
    pub(crate) async fn answer(&self, message: &ToHub) -> Result<(), Ended> {
        self.answers.send(encode(message)).await.map_err(|_| Ended)
    }
}

impl Outgoing {
    /// Writes until the link ends or nobody has anything to say any more.
    pub(crate) async fn write(mut self, tx: mpsc::Sender<Bytes>) {
        loop {
            let sent = tokio::select! {
                biased;
                Some(message) = self.live.recv() => tx.send(message).await,
                Some(answer) = self.answers.recv() => match self.write_live_before(&tx).await {
                    Ok(()) => tx.send(answer).await,
                    ended => ended,
                },
                else => return,
            };
            if sent.is_err() {
                return;
            }
        }
    }

    /// All live messages that were queued before the answer that has just been taken.
    async fn write_live_before(&mut self, tx: &mpsc::Sender<Bytes>) -> Result<(), mpsc::error::SendError<Bytes>> {
        for _ in 0..self.live.len() {
            match self.live.try_recv() {
                Ok(message) => tx.send(message).await?,
                Err(_) => break,
            }
        }
        Ok(())
    }
}
