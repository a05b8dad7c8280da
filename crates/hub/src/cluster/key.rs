//! The key of a cluster: one secret that all its hubs have, and nobody else. From it comes one key for each purpose, so that
//! what is made for one (a session, a sealed line, a signed question) is worth nothing for another.
//!
//! It refuses a file that others can read, and a key that somebody thought up: it is 32 random bytes in base64.

use std::fmt;
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use aws_lc_rs::{hmac, rand};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD};

/// Length of the key, in bytes.
const LENGTH: usize = 32;

/// Why there is no key.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The file cannot be read.
    #[error("the cluster's key file {path}: {source}", path = path.display())]
    File {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Everybody on this machine could read it.
    #[error("the cluster's key file {path} can be read by others: chmod 600 {path}", path = path.display())]
    Readable {
        /// Which file.
        path: PathBuf,
    },
    /// It holds something else.
    #[error("the cluster's key file {path} does not hold {LENGTH} bytes in base64: `tailcast cluster-key > {path}` makes one", path = path.display())]
    NotAKey {
        /// Which file.
        path: PathBuf,
    },
    /// The system gives no random bytes.
    #[error("the system gives no random bytes for a key")]
    NoRandom,
}

/// What all hubs of a cluster know. Clones are the same key.
#[derive(Clone)]
pub struct ClusterKey(Arc<[u8; LENGTH]>);

impl ClusterKey {
    /// The key in a file: base64 (RFC 4648, either alphabet), with or without padding and a newline.
    ///
    /// # Errors
    /// The file cannot be read, others can read it, or it holds no key.
    pub fn read(path: &Path) -> Result<Self, KeyError> {
        let failed = |source| KeyError::File { path: path.to_owned(), source };
        let mode = std::fs::metadata(path).map_err(failed)?.permissions().mode();
        if mode & 0o077 != 0 {
            return Err(KeyError::Readable { path: path.to_owned() });
        }
        let text = std::fs::read(path).map_err(failed)?;
        Self::from_text(text.trim_ascii()).ok_or_else(|| KeyError::NotAKey { path: path.to_owned() })
    }

    /// A new key, as the text of its file.
    ///
    /// # Errors
    /// When the system gives no random bytes.
    pub fn new_text() -> Result<String, KeyError> {
        let mut bytes = [0; LENGTH];
        rand::fill(&mut bytes).map_err(|_| KeyError::NoRandom)?;
        Ok(STANDARD.encode(bytes))
    }

    /// One of many keys, each the same in every test.
    #[cfg(test)]
    pub(crate) fn for_tests(number: u8) -> Self {
        Self(Arc::new([number; LENGTH]))
    }

    fn from_text(text: &[u8]) -> Option<Self> {
        let engines = [&STANDARD, &STANDARD_NO_PAD, &URL_SAFE_NO_PAD];
        let bytes = engines.into_iter().find_map(|engine| engine.decode(text).ok())?;
        Some(Self(Arc::new(bytes.try_into().ok()?)))
    }

    /// The key for one purpose. `purpose` is a constant of this program, with a number for its format.
    pub(crate) fn derive(&self, purpose: &str) -> [u8; LENGTH] {
        let key = hmac::Key::new(hmac::HMAC_SHA256, &self.0[..]);
        let tag = hmac::sign(&key, format!("tailcast cluster\0{purpose}").as_bytes());
        let mut derived = [0; LENGTH];
        derived.iter_mut().zip(tag.as_ref()).for_each(|(to, from)| *to = *from);
        derived
    }
}

impl fmt::Debug for ClusterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ClusterKey(secret)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(text: &str, mode: u32) -> (tempfile::TempDir, PathBuf) {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("key");
        std::fs::write(&path, text).expect("written");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).expect("set");
        (dir, path)
    }

    #[test]
    fn a_key_that_was_made_is_read_the_same_by_each_hub_and_differs_by_purpose() {
        let text = ClusterKey::new_text().expect("random");
        let (_dir, path) = written(&format!("{text}\n"), 0o600);
        let keys = [(); 2].map(|()| ClusterKey::read(&path).expect("a key"));
        assert_eq!(keys[0].derive("session 1"), keys[1].derive("session 1"));
        assert_ne!(keys[0].derive("session 1"), keys[0].derive("token 1"));
        assert!(!format!("{:?}", keys[0]).contains(&text));
    }

    #[test]
    fn a_key_file_that_others_can_read_or_that_holds_something_else_is_refused_with_what_to_do() {
        let (_dir, path) = written(&ClusterKey::new_text().expect("random"), 0o640);
        let words = ClusterKey::read(&path).expect_err("others can read it").to_string();
        assert!(words.contains("chmod 600"), "{words}");
        for text in ["", "secret", "c2VjcmV0", "not base64 at all, however long it may be, is no key"] {
            let (_dir, path) = written(text, 0o600);
            let words = ClusterKey::read(&path).expect_err(text).to_string();
            assert!(words.contains("tailcast cluster-key"), "{words}");
        }
        let words = ClusterKey::read(Path::new("/no/such/key")).expect_err("no file").to_string();
        assert!(words.contains("/no/such/key"), "{words}");
    }
}
