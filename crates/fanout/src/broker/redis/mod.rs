//! Redis and Valkey: classic pub/sub on one server, spoken in RESP3.
//!
//! What it guarantees by itself: order per connection, and nothing else. A subscriber that is cut off, or reads too
//! slowly (`client-output-buffer-limit pubsub`, 32 MB unless set), loses what is published meanwhile without a word.
//!
//! It refuses a cluster: there, classic pub/sub sends every message to every node, and sharded pub/sub needs a
//! connection to each of them.

mod refusal;
mod resp;
mod spout;
mod tap;

use redis::{ProtocolVersion, RedisConnectionInfo};
use url::Url;

use super::dial::Address;
use super::topic::Subjects;
use super::{Broker, Down, Options};
use crate::Error;

const PORT: u16 = 6379;

/// A server of Redis or Valkey.
pub(crate) struct Redis {
    address: Address,
    subjects: Subjects,
    /// The longest frame that a message of ours can make.
    longest: usize,
}

impl Redis {
    pub(crate) fn new(url: &Url, subjects: Subjects, options: &Options) -> Result<Self, Error> {
        let tls = (url.scheme() == "rediss").then_some(&options.trust);
        // A path names a database, which is nothing to pub/sub.
        let address = Address::new(url, PORT, tls)?;
        Ok(Self { address, subjects, longest: options.message + super::stamp::LENGTH })
    }
}

impl Broker for Redis {
    type Tap = tap::Tap;
    type Spout = spout::Spout;

    async fn tap(&self) -> Result<tap::Tap, Down> {
        tap::Tap::open(&self.address, self.subjects.clone(), self.longest).await
    }

    async fn spout(&self) -> Result<spout::Spout, Down> {
        let mut info = RedisConnectionInfo::default().set_protocol(ProtocolVersion::RESP3);
        if let Some(user) = &self.address.user {
            info = info.set_username(user);
        }
        if let Some(password) = &self.address.password {
            info = info.set_password(password);
        }
        spout::Spout::open(&self.address, &info, self.subjects.clone()).await
    }
}
