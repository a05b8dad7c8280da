//! The program as a whole, on real processes, files and sockets: one test binary, so that it is linked once.
//!
//! Begin with `../path.rs`, the way of a line and back. `shape` looks at the sources instead.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod addresses;
mod closed;
mod cluster;
mod full;
mod idle;
mod kill;
mod limits;
mod links;
mod pace;
#[path = "../path.rs"]
mod path;
mod rig;
mod seams;
mod service;
mod shape;
mod signals;
mod starts;
