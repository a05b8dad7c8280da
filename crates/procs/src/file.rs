//! One open file of a process.

use std::fmt;
use std::os::fd::BorrowedFd;

use bstr::BString;
use rustix::fs::{AtFlags, FileType, StatxFlags, statat, statx};

use crate::fdinfo;
use crate::link::{Link, Node, undeleted};
use crate::phrase::Phrase;
use crate::socket::Socket;

/// What an open file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[allow(missing_docs, reason = "each is named as the kernel or the manual names it")]
pub enum Kind {
    File,
    Directory,
    Device,
    Pipe,
    Socket,
    Epoll,
    Eventfd,
    Inotify,
    Timerfd,
    Signalfd,
    Pidfd,
    IoUring,
    Memory,
    Other,
}

impl Kind {
    /// The word for it in every interface.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Kind::File => "file",
            Kind::Directory => "directory",
            Kind::Device => "device",
            Kind::Pipe => "pipe",
            Kind::Socket => "socket",
            Kind::Epoll => "epoll",
            Kind::Eventfd => "eventfd",
            Kind::Inotify => "inotify",
            Kind::Timerfd => "timerfd",
            Kind::Signalfd => "signalfd",
            Kind::Pidfd => "pidfd",
            Kind::IoUring => "io_uring",
            Kind::Memory => "memory",
            Kind::Other => "other",
        }
    }

    /// As far as a link alone tells: a directory is taken for a file until it is looked at.
    pub(crate) fn of(link: &Link) -> Self {
        match link {
            Link::Socket(_) => Kind::Socket,
            Link::Pipe(_) => Kind::Pipe,
            Link::Anonymous(name) => Self::anonymous(name),
            Link::Path(path) if path.starts_with(b"/memfd:") || path.starts_with(b"/SYSV") => Kind::Memory,
            Link::Path(path) if path.starts_with(b"/dev/") && !path.starts_with(b"/dev/shm/") => Kind::Device,
            Link::Path(path) if path.starts_with(b"/") => Kind::File,
            Link::Path(_) => Kind::Other,
        }
    }

    fn anonymous(name: &[u8]) -> Self {
        match name {
            b"eventpoll" => Kind::Epoll,
            b"eventfd" => Kind::Eventfd,
            b"inotify" => Kind::Inotify,
            b"timerfd" => Kind::Timerfd,
            b"signalfd" => Kind::Signalfd,
            b"pidfd" => Kind::Pidfd,
            b"io_uring" => Kind::IoUring,
            _ => Kind::Other,
        }
    }
}

/// For what a file was opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "the words are the meaning")]
pub enum Access {
    Read,
    Write,
    Both,
}

/// An open file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// Its number in the process.
    pub fd: u32,
    /// What it is.
    pub kind: Kind,
    /// Its path, or the kernel's words for it.
    pub target: BString,
    /// For what it is open, where that can be seen.
    pub access: Option<Access>,
    /// Of a file: its size in bytes.
    pub size: Option<u64>,
    /// Of a file: whether it has no name any more, so that its bytes go when it is closed.
    pub deleted: bool,
    /// What it watches or waits for, in words.
    pub about: Option<Phrase>,
    /// Of a socket: what is known of it.
    pub socket: Option<Socket>,
    /// Who has the other end, on this machine: of a pipe that is written who reads it, and the other way round.
    pub others: Vec<Holder>,
    /// Of a pipe: what ties it to its other end.
    pub(crate) pipe: Option<Node>,
    /// Of what has a path: which file it is.
    pub(crate) identity: Option<Identity>,
}

/// A process that holds something.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Holder {
    /// Its number.
    pub pid: u32,
    /// Its name.
    pub name: BString,
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, pid {}", self.name, self.pid)
    }
}

/// Major and minor number of a device, and the inode on it.
pub(crate) type Identity = (u32, u32, u64);

/// What was looked up of a path.
pub(crate) struct Looked {
    pub(crate) kind: Option<Kind>,
    pub(crate) size: u64,
    pub(crate) links: u32,
    pub(crate) identity: Identity,
}

impl Looked {
    /// The pipe with a name that it is.
    pub(crate) fn fifo(&self) -> Option<Node> {
        (self.kind == Some(Kind::Pipe)).then_some(Node::Fifo(self.identity))
    }
}

