//! Bytes from a viewer become messages: unmask, join fragments, check (RFC 6455 §5 and §8.1).
//!
//! A state machine without I/O that takes the bytes as they come, in whatever pieces, and holds only what a frame that
//! has begun needs: at most 14 bytes of header inline, and payload as it arrives, never ahead of it, so that a length
//! that is claimed costs nothing. Between messages it holds no allocation.
//! It refuses, with the close code that says so, whatever the RFC does not allow, as early as it can be seen.

use super::{CONTROL_MAX, Close, Code, Kind, Opcode};

/// What a peer did that the protocol forbids.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Violation {
    /// RSV1-3, which belong to extensions, and none was agreed on.
    #[error("a reserved bit is set, and no extension was agreed on")]
    ReservedBit,
    /// An opcode that is not in the RFC.
    #[error("unknown opcode")]
    UnknownOpcode,
    /// Clients must mask.
    #[error("a frame from a client is not masked")]
    Unmasked,
    /// A length in more bytes than it needs, or over 2^63.
    #[error("the length of a frame is badly written")]
    BadLength,
    /// A control frame in pieces, or over 125 bytes.
    #[error("a control frame is in pieces or too long")]
    BadControl,
    /// A continuation of nothing, or a new message inside another.
    #[error("fragments of messages are mixed up")]
    MixedFragments,
    /// A close with half a code, or with one that must not be sent.
    #[error("a close frame with a bad code")]
    BadCloseCode,
    /// Text, or the reason of a close.
    #[error("text is not UTF-8")]
    NotText,
    /// A message over the bound.
    #[error("a message is too big")]
    TooBig,
}

impl Violation {
    /// The code to close with.
    #[must_use]
    pub fn code(self) -> Code {
        match self {
            Self::NotText => Code::NOT_TEXT,
            Self::TooBig => Code::TOO_BIG,
            _ => Code::PROTOCOL,
        }
    }
}

/// What the reader found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Event {
    Text(String),
    Binary(Vec<u8>),
    Ping(Vec<u8>),
    Pong,
    Close(Close),
}

/// A frame whose header has been read.
#[derive(Clone, Copy)]
struct Open {
    opcode: Opcode,
    fin: bool,
    /// The mask, turned so that its first byte is for the next byte of payload.
    mask: [u8; 4],
    /// Payload still to come; at most the message bound.
    left: u32,
}

pub(super) struct Reader {
    max_message: u32,
    header: Header,
    /// The frame being read; between frames there is none.
    open: Option<Open>,
    /// The message being read, from its first frame to its last.
    message: Option<Kind>,
    data: Vec<u8>,
    /// How much of `data`, if it is text, is known to be UTF-8; what follows is the beginning of one character.
    checked: usize,
    /// A control frame may come between the fragments of a message, so its payload is kept apart.
    control: Vec<u8>,
}

impl Reader {
    pub(super) fn new(max_message: u32) -> Self {
        Self {
            max_message,
            header: Header::default(),
            open: None,
            message: None,
            data: Vec::new(),
            checked: 0,
            control: Vec::new(),
        }
    }

    /// Takes bytes off the front of `input` until there is an event, or nothing left (`None`). After an error, and
    /// after a close, no more must be fed.
    pub(super) fn next(&mut self, input: &mut &[u8]) -> Result<Option<Event>, Violation> {
        loop {
            let open = match self.open {
                Some(open) => open,
                None => match self.header.next(input)? {
                    Some(open) => self.admit(open)?,
                    None => return Ok(None),
                },
            };
            let open = self.unmask(open, input)?;
            if open.left > 0 {
                self.open = Some(open);
                return Ok(None);
            }
            self.open = None;
            if let Some(event) = self.end_frame(open)? {
                return Ok(Some(event));
            }
        }
    }

    /// Whether a frame may come where it came, and may be as long as it says.
    fn admit(&mut self, open: Open) -> Result<Open, Violation> {
        match (open.opcode, self.message) {
            (Opcode::Close | Opcode::Ping | Opcode::Pong, _) => return Ok(open),
            (Opcode::Text, None) => self.message = Some(Kind::Text),
            (Opcode::Binary, None) => self.message = Some(Kind::Binary),
            (Opcode::Continuation, Some(_)) => {}
            (Opcode::Continuation, None) | (Opcode::Text | Opcode::Binary, Some(_)) => {
                return Err(Violation::MixedFragments);
            }
        }
        if self.data.len() as u64 + u64::from(open.left) > u64::from(self.max_message) {
            return Err(Violation::TooBig);
        }
        Ok(open)
    }

    /// Moves what there is of the frame's payload from `input` to where it is gathered.
    fn unmask(&mut self, mut open: Open, input: &mut &[u8]) -> Result<Open, Violation> {
        let len = input.len().min(open.left as usize);
        let (masked, rest) = input.split_at(len);
        *input = rest;
        let gathered = if open.opcode.is_control() { &mut self.control } else { &mut self.data };
        gathered.extend(masked.iter().zip(open.mask.iter().cycle()).map(|(byte, mask)| byte ^ mask));
        open.mask.rotate_left(len % 4);
        open.left -= len as u32;
        if self.message == Some(Kind::Text) && !open.opcode.is_control() {
            self.check_text()?;
        }
        Ok(open)
    }

