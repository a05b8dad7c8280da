//! Agents come in, viewers look: HTTP, WebSocket, SSE; access; metrics.
//!
//! The path of a block through the hub, file by file:
//!
//! ```text
//! agent ⇒ carry (WebSocket) → link → ingest → channel (ring of items) → view → viewers/{websocket,stream} ⇒ browser | CLI | curl
//! agent ⇐ carry             ← link ← ask    ← routes/{history,listing} and view                           ⇐
//! ```
//!
//! What goes out is encoded once per channel and form (`item`, `render`); a viewer is a cursor into a ring and a socket. The
//! hub keeps no log: what a viewer missed is asked of the agent and read from the file. Every route stands in one table
//! (`routes`) with what it needs of who asks (`access`). It refuses to read a log's file itself, even of its own host; of
//! lines that are pushed it makes the file (`spool`).

pub mod access;
mod admin;
mod agents;
mod ask;
mod audience;
mod away;
mod block_lines;
mod carrier;
mod carry;
mod channel;
pub mod cluster;
mod crowd;
pub mod frames;
mod guests;
mod held;
mod hub;
mod ingest;
mod item;
mod leisure;
mod link;
mod metrics;
mod numbers;
mod patience;
mod probes;
pub mod problem;
mod pulse;
mod pushed;
mod refusal;
mod render;
mod routes;
mod serve;
mod silence;
mod sock_diag;
mod spool;
mod view;
mod viewers;

pub use admin::AdminDoor;
pub use hub::{Hub, HubConfig};
pub use link::Pipe;
pub use patience::Patience;
pub use refusal::HubRefusal;
pub use routes::openapi;
pub use serve::serve;
pub use spool::SpoolBounds;

use serve::upgraded;

/// A number below `below`, to spread out what would otherwise come all at once. Not for secrets.
fn jitter(below: u64) -> u64 {
    fastrand::u64(..below.max(1))
}
