//! What somebody was let in by, to be looked at again while what they opened stays open.
//!
//! The gate judges a request when it comes. A view or a link outlives its request, and the token, the session or the
//! password behind it may go meanwhile. It refuses to keep the token itself: its hash says whether it is still in the list.

use std::collections::HashMap;

use tailcast_wire::Credential;

use super::bearer::{Holds, Kind};
use super::revoked::{Id, Revoked};
use super::secret::{self, Hash};
use super::session::{Bound, Session, Sessions};

/// What a credential is a hash of, beside the token.
const PURPOSE: &[u8] = b"tailcast credential 1\0";

/// What somebody was let in by.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Standing(By);

#[derive(Debug, Clone, Copy)]
enum By {
    /// The connection itself, the word of a proxy, or nothing: that lasts as long as the connection does.
    Connection,
    Token(Hash, Kind),
    Signed(SignedToken),
    Session(Session, Bound),
}

/// What tells whether a signed token still holds.
#[derive(Debug, Clone, Copy)]
pub(super) struct SignedToken {
    pub(super) id: Id,
    /// In seconds since 1970, as the end.
    pub(super) created: u64,
    pub(super) expires: Option<u64>,
}

/// Why somebody may look no longer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Over {
    TokenRemoved,
    TokenExpired,
    LoggedOut,
    /// By whoever runs the hub, or in a cluster by another password.
    AllLoggedOut,
    PasswordChanged,
    SessionExpired,
}

impl Over {
    /// For whoever is told to leave.
    pub(crate) fn words(self) -> &'static str {
        match self {
            Over::TokenRemoved => "the token was removed on the hub",
            Over::TokenExpired => "the token holds no longer: its time is over",
            Over::LoggedOut => "you have logged out",
            Over::AllLoggedOut => "everybody was logged out: log in again",
            Over::PasswordChanged => "the password of the hub was changed: log in again",
            Over::SessionExpired => "the session has ended: log in again",
        }
    }
}

impl Standing {
    pub(super) const CONNECTION: Self = Self(By::Connection);

    #[cfg(test)]
    pub(crate) fn nobody() -> Self {
        Self::CONNECTION
    }

    pub(super) fn token(hash: Hash, kind: Kind) -> Self {
        Self(By::Token(hash, kind))
    }

    pub(super) fn signed(token: SignedToken) -> Self {
        Self(By::Signed(token))
    }

    pub(super) fn session(session: Session, bound: Bound) -> Self {
        Self(By::Session(session, bound))
    }

    /// The same for the same token, also on another hub.
    pub(super) fn credential(&self) -> Credential {
        let hashed = match &self.0 {
            By::Token(hash, _) => secret::hash(&[PURPOSE, hash].concat()),
            By::Signed(token) => secret::hash(&[PURPOSE, &token.id].concat()),
            By::Connection | By::Session(..) => return Credential::LOCAL,
        };
        Credential::new(secret::first(&hashed))
    }

    /// Whether it can be over before the connection is.
    pub(crate) fn can_end(&self) -> bool {
        !matches!(self.0, By::Connection)
    }
}

/// What holds now, to judge many by.
pub(super) struct Rules<'a> {
    pub(super) tokens: HashMap<Hash, Holds>,
    /// What sessions are bound to; `None` where there is no password.
    pub(super) bound: Option<Bound>,
    pub(super) sessions: &'a Sessions,
    pub(super) revoked: &'a Revoked,
    /// In seconds since 1970.
    pub(super) now: u64,
}

impl Rules<'_> {
    /// Why it is over, if it is.
    pub(super) fn over(&self, standing: &Standing) -> Option<Over> {
        match standing.0 {
            By::Connection => None,
            By::Token(hash, kind) => match self.tokens.get(&hash) {
                Some(holds) if holds.kind == kind => self.is_past(holds.expires),
                _ => Some(Over::TokenRemoved),
            },
            By::Signed(token) if self.revoked.has_token(token.created, &token.id) => Some(Over::TokenRemoved),
            By::Signed(token) => self.is_past(token.expires),
            By::Session(_, bound) if self.bound != Some(bound) => Some(Over::PasswordChanged),
            By::Session(session, _) if self.sessions.has_ended_with_all(session) => Some(Over::AllLoggedOut),
            By::Session(session, _) if self.sessions.has_ended(session) => Some(Over::LoggedOut),
            By::Session(session, _) => (!session.holds_at(self.now)).then_some(Over::SessionExpired),
        }
    }

    fn is_past(&self, expires: Option<u64>) -> Option<Over> {
        expires.is_some_and(|expires| expires <= self.now).then_some(Over::TokenExpired)
    }
}
