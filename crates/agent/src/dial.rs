//! How an agent and the command line reach a hub: one TCP connection, through a proxy and under TLS where that is asked
//! for, and a WebSocket on it. The first step of the link, and of every client command.
//!
//! ```text
//! HubUrl ─▶ addresses ─▶ TCP ─▶ [CONNECT] ─▶ [TLS] ─▶ Stream ─▶ [WebSocket]
//! ```
//!
//! Each step says in words what went wrong and what to do about it ([`DialError`]); a person reads them at 3 a.m.
//! Nothing here waits longer than [`PATIENCE`] per step. It refuses to read the environment (proxies and secrets are
//! handed in), to try again (the caller knows how patient it is), and to go on under a certificate that nobody vouches for.

mod error;
mod happy;
mod proxy;
mod stream;
mod tls;
mod url;

use std::time::Duration;

use http::HeaderValue;
use http::header::{AUTHORIZATION, SEC_WEBSOCKET_PROTOCOL};
use tailcast_wire::MAX_MESSAGE;
use tokio::time::timeout;
use tokio_websockets::{ClientBuilder, Limits, WebSocketStream};

use self::error::Asked;
pub use error::DialError;
pub use proxy::{NoProxy, ProxyUrl};
pub use stream::Stream;
pub use tls::{Roots, Trust};
pub use url::{HubUrl, Scheme, UrlError};

/// How long each step may take: the name and the connection together, the proxy, TLS, the WebSocket's handshake.
pub const PATIENCE: Duration = Duration::from_secs(10);

/// Everything that is needed to reach one hub, as often as one likes.
#[derive(Debug, Clone)]
pub struct Dialer {
    hub: HubUrl,
    trust: Trust,
    proxy: Option<ProxyUrl>,
    token: Option<HeaderValue>,
}

impl Dialer {
    /// A way to `hub`, without a proxy and without a token.
    pub fn new(hub: HubUrl, trust: Trust) -> Self {
        Dialer { hub, trust, proxy: None, token: None }
    }

    /// Goes through a proxy.
    #[must_use]
    pub fn through(mut self, proxy: Option<ProxyUrl>) -> Self {
        self.proxy = proxy;
        self
    }

    /// Shows a token with each request (RFC 6750 §2.1). It is marked sensitive, so that no debug output has it.
    ///
    /// # Errors
    /// When the text cannot stand in a header, as when a token's file holds something else.
    pub fn with_token(mut self, token: &str) -> Result<Self, DialError> {
        if token.is_empty() || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(DialError::NotAToken);
        }
        let mut value = HeaderValue::from_str(&format!("Bearer {token}")).map_err(|_| DialError::NotAToken)?;
        value.set_sensitive(true);
        self.token = Some(value);
        Ok(self)
    }

    /// Where it goes.
    pub fn hub(&self) -> &HubUrl {
        &self.hub
    }

    /// The value of the `Authorization` header, when there is a token.
    pub fn authorization(&self) -> Option<&HeaderValue> {
        self.token.as_ref()
    }

    /// A connection to the hub on which HTTP can be spoken.
    ///
    /// Cancellation safe: dropping the future closes whatever was half open.
    ///
    /// # Errors
    /// When a step fails or takes longer than [`PATIENCE`].
    pub async fn connect(&self) -> Result<Stream, DialError> {
        let tcp = match &self.proxy {
            None => happy::connect(self.hub.host(), self.hub.port()).await?,
            Some(proxy) => proxy::tunnel(proxy, &self.hub).await?,
        };
        stream::tune(&tcp).map_err(|source| DialError::Io { host: self.hub.authority(), source })?;
        match self.hub.scheme() {
            Scheme::Http => Ok(Stream::Plain(tcp)),
            Scheme::Https => self.trust.secure(&self.hub, tcp).await,
        }
    }

    /// A WebSocket at `path` (with its query; under the hub's base path), speaking `subprotocol`.
    ///
    /// Cancellation safe, as [`Dialer::connect`] is.
    ///
    /// # Errors
    /// As of [`Dialer::connect`], and when the hub answers with anything but the WebSocket that was asked for.
    pub async fn websocket(&self, path: &str, subprotocol: &str) -> Result<WebSocketStream<Stream>, DialError> {
        let stream = self.connect().await?;
        let builder = self.handshake(path, subprotocol).map_err(|source| self.hub_said(source))?;
        let late = DialError::Late { what: "the hub's answer", host: self.hub.authority() };
        let (socket, response) =
            timeout(PATIENCE, builder.connect_on(stream)).await.map_err(|_| late)?.map_err(|e| self.hub_said(e))?;
        match response.headers().get(SEC_WEBSOCKET_PROTOCOL).map(HeaderValue::as_bytes) {
            Some(spoken) if spoken == subprotocol.as_bytes() => Ok(socket),
            _ => Err(DialError::OtherProtocol { host: self.hub.authority(), wanted: subprotocol.to_owned() }),
        }
    }

    /// What it means that the hub answered with this HTTP status, which is not the one hoped for.
    pub fn refused(&self, status: u16) -> DialError {
        let asked = if self.token.is_some() { Asked::WithToken } else { Asked::WithoutToken };
        DialError::status(status, &self.hub, asked)
    }

    fn handshake(&self, path: &str, subprotocol: &str) -> Result<ClientBuilder<'static>, tokio_websockets::Error> {
        // A value that cannot stand in a header is a fault of the caller's constant, never of what a user typed.
        let subprotocol = HeaderValue::from_str(subprotocol).map_err(|_| tokio_websockets::Error::DisallowedHeader)?;
        let mut builder = ClientBuilder::from_uri(self.hub.uri(path).ok_or(tokio_websockets::Error::NoUriConfigured)?)
            .limits(Limits::default().max_payload_len(Some(MAX_MESSAGE)))
            .add_header(SEC_WEBSOCKET_PROTOCOL, subprotocol)?;
        if let Some(token) = &self.token {
            builder = builder.add_header(AUTHORIZATION, token.clone())?;
        }
        Ok(builder)
    }

    fn hub_said(&self, error: tokio_websockets::Error) -> DialError {
        use tokio_websockets::Error;
        use tokio_websockets::upgrade::Error as Upgrade;
        match error {
            Error::Upgrade(Upgrade::DidNotSwitchProtocols(status)) => self.refused(status),
            Error::Io(source) => DialError::Io { host: self.hub.authority(), source },
            other => DialError::NoWebSocket { hub: self.hub.to_string(), words: other.to_string() },
        }
    }
}

#[cfg(test)]
mod tests;
