//! The agent's end of a link: hello, then orders and questions from the hub, blocks and answers to it, until it ends.
//!
//! The same for a hub in this process (a pipe in memory) and for one far away (`carry.rs`). All that a session has started
//! ends with it: no follower, no descriptor and no task outlives the link that asked for it.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tailcast_wire::{Answer, Failure, Follow, Refusal, Tiding, ToAgent, ToHub, Told, decode, encode, unknown_question};
use tokio::sync::mpsc;
use tokio::task::{AbortHandle, JoinHandle, JoinSet};
use tokio_util::sync::CancellationToken;

use crate::answer::Answers;
use crate::channel::Channel;
use crate::host::Host;
use crate::outbox::{Outbox, outbox};
use crate::pump::{Order, Pump};
use crate::sieve::compile;

/// How long a hub may take to answer a hello.
const WELCOME: Duration = Duration::from_secs(10);
/// How long the end of a link waits for what stands at a disk.
const STUCK: Duration = Duration::from_secs(2);
/// Questions that may be open; a hub that asks more at once is not one of ours.
const OPEN: usize = 256;

/// How a link ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    /// This side stops.
    Stopped,
    /// The other side went, or the network did.
    Gone,
    /// The hub stops and asks to come again within this time.
    Bye(Duration),
    /// The hub does not want this agent, in its words; a person has to help.
    Refused(String),
}

/// Speaks with a hub over a pair of queues until the link ends. Everything it started has ended when it returns.
pub async fn speak(
    host: &Arc<Host>,
    tx: mpsc::Sender<Bytes>,
    mut rx: mpsc::Receiver<Bytes>,
    stop: &CancellationToken,
) -> End {
    if tx.send(encode(&ToHub::Hello(host.hello()))).await.is_err() {
        return End::Gone;
    }
    match tokio::time::timeout(WELCOME, first_word(&mut rx)).await {
        Ok(Some(ToAgent::Welcome(welcome))) => {
            tracing::info!(hub = welcome.version, protocol = welcome.protocol, "the hub says welcome");
        }
        Ok(Some(ToAgent::Refused { words, .. })) => return End::Refused(words),
        _ => return End::Gone,
    }
    let (outbox, outgoing) = outbox();
    let writer = tokio::spawn(outgoing.write(tx));
    let mut session = Session::new(Arc::clone(host), outbox);
    let end = session.listen(&mut rx, stop).await;
    session.end().await;
    // All senders are gone, so it writes what is left and ends; a link that is stuck must not keep us.
    drop(tokio::time::timeout(Duration::from_secs(1), writer).await);
    end
}

/// The first message that is known here; `None` when the link ends, or with what is no message.
async fn first_word(rx: &mut mpsc::Receiver<Bytes>) -> Option<ToAgent> {
    loop {
        if let Some(message) = decode(&rx.recv().await?).ok()? {
            return Some(message);
        }
    }
}

struct Session {
    host: Arc<Host>,
    outbox: Outbox,
    answers: Answers,
    /// Pumps by the NAME of their log, with the number of channels on each.
    pumps: HashMap<String, (Pump, usize)>,
    channels: HashMap<u32, String>,
    /// Channels on logs that are not offered: they may be, one day.
    unoffered: HashMap<u32, Follow>,
    /// Pumps that are ending, by the NAME of their log.
    ending: HashMap<String, JoinHandle<()>>,
    asked: JoinSet<u64>,
    open: HashMap<u64, AbortHandle>,
}

impl Session {
    fn new(host: Arc<Host>, outbox: Outbox) -> Self {
        let answers = Answers::new(Arc::clone(&host));
        Session {
            host,
            outbox,
            answers,
            pumps: HashMap::new(),
            channels: HashMap::new(),
            unoffered: HashMap::new(),
            ending: HashMap::new(),
            asked: JoinSet::new(),
            open: HashMap::new(),
        }
    }

    async fn listen(&mut self, rx: &mut mpsc::Receiver<Bytes>, stop: &CancellationToken) -> End {
        let mut renewals = self.host.renewals();
        loop {
            let message = tokio::select! {
                message = rx.recv() => message,
                Ok(()) = renewals.changed() => {
                    // A link that has ended is noticed where it is read.
                    drop(self.outbox.answer(&ToHub::Hello(self.host.hello())).await);
                    self.follow_what_is_offered_now().await;
                    continue;
                }
                Some(done) = self.asked.join_next(), if !self.asked.is_empty() => {
                    if let Ok(ask) = done {
                        self.open.remove(&ask);
                    }
                    continue;
                }
                () = stop.cancelled() => {
                    // The hub may be gone already; it would find out by itself.
                    drop(self.outbox.answer(&ToHub::Bye { words: "the agent stopped".to_owned() }).await);
                    return End::Stopped;
                }
            };
            let Some(bytes) = message else { return End::Gone };
            match decode::<ToAgent>(&bytes) {
                Ok(Some(ToAgent::Bye { retry_ms })) => return End::Bye(Duration::from_millis(retry_ms.into())),
                Ok(Some(ToAgent::Refused { words, .. })) => return End::Refused(words),
                Ok(Some(message)) => self.obey(message).await,
                Ok(None) => self.pass_over(&bytes).await,
                Err(e) => {
                    tracing::warn!("the hub sent what is no message: {e}");
                    return End::Gone;
                }
            }
        }
    }

