//! The one password of the hub: kept as an argon2id hash, checked by few at a time.
//!
//! A check costs 19 MiB and some 30 ms on purpose (parameters that OWASP names, the defaults of the crate). So
//! that nobody turns this against the hub, two checks run at once, a dozen wait, and whoever comes then is asked to
//! come again.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use argon2::Argon2;
use argon2::password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash};
use tokio::sync::Semaphore;

use super::error::Error;
use super::private_file::{self, Kept};
use super::secret::{self, Hash};

/// In bytes. NIST SP 800-63B, section 3.1.1.2, wants no fewer.
pub(super) const SHORTEST: usize = 8;
/// In bytes; more is no better and would let a request choose how much is hashed.
pub(super) const LONGEST: usize = 1024;

/// Checks that run at once: 38 MiB.
const AT_ONCE: usize = 2;
/// Checks that run or wait; beyond, the answer is 503.
const ADMITTED: usize = 14;

/// Sets the password of the hub whose state is in `state_dir`. A running hub sees it within a second, and every
/// session ends.
///
/// # Errors
/// [`Error::PasswordLength`] outside 8 to 1024 bytes; [`Error::File`] when the file cannot be written.
pub fn set_password(state_dir: &Path, password: &str) -> Result<(), Error> {
    if !(SHORTEST..=LONGEST).contains(&password.len()) {
        return Err(Error::PasswordLength);
    }
    let path = file(state_dir);
    let salt = secret::random::<16>().map_err(Error::file(&path))?;
    let hash: PasswordHash = Argon2::default()
        .hash_password_with_salt(password.as_bytes(), &salt)
        .map_err(|error| Error::Hash(error.to_string()))?;
    private_file::replace(&path, format!("{hash}\n").as_bytes()).map_err(Error::file(&path))
}

fn file(state_dir: &Path) -> PathBuf {
    state_dir.join("password")
}

/// The password as it is kept.
pub(super) struct Password {
    hash: PasswordHash,
    /// Names this password without saying anything about it: a session is bound to it.
    pub(super) digest: Hash,
}

fn understand(bytes: &[u8]) -> Result<Option<Password>, String> {
    let text = std::str::from_utf8(bytes).map_err(|error| error.to_string())?.trim();
    let hash = PasswordHash::new(text).map_err(|error| error.to_string())?;
    Ok(Some(Password { hash, digest: secret::hash(text.as_bytes()) }))
}

/// How a check came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It is the password whose digest this is.
    Right(Hash),
    Wrong,
    /// There is no password, so none is right.
    NoneSet,
    /// Too many checks are running; nothing was checked.
    Busy,
}

/// The password file of a running hub, and the turnstile before it.
pub(super) struct Passwords {
    kept: Kept<Option<Password>>,
    running: Arc<Semaphore>,
    admitted: Arc<Semaphore>,
}

impl Passwords {
    pub(super) fn new(state_dir: &Path) -> Self {
        let (running, admitted) = (Arc::new(Semaphore::new(AT_ONCE)), Arc::new(Semaphore::new(ADMITTED)));
        Self { kept: Kept::new(file(state_dir), understand), running, admitted }
    }

    /// The password, if there is one; at most a second old.
    pub(super) fn current(&self) -> Arc<Option<Password>> {
        self.kept.current()
    }

    /// The password as it is now.
    #[cfg(test)]
    pub(super) fn now(&self) -> Arc<Option<Password>> {
        self.kept.now()
    }

    /// Checks a password. Dropping the future gives up the wait; a check that has begun runs to its end and keeps its
    /// turn.
    pub(super) async fn check(&self, password: String) -> Verdict {
        let Ok(admitted) = Arc::clone(&self.admitted).try_acquire_owned() else {
            return Verdict::Busy;
        };
        let kept = self.kept.now();
        if kept.is_none() {
            return Verdict::NoneSet;
        }
        // The semaphores are never closed; if one were, nothing is right.
        let Ok(turn) = Arc::clone(&self.running).acquire_owned().await else {
            return Verdict::Busy;
        };
        // It fails only when the hub is going down.
        let checked = tokio::task::spawn_blocking(move || {
            let verdict = verify(&kept, &password);
            drop((turn, admitted));
            verdict
        });
        checked.await.unwrap_or(Verdict::Busy)
    }
}

fn verify(kept: &Option<Password>, password: &str) -> Verdict {
    match kept {
        None => Verdict::NoneSet,
        Some(_) if password.len() > LONGEST => Verdict::Wrong,
        Some(kept) => match Argon2::default().verify_password(password.as_bytes(), &kept.hash) {
            Ok(()) => Verdict::Right(kept.digest),
            Err(_) => Verdict::Wrong,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_password_that_was_set_is_right_and_no_other() {
        let dir = tempfile::tempdir().expect("a directory");
        let passwords = Passwords::new(dir.path());
        assert_eq!(passwords.check("correct horse".to_owned()).await, Verdict::NoneSet);
        set_password(dir.path(), "correct horse").expect("set");
        assert!(matches!(passwords.check("correct horse".to_owned()).await, Verdict::Right(_)));
        assert_eq!(passwords.check("correct horsf".to_owned()).await, Verdict::Wrong);
        assert_eq!(passwords.check(String::new()).await, Verdict::Wrong);
    }

    #[test]
    fn the_same_password_set_again_is_another_one_to_sessions() {
        let dir = tempfile::tempdir().expect("a directory");
        let kept = Kept::new(file(dir.path()), understand);
        let digest = || kept.now().as_ref().as_ref().map(|password| password.digest);
        set_password(dir.path(), "correct horse").expect("set");
        let first = digest();
        set_password(dir.path(), "correct horse").expect("set");
        assert!(first.is_some());
        assert_ne!(first, digest());
    }

    #[test]
    fn a_password_too_short_or_too_long_is_refused() {
        let dir = tempfile::tempdir().expect("a directory");
        assert!(matches!(set_password(dir.path(), "short"), Err(Error::PasswordLength)));
        assert!(matches!(set_password(dir.path(), &"x".repeat(1025)), Err(Error::PasswordLength)));
    }

    #[tokio::test]
    async fn more_checks_than_may_wait_are_sent_away() {
        let dir = tempfile::tempdir().expect("a directory");
        set_password(dir.path(), "correct horse").expect("set");
        let passwords = Passwords::new(dir.path());
        let all = Arc::clone(&passwords.admitted).try_acquire_many_owned(ADMITTED as u32).expect("all of them");
        assert_eq!(passwords.check("correct horse".to_owned()).await, Verdict::Busy);
        drop(all);
        assert!(matches!(passwords.check("correct horse".to_owned()).await, Verdict::Right(_)));
    }
}
