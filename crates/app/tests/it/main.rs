//! The program as its users have it: real processes, real files, loopback.
//!
//! * `house`: the harness: a directory of its own, hubs, tails that are read line by line
//! * `words`: usage, configuration and what is said when something is wrong
//! * `ls`: the list
//! * `ps`: processes
//! * `ps_watch`: processes that are looked at for long
//! * `push`: stdin as a log, through kills and a full disk
//! * `once`: `tail --no-follow`
//! * `follow`: `tail` through appending, rotation, a hub that restarts
//! * `cursor`: `tail --cursor-file` through kills
//! * `way`: a proxy, a token, a base path
//! * `agents`: an agent of its own process, with a token
//! * `signed`: tokens that hold on every hub with the same key

#![allow(clippy::unwrap_used, reason = "a harness that cannot go on has failed its test")]

mod agents;
mod cursor;
mod follow;
mod house;
mod ls;
mod once;
mod ps;
mod ps_watch;
mod push;
mod signed;
mod way;
mod words;
