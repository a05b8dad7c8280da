//! The task that subscribes: over one connection, into the rings, and never waiting for whoever reads them.
//!
//! What should be subscribed is the registry; this task makes the broker agree, in batches, from the beginning after
//! each outage. After an outage it asks the publishers where they stand, since what they said meanwhile is lost.
//!
//! ```text
//! confirmed again → ask (one control message for up to 512 channels) → each publisher says its last number
//! ```
//!
//! A publisher that was itself cut off says its numbers unasked when it is back. One of the two comes after both are
//! back, so no loss stays hidden by a broker that was restarted.
//!
//! Silence is probed: after 10 s a message to ourselves goes through the publishing connection. If it does not come, or
//! the connection gives no sign of life, it is replaced.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use tokio::time::{sleep, sleep_until, timeout};

use super::backoff::Backoff;
use super::ledger::Ledger;
use super::link::Shared;
use super::stamp::{self, Stamp};
use super::status::{Role, State};
use super::topic::Id;
use super::{BATCH, Broker, Change, Down, Heard, Tap};
use crate::registry::{self, Afterwards, Open, Topic};
use crate::{Event, Why};

/// How often publishers that owe a word are looked for, and questions repeated for which there was no room.
const LOOK: Duration = Duration::from_secs(2);

pub(crate) async fn run<B: Broker>(broker: Arc<B>, shared: Arc<Shared>) {
    let mut backoff = Backoff::default();
    loop {
        let down = match open(&*broker, shared.answer).await {
            Ok(tap) => {
                shared.status.set(Role::Subscribing, State::Up);
                let down = Intake::new(tap, &shared).serve(&mut backoff).await;
                shared.registry.lock().cut(Why::Link, Instant::now());
                down
            }
            Err(down) => down,
        };
        shared.status.set(Role::Subscribing, State::Down(down.0));
        sleep(backoff.wait()).await;
    }
}

async fn open<B: Broker>(broker: &B, patience: Duration) -> Result<B::Tap, Down> {
    timeout(patience, broker.tap()).await.unwrap_or_else(|_| Err(Down::because("the broker did not answer in time")))
}

/// What is listened to here.
type Channels = registry::State<Ledger>;

/// What is to be done about what came, when the registry is free again.
#[derive(Default)]
struct News {
    after: Afterwards,
    /// Channels whose last numbers somebody asks for.
    questions: Vec<Id>,
    /// Whether we can be asked from now on: what was asked before is answered unasked.
    announce: bool,
    confirmed: bool,
}

struct Intake<'a, T> {
    tap: T,
    shared: &'a Shared,
    /// What this connection has been told.
    told: HashMap<Id, Told>,
    /// What it will be told.
    todo: VecDeque<Change>,
    /// Channels whose publishers are to be asked: at most all.
    asks: Vec<Id>,
    /// When a message last came, which proves the whole path.
    proven: Instant,
    probed: Option<Probe>,
    looked: Instant,
}

/// What the broker was told about a channel.
#[derive(Default)]
struct Told {
    /// To subscribe it; or that it is subscribed no more.
    wanted: bool,
    /// Subscriptions that it has not confirmed. Only the last confirmation counts: before it may lie an unsubscription.
    awaited: u32,
}

struct Probe {
    sent: Instant,
    /// Where it stands in the order of what is published; `None` when there was no room for it.
    place: Option<u64>,
    /// Whether anything at all was heard since.
    alive: bool,
}

impl<'a, T: Tap> Intake<'a, T> {
    fn new(tap: T, shared: &'a Shared) -> Self {
        // Cleared before the registry is read: what changes in between is looked at twice, not never.
        shared.changed().clear();
        let topics = shared.registry.lock().open.keys().filter_map(id).collect::<Vec<_>>();
        // Asking goes first: whoever asks from now on is heard.
        let todo = [shared.ask, shared.probe].into_iter().chain(topics).map(Change::Subscribe).collect();
        let now = Instant::now();
        Self { tap, shared, told: HashMap::new(), todo, asks: Vec::new(), proven: now, probed: None, looked: now }
    }

    /// Receives until the connection fails.
    async fn serve(mut self, backoff: &mut Backoff) -> Down {
        let mut heard = Vec::new();
        loop {
            if let Err(down) = self.turn(&mut heard).await {
                return down;
            }
            if !heard.is_empty() {
                backoff.reset();
            }
            self.take(&mut heard);
        }
    }