    async fn obey(&mut self, message: ToAgent) {
        match message {
            ToAgent::Follow(follow) => self.follow(follow).await,

            ToAgent::Unfollow { channel } => self.unfollow(channel).await,
            ToAgent::Credit { channel, bytes } => {
                if let Some((pump, _)) = self.channels.get(&channel).and_then(|log| self.pumps.get(log)) {
                    pump.order(Order::Credit { channel, bytes }).await;
                }
            }
            ToAgent::Ask { ask, question } => self.ask(ask, question),
            ToAgent::Cancel { ask } => {
                if let Some(asked) = self.open.remove(&ask) {
                    asked.abort();
                }
            }
            ToAgent::Notice { words } => tracing::warn!("the hub says: {words}"),
            ToAgent::Welcome(_) | ToAgent::Refused { .. } | ToAgent::Bye { .. } => {
                tracing::debug!("the hub said again what is said once");
            }
        }
    }

    async fn follow(&mut self, follow: Follow) {
        let log = self.host.log(&follow.log);
        if log.is_err() {
            self.unoffered.insert(follow.channel, follow.clone());
        }
        let Follow { channel: number, log: name, filter, from, credit } = follow;
        let filter = compile(&filter).map_err(|(words, _)| Refusal::of(Failure::BadFilter, words));
        let (log, filter) = match (log, filter) {
            (Ok(log), Ok(filter)) => (log, filter),
            (Err(refusal), _) | (_, Err(refusal)) => return self.refuse(number, refusal).await,
        };
        let (host, outbox) = (&self.host, &self.outbox);
        let ending = self.ending.remove(&name).or_else(|| self.host.take_stuck(&name));
        let start = || (Pump::start(Arc::clone(host), log, outbox.clone(), ending), 0);
        let (pump, count) = self.pumps.entry(name.clone()).or_insert_with(start);
        *count += 1;
        self.channels.insert(number, name);
        let channel = Box::new(Channel::new(number, filter, credit));
        pump.order(Order::Open { channel, from }).await;
    }

    async fn follow_what_is_offered_now(&mut self) {
        let now: Vec<u32> =
            self.unoffered.values().filter(|each| self.host.log(&each.log).is_ok()).map(|each| each.channel).collect();
        for number in now {
            if let Some(follow) = self.unoffered.remove(&number) {
                self.follow(follow).await;
            }
        }
    }

    async fn refuse(&self, channel: u32, refusal: Refusal) {
        let why = refusal.why();
        let told = Told { why, ..Told::of(Tiding::Error, refusal.words) };
        for message in [ToHub::Followed { channel, edge: None }, ToHub::Told { channel, told }] {
            // A link that has ended is noticed where it is read.
            drop(self.outbox.live(encode(&message)).await);
        }
    }

    async fn unfollow(&mut self, number: u32) {
        self.unoffered.remove(&number);
        let Some(name) = self.channels.remove(&number) else { return };
        let Some((pump, count)) = self.pumps.get_mut(&name) else { return };
        *count -= 1;
        if *count > 0 {
            return pump.order(Order::Close(number)).await;
        }
        if let Some((pump, _)) = self.pumps.remove(&name) {
            self.ending.retain(|_, ending| !ending.is_finished());
            self.ending.insert(name, pump.end());
        }
    }

    /// A message that only a newer agent knows. If it is a question, the hub need not wait until its patience ends.
    async fn pass_over(&self, bytes: &[u8]) {
        let Some(ask) = unknown_question(bytes) else {
            return tracing::debug!("a message that only a newer agent knows");
        };
        let words = "the agent of this host is older than the hub and cannot answer this: update it".to_owned();
        let answer = Answer::Refused(Refusal::of(Failure::Unknown, words));
        // A link that has ended is noticed where it is read.
        drop(self.outbox.answer(&ToHub::Answer { ask, answer }).await);
    }

    fn ask(&mut self, ask: u64, question: tailcast_wire::Question) {
        if self.open.len() >= OPEN {
            tracing::warn!("the hub asks too much at once; question {ask} is not answered");
            return;
        }
        let (answers, outbox) = (self.answers.clone(), self.outbox.clone());
        let asked = self.asked.spawn(async move {
            let answer = answers.answer(question).await;
            // A link that has ended is noticed where it is read.
            drop(outbox.answer(&ToHub::Answer { ask, answer }).await);
            ask
        });
        self.open.insert(ask, asked);
    }

    /// Ends everything that was started, and waits for it; but for what a disk that hangs keeps, which the next session of this
    /// host finds with it.
    async fn end(mut self) {
        self.asked.shutdown().await;
        let pumps = self.pumps.drain().map(|(name, (pump, _))| (name, pump.end()));
        let patience = tokio::time::Instant::now() + STUCK;
        for (name, mut task) in pumps.chain(self.ending.drain()).collect::<Vec<_>>() {
            if tokio::time::timeout_at(patience, &mut task).await.is_err() {
                self.host.leave_stuck(name, task);
            }
        }
    }
}