/// Looks at what descriptor `name` of a process is open on. Never asks a server for it (a network file system that has
/// gone away would hold us for ever).
pub(crate) fn look(fds: BorrowedFd<'_>, name: &str) -> Option<Looked> {
    let wanted = StatxFlags::TYPE | StatxFlags::SIZE | StatxFlags::NLINK | StatxFlags::INO;
    let seen = statx(fds, name, AtFlags::STATX_DONT_SYNC, wanted).ok()?;
    let kind = match FileType::from_raw_mode(seen.stx_mode.into()) {
        FileType::RegularFile => Some(Kind::File),
        FileType::Directory => Some(Kind::Directory),
        FileType::CharacterDevice | FileType::BlockDevice => Some(Kind::Device),
        FileType::Fifo => Some(Kind::Pipe),
        _ => None,
    };
    let identity = (seen.stx_dev_major, seen.stx_dev_minor, seen.stx_ino);
    Some(Looked { kind, size: seen.stx_size, links: seen.stx_nlink, identity })
}

/// Looks at everything about one descriptor that itself tells.
pub(crate) fn file(fds: BorrowedFd<'_>, fdinfos: Option<BorrowedFd<'_>>, fd: u32, link: &Link) -> File {
    let name = fd.to_string();
    let by_link = Kind::of(link);
    let looked = matches!(link, Link::Path(_)).then(|| look(fds, &name)).flatten();
    let kind = match (by_link, looked.as_ref().and_then(|looked| looked.kind)) {
        (Kind::File | Kind::Device, Some(kind)) => kind,
        _ => by_link,
    };
    // A file that cannot be looked at is deleted if the kernel says so; one that can has its count of names.
    let deleted = link.says_deleted() && kind == Kind::File && looked.as_ref().is_none_or(|looked| looked.links == 0);
    let sized = matches!(kind, Kind::File | Kind::Memory);
    File {
        fd,
        kind,
        target: target(link, deleted),
        access: access(fds, &name),
        size: looked.as_ref().filter(|_| sized).map(|looked| looked.size),
        deleted,
        about: fdinfos.and_then(|fdinfos| fdinfo::about(fdinfos, &name, kind)),
        socket: None,
        others: Vec::new(),
        identity: looked.as_ref().map(|looked| looked.identity),
        pipe: match link {
            Link::Pipe(_) => link.node(),
            _ => looked.and_then(|looked| looked.fifo()),
        },
    }
}

fn target(link: &Link, deleted: bool) -> BString {
    match link {
        Link::Socket(inode) => format!("socket:[{inode}]").into(),
        Link::Pipe(inode) => format!("pipe:[{inode}]").into(),
        Link::Anonymous(name) => name.clone(),
        Link::Path(path) if deleted => undeleted(path).into(),
        Link::Path(path) => path.clone(),
    }
}

/// The kernel writes it into the permissions of the link itself.
pub(crate) fn access(fds: BorrowedFd<'_>, name: &str) -> Option<Access> {
    let mode = statat(fds, name, AtFlags::SYMLINK_NOFOLLOW).ok()?.st_mode;
    match (mode & 0o400 != 0, mode & 0o200 != 0) {
        (true, true) => Some(Access::Both),
        (true, false) => Some(Access::Read),
        (false, true) => Some(Access::Write),
        (false, false) => None,
    }
}

/// Whether it is open for writing.
pub(crate) fn writes(fds: BorrowedFd<'_>, name: &str) -> bool {
    matches!(access(fds, name), Some(Access::Write | Access::Both))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_is_told_by_the_link() {
        for (link, kind) in [
            (&b"/var/log/a"[..], Kind::File),
            (b"/dev/null", Kind::Device),
            (b"/dev/shm/x", Kind::File),
            (b"/memfd:pulse (deleted)", Kind::Memory),
            (b"anon_inode:[eventpoll]", Kind::Epoll),
            (b"anon_inode:[something new]", Kind::Other),
            (b"net:[4026531840]", Kind::Other),
        ] {
            assert_eq!(Kind::of(&Link::of(link)), kind, "{}", String::from_utf8_lossy(link));
        }
    }
}
