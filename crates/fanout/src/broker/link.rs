//! A fan-out over a broker: what feeds and publishers touch, and the two tasks that move it.
//!
//! Feeds and publishers touch memory only: the registry, the press, and the set of channels whose subscription has to
//! be looked at. [`intake`] and [`outlet`] own a connection each and do the rest. The tasks end with the last handle.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use bytes::Bytes;
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use url::Url;

use super::ledger::Ledger;
use super::press::Press;
use super::status::Status;
use super::topic::{self, Id, Subjects, Use};
use super::{Broker, Health, Options, intake, outlet};
use crate::feed::Home;
use crate::registry::{Registry, Topic};
use crate::waiters::Ticket;
use crate::{Error, Feed};

/// The handle: it ends the tasks when it goes.
pub(crate) struct Link {
    shared: Arc<Shared>,
    tasks: [JoinHandle<()>; 2],
    longest: usize,
}

/// What the tasks share with feeds and publishers.
pub(crate) struct Shared {
    pub(crate) registry: Registry<Ledger>,
    /// Taken for microseconds; after `registry` where both are.
    press: Mutex<Press>,
    /// Something waits in the press.
    pub(crate) work: Notify,
    /// There is room in the press again.
    room: Notify,
    /// Channels that were opened or closed here since intake last looked: at most as many as there are names in use.
    changed: Mutex<HashSet<Id>>,
    pub(crate) change: Notify,
    pub(crate) status: Status,
    pub(crate) closing: AtomicBool,
    /// The press is empty and nothing more comes.
    pub(crate) closed: Notify,
    /// As in [`Options`].
    pub(crate) silence: Duration,
    pub(crate) answer: Duration,
    /// Where subscribers ask, in this cluster.
    pub(crate) ask: Id,
    /// Where this link hears itself.
    pub(crate) probe: Id,
}

impl Link {
    pub(crate) fn start(url: &str, options: &Options) -> Result<Arc<Self>, Error> {
        options.check()?;
        let url = Url::parse(url).map_err(|error| Error::Url(format!("the broker's address: {error}")))?;
        let subjects = Subjects::new(&options.cluster);
        match url.scheme() {
            #[cfg(feature = "redis")]
            "redis" | "rediss" => Ok(Self::over(super::redis::Redis::new(&url, subjects, options)?, options)),
            #[cfg(feature = "nats")]
            "nats" | "tls" => Ok(Self::over(super::nats::Nats::new(&url, subjects, options)?, options)),
            other => Err(Error::Url(format!("there is no broker for {other}://; known are {}", known()))),
        }
    }

    fn over(broker: impl Broker, options: &Options) -> Arc<Self> {
        let shared = Arc::new(Shared::new(options));
        let broker = Arc::new(broker);
        let tasks = [
            tokio::spawn(intake::run(Arc::clone(&broker), Arc::clone(&shared))),
            tokio::spawn(outlet::run(broker, Arc::clone(&shared))),
        ];
        Arc::new(Self { shared, tasks, longest: options.message })
    }

    pub(crate) fn subscribe(self: &Arc<Self>, channel: &str) -> Feed {
        let id = topic::id(Use::Channel, channel.as_bytes());
        let topic = Topic::from(&id[..]);
        let seat = self.shared.registry.join(&topic, false);
        if seat.first {
            self.shared.look_at(id);
        }
        Feed::new(Arc::clone(self) as Arc<dyn Home>, topic, seat)
    }

    pub(crate) fn publish(&self, channel: &str, message: Bytes) -> Result<(), Error> {
        if message.len() > self.longest {
            return Err(Error::TooLarge { bytes: message.len(), most: self.longest });
        }
        let id = topic::id(Use::Channel, channel.as_bytes());
        let taken = {
            let mut press = self.shared.press();
            if self.shared.closing.load(Ordering::SeqCst) {
                return Err(Error::Closed);
            }
            press.publish(id, message, Instant::now(), || fastrand::u64(..))
        };
        self.shared.work.notify_one();
        if taken { Ok(()) } else { Err(Error::Full) }
    }

