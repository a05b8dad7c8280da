//! Sealing: what leaves a hub for the broker or for another hub can be read and written by the hubs of the cluster alone.
//!
//! AES-256-GCM (NIST SP 800-38D). Each sender draws a stream of 128 random bits and derives a key of its own from it, so
//! that its sequence can be the nonce and none is ever used twice. The place (a channel, a question) is associated
//! data: what was sealed for one cannot be brought forward at another. A sequence that does not grow is refused, so that
//! nothing is heard twice.
//!
//! ```text
//! 1 byte format | 16 bytes stream | 8 bytes sequence | sealed, 16 bytes longer than the message
//! ```
//!
//! It refuses to say what was wrong with a seal: another key, another place and forgery look the same.

use std::collections::VecDeque;
use std::io;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicU64, Ordering};

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::{hmac, rand};

use super::key::ClusterKey;

const FORMAT: u8 = 1;
/// Bytes in front of what is sealed.
const HEAD: usize = 1 + 16 + 8;
/// Streams that an opener knows: as many hubs speak on one channel during a rolling restart, with much room. The one that
/// was silent the longest is forgotten, and could be brought forward again; who listens bounds the age of what it takes.
const STREAMS: usize = 64;

type Stream = [u8; 16];

/// What comes from nobody who has the key, or was meant for another place, or has been heard already.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unsealed {
    /// It does not open.
    #[error("sealed with another key, or for another place")]
    Foreign,
    /// It was heard before.
    #[error("heard before")]
    Again,
}

/// Seals what one sender says in one place.
#[derive(Debug)]
pub struct Sealer {
    stream: Stream,
    key: LessSafeKey,
    next: AtomicU64,
}

impl Sealer {
    /// Of a stream of its own.
    ///
    /// # Errors
    /// The system gives no random bytes.
    pub fn new(seals: &Seals) -> io::Result<Self> {
        let mut stream = Stream::default();
        rand::fill(&mut stream).map_err(|_| io::Error::other("the system gives no random bytes"))?;
        let key = seals.key_of(&stream).ok_or_else(|| io::Error::other("no key for a seal"))?;
        Ok(Self { stream, key, next: AtomicU64::new(1) })
    }

    /// The message, sealed for `place`.
    #[must_use]
    pub fn seal(&self, place: &[u8], message: &[u8]) -> Vec<u8> {
        let sequence = self.next.fetch_add(1, Ordering::Relaxed);
        let mut sealed = Vec::with_capacity(HEAD + message.len() + AES_256_GCM.tag_len());
        sealed.push(FORMAT);
        sealed.extend_from_slice(&self.stream);
        sealed.extend_from_slice(&sequence.to_be_bytes());
        let mut body = message.to_vec();
        let done = self.key.seal_in_place_append_tag(nonce(sequence), Aad::from(place), &mut body);
        debug_assert!(done.is_ok(), "a message is far shorter than what AES-GCM can take");
        sealed.append(&mut body);
        sealed
    }
}

/// The key under which a cluster seals. Clones are the same.
#[derive(Clone)]
pub struct Seals(hmac::Key);

impl Seals {
    /// That of a cluster's key.
    #[must_use]
    pub fn new(key: &ClusterKey) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, &key.derive("seal 1")))
    }

    fn key_of(&self, stream: &Stream) -> Option<LessSafeKey> {
        let derived = hmac::sign(&self.0, stream);
        UnboundKey::new(&AES_256_GCM, derived.as_ref()).ok().map(LessSafeKey::new)
    }
}

impl std::fmt::Debug for Seals {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Seals(secret)")
    }
}

/// Which message of which sender.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark {
    stream: Stream,
    sequence: u64,
}

impl Mark {
    /// Whether nothing lies between `before` and this one.
    #[must_use]
    pub fn follows(self, before: Mark) -> bool {
        self.stream == before.stream && self.sequence == before.sequence + 1
    }
}

/// What was sealed.
#[derive(Debug, PartialEq, Eq)]
pub struct Opened {
    /// As it was said.
    pub message: Vec<u8>,
    /// Which one it is.
    pub mark: Mark,
}

/// Opens what comes to one place.
#[derive(Debug)]
pub struct Opener {
    seals: Seals,
    /// What was heard of each, the one heard last at the end.
    heard: Mutex<VecDeque<Heard>>,
}

#[derive(Debug)]
struct Heard {
    stream: Stream,
    key: LessSafeKey,
    last: u64,
}

impl Opener {
    /// Who has heard nothing yet.
    #[must_use]
    pub fn new(seals: &Seals) -> Self {
        Self { seals: seals.clone(), heard: Mutex::default() }
    }

