//! Each way to be let in, one function for each: which of them a route takes stands in [`Access::admit`], their order in [`super`].

use http::{HeaderMap, Version, header};

use super::bearer::Bearer;
use super::origin::{self, Host};
use super::owner::Owner;
use super::standing::{SignedToken, Standing};
use super::{Access, Asked, Denied, Peer, Stranger, Who, client_ip, now, secret, tokens};
use crate::cluster::pass::NoPass;

/// The uid that stands for users who do not exist in our user namespace (`/proc/sys/kernel/overflowuid`): anybody, so
/// nobody.
const OVERFLOW_UID: u32 = 65534;

impl Access {
    pub(super) fn page_is_ours(&self, asked: Asked<'_>) -> bool {
        origin::page_is_ours(asked.uri, asked.headers, self.config.public_url.as_ref())
    }

    pub(super) fn host(&self, asked: Asked<'_>) -> Result<Host, Denied> {
        Ok(origin::host(asked.uri, asked.headers, self.config.public_url.as_ref())?)
    }

    /// A health check comes under whatever name; logging in under a foreign one would hand the password to a foreign
    /// page.
    pub(super) fn stranger(&self, asked: Asked<'_>) -> Result<Who, Denied> {
        if !asked.method.is_safe() {
            self.host(asked)?;
        }
        Ok(Who::Stranger)
    }

    pub(super) fn viewer(&self, asked: Asked<'_>, peer: &Peer) -> Result<(Who, Standing), Denied> {
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
    pub(super) fn owner(&self, asked: Asked<'_>, peer: &Peer) -> Result<(Who, Standing), Denied> {
        if self.bearer(asked.headers)?.is_some() {
            return Err(Denied::NotTheOwner);
        }
        let (who, standing) = self.viewer(asked, peer)?;
        if who.is_owner() { Ok((who, standing)) } else { Err(Denied::NotTheOwner) }
    }

    pub(super) fn pusher(&self, asked: Asked<'_>, peer: &Peer) -> Result<(Who, Standing), Denied> {
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
    pub(super) fn peer(&self, asked: Asked<'_>) -> Result<Who, Denied> {
        let passes = self.peers.get().ok_or(Denied::NotAPeer(NoPass::None))?;
        passes.check(asked.headers).map_err(Denied::NotAPeer)?;
        Ok(Who::Peer)
    }

    pub(super) fn agent(&self, asked: Asked<'_>, peer: &Peer) -> Result<(Who, Standing), Denied> {
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

    pub(super) fn session(&self, headers: &HeaderMap) -> Option<Standing> {
        let bound = self.bound()?;
        Some(Standing::session(self.sessions.find(headers, &bound, now())?, bound))
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
}

/// By what one sees that a request did not come straight from its user.
pub(super) fn passed_on(asked: Asked<'_>) -> Option<String> {
    let header = client_ip::passed_on(asked.headers).map(|name| name.to_string());
    header.or_else(|| (asked.version < Version::HTTP_11).then(|| format!("{:?}", asked.version)))
}

/// The token in `Authorization: Bearer tailcast_…` (RFC 6750, section 2.1; the scheme in any case).
fn bearer_token(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && token.starts_with(tokens::PREFIX)).then_some(token)
}
