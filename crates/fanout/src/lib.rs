//! One message in, many subscribers out.
//!
//! A [`Ring`] holds what was published last, bounded in bytes and in items. A [`Subscription`] is a cursor into it, a
//! few dozen bytes, and that is all that a subscriber costs: there is no queue per subscriber, so a slow one delays
//! nobody and holds no memory. When its cursor falls off the ring it is told exactly how much it [`Missed`](Drained),
//! and decides for itself whether to go on from the oldest item, from the newest, or to fetch the rest elsewhere.
//!
//! [`Channels`] gives rings names. Whoever subscribes to a name first gets the [`Source`] with it: the duty to feed
//! that channel. The duty ends by [`Source::retire`], which fails while somebody subscribes. So there is one upstream
//! per channel, however subscriptions come and go, and none for a channel that nobody looks at.
//!
//! ```text
//! upstream → Source / Ring::publish → [ oldest … head ] → Subscription::drain → subscriber
//! ```
//!
//! The laws, which the tests hold it to:
//! * A subscriber sees the items in order, each once, or a `Missed` with the exact number in their place.
//! * Publishing is bounded by the number of *waiting* subscribers, and wakes them after the lock is released.
//! * Nothing keyed by subscribers or by channels outlives them.
//!
//! What it refuses: it never looks inside an item, knows no runtime (wakers only), opens no socket and starts no
//! thread. A broker is one more upstream: what it receives is published into the same rings by whoever holds the
//! `Source`, and a hole in what it delivered is an item like any other, said in the caller's own words.
//!
//! ```
//! # use tailcast_fanout::{Channels, Joined, Limits, Weigh};
//! struct Note(&'static str);
//! impl Weigh for Note {
//!     fn weight(&self) -> usize {
//!         self.0.len()
//!     }
//! }
//! let channels = Channels::new();
//! let Joined { mut subscription, source } = channels.subscribe("news", Limits::new(1 << 20, 1024));
//! let source = source.expect("the first subscriber feeds the channel");
//! source.ring().publish(Note("hello"))?;
//! let mut items = Vec::new();
//! subscription.try_drain(usize::MAX, &mut items);
//! assert_eq!(items[0].0, "hello");
//! # Ok::<(), tailcast_fanout::Error>(())
//! ```

mod channels;
mod error;
mod ring;
mod subscription;
mod waiters;
mod window;

pub use channels::{Channels, Joined, Source};
pub use error::Error;
pub use ring::{Limits, Ring, Stats, Weigh};
pub use subscription::{Drained, Subscription};
pub use window::{Seq, Span};
