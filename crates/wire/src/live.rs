//! What a viewer is sent that speaks CBOR (`tailcast.v1.cbor`): the command line, and other hubs. Whole blocks, bytes
//! untouched; the JSON of browsers and curl is the hub's own rendering of the same.

use minicbor::{Decode, Encode};

use crate::block::{Block, Told};
use crate::name::LogName;
use crate::why::Why;

/// One event of a live view.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum Live {
    /// Lines of a log.
    #[n(0)]
    Block(#[n(0)] LiveBlock),
    /// Something happened to a log.
    #[n(1)]
    Told {
        /// Of this log.
        #[n(0)]
        log: LogName,
        /// This.
        #[n(1)]
        told: Told,
    },
    /// How far the log goes and how far behind it one is.
    #[n(2)]
    Edge {
        /// Of this log.
        #[n(0)]
        log: LogName,
        /// The end of what has been sent, as a position; absent while there is nothing to read.
        #[n(1)]
        position: Option<String>,
        /// Bytes on the disk behind it.
        #[n(2)]
        behind: u64,
    },
    /// The link to the log's agent is down, since and why in words.
    #[n(3)]
    AgentLost {
        /// Of this log.
        #[n(0)]
        log: LogName,
        /// For a person.
        #[n(1)]
        words: String,
        /// The same for a program, where there is a word for it.
        #[n(2)]
        why: Option<Why>,
    },
    /// It is up again.
    #[n(4)]
    AgentBack {
        /// Of this log.
        #[n(0)]
        log: LogName,
        /// For a person.
        #[n(1)]
        words: String,
    },
    /// The hub stops in good order; come again after a random part of this time.
    #[n(5)]
    Bye {
        /// In milliseconds.
        #[n(0)]
        retry_ms: u32,
    },
}

/// A block and where to go on behind it.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct LiveBlock {
    /// Of this log.
    #[n(0)]
    pub log: LogName,
    /// Where the next line starts; a viewer that comes again with it goes on exactly.
    #[n(1)]
    pub position: String,
    /// The bytes.
    #[n(2)]
    pub block: Block,
}
