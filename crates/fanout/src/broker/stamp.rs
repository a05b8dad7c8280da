//! The stamp in front of each payload at the broker: which stream, which number, and how long ago.
//!
//! A stream is what one publisher sends on one channel, from a first message numbered 1; its name is random. The two
//! ages are measured on the publisher's own clock when the message leaves, so that clocks need not agree. They tell a
//! subscriber that hears a stream for the first time whether it should have heard it before.
//!
//! 26 bytes: version, kind, stream (8), number (8), age (4), quiet (4), the last two in milliseconds, all big
//! endian. Bytes from the broker are not trusted: what is not a stamp of this version is no message.

use std::time::{Duration, Instant};

/// Bytes in front of a payload.
pub(crate) const LENGTH: usize = 26;

const VERSION: u8 = 1;

/// In the byte of the kind.
const HOLE: u8 = 0x80;

/// What a frame says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A message, with this number.
    Message,
    /// No message: the last one had this number.
    Edge,
    /// The last one had this number, and no other will follow.
    End,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stamp {
    pub(crate) kind: Kind,
    pub(crate) stream: u64,
    pub(crate) number: u64,
    /// How long ago the stream began, with its first message.
    pub(crate) age: Duration,
    /// How long ago the message before this one was published; of an edge, the message that it speaks of.
    pub(crate) quiet: Duration,
    /// Whether the publisher itself dropped the message before this one.
    pub(crate) hole: bool,
}

impl Stamp {
    pub(crate) fn encode(&self) -> [u8; LENGTH] {
        let mut out = [0; LENGTH];
        out[0] = VERSION;
        out[1] = match self.kind {
            Kind::Message => 0,
            Kind::Edge => 1,
            Kind::End => 2,
        } | (u8::from(self.hole) * HOLE);
        out[2..10].copy_from_slice(&self.stream.to_be_bytes());
        out[10..18].copy_from_slice(&self.number.to_be_bytes());
        out[18..22].copy_from_slice(&milliseconds(self.age).to_be_bytes());
        out[22..26].copy_from_slice(&milliseconds(self.quiet).to_be_bytes());
        out
    }

    /// The stamp, and the payload behind it.
    pub(crate) fn decode(frame: &[u8]) -> Option<(Self, &[u8])> {
        let (head, payload) = frame.split_first_chunk::<LENGTH>()?;
        let kind = match head[1] & !HOLE {
            0 => Kind::Message,
            1 => Kind::Edge,
            2 => Kind::End,
            _ => return None,
        };
        let stamp = Self {
            kind,
            stream: u64::from_be_bytes(*head[2..].first_chunk()?),
            number: u64::from_be_bytes(*head[10..].first_chunk()?),
            age: duration(*head[18..].first_chunk()?),
            quiet: duration(*head[22..].first_chunk()?),
            hole: head[1] & HOLE != 0,
        };
        // The first number is 1, and there is room for the next one.
        let sound = head[0] == VERSION && (1..u64::MAX).contains(&stamp.number);
        sound.then_some((stamp, payload))
    }
}

/// Rounded up, so that an age never comes out younger than it is: too young would look like a loss.
fn milliseconds(age: Duration) -> u32 {
    u32::try_from(age.as_micros().div_ceil(1_000)).unwrap_or(u32::MAX)
}

/// The longest that can be said stands for longer still.
fn duration(bytes: [u8; 4]) -> Duration {
    match u32::from_be_bytes(bytes) {
        u32::MAX => Duration::MAX,
        milliseconds => Duration::from_millis(milliseconds.into()),
    }
}

/// The age of an instant; nothing when it lies ahead.
pub(crate) fn since(now: Instant, then: Instant) -> Duration {
    now.saturating_duration_since(then)
}
