//! The pump of one followed log: its follower on one side, every channel on it on the other.
//!
//! One pump per log, however many channels (law 2), and only while there are channels (law 3). It alone paces (law 6): the
//! first line after a silence leaves at once, a busy log is read once per 20 ms. Above 8 MiB in a second it skips to the
//! end and tells the gap to all (law 5); who wants everything reads it from the file. The disk is read on a blocking thread.

#[cfg(test)]
mod tests;
mod work;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tailcast_tail::{From, Position};
use tailcast_wire::{Tiding, ToHub, Told, Why, encode};
use tokio::sync::{Notify, mpsc, watch};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep_until};

use self::work::Work;
use crate::channel::Channel;
use crate::disk::SLOW;
use crate::host::{Followed, Host, Stand, not_offered};
use crate::outbox::{Ended, Outbox};
use crate::told;

/// A busy log goes out at most this often: no more often than a screen shows it (16 ms), and a little less, since each time
/// costs a system call per viewer whatever is in it.
const PACE: Duration = Duration::from_millis(20);
/// How far the channel has come is said at least this often, also of a log that is silent (law 12).
pub(crate) const EDGE: Duration = Duration::from_secs(1);
/// Orders that may wait; the hub's messages wait behind them.
const ORDERS: usize = 256;

/// What a pump is told by the link.
#[derive(Debug)]
pub(crate) enum Order {
    /// A channel more, from a position or from where the log stands.
    Open { channel: Box<Channel>, from: Option<String> },
    /// A channel less.
    Close(u32),
    /// More bytes for a channel.
    Credit { channel: u32, bytes: u64 },
}

/// A pump that runs; it ends when this is dropped.
#[derive(Debug)]
pub(crate) struct Pump {
    orders: mpsc::Sender<Order>,
    task: JoinHandle<()>,
}

impl Pump {
    /// Starts a pump. `before` is the pump of the same log that is just ending: a log has one follower at a time.
    pub(crate) fn start(host: Arc<Host>, log: Arc<Followed>, outbox: Outbox, before: Option<JoinHandle<()>>) -> Self {
        let (orders, receiver) = mpsc::channel(ORDERS);
        let task = tokio::spawn(async move {
            if let Some(before) = before {
                // How it ended does not matter, only that it has.
                drop(before.await);
            }
            Running::new(host, log, outbox).run(receiver).await;
        });
        Pump { orders, task }
    }

    /// Hands an order on, waiting for room. An ended pump takes none: its link has ended too.
    pub(crate) async fn order(&self, order: Order) {
        if self.orders.send(order).await.is_err() {
            tracing::trace!("an order came to a pump that has ended");
        }
    }

    /// Lets it end, and gives what waits for that.
    pub(crate) fn end(self) -> JoinHandle<()> {
        self.task
    }
}

struct Running {
    host: Arc<Host>,
    log: Arc<Followed>,
    outbox: Outbox,
    hint: Arc<Notify>,
    work: Work,
    /// Tells of other offers.
    renewals: watch::Receiver<()>,
    /// Where the log stood when it was withdrawn, while it is: there it goes on should it be offered again.
    withdrawn: Option<From>,
    /// It was told that the log's file system does not answer.
    told_hung: bool,
    /// A hint has come since the last step.
    hinted: bool,
    next_step: Instant,
    next_edge: Instant,
}

impl Running {
    fn new(host: Arc<Host>, log: Arc<Followed>, outbox: Outbox) -> Self {
        let now = Instant::now();
        Running {
            renewals: host.renewals(),
            withdrawn: None,
            host,
            log,
            outbox,
            hint: Arc::default(),
            work: Work::default(),
            told_hung: false,
            hinted: false,
            next_step: now,
            next_edge: now + EDGE,
        }
    }

    async fn run(mut self, mut orders: mpsc::Receiver<Order>) {
        loop {
            let look = self.next_look();
            tokio::select! {
                order = orders.recv() => match order {
                    Some(order) => {
                        self.obey(order);
                        while let Ok(order) = orders.try_recv() {
                            self.obey(order);
                        }
                    }
                    None => break,
                },
                Ok(()) = self.renewals.changed() => self.pass_offers_again().await,
                () = self.hint.notified(), if !self.work.more => {
                    self.hinted = true;
                    sleep_until(self.next_step).await;
                }
                () = sleep_until(look) => (),
            }
            if self.work.channels.is_empty() {
                continue;
            }
            if self.turn().await.is_err() {
                break;
            }
        }
        self.log.set_stand(None);
    }

    /// When to step although nothing woke: more to read, something the follower waits for, or an edge to be said.
    fn next_look(&self) -> Instant {
        match &self.work.follower {
            Some(_) if self.work.more => self.next_step,
            Some(follower) => (Instant::now() + follower.next_look()).min(self.next_edge),
            None => Instant::now() + EDGE * 3600,
        }
    }

    fn obey(&mut self, order: Order) {
        match order {
            Order::Open { channel, from } => self.open(*channel, from),
            Order::Close(number) => self.work.channels.retain(|channel| channel.number() != number),
            Order::Credit { channel, bytes } => {
                if let Some(channel) = self.work.channels.iter_mut().find(|c| c.number() == channel) {
                    channel.credit(bytes);
                }
            }
        }
    }

