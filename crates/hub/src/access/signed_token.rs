//! A signed token: it says itself for what it is, so that any hub of the cluster takes it without having seen it before.
//!
//! Behind `tailcast_`, in base64 for addresses: a version, the claims in CBOR, and the HMAC-SHA256 of both under a key that is
//! derived from the cluster's. It is longer than a token that is kept as a hash, which tells the two apart.
//!
//! Anybody may send anything here. It refuses what is longer than [`LONGEST`] unread, and reads no claim before the signature
//! has proved that a hub of ours wrote it.

use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use minicbor::{Decode, Encode};

use super::error::Error;
use super::revoked::{Id, farthest_token};
use super::secret;
use super::tokens::{self, Grant, PREFIX};
use crate::cluster::ClusterKey;

/// Of the whole text, in bytes: some dozens of patterns, and far below what proxies allow of a header (8 KiB in nginx).
pub(super) const LONGEST: usize = 2048;
/// The one format there is.
const VERSION: u8 = 1;
/// Of HMAC-SHA256, in bytes.
const TAG: usize = 32;

/// What a signed token says.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub(super) struct Claims {
    #[n(0)]
    #[cbor(with = "minicbor::bytes")]
    pub(super) id: Id,
    #[n(1)]
    pub(super) name: String,
    #[n(2)]
    pub(super) grant: Grant,
    /// In seconds since 1970.
    #[n(3)]
    pub(super) created: u64,
    /// From when on it holds no longer, in seconds since 1970.
    #[n(4)]
    pub(super) expires: Option<u64>,
}

impl Claims {
    fn holds_at(&self, now: u64) -> bool {
        self.created <= farthest_token(now) && self.expires.is_none_or(|expires| expires > now)
    }
}

/// What signs tokens.
pub(super) struct TokenKey(hmac::Key);

