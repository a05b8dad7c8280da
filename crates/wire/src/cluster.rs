//! What the hubs of one cluster say to each other: over a broker who is linked where, what is wanted of whom and the lines
//! themselves; over HTTP the questions to each other's agents. All of it travels sealed; sealing is the hub's.
//!
//! ```text
//! hub B (somebody looks)                                   hub A (the agent is linked here)
//!        ◀───────────────── directory: Announcement ─────────── Beat, Change, Whole
//!   leases of A: Leasing{Want} ──────────────────────────▶
//!        ◀──────────── channel: Fed::Granted, Block, Told, Edge … in the order of the file
//!   leases of A: Leasing{Keep}, all, each 8 s ───────────▶
//!   POST peer: PeerAsk ──────────────────────────────────▶ asks its agent
//!        ◀──────────────────────────────────────────────── PeerAnswer
//! ```

use std::fmt;

use minicbor::{Decode, Encode};

use crate::ask::{Answer, Question};
use crate::block::{Block, Place, Told};
use crate::credential::Credential;
use crate::filter::Filter;
use crate::name::{HostName, LogName};
use crate::revocations::Revocations;
use crate::why::Why;

/// One start of a hub, drawn at random.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Encode, Decode)]
#[cbor(transparent)]
pub struct HubId(#[n(0)] pub u64);

impl fmt::Display for HubId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

/// A hub speaks of itself, to all hubs.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Announcement {
    /// Who speaks.
    #[n(0)]
    pub hub: HubId,
    /// What people call it.
    #[n(1)]
    pub name: String,
    /// Of the program, for people.
    #[n(2)]
    pub version: String,
    /// Where other hubs reach it.
    #[n(3)]
    pub peer_url: String,
    /// Its clock, in microseconds since 1970.
    #[n(4)]
    pub at: i64,
    /// How often the list of its residents has changed: who knows another number asks for the whole.
    #[n(5)]
    pub edition: u64,
    /// What it says; `None` when only a newer hub knows the word.
    #[n(6)]
    pub word: Option<Word>,
}

/// What is announced.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum Word {
    /// It is there.
    #[n(0)]
    Beat,
    /// These residents are new or otherwise: with them the list is of this edition, if it was of the one before.
    #[n(1)]
    Change {
        /// Each as it is now.
        #[n(0)]
        residents: Vec<Resident>,
        /// No longer this hub's to speak of: they have moved to another one, or were forgotten.
        #[n(1)]
        gone: Vec<HostName>,
    },
    /// All residents, in parts that each fit into a message.
    #[n(2)]
    Whole {
        /// Which part, from 0.
        #[n(0)]
        part: u32,
        /// Of how many.
        #[n(1)]
        parts: u32,
        /// Each as it is now.
        #[n(2)]
        residents: Vec<Resident>,
    },
    /// Somebody wants the whole of that hub.
    #[n(3)]
    Ask {
        /// Of whom.
        #[n(0)]
        of: HubId,
    },
    /// It stops in good order.
    #[n(4)]
    Bye,
    /// All that it knows to hold no longer.
    #[n(5)]
    Revoked(#[n(0)] Revocations),
}

/// A host whose agent is, or was last, linked to the hub that speaks.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Resident {
    /// Its name.
    #[n(0)]
    pub host: HostName,
    /// Which start of the agent.
    #[n(1)]
    pub session: u64,
    /// Since when it is so, in microseconds since 1970: of two hubs that have its link, the later one is right.
    #[n(2)]
    pub since: i64,
    /// The agent's version.
    #[n(3)]
    pub version: String,
    /// What it offers, as configured.
    #[n(4)]
    pub offers: Vec<String>,
    /// `key=value`.
    #[n(5)]
    pub labels: Vec<(String, String)>,
    /// The IANA name of its time zone.
    #[n(6)]
    pub zone: Option<String>,
    /// Why its link is down, if it is.
    #[n(7)]
    pub away: Option<Absence>,
    /// By what its agent was let in.
    #[n(8)]
    pub credential: Option<Credential>,
}

/// Why an agent is not there.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Absence {
    /// For a person.
    #[n(0)]
    pub words: String,
    /// The same for a program, where there is a word for it.
    #[n(1)]
    pub why: Option<Why>,
}

/// A hub wants channels of another one, or no longer.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Leasing {
    /// Who wants.
    #[n(0)]
    pub hub: HubId,
    /// Its clock, in microseconds since 1970.
    #[n(1)]
    pub at: i64,
    /// What.
    #[n(2)]
    pub words: Vec<LeaseWord>,
}

/// One lease, or several.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum LeaseWord {
    /// Publish this channel, for as long as the lease is kept.
    #[n(0)]
    Want {
        /// A number drawn at random: the grant names it, so that an older stream is not taken for the one that was asked for.
        #[n(0)]
        lease: u64,
        /// The start of the agent that is meant.
        #[n(1)]
        session: u64,
        /// The log.
        #[n(2)]
        log: LogName,
        /// Only lines that pass.
        #[n(3)]
        filter: Filter,
    },
    /// These go on.
    #[n(1)]
    Keep {
        /// Their numbers.
        #[n(0)]
        leases: Vec<u64>,
    },
    /// These are over.
    #[n(2)]
    Drop {
        /// Their numbers.
        #[n(0)]
        leases: Vec<u64>,
    },
}

/// On a channel between hubs: what its agent said, in its order.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum Fed {
    /// From here on the channel is whole for whoever holds one of these leases.
    #[n(0)]
    Granted {
        /// Their numbers.
        #[n(0)]
        leases: Vec<u64>,
        /// Which start of the agent: lives are numbered anew by each.
        #[n(1)]
        session: u64,
        /// Where what follows begins; absent while there is nothing to read, or while what was missed follows.
        #[n(2)]
        edge: Option<Place>,
    },
    /// Bytes of the log.
    #[n(1)]
    Block(#[n(0)] Block),
    /// Something happened to it.
    #[n(2)]
    Told(#[n(0)] Told),
    /// How far it has come.
    #[n(3)]
    Edge {
        /// As in [`ToHub::Edge`](crate::ToHub::Edge).
        #[n(0)]
        edge: Option<Place>,
        /// Bytes on the disk behind it.
        #[n(1)]
        behind: u64,
    },
}

/// A question to an agent, put to the hub that has its link.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct PeerAsk {
    /// Whose agent.
    #[n(0)]
    pub host: HostName,
    /// What is asked.
    #[n(1)]
    pub question: Question,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Encode, Decode)]
pub enum PeerAnswer {
    /// The agent's answer, and of which start of it.
    #[n(0)]
    Answered {
        /// Which start.
        #[n(0)]
        session: u64,
        /// The answer.
        #[n(1)]
        answer: Box<Answer>,
    },
    /// Its link is down, or is not here.
    #[n(1)]
    Away(#[n(0)] Absence),
    /// It did not answer in time.
    #[n(2)]
    Late,
}
