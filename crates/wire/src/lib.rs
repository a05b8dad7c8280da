//! What agents, hubs and viewers say to each other: the messages and their CBOR, and nothing that sends them.
//!
//! Every message travels as one binary WebSocket message (or one item of the in-memory pipe between `serve` and its own
//! agent). The conversation between an agent and a hub:
//!
//! ```text
//! agent                                        hub
//!   Hello{host, session, offers} ─────────────▶      who I am and what I offer
//!        ◀───────────────────── Welcome | Refused    come in | go away, and why
//!        ◀───────────────────────────────── Ask      list, read, raw: a question with a number
//!   Answer ───────────────────────────────────▶      exactly one per question
//!        ◀────────────────────────────── Follow      open a channel on a log, from a position or its end
//!   Followed{edge} ───────────────────────────▶
//!   Block, Told, Edge … ──────────────────────▶      in the order of the file; Edge each second of silence
//!        ◀────────────────────────────── Credit      so many more bytes may come on this channel
//!        ◀──────────────────────────── Unfollow
//! ```
//!
//! A newer peer may send messages and fields that an older one does not know: unknown fields are skipped and an unknown
//! message decodes to `None` ([`decode`]). Numbers are never used twice. `docs/wire.md` is this page for other languages.
//!
//! The crate refuses to do I/O, to know what a position means (text made by `tailcast-tail`), and to look into a line.

mod ask;
mod block;
mod cluster;
mod codec;
mod credential;
mod filter;
mod link;
mod live;
mod name;
mod processes;
mod pushed;
mod revocations;
mod why;

pub use ask::{Answer, Failure, HalfLine, LogEntry, Page, Part, Question, Refusal, Spot};
pub use block::{Begins, Block, Body, Encoding, Ends, Picked, Place, Tiding, Told};
pub use cluster::{Absence, Announcement, Fed, HubId, LeaseWord, Leasing, PeerAnswer, PeerAsk, Resident, Word};
pub use codec::{Error, MAX_MESSAGE, Message, decode, encode, unknown_question};
pub use credential::Credential;
pub use filter::Filter;
pub use link::{Follow, Hello, LINK_PROTOCOL, PROTOCOL, ToAgent, ToHub, Welcome};
pub use live::{Live, LiveBlock};
pub use name::{HostName, LogName, NameError};
pub use processes::{
    Ancestor, By, Ceiling, DeletedFiles, Finding, Hidden, Holder, HostSockets, Inspect, Inspected, Limits, Listener,
    OpenFile, Order, Peer, Phrase, Point, Process, ProcessDetail, Processes, Remedy, Slopes, SocketEnds, Step, Waiting,
};
pub use pushed::{PUSHED_FILE, PushedError, PushedLog, PushedName, pushed_host};
pub use revocations::{Revocations, Revoked, RevokedId};
pub use why::Why;
