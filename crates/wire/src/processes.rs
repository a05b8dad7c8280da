//! What a host says of its processes: what they hold open, with whom they are connected, what limits them.
//!
//! These shapes travel twice, as CBOR between agent and hub and as JSON to whoever looks, under the same names: they are
//! figures and words, and there is nothing in them that the hub would have to look into. Text that is no UTF-8 on the host has
//! U+FFFD in it here. Every list is bounded by who makes it, and says what was left out.

mod files;
mod limits;
mod order;
mod phrase;
mod sockets;

use std::collections::BTreeMap;

use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub use files::{DeletedFiles, OpenFile};
pub use limits::{Ancestor, Ceiling, Limits, Remedy, Step, Waiting};
pub use order::{By, Order};
pub use phrase::Phrase;
pub use sockets::{Holder, HostSockets, Listener, Peer, SocketEnds};

/// What is asked of a host's processes.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum Inspect {
    /// All of them, in an order.
    #[n(0)]
    Processes {
        /// At most so many.
        #[n(0)]
        limit: u32,
        /// Only those that have this log open for writing.
        #[n(1)]
        writes: Option<String>,
        /// Only those in which each of these words occurs.
        #[n(2)]
        #[cbor(skip_if = "Vec::is_empty")]
        words: Vec<String>,
        /// Those nearest to their limit first when absent.
        #[n(3)]
        order: Option<Order>,
    },
    /// One in full.
    #[n(1)]
    Process {
        /// Its number.
        #[n(0)]
        pid: u32,
        /// Its files from this number on.
        #[n(1)]
        from: u32,
        /// At most so many of them.
        #[n(2)]
        limit: u32,
    },
    /// The connections of the host.
    #[n(2)]
    Sockets,
    /// What limits a process, or the agent itself, and who has set it.
    #[n(3)]
    Limits {
        /// Its number.
        #[n(0)]
        pid: Option<u32>,
        /// How many open files it is to be allowed; what will do for long when absent.
        #[n(1)]
        want: Option<u64>,
    },
}

