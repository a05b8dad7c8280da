//! A place in a log that outlives the process, the file's name and the machine: offsets, tokens and positions.
//!
//! Device and inode do not name a file for long (ext4 hands a freed inode out at once, overlay and NFS change them), so
//! a position names *content*: a hash of the file's head, and a hash of the bytes just in front of the place. Device,
//! inode and birth time are folded into a 32-bit tie-breaker that only decides between files which agree in both.
//!
//! A position is opaque outside: short URL-safe text. What comes in is treated as forged until it parses.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::Error;
use crate::hash::{Hash48, hash64};

/// How many bytes in front of a place are hashed into its anchor, at most.
pub const ANCHOR_BYTES: usize = 64;

/// How many bytes of a file's beginning are hashed into its head, at most.
pub const HEAD_BYTES: usize = 1024;

/// Time stamps of files have nanoseconds.
pub(crate) const NANOS_PER_MILLI: i128 = 1_000_000;

/// The first byte of every position. A position of another version is refused, never guessed at.
const VERSION: u8 = 1;

/// A byte offset in one incarnation of a file, counted in source bytes whatever the encoding.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Offset(pub u64);

impl Offset {
    /// The beginning of a file.
    pub const ZERO: Self = Self(0);

    /// The place `bytes` further on, stopping at the end of the number range.
    #[must_use]
    pub fn plus(self, bytes: u64) -> Self {
        Self(self.0.saturating_add(bytes))
    }

    /// How many bytes lie between `earlier` and this place; 0 when it is not earlier.
    #[must_use]
    pub fn since(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0)
    }
}

impl fmt::Display for Offset {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(out)
    }
}

/// Which log a position belongs to: 32 bits of the log's name, so that a position of another log is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Tag(u32);

impl Tag {
    /// The tag of the log called `name`, for example `web1:/var/log/syslog`.
    #[must_use]
    pub fn of(name: &str) -> Self {
        Self((hash64(name.as_bytes()) >> 32) as u32)
    }
}

/// The part of a position that names the incarnation: 16 bytes that travel with each block.
///
/// With it a hub that never saw the file builds the [`Position`] of each line from the line's offset and the bytes
/// before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Token([u8; Token::LEN]);

impl Token {
    /// The length of a token in bytes.
    pub const LEN: usize = 16;

    pub(crate) fn new(tag: Tag, tie: u32, head: Head) -> Self {
        let mut bytes = [0; Self::LEN];
        bytes[0..4].copy_from_slice(&tag.0.to_le_bytes());
        bytes[4..8].copy_from_slice(&tie.to_le_bytes());
        bytes[8..10].copy_from_slice(&head.len.to_le_bytes());
        bytes[10..16].copy_from_slice(&head.hash.to_bytes());
        Self(bytes)
    }

    /// The bytes for the wire.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; Self::LEN] {
        &self.0
    }

    /// The place at `offset`; `before` are the bytes in front of it, of which the last 64 count.
    #[must_use]
    pub fn position(&self, offset: Offset, before: &[u8]) -> Position {
        Position { token: *self, offset, anchor: Anchor::of(before) }
    }

    /// The log it belongs to.
    #[must_use]
    pub fn tag(&self) -> Tag {
        Tag(u32::from_le_bytes(self.array(0)))
    }

    pub(crate) fn tie(&self) -> u32 {
        u32::from_le_bytes(self.array(4))
    }

    pub(crate) fn head(&self) -> Head {
        Head { len: u16::from_le_bytes(self.array(8)), hash: Hash48::from_bytes(self.array(10)) }
    }

    fn array<const N: usize>(&self, at: usize) -> [u8; N] {
        std::array::from_fn(|i| self.0[at + i])
    }
}

impl TryFrom<&[u8]> for Token {
    type Error = Error;

    fn try_from(bytes: &[u8]) -> Result<Self, Error> {
        let token = Self(bytes.try_into().map_err(|_| Error::Garbled("it has the wrong length"))?);
        if usize::from(token.head().len) > HEAD_BYTES {
            return Err(Error::Garbled("it names a head longer than heads are"));
        }
        Ok(token)
    }
}

/// The beginning of a file as far as it is known: length (≤ 1 KiB) and hash; of an empty file, since when it is empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Head {
    pub(crate) len: u16,
    pub(crate) hash: Hash48,
}

impl Head {
    /// The head of a file that begins with `bytes`, of which the first 1,024 count.
    pub(crate) fn of(bytes: &[u8]) -> Self {
        let bytes = &bytes[..bytes.len().min(HEAD_BYTES)];
        Self { len: bytes.len() as u16, hash: Hash48::of(bytes) }
    }

    /// The head of a file that has been empty since it last changed then, in nanoseconds since 1970. In place of a hash, which
    /// would say nothing, stands that time in milliseconds: what was written since may be in copies.
    pub(crate) fn empty_since(changed: i128) -> Self {
        let bytes = i64::try_from(changed / NANOS_PER_MILLI).unwrap_or(0).to_le_bytes();
        Self { len: 0, hash: Hash48::from_bytes(std::array::from_fn(|i| bytes[i])) }
    }

