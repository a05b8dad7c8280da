//! A session: what a browser carries after the password was right.
//!
//! The cookie says until when it holds and a random id, signed with a key that only this hub has, or in a cluster each of its
//! hubs; nothing is stored for it. Of a hub alone the signature also covers the password it was made under, so a changed
//! password ends every session; in a cluster, where each hub has its own password file, a revocation does that. A
//! session that was logged out is remembered until it would have ended, over restarts too (`revoked`).

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use aws_lc_rs::hmac;
use http::{HeaderMap, header};

use super::private_file;
use super::revoked::{Id, Revoked, farthest_session};
use super::secret::{self, Hash};
use crate::cluster::ClusterKey;

/// The name of the cookie.
pub(super) const COOKIE: &str = "tailcast_session";
/// Two weeks, in seconds: a tab that stays open over a holiday still works after it.
pub(super) const LIFETIME: u64 = 14 * 24 * 3600;
/// Cookies of our name that are looked at. Browsers do not part cookies by port, so hubs on one machine may leave
/// several.
const LOOKED_AT: usize = 4;
/// What the key signs is a session and nothing else.
const PURPOSE: &[u8] = b"tailcast session 1\0";

/// A session whose signature is right.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Session {
    /// The end, in seconds since 1970. First, so that sessions are ordered by it.
    until: u64,
    id: Id,
}

/// What sessions are bound to beside the key: the digest of a hub's password, or [`NO_PASSWORD`].
pub(super) type Bound = Hash;

/// In a cluster: any hub's password.
pub(super) const NO_PASSWORD: Bound = [0; 32];

/// The sessions of a hub. Times are in seconds since 1970.
pub(super) struct Sessions {
    signer: Signer,
    revoked: Arc<Revoked>,
}

enum Signer {
    /// A key that is made when it is first needed.
    Own { file: PathBuf, key: OnceLock<hmac::Key> },
    /// The key of all hubs.
    Cluster(hmac::Key),
}

impl Sessions {
    /// Of a hub alone.
    pub(super) fn alone(state_dir: &Path, revoked: Arc<Revoked>) -> Self {
        Self { signer: Signer::Own { file: state_dir.join("session.key"), key: OnceLock::new() }, revoked }
    }

    /// Of a hub in a cluster.
    pub(super) fn shared(cluster: &ClusterKey, revoked: Arc<Revoked>) -> Self {
        let key = hmac::Key::new(hmac::HMAC_SHA256, &cluster.derive("session 1"));
        Self { signer: Signer::Cluster(key), revoked }
    }

    /// A new session under the password of that digest: the value of the cookie.
    pub(super) fn begin(&self, password: &Bound, now: u64) -> io::Result<String> {
        // Behind all that were ended together, even in this very second.
        let until = (now + LIFETIME).max(self.revoked.first_end(now));
        let session = Session { until, id: secret::random()? };
        let tag = hmac::sign(self.signer.key_or_new()?, &session.signed(password));
        Ok(format!("{}.{}.{}", session.until, secret::text(&session.id), secret::text(tag.as_ref())))
    }

    /// The first session among the cookies that holds.
    pub(super) fn find(&self, headers: &HeaderMap, password: &Bound, now: u64) -> Option<Session> {
        cookies(headers).find_map(|value| self.check(value, password, now))
    }

    fn check(&self, value: &str, password: &Bound, now: u64) -> Option<Session> {
        let mut parts = value.split('.');
        let (until, id, tag) = (parts.next()?, parts.next()?, parts.next()?);
        let session = Session { until: until.parse().ok()?, id: secret::bytes(id)? };
        let tag: Hash = secret::bytes(tag)?;
        // Compares in constant time.
        hmac::verify(self.signer.key().ok()??, &session.signed(password), &tag).ok()?;
        (session.holds_at(now) && !self.has_ended(session)).then_some(session)
    }

    /// Whether it was ended before its time.
    pub(super) fn has_ended(&self, session: Session) -> bool {
        self.revoked.has_session(session.until, &session.id)
    }

