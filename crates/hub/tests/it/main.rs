//! The hub as its users see it: a hub and an agent in one process, real files, real sockets.
//!
//! One module for each kind of trouble; `world` starts everything, `http`, `viewer` and `stream` are its clients.

#![expect(clippy::unwrap_used, reason = "in a test a panic that names the line is the best message")]

/// Counts the bytes that are allocated, by the hub and by its clients.
#[global_allocator]
static ALLOCATOR: cap::Cap<std::alloc::System> = cap::Cap::new(std::alloc::System, usize::MAX);

mod chaos;
mod churn;
mod connection;
mod conversation;
mod crowd;
mod far;
mod filters;
mod flood;
mod forbidden;
mod held;
mod hindered;
mod history;
mod http;
mod joining;
mod link;
mod metrics;
mod names;
mod overview;
mod paces;
mod paging;
mod pipe;
mod processes;
mod push;
mod raw;
mod revoked;
mod rotation;
mod shape;
mod silence;
mod slow;
mod sse;
mod stream;
mod text;
mod turns;
mod viewer;
mod world;
