//! The messages of the link between an agent and a hub, in both directions.

use minicbor::{Decode, Encode};

use crate::ask::{Answer, Question};
use crate::block::{Block, Place, Told};
use crate::filter::Filter;
use crate::name::HostName;

/// The version of the link spoken here.
pub const PROTOCOL: u16 = 1;

/// The WebSocket subprotocol of the link.
pub const LINK_PROTOCOL: &str = "tailcast.link.v1";

/// The first words of an agent.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Hello {
    /// The lowest version of the link it speaks.
    #[n(0)]
    pub protocol_min: u16,
    /// The highest.
    #[n(1)]
    pub protocol_max: u16,
    /// The program's version, for people.
    #[n(2)]
    pub version: String,
    /// The name it wants to be known by.
    #[n(3)]
    pub host: HostName,
    /// Drawn at random by each start of the agent: lives of another session are strangers.
    #[n(4)]
    pub session: u64,
    /// What it offers, as configured: paths and globs.
    #[n(5)]
    pub offers: Vec<String>,
    /// Words an administrator gave the host, as `key=value`.
    #[n(6)]
    pub labels: Vec<(String, String)>,
    /// The IANA name of its time zone, for stamps that name none; UTC when absent.
    #[n(7)]
    pub zone: Option<String>,
}

/// The hub's reply when the agent may come in.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Welcome {
    /// The version of the link that both speak.
    #[n(0)]
    pub protocol: u16,
    /// The hub's version, for people.
    #[n(1)]
    pub version: String,
}

/// A channel that the hub wants.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Follow {
    /// The number by which both call it; never used twice on one link.
    #[n(0)]
    pub channel: u32,
    /// The NAME of the log.
    #[n(1)]
    pub log: String,
    /// Only lines that pass.
    #[n(2)]
    pub filter: Filter,
    /// Go on from this position; from the log's end when absent.
    #[n(3)]
    pub from: Option<String>,
    /// How many bytes of blocks may come before the first `Credit`.
    #[n(4)]
    pub credit: u64,
}

/// From an agent to its hub.
#[derive(Debug, Clone, PartialEq, Encode, Decode)]
pub enum ToHub {
    /// Always first.
    #[n(0)]
    Hello(#[n(0)] Hello),
    /// A channel is open.
    #[n(1)]
    Followed {
        /// Which.
        #[n(0)]
        channel: u32,
        /// Where its next block will start; absent while there is nothing to read.
        #[n(1)]
        edge: Option<Place>,
    },
    /// Bytes of a log.
    #[n(2)]
    Block {
        /// On this channel.
        #[n(0)]
        channel: u32,
        /// These.
        #[n(1)]
        block: Block,
    },
    /// Something happened to a log.
    #[n(3)]
    Told {
        /// On this channel.
        #[n(0)]
        channel: u32,
        /// This.
        #[n(1)]
        told: Told,
    },
    /// Nothing came for a second: this is how far the channel has come, and how far the file goes.
    #[n(4)]
    Edge {
        /// On this channel.
        #[n(0)]
        channel: u32,
        /// The end of what was sent, or looked at and not wanted; absent while there is nothing to read.
        #[n(1)]
        edge: Option<Place>,
        /// Bytes on the disk behind it.
        #[n(2)]
        behind: u64,
    },
    /// To a question.
    #[n(5)]
    Answer {
        /// Its number.
        #[n(0)]
        ask: u64,
        /// The answer.
        #[n(1)]
        answer: Answer,
    },
    /// The agent stops in good order.
    #[n(6)]
    Bye {
        /// Why, for people.
        #[n(0)]
        words: String,
    },
}

/// From a hub to an agent.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum ToAgent {
    /// Come in.
    #[n(0)]
    Welcome(#[n(0)] Welcome),
    /// Go away.
    #[n(1)]
    Refused {
        /// Why, and what to do about it.
        #[n(0)]
        words: String,
        /// Whether the same words will be answered the same again, so that only a person can help.
        #[n(1)]
        lasting: bool,
    },
    /// Open a channel.
    #[n(2)]
    Follow(#[n(0)] Follow),
    /// Close it.
    #[n(3)]
    Unfollow {
        /// Which.
        #[n(0)]
        channel: u32,
    },
    /// So many more bytes of blocks may come.
    #[n(4)]
    Credit {
        /// On this channel.
        #[n(0)]
        channel: u32,
        /// In bytes.
        #[n(1)]
        bytes: u64,
    },
    /// A question.
    #[n(5)]
    Ask {
        /// Its number.
        #[n(0)]
        ask: u64,
        /// What is asked.
        #[n(1)]
        question: Question,
    },
    /// The answer is no longer wanted.
    #[n(6)]
    Cancel {
        /// The question's number.
        #[n(0)]
        ask: u64,
    },
    /// The hub stops in good order; come again after a random part of this time.
    #[n(7)]
    Bye {
        /// In milliseconds.
        #[n(0)]
        retry_ms: u32,
    },
    /// Something that a person at the agent should know.
    #[n(8)]
    Notice {
        /// For a person.
        #[n(0)]
        words: String,
    },
}
