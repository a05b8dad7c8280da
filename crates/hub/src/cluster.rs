//! Many hubs that behave as one, joined by a broker.

mod key;

pub use self::key::{ClusterKey, KeyError};
