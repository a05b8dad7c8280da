//! A session: what a browser carries after the password was right.
//!
//! The cookie says until when it holds and a random id, signed with a key that only this hub has; nothing is stored
//! for it. The signature also covers the password it was made under, so a changed password ends every session. A
//! session that was logged out is remembered until it would have ended.
//!
//! Bound: 4,096 ended sessions. Policy: when there are more, all sessions that end no later than the oldest of them
//! are over; somebody logs in again, nobody who logged out is let back in. They are forgotten when the hub starts
//! anew.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock, PoisonError};

use aws_lc_rs::hmac;
use http::{HeaderMap, header};

use super::private_file;
use super::secret::{self, Hash};

/// The name of the cookie.
pub(super) const COOKIE: &str = "tailcast_session";
/// Two weeks, in seconds: a tab that stays open over a holiday still works after it.
pub(super) const LIFETIME: u64 = 14 * 24 * 3600;
/// Ended sessions that are remembered.
const ENDED: usize = 4096;
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
    id: [u8; 16],
}

/// The sessions of a hub.
pub(super) struct Sessions {
    key_file: PathBuf,
    key: OnceLock<hmac::Key>,
    ended: Mutex<Ended>,
}

#[derive(Default)]
struct Ended {
    sessions: BTreeSet<Session>,
    /// Every session with an end up to here is over.
    all_until: u64,
}

impl Sessions {
    pub(super) fn new(state_dir: &Path) -> Self {
        Self { key_file: state_dir.join("session.key"), key: OnceLock::new(), ended: Mutex::default() }
    }

    /// A new session under the password of that digest: the value of the cookie. `now` is in seconds since 1970.
    pub(super) fn begin(&self, password: &Hash, now: u64) -> io::Result<String> {
        let session = Session { until: now + LIFETIME, id: secret::random()? };
        let tag = hmac::sign(self.key_or_new()?, &session.signed(password));
        Ok(format!("{}.{}.{}", session.until, secret::text(&session.id), secret::text(tag.as_ref())))
    }

    /// The first session among the cookies that holds.
    pub(super) fn find(&self, headers: &HeaderMap, password: &Hash, now: u64) -> Option<Session> {
        cookies(headers).find_map(|value| self.check(value, password, now))
    }

    fn check(&self, value: &str, password: &Hash, now: u64) -> Option<Session> {
        let mut parts = value.split('.');
        let (until, id, tag) = (parts.next()?, parts.next()?, parts.next()?);
        let session = Session { until: until.parse().ok()?, id: secret::bytes(id)? };
        let tag: Hash = secret::bytes(tag)?;
        // Compares in constant time.
        hmac::verify(self.key().ok()??, &session.signed(password), &tag).ok()?;
        (session.until > now && !self.has_ended(session)).then_some(session)
    }

    fn has_ended(&self, session: Session) -> bool {
        let ended = self.ended.lock().unwrap_or_else(PoisonError::into_inner);
        session.until <= ended.all_until || ended.sessions.contains(&session)
    }

    /// Ends a session before its time.
    pub(super) fn end(&self, session: Session, now: u64) {
        let mut ended = self.ended.lock().unwrap_or_else(PoisonError::into_inner);
        ended.sessions = ended.sessions.split_off(&Session { until: now + 1, id: [0; 16] });
        ended.sessions.insert(session);
        if ended.sessions.len() > ENDED
            && let Some(oldest) = ended.sessions.pop_first()
        {
            ended.all_until = ended.all_until.max(oldest.until);
        }
    }

    fn key(&self) -> io::Result<Option<&hmac::Key>> {
        if let Some(key) = self.key.get() {
            return Ok(Some(key));
        }
        let Some(bytes) = private_file::read(&self.key_file)? else {
            return Ok(None);
        };
        let bytes: [u8; 32] = bytes.try_into().map_err(|_| io::Error::other("not 32 bytes, so not our key"))?;
        Ok(Some(self.key.get_or_init(|| hmac::Key::new(hmac::HMAC_SHA256, &bytes))))
    }

    fn key_or_new(&self) -> io::Result<&hmac::Key> {
        if self.key()?.is_none() {
            private_file::replace(&self.key_file, &secret::random::<32>()?)?;
        }
        // Read back, so that of two that begin at once both sign with the key that stayed.
        self.key()?.ok_or_else(|| io::ErrorKind::NotFound.into())
    }
}

impl Session {
    fn signed(self, password: &Hash) -> Vec<u8> {
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
        let sessions = Sessions::new(dir.path());
        (dir, sessions)
    }

    #[test]
    fn a_session_holds_until_its_end_and_over_a_restart() {
        let (dir, sessions) = sessions();
        let cookie = sent(&sessions.begin(&PASSWORD, NOW).expect("begun"));
        let restarted = Sessions::new(dir.path());
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
    fn more_ended_sessions_than_are_remembered_let_nobody_back_in() {
        let (_dir, sessions) = sessions();
        let first = sent(&sessions.begin(&PASSWORD, NOW).expect("begun"));
        sessions.end(sessions.find(&first, &PASSWORD, NOW).expect("holds"), NOW);
        for number in 0..ENDED as u64 {
            let session = Session { until: NOW + LIFETIME + 1 + number, id: [1; 16] };
            sessions.end(session, NOW);
        }
        assert_eq!(sessions.ended.lock().expect("unpoisoned").sessions.len(), ENDED);
        assert!(sessions.find(&first, &PASSWORD, NOW).is_none());
    }
}
