//! File descriptors as a budget: raise, divide, accept, refuse; never spin.
//!
//! A server that runs out of descriptors usually does one of two things: it spins on `accept`, or it sleeps while its
//! clients hang without a word. This crate does neither. It raises the soft limit at start ([`Limit`]), divides it
//! among the kinds of thing a process holds open ([`Plan`], [`Budget`]), and accepts connections through a
//! [`Listener`] that answers whoever does not fit with the words it was handed ([`Refusal`]), out of a reserve kept
//! for that, well below the point where the kernel would say `EMFILE`. Should the kernel say it all the same, a spare
//! descriptor is given up, the waiting are answered, and the pause that follows ends when the next connection leaves.
//!
//! ```text
//! client → TcpAcceptor → Listener ── fits ──→ Accepted { stream, peer, slot } → the HTTP layer
//!                            └── does not ──→ Refusal's words, a short linger, closed, counted
//! ```
//!
//! It refuses: to touch the hard limit, to start with fewer descriptors than its plan needs, and to know any
//! protocol. It never reads what it was not asked to read: a request is looked at (`MSG_PEEK`), and only by the
//! [`Refusal`], and only when there is no room.

mod accept;
mod address;
mod beyond;
mod budget;
mod conn;
mod counters;
mod door;
mod episode;
mod gauge;
mod idle;
mod limit;
mod listener;
mod outlook;
mod overflows;
mod plan;
mod refusal;
mod slot;
mod spare;
mod trouble;

pub use accept::{Accept, TcpAcceptor};
pub use address::Crowded;
pub use budget::{Budget, Full};
pub use conn::Conn;
pub use counters::{AcceptErrors, ClassUse, Counts, Snapshot};
pub use gauge::{Gauge, ProcessGauge, Reading};
pub use limit::{ForChildren, Limit};
pub use listener::{Accepted, Listener};
pub use overflows::{ListenOverflows, backlog_in_force, listen_overflows};
pub use plan::{Class, Plan, Share};
pub use refusal::{Asked, Reason, Refusal};
pub use slot::{Bell, Slot, Usher};
pub use spare::Spare;
pub use trouble::Trouble;

/// What can keep a guarded server from starting. Nothing in this crate fails once it runs.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The plan does not fit under the limit.
    #[error(
        "the limit of open files is {limit} (hard limit {hard}) and at least {needed} are needed, {always} of them for what \
         is always open: raise it with LimitNOFILE={needed} in the systemd unit, or with `ulimit -n {needed}` in place of the \
         `ulimit -n` that lowered the hard limit too; a shell that has done that cannot raise it any more, a new one can"
    )]
    TooFew {
        /// The soft limit in force.
        limit: u64,
        /// The hard limit, above which only root can go.
        hard: u64,
        /// Descriptors that are open before anybody is served, and stay open.
        always: u64,
        /// The smallest soft limit that would do.
        needed: u64,
    },
    /// The address cannot be listened on.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// Where.
        address: std::net::SocketAddr,
        /// Why not.
        source: std::io::Error,
    },
    /// A socket that was inherited cannot be used as a listener.
    #[error("cannot use the inherited socket: {0}")]
    Inherited(std::io::Error),
}

/// The README's example, compiled.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
