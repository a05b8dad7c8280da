//! On a host: offer logs, pump them to the hub, answer its questions.
//!
//! The path of a block through the agent, file by file:
//!
//! ```text
//! file → (tail: follow) → pump → channel (sieve) → outbox → link ⇒ hub
//! file ← (tail: read)   ← answer, list           ← link ⇐ hub
//! /proc ← (procs)       ← answer, processes      ← link ⇐ hub
//! ```
//!
//! `disk` knows which file systems do not answer, so that one that hangs keeps no answer from another.
//! `host` knows the offers and passes every name and every opened file through them; `reach` keeps a link to a hub far
//! away (`dial`), `link` speaks over it. It refuses to read what is not offered, whoever asks, and to do anything for a
//! log that nobody watches.

mod answer;
mod channel;
pub mod dial;
mod disk;
mod host;
#[cfg(test)]
mod hung_disk;
mod link;
mod list;
mod offers;
mod outbox;
mod processes;
mod pump;
mod reach;
mod sieve;
mod text;
mod told;

pub use host::{Host, HostConfig};
pub use link::{End, speak};
pub use offers::{Monitor, OfferError, Offers};
pub use processes::{Processes, remember};
pub use reach::reach;