/// What a host answers.
#[derive(Debug, Clone, PartialEq, Encode, Decode)]
pub enum Inspected {
    /// To `Processes`.
    #[n(0)]
    Processes(#[n(0)] Processes),
    /// To `Process`.
    #[n(1)]
    Process(#[n(0)] Box<ProcessDetail>),
    /// To `Sockets`.
    #[n(2)]
    Sockets(#[n(0)] Box<HostSockets>),
    /// To `Limits`.
    #[n(3)]
    Limits(#[n(0)] Box<Limits>),
}

/// The processes of a host.
#[derive(Debug, Clone, PartialEq, Encode, Decode, Serialize, Deserialize, ToSchema)]
pub struct Processes {
    /// In the order that was asked for.
    #[n(0)]
    pub processes: Vec<Process>,
    /// How many are not in the list.
    #[n(1)]
    pub left_out: u64,
    /// What could not be seen.
    #[n(2)]
    pub unseen: Vec<Hidden>,
    /// Those in which something is wrong, whatever was looked for: a few of those nearest to their limit.
    #[n(3)]
    #[cbor(skip_if = "Vec::is_empty")]
    #[serde(default)]
    pub found: Vec<Process>,
}

/// A process.
#[derive(Debug, Clone, PartialEq, Encode, Decode, Serialize, Deserialize, ToSchema)]
pub struct Process {
    /// Its number.
    #[n(0)]
    pub pid: u32,
    /// When it was started, in clock ticks since the host was: with `pid`, no other process is called so.
    #[n(1)]
    pub start: u64,
    /// Its parent's number.
    #[n(2)]
    pub parent: u32,
    /// What it calls itself.
    #[n(3)]
    pub name: String,
    /// Its arguments; in a list cut after 512 bytes.
    #[n(4)]
    pub command: String,
    /// Its user, by name where the host knows one.
    #[n(5)]
    pub user: Option<String>,
    /// The unit of systemd or the container that it belongs to.
    #[n(6)]
    pub unit: Option<String>,
    /// Open files, without those that have numbers above the limit and take no room below it; null when they cannot be counted.
    #[n(7)]
    pub fds: Option<u64>,
    /// How many it may have open.
    #[n(8)]
    pub soft: Option<u64>,
    /// How far it may raise that itself.
    #[n(9)]
    pub hard: Option<u64>,
    /// Open files in per cent of the soft limit.
    #[n(10)]
    pub percent: Option<f64>,
    /// How its open files change, over the longest time that is known of the last hour.
    #[n(11)]
    pub slope_per_min: Option<f64>,
    /// The same over single stretches.
    #[n(12)]
    pub slopes: Slopes,
    /// Until the soft limit, at the pace at which it still grows; null for one that stands still, whatever its slope says.
    #[n(13)]
    pub seconds_left: Option<u64>,
    /// Of one processor, in per cent, since the look before.
    #[n(14)]
    pub cpu: Option<f64>,
    /// Resident, in bytes.
    #[n(15)]
    pub memory: u64,
    /// Its threads.
    #[n(16)]
    pub threads: u32,
    /// `R`, `S`, `D`, `Z` … as in `ps`.
    #[n(17)]
    pub state: String,
    /// When it was started.
    #[n(18)]
    #[schema(format = DateTime)]
    pub started: Option<String>,
    /// What is wrong with it.
    #[n(19)]
    pub findings: Vec<Finding>,
    /// How its open files came to be as many over the last hour, in a few points, the oldest first; empty while they were
    /// always as many.
    #[n(20)]
    #[cbor(skip_if = "Vec::is_empty")]
    #[serde(default)]
    pub trend: Vec<Point>,
}

/// How many files a process had open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode, Serialize, Deserialize, ToSchema)]
pub struct Point {
    /// So many seconds ago.
    #[n(0)]
    pub ago: u64,
    /// So many; the least of the minutes that it stands for.
    #[n(1)]
    pub fds: u64,
}

/// Changes of open files per minute; null until half of the stretch was seen.
#[derive(Debug, Clone, Copy, Default, PartialEq, Encode, Decode, Serialize, Deserialize, ToSchema)]
pub struct Slopes {
    /// Over the last minute.
    #[n(0)]
    pub one: Option<f64>,
    /// Over ten.
    #[n(1)]
    pub ten: Option<f64>,
    /// Over sixty.
    #[n(2)]
    pub sixty: Option<f64>,
}

/// A pattern that a process shows, with the evidence.
#[derive(Debug, Clone, PartialEq, Encode, Decode, Serialize, Deserialize, ToSchema)]
pub struct Finding {
    /// leak, spin or at_limit. There may be more.
    #[n(0)]
    pub pattern: String,
    /// Of a leak: not_closed, connections, clients, or the kind of file. There may be more.
    #[n(1)]
    pub cause: Option<String>,
    /// The evidence, for a person.
    #[n(2)]
    pub words: String,
    /// What it means and where to look.
    #[n(3)]
    pub advice: String,
    /// With whom the connections are that grow.
    #[n(4)]
    pub peer: Option<String>,
    /// How fast it grows, in files.
    #[n(5)]
    pub per_minute: Option<f64>,
    /// For so many minutes.
    #[n(6)]
    pub minutes: Option<u64>,
    /// Until the limit at that pace.
    #[n(7)]
    pub seconds_left: Option<u64>,
    /// How much of the growth is of that cause, in per cent.
    #[n(8)]
    pub share: Option<f64>,
    /// How many addresses those connections come from, where others opened them.
    #[n(9)]
    pub addresses: Option<u64>,
    /// At its limit: listeners at which connections wait that it does not accept, the longest queue first.
    #[n(10)]
    #[cbor(skip_if = "Vec::is_empty")]
    #[serde(default)]
    pub full: Vec<Listener>,
    /// Of a spin: how much of the time a thread runs or would, in per cent, however little of it others leave; null from an
    /// older agent.
    #[n(11)]
    pub demand: Option<f64>,
}

/// A process in full.
#[derive(Debug, Clone, PartialEq, Encode, Decode, Serialize, Deserialize, ToSchema)]
pub struct ProcessDetail {
    /// As in the list, with its whole command.
    #[n(0)]
    #[serde(flatten)]
    pub process: Process,
    /// Its open files, in order of their numbers.
    #[n(1)]
    pub files: Vec<OpenFile>,
    /// How many there are; null when they cannot be seen.
    #[n(2)]
    pub files_total: Option<u64>,
    /// Ask again with `from` this for those that follow; null when these were the last.
    #[n(3)]
    pub next: Option<u32>,
    /// How many of which kind.
    #[n(4)]
    pub kinds: BTreeMap<String, u64>,
    /// Files without a name, whose bytes go when they are closed.
    #[n(5)]
    pub deleted: DeletedFiles,
    /// With whom it is connected, the most first.
    #[n(6)]
    pub peers: Vec<Peer>,
    /// Where it listens.
    #[n(7)]
    pub listeners: Vec<Listener>,
    /// The logs of this host that it writes.
    #[n(8)]
    pub logs: Vec<String>,
    /// Commands that could help, to be copied; nothing here runs them.
    #[n(9)]
    pub commands: Vec<Remedy>,
    /// What could not be seen.
    #[n(10)]
    pub unseen: Vec<Hidden>,
}

/// Something that is there and was not shown.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, Serialize, Deserialize, ToSchema)]
pub struct Hidden {
    /// What, and what would show it.
    #[n(0)]
    pub words: String,
    /// Capabilities that would show it.
    #[n(1)]
    pub capabilities: Vec<String>,
    /// What it is, for who says it in another language, without the capabilities; null from an older agent.
    #[n(2)]
    pub phrase: Option<Phrase>,
}
