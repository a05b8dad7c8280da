//! By what a hub knows another hub of its cluster at the gate, before it reads a byte of what is asked:
//! `Authorization: Tailcast-Peer TIME.RANDOM.TAG`, the tag made with the cluster's key.
//!
//! A pass holds for a minute around its time, which is why clocks must agree so far. Used twice it lets the same question be
//! asked twice, which reads the same lines: the question itself is sealed, and so is the answer.

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::{HeaderMap, HeaderValue, header};
use jiff::Timestamp;

use super::key::ClusterKey;

/// The scheme in `Authorization`.
const SCHEME: &str = "Tailcast-Peer ";
/// How far the clocks of two hubs may be apart, in seconds.
pub(crate) const APART: i64 = 60;

/// Makes and judges passes.
#[derive(Clone)]
pub(crate) struct Passes(hmac::Key);

/// Why somebody who says to be a hub is not let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoPass {
    /// None was shown.
    None,
    /// It was made with another key, or is none.
    Foreign,
    /// The other clock differs by so many seconds.
    Clock(i64),
}

impl Passes {
    pub(crate) fn new(key: &ClusterKey) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, &key.derive("peer 1")))
    }

    /// A pass for now.
    pub(crate) fn issue(&self) -> HeaderValue {
        let said = format!("{}.{:016x}", Timestamp::now().as_second(), fastrand::u64(..));
        let tag = hmac::sign(&self.0, said.as_bytes());
        let value = HeaderValue::from_str(&format!("{SCHEME}{said}.{}", URL_SAFE_NO_PAD.encode(tag.as_ref())));
        let mut value = value.unwrap_or_else(|_| HeaderValue::from_static(""));
        value.set_sensitive(true);
        value
    }

    /// Judges the pass among the headers.
    pub(crate) fn check(&self, headers: &HeaderMap) -> Result<(), NoPass> {
        let value = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let pass = value.and_then(|value| value.strip_prefix(SCHEME)).ok_or(NoPass::None)?;
        let (said, tag) = pass.rsplit_once('.').ok_or(NoPass::Foreign)?;
        let tag = URL_SAFE_NO_PAD.decode(tag).map_err(|_| NoPass::Foreign)?;
        // Compares in constant time.
        hmac::verify(&self.0, said.as_bytes(), &tag).map_err(|_| NoPass::Foreign)?;
        let time = said.split('.').next().and_then(|time| time.parse::<i64>().ok()).ok_or(NoPass::Foreign)?;
        let apart = time.saturating_sub(Timestamp::now().as_second());
        if apart.abs() <= APART { Ok(()) } else { Err(NoPass::Clock(apart)) }
    }
}

impl std::fmt::Debug for Passes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Passes(secret)")
    }
}
