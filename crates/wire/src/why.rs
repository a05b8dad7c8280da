//! Why something happened to a log or its host, as a word that programs can act on and that a page can say in its reader's language.
//!
//! It stands in a [`Told`](crate::Told), a [`Refusal`](crate::Refusal) or a [`Live`](crate::Live) beside the words for a person, which say the same in English. Only what such words
//! can name has a word here; it refuses to carry text.

use minicbor::{Decode, Encode};

/// The reasons, each a word in the interfaces. New ones are added at the end; an older program takes them for none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Encode, Decode)]
#[cbor(index_only)]
pub enum Why {
    /// No name leads to the file any more.
    #[n(0)]
    Deleted,
    /// The file has another name now.
    #[n(1)]
    Moved,
    /// There is no such file.
    #[n(2)]
    NotThere,
    /// The agent's user may not read it.
    #[n(3)]
    Denied,
    /// It is a directory, a pipe, a device: nothing that is read.
    #[n(4)]
    NotRegular,
    /// It is not among the offered logs.
    #[n(5)]
    NotOffered,
    /// Its links lead in a circle.
    #[n(6)]
    LinkLoop,
    /// No file descriptor is free.
    #[n(7)]
    NoDescriptor,
    /// Reading fails in another way.
    #[n(8)]
    Unreadable,
    /// It is on a network file system.
    #[n(9)]
    Network,
    /// The inotify watches are used up.
    #[n(10)]
    NoWatches,
    /// The inotify instances are used up.
    #[n(11)]
    NoInstances,
    /// Watching it failed in another way.
    #[n(12)]
    NotWatched,
    /// Changes are told by the system again.
    #[n(13)]
    Watched,
    /// No file that is left holds the bytes.
    #[n(14)]
    NotFound,
    /// The file was truncated or rewritten in place.
    #[n(15)]
    Rewritten,
    /// The file system dropped the open file.
    #[n(16)]
    Stale,
    /// A stretch in which nothing was ever written.
    #[n(17)]
    Hole,
    /// The log grows faster than it is shown.
    #[n(18)]
    FastLog,
    /// The link between agent and hub is slower than the log, or was down.
    #[n(19)]
    SlowLink,
    /// The viewer was slower than the log, or away.
    #[n(20)]
    SlowViewer,
    /// The agent takes its time to answer.
    #[n(21)]
    SlowAnswer,
    /// The agent is busy with other questions.
    #[n(22)]
    Busy,
    /// The agent was stopped in good order.
    #[n(23)]
    AgentStopped,
    /// The link to the agent ended without a word.
    #[n(24)]
    LinkDown,
    /// Another link of the same name has taken over.
    #[n(25)]
    TakenOver,
    /// The agent does not read what it is sent.
    #[n(26)]
    NotReading,
    /// The agent may be linked no longer: its token was removed.
    #[n(27)]
    NotAdmitted,
    /// No agent of this name has been here since the hub started.
    #[n(28)]
    NeverHere,
    /// The hub stopped.
    #[n(29)]
    HubStopped,
    /// The broker between the hubs is away.
    #[n(30)]
    BrokerDown,
    /// The hub that has the agent's link is not heard of.
    #[n(31)]
    HubLost,
    /// It was lost on the way between two hubs.
    #[n(32)]
    BetweenHubs,
    /// The processes of the host are not shown: its agent's configuration says so.
    #[n(33)]
    ProcessesOff,
    /// The host is a name that lines are pushed under, and no machine.
    #[n(34)]
    NotAMachine,
    /// There is no process of that number.
    #[n(35)]
    NoSuchProcess,
    /// The file system does not answer.
    #[n(36)]
    DiskHangs,
    /// A writer went on in a file that had been rotated away and read to its end.
    #[n(37)]
    LateWriter,
}

impl Why {
    /// The word in JSON, SSE and the page.
    pub const fn name(self) -> &'static str {
        match self {
            Why::Deleted => "deleted",
            Why::Moved => "moved",
            Why::NotThere => "not_there",
            Why::Denied => "denied",
            Why::NotRegular => "not_regular",
            Why::NotOffered => "not_offered",
            Why::LinkLoop => "link_loop",
            Why::NoDescriptor => "no_descriptor",
            Why::Unreadable => "unreadable",
            Why::Network => "network",
            Why::NoWatches => "no_watches",
            Why::NoInstances => "no_instances",
            Why::NotWatched => "not_watched",
            Why::Watched => "watched",
            Why::NotFound => "not_found",
            Why::Rewritten => "rewritten",
            Why::Stale => "stale",
            Why::Hole => "hole",
            Why::FastLog => "fast_log",
            Why::SlowLink => "slow_link",
            Why::SlowViewer => "slow_viewer",
            Why::SlowAnswer => "slow_answer",
            Why::Busy => "busy",
            Why::AgentStopped => "agent_stopped",
            Why::LinkDown => "link_down",
            Why::TakenOver => "taken_over",
            Why::NotReading => "not_reading",
            Why::NotAdmitted => "not_admitted",
            Why::NeverHere => "never_here",
            Why::HubStopped => "hub_stopped",
            Why::BrokerDown => "broker_down",
            Why::HubLost => "hub_lost",
            Why::BetweenHubs => "between_hubs",
            Why::ProcessesOff => "processes_off",
            Why::NotAMachine => "not_a_machine",
            Why::NoSuchProcess => "no_such_process",
            Why::DiskHangs => "disk_hangs",
            Why::LateWriter => "late_writer",
        }
    }
}
