//! What holds no longer on any hub of a cluster, though its signature is right: sessions that were ended, tokens that were
//! taken back. Each hub tells the others all that it knows; they are sets that only grow until an entry's own time is over,
//! so that it does not matter in which order, how often or from whom they are heard.

use minicbor::{Decode, Encode};

/// All that a hub knows to hold no longer.
#[derive(Debug, Clone, Default, PartialEq, Eq, Encode, Decode)]
pub struct Revocations {
    /// Of sessions; the rank of one is its end.
    #[n(0)]
    pub sessions: Revoked,
    /// Of signed tokens; the rank of one is when it was made.
    #[n(1)]
    pub tokens: Revoked,
}

/// What holds no longer of one kind. Times are in seconds since 1970.
#[derive(Debug, Clone, Default, PartialEq, Eq, Encode, Decode)]
pub struct Revoked {
    /// Everything up to this rank.
    #[n(0)]
    pub all_up_to: u64,
    /// And these beyond it, in the order of their ids.
    #[n(1)]
    pub each: Vec<RevokedId>,
}

/// One that holds no longer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub struct RevokedId {
    /// Which one.
    #[n(0)]
    #[cbor(with = "minicbor::bytes")]
    pub id: [u8; 16],
    /// When there is no room for all, those of the lowest rank make way for "everything up to this rank".
    #[n(1)]
    pub rank: u64,
    /// When it would hold no longer by itself and can be forgotten; `None`: never.
    #[n(2)]
    pub until: Option<u64>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Credential, decode, encode};

    #[test]
    fn what_was_revoked_is_read_as_it_was_written() {
        let id = |byte, until| RevokedId { id: [byte; 16], rank: 1_800_000_000, until };
        let sent = Revocations {
            sessions: Revoked { all_up_to: 7, each: vec![id(1, Some(1_800_000_000))] },
            tokens: Revoked { all_up_to: 0, each: vec![id(2, None), id(3, Some(u64::MAX))] },
        };
        assert_eq!(decode::<Revocations>(&encode(&sent)).expect("CBOR"), Some(sent));
        let credential = Credential::new([9; 16]);
        assert_eq!(decode::<Credential>(&encode(&credential)).expect("CBOR"), Some(credential));
    }
}
