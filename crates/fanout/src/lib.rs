//! One message in, many subscribers out: within a process, or between many over Redis, Valkey or NATS.
//!
//! Two layers, each of use alone.
//!
//! **[`Fanout`]** is publish and subscribe by name. Brokers deliver at most once and say nothing about the rest;
//! a [`Feed`] hears each message, or [`Missed`] in its place. Publishers stamp what they send with a number, and say
//! the last number again after a second of silence, so that not even the last message can be lost unseen.
//!
//! ```text
//! publish → press: stamp, queue → outlet ⇒ broker ⇒ intake → ledger: what is missing? → ring → feed
//! ```
//!
//! **[`Ring`]** holds what was published last, bounded in bytes and in items. A [`Subscription`] is a cursor into it, a
//! few dozen bytes, and that is all that a subscriber costs: there is no queue per subscriber, so a slow one delays
//! nobody and holds no memory. When its cursor falls off the ring it is told exactly how much it [`Missed`](Drained).
//! [`Channels`] gives rings names; whoever subscribes first gets the [`Source`] with it, the duty to feed the channel
//! until [`Source::retire`], which fails while somebody subscribes.
//!
//! ```text
//! upstream → Source / Ring::publish → [ oldest … head ] → Subscription::drain → subscriber
//! ```
//!
//! The laws of a ring, which the tests hold it to (those of a fan-out stand on [`Fanout`]):
//! * A subscriber sees the items in order, each once, or a `Missed` with the exact number in their place.
//! * Publishing is bounded by the number of *waiting* subscribers, and wakes them after the lock is released.
//! * Nothing keyed by subscribers or by channels outlives them.
//!
//! What it refuses: it never looks inside an item or a message, and stores none for later. Without the features
//! `redis` and `nats` it knows no runtime (wakers only), opens no socket and starts no thread.
//!
//! ```
//! use tailcast_fanout::{Event, Fanout, Limits};
//! let fanout = Fanout::embedded(Limits::new(1 << 20, 1024));
//! let mut feed = fanout.subscribe("news");
//! fanout.publish("news", "hello")?;
//! assert_eq!(feed.try_next(), Some(Event::Message("hello".into())));
//! # Ok::<(), tailcast_fanout::Error>(())
//! ```

#[cfg(feature = "link")]
mod broker;
mod channels;
mod error;
mod event;
mod fanout;
mod feed;
mod registry;
mod ring;
mod subscription;
mod waiters;
mod window;

#[cfg(feature = "link")]
pub use broker::{Health, Options, State, Trust};
pub use channels::{Channels, Joined, Source};
pub use error::Error;
pub use event::{Count, Event, Missed, Why};
pub use fanout::Fanout;
pub use feed::Feed;
pub use ring::{Limits, Ring, Stats, Weigh};
pub use subscription::{Drained, Subscription};
pub use window::{Seq, Span};
