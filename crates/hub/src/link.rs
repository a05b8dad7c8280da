//! The hub's end of the link to one agent: what is sent to it, and which channels it follows under which numbers.
//!
//! The link itself is a pair of bounded queues of encoded messages, the same for the agent inside `serve` (a pipe in
//! memory) and for one that dialled in (`carry.rs` moves the messages over its WebSocket). `ingest.rs` reads it.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use jiff::tz::TimeZone;
use tailcast_wire::{Filter, Follow, Hello, ToAgent, encode};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::ask::Asks;
use crate::channel::Channel;

/// Messages that may wait on their way to the hub: each may be a block of 256 KiB or a page of 1 MiB.
const TO_HUB: usize = 32;
/// Messages that may wait on their way to an agent: they are small, and after a reconnect there is one for each channel.
const TO_AGENT: usize = 16_384;

/// How many bytes of blocks an agent may have under way on one channel.
pub(crate) const WINDOW: u64 = 4 << 20;

/// One end of a link: encoded messages out and in.
#[derive(Debug)]
pub struct Pipe {
    /// Messages to the other end.
    pub tx: mpsc::Sender<Bytes>,
    /// Messages from the other end.
    pub rx: mpsc::Receiver<Bytes>,
}

impl Pipe {
    /// Both ends of a link in memory: the hub's, the agent's.
    #[must_use]
    pub fn pair() -> (Pipe, Pipe) {
        let (to_agent, from_hub) = mpsc::channel(TO_AGENT);
        let (to_hub, from_agent) = mpsc::channel(TO_HUB);
        (Pipe { tx: to_agent, rx: from_agent }, Pipe { tx: to_hub, rx: from_hub })
    }
}

/// The other end is gone.
#[derive(Debug)]
pub(crate) struct Gone;

/// The link to one agent, while it is up.
#[derive(Debug)]
pub(crate) struct Link {
    hello: Hello,
    tx: mpsc::Sender<Bytes>,
    asks: Asks,
    next: AtomicU32,
    followed: Mutex<HashMap<u32, Arc<Channel>>>,
    closing: CancellationToken,
    why: Mutex<String>,
}

impl Link {
    pub(crate) fn new(hello: Hello, tx: mpsc::Sender<Bytes>) -> Self {
        Link {
            hello,
            tx,
            asks: Asks::default(),
            next: AtomicU32::new(1),
            followed: Mutex::default(),
            closing: CancellationToken::new(),
            why: Mutex::default(),
        }
    }

    pub(crate) fn hello(&self) -> &Hello {
        &self.hello
    }

    /// The host's time zone.
    pub(crate) fn zone(&self) -> TimeZone {
        self.hello.zone.as_deref().and_then(|name| TimeZone::get(name).ok()).unwrap_or(TimeZone::UTC)
    }

    pub(crate) fn asks(&self) -> &Asks {
        &self.asks
    }

    /// Asks the agent to follow a channel, from where the channel stands.
    pub(crate) fn follow(&self, channel: &Arc<Channel>) {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        self.lock().insert(number, Arc::clone(channel));
        let from = channel.edge().map(|at| at.position.to_string());
        let (log, filter): (String, Filter) = (channel.key.log.name.clone(), channel.key.filter.clone());
        self.try_send(&ToAgent::Follow(Follow { channel: number, log, filter, from, credit: WINDOW }));
    }

    /// Nobody looks at a channel any more.
    pub(crate) fn unfollow(&self, channel: &Arc<Channel>) {
        let mut followed = self.lock();
        let numbers: Vec<u32> = followed.iter().filter(|(_, c)| Arc::ptr_eq(c, channel)).map(|(n, _)| *n).collect();
        for number in numbers {
            followed.remove(&number);
            self.try_send(&ToAgent::Unfollow { channel: number });
        }
    }

    /// The channel that both ends call by this number; `None` after an unfollow that has crossed its last blocks.
    pub(crate) fn channel(&self, number: u32) -> Option<Arc<Channel>> {
        self.lock().get(&number).cloned()
    }

    /// Sends, waiting for room. Cancel safe.
    pub(crate) async fn send(&self, message: &ToAgent) -> Result<(), Gone> {
        self.tx.send(encode(message)).await.map_err(|_| Gone)
    }

    /// Sends without waiting. A queue that is full means that the agent has not read for long: such a link
    /// is closed, since a follow or unfollow that is dropped would leave the two ends in disagreement.
    pub(crate) fn try_send(&self, message: &ToAgent) {
        if self.tx.try_send(encode(message)).is_err() {
            self.close("it does not read what it is sent");
        }
    }

    /// Ends the link, with the reason that is listed.
    pub(crate) fn close(&self, words: &str) {
        let mut why = self.why.lock().unwrap_or_else(PoisonError::into_inner);
        if why.is_empty() {
            words.clone_into(&mut why);
        }
        drop(why);
        self.closing.cancel();
        self.asks.close();
    }

    /// Waits until the link is to be closed from this side, and says why. Cancel safe.
    pub(crate) async fn closed(&self) -> String {
        self.closing.cancelled().await;
        self.why.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<u32, Arc<Channel>>> {
        self.followed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