    /// Since when a file without any byte was so, in milliseconds since 1970.
    pub(crate) fn empty_since_millis(self) -> Option<i128> {
        let hash = self.hash.to_bytes();
        let bytes = std::array::from_fn(|i| hash.get(i).copied().unwrap_or(0));
        (self.len == 0).then(|| i64::from_le_bytes(bytes).into())
    }
}

/// The bytes just in front of a place: how many (≤ 64) and their hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Anchor {
    pub(crate) len: u8,
    pub(crate) hash: Hash48,
}

impl Anchor {
    /// The anchor behind `before`, of which the last 64 bytes count.
    pub(crate) fn of(before: &[u8]) -> Self {
        let last = &before[before.len().saturating_sub(ANCHOR_BYTES)..];
        Self { len: last.len() as u8, hash: Hash48::of(last) }
    }
}

/// A place in a log, good for resuming after a restart, a rotation or on a copy of the file.
///
/// Outside it is opaque text: `Display` and `FromStr` are its only forms, at most 40 characters below offset 2³⁵ (32
/// GiB).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Position {
    pub(crate) token: Token,
    pub(crate) offset: Offset,
    pub(crate) anchor: Anchor,
}

impl Position {
    /// The log it belongs to.
    #[must_use]
    pub fn tag(&self) -> Tag {
        self.token.tag()
    }

    /// The incarnation it belongs to.
    #[must_use]
    pub fn token(&self) -> Token {
        self.token
    }

    /// Where in that incarnation.
    #[must_use]
    pub fn offset(&self) -> Offset {
        self.offset
    }
}

/// Version, token, offset as a varint (LEB128), anchor length, anchor hash, one byte of checksum.
impl fmt::Display for Position {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut bytes = Vec::with_capacity(35);
        bytes.push(VERSION);
        bytes.extend_from_slice(&self.token.0);
        push_varint(&mut bytes, self.offset.0);
        bytes.push(self.anchor.len);
        bytes.extend_from_slice(&self.anchor.hash.to_bytes());
        bytes.push(checksum(&bytes));
        out.write_str(&URL_SAFE_NO_PAD.encode(bytes))
    }
}

impl FromStr for Position {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| Error::Garbled("it has characters no position has"))?;
        let (&sum, bytes) = bytes.split_last().ok_or(Error::Garbled("it is empty"))?;
        let (&version, rest) = bytes.split_first().ok_or(Error::Garbled("it is too short"))?;
        if version != VERSION {
            return Err(Error::Garbled("it is of another version"));
        }
        if sum != checksum(bytes) {
            return Err(Error::Garbled("part of it is missing or changed"));
        }
        let (token, rest) = rest.split_at_checked(Token::LEN).ok_or(Error::Garbled("it is too short"))?;
        let (offset, rest) = take_varint(rest).ok_or(Error::Garbled("its offset is no number"))?;
        let [len, hash @ ..] = *<&[u8; 7]>::try_from(rest).map_err(|_| Error::Garbled("it has the wrong length"))?;
        if usize::from(len) > ANCHOR_BYTES || u64::from(len) > offset {
            return Err(Error::Garbled("its anchor is longer than anchors are"));
        }
        let anchor = Anchor { len, hash: Hash48::from_bytes(hash) };
        Ok(Self { token: Token::try_from(token)?, offset: Offset(offset), anchor })
    }
}

/// One byte against links cut off by a mail program; not a signature.
fn checksum(bytes: &[u8]) -> u8 {
    (hash64(bytes) >> 56) as u8
}

fn push_varint(bytes: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

/// The number in front of `bytes` and what follows; nothing when it is cut off, too big, or longer than it need be.
fn take_varint(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let mut number = 0_u64;
    for (i, &byte) in bytes.iter().enumerate().take(10) {
        if i == 9 && byte > 1 {
            return None;
        }
        number |= u64::from(byte & 0x7f) << (7 * i);
        if byte & 0x80 == 0 {
            return (byte != 0 || i == 0).then_some((number, &bytes[i + 1..]));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn place(offset: u64) -> Position {
        let token = Token::new(Tag::of("web1:/var/log/syslog"), 7, Head::of(b"first line\n"));
        token.position(Offset(offset), b"some line\n")
    }

    #[test]
    fn a_position_fits_in_forty_characters_up_to_32_gib() {
        assert!(place((1 << 35) - 1).to_string().len() <= 40);
    }

    proptest! {
        #[test]
        fn a_position_comes_back_as_it_went(offset in 10..u64::MAX) {
            let position = place(offset);
            prop_assert_eq!(position.to_string().parse::<Position>().ok(), Some(position));
        }

        #[test]
        fn garbled_text_is_an_error_and_never_a_panic(text in ".{0,60}", bytes in proptest::collection::vec(any::<u8>(), 0..50)) {
            prop_assert!(text.parse::<Position>().is_err());
            let forged = URL_SAFE_NO_PAD.encode(&bytes);
            if let Ok(position) = forged.parse::<Position>() {
                prop_assert_eq!(position.to_string(), forged);
            }
        }

        #[test]
        fn a_position_with_its_end_cut_off_is_refused(keep in 0_usize..38) {
            let text = place(123_456).to_string();
            prop_assert!(text[..keep].parse::<Position>().is_err() || keep >= text.len());
        }
    }
}
