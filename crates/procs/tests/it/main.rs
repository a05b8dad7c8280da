//! Processes as they are, and as a `/proc` made by a test says they are.
//!
//! * `fake`: a `/proc` made of files
//! * `odd`: names, processes and permissions that are not as one expects
//! * `files`: every kind of open file, of a real process: this one
//! * `connections`: real sockets

#![allow(clippy::unwrap_used, reason = "a harness that cannot go on has failed its test")]

mod connections;
mod fake;
mod files;
mod odd;
