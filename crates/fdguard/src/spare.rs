//! One descriptor held for nothing, to be given up when there is no other.
//!
//! With it a connection can be accepted, answered and closed at the very limit, instead of being left in the queue
//! where its client hangs. It helps also where the limit was lowered below what is open: the kernel bounds the number of a
//! descriptor, and one that was opened early has a low one. The last net only: between giving it up and the `accept` another
//! thread may take the place; then the connection waits for the next try.

use std::os::fd::OwnedFd;

use rustix::fs::{Mode, OFlags, open};

/// The descriptor. It is `/` opened as a path: needs no device node, reads nothing, works in a chroot.
#[derive(Debug)]
pub struct Spare(Option<OwnedFd>);

impl Spare {
    /// Holds one, if there is one to hold.
    #[must_use]
    pub fn open() -> Self {
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        Self(open("/", flags, Mode::empty()).ok())
    }

    /// Closes it and runs `job` in the room that makes; holds it again afterwards if it can.
    pub fn lend<T>(&mut self, job: impl FnOnce() -> T) -> T {
        self.0 = None;
        let done = job();
        self.hold_again();
        done
    }

    /// Closes it for something that is open already and has its place from now on, until it is held again.
    pub fn give_up(&mut self) {
        self.0 = None;
    }

    /// Holds one where it could not when what it was lent for was still open.
    pub fn hold_again(&mut self) {
        if self.0.is_none() {
            *self = Self::open();
        }
    }
}
