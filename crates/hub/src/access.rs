//! Who may come in: the one gate that every route, socket and question of the hub passes.
//!
//! Closed by default. A route says what it [`Need`]s; [`Access::admit`] looks at the request and its connection and
//! names the [`Visitor`], or says in words why not. In this order:
//!
//! 1. What changes something must come from our own page or from a program (`origin`).
//! 2. A **token** in `Authorization: Bearer` decides by itself; a wrong one is refused also to somebody who would have
//!    come in without any. One that is signed with the cluster's key holds without being in a list, until it is revoked.
//! 3. The name the request came under must be ours (`origin`): what follows is lent by a browser without asking its
//!    user.
//! 4. **Proxy authentication**: the user in a header, of a TCP peer that is a trusted proxy.
//! 5. A **session**, begun with the password.
//! 6. **Loopback**: the other end belongs to our own user or to root, as the kernel tells (`owner`).
//!
//! Where a route needs nothing only the first step is taken, and the third for what changes something: a health check
//! is answered under any name and with any token.
//!
//! A request that somebody passed on (`X-Forwarded-For`, `Via`, HTTP/1.0 …) or that came under the public name is
//! never local, not even with `open_loopback`: a proxy on this machine must not lend its uid, or its being here, to
//! the world. What cannot be told from a local user is a proxy that shows none of these marks, writes an address into
//! Host, and runs as our user or root, or in front of `open_loopback` as anybody. Caddy, Traefik and Apache send
//! `X-Forwarded-For` by themselves; nginx and HAProxy have to be told to.
//!
//! It refuses to guess: no answer from the kernel, a broken file of tokens, a user named twice, all let nobody in.

mod attempts;
mod bearer;
pub(crate) mod body;
mod client_ip;
mod config;
mod denied;
mod error;
mod gate;
pub mod headers;
pub mod login;
mod origin;
mod owner;
mod passage;
mod password;
mod peer;
mod private_file;
mod revoked;
mod secret;
mod session;
mod shared;
mod signed_token;
mod standing;
#[cfg(test)]
mod tests;
pub mod tokens;
mod visitor;
mod ways_in;

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, OnceLock};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use http::HeaderMap;

use self::attempts::Attempts;
use self::bearer::Bearers;
use self::password::{Passwords, Verdict};
use self::revoked::Revoked;
use self::secret::Hash;
use self::session::{Bound, NO_PASSWORD, Sessions};
use self::signed_token::TokenKey;
use self::standing::Rules;
use crate::cluster::pass::Passes;
use crate::refusal::{HubRefusal, speaks_for_many};
use crate::sock_diag::SockDiag;

pub use self::bearer::Globs;
pub use self::config::{AccessConfig, Refused};
pub use self::denied::{Denied, Stranger};
pub use self::error::Error;
pub use self::gate::need;
pub use self::origin::{NotPublicUrl, PublicUrl};
pub use self::password::set_password;
pub use self::peer::Peer;
pub(crate) use self::standing::{Over, Standing};
pub use self::visitor::{Asked, Need, Visitor, Who};

/// The gate.
pub struct Access {
    config: AccessConfig,
    kernel: SockDiag,
    own_uid: u32,
    passwords: Passwords,
    attempts: Attempts,
    revoked: Arc<Revoked>,
    sessions: Sessions,
    bearers: Bearers,
    /// What signs tokens in a cluster.
    token_key: Option<TokenKey>,
    /// By which hubs of the cluster are known, in one.
    peers: OnceLock<Passes>,
}

impl Access {
    /// Nothing is written before somebody logs in, or in a cluster with a password, before somebody comes. Files are read when they are first needed, and again when they
    /// change.
    #[must_use]
    pub fn new(config: AccessConfig) -> Self {
        let state_dir = &config.state_dir;
        let (revoked, sessions) = match &config.cluster {
            None => {
                let revoked = Revoked::alone(state_dir, now());
                (Arc::clone(&revoked), Sessions::alone(state_dir, revoked))
            }
            Some(key) => {
                let revoked = Revoked::shared(state_dir, now());
                (Arc::clone(&revoked), Sessions::shared(key, revoked))
            }
        };
        Self {
            kernel: SockDiag::open(),
            own_uid: rustix::process::geteuid().as_raw(),
            passwords: Passwords::new(state_dir),
            attempts: Attempts::default(),
            revoked,
            sessions,
            bearers: Bearers::new(state_dir),
            token_key: config.cluster.as_ref().map(TokenKey::new),
            peers: OnceLock::new(),
            config,
        }
    }

    /// From now on hubs of the cluster are let in where one is needed.
    pub(crate) fn know_peers(&self, passes: Passes) {
        // Once is enough: a hub is in one cluster.
        self.peers.get_or_init(|| passes);
    }

    /// Where the kernel is asked about connections.
    pub(crate) fn kernel(&self) -> &SockDiag {
        &self.kernel
    }

    /// Whether the hub may listen on `address`: on loopback always, elsewhere only if there is a way to say who one is.
    ///
    /// # Errors
    /// [`Refused`], which says the ways out.
    pub fn may_listen(&self, address: SocketAddr) -> Result<(), Refused> {
        let closed = address.ip().to_canonical().is_loopback();
        // In a cluster another hub may have made the token, or begun the session.
        let elsewhere = self.config.cluster.is_some();
        if closed || elsewhere || self.has_password() || self.bearers.has_viewer() || self.has_proxy_authentication() {
            return Ok(());
        }
        Err(Refused { address })
    }

