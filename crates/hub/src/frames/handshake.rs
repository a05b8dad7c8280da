//! The opening handshake: is this a WebSocket that we speak, and what to answer (RFC 6455 §4.2).
//!
//! Pure functions over headers; who may open a viewer, and from which origin, is decided before, at the gate. It
//! refuses other versions than 13 and keys that are not one, and offers no extension.

use aws_lc_rs::digest::{Context, SHA1_FOR_LEGACY_USE_ONLY};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use http::header::{
    AsHeaderName, CONNECTION, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_PROTOCOL, SEC_WEBSOCKET_VERSION, UPGRADE,
};
use http::{HeaderMap, Version};

/// What to put into the 101 answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Handshake<'a> {
    /// The value of `Sec-WebSocket-Accept`.
    pub accept: String,
    /// The value of `Sec-WebSocket-Protocol`, where one was agreed on.
    pub protocol: Option<&'a str>,
}

/// Why a request that wants a WebSocket cannot have it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Not version 13. To be answered with 426 and `Sec-WebSocket-Version: 13`.
    #[error("this server speaks version 13 of the WebSocket protocol")]
    Version,
    /// To be answered with 400.
    #[error("Sec-WebSocket-Key must be 16 bytes in base64")]
    Key,
}

impl<'a> Handshake<'a> {
    /// Agrees to a request for which [`wants_websocket`] holds. `protocols` are those that we speak.
    ///
    /// # Errors
    /// [`Refusal`], with the status to answer.
    pub fn new(headers: &HeaderMap, protocols: &[&'a str]) -> Result<Self, Refusal> {
        if headers.get(SEC_WEBSOCKET_VERSION).is_none_or(|version| version != "13") {
            return Err(Refusal::Version);
        }
        let key = headers.get(SEC_WEBSOCKET_KEY).and_then(|key| key.to_str().ok()).ok_or(Refusal::Key)?;
        // A nonce of 16 bytes: room for 18, as base64 decodes in steps of three.
        let length = BASE64_STANDARD.decode_slice(key, &mut [0; 18]);
        if length != Ok(16) {
            return Err(Refusal::Key);
        }
        Ok(Self { accept: accept_key(key), protocol: choose_protocol(headers, protocols) })
    }
}

/// Whether a request asks to become a WebSocket, well or badly. HTTP/1.0 cannot (RFC 9110, section 7.8): a proxy that speaks
/// it to us would pass on an agreement that neither side can keep.
#[must_use]
pub fn wants_websocket(version: Version, headers: &HeaderMap) -> bool {
    version >= Version::HTTP_11
        && tokens(headers, CONNECTION).any(|token| token.eq_ignore_ascii_case("upgrade"))
        && tokens(headers, UPGRADE).any(|token| token.eq_ignore_ascii_case("websocket"))
}

/// The proof that the server has understood the handshake: the key and a fixed GUID, hashed. No secret is in it.
#[must_use]
pub fn accept_key(key: &str) -> String {
    let mut sha1 = Context::new(&SHA1_FOR_LEGACY_USE_ONLY);
    sha1.update(key.as_bytes());
    sha1.update(b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11");
    BASE64_STANDARD.encode(sha1.finish())
}

/// The first of the client's subprotocols, in its order of preference, that is among `ours`.
#[must_use]
pub fn choose_protocol<'a>(headers: &HeaderMap, ours: &[&'a str]) -> Option<&'a str> {
    tokens(headers, SEC_WEBSOCKET_PROTOCOL).find_map(|theirs| ours.iter().copied().find(|our| *our == theirs))
}

/// The elements of a header that is a list, over all its lines. A line that is not ASCII has none.
fn tokens(headers: &HeaderMap, name: impl AsHeaderName) -> impl Iterator<Item = &str> {
    let lines = headers.get_all(name).into_iter().filter_map(|value| value.to_str().ok());
    lines.flat_map(|line| line.split(',')).map(str::trim)
}
