//! Processes as they are, and as a `/proc` made by a test says they are.
//!
//! * `fake`: a `/proc` made of files
//! * `doctor`: who has set a limit, and whether the printed lines change it
//! * `odd`: names, processes and permissions that are not as one expects
//! * `files`: every kind of open file, of a real process: this one
//! * `connections`: real sockets
//! * `patterns`: leaks, spins and what looks like them, on simulated time
//! * `leaky`: a made-up process that leaks
//! * `spin`: real processes at their limit that want to run all the time
//! * `samples`: hosts that nobody looks at
//! * `redis`: a real process that leaks connections to a real server

#![allow(clippy::unwrap_used, reason = "a harness that cannot go on has failed its test")]

mod connections;
mod doctor;
mod fake;
mod files;
mod leaky;
mod odd;
mod patterns;
mod redis;
mod samples;
mod spin;