    async fn turn(&mut self, heard: &mut Vec<Heard>) -> Result<(), Down> {
        self.look_for_changes();
        if !self.todo.is_empty() && self.tap.pending() < BATCH {
            self.tell().await?;
        }
        let due = self.due();
        tokio::select! {
            outcome = self.tap.hear(heard) => outcome,
            () = self.shared.change.notified(), if self.todo.is_empty() => Ok(()),
            () = sleep_until(due.into()) => self.look().await,
        }
    }

    /// Compares what is listened to with what the broker has been told, where something has changed.
    fn look_for_changes(&mut self) {
        if !self.todo.is_empty() {
            return;
        }
        let changed = std::mem::take(&mut *self.shared.changed());
        if changed.is_empty() {
            return;
        }
        let now = Instant::now();
        let mut after = Afterwards::default();
        let mut registry = self.shared.registry.lock();
        for id in changed {
            let told = self.told.get(&id).filter(|told| told.wanted);
            match (registry.open.get_mut(&id[..]), told) {
                (Some(_), None) => self.todo.push_back(Change::Subscribe(id)),
                (None, Some(_)) => self.todo.push_back(Change::Unsubscribe(id)),
                // Closed and opened again before anybody looked: it is subscribed already.
                (Some(open), Some(told)) if told.awaited == 0 => {
                    open.confirm(now);
                    registry.some_confirmed(&mut after);
                }
                (Some(_), Some(_)) | (None, None) => {}
            }
        }
        drop(registry);
        after.run();
    }

    async fn tell(&mut self) -> Result<(), Down> {
        let batch = self.todo.drain(..self.todo.len().min(BATCH)).collect::<Vec<_>>();
        for change in &batch {
            match change {
                Change::Subscribe(id) => {
                    let told = self.told.entry(*id).or_default();
                    (told.wanted, told.awaited) = (true, told.awaited + 1);
                }
                Change::Unsubscribe(id) => {
                    let told = self.told.entry(*id).or_default();
                    told.wanted = false;
                    if told.awaited == 0 {
                        self.told.remove(id);
                    }
                }
            }
        }
        in_time(self.shared.answer, self.tap.change(&batch)).await
    }

    /// Takes in what has come: all of it under one lock, and wakes the readers after.
    fn take(&mut self, heard: &mut Vec<Heard>) {
        if heard.is_empty() {
            return;
        }
        let now = Instant::now();
        if let Some(probe) = &mut self.probed {
            probe.alive = true;
        }
        let mut news = News::default();
        let mut registry = self.shared.registry.lock();
        for heard in heard.drain(..) {
            match heard {
                Heard::Frame(id, frame) => {
                    (self.proven, self.probed) = (now, None);
                    self.receive(&mut registry, id, &frame, &mut news);
                }
                Heard::Subscribed(id) => {
                    news.announce |= id == self.shared.ask;
                    news.confirmed |= self.confirmed(&mut registry, id, now);
                }
                Heard::Lost => {
                    registry.cut(Why::Link, now);
                    self.shared.status.set(Role::Subscribing, State::Down("the connection was lost".to_owned()));
                }
                Heard::Resumed => {
                    registry.cut(Why::Link, now);
                    self.shared.status.set(Role::Subscribing, State::Up);
                }
                Heard::Overrun => self.overrun(&mut registry, now),
                Heard::Foreign => self.shared.status.count_foreign(),
                Heard::Alive => {}
            }
        }
        if news.confirmed {
            registry.some_confirmed(&mut news.after);
        }
        drop(registry);
        news.after.run();
        self.shared.edges(news.questions);
        if news.announce {
            let topics = self.shared.press().topics();
            self.shared.edges(topics);
        }
        self.ask();
    }

    fn receive(&self, registry: &mut Channels, id: Id, frame: &Bytes, news: &mut News) {
        if id == self.shared.ask {
            news.questions.extend(frame.chunks_exact(16).take(BATCH).filter_map(|id| Id::try_from(id).ok()));
        } else if let Some(open) = registry.open.get_mut(&id[..]) {
            match Stamp::decode(frame) {
                Some((stamp, _)) => {
                    open.receive(&stamp, frame, self.proven, &mut news.after);
                    self.shared.status.count_received();
                }
                None => self.shared.status.count_foreign(),
            }
        }
    }

