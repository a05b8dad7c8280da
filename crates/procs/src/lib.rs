//! Other processes: what they hold open, how near their limit they are, with whom they are connected, and who has set what
//! limits them.
//!
//! ```text
//! /proc ─→ proc ─→ process            a list: counts against limits, cheap, without a privilege
//!              ├─→ held ─→ detail     one process: each file, its peers, who has the other ends
//!              └─→ network            the machine: connections by state, listeners, overflows
//! sock_diag ─→ kernel ─→ socket ┘     and /proc/PID/net ─→ table, for other network namespaces
//! ```
//!
//! It reads and changes nothing. It refuses to guess: what cannot be seen is said, with the capability that would show it
//! ([`Unseen`]). Everything in `/proc` is written by strangers: names may have any bytes, processes end while they are looked
//! at, and every look has a bound.

mod detail;
mod dir;
mod ends;
mod fdinfo;
mod file;
mod held;
mod kernel;
mod limit;
mod link;
mod listener;
mod network;
mod owner;
mod peer;
mod proc;
mod process;
mod service;
mod socket;
mod stat;
mod table;
mod unseen;
mod users;
mod writers;

pub use detail::{Composition, Deleted, Detail, Window};
pub use file::{Access, File, Holder, Kind};
pub use limit::Limit;
pub use listener::Listener;
pub use network::{Network, Overflows};
pub use owner::Owner;
pub use peer::{Direction, MOST_PEERS, Peer};
pub use proc::{Error, Proc};
pub use process::{Id, Process, Processes};
pub use socket::{Ends, Protocol, Queue, Socket, Sockets, State};
pub use unseen::Unseen;
pub use users::Users;
pub use writers::Writers;
