//! The hub's end of the link to one agent: what is sent to it, and which channels it follows under which numbers.
//!
//! The link itself is a pair of bounded queues of encoded messages, the same for the agent inside `serve` (a pipe in
//! memory) and for one that dialled in (`carry.rs` moves the messages over its WebSocket). `ingest.rs` reads it.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use tailcast_wire::{Credential, Filter, Follow, Hello, HubId, PROTOCOL, ToAgent, Welcome, encode};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::ask::Asks;
use crate::away::{self, Away};
use crate::channel::{Channel, Writer};
use crate::pulse::Pulse;

/// Messages that may wait on their way to the hub: each may be a block of 256 KiB or a page of 1 MiB.
const TO_HUB: usize = 32;
/// Messages that may wait on their way to an agent: they are small, and after a reconnect there is one for each channel.
const TO_AGENT: usize = 16_384;

/// How many bytes of blocks an agent may have under way on one channel.
const WINDOW: u64 = 4 << 20;
/// Credit is given back in pieces of at least so many bytes.
const CREDIT: u64 = WINDOW / 4;
/// An agent that is asked for a sign of life and gives none for so long is not there.
const SIGN: Duration = Duration::from_secs(2);

/// How often an agent is told of others of its name.
const NOTICE: Duration = Duration::from_secs(60);

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

/// Where an agent speaks from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Whence {
    /// This very process: nobody else may have its name.
    Own,
    /// The address that it dialled in from.
    Dialled(IpAddr),
    /// Another hub, to which it is linked, and since when it is.
    Hub(HubId, Timestamp),
}

impl Whence {
    /// Whether its link is not here, but at another hub.
    pub(crate) fn is_elsewhere(self) -> bool {
        matches!(self, Whence::Hub(..))
    }
}

impl std::fmt::Display for Whence {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Whence::Own => f.write_str("the hub itself"),
            Whence::Dialled(address) => address.fmt(f),
            Whence::Hub(hub, _) => write!(f, "the hub {hub}"),
        }
    }
}

/// A channel that the agent follows.
#[derive(Debug)]
struct Followed {
    writer: Arc<Writer>,
    /// Bytes taken and not yet given back as credit.
    taken: u64,
}

/// The link to one agent, while it is up.
#[derive(Debug)]
pub(crate) struct Link {
    hello: Hello,
    whence: Whence,
    tx: mpsc::Sender<Bytes>,
    asks: Asks,
    next: AtomicU32,
    followed: Mutex<HashMap<u32, Followed>>,
    /// Messages that have come.
    heard: AtomicU64,
    pulse: Arc<Pulse>,
    closing: CancellationToken,
    why: Mutex<Option<Away>>,
    /// When it came to the hub that it is linked to.
    since: Timestamp,
    credential: Option<Credential>,
    /// When the agent was told of another one of its name last.
    noticed: Mutex<Option<Instant>>,
}

impl Link {
    /// `credential`: by what its agent was let in, where that is known.
    pub(crate) fn new(
        hello: Hello,
        (whence, credential): (Whence, Option<Credential>),
        tx: mpsc::Sender<Bytes>,
        pulse: Arc<Pulse>,
    ) -> Self {
        Link {
            hello,
            whence,
            tx,
            asks: Asks::default(),
            next: AtomicU32::new(1),
            followed: Mutex::default(),
            heard: AtomicU64::new(0),
            pulse,
            closing: CancellationToken::new(),
            why: Mutex::default(),
            credential,
            noticed: Mutex::default(),
            since: if let Whence::Hub(_, since) = whence { since } else { Timestamp::now() },
        }
    }

    pub(crate) fn hello(&self) -> &Hello {
        &self.hello
    }

    pub(crate) fn whence(&self) -> Whence {
        self.whence
    }

    pub(crate) fn credential(&self) -> Option<Credential> {
        self.credential
    }

    /// Tells the agent something that a person should know, at most once a minute.
    pub(crate) fn notice(&self, words: &str) {
        let mut noticed = self.noticed.lock().unwrap_or_else(PoisonError::into_inner);
        if noticed.is_none_or(|noticed| noticed.elapsed() >= NOTICE) {
            *noticed = Some(Instant::now());
            self.try_send(&ToAgent::Notice { words: words.to_owned() });
        }
    }

    pub(crate) fn since(&self) -> Timestamp {
        self.since
    }

    /// Lets the agent in. Said before anything else.
    pub(crate) fn welcome(&self) {
        let version = env!("CARGO_PKG_VERSION").to_owned();
        self.try_send(&ToAgent::Welcome(Welcome { protocol: PROTOCOL, version }));
    }