impl TokenKey {
    pub(super) fn new(cluster: &ClusterKey) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, &cluster.derive("token 1")))
    }

    /// The text of a token.
    ///
    /// # Errors
    /// [`Error::TokenTooLong`]: its patterns do not fit.
    pub(super) fn sign(&self, claims: &Claims) -> Result<String, Error> {
        let mut bytes = vec![VERSION];
        // Writing CBOR to memory cannot fail; if it did, nothing would be signed.
        minicbor::encode(claims, &mut bytes).map_err(|_| Error::TokenTooLong)?;
        let tag = hmac::sign(&self.0, &bytes);
        bytes.extend_from_slice(tag.as_ref());
        let text = format!("{PREFIX}{}", secret::text(&bytes));
        if text.len() > LONGEST { Err(Error::TokenTooLong) } else { Ok(text) }
    }

    /// What the text claims, where one of our hubs has signed it and its time is not over. `now` in seconds since 1970.
    pub(super) fn read(&self, text: &str, now: u64) -> Option<Claims> {
        let text = text.strip_prefix(PREFIX).filter(|_| text.len() <= LONGEST)?;
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let (signed, tag) = bytes.split_at_checked(bytes.len().checked_sub(TAG)?)?;
        // Compares in constant time.
        hmac::verify(&self.0, signed, tag).ok()?;
        let (&VERSION, claims) = signed.split_first()? else { return None };
        let claims: Claims = minicbor::decode(claims).ok()?;
        (tokens::is_name(&claims.name) && claims.holds_at(now)).then_some(claims)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NOW: u64 = 1_800_000_000;

    fn key() -> TokenKey {
        TokenKey::new(&ClusterKey::for_tests(1))
    }

    fn claims(grant: Grant, expires: Option<u64>) -> Claims {
        Claims { id: [5; 16], name: "grafana".to_owned(), grant, created: NOW, expires }
    }

    fn viewer() -> String {
        key().sign(&claims(Grant::Viewer, None)).expect("signed")
    }

    #[test]
    fn every_hub_of_the_cluster_reads_what_one_has_signed_and_no_other_hub_does() {
        let hosts = vec!["web*".to_owned()];
        for grant in [Grant::Viewer, Grant::Agent { hosts: hosts.clone() }, Grant::Push { logs: hosts }] {
            let signed = claims(grant, Some(NOW + 1));
            let text = key().sign(&signed).expect("signed");
            assert_eq!(key().read(&text, NOW), Some(signed));
            assert_eq!(TokenKey::new(&ClusterKey::for_tests(2)).read(&text, NOW), None);
            assert_eq!(key().read(&text, NOW + 1), None, "its time is over");
        }
    }

    #[test]
    fn a_token_is_short_and_looks_like_one_to_scanners() {
        let text = viewer();
        assert!(text.len() < 120, "{} bytes: {text}", text.len());
        let plain = |letter: char| letter.is_ascii_alphanumeric() || "_-".contains(letter);
        assert!(text.starts_with("tailcast_") && text.len() > PREFIX.len() + 43 && text.chars().all(plain), "{text}");
    }

    #[test]
    fn no_letter_of_a_token_can_be_changed_taken_away_or_added() {
        let text = viewer();
        for at in 0..text.len() {
            let other = if text.as_bytes()[at] == b'A' { "B" } else { "A" };
            let changed = format!("{}{other}{}", &text[..at], &text[at + 1..]);
            assert_eq!(key().read(&changed, NOW), None, "{changed}");
            assert_eq!(key().read(&text[..at], NOW), None);
        }
        for added in ["A", "=", " ", "\n", "AAAA"] {
            assert_eq!(key().read(&format!("{text}{added}"), NOW), None);
        }
    }

    #[test]
    fn patterns_that_do_not_fit_are_refused_and_a_longer_text_is_not_read() {
        let hosts = (0..1000).map(|number| format!("web{number}")).collect();
        assert!(matches!(key().sign(&claims(Grant::Agent { hosts }, None)), Err(Error::TokenTooLong)));
        assert_eq!(key().read(&format!("{PREFIX}{}", "A".repeat(1 << 20)), NOW), None);
    }

    #[test]
    fn what_a_clock_that_is_wrong_has_made_or_what_has_no_name_is_refused() {
        let mut early = claims(Grant::Viewer, None);
        early.created = farthest_token(NOW) + 1;
        let mut nameless = claims(Grant::Viewer, None);
        nameless.name = "a\nb".to_owned();
        for claims in [early, nameless] {
            assert_eq!(key().read(&key().sign(&claims).expect("signed"), NOW), None);
        }
    }

    proptest! {
        #[test]
        fn no_text_is_taken_for_a_token(text in "(tailcast_)?\\PC{0,200}", letters in "tailcast_[A-Za-z0-9_-]{0,300}") {
            prop_assert_eq!(key().read(&text, NOW), None);
            prop_assert_eq!(key().read(&letters, NOW), None);
        }

        #[test]
        fn a_token_with_some_letters_changed_is_none(changes in prop::collection::vec((9..200_usize, "[A-Za-z0-9_-]"), 1..5)) {
            let text = viewer();
            let mut changed = text.clone();
            for (at, letter) in changes {
                let at = 9 + at % (text.len() - 9);
                changed.replace_range(at..=at, &letter);
            }
            prop_assert_eq!(key().read(&changed, NOW).is_some(), changed == text);
        }

        /// As if the key had been stolen: what is signed may be anything, and is read without harm or not at all.
        #[test]
        fn signed_nonsense_does_no_harm(mut bytes in prop::collection::vec(any::<u8>(), 0..300), version in prop::bool::ANY) {
            if version && !bytes.is_empty() {
                bytes[0] = VERSION;
            }
            let tag = hmac::sign(&key().0, &bytes);
            bytes.extend_from_slice(tag.as_ref());
            if let Some(claims) = key().read(&format!("{PREFIX}{}", secret::text(&bytes)), NOW) {
                prop_assert!(tokens::is_name(&claims.name));
            }
        }
    }
}
