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

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, OnceLock};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use http::{HeaderMap, Version, header};

use self::attempts::Attempts;
use self::bearer::{Bearer, Bearers};
use self::origin::Host;
use self::owner::Owner;
use self::password::{Passwords, Verdict};
use self::revoked::Revoked;
use self::secret::Hash;
use self::session::{Bound, NO_PASSWORD, Sessions};
use self::signed_token::TokenKey;
use self::standing::{Rules, SignedToken};
use crate::cluster::pass::{NoPass, Passes};
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

/// The uid that stands for users who do not exist in our user namespace (`/proc/sys/kernel/overflowuid`): anybody, so
/// nobody.
const OVERFLOW_UID: u32 = 65534;

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

    fn page_is_ours(&self, asked: Asked<'_>) -> bool {
        origin::page_is_ours(asked.uri, asked.headers, self.config.public_url.as_ref())
    }

    fn host(&self, asked: Asked<'_>) -> Result<Host, Denied> {
        Ok(origin::host(asked.uri, asked.headers, self.config.public_url.as_ref())?)
    }

    /// A health check comes under whatever name; logging in under a foreign one would hand the password to a foreign
    /// page.
    fn stranger(&self, asked: Asked<'_>) -> Result<Who, Denied> {
        if !asked.method.is_safe() {
            self.host(asked)?;
        }
        Ok(Who::Stranger)
    }

    fn viewer(&self, asked: Asked<'_>, peer: &Peer) -> Result<(Who, Standing), Denied> {
        match self.bearer(asked.headers)? {
            Some((Bearer::Viewer { name }, standing)) if asked.method.is_safe() => {
                return Ok((Who::Token { name }, standing));
            }
            Some((Bearer::Viewer { .. }, _)) => return Err(Denied::ReadOnly),
            Some((Bearer::Agent { .. }, _)) => return Err(Denied::NotAViewer),
            Some((Bearer::Pusher { .. }, _)) => return Err(Denied::OnlyPushes),
            None => {}
        }
        let host = self.host(asked)?;
        if origin::is_foreign_subresource(asked.headers) {
            return Err(Denied::ForeignPage);
        }
        if let Some(name) = self.proxy_user(asked.headers, peer) {
            return Ok((Who::ProxyUser { name }, Standing::CONNECTION));
        }
        if let Some(standing) = self.session(asked.headers) {
            return Ok((Who::Session, standing));
        }
        let local = self.local(asked, peer, host).map(|who| (who, Standing::CONNECTION));
        local.map_err(|why| Denied::WhoAreYou { password: self.has_password(), why })
    }

    /// A token decides by itself, here too: it is not the owner's, whoever sends it.
    fn owner(&self, asked: Asked<'_>, peer: &Peer) -> Result<(Who, Standing), Denied> {
        if self.bearer(asked.headers)?.is_some() {
            return Err(Denied::NotTheOwner);
        }
        let (who, standing) = self.viewer(asked, peer)?;
        if who.is_owner() { Ok((who, standing)) } else { Err(Denied::NotTheOwner) }
    }

    fn pusher(&self, asked: Asked<'_>, peer: &Peer) -> Result<(Who, Standing), Denied> {
        match self.bearer(asked.headers)? {
            Some((Bearer::Pusher { name, logs }, standing)) => return Ok((Who::Pusher { name, logs }, standing)),
            Some(_) => return Err(Denied::NotAPusher),
            None => {}
        }
        self.owner(asked, peer).map_err(|denied| match denied {
            Denied::WhoAreYou { .. } | Denied::NotTheOwner => Denied::NotAPusher,
            denied => denied,
        })
    }

    /// A pass decides by itself: no address, name or token stands for it.
    fn peer(&self, asked: Asked<'_>) -> Result<Who, Denied> {
        let passes = self.peers.get().ok_or(Denied::NotAPeer(NoPass::None))?;
        passes.check(asked.headers).map_err(Denied::NotAPeer)?;
        Ok(Who::Peer)
    }

    fn agent(&self, asked: Asked<'_>, peer: &Peer) -> Result<(Who, Standing), Denied> {
        match self.bearer(asked.headers)? {
            Some((Bearer::Agent { name, hosts }, standing)) => return Ok((Who::Agent { name, hosts }, standing)),
            Some(_) => return Err(Denied::NotAnAgent),
            None => {}
        }
        match self.local(asked, peer, self.host(asked)?) {
            Ok(who @ Who::Local { .. }) => Ok((who, Standing::CONNECTION)),
            _ => Err(Denied::NotAnAgent),
        }
    }

    /// The bearer of a token of ours; a header of somebody else's (a proxy's own login) is none.
    fn bearer(&self, headers: &HeaderMap) -> Result<Option<(Bearer, Standing)>, Denied> {
        let Some(token) = bearer_token(headers) else { return Ok(None) };
        let now = now();
        if let Some(signed) = self.signed_bearer(token, now) {
            return Ok(Some(signed));
        }
        let hash = secret::hash(token.as_bytes());
        let bearer = self.bearers.find(&hash, now).ok_or(Denied::UnknownToken)?;
        let standing = Standing::token(hash, bearer.kind());
        Ok(Some((bearer, standing)))
    }

    /// The bearer of a token that a hub of our cluster has signed.
    fn signed_bearer(&self, token: &str, now: u64) -> Option<(Bearer, Standing)> {
        let claims = self.token_key.as_ref()?.read(token, now)?;
        let (id, created, expires) = (claims.id, claims.created, claims.expires);
        if self.revoked.has_token(created, &id) {
            return None;
        }
        let bearer = Bearer::new(claims.name, &claims.grant).ok()?;
        Some((bearer, Standing::signed(SignedToken { id, created, expires })))
    }

    /// Judges again those who have something open: for each whether, and why, they may look no longer.
    pub(crate) fn over<'a>(&self, standings: impl Iterator<Item = &'a Standing>) -> Vec<Option<Over>> {
        let (tokens, bound) = (self.bearers.all(), self.bound());
        let rules = Rules { tokens, bound, sessions: &self.sessions, revoked: &self.revoked, now: now() };
        standings.map(|standing| rules.over(standing)).collect()
    }

    /// The user that a trusted proxy names, once.
    fn proxy_user(&self, headers: &HeaderMap, peer: &Peer) -> Option<String> {
        let name = self.config.proxy_user_header.as_ref()?;
        if !client_ip::is_trusted(peer.remote().ip(), &self.config.trusted_proxies) {
            return None;
        }
        let mut lines = headers.get_all(name).iter();
        match (lines.next(), lines.next()) {
            (Some(line), None) => line.to_str().ok().map(str::trim).filter(|user| !user.is_empty()).map(str::to_owned),
            _ => None,
        }
    }

    fn session(&self, headers: &HeaderMap) -> Option<Standing> {
        let bound = self.bound()?;
        Some(Standing::session(self.sessions.find(headers, &bound, now())?, bound))
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

    fn local(&self, asked: Asked<'_>, peer: &Peer, host: Host) -> Result<Who, Stranger> {
        if !peer.is_loopback() || host != Host::Loopback {
            return Err(Stranger::Remote);
        }
        if let Some(mark) = passed_on(asked) {
            return Err(Stranger::PassedOn(mark));
        }
        match peer.owner(&self.kernel) {
            &Owner::Uid(uid) if self.is_own(uid) => Ok(Who::Local { uid }),
            _ if self.config.open_loopback => Ok(Who::Anyone),
            &Owner::Uid(theirs) => Err(Stranger::OtherUser { theirs, ours: self.own_uid }),
            Owner::Unknown(reason) => Err(Stranger::UnknownUser(reason.clone())),
        }
    }

    fn is_own(&self, uid: u32) -> bool {
        uid == 0 || (uid == self.own_uid && uid != OVERFLOW_UID)
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

/// By what one sees that a request did not come straight from its user.
fn passed_on(asked: Asked<'_>) -> Option<String> {
    let header = client_ip::passed_on(asked.headers).map(|name| name.to_string());
    header.or_else(|| (asked.version < Version::HTTP_11).then(|| format!("{:?}", asked.version)))
}

/// The token in `Authorization: Bearer tailcast_…` (RFC 6750, section 2.1; the scheme in any case).
fn bearer_token(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && token.starts_with(tokens::PREFIX)).then_some(token)
}

/// Seconds since 1970; a clock before that is 1970, where every session is still to come and none has ended.
fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs())
}