    /// The message in `sealed`, if it was sealed for `place` and was not heard yet.
    ///
    /// # Errors
    /// [`Unsealed`].
    pub fn open(&self, place: &[u8], sealed: &[u8]) -> Result<Opened, Unsealed> {
        let (stream, sequence, body) = parts(sealed).ok_or(Unsealed::Foreign)?;
        let mut all = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        let known = all.iter().position(|heard| heard.stream == stream).and_then(|at| all.remove(at));
        let mut heard = match known {
            Some(heard) => heard,
            None => Heard { stream, key: self.seals.key_of(&stream).ok_or(Unsealed::Foreign)?, last: 0 },
        };
        let opened =
            heard.open(place, sequence, body).map(|message| Opened { message, mark: Mark { stream, sequence } });
        // Who was not heard before and does not open has no place here: it would push out those who do.
        if opened.is_ok() || heard.last > 0 {
            all.push_back(heard);
        }
        if all.len() > STREAMS {
            all.pop_front();
        }
        opened
    }
}

impl Heard {
    fn open(&mut self, place: &[u8], sequence: u64, body: &[u8]) -> Result<Vec<u8>, Unsealed> {
        let mut body = body.to_vec();
        let opened = self.key.open_in_place(nonce(sequence), Aad::from(place), &mut body);
        let length = opened.map_err(|_| Unsealed::Foreign)?.len();
        if sequence <= self.last {
            return Err(Unsealed::Again);
        }
        self.last = sequence;
        body.truncate(length);
        Ok(body)
    }
}

fn parts(sealed: &[u8]) -> Option<(Stream, u64, &[u8])> {
    let (head, body) = sealed.split_at_checked(HEAD)?;
    let (&format, head) = head.split_first()?;
    let (stream, sequence) = head.split_at_checked(16)?;
    let parts = (stream.try_into().ok()?, u64::from_be_bytes(sequence.try_into().ok()?), body);
    (format == FORMAT).then_some(parts)
}

fn nonce(sequence: u64) -> Nonce {
    let mut nonce = [0; 12];
    nonce[4..].copy_from_slice(&sequence.to_be_bytes());
    Nonce::assume_unique_for_key(nonce)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seals() -> Seals {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("key");
        std::fs::write(&path, ClusterKey::new_text().expect("random")).expect("written");
        std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).expect("set");
        Seals::new(&ClusterKey::read(&path).expect("a key"))
    }

    #[test]
    fn what_is_sealed_for_a_place_opens_there_once_and_nowhere_else() {
        let seals = seals();
        let (sealer, opener) = (Sealer::new(&seals).expect("random"), Opener::new(&seals));
        let sealed = sealer.seal(b"here", b"a secret line");
        assert!(!sealed.windows(6).any(|bytes| bytes == b"secret"));
        assert_eq!(opener.open(b"there", &sealed), Err(Unsealed::Foreign));
        let first = opener.open(b"here", &sealed).expect("opens");
        assert_eq!(first.message, b"a secret line");
        assert_eq!(opener.open(b"here", &sealed), Err(Unsealed::Again));
        let second = opener.open(b"here", &sealer.seal(b"here", b"")).expect("opens");
        assert!(second.message.is_empty() && second.mark.follows(first.mark) && !first.mark.follows(second.mark));
        drop(sealer.seal(b"here", b"lost"));
        assert!(!opener.open(b"here", &sealer.seal(b"here", b"")).expect("opens").mark.follows(second.mark));
    }

    #[test]
    fn nobody_without_the_key_reads_or_forges() {
        let (ours, theirs) = (seals(), seals());
        let sealed = Sealer::new(&ours).expect("random").seal(b"here", b"a line");
        assert_eq!(Opener::new(&theirs).open(b"here", &sealed), Err(Unsealed::Foreign));
        for at in 0..sealed.len() {
            let mut forged = sealed.clone();
            forged[at] ^= 1;
            assert_eq!(Opener::new(&ours).open(b"here", &forged), Err(Unsealed::Foreign), "byte {at}");
        }
        for length in 0..sealed.len() {
            assert_eq!(Opener::new(&ours).open(b"here", &sealed[..length]), Err(Unsealed::Foreign), "{length} bytes");
        }
    }

    #[test]
    fn many_senders_are_heard_and_noise_pushes_none_of_them_out() {
        let (seals, other) = (seals(), seals());
        let opener = Opener::new(&seals);
        let sealers = [(); 8].map(|()| Sealer::new(&seals).expect("random"));
        let first = sealers.each_ref().map(|sealer| sealer.seal(b"here", b"1"));
        assert!(first.iter().all(|sealed| opener.open(b"here", sealed).is_ok()));
        for _ in 0..2 * STREAMS {
            let noise = Sealer::new(&other).expect("random").seal(b"here", b"noise");
            assert_eq!(opener.open(b"here", &noise), Err(Unsealed::Foreign));
        }
        assert!(first.iter().all(|sealed| opener.open(b"here", sealed) == Err(Unsealed::Again)));
    }
}