    /// Whether there is a password to log in with.
    #[must_use]
    pub fn has_password(&self) -> bool {
        self.passwords.current().is_some()
    }

    /// Login attempts from clients for whom there was no place in the table: for the metrics.
    #[must_use]
    pub fn crowded_attempts(&self) -> u64 {
        self.attempts.crowded()
    }

    fn has_proxy_authentication(&self) -> bool {
        self.config.proxy_user_header.is_some() && !self.config.trusted_proxies.is_empty()
    }

    /// Lets a request in, or says why not. It asks the kernel once per connection and looks at a file once per
    /// second, or when a token is not known; either takes microseconds.
    ///
    /// # Errors
    /// [`Denied`], to be answered as a [`Problem`](crate::problem::Problem).
    pub fn admit(&self, asked: Asked<'_>, peer: &Peer, need: Need) -> Result<Visitor, Denied> {
        let client = self.client(asked.headers, peer);
        if origin::must_be_ours(asked.method, asked.headers) && !self.page_is_ours(asked) {
            return Err(Denied::ForeignPage);
        }
        let (who, standing) = match need {
            Need::Nothing => (self.stranger(asked)?, Standing::CONNECTION),
            Need::Viewer => self.viewer(asked, peer)?,
            Need::Agent => self.agent(asked, peer)?,
            Need::Owner => self.owner(asked, peer)?,
            Need::Pusher => self.pusher(asked, peer)?,
            Need::Peer => (self.peer(asked)?, Standing::CONNECTION),
        };
        Ok(Visitor { who, client, standing })
    }

    /// The real address of whoever sent these headers over this connection.
    #[must_use]
    pub fn client(&self, headers: &HeaderMap, peer: &Peer) -> IpAddr {
        client_ip::client(peer.remote().ip(), headers, &self.config.trusted_proxies)
    }

    /// The real address behind a proxy; `None` where the other end is the client itself, or nobody says who is behind it.
    pub(crate) fn behind_a_proxy(&self, headers: &HeaderMap, peer: &Peer) -> Option<IpAddr> {
        let proxies = &self.config.trusted_proxies;
        if !speaks_for_many(peer.remote().ip(), proxies) {
            return None;
        }
        Some(self.client(headers, peer)).filter(|client| !speaks_for_many(*client, proxies))
    }

    /// What those are told who do not fit.
    #[must_use]
    pub fn refusal(&self) -> HubRefusal {
        HubRefusal::behind(&self.config.trusted_proxies)
    }

    /// Judges again those who have something open: for each whether, and why, they may look no longer.
    pub(crate) fn over<'a>(&self, standings: impl Iterator<Item = &'a Standing>) -> Vec<Option<Over>> {
        let (tokens, bound) = (self.bearers.all(), self.bound());
        let rules = Rules { tokens, bound, sessions: &self.sessions, revoked: &self.revoked, now: now() };
        standings.map(|standing| rules.over(standing)).collect()
    }

    /// What sessions are bound to beside the key; `None` where there can be none.
    fn bound(&self) -> Option<Bound> {
        let password = self.passwords.current().as_ref().as_ref().map(|password| password.digest);
        if self.config.cluster.is_none() {
            return password;
        }
        self.revoked.password_is(password, now());
        Some(NO_PASSWORD)
    }

    /// The session that begins with a password of that digest.
    fn begin(&self, password: Hash) -> io::Result<String> {
        if self.config.cluster.is_none() {
            return self.sessions.begin(&password, now());
        }
        self.revoked.password_is(Some(password), now());
        self.sessions.begin(&NO_PASSWORD, now())
    }

    /// Checks the password and begins a session: the `Set-Cookie` line. Counts against `client` whatever comes of it
    /// but success.
    pub(crate) async fn log_in(&self, password: String, client: IpAddr) -> Result<String, Denied> {
        self.attempts.take(client, Instant::now()).map_err(Denied::TooManyAttempts)?;
        match self.passwords.check(password).await {
            Verdict::Right(digest) => {
                self.attempts.forgive(client);
                let value = self.begin(digest).map_err(|error| Denied::Broken(format!("session.key: {error}")))?;
                tracing::info!(%client, "logged in");
                Ok(self.cookie(&value, session::LIFETIME))
            }
            Verdict::Wrong => {
                tracing::warn!(%client, "wrong password");
                Err(Denied::WrongPassword)
            }
            Verdict::NoneSet => Err(Denied::NoPassword),
            Verdict::Busy => Err(Denied::Busy),
        }
    }

    /// Ends the session that the headers carry, if they do: the `Set-Cookie` line that clears it. Waits for the disk.
    pub(crate) fn log_out(&self, headers: &HeaderMap) -> String {
        let now = now();
        if let Some(session) = self.bound().and_then(|bound| self.sessions.find(headers, &bound, now)) {
            self.sessions.end(session, now);
        }
        self.cookie("", 0)
    }

    /// Ends every session: the `Set-Cookie` line that clears that of who asks. Waits for the disk.
    pub(crate) fn log_all_out(&self) -> String {
        self.revoked.end_all_sessions(now());
        self.cookie("", 0)
    }

    fn cookie(&self, value: &str, seconds: u64) -> String {
        let secure = if self.config.public_url.as_ref().is_some_and(PublicUrl::is_https) { "; Secure" } else { "" };
        let (name, path) = (session::COOKIE, &self.config.base_path);
        format!("{name}={value}; Path={path}; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}")
    }
}

/// Seconds since 1970; a clock before that is 1970, where every session is still to come and none has ended.
fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs())
}
