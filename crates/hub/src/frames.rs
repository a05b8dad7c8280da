//! The server's side of a WebSocket (RFC 6455), made for one frame that goes to many viewers.
//!
//! What a server sends is not masked, so a frame has the same bytes for every viewer: a [`Frame`] is encoded once,
//! header and payload, and each [`Socket`] only queues a reference to it. On the path of a line this is the last hop:
//! the viewer drains its channel, gets frames, and up to 64 of them leave in one system call.
//!
//! ```text
//! channel → Frame (shared) → Socket { Writer } ⇒ browser
//!           commands, pongs ← Socket { Reader } ⇐
//! ```
//!
//! A socket that is silent holds no buffer at all: it reads into the stack, and keeps only what a message that has
//! begun needs. What comes in is bounded (a message at most [`Limits::message`]) and strict: the peer is told its
//! mistake by a close code.
//!
//! It refuses extensions (so RSV bits must be 0), fragments nothing that it sends, and knows nothing of what is in a
//! frame.

mod handshake;
mod reader;
mod socket;
#[cfg(test)]
mod tests;
mod writer;

use bytes::Bytes;

pub use handshake::{Handshake, Refusal, accept_key, choose_protocol, wants_websocket};
pub use reader::Violation;
pub use socket::{Error, Limits, Message, Socket, Unsent};

/// The two kinds of message that a frame can carry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// UTF-8 text.
    Text,
    /// Bytes.
    Binary,
}

/// A whole message as it goes over the wire, header and payload. Clones share the bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame(Bytes);

/// A frame's header is at most so long: two bytes, and eight for a length over 65,535. There is no mask.
const HEADER_MAX: usize = 10;

impl Frame {
    /// Encodes a message, copying the payload once for all who will be sent it. Text has to be UTF-8, or viewers hang
    /// up.
    #[must_use]
    pub fn encode(kind: Kind, payload: impl AsRef<[u8]>) -> Self {
        let payload = payload.as_ref();
        Self::build(kind, payload.len(), |buffer| buffer.extend_from_slice(payload))
    }

    /// Encodes a message whose payload `write` appends to the buffer that it is handed, without a copy. `write` must
    /// not take out what is in the buffer: room for the header.
    #[must_use]
    pub fn build(kind: Kind, capacity: usize, write: impl FnOnce(&mut Vec<u8>)) -> Self {
        let mut buffer = Vec::with_capacity(HEADER_MAX + capacity);
        buffer.resize(HEADER_MAX, 0);
        write(&mut buffer);
        let opcode = match kind {
            Kind::Text => Opcode::Text,
            Kind::Binary => Opcode::Binary,
        };
        Self(finish(opcode, buffer))
    }

    /// Bytes on the wire.
    #[must_use]
    #[expect(clippy::len_without_is_empty, reason = "a frame is never empty: it has a header")]
    pub fn len(&self) -> usize {
        self.0.len()
    }
}

/// What a frame is (RFC 6455 §5.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Opcode {
    Continuation = 0x0,
    Text = 0x1,
    Binary = 0x2,
    Close = 0x8,
    Ping = 0x9,
    Pong = 0xA,
}

/// Puts the header into the end of the room that was left for it, and cuts off what it does not need.
fn finish(opcode: Opcode, mut buffer: Vec<u8>) -> Bytes {
    const FIN: u8 = 0x80;
    let len = buffer.len().saturating_sub(HEADER_MAX);
    let mut header = [0_u8; HEADER_MAX];
    header[0] = FIN | opcode as u8;
    let used = match len {
        0..=125 => {
            header[1] = len as u8;
            2
        }
        126..=0xFFFF => {
            header[1] = 126;
            header[2..4].copy_from_slice(&(len as u16).to_be_bytes());
            4
        }
        _ => {
            header[1] = 127;
            header[2..10].copy_from_slice(&(len as u64).to_be_bytes());
            10
        }
    };
    let begin = HEADER_MAX - used;
    buffer[begin..HEADER_MAX].copy_from_slice(&header[..used]);
    Bytes::from(buffer).slice(begin..)
}

/// Why a connection closes (RFC 6455 §7.4). A browser shows it to the page; ours decides by it whether to come again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Code(u16);

impl Code {
    /// Done.
    pub const NORMAL: Self = Self(1000);
    /// The server goes down, or the page is left.
    pub const GOING_AWAY: Self = Self(1001);
    /// The peer broke the protocol.
    pub const PROTOCOL: Self = Self(1002);
    /// A kind of message that is not understood here.
    pub const UNSUPPORTED: Self = Self(1003);
    /// The peer closed without a code. Never sent.
    pub const NO_CODE: Self = Self(1005);
    /// The connection ended without a close. Never sent.
    pub const CUT: Self = Self(1006);
    /// Text that is not UTF-8.
    pub const NOT_TEXT: Self = Self(1007);
    /// Not allowed.
    pub const POLICY: Self = Self(1008);
    /// A message over the bound.
    pub const TOO_BIG: Self = Self(1009);
    /// Our own mistake.
    pub const INTERNAL: Self = Self(1011);
    /// The server starts again: come back.
    pub const RESTART: Self = Self(1012);
    /// The server has no room: come back later.
    pub const TRY_LATER: Self = Self(1013);

    /// A code of this application's own, 4000 + `n` (`n` under 1,000; the rest is cut off).
    #[must_use]
    pub const fn own(n: u16) -> Self {
        Self(4000 + n % 1000)
    }

    /// The number.
    #[must_use]
    pub const fn get(self) -> u16 {
        self.0
    }

    /// A code that may stand in a close frame: those registered with IANA, and the ranges for libraries and
    /// applications.
    fn on_the_wire(number: u16) -> Option<Self> {
        matches!(number, 1000..=1003 | 1007..=1014 | 3000..=4999).then_some(Self(number))
    }
}

/// A connection's last word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Close {
    /// Why.
    pub code: Code,
    /// Why, in words for a log; at most 123 bytes.
    pub reason: String,
}

/// Encodes a close frame, without a payload for a code that is never sent. The reason is cut to what fits, between
/// characters.
fn close_frame(code: Code, reason: &str) -> Bytes {
    let mut buffer = vec![0; HEADER_MAX];
    if Code::on_the_wire(code.0).is_some() {
        buffer.extend_from_slice(&code.0.to_be_bytes());
        buffer.extend_from_slice(&reason.as_bytes()[..reason.floor_char_boundary(CONTROL_MAX - 2)]);
    }
    finish(Opcode::Close, buffer)
}

/// A word and the last one as they go over the wire: for somebody who is refused and never gets a socket.
pub(crate) fn farewell(word: &Frame, close: &Close) -> Vec<u8> {
    [&word.0[..], &close_frame(close.code, &close.reason)].concat()
}

/// Encodes the answer to a ping.
fn pong_frame(payload: &[u8]) -> Bytes {
    let mut buffer = vec![0; HEADER_MAX];
    buffer.extend_from_slice(payload);
    finish(Opcode::Pong, buffer)
}

/// The payload of a control frame is at most so long (RFC 6455 §5.5).
const CONTROL_MAX: usize = 125;