    pub(crate) fn pulse(&self) -> &Pulse {
        &self.pulse
    }

    /// A message of so many bytes has come.
    pub(crate) fn hear(&self, bytes: usize) {
        self.pulse.received(bytes);
        self.heard.fetch_add(1, Ordering::Relaxed);
    }

    /// Whether the agent gives a sign of life: a cheap question is answered within [`SIGN`], or, by one too busy for
    /// that, anything else is said. An agent that was killed has usually closed its connection, and is known not to
    /// live at once; one behind a network that has gone takes the whole time.
    pub(crate) async fn is_alive(self: &Arc<Self>) -> bool {
        let before = self.heard.load(Ordering::Relaxed);
        let answered = tokio::time::timeout(SIGN, Asks::sign_of_life(self)).await;
        let heard = self.heard.load(Ordering::Relaxed) != before;
        !self.closing.is_cancelled() && (matches!(answered, Ok(Ok(_))) || heard)
    }

    /// Completes when the agent gives no sign of life, with how long it has not been heard. It is asked for one only after
    /// a while, since most answers come sooner. Cancel safe.
    pub(crate) async fn falls_silent(self: &Arc<Self>) -> Duration {
        loop {
            tokio::time::sleep(SIGN / 4).await;
            if !self.is_alive().await {
                return self.pulse.silent_for();
            }
        }
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
        let (writer, from) = channel.hand_over();
        self.lock().insert(number, Followed { writer: Arc::new(writer), taken: 0 });
        let from = from.map(|position| position.to_string());
        let (log, filter): (String, Filter) = (channel.key.log.name.clone(), channel.key.filter.clone());
        self.try_send(&ToAgent::Follow(Follow { channel: number, log, filter, from, credit: WINDOW }));
    }

    /// Nobody looks at a channel any more.
    pub(crate) fn unfollow(&self, channel: &Arc<Channel>) {
        let mut followed = self.lock();
        let is_it = |(_, followed): &(&u32, &Followed)| followed.writer.is_of(channel);
        let numbers: Vec<u32> = followed.iter().filter(is_it).map(|(number, _)| *number).collect();
        for number in numbers {
            followed.remove(&number);
            self.try_send(&ToAgent::Unfollow { channel: number });
        }
    }

    /// Writes to the channel that both ends call by this number; `None` after an unfollow that has crossed its last blocks.
    pub(crate) fn writer(&self, number: u32) -> Option<Arc<Writer>> {
        self.lock().get(&number).map(|followed| Arc::clone(&followed.writer))
    }

    /// The same, for a block of so many bytes, which go back as credit.
    pub(crate) fn writer_taking(&self, number: u32, bytes: u64) -> Option<Arc<Writer>> {
        let mut all = self.lock();
        let followed = all.get_mut(&number)?;
        followed.taken += bytes;
        if followed.taken >= CREDIT {
            let bytes = std::mem::take(&mut followed.taken);
            self.try_send(&ToAgent::Credit { channel: number, bytes });
        }
        Some(Arc::clone(&followed.writer))
    }

    /// Sends, waiting for room. Cancel safe.
    pub(crate) async fn send(&self, message: &ToAgent) -> Result<(), Gone> {
        let bytes = encode(message);
        self.pulse.sent(bytes.len());
        self.tx.send(bytes).await.map_err(|_| Gone)
    }

    /// Sends without waiting. A queue that is full means that the agent has not read for long: such a link
    /// is closed, since a follow or unfollow that is dropped would leave the two ends in disagreement.
    pub(crate) fn try_send(&self, message: &ToAgent) {
        let bytes = encode(message);
        self.pulse.sent(bytes.len());
        if self.tx.try_send(bytes).is_err() {
            self.close(away::NOT_READING);
        }
    }

    /// Ends the link, with the reason that is listed.
    pub(crate) fn close(&self, away: Away) {
        let mut why = self.why.lock().unwrap_or_else(PoisonError::into_inner);
        why.get_or_insert(away);
        drop(why);
        self.closing.cancel();
        self.asks.close();
    }

    /// Waits until the link is to be closed from this side, and says why. Cancel safe.
    pub(crate) async fn closed(&self) -> Away {
        self.closing.cancelled().await;
        self.why.lock().unwrap_or_else(PoisonError::into_inner).clone().unwrap_or(away::LINK_DOWN)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<u32, Followed>> {
        self.followed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
