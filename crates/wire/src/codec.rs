//! One message to bytes and back. The envelope is an array with one optional element, so that a message of a newer
//! peer is `None` and can be skipped, where a bare enum would be an error.

use bytes::Bytes;
use minicbor::{Decode, Encode};

/// The longest message either side accepts, in bytes: a page of 1 MiB of blocks and what surrounds it, with room.
pub const MAX_MESSAGE: usize = 8 << 20;

/// Why bytes are not a message.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// More than [`MAX_MESSAGE`] bytes.
    #[error("a message of {0} bytes is longer than the {MAX_MESSAGE} that are accepted")]
    TooLong(usize),
    /// Not the CBOR of a message.
    #[error("not a message of this protocol: {0}")]
    Malformed(#[from] minicbor::decode::Error),
}

#[derive(Encode, Decode)]
struct Envelope<T> {
    #[n(0)]
    message: Option<T>,
}

#[derive(Encode)]
struct Sending<'a, T> {
    #[n(0)]
    message: &'a T,
}

/// The bytes of one message.
pub fn encode<T: Encode<()>>(message: &T) -> Bytes {
    let mut out = Vec::with_capacity(256);
    match minicbor::encode(Sending { message }, &mut out) {
        Ok(()) => Bytes::from(out),
        Err(never) => unreachable!("writing CBOR to memory cannot fail: {never}"),
    }
}

/// What can be [decoded](decode).
pub trait Message: for<'b> Decode<'b, ()> {}

impl<T: for<'b> Decode<'b, ()>> Message for T {}

/// The message in `bytes`, or `None` when it is one that only a newer peer knows.
///
/// # Errors
/// When the bytes are too many or are not CBOR of the expected shape.
pub fn decode<T: Message>(bytes: &[u8]) -> Result<Option<T>, Error> {
    if bytes.len() > MAX_MESSAGE {
        return Err(Error::TooLong(bytes.len()));
    }
    Ok(minicbor::decode::<Envelope<T>>(bytes)?.message)
}

/// Of a message that [`decode`] does not know: the number of the question in it, when it is a question of a kind that only
/// a newer hub asks. Whoever asked waits for one answer to it.
pub fn unknown_question(bytes: &[u8]) -> Option<u64> {
    #[derive(Decode)]
    enum Numbered {
        #[n(5)]
        Ask(#[n(0)] u64),
    }
    let Numbered::Ask(ask) = decode(bytes).ok()??;
    Some(ask)
}

/// `Bytes` as a CBOR byte string, for `#[cbor(with = "crate::codec::raw")]`.
pub(crate) mod raw {
    use bytes::Bytes;
    use minicbor::decode::{Decoder, Error};
    use minicbor::encode::{self, Encoder, Write};

    pub(crate) fn encode<C, W: Write>(
        bytes: &Bytes,
        e: &mut Encoder<W>,
        _: &mut C,
    ) -> Result<(), encode::Error<W::Error>> {
        e.bytes(bytes)?.ok()
    }

    pub(crate) fn decode<C>(d: &mut Decoder<'_>, _: &mut C) -> Result<Bytes, Error> {
        d.bytes().map(Bytes::copy_from_slice)
    }
}
