//! What limits a process, who has set it, and what would change it, to be copied.

use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Hidden, Phrase};

/// Something that can be done, to be copied.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, Serialize, Deserialize, ToSchema)]
pub struct Remedy {
    /// What it does.
    #[n(0)]
    pub words: String,
    /// The file to change; null for something to run.
    #[n(1)]
    pub file: Option<String>,
    /// The lines to write into it, or the commands to run.
    #[n(2)]
    pub lines: Vec<String>,
    /// What to run afterwards, so that it takes effect.
    #[n(3)]
    pub then: Vec<String>,
    /// The same as `words`, for who says it in another language; null from an older agent.
    #[n(4)]
    pub phrase: Option<Phrase>,
    /// To which way it belongs; null from an older agent, which does not say what is needed of all it names.
    #[n(5)]
    pub step: Option<Step>,
}

/// A place in a way to another limit. All that have the same way are needed, in the order given; any one way is enough.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, Serialize, Deserialize, ToSchema)]
pub struct Step {
    /// Which way: 1, 2, …
    #[n(0)]
    pub way: u32,
    /// until_it_ends: at once, until the process ends; for_good: from its next start on; for_good_if: the same, if who starts it has so much to
    /// give, which is not known; from_above: only by whatever started this
    /// container or machine. There may be more.
    #[n(1)]
    pub lasts: String,
    /// The limit that the way gives.
    #[n(2)]
    pub reach: u64,
}

/// What limits a process, and who has set it.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, Serialize, Deserialize, ToSchema)]
pub struct Limits {
    /// Its number.
    #[n(0)]
    pub pid: u32,
    /// Its name.
    #[n(1)]
    pub name: String,
    /// Open files, without those that have numbers above the limit and take no room below it.
    #[n(2)]
    pub fds: Option<u64>,
    /// The soft limit in force.
    #[n(3)]
    pub soft: u64,
    /// The hard limit in force.
    #[n(4)]
    pub hard: u64,
    /// Who has set it, in words that say what is certain.
    #[n(5)]
    pub origin: String,
    /// systemd, supervisord, pam, container, shell, itself or unknown. There may be more.
    #[n(6)]
    pub set_by: String,
    /// From the process upwards: who has which limit.
    #[n(7)]
    pub ancestors: Vec<Ancestor>,
    /// What else stands above it or beside it.
    #[n(8)]
    pub ceilings: Vec<Ceiling>,
    /// At how many it stops, in words.
    #[n(9)]
    pub stops: Vec<String>,
    /// What to change, and where.
    #[n(10)]
    pub remedies: Vec<Remedy>,
    /// What is easily mistaken here.
    #[n(11)]
    pub notes: Vec<String>,
    /// The same as `origin`, for who says it in another language: a sentence, and of a hard limit that somebody else has set
    /// another. Empty from an older agent.
    #[n(12)]
    #[cbor(skip_if = "Vec::is_empty")]
    #[serde(default)]
    pub origin_phrases: Vec<Phrase>,
    /// The same as `notes`, one for each; empty from an older agent.
    #[n(13)]
    #[cbor(skip_if = "Vec::is_empty")]
    #[serde(default)]
    pub note_phrases: Vec<Phrase>,
    /// Where it waits for connections, those with the longest queues first; at most 50. Empty also from an older agent.
    #[n(14)]
    #[cbor(skip_if = "Vec::is_empty")]
    #[serde(default)]
    pub waiting: Vec<Waiting>,
    /// Connections that were dropped for a full queue in the network namespace of the process, at whatever address, since that was
    /// made.
    #[n(15)]
    #[serde(default)]
    pub overflows: Option<u64>,
    /// What could not be seen; empty also from an older agent.
    #[n(16)]
    #[cbor(skip_if = "Vec::is_empty")]
    #[serde(default)]
    pub unseen: Vec<Hidden>,
}

/// A queue of connections that wait to be accepted, held against `net.core.somaxconn`.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, Serialize, Deserialize, ToSchema)]
pub struct Waiting {
    /// Where.
    #[n(0)]
    pub address: String,
    /// How many wait.
    #[n(1)]
    pub queue: u32,
    /// How many may; null where that cannot be known.
    #[n(2)]
    pub backlog: Option<u32>,
    /// Whether the queue is full now, so that who comes is dropped.
    #[n(3)]
    pub full: bool,
    /// What bounds it: somaxconn (it is just that, and more may have been asked for), program (which asked for less), before (it is
    /// above somaxconn, which was lowered since) or unknown. There may be more.
    #[n(4)]
    pub bound: String,
    /// What would let more wait.
    #[n(5)]
    pub words: String,
    /// The same for who says it in another language.
    #[n(6)]
    pub phrase: Option<Phrase>,
}

/// One of the processes above a process.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, Serialize, Deserialize, ToSchema)]
pub struct Ancestor {
    /// Its number.
    #[n(0)]
    pub pid: u32,
    /// Its name.
    #[n(1)]
    pub name: String,
    /// Its soft limit; null where it cannot be seen.
    #[n(2)]
    pub soft: Option<u64>,
    /// Its hard limit.
    #[n(3)]
    pub hard: Option<u64>,
}

/// A limit of the host.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, Serialize, Deserialize, ToSchema)]
pub struct Ceiling {
    /// As the system calls it: `fs.nr_open`.
    #[n(0)]
    pub name: String,
    /// What it is set to.
    #[n(1)]
    pub value: u64,
    /// How much of it is used, where that can be told.
    #[n(2)]
    pub used: Option<u64>,
    /// What it limits, and whether that matters here.
    #[n(3)]
    pub words: String,
}
