//! Why a hub was not reached, each with what to do about it.

use std::io;

use super::PATIENCE;
use super::url::HubUrl;

/// Why a hub was not reached, or would not have us.
#[derive(Debug, thiserror::Error)]
pub enum DialError {
    /// The name has no address.
    #[error("the name {host} is not known here ({source}): is it spelled right, and does the resolver work?")]
    UnknownName {
        /// The name.
        host: String,
        /// What the resolver said.
        source: io::Error,
    },
    /// Every address refused: the machine is there, and nobody listens.
    #[error("nobody listens at {host}: is the hub running there? --hub URL or TAILCAST_HUB names another")]
    Refused {
        /// Host and port.
        host: String,
    },
    /// No address could be reached.
    #[error("{host} cannot be reached: {source}")]
    Unreachable {
        /// Host and port.
        host: String,
        /// Of the last address tried.
        source: io::Error,
    },
    /// A step took too long.
    #[error("{host} did not answer within {} s (waited for {what}): is it up, and does a firewall drop packets?", PATIENCE.as_secs())]
    Late {
        /// Host and port.
        host: String,
        /// The step.
        what: &'static str,
    },
    /// The proxy would not let us through.
    #[error(
        "the proxy {proxy} answered `{said}` when asked for {host}: is the hub to be reached without it (NO_PROXY)?"
    )]
    Proxy {
        /// The proxy.
        proxy: String,
        /// The hub's host and port.
        host: String,
        /// Its status line, or what went wrong.
        said: String,
    },
    /// Nobody that is trusted here vouches for the hub's certificate.
    #[error("the certificate of {host} is not trusted: {words}")]
    Certificate {
        /// The hub's host and port.
        host: String,
        /// What is wrong with it and what helps.
        words: String,
    },
    /// TLS failed otherwise.
    #[error("no TLS with {host}: {words}")]
    Tls {
        /// The hub's host and port.
        host: String,
        /// What went wrong.
        words: String,
    },
    /// The file of certificates to trust is not usable.
    #[error("{file} cannot be used as the certificates to trust: {words}")]
    Roots {
        /// The file.
        file: String,
        /// Why.
        words: String,
    },
    /// 401, although a token was given.
    #[error(
        "{hub} does not take this token (401): it is not, or no longer, known there, or not for this; `tailcast token list` on the hub shows what is, `tailcast token add` makes one"
    )]
    TokenRefused {
        /// The hub.
        hub: String,
    },
    /// 401, and no token was given.
    #[error(
        "{hub} wants to know who asks (401): give a token by --token-file or TAILCAST_TOKEN; `tailcast token add` on the hub makes one"
    )]
    Unauthorised {
        /// The hub.
        hub: String,
    },
    /// 403.
    #[error("{hub} does not allow this (403): the token is known there, but not for this")]
    Forbidden {
        /// The hub.
        hub: String,
    },
    /// 404.
    #[error("there is no hub at {hub} (404): is the base path right?")]
    NotFound {
        /// The hub.
        hub: String,
    },
    /// 429 or 503: the hub, or what stands before it, has no room.
    #[error("{hub} is busy ({status}): it has no room for another connection now")]
    Busy {
        /// The hub.
        hub: String,
        /// The status.
        status: u16,
    },
    /// Another status.
    #[error("{hub} answered {status}: is that a hub of tailcast, and does a proxy before it pass WebSockets on?")]
    Status {
        /// The hub.
        hub: String,
        /// The status.
        status: u16,
    },
    /// What answered does not speak WebSocket.
    #[error(
        "{hub} does not speak WebSocket ({words}): is that a hub of tailcast, and does a proxy before it pass WebSockets on?"
    )]
    NoWebSocket {
        /// The hub.
        hub: String,
        /// What was wrong.
        words: String,
    },
    /// The WebSocket is not of our kind.
    #[error("{host} does not speak {wanted}: is it a hub of this version?")]
    OtherProtocol {
        /// The hub's host and port.
        host: String,
        /// The subprotocol.
        wanted: String,
    },
    /// The text given as a token is none.
    #[error("what was given as a token is none: a token is one word of printable characters")]
    NotAToken,
    /// The connection broke.
    #[error("the connection to {host} broke: {source}")]
    Io {
        /// The hub's host and port.
        host: String,
        /// How.
        source: io::Error,
    },
}

/// Whether a request said who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Asked {
    /// It carried a token.
    WithToken,
    /// It did not.
    WithoutToken,
}

impl DialError {
    /// What an HTTP status means that is not the one hoped for.
    pub(super) fn status(status: u16, hub: &HubUrl, asked: Asked) -> Self {
        let hub = hub.to_string();
        match status {
            401 if asked == Asked::WithToken => DialError::TokenRefused { hub },
            401 => DialError::Unauthorised { hub },
            403 => DialError::Forbidden { hub },
            404 => DialError::NotFound { hub },
            429 | 503 => DialError::Busy { hub, status },
            _ => DialError::Status { hub, status },
        }
    }

    /// Whether the hub was reached and said no, so that only a person can help; trying again will not.
    pub fn is_refusal(&self) -> bool {
        matches!(
            self,
            DialError::TokenRefused { .. }
                | DialError::Unauthorised { .. }
                | DialError::Forbidden { .. }
                | DialError::NotAToken
        )
    }
}
