//! What somebody was let in by, to be looked at again while what they opened stays open.
//!
//! The gate judges a request when it comes. A view or a link outlives its request, and the token, the session or the
//! password behind it may go meanwhile. It refuses to keep the token itself: its hash says whether it is still in the list.

use std::collections::HashMap;
use std::sync::Arc;

use super::bearer::Kind;
use super::password::Password;
use super::secret::Hash;
use super::session::{Session, Sessions};

/// What somebody was let in by.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Standing(By);

#[derive(Debug, Clone, Copy)]
enum By {
    /// The connection itself, the word of a proxy, or nothing: that lasts as long as the connection does.
    Connection,
    Token(Hash, Kind),
    /// Under the password of this digest.
    Session(Session, Hash),
}

/// Why somebody may look no longer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Over {
    TokenRemoved,
    LoggedOut,
    PasswordChanged,
    SessionExpired,
}

impl Over {
    /// For whoever is told to leave.
    pub(crate) fn words(self) -> &'static str {
        match self {
            Over::TokenRemoved => "the token was removed on the hub",
            Over::LoggedOut => "you have logged out",
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

    pub(super) fn session(session: Session, password: Hash) -> Self {
        Self(By::Session(session, password))
    }

    /// Whether it can be over before the connection is.
    pub(crate) fn can_end(&self) -> bool {
        !matches!(self.0, By::Connection)
    }
}

/// What holds now, to judge many by.
pub(super) struct Rules<'a> {
    pub(super) tokens: HashMap<Hash, Kind>,
    pub(super) password: Arc<Option<Password>>,
    pub(super) sessions: &'a Sessions,
    /// In seconds since 1970.
    pub(super) now: u64,
}

impl Rules<'_> {
    /// Why it is over, if it is.
    pub(super) fn over(&self, standing: &Standing) -> Option<Over> {
        match standing.0 {
            By::Connection => None,
            By::Token(hash, kind) => (self.tokens.get(&hash) != Some(&kind)).then_some(Over::TokenRemoved),
            By::Session(_, password) if !self.is_password(&password) => Some(Over::PasswordChanged),
            By::Session(session, _) if self.sessions.has_ended(session) => Some(Over::LoggedOut),
            By::Session(session, _) => (!session.holds_at(self.now)).then_some(Over::SessionExpired),
        }
    }

    fn is_password(&self, digest: &Hash) -> bool {
        self.password.as_ref().as_ref().is_some_and(|password| password.digest == *digest)
    }
}
