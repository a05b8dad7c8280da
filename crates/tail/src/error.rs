//! What can go wrong, said so that a person can act on it and a stranger learns nothing.
//!
//! An [`Obstacle`] is why a file cannot be read *now*; it is a state of the world, and a follower waits for it to pass.
//! An [`Error`] ends one call. Neither ever names where a link points to: that would tell a caller about places it may
//! not read.

use std::fmt;

use rustix::io::Errno;

/// What ends a call into this crate.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The text is no position.
    #[error("this is not a position: {0}")]
    Garbled(&'static str),
    /// A position of another log.
    #[error("this position belongs to another log")]
    AnotherLog,
    /// The position is fine, but the bytes around it are no longer (or not plainly) on the disk.
    #[error("the place is gone: {0}")]
    Gone(Loss),
    /// The log has a follower already; what it reads is to be shared.
    #[error("the log is followed already")]
    Followed,
    /// The incarnation that a cap names has ended; ask for the follower's edge again.
    #[error("the file moved on while it was asked for")]
    MovedOn,
    /// The file cannot be read now.
    #[error("{0}")]
    Obstacle(#[from] Obstacle),
}

/// Why a file cannot be read now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Obstacle {
    /// Nothing has this name, or the link dangles.
    #[error("there is no such file")]
    NotThere,
    /// `EACCES` or `EPERM`.
    #[error("permission denied to the user as whom it is read")]
    Denied,
    /// Opened, but not a regular file. Such a thing is never read: a FIFO would be drained, a device might act.
    #[error("it is {0}, not a regular file")]
    NotRegular(Kind),
    /// The gate said no to what was really opened.
    #[error("it is not among the offered logs")]
    Refused,
    /// Links that lead to each other (`ELOOP`).
    #[error("its links lead in a circle")]
    LinkLoop,
    /// The process or the system has no file descriptor left (`EMFILE`, `ENFILE`).
    #[error("no file descriptor is free")]
    NoDescriptor,
    /// Any other failure, for example `EIO`.
    #[error("it cannot be read ({})", Errno::from_raw_os_error(*.0))]
    Unreadable(i32),
}

/// What stands at the path instead of a regular file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A directory.
    Directory,
    /// A named pipe.
    Fifo,
    /// A Unix socket.
    Socket,
    /// A character or block device.
    Device,
    /// Something this crate has no word for.
    Other,
}

impl fmt::Display for Kind {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Directory => "a directory",
            Self::Fifo => "a named pipe",
            Self::Socket => "a socket",
            Self::Device => "a device",
            Self::Other => "something else",
        })
    }
}

/// Why bytes are gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loss {
    /// No file that is left has this head with these bytes before the place: deleted, compressed, or rewritten.
    NotFound,
    /// The file was truncated or rewritten in place, and no copy holds the rest.
    Truncated,
    /// The file system dropped the open file (`ESTALE`), and what came back is another one.
    Stale,
}

impl fmt::Display for Loss {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::NotFound => "no file that is left holds it",
            Self::Truncated => "the file was truncated or rewritten",
            Self::Stale => "the file system dropped the open file",
        })
    }
}

impl From<Errno> for Obstacle {
    fn from(errno: Errno) -> Self {
        match errno {
            Errno::NOENT | Errno::NOTDIR => Self::NotThere,
            Errno::ACCESS | Errno::PERM => Self::Denied,
            Errno::LOOP => Self::LinkLoop,
            Errno::MFILE | Errno::NFILE => Self::NoDescriptor,
            other => Self::Unreadable(other.raw_os_error()),
        }
    }
}

impl From<Errno> for Error {
    fn from(errno: Errno) -> Self {
        Self::Obstacle(errno.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_may_not_read_a_file_need_not_be_an_agent() {
        let said = Obstacle::Denied.to_string();
        assert!(said.contains("permission denied") && !said.contains("agent"), "{said}");
    }
}
