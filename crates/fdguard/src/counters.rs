//! What happened, in numbers: each connection is in exactly one of them.
//!
//! Atomics inside, a plain [`Snapshot`] outside; whoever serves metrics gives the numbers their names there.

use std::io;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use rustix::io::Errno;

use crate::plan::Class;
use crate::refusal::Reason;

/// Errors of `accept(2)` by their number, so that each of the ways to run out can be told from the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct AcceptErrors {
    /// EMFILE: this process is at its limit.
    pub emfile: u64,
    /// ENFILE: the whole system is.
    pub enfile: u64,
    /// ENOBUFS: no memory for sockets.
    pub enobufs: u64,
    /// ENOMEM: no memory.
    pub enomem: u64,
    /// ECONNABORTED: the client left before it was accepted.
    pub econnaborted: u64,
    /// EPROTO: as above, in other words.
    pub eproto: u64,
    /// Anything else.
    pub other: u64,
}

/// Everything counted since the start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Connections let in.
    pub accepted: u64,
    /// Refused because the budget was full.
    pub refused_full: u64,
    /// Refused out of the spare descriptor, when the kernel had none.
    pub refused_exhausted: u64,
    /// Refused because their address held too many already.
    pub refused_crowded: u64,
    /// Of those refused for want of room: closed on without a byte, since no words could be written.
    pub unanswered_no_room: u64,
    /// The same, of those whose address held too many already.
    pub unanswered_crowded: u64,
    /// Of the refused: those closed at once, since enough others were lingering.
    pub hurried: u64,
    /// Idle connections that were asked to go for others.
    pub shed: u64,
    /// Let in, and closed on without a byte, since what they want was not said in time.
    pub silent: u64,
    /// Times that refusing began.
    pub episodes: u64,
    /// Seconds in which at least one was refused.
    pub refusing_seconds: u64,
    /// Errors of `accept`.
    pub accept_errors: AcceptErrors,
}

impl Counts {
    /// All that were refused, for whatever reason.
    pub fn refused(&self) -> u64 {
        self.refused_full + self.refused_exhausted + self.refused_crowded
    }

    /// Of the refused: those whom no words reached.
    pub fn unanswered(&self) -> u64 {
        self.unanswered_no_room + self.unanswered_crowded
    }
}

/// One class's part of the budget.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClassUse {
    /// Which.
    pub class: Class,
    /// Descriptors held.
    pub used: u64,
    /// Descriptors promised; under a limit that was lowered below the sum of all promises, as long as the process has one left.
    pub floor: u64,
    /// Descriptors it can have at most, when the others have no more than they are promised; never less than its own floor.
    pub ceiling: u64,
}

/// The budget and the counts at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Snapshot {
    /// Open descriptors of the process.
    pub used: u64,
    /// Of those, the ones whose number the soft limit does not allow any more: they take no room under it.
    pub beyond: u64,
    /// The soft limit in force.
    pub soft: u64,
    /// The hard limit in force.
    pub hard: u64,
    /// The classes, in the order of [`Class::ALL`].
    pub classes: [ClassUse; 5],
    /// Connections of the address that has most of them, those not counted that speak for many.
    pub most_per_address: u64,
    /// In how long viewers have no place any more, at the pace of the last minutes; `None` where it does not grow towards that.
    pub left: Option<Duration>,
    /// What happened since the start.
    pub counts: Counts,
}

#[derive(Debug, Default)]
pub(crate) struct Counters {
    accepted: AtomicU64,
    refused_full: AtomicU64,
    refused_exhausted: AtomicU64,
    refused_crowded: AtomicU64,
    unanswered_no_room: AtomicU64,
    unanswered_crowded: AtomicU64,
    hurried: AtomicU64,
    shed: AtomicU64,
    silent: AtomicU64,
    episodes: AtomicU64,
    refusing_seconds: AtomicU64,
    /// By the order of [`AcceptErrors`]' fields.
    errors: [AtomicU64; 7],
}

impl Counters {
    pub(crate) fn accepted(&self) {
        self.accepted.fetch_add(1, Relaxed);
    }

    pub(crate) fn refused(&self, reason: Reason) {
        let counter = match reason {
            Reason::Full => &self.refused_full,
            Reason::Exhausted => &self.refused_exhausted,
            Reason::Crowded => &self.refused_crowded,
        };
        counter.fetch_add(1, Relaxed);
    }

    pub(crate) fn unanswered(&self, reason: Reason) {
        let counter = match reason {
            Reason::Full | Reason::Exhausted => &self.unanswered_no_room,
            Reason::Crowded => &self.unanswered_crowded,
        };
        counter.fetch_add(1, Relaxed);
    }

    pub(crate) fn hurried(&self) {
        self.hurried.fetch_add(1, Relaxed);
    }

    pub(crate) fn shed(&self) {
        self.shed.fetch_add(1, Relaxed);
    }

    pub(crate) fn silent(&self) {
        self.silent.fetch_add(1, Relaxed);
    }

    pub(crate) fn episode(&self) {
        self.episodes.fetch_add(1, Relaxed);
    }

    pub(crate) fn refusing_second(&self) {
        self.refusing_seconds.fetch_add(1, Relaxed);
    }

    pub(crate) fn accept_error(&self, error: &io::Error) {
        let place = match Errno::from_io_error(error) {
            Some(Errno::MFILE) => 0,
            Some(Errno::NFILE) => 1,
            Some(Errno::NOBUFS) => 2,
            Some(Errno::NOMEM) => 3,
            Some(Errno::CONNABORTED) => 4,
            Some(Errno::PROTO) => 5,
            _ => 6,
        };
        self.errors[place].fetch_add(1, Relaxed);
    }

    pub(crate) fn counts(&self) -> Counts {
        let [emfile, enfile, enobufs, enomem, econnaborted, eproto, other] =
            self.errors.each_ref().map(|count| count.load(Relaxed));
        Counts {
            accepted: self.accepted.load(Relaxed),
            refused_full: self.refused_full.load(Relaxed),
            refused_exhausted: self.refused_exhausted.load(Relaxed),
            refused_crowded: self.refused_crowded.load(Relaxed),
            unanswered_no_room: self.unanswered_no_room.load(Relaxed),
            unanswered_crowded: self.unanswered_crowded.load(Relaxed),
            hurried: self.hurried.load(Relaxed),
            shed: self.shed.load(Relaxed),
            silent: self.silent.load(Relaxed),
            episodes: self.episodes.load(Relaxed),
            refusing_seconds: self.refusing_seconds.load(Relaxed),
            accept_errors: AcceptErrors { emfile, enfile, enobufs, enomem, econnaborted, eproto, other },
        }
    }
}
