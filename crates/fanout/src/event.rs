//! What a subscriber hears: a message, or how many it missed and why. And how a hole is told by whoever made it.
//!
//! Each item of a channel's ring says how many messages lie [before](Item::before) it. So a subscriber that fell off
//! the ring counts what it missed by a subtraction, whatever the items were that left.

use bytes::Bytes;

use crate::Weigh;

/// What a subscriber hears.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// A message, as it was published.
    Message(Bytes),
    /// Messages that were published, belong in this place, and will not come.
    Missed(Missed),
}

/// Messages that will not come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Missed {
    /// How many.
    pub count: Count,
    /// Where they were lost.
    pub why: Why,
}

/// How many messages were missed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Count {
    /// So many, and at least one.
    Exactly(u64),
    /// It cannot be known, and it cannot be excluded that some were: whoever could say is gone.
    Unknown,
}

/// Where messages were lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Why {
    /// This subscriber was slower than its channel, and fell off the ring.
    Behind,
    /// The connection to the broker was down, or the broker dropped what this process did not read in time.
    Link,
    /// The publisher could not hand them to the broker, or ended without a word.
    Publisher,
}

/// Messages told about so far, on one channel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    /// Messages, those that were missed and counted included.
    messages: u64,
    /// Holes of unknown size.
    unknown: u64,
}

impl Tally {
    pub(crate) fn after(self, event: &Event) -> Self {
        let Self { messages, unknown } = self;
        match event {
            Event::Message(_) => Self { messages: messages + 1, unknown },
            Event::Missed(Missed { count: Count::Exactly(n), .. }) => Self { messages: messages + n, unknown },
            Event::Missed(Missed { count: Count::Unknown, .. }) => Self { messages, unknown: unknown + 1 },
        }
    }

    /// What lies between here and a later tally, if anything does.
    pub(crate) fn until(self, later: Self) -> Option<Count> {
        match later {
            _ if later == self => None,
            _ if later.unknown != self.unknown => Some(Count::Unknown),
            _ => Some(Count::Exactly(later.messages - self.messages)),
        }
    }
}

/// An event in the ring of its channel.
#[derive(Debug)]
pub(crate) struct Item {
    pub(crate) before: Tally,
    pub(crate) event: Event,
}

impl Weigh for Item {
    /// What the item itself takes, so that a ring of empty messages is bounded in bytes too.
    fn weight(&self) -> usize {
        let payload = if let Event::Message(bytes) = &self.event { bytes.len() } else { 0 };
        payload + size_of::<Self>()
    }
}
