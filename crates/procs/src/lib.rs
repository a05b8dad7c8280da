//! Other processes: what they hold open, how near their limit they are, with whom they are connected, and who has set what
//! limits them.
//!
//! ```text
//! /proc ─→ proc ─→ process            a list: counts against limits, cheap, without a privilege
//!              ├─→ held ─→ detail     one process: each file, its peers, who has the other ends
//!              └─→ network            the machine: connections by state, listeners, overflows
//! process ─→ watch ─→ series ─→ finding   what they do over time, and what is wrong with it
//! /proc, /etc ─→ doctor                 the limit in force, who has set it, and the lines that change it
//! sock_diag ─→ kernel ─→ socket ┘     and /proc/PID/net ─→ table, for other network namespaces
//! ```
//!
//! It reads and changes nothing. It refuses to guess: what cannot be seen is said, with the capability that would show it
//! ([`Unseen`]). Everything in `/proc` is written by strangers: names may have any bytes, processes end while they are looked
//! at, and every look has a bound.

mod above;
mod demand;
mod detail;
mod dir;
mod doctor;
mod ends;
mod fdinfo;
mod file;
mod finding;
mod held;
mod kernel;
mod limit;
mod link;
mod listener;
mod network;
mod opposite;
mod owner;
mod peer;
mod phrase;
mod pipe;
mod proc;
mod process;
mod series;
mod servers;
mod service;
mod socket;
mod stat;
mod table;
mod unlisted;
mod unseen;
mod users;
mod watch;
mod writers;

pub use demand::Demand;
pub use detail::{Composition, Deleted, Detail, Window};
pub use doctor::{Ancestor, Bound, Ceiling, Diagnosis, Given, Lasts, Origin, Remedy, Sureness, Waiting, Way};
pub use file::{Access, File, Holder, Kind};
pub use finding::{Cause, Finding, Known, Pattern, judge, left, spoken};
pub use limit::Limit;
pub use listener::Listener;
pub use network::{Network, Overflows};
pub use owner::Owner;
pub use peer::{Direction, MOST_PEERS, Peer};
pub use phrase::Phrase;
pub use proc::{Error, Proc};
pub use process::{Id, Process, Processes};
pub use series::{Growth, Point, Series, Slopes};
pub use socket::{Ends, Protocol, Queue, Socket, State};
pub use unseen::Unseen;
pub use users::Users;
pub use watch::{Look, Sample, Seen, Watch};
pub use writers::Writers;

/// The README's example, compiled.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
