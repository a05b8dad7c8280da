//! Publish and subscribe, in one process or in many: one type, three things underneath.
//!
//! The law is written on [`Fanout`], and one suite of tests holds all three to it.

use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;

use crate::feed::Home;
use crate::registry::{Registry, Topic};
use crate::waiters::Ticket;
use crate::{Error, Event, Feed, Limits};

#[cfg(feature = "link")]
use crate::broker::{Link, Options};

/// Publish and subscribe by channel name. Clones are the same fan-out.
///
/// The law, over each broker:
///
/// * **Order.** A feed hears the messages of each publisher (each `Fanout`) on its channel in the order in which they
///   were published, each once. Messages of different publishers may arrive in any order between them.
/// * **No silent hole.** What does not come is told in its place as [`Missed`](crate::Missed): with its exact number
///   while its publisher lives, also when it was the last message of all, else as unknown. A feed begins with the
///   first message that reaches it; once [`Feed::ready`] has returned, nothing published later is left out silently.
/// * **No false alarm.** What is told with a number was missed. Unknown is told only when it cannot be excluded.
/// * **A slow feed delays nobody**: no publisher, no other feed, not the connection. It costs the ring of its channel,
///   bounded by [`Limits`], whether one feed or a thousand read it.
/// * **One connection to subscribe and one to publish**, however many channels and feeds. The first feed of a channel
///   subscribes at the broker, the last one unsubscribes.
/// * **For ever.** A connection that breaks, or is silently dead, is replaced within 15 s, as often as it takes.
///
/// What it does not do: store messages, or look inside them. A publisher that came and went wholly while a subscriber
/// was cut off from the broker leaves no trace there.
#[derive(Clone)]
pub struct Fanout(Kind);

#[derive(Clone)]
enum Kind {
    Embedded(Arc<Embedded>),
    #[cfg(feature = "link")]
    Linked(Arc<Link>),
}

impl Fanout {
    /// A fan-out within this process. Each channel has a ring of its own, of these limits.
    #[must_use]
    pub fn embedded(limits: Limits) -> Self {
        Self(Kind::Embedded(Arc::new(Embedded(Registry::new(limits)))))
    }

    /// A fan-out over the broker at `url`: `redis://` or `rediss://` (Redis, Valkey; feature `redis`), `nats://` or
    /// `tls://` (feature `nats`), with `user:password@` where the broker asks for one. It starts connecting in the
    /// background and does so for ever; [`ready`](Self::ready) waits for the outcome. Must be called within a tokio
    /// runtime with its timers and I/O on.
    ///
    /// # Errors
    /// [`Error::Url`] when the address or an option cannot be used, with words that say which.
    #[cfg(feature = "link")]
    pub fn connect(url: &str, options: &Options) -> Result<Self, Error> {
        Ok(Self(Kind::Linked(Link::start(url, options)?)))
    }

    /// Listens to a channel, from its next message on. The channel needs no creating, and its name may be anything.
    #[must_use = "a feed that is dropped unsubscribes"]
    pub fn subscribe(&self, channel: &str) -> Feed {
        match &self.0 {
            Kind::Embedded(embedded) => {
                let topic = Topic::from(channel.as_bytes());
                let seat = embedded.0.join(&topic, true);
                Feed::new(Arc::clone(embedded) as Arc<dyn Home>, topic, seat)
            }
            #[cfg(feature = "link")]
            Kind::Linked(link) => link.subscribe(channel),
        }
    }

    /// Publishes a message to all who listen to the channel. It never waits.
    ///
    /// # Errors
    /// Only over a broker. [`Error::TooLarge`]: nothing was published. [`Error::Full`]: the broker is away or slow and
    /// `Options::queue` bytes wait for it already; the message is lost, and every subscriber will be told so.
    pub fn publish(&self, channel: &str, message: impl Into<Bytes>) -> Result<(), Error> {
        match &self.0 {
            Kind::Embedded(embedded) => {
                embedded.0.deliver(channel.as_bytes(), Event::Message(message.into()));
                Ok(())
            }
            #[cfg(feature = "link")]
            Kind::Linked(link) => link.publish(channel, message.into()),
        }
    }

    /// Waits until at most half of `Options::queue` is waiting for the broker: for a publisher that would rather
    /// wait than lose. At once when embedded. Cancel safe.
    pub async fn room(&self) {
        match &self.0 {
            Kind::Embedded(_) => {}
            #[cfg(feature = "link")]
            Kind::Linked(link) => link.room().await,
        }
    }

    /// Waits until both connections are up. At once when embedded. Cancel safe.
    ///
    /// # Errors
    /// [`Error::Refused`] with the reason as soon as an attempt has failed: nobody there, a wrong password, a cluster.
    /// Attempts go on nevertheless, and `ready` can be called again.
    #[cfg_attr(not(feature = "link"), expect(clippy::unused_async, reason = "it waits over a broker"))]
    pub async fn ready(&self) -> Result<(), Error> {
        match &self.0 {
            Kind::Embedded(_) => Ok(()),
            #[cfg(feature = "link")]
            Kind::Linked(link) => link.ready().await,
        }
    }

    /// Publishes what still waits, says that nothing more will come, and ends all feeds. Without it, dropping the last
    /// handle and the last feed ends the connections as they are. Over a broker that is away it waits: put a time over
    /// it. Cancel safe.
    #[cfg_attr(not(feature = "link"), expect(clippy::unused_async, reason = "it waits over a broker"))]
    pub async fn close(&self) {
        match &self.0 {
            Kind::Embedded(embedded) => embedded.0.close(),
            #[cfg(feature = "link")]
            Kind::Linked(link) => link.close().await,
        }
    }

    /// What it has done and how it is. `None` when embedded, which has no connection to speak of.
    #[cfg(feature = "link")]
    #[must_use]
    pub fn health(&self) -> Option<crate::Health> {
        match &self.0 {
            Kind::Embedded(_) => None,
            Kind::Linked(link) => Some(link.health()),
        }
    }

    /// Number of channels that somebody in this process listens to.
    #[must_use]
    pub fn channels(&self) -> usize {
        match &self.0 {
            Kind::Embedded(embedded) => embedded.0.lock().open.len(),
            #[cfg(feature = "link")]
            Kind::Linked(link) => link.channels(),
        }
    }
}

impl std::fmt::Debug for Fanout {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Fanout").field("channels", &self.channels()).finish_non_exhaustive()
    }
}

struct Embedded(Registry<()>);

impl Home for Embedded {
    fn leave(&self, topic: &Topic) {
        self.0.leave(topic);
    }

    fn poll_confirmed(&self, topic: &Topic, ticket: &mut Option<Ticket>, cx: &Context<'_>) -> Poll<()> {
        self.0.poll_confirmed(topic, ticket, cx)
    }

    fn forget(&self, ticket: Ticket) {
        self.0.forget(ticket);
    }
}
