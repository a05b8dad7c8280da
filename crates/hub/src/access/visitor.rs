//! What is asked at the gate and of whom: what a route needs, what of a request is looked at, who the visitor is.

use std::net::IpAddr;

use http::{HeaderMap, Method, Request, Uri, Version, request};
use tailcast_wire::{Credential, PushedLog};

use super::bearer::Globs;
use super::standing::Standing;

/// What a route needs of whoever asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Need {
    /// Nothing: health, login, the files of the page. What changes something must still come from our own page.
    Nothing,
    /// Somebody who may look at logs.
    Viewer,
    /// Whoever runs the hub: its own user or root on this machine, or somebody who knew the password. Not a token, nor
    /// somebody whom a proxy named: neither may make itself tokens.
    Owner,
    /// Somebody who may push lines into some log: whoever runs the hub, or the bearer of a token for it; into which one,
    /// [`Visitor::may_push_to`] says.
    Pusher,
    /// Another hub of the cluster.
    Peer,
    /// An agent that may speak for a host; for which one, [`Visitor::may_speak_for`] says.
    Agent,
}

/// Who asks.
#[derive(Debug, Clone)]
pub enum Who {
    /// A process on this machine, of our own user or root.
    Local {
        /// Its user.
        uid: u32,
    },
    /// Somebody on this machine, with `open_loopback`.
    Anyone,
    /// Somebody who knew the password.
    Session,
    /// The bearer of a viewer token.
    Token {
        /// The name of the token.
        name: String,
    },
    /// Somebody whom the proxy knows.
    ProxyUser {
        /// What the proxy calls them.
        name: String,
    },
    /// The bearer of an agent token.
    Agent {
        /// The name of the token.
        name: String,
        /// The hosts it may speak for.
        hosts: Globs,
    },
    /// The bearer of a push token.
    Pusher {
        /// The name of the token.
        name: String,
        /// The logs it may push to.
        logs: Globs,
    },
    /// Another hub of the cluster.
    Peer,
    /// Not known, and not asked, since nothing was needed.
    Stranger,
}

impl Who {
    /// Whether they run the hub.
    #[must_use]
    pub fn is_owner(&self) -> bool {
        matches!(self, Who::Local { .. } | Who::Session)
    }
}

/// Somebody who has passed the gate.
#[derive(Debug, Clone)]
pub struct Visitor {
    /// Who it is.
    pub who: Who,
    /// The real address, behind trusted proxies.
    pub client: IpAddr,
    /// What let them in, for what stays open.
    pub(crate) standing: Standing,
}

impl Visitor {
    /// Whether they run the hub, and so may know who else is there.
    #[must_use]
    pub fn is_owner(&self) -> bool {
        self.who.is_owner()
    }

    /// Whether this visitor may open the link of the agent on `host`: a local process may for each, it could read the
    /// state directory as well.
    #[must_use]
    pub fn may_speak_for(&self, host: &str) -> bool {
        match &self.who {
            Who::Agent { hosts, .. } => hosts.matches(host),
            Who::Local { .. } => true,
            _ => false,
        }
    }

    /// What this visitor came with, to be compared: the same token is the same one on every hub. Everybody who came without
    /// a token is the hub's own.
    #[must_use]
    pub fn credential(&self) -> Credential {
        self.standing.credential()
    }

    /// Whether this visitor may push lines into a log.
    #[must_use]
    pub fn may_push_to(&self, log: &PushedLog) -> bool {
        match &self.who {
            Who::Pusher { logs, .. } => logs.matches(&log.to_string()) || logs.matches(&log.shorthand()),
            who => who.is_owner(),
        }
    }
}

/// What of a request the gate looks at.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// The method.
    pub method: &'a Method,
    /// The target.
    pub uri: &'a Uri,
    /// The headers.
    pub headers: &'a HeaderMap,
    /// The version: browsers have not spoken HTTP/1.0 for long, proxies still do.
    pub version: Version,
}

impl<'a> From<&'a request::Parts> for Asked<'a> {
    fn from(parts: &'a request::Parts) -> Self {
        Self { method: &parts.method, uri: &parts.uri, headers: &parts.headers, version: parts.version }
    }
}

impl<'a, B> From<&'a Request<B>> for Asked<'a> {
    fn from(request: &'a Request<B>) -> Self {
        Self { method: request.method(), uri: request.uri(), headers: request.headers(), version: request.version() }
    }
}
