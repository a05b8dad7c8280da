//! The kernel's side of the watcher: an inotify instance, and a way to make who waits at it look up.

use std::os::fd::OwnedFd;

use rustix::event::{EventfdFlags, PollFd, PollFlags, eventfd, poll};
use rustix::fs::inotify::{self, CreateFlags};
use rustix::io::Errno;

/// Two descriptors, open only while something is watched.
pub(super) struct Instance {
    pub(super) events: OwnedFd,
    stop: OwnedFd,
}

impl Instance {
    pub(super) fn open() -> Result<Self, Errno> {
        let events = inotify::init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK)?;
        let stop = eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?;
        Ok(Self { events, stop })
    }

    /// Waits for an event or for the sign to stop. False when waiting is not possible.
    pub(super) fn wait(&self) -> bool {
        let mut both = [PollFd::new(&self.events, PollFlags::IN), PollFd::new(&self.stop, PollFlags::IN)];
        loop {
            match poll(&mut both, None) {
                Ok(_) => break,
                Err(Errno::INTR) => {}
                Err(_) => return false,
            }
        }
        // Taken back, so that a sign given to a thread that is needed again does not make it spin.
        rustix::io::read(&self.stop, &mut [0; 8]).unwrap_or_default();
        !both.iter().any(|fd| fd.revents().intersects(PollFlags::ERR | PollFlags::NVAL))
    }

    /// Makes the thread look whether it is still needed. A full counter (`EAGAIN`) is a sign that is already given.
    pub(super) fn nudge(&self) {
        rustix::io::write(&self.stop, &1_u64.to_ne_bytes()).unwrap_or_default();
    }
}