    /// Whether it was ended with all others.
    pub(super) fn has_ended_with_all(&self, session: Session) -> bool {
        self.revoked.has_all_until(session.until)
    }

    /// Ends a session before its time. Waits for the disk.
    pub(super) fn end(&self, session: Session, now: u64) {
        self.revoked.end_session(session.until, session.id, now);
    }
}

impl Signer {
    fn key(&self) -> io::Result<Option<&hmac::Key>> {
        let (file, key) = match self {
            Signer::Cluster(key) => return Ok(Some(key)),
            Signer::Own { file, key } => (file, key),
        };
        if let Some(key) = key.get() {
            return Ok(Some(key));
        }
        let Some(bytes) = private_file::read(file)? else {
            return Ok(None);
        };
        let bytes: [u8; 32] = bytes.try_into().map_err(|_| io::Error::other("not 32 bytes, so not our key"))?;
        Ok(Some(key.get_or_init(|| hmac::Key::new(hmac::HMAC_SHA256, &bytes))))
    }

    fn key_or_new(&self) -> io::Result<&hmac::Key> {
        if let (None, Signer::Own { file, .. }) = (self.key()?, self) {
            private_file::replace(file, &secret::random::<32>()?)?;
        }
        // Read back, so that of two that begin at once both sign with the key that stayed.
        self.key()?.ok_or_else(|| io::ErrorKind::NotFound.into())
    }
}

impl Session {
    /// Whether its time is not over, and not further ahead than that of any session can be.
    pub(super) fn holds_at(self, now: u64) -> bool {
        self.until > now && self.until <= farthest_session(now)
    }

    fn signed(self, password: &Bound) -> Vec<u8> {
        [PURPOSE, &self.until.to_be_bytes(), &self.id, password].concat()
    }
}

