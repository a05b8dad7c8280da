//! What channels between hubs are called at the broker. The names are hashed there once more; those of logs are hashed with
//! the cluster's key first, so that who can read the broker cannot find out by trying which logs are looked at.

use aws_lc_rs::hmac;
use tailcast_wire::{HubId, encode};

use super::key::ClusterKey;
use crate::channel::Key;

/// Where all hubs hear all hubs. Not of the key: hubs with different keys must meet somewhere to be told so.
pub(crate) const DIRECTORY: &str = "directory 1";

/// The names of a cluster's channels.
#[derive(Clone)]
pub(crate) struct Topics(hmac::Key);

impl Topics {
    pub(crate) fn new(key: &ClusterKey) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, &key.derive("topic 1")))
    }

    /// Where a hub hears what is wanted of it.
    pub(crate) fn leases(&self, hub: HubId) -> String {
        self.name(&format!("leases\0{hub}"), &[])
    }

    /// Where a hub publishes a channel.
    pub(crate) fn channel(&self, hub: HubId, key: &Key) -> String {
        let what = [encode(&key.log), encode(&key.filter)].concat();
        self.name(&format!("channel\0{hub}"), &what)
    }

    fn name(&self, kind: &str, what: &[u8]) -> String {
        let tag = hmac::sign(&self.0, &[kind.as_bytes(), b"\0", what].concat());
        tag.as_ref().iter().take(16).map(|byte| format!("{byte:02x}")).collect()
    }
}

impl std::fmt::Debug for Topics {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Topics(secret)")
    }
}
