//! What an error of `accept(2)` means: one bad socket, or a process that has run out.
//!
//! Linux passes errors that are already pending on the new socket as errors of `accept`; accept(2) asks to treat
//! those like EAGAIN. Running out comes in four names, and a server that knows one of them spins on the other three.

use std::io;

use rustix::io::Errno;

/// What went wrong with one `accept`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// The connection was gone before it was accepted. The next one may be fine.
    OneSocket,
    /// No descriptor or no memory for one: EMFILE, ENFILE, ENOBUFS, ENOMEM.
    Exhausted,
    /// Something else. It may last, so it is treated with the same pauses.
    Unknown,
}

impl Trouble {
    /// Tells one from the other.
    pub fn of(error: &io::Error) -> Self {
        match Errno::from_io_error(error) {
            Some(Errno::MFILE | Errno::NFILE | Errno::NOBUFS | Errno::NOMEM) => Trouble::Exhausted,
            // The list is accept(2)'s, and ECONNRESET and ETIMEDOUT as other systems report them.
            Some(
                Errno::CONNABORTED
                | Errno::PROTO
                | Errno::PERM
                | Errno::INTR
                | Errno::NETDOWN
                | Errno::NOPROTOOPT
                | Errno::HOSTDOWN
                | Errno::NONET
                | Errno::HOSTUNREACH
                | Errno::OPNOTSUPP
                | Errno::NETUNREACH
                | Errno::CONNRESET
                | Errno::TIMEDOUT,
            ) => Trouble::OneSocket,
            _ => Trouble::Unknown,
        }
    }
}
