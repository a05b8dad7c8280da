//! Random bytes, their text, and the hash under which they are kept.
//!
//! Text is base64 without padding in the alphabet for addresses (RFC 4648, section 5): it needs no quoting in a header,
//! a cookie or a shell.

use std::io;

use aws_lc_rs::{digest, rand};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// A SHA-256 hash.
pub(super) type Hash = [u8; 32];

/// `N` bytes that nobody can guess.
pub(super) fn random<const N: usize>() -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    rand::fill(&mut bytes).map_err(|_| io::Error::other("the system gives no random bytes"))?;
    Ok(bytes)
}

/// SHA-256: enough for what is random already; a password needs argon2.
pub(super) fn hash(bytes: &[u8]) -> Hash {
    let mut hash = Hash::default();
    // Both are 32 bytes; a copy of what there is cannot panic where `copy_from_slice` could.
    hash.iter_mut().zip(digest::digest(&digest::SHA256, bytes).as_ref()).for_each(|(to, from)| *to = *from);
    hash
}

/// The first half of a hash, where a name for something is enough.
pub(super) fn first(hash: &Hash) -> [u8; 16] {
    std::array::from_fn(|at| hash[at])
}

/// The text of `bytes`.
pub(super) fn text(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The `N` bytes that `text` stands for.
pub(super) fn bytes<const N: usize>(text: &str) -> Option<[u8; N]> {
    URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok()
}