    /// The broker has confirmed a subscription; whether somebody may have waited for it.
    fn confirmed(&mut self, registry: &mut Channels, id: Id, now: Instant) -> bool {
        let Some(told) = self.told.get_mut(&id) else { return false };
        told.awaited = told.awaited.saturating_sub(1);
        if !told.wanted {
            if told.awaited == 0 {
                self.told.remove(&id);
            }
            return false;
        }
        let Some(open) = registry.open.get_mut(&id[..]).filter(|_| told.awaited == 0) else { return false };
        if open.side.began() {
            self.asks.push(id);
        }
        open.confirm(now);
        true
    }

    /// Some of what came was dropped before we saw it: the link is as good as cut, though it is there.
    fn overrun(&mut self, registry: &mut Channels, now: Instant) {
        for (topic, open) in registry.open.iter_mut().filter(|(_, open)| open.confirmed) {
            open.side.cut(Why::Link, now);
            self.asks.extend(id(topic));
        }
        self.asks.sort_unstable();
        self.asks.dedup();
    }

    /// Asks publishers where they stand, as far as there is room to; the rest is asked a little later.
    fn ask(&mut self) {
        while !self.asks.is_empty() {
            let from = self.asks.len().saturating_sub(BATCH);
            let question: BytesMut = self.asks[from..].iter().flatten().copied().collect();
            if self.shared.control(self.shared.ask, question.freeze()).is_none() {
                return;
            }
            self.asks.truncate(from);
        }
    }

    /// When to look at silence and at debts next.
    fn due(&self) -> Instant {
        let silent = match &self.probed {
            Some(probe) => probe.sent + self.shared.answer,
            None => self.proven + self.shared.silence,
        };
        silent.min(self.looked + LOOK)
    }

    async fn look(&mut self) -> Result<(), Down> {
        let now = Instant::now();
        if now >= self.looked + LOOK {
            self.looked = now;
            self.ask();
            self.overdue(now);
        }
        match &self.probed {
            Some(probe) if now >= probe.sent + self.shared.answer => self.judge(now),
            None if now >= self.proven + self.shared.silence => self.probe(now).await,
            _ => Ok(()),
        }
    }

    async fn probe(&mut self, now: Instant) -> Result<(), Down> {
        let place = self.shared.control(self.shared.probe, Bytes::new());
        self.probed = Some(Probe { sent: now, place, alive: false });
        in_time(self.shared.answer, self.tap.ping()).await
    }

    /// The probe did not come in time.
    fn judge(&mut self, now: Instant) -> Result<(), Down> {
        let Some(Probe { alive, place, .. }) = self.probed.take() else { return Ok(()) };
        self.proven = now;
        let published = place.is_some_and(|place| self.shared.press().has_taken(place));
        match (alive, published) {
            (false, _) => Err(Down::because("the broker has given no sign of life")),
            (true, true) => Err(Down::because("the broker does not deliver what it takes")),
            // The way out is what is broken, and is mended there.
            (true, false) => Ok(()),
        }
    }

    /// Tells what publishers who owed a word took with them.
    fn overdue(&mut self, now: Instant) {
        let asked = self.asks.is_empty() && self.shared.status.is_up(Role::Publishing);
        let mut after = Afterwards::default();
        for open in self.shared.registry.lock().open.values_mut() {
            for missed in open.side.overdue(asked && open.confirmed, now) {
                open.push(Event::Missed(missed), &mut after);
            }
        }
        after.run();
    }
}

impl Channels {
    /// Nothing that was subscribed is; what was sent since we last heard may be lost.
    fn cut(&mut self, why: Why, now: Instant) {
        for open in self.open.values_mut() {
            open.confirmed = false;
            open.side.cut(why, now);
        }
    }
}

impl Open<Ledger> {
    fn confirm(&mut self, now: Instant) {
        self.confirmed = true;
        self.side.confirmed(now);
    }

    /// What a frame means to the readers.
    fn receive(&mut self, stamp: &Stamp, frame: &Bytes, now: Instant, after: &mut Afterwards) {
        let verdict = self.side.hear(stamp, now);
        if let Some(missed) = verdict.missed {
            self.push(Event::Missed(missed), after);
        }
        if verdict.fresh {
            self.push(Event::Message(frame.slice(stamp::LENGTH..)), after);
        }
    }
}

async fn in_time(patience: Duration, doing: impl Future<Output = Result<(), Down>>) -> Result<(), Down> {
    timeout(patience, doing).await.unwrap_or_else(|_| Err(Down::because("the broker took nothing in time")))
}

fn id(topic: &Topic) -> Option<Id> {
    Id::try_from(&topic[..]).ok()
}
