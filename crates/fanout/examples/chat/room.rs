//! The room: what was said last, who may speak, and what comes next.
//!
//! The broker joins the processes: each publishes what its people say, and hears what is said anywhere. Within a process
//! an embedded fan-out hands it on to the viewers, so that each of them costs a cursor. History and hand-over happen
//! under one lock: whoever joins sees each message once.
//!
//! No process is special and none stores anything: one that starts asks the others for the last messages.

use std::collections::{HashMap, VecDeque};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use tailcast_fanout::{Event, Fanout, Feed, Limits};

/// Messages for who comes late.
const HISTORY: usize = 50;
/// Characters of a message, and of a name.
const TEXT: usize = 500;
const NAME: usize = 32;
/// Messages of one person in a while, and of one address, behind which there may be an office.
const PERSON: usize = 5;
const ADDRESS: usize = 40;
const WHILE: Duration = Duration::from_secs(10);

const ROOM: &str = "chat room";
const ASKS: &str = "chat asks";

/// One message, as it travels and as the page gets it.
#[derive(Deserialize, Serialize)]
struct Said {
    id: String,
    /// Milliseconds since 1970.
    at: u64,
    name: String,
    text: String,
    /// Whom it counts against: hashes, since a cookie is nobody else's business.
    by: [u64; 2],
}

/// What a person wants to say.
#[derive(Deserialize)]
pub(crate) struct Wish {
    name: String,
    text: String,
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

#[derive(Default)]
struct State {
    /// The last messages, oldest first, with their ids.
    history: VecDeque<(String, Bytes)>,
    /// When each person and address spoke, within a while, here or anywhere.
    spoke: HashMap<u64, VecDeque<(Instant, String)>>,
}

impl Room {
    /// Joins the room that the broker carries.
    pub(crate) fn join(broker: Fanout) -> Arc<Self> {
        let answers = format!("chat answers {:032x}", fastrand::u128(..));
        let local = Fanout::embedded(Limits::new(1 << 20, 256));
        let room = Arc::new(Self { broker, local, state: Mutex::default(), answers });
        tokio::spawn(Arc::clone(&room).listen());
        tokio::spawn(Arc::clone(&room).answer());
        tokio::spawn(Arc::clone(&room).learn());
        room
    }

    /// Says something to everybody.
    pub(crate) fn say(&self, wish: &Wish, speaker: &Speaker) -> Result<(), Refused> {
        let name = clean(&wish.name, NAME).ok_or(Refused::Wrong("a name has 1 to 32 characters"))?;
        let text = clean(&wish.text, TEXT).ok_or(Refused::Wrong("a message has 1 to 500 characters"))?;
        let id = format!("{:032x}", fastrand::u128(..));
        let by = [hash(&speaker.cookie), hash(&speaker.address)];
        if !self.state().may_speak(by, &id) {
            return Err(Refused::TooMuch);
        }
        let at = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
        let said = Said { id, at: u64::try_from(at).unwrap_or_default(), name, text, by };
        let message = Bytes::from(serde_json::to_vec(&said).map_err(|_| Refused::Unavailable)?);
        self.broker.publish(ROOM, message.clone()).map_err(|_| Refused::Unavailable)?;
        // Known here at once: should the broker lose it, whoever is told so can ask us.
        self.hear(message);
        Ok(())
    }

    /// What was said after a message (or the last of it, where that is not known any more), and what is said from now
    /// on.
    pub(crate) fn enter(&self, after: Option<&str>) -> (Vec<Bytes>, Feed) {
        let state = self.state();
        let known = state.history.iter().position(|(id, _)| Some(id.as_str()) == after);
        let missing = state.history.iter().skip(known.map_or(0, |known| known + 1));
        (missing.map(|(_, message)| message.clone()).collect(), self.local.subscribe(ROOM))
    }

    async fn listen(self: Arc<Self>) {
        let mut feed = self.broker.subscribe(ROOM);
        while let Some(event) = feed.next().await {
            match event {
                Event::Message(message) => self.hear(message),
                // Somebody else may have heard it.
                Event::Missed(_) => self.ask().await,
            }
        }
    }

    /// Takes in a message, unless it is known or none.
    fn hear(&self, message: Bytes) {
        let Ok(said) = serde_json::from_slice::<Said>(&message) else { return };
        let mut state = self.state();
        if state.history.iter().any(|(id, _)| *id == said.id) {
            return;
        }
        state.count(said.by, &said.id);
        if state.history.len() == HISTORY {
            state.history.pop_front();
        }
        state.history.push_back((said.id, message.clone()));
        // Embedded: it cannot fail, and wakes viewers without waiting for them.
        drop(self.local.publish(ROOM, message));
    }

    /// Tells processes that ask what was said last.
    async fn answer(self: Arc<Self>) {
        let mut asks = self.broker.subscribe(ASKS);
        while let Some(event) = asks.next().await {
            let Event::Message(whom) = event else { continue };
            let Ok(whom) = str::from_utf8(&whom) else { continue };
            if whom == self.answers {
                continue;
            }
            let history = self.state().history.iter().map(|(_, message)| message.clone()).collect::<Vec<_>>();
            for message in history {
                self.broker.room().await;
                drop(self.broker.publish(whom, message));
            }
        }
    }

    /// Asks what was said last, and hears it.
    async fn learn(self: Arc<Self>) {
        let mut answers = self.broker.subscribe(&self.answers);
        answers.ready().await;
        self.ask().await;
        while let Some(event) = answers.next().await {
            if let Event::Message(message) = event {
                self.hear(message);
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
    /// Whether neither the person nor the address has spoken too much; if so, this counts.
    fn may_speak(&mut self, by: [u64; 2], id: &str) -> bool {
        self.forget();
        let spoke = |who: u64| self.spoke.get(&who).map_or(0, VecDeque::len);
        let may = spoke(by[0]) < PERSON && spoke(by[1]) < ADDRESS;
        if may {
            self.count(by, id);
        }
        may
    }

    /// Counts a message once, wherever it was said.
    fn count(&mut self, by: [u64; 2], id: &str) {
        self.forget();
        for who in by {
            let spoke = self.spoke.entry(who).or_default();
            if spoke.len() < ADDRESS && !spoke.iter().any(|(_, known)| known == id) {
                spoke.push_back((Instant::now(), id.to_owned()));
            }
        }
    }

    fn forget(&mut self) {
        self.spoke.retain(|_, spoke| {
            spoke.retain(|(at, _)| at.elapsed() < WHILE);
            !spoke.is_empty()
        });
    }
}

/// Without what is not text, and without space at either end; `None` when nothing or too much is left.
fn clean(text: &str, most: usize) -> Option<String> {
    let text = text.chars().filter(|c| !c.is_control() || *c == '\n').collect::<String>();
    let text = text.trim();
    (1..=most).contains(&text.chars().count()).then(|| text.to_owned())
}

/// The same in every process.
fn hash(text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}