    pub(crate) async fn room(&self) {
        loop {
            let room = self.shared.room.notified();
            tokio::pin!(room);
            // Registered before the look, so that room made between the two is not slept through.
            room.as_mut().enable();
            if self.shared.press().has_room() {
                return;
            }
            room.await;
        }
    }

    pub(crate) async fn ready(&self) -> Result<(), Error> {
        self.shared.status.ready().await
    }

    /// Publishes what waits, says that nothing more will come, and closes all feeds.
    pub(crate) async fn close(&self) {
        let closed = self.shared.closed.notified();
        tokio::pin!(closed);
        closed.as_mut().enable();
        {
            // Under the lock, so that no message slips in behind the end of its stream.
            let mut press = self.shared.press();
            self.shared.closing.store(true, Ordering::SeqCst);
            press.end_all();
        }
        self.shared.work.notify_one();
        closed.await;
        self.shared.registry.close();
    }

    pub(crate) fn channels(&self) -> usize {
        self.shared.registry.lock().open.len()
    }

    pub(crate) fn health(&self) -> Health {
        let status = &self.shared.status;
        let [subscribing, publishing] = status.states();
        let channels = self.channels();
        let press = self.shared.press();
        Health {
            subscribing,
            publishing,
            connections: status.connections.load(Ordering::Relaxed),
            published: press.published,
            dropped: press.dropped,
            received: status.received.load(Ordering::Relaxed),
            foreign: status.foreign.load(Ordering::Relaxed),
            waiting: press.waiting(),
            channels,
        }
    }
}

impl Shared {
    fn new(options: &Options) -> Self {
        let itself = std::array::from_fn::<u8, 16, _>(|_| fastrand::u8(..));
        Self {
            registry: Registry::new(options.limits),
            press: Mutex::new(Press::new(options.queue)),
            work: Notify::new(),
            room: Notify::new(),
            changed: Mutex::new(HashSet::new()),
            change: Notify::new(),
            status: Status::new(),
            closing: AtomicBool::new(false),
            closed: Notify::new(),
            silence: options.silence,
            answer: options.answer,
            ask: topic::id(Use::Ask, b""),
            probe: topic::id(Use::Probe, &itself),
        }
    }

    pub(crate) fn press(&self) -> MutexGuard<'_, Press> {
        self.press.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The broker has taken so many entries.
    pub(crate) fn taken(&self, count: usize) {
        let room = {
            let mut press = self.press();
            press.taken(count);
            press.has_room()
        };
        if room {
            self.room.notify_waiters();
        }
    }

    /// A control message to be published. Its place in the order of all that is; `None` when there was no room.
    pub(crate) fn control(&self, topic: Id, payload: Bytes) -> Option<u64> {
        let taken = self.press().control(topic, payload);
        self.work.notify_one();
        taken
    }

    /// Says the last numbers of the streams on these channels again.
    pub(crate) fn edges(&self, topics: impl IntoIterator<Item = Id>) {
        let now = Instant::now();
        let mut press = self.press();
        topics.into_iter().for_each(|topic| press.edge(&topic, now));
        drop(press);
        self.work.notify_one();
    }

    /// Intake should look whether the channel is listened to.
    fn look_at(&self, id: Id) {
        self.changed().insert(id);
        self.change.notify_one();
    }

    /// The channels to look at.
    pub(crate) fn changed(&self) -> MutexGuard<'_, HashSet<Id>> {
        self.changed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Home for Link {
    fn leave(&self, topic: &Topic) {
        if self.shared.registry.leave(topic)
            && let Ok(id) = Id::try_from(&topic[..])
        {
            self.shared.look_at(id);
        }
    }

    fn poll_confirmed(&self, topic: &Topic, ticket: &mut Option<Ticket>, cx: &Context<'_>) -> Poll<()> {
        self.shared.registry.poll_confirmed(topic, ticket, cx)
    }

    fn forget(&self, ticket: Ticket) {
        self.shared.registry.forget(ticket);
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

/// The addresses that this build knows.
fn known() -> &'static str {
    match (cfg!(feature = "redis"), cfg!(feature = "nats")) {
        (true, true) => "redis://, rediss://, nats:// and tls://",
        (true, false) => "redis:// and rediss://",
        (false, true) => "nats:// and tls://",
        (false, false) => "none: this was built without the features `redis` and `nats`",
    }
}
