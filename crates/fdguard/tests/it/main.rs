//! What the guard promises, seen from outside.
//!
//! Where the limit itself matters the server is a process of its own, the `echo` example under `ulimit -n`: the limit
//! of the process that runs the tests stays what it is. Where errors of `accept` matter they are injected at the
//! seam, [`tailcast_fdguard::Accept`], with the clock paused.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on stops where it stands")]

mod addresses;
mod at_the_limit;
mod books;
mod door;
mod faults;
mod live_limit;
mod server;
mod start;
mod storm;
