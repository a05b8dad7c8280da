//! What a fan-out over a broker may use, and whom it trusts.

use std::time::Duration;

use crate::{Error, Limits};

/// The longest name of a cluster: it stands in each channel's name at the broker.
const CLUSTER: usize = 64;

/// How a fan-out over a broker is set up. Start from [`Options::new`].
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Options {
    /// Those that share it hear each other; two clusters on one broker do not meet. 1 to 64 of `a-z A-Z 0-9 _ -`.
    pub cluster: String,
    /// What each channel that is listened to may hold for its slow feeds. 4 MiB and 4,096 messages.
    pub limits: Limits,
    /// Bytes that may wait for the broker, beyond which messages are dropped and told. 16 MiB.
    pub queue: usize,
    /// The longest message, in bytes. 512 KiB. A NATS server has a bound of its own (1 MiB unless set).
    pub message: usize,
    /// Silence on the subscribing connection after which it is probed, through the publishing one. 10 s.
    pub silence: Duration,
    /// How long the broker may take to answer anything before its connection is replaced. 4.5 s: with `silence` it
    /// makes the 15 s after which no dead connection is left.
    pub answer: Duration,
    /// Whose word is taken for the broker's certificate.
    pub trust: Trust,
}

/// Whose word is taken for the certificate of a broker.
#[derive(Clone, Debug, Default)]
pub enum Trust {
    /// The certificate authorities of the system.
    #[default]
    System,
    /// These and no others: certificates in PEM.
    Only(Vec<u8>),
}

impl Options {
    /// The defaults, for this cluster.
    #[must_use]
    pub fn new(cluster: impl Into<String>) -> Self {
        Self {
            cluster: cluster.into(),
            limits: Limits::new(4 << 20, 4_096),
            queue: 16 << 20,
            message: 512 << 10,
            silence: Duration::from_secs(10),
            answer: Duration::from_millis(4_500),
            trust: Trust::System,
        }
    }

    pub(super) fn check(&self) -> Result<(), Error> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
        let sound = (1..=CLUSTER).contains(&self.cluster.len()) && self.cluster.bytes().all(plain);
        match sound {
            true => Ok(()),
            false => Err(Error::Url(format!(
                "the cluster's name {:?} is not 1 to {CLUSTER} of the letters a-z and A-Z, digits, _ and -",
                self.cluster
            ))),
        }
    }
}
