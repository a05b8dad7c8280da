//! The room: what was said last, who may speak, and what comes next.
//!
//! The broker joins the processes: each publishes what its people say, and hears what is said anywhere. Within a process
//! an embedded fan-out hands it on to the viewers, so that each of them costs a cursor. History and hand-over happen
//! under one lock: whoever joins sees each message once.
//!
//! No process is special and none stores anything: one that starts asks the others for the last messages.
//!
//! Two processes may hear the same messages in another order, so a *place* is a number of one process, and a viewer who
//! comes again names one place for each process that it has heard from. The page sorts by time.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use tailcast_fanout::{Count, Event, Fanout, Feed, Limits, Missed};

use crate::history::{History, LATE};
use crate::limit::{self, Limit, hash};
use crate::said::{Place, Said, Shown, Wish, now};

/// As far as the clock of another machine is believed where it is ahead of this one's, in milliseconds.
const AHEAD: u64 = 1000;

const ROOM: &str = "chat room";
const ASKS: &str = "chat asks";

/// What somebody gets who comes in.
pub(crate) struct Entered {
    pub(crate) missing: Vec<Bytes>,
    pub(crate) feed: Feed,
    /// Whether they had no place here.
    pub(crate) is_new: bool,
}

/// Who says it.
pub(crate) struct Speaker {
    pub(crate) cookie: String,
    pub(crate) address: String,
}

/// Why it was not said.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refused {
    Wrong(&'static str),
    TooMuch,
    Unavailable,
}

pub(crate) struct Room {
    broker: Fanout,
    /// From here to the viewers of this process.
    local: Fanout,
    state: Mutex<State>,
    /// Where others answer us.
    answers: String,
}

struct State {
    history: History,
    limit: Limit,
    /// The time of the latest one: whoever answers it says something later, also within one tick of the clock, and where
    /// the clock of another machine is a little ahead.
    latest: u64,
}

impl Room {
    /// Joins the room that the broker carries.
    pub(crate) fn join(broker: Fanout) -> Arc<Self> {
        let process = format!("{:016x}", fastrand::u64(..));
        let answers = format!("chat answers {process}");
        let local = Fanout::embedded(Limits::new(1 << 20, 256));
        let state = State { history: History::of(process), limit: Limit::default(), latest: 0 };
        let room = Arc::new(Self { broker, local, state: Mutex::new(state), answers });
        tokio::spawn(Arc::clone(&room).listen());
        tokio::spawn(Arc::clone(&room).answer());
        tokio::spawn(Arc::clone(&room).learn());
        room
    }

    /// Says something to everybody.
    pub(crate) fn say(&self, wish: &Wish, speaker: &Speaker) -> Result<(), Refused> {
        let (name, text) = wish.checked().map_err(Refused::Wrong)?;
        let id = format!("{:032x}", fastrand::u128(..));
        let by = [hash(&speaker.cookie), hash(&speaker.address)];
        let at = self.state().may_speak(by, &id).ok_or(Refused::TooMuch)?;
        let message = Said { id, at, name, text, by }.encoded();
        self.broker.publish(ROOM, message.clone()).map_err(|_| Refused::Unavailable)?;
        // Known here at once: should the broker lose it, whoever is told so can ask us.
        self.hear(message);
        Ok(())
    }

    /// What was said after the places where a viewer stands (the last of it, if it never was here), and what is said
    /// from now on.
    pub(crate) fn enter(&self, after: &[Place]) -> Entered {
        let state = self.state();
        let (missing, is_new) = state.history.since(after);
        Entered { missing, feed: self.local.subscribe(ROOM), is_new }
    }

    async fn listen(self: Arc<Self>) {
        let mut feed = self.broker.subscribe(ROOM);
        while let Some(event) = feed.next().await {
            match event {
                Event::Message(message) => self.hear(message),
                Event::Missed(missed) => {
                    self.tell(missed);
                    self.ask().await;
                }
            }
        }
    }

    /// Tells viewers what even those who are asked do not know.
    fn tell(&self, missed: Missed) {
        let missed = match missed.count {
            // Whoever said it keeps so many.
            Count::Exactly(count) if count <= LATE as u64 => return,
            Count::Exactly(count) => Some(count - LATE as u64),
            Count::Unknown => None,
        };
        drop(self.local.publish(ROOM, Shown::Missed { missed }.encoded()));
    }

    /// Takes in a message, unless it is known or none.
    fn hear(&self, message: Bytes) {
        let Ok(said) = serde_json::from_slice::<Said>(&message) else { return };
        let mut state = self.state();
        if let Some(shown) = state.keep(&said, message) {
            // Embedded: it cannot fail, and wakes viewers without waiting for them.
            drop(self.local.publish(ROOM, shown));
        }
    }

    /// Tells processes that ask what was said last.
    async fn answer(self: Arc<Self>) {
        let mut asks = self.broker.subscribe(ASKS);
        while let Some(event) = asks.next().await {
            match &event {
                Event::Message(whom) if *whom == self.answers => {}
                Event::Message(whom) => self.tell_last(str::from_utf8(whom).unwrap_or(ROOM)).await,
                // Somebody asked, and who is not known: everybody is told, and knows most of it already.
                Event::Missed(_) => self.tell_last(ROOM).await,
            }
        }
    }

    async fn tell_last(&self, channel: &str) {
        let last = self.state().history.for_others();
        for message in last {
            self.broker.room().await;
            drop(self.broker.publish(channel, message));
        }
    }

    /// Asks what was said last, and hears it.
    async fn learn(self: Arc<Self>) {
        let mut answers = self.broker.subscribe(&self.answers);
        answers.ready().await;
        self.ask().await;
        while let Some(event) = answers.next().await {
            match event {
                Event::Message(message) => self.hear(message),
                Event::Missed(_) => self.ask().await,
            }
        }
    }

    async fn ask(&self) {
        self.broker.room().await;
        drop(self.broker.publish(ASKS, self.answers.clone()));
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// The time of a message that counts from now on, later than that of any other that was heard here; `None` where the
    /// person or the address has spoken too much.
    fn may_speak(&mut self, by: [u64; 2], id: &str) -> Option<u64> {
        if !self.limit.may_speak(by, id) {
            return None;
        }
        self.latest = now().max(self.latest + 1);
        Some(self.latest)
    }

    /// Keeps a message and returns it as viewers get it; `None` when it is known.
    fn keep(&mut self, said: &Said, message: Bytes) -> Option<Bytes> {
        let shown = self.history.keep(said, message)?;
        self.latest = self.latest.max(said.at.min(now() + AHEAD));
        if Duration::from_millis(now().saturating_sub(said.at)) < limit::WHILE {
            self.limit.count(said.by, &said.id);
        }
        Some(shown)
    }
}
