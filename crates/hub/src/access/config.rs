//! What the configuration says about access, and where a hub with it may not listen.

use std::net::SocketAddr;
use std::path::PathBuf;

use http::HeaderName;
use ipnet::IpNet;

use super::origin::PublicUrl;
use crate::cluster::ClusterKey;

/// What the configuration says about access.
#[derive(Debug, Clone)]
pub struct AccessConfig {
    /// Where `password`, `tokens.json`, `session.key` and `revocations` are.
    pub state_dir: PathBuf,
    /// Everybody on this machine may look, without logging in.
    pub open_loopback: bool,
    /// Where people reach the hub from outside: the one further Host and Origin.
    pub public_url: Option<PublicUrl>,
    /// The path under which the hub lives, `/` or `/tailcast`: cookies are sent for it alone.
    pub base_path: String,
    /// The proxies that are believed about the address of the client, and its name. Loopback is not among them unless
    /// written here.
    pub trusted_proxies: Vec<IpNet>,
    /// The header in which a trusted proxy tells the user it has authenticated, and which it must not let through
    /// from outside.
    pub proxy_user_header: Option<HeaderName>,
    /// What all hubs of the cluster know: sessions and new tokens are signed with it, so that they hold on each. `None` for
    /// a hub alone.
    pub cluster: Option<ClusterKey>,
}

impl AccessConfig {
    /// Closed: loopback for our own user and root, whoever has the password or a token from elsewhere.
    #[must_use]
    pub fn new(state_dir: PathBuf) -> Self {
        Self {
            state_dir,
            open_loopback: false,
            public_url: None,
            base_path: "/".to_owned(),
            trusted_proxies: Vec::new(),
            proxy_user_header: None,
            cluster: None,
        }
    }
}

/// The hub must not listen there: nobody could log in, or everybody would have to be let in.
#[derive(Debug, thiserror::Error)]
#[error(
    "{address} can be reached from other machines, and there is no way to tell who may look.\n\
     One of these helps:\n  \
     tailcast password                    sets a password\n  \
     tailcast token add --viewer NAME     makes a token for a program\n  \
     trusted_proxies, proxy_user_header   in the configuration: a proxy in front knows its users\n  \
     --listen 127.0.0.1:8514              this machine only; from elsewhere: ssh -L 8514:127.0.0.1:8514 HOST"
)]
pub struct Refused {
    pub(super) address: SocketAddr,
}
