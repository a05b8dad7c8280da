//! What is configured about other hubs: the broker that joins them, the key they share, where each is reached.
//!
//! It refuses a password in the broker's address, which `config check` and process lists would show.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use tailcast_agent::dial::{Dialer, HubUrl, Roots, Trust};
use tailcast_hub::cluster::{ClusterConfig, ClusterKey, Dial, Stream};
use url::Url;

use crate::config::Reader;
use crate::config::keys;
use crate::exit::Failure;

/// What a hub needs to be one of several.
#[derive(Debug)]
pub(crate) struct ClusterOptions {
    name: String,
    broker: Url,
    password_file: Option<PathBuf>,
    peer_url: HubUrl,
    ca_file: Option<PathBuf>,
}

/// What is written about a broker.
enum Broker {
    Embedded,
    At(Url),
}

/// `Some(None)`: a hub that is alone.
pub(super) fn read(reader: &mut Reader<'_>) -> Option<Option<ClusterOptions>> {
    let broker = match reader.judged(&keys::HUB_BROKER, broker)? {
        Broker::Embedded => return Some(None),
        Broker::At(url) => url,
    };
    if reader.path(&keys::CLUSTER_KEY_FILE).is_none() {
        let words = "hubs that a broker joins share a key: `tailcast cluster-key > FILE` makes one; give each hub the \
                     same, and name it by key_file under [cluster]";
        reader.missing(&keys::CLUSTER_KEY_FILE, words);
    }
    let peer_url = reader.parsed(&keys::CLUSTER_PEER_URL);
    if peer_url.is_none() {
        let words = "the other hubs must reach this one: peer_url = \"http://THIS-HOST:8514\" under [cluster]";
        reader.missing(&keys::CLUSTER_PEER_URL, words);
    }
    let name = reader.judged(&keys::CLUSTER_NAME, cluster_name);
    let password_file = reader.path(&keys::HUB_BROKER_PASSWORD_FILE);
    let ca_file = reader.path(&keys::CLUSTER_CA_FILE);
    Some(Some(ClusterOptions { name: name?, broker, password_file, peer_url: peer_url?, ca_file }))
}

impl ClusterOptions {
    /// Reads the files that are named. `hub`: what people call this hub; `key`: what all hubs of the cluster share.
    pub(crate) fn config(self, hub: String, key: ClusterKey) -> Result<ClusterConfig, Failure> {
        let mut broker = self.broker;
        if let Some(file) = &self.password_file {
            let password = text(file)?;
            broker.set_password(Some(password.trim())).map_err(|()| Failure::usage("this broker takes no password"))?;
        }
        let pem = self.ca_file.as_deref().map(text).transpose()?;
        let trust = pem
            .map_or(tailcast_hub::cluster::Trust::System, |pem| tailcast_hub::cluster::Trust::Only(pem.into_bytes()));
        let roots = self.ca_file.map_or(Roots::System, Roots::File);
        Ok(ClusterConfig {
            name: self.name,
            key,
            broker: broker.into(),
            trust,
            peer_url: self.peer_url.to_string(),
            hub,
            dial: dial(Trust::new(roots)),
        })
    }
}

/// Straight to each hub: they are in one house.
fn dial(trust: Trust) -> Dial {
    Arc::new(move |url: &str| {
        let (hub, trust) = (url.parse::<HubUrl>(), trust.clone());
        Box::pin(async move {
            let dialer = Dialer::new(hub.map_err(|error| error.to_string())?, trust);
            let stream = dialer.connect().await.map_err(|error| error.to_string())?;
            Ok(Box::new(stream) as Box<dyn Stream>)
        })
    })
}

fn text(file: &Path) -> Result<String, Failure> {
    std::fs::read_to_string(file).map_err(|error| Failure::usage(format_args!("{}: {error}", file.display())))
}

fn cluster_name(text: &str) -> Result<String, String> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    match (1..=64).contains(&text.len()) && text.bytes().all(plain) {
        true => Ok(text.to_owned()),
        false => Err(format!("`{text}` is no name of a cluster: 1 to 64 letters, digits, `_` and `-`")),
    }
}

fn broker(text: &str) -> Result<Broker, String> {
    if text == "embedded" {
        return Ok(Broker::Embedded);
    }
    let no_broker = || {
        format!("`{text}` is no broker: write \"embedded\", redis://HOST:6379, rediss://…, nats://HOST:4222 or tls://…")
    };
    let url = Url::parse(text).map_err(|_| no_broker())?;
    if !matches!(url.scheme(), "redis" | "rediss" | "nats" | "tls") || url.host_str().is_none_or(str::is_empty) {
        return Err(no_broker());
    }
    match url.password() {
        Some(_) => Err("no password belongs into an address: put it into a file, and name it by \
                        hub.broker_password_file"
            .to_owned()),
        None => Ok(Broker::At(url)),
    }
}