    /// Text that can no longer become UTF-8 is refused at once, not at the end of a message that may never come.
    fn check_text(&mut self) -> Result<(), Violation> {
        match std::str::from_utf8(&self.data[self.checked..]) {
            Ok(_) => self.checked = self.data.len(),
            Err(error) if error.error_len().is_none() => self.checked += error.valid_up_to(),
            Err(_) => return Err(Violation::NotText),
        }
        Ok(())
    }

    fn end_frame(&mut self, frame: Open) -> Result<Option<Event>, Violation> {
        Ok(match frame.opcode {
            Opcode::Ping => Some(Event::Ping(std::mem::take(&mut self.control))),
            Opcode::Pong => {
                self.control = Vec::new();
                Some(Event::Pong)
            }
            Opcode::Close => Some(Event::Close(parse_close(&std::mem::take(&mut self.control))?)),
            Opcode::Continuation | Opcode::Text | Opcode::Binary if frame.fin => self.end_message()?,
            Opcode::Continuation | Opcode::Text | Opcode::Binary => None,
        })
    }

    fn end_message(&mut self) -> Result<Option<Event>, Violation> {
        let data = std::mem::take(&mut self.data);
        self.checked = 0;
        Ok(match self.message.take() {
            Some(Kind::Text) => Some(Event::Text(String::from_utf8(data).map_err(|_| Violation::NotText)?)),
            Some(Kind::Binary) => Some(Event::Binary(data)),
            None => None,
        })
    }
}

impl Opcode {
    fn is_control(self) -> bool {
        matches!(self, Self::Close | Self::Ping | Self::Pong)
    }

    fn parse(nibble: u8) -> Option<Self> {
        Some(match nibble {
            0x0 => Self::Continuation,
            0x1 => Self::Text,
            0x2 => Self::Binary,
            0x8 => Self::Close,
            0x9 => Self::Ping,
            0xA => Self::Pong,
            _ => return None,
        })
    }
}

/// The header of the next frame, as far as it has come: 2 bytes, 0, 2 or 8 of length, 4 of mask.
#[derive(Default)]
struct Header {
    bytes: [u8; 14],
    have: u8,
}

impl Header {
    /// Takes bytes off `input`; the frame, when the header is whole.
    fn next(&mut self, input: &mut &[u8]) -> Result<Option<Open>, Violation> {
        while let Some((&byte, rest)) = input.split_first() {
            *input = rest;
            self.bytes[usize::from(self.have)] = byte;
            self.have += 1;
            if self.have == 2 {
                self.check_start()?;
            }
            if self.have >= 2 && usize::from(self.have) == self.size() {
                self.have = 0;
                return self.parse().map(Some);
            }
        }
        Ok(None)
    }

    fn size(&self) -> usize {
        match self.bytes[1] & 0x7F {
            127 => 14,
            126 => 8,
            _ => 6,
        }
    }

    /// All that the first two bytes can have wrong.
    fn check_start(&self) -> Result<(), Violation> {
        let [first, second, ..] = self.bytes;
        if first & 0x70 != 0 {
            return Err(Violation::ReservedBit);
        }
        let opcode = Opcode::parse(first & 0x0F).ok_or(Violation::UnknownOpcode)?;
        if second & 0x80 == 0 {
            return Err(Violation::Unmasked);
        }
        if opcode.is_control() && (first & 0x80 == 0 || usize::from(second & 0x7F) > CONTROL_MAX) {
            return Err(Violation::BadControl);
        }
        Ok(())
    }

    fn parse(&self) -> Result<Open, Violation> {
        let b = &self.bytes;
        let (length, mask) = match b[1] & 0x7F {
            127 => (u64::from_be_bytes([b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9]]), [b[10], b[11], b[12], b[13]]),
            126 => (u64::from(u16::from_be_bytes([b[2], b[3]])), [b[4], b[5], b[6], b[7]]),
            short => (u64::from(short), [b[2], b[3], b[4], b[5]]),
        };
        let least = match b[1] & 0x7F {
            127 => 0x1_0000,
            126 => 126,
            _ => 0,
        };
        if length < least || length >> 63 != 0 {
            return Err(Violation::BadLength);
        }
        let opcode = Opcode::parse(b[0] & 0x0F).ok_or(Violation::UnknownOpcode)?;
        // Over the bound of any message, which is counted in 32 bits.
        let left = u32::try_from(length).map_err(|_| Violation::TooBig)?;
        Ok(Open { opcode, fin: b[0] & 0x80 != 0, mask, left })
    }
}

/// A close has no payload, or a code and a reason (RFC 6455 §5.5.1).
fn parse_close(payload: &[u8]) -> Result<Close, Violation> {
    match payload {
        [] => Ok(Close { code: Code::NO_CODE, reason: String::new() }),
        [_] => Err(Violation::BadCloseCode),
        [high, low, reason @ ..] => {
            let code = Code::on_the_wire(u16::from_be_bytes([*high, *low])).ok_or(Violation::BadCloseCode)?;
            let reason = std::str::from_utf8(reason).map_err(|_| Violation::NotText)?;
            Ok(Close { code, reason: reason.to_owned() })
        }
    }
}
