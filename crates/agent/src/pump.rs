//! The pump of one followed log: its follower on one side, every channel on it on the other.
//!
//! One pump per log, however many channels (law 2), and only while there are channels (law 3). It alone paces (law 6): the
//! first line after a silence leaves at once, a busy log is read once per 20 ms. Above 8 MiB in a second it skips to the
//! end and tells the gap to all (law 5); who wants everything reads it from the file. The disk is read on a blocking thread.

#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tailcast_tail as tail;
use tailcast_tail::{Cap, Event, Follower, From, Position};
use tailcast_wire::{Place, Tiding, ToHub, Told, Why, encode};
use tokio::sync::{Notify, mpsc, watch};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep_until};

use crate::channel::Channel;
use crate::host::{Followed, Host, not_offered};
use crate::outbox::{Ended, Outbox};
use crate::told;

/// A busy log goes out at most this often: no more often than a screen shows it (16 ms), and a little less, since each time
/// costs a system call per viewer whatever is in it.
const PACE: Duration = Duration::from_millis(20);
/// How far the channel has come is said at least this often, also of a log that is silent (law 12).
const EDGE: Duration = Duration::from_secs(1);
/// Bytes read in one step.
const STEP: usize = 1 << 20;
/// Bytes a log may bring in one window before what is left is skipped.
const BURST: u64 = 8 << 20;
/// The window.
const WINDOW: Duration = Duration::from_secs(1);
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
    /// A hint has come since the last step.
    hinted: bool,
    next_step: Instant,
    next_edge: Instant,
}

/// What goes to the blocking thread and comes back.
#[derive(Default)]
struct Work {
    follower: Option<Follower>,
    channels: Vec<Channel>,
    window: Window,
    more: bool,
    out: Vec<Bytes>,
}

/// How much the log has brought in the present window.
#[derive(Debug, Clone, Copy)]
struct Window {
    began: Instant,
    given: u64,
}

impl Default for Window {
    fn default() -> Self {
        Window { began: Instant::now(), given: 0 }
    }
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
        self.log.set_edge(None);
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
                self.work.say(&channel.told(error(&words)));
            }
        }
        if let Some(Err(e)) = from {
            self.work.say(&channel.told(error(&e.to_string())));
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
                self.log.set_edge(None);
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

    /// One step on the blocking thread, and all that it brought onto the link.
    async fn turn(&mut self) -> Result<(), Ended> {
        let mut work = std::mem::take(&mut self.work);
        let log = Arc::clone(&self.log);
        let say_edge = Instant::now() >= self.next_edge;
        let worked = tokio::task::spawn_blocking(move || {
            work.step(&log, say_edge);
            work
        });
        self.work = worked.await.map_err(|_| Ended)?;
        if say_edge {
            self.next_edge = Instant::now() + EDGE;
        }
        for message in std::mem::take(&mut self.work.out) {
            self.outbox.live(message).await?;
        }
        // Only now: an answer that is capped here must not overtake the blocks up to here.
        let edge = self.work.follower.as_ref().and_then(Follower::edge);
        self.log.set_edge(edge.map(|edge| edge.cap()));
        // A look by the clock does not count: the line that comes right after it is a quiet log's next line.
        if std::mem::take(&mut self.hinted) || self.work.more {
            self.next_step = self.work.window.not_before().max(Instant::now() + PACE);
        }
        Ok(())
    }
}

impl Window {
    /// Waits for the next window when this one has brought all that it may.
    fn not_before(&self) -> Instant {
        if self.given >= BURST { self.began + WINDOW } else { self.began }
    }
}

impl Work {
    fn step(&mut self, log: &Followed, say_edge: bool) {
        let Some(mut follower) = self.follower.take() else { return };
        if self.is_too_much(&follower)
            && let Ok(Some(gap)) = follower.skip_to_end()
        {
            let told = told::skipped(&gap);
            self.break_off();
            self.tell_all(&told);
        }
        let before = follower.edge();
        let step = follower.step(STEP);
        self.more = step.more;
        let edge = follower.edge().map(|edge| told::edge_place(&edge));
        let stood = |edge: tail::Edge| (told::edge_place(&edge), edge.cap());
        let started = before.map(stood).or_else(|| first_place(&step.events)).or_else(|| follower.edge().map(stood));
        self.open_new_channels(log, started.as_ref());
        let places = places_behind(&step.events, edge.clone());
        for (event, place) in step.events.into_iter().zip(places) {
            self.event(event, place);
        }
        if say_edge {
            let behind = follower.behind();
            for channel in &mut self.channels {
                self.out.extend(channel.edge(edge.as_ref(), behind).iter().map(encode));
            }
        }
        self.follower = Some(follower);
    }

    /// Whether the log has brought its share of a window and there is as much again waiting.
    fn is_too_much(&mut self, follower: &Follower) -> bool {
        if self.window.began.elapsed() < WINDOW {
            return false;
        }
        let was_full = self.window.given >= BURST;
        self.window = Window { began: Instant::now(), given: 0 };
        was_full && follower.behind() > BURST
    }

    /// Channels that came since the last step: they are told where they start, and brought up to there.
    fn open_new_channels(&mut self, log: &Followed, edge: Option<&(Place, Cap)>) {
        for channel in &mut self.channels {
            for message in channel.open(log, edge) {
                self.out.push(encode(&message));
            }
        }
    }

    fn event(&mut self, event: Event, behind: Option<Place>) {
        let told = told::told(&event, behind);
        match event {
            Event::Block(block) => {
                let block = told::block(block);
                self.window.given += block.end - block.start;
                for channel in &mut self.channels {
                    self.out.extend(channel.block(&block).iter().map(encode));
                }
                if let Some(told) = told::unfinished(&block) {
                    self.tell_all(&told);
                }
            }
            Event::Opened { .. }
            | Event::Rotated { .. }
            | Event::Truncated { .. }
            | Event::Hole { .. }
            | Event::Lost(_) => self.break_off(),
            Event::Gap(_) | Event::Gone(_) | Event::Waiting(_) | Event::Polling(_) | Event::Watching => (),
        }
        if let Some(told) = told {
            self.tell_all(&told);
        }
    }

    fn break_off(&mut self) {
        self.channels.iter_mut().for_each(Channel::break_off);
    }

    fn tell_all(&mut self, told: &Told) {
        for channel in &mut self.channels {
            self.out.push(encode(&channel.told(told.clone())));
        }
    }

    fn say(&mut self, message: &ToHub) {
        self.out.push(encode(message));
    }
}

/// Where the log goes on behind each event: at the next block of the step, behind the last one at the follower's `edge`. An
/// event that named the edge instead would make the blocks between them look known.
fn places_behind(events: &[Event], edge: Option<Place>) -> Vec<Option<Place>> {
    let mut behind = edge;
    let mut places = Vec::with_capacity(events.len());
    for event in events.iter().rev() {
        places.push(behind.clone());
        if let Event::Block(block) = event {
            behind = Some(start_of(block));
        }
    }
    places.reverse();
    places
}

fn start_of(block: &tail::Block) -> Place {
    told::place(block.incarnation().life(), block.start(), &block.position_at(block.start()))
}

/// Where a follower's first step began to read, when it brought lines.
fn first_place(events: &[Event]) -> Option<(Place, Cap)> {
    events.iter().find_map(|event| match event {
        Event::Block(block) => {
            let cap = Cap { life: block.incarnation().life(), offset: block.start() };
            Some((start_of(block), cap))
        }
        _ => None,
    })
}

fn error(words: &str) -> Told {
    Told::of(Tiding::Error, words.to_owned())
}
