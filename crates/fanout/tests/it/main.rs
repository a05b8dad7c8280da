//! The laws of the crate, each in its own module. Of the rings: order and loss against a model, waking, threads, channels.
//! Of the fan-out: `laws` over all three, `outages` over both brokers, and what is particular to each. The brokers are
//! real servers (Debian's packages), started on free ports in temporary folders.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on stops where it stands")]

mod channels;
mod chat;
mod embedded;
mod ground;
mod item;
mod laws;
mod model;
mod nats;
mod outages;
mod redis;
mod threads;
mod waking;
