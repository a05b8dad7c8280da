//! The one hash of this crate: FNV-1a, 64 bits, with a finisher.
//!
//! Positions leave the process, live in bookmarks and come back years later on another machine, so the hash may
//! never change: the standard library's hasher is seeded per process and promises nothing across versions.
//! It names content, it does not protect it: whoever can write a log can make two heads collide and fools nobody but
//! the readers of that log.

/// A hash cut to 48 bits, which is what a [`Position`](crate::Position) has room for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub(crate) struct Hash48(u64);

impl Hash48 {
    /// The hash of `bytes`.
    pub(crate) fn of(bytes: &[u8]) -> Self {
        Self(hash64(bytes) >> 16)
    }

    /// Six bytes, least significant first.
    pub(crate) fn to_bytes(self) -> [u8; 6] {
        let [a, b, c, d, e, f, _, _] = self.0.to_le_bytes();
        [a, b, c, d, e, f]
    }

    /// The inverse of [`Hash48::to_bytes`].
    pub(crate) fn from_bytes([a, b, c, d, e, f]: [u8; 6]) -> Self {
        Self(u64::from_le_bytes([a, b, c, d, e, f, 0, 0]))
    }
}

/// FNV-1a (Fowler, Noll, Vo; 64 bits), then the finisher of MurmurHash3, since FNV alone leaves its high bits weak on
/// short input.
pub(crate) fn hash64(bytes: &[u8]) -> u64 {
    let sum = bytes
        .iter()
        .fold(0xcbf2_9ce4_8422_2325_u64, |sum, &byte| (sum ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3));
    let sum = (sum ^ (sum >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    let sum = (sum ^ (sum >> 33)).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    sum ^ (sum >> 33)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_the_same_today_as_in_every_bookmark() {
        assert_eq!(hash64(b""), 0xefd0_1f60_ba99_2926);
        assert_eq!(hash64(b"tailcast"), hash64(b"tailcast"));
        assert_ne!(hash64(b"tailcast"), hash64(b"tailcasT"));
    }

    #[test]
    fn six_bytes_carry_it_there_and_back() {
        let hash = Hash48::of(b"some bytes");
        assert_eq!(Hash48::from_bytes(hash.to_bytes()), hash);
    }
}
