//! Channels between processes: what a broker has to do for us, and the times that everything keeps to.
//!
//! ```text
//! publish → press → outlet → Spout ⇒ broker ⇒ Tap → intake → ledger → registry → feed
//! ```
//!
//! The laws (no silent hole, one connection per role, dead links replaced) live in [`press`], [`ledger`], [`outlet`]
//! and [`intake`], once for all brokers. A broker itself is two connections: a [`Tap`] that subscribes and a [`Spout`]
//! that publishes and says what has arrived.

mod backoff;
mod dial;
mod intake;
#[cfg(test)]
mod laws;
mod ledger;
mod link;
#[cfg(feature = "nats")]
mod nats;
mod options;
mod outlet;
mod press;
#[cfg(feature = "redis")]
mod redis;
mod stamp;
mod status;
mod topic;

use std::time::Duration;

use bytes::Bytes;

pub(crate) use link::Link;
pub use options::{Options, Trust};
pub use status::{Health, State};

use topic::Id;

/// How long a publisher is quiet before it says its last number again.
const QUIET: Duration = Duration::from_secs(1);
/// How long a subscriber waits for the word that a publisher owes it (its edge, or its answer after an outage) before it
/// tells that something may have been missed: a link found dead late (15 s), a back-off (2 s) and some.
const OWED: Duration = Duration::from_secs(20);
/// How long a stream lives without a message. Then its publisher ends it, with a word.
const IDLE: Duration = Duration::from_secs(300);
/// Channels in one command, and questions or entries in one message to the broker.
const BATCH: usize = 512;

/// Why a connection is not there, in words for a person.
#[derive(Debug)]
pub(crate) struct Down(String);

impl Down {
    fn because(words: impl std::fmt::Display) -> Self {
        Self(words.to_string())
    }
}

/// One kind of broker, at one address.
pub(crate) trait Broker: Send + Sync + 'static {
    type Tap: Tap;
    type Spout: Spout;

    /// Opens the subscribing connection.
    fn tap(&self) -> impl Future<Output = Result<Self::Tap, Down>> + Send;

    /// Opens the publishing connection.
    fn spout(&self) -> impl Future<Output = Result<Self::Spout, Down>> + Send;
}

/// A subscription to begin or to end.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Change {
    Subscribe(Id),
    Unsubscribe(Id),
}

impl Change {
    fn id(&self) -> &Id {
        let (Self::Subscribe(id) | Self::Unsubscribe(id)) = self;
        id
    }
}

/// The subscribing connection. Dropping it closes it.
pub(crate) trait Tap: Send {
    /// Puts changes on the way, [`BATCH`] at most.
    fn change(&mut self, changes: &[Change]) -> impl Future<Output = Result<(), Down>> + Send;

    /// Asks for a sign of life, which comes as [`Heard::Alive`] or as anything else.
    fn ping(&mut self) -> impl Future<Output = Result<(), Down>> + Send;

    /// Appends what has come, at least one thing. Cancel safe. It also moves along what is to be written.
    fn hear(&mut self, heard: &mut Vec<Heard>) -> impl Future<Output = Result<(), Down>> + Send;

    /// Changes that are not confirmed yet. Intake sends no more above [`BATCH`].
    fn pending(&self) -> usize;
}

/// What comes over the subscribing connection.
#[derive(Debug)]
pub(crate) enum Heard {
    /// A message on a channel.
    Frame(Id, Bytes),
    /// The subscription is in force.
    Subscribed(Id),
    /// The connection was lost, and the client library is at getting it back.
    Lost,
    /// It has got it back: all subscriptions are sent again, and their confirmations follow.
    Resumed,
    /// Messages were dropped on this side of the broker, since we were too slow.
    Overrun,
    /// Something that cannot be a message of ours; it was thrown away.
    Foreign,
    /// A sign of life.
    Alive,
}

/// The publishing connection. Dropping it closes it.
pub(crate) trait Spout: Send {
    /// Publishes in this order. `Ok` says that the broker has taken all of it; otherwise any part may have arrived.
    fn publish(&mut self, batch: &[(Id, Bytes)]) -> impl Future<Output = Result<(), Down>> + Send;
}
