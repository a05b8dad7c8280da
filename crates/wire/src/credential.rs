//! What an agent came with, so that two links can be told to come with the same key without either being shown.
//!
//! It refuses to say anything else: it is a hash, and nothing is let in by it.

use minicbor::{Decode, Encode};

/// What somebody was let in with, as 16 bytes that can only be compared. A token is the same one on every hub.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Encode, Decode)]
#[cbor(transparent)]
pub struct Credential(
    #[n(0)]
    #[cbor(with = "minicbor::bytes")]
    [u8; 16],
);

impl Credential {
    /// Being a process of the hub's own user, or root, on the hub's machine. On another machine that is somebody else.
    pub const LOCAL: Self = Self([0; 16]);

    /// `hash`: the beginning of a hash of the token.
    pub const fn new(hash: [u8; 16]) -> Self {
        Self(hash)
    }

    /// Whether it means the same one on another hub.
    pub fn is_of_the_cluster(self) -> bool {
        self != Self::LOCAL
    }
}