fn cookies(headers: &HeaderMap) -> impl Iterator<Item = &str> {
    let lines = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
    let pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.filter(|(name, _)| *name == COOKIE).map(|(_, value)| value).take(LOOKED_AT)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: u64 = 1_800_000_000;
    const PASSWORD: Hash = [7; 32];

    fn sent(value: &str) -> HeaderMap {
        let line = format!("other=1; {COOKIE}={value}");
        HeaderMap::from_iter([(header::COOKIE, line.parse().expect("a header"))])
    }

    fn sessions() -> (tempfile::TempDir, Sessions) {
        let dir = tempfile::tempdir().expect("a directory");
        let sessions = in_dir(&dir, NOW);
        (dir, sessions)
    }

    fn in_dir(dir: &tempfile::TempDir, now: u64) -> Sessions {
        Sessions::alone(dir.path(), Revoked::alone(dir.path(), now))
    }

    #[test]
    fn a_session_holds_until_its_end_and_over_a_restart() {
        let (dir, sessions) = sessions();
        let cookie = sent(&sessions.begin(&PASSWORD, NOW).expect("begun"));
        let restarted = in_dir(&dir, NOW);
        assert!(restarted.find(&cookie, &PASSWORD, NOW + LIFETIME - 1).is_some());
        assert!(restarted.find(&cookie, &PASSWORD, NOW + LIFETIME).is_none());
    }

    #[test]
    fn another_password_ends_every_session() {
        let (_dir, sessions) = sessions();
        let cookie = sent(&sessions.begin(&PASSWORD, NOW).expect("begun"));
        assert!(sessions.find(&cookie, &[8; 32], NOW).is_none());
    }

    #[test]
    fn a_changed_cookie_is_none() {
        let (_dir, sessions) = sessions();
        let cookie = sessions.begin(&PASSWORD, NOW).expect("begun");
        let later = cookie.replacen(&(NOW + LIFETIME).to_string(), &(NOW + LIFETIME + 1).to_string(), 1);
        for wrong in [later.as_str(), "", "..", "1.2.3", &cookie[..cookie.len() - 1], "no session"] {
            assert!(sessions.find(&sent(wrong), &PASSWORD, NOW).is_none(), "{wrong}");
        }
    }

    #[test]
    fn a_cookie_of_another_hub_beside_ours_does_no_harm() {
        let (_dir, sessions) = sessions();
        let ours = sessions.begin(&PASSWORD, NOW).expect("begun");
        let both = sent(&format!("9999999999.AAAAAAAAAAAAAAAAAAAAAA.AAAA; {COOKIE}={ours}"));
        assert!(sessions.find(&both, &PASSWORD, NOW).is_some());
    }

    #[test]
    fn a_session_that_began_by_a_clock_that_was_wrong_is_none() {
        let (_dir, sessions) = sessions();
        let cookie = sent(&sessions.begin(&PASSWORD, NOW + 30 * 24 * 3600).expect("begun"));
        assert!(sessions.find(&cookie, &PASSWORD, NOW).is_none());
    }

    #[test]
    fn a_session_of_a_cluster_holds_wherever_the_key_is_the_same() {
        let hub = |number| {
            let dir = tempfile::tempdir().expect("a directory");
            Sessions::shared(&ClusterKey::for_tests(number), Revoked::shared(dir.path(), NOW))
        };
        let cookie = sent(&hub(1).begin(&NO_PASSWORD, NOW).expect("begun"));
        assert!(hub(1).find(&cookie, &NO_PASSWORD, NOW).is_some());
        assert!(hub(2).find(&cookie, &NO_PASSWORD, NOW).is_none());
    }

    #[test]
    fn a_session_that_was_ended_stays_so() {
        let (_dir, sessions) = sessions();
        let cookie = sent(&sessions.begin(&PASSWORD, NOW).expect("begun"));
        let other = sent(&sessions.begin(&PASSWORD, NOW).expect("begun"));
        let session = sessions.find(&cookie, &PASSWORD, NOW).expect("holds");
        sessions.end(session, NOW);
        assert!(sessions.find(&cookie, &PASSWORD, NOW).is_none());
        assert!(sessions.find(&other, &PASSWORD, NOW).is_some());
    }

    #[test]
    fn all_sessions_are_ended_at_once_and_the_next_one_holds_even_in_that_second() {
        let (dir, sessions) = sessions();
        let cookies = [(); 2].map(|()| sent(&sessions.begin(&PASSWORD, NOW).expect("begun")));
        sessions.revoked.end_all_sessions(NOW);
        let after = sent(&sessions.begin(&PASSWORD, NOW).expect("begun"));
        for sessions in [sessions, in_dir(&dir, NOW + 1)] {
            assert!(cookies.iter().all(|cookie| sessions.find(cookie, &PASSWORD, NOW + 1).is_none()));
            assert!(sessions.find(&after, &PASSWORD, NOW + 1).is_some());
        }
    }

    #[test]
    fn a_session_that_was_ended_stays_so_over_a_restart() {
        let (dir, sessions) = sessions();
        let cookie = sent(&sessions.begin(&PASSWORD, NOW).expect("begun"));
        let other = sent(&sessions.begin(&PASSWORD, NOW).expect("begun"));
        sessions.end(sessions.find(&cookie, &PASSWORD, NOW).expect("holds"), NOW);
        let restarted = in_dir(&dir, NOW + 1);
        assert!(restarted.find(&cookie, &PASSWORD, NOW + 1).is_none());
        assert!(restarted.find(&other, &PASSWORD, NOW + 1).is_some());
    }

    #[test]
    fn where_it_cannot_be_told_which_sessions_were_ended_all_are() {
        let (dir, sessions) = sessions();
        let cookie = sent(&sessions.begin(&PASSWORD, NOW).expect("begun"));
        std::fs::write(dir.path().join("sessions.ended"), "{ broken").expect("written");
        let restarted = in_dir(&dir, NOW + 1);
        assert!(restarted.find(&cookie, &PASSWORD, NOW + 1).is_none());
        let after = sent(&restarted.begin(&PASSWORD, NOW + 1).expect("begun"));
        assert!(restarted.find(&after, &PASSWORD, NOW + 1).is_some());
    }
}