    fn open(&mut self, mut channel: Channel, from: Option<String>) {
        let from = from.map(|text| text.parse::<Position>());
        let goes_on = self.work.follower.is_some() || self.withdrawn.is_some();
        if let (true, Some(Ok(position))) = (goes_on, &from) {
            channel.resume_at(*position);
        }
        if self.work.follower.is_none() {
            let start = match (self.withdrawn.take(), &from) {
                (Some(stood), _) => stood,
                (None, Some(Ok(position))) => From::At(*position),
                (None, _) => From::End,
            };
            if let Err(words) = self.start(start) {
                self.work.tell(&mut channel, error(&words));
            }
        }
        if let Some(Err(e)) = from {
            self.work.tell(&mut channel, error(&e.to_string()));
        }
        self.work.channels.push(channel);
    }

    fn start(&mut self, from: From) -> Result<(), String> {
        // It was offered when the order was given; from here on a renewal is noticed.
        if !self.host.offers().names(self.log.log.path()) {
            self.withdrawn = Some(from);
            return Err(not_offered().words);
        }
        let mut follower = self.log.log.follow(from).map_err(|e| e.to_string())?;
        let hint = Arc::clone(&self.hint);
        follower.watched_by(self.host.watcher(), Arc::new(move || hint.notify_one()));
        self.work.follower = Some(follower);
        self.work.late = None;
        Ok(())
    }

    /// The offers are others now: what is open passes them as if it were opened anew (law 10).
    async fn pass_offers_again(&mut self) {
        let (host, log) = (Arc::clone(&self.host), Arc::clone(&self.log));
        let offered = tokio::task::spawn_blocking(move || host.still_offers(&log)).await.unwrap_or(false);
        match (offered, self.work.follower.take()) {
            (false, Some(follower)) => {
                let edge = follower.edge();
                self.withdrawn = Some(edge.map_or(From::End, |edge| From::At(edge.position)));
                self.work.more = false;
                self.log.set_stand(None);
                let told = error("this log is no longer offered by its host");
                self.work.tell_all(&Told { why: Some(Why::NotOffered), ..told });
            }
            (true, None) => {
                if let Some(Err(words)) = self.withdrawn.take().map(|from| self.start(from)) {
                    self.work.tell_all(&error(&words));
                }
            }
            (_, follower) => self.work.follower = follower,
        }
    }

    /// The mount point of the file system that the log is on, if that is known to hang: it is asked nothing until it answers.
    async fn hangs_at(&self) -> Option<PathBuf> {
        if !self.host.disk.any_hangs() {
            return None;
        }
        let (host, log) = (Arc::clone(&self.host), Arc::clone(&self.log));
        tokio::task::spawn_blocking(move || host.disk.hangs_at(log.log.path())).await.ok().flatten()
    }

    /// Says once, until the log could be looked at again, that its file system does not answer: else nothing would be said at all, and
    /// the agent would seem to be away.
    async fn tell_hung(&mut self, channels: &[u32], mount: &Path) -> Result<(), Ended> {
        if !std::mem::replace(&mut self.told_hung, true) {
            for &channel in channels {
                self.outbox.live(encode(&ToHub::Told { channel, told: told::hangs(mount) })).await?;
            }
        }
        Ok(())
    }

    /// One step on a blocking thread. One that hangs keeps the thread, and its turn is another log's.
    async fn step(&mut self, say_edge: bool) -> Result<(), Ended> {
        let turn = self.host.step_turn().await;
        let channels = self.work.numbers();
        let mut work = std::mem::take(&mut self.work);
        let log = Arc::clone(&self.log);
        let mut working = tokio::task::spawn_blocking(move || {
            work.step(&log, say_edge);
            work
        });
        let worked = loop {
            match tokio::time::timeout(SLOW, &mut working).await {
                Ok(worked) => break worked,
                Err(_) => {
                    if let Some(mount) = self.host.disk.look(self.log.log.path().to_owned()).await {
                        drop(turn);
                        self.tell_hung(&channels, &mount).await?;
                        break working.await;
                    }
                }
            }
        };
        self.work = worked.map_err(|_| Ended)?;
        Ok(())
    }

    /// One step, and all that it brought onto the link.
    async fn turn(&mut self) -> Result<(), Ended> {
        if let Some(mount) = self.hangs_at().await {
            self.tell_hung(&self.work.numbers(), &mount).await?;
            (self.next_step, self.next_edge) = (Instant::now() + EDGE, Instant::now() + EDGE);
            return Ok(());
        }
        let looked = Instant::now();
        let say_edge = looked >= self.next_edge;
        self.step(say_edge).await?;
        self.told_hung = false;
        if say_edge {
            self.next_edge = Instant::now() + EDGE;
        }
        for message in std::mem::take(&mut self.work.out) {
            self.outbox.live(message).await?;
        }
        // Only now: an answer that is capped here must not overtake the blocks up to here.
        self.log.set_stand(self.work.follower.as_ref().and_then(|follower| {
            Some(Stand { cap: follower.edge()?.cap(), behind: follower.behind(), looked: looked.into_std() })
        }));
        // A look by the clock does not count: the line that comes right after it is a quiet log's next line.
        if std::mem::take(&mut self.hinted) || self.work.more {
            self.next_step = self.work.window.not_before().max(Instant::now() + PACE);
        }
        Ok(())
    }
}

fn error(words: &str) -> Told {
    Told::of(Tiding::Error, words.to_owned())
}
