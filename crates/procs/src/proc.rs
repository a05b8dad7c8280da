//! The `/proc` that is looked at: opened once, then named only below that descriptor.
//!
//! Each process is opened as a directory of its own before anything of it is read, so that a number that the kernel gives to
//! another process meanwhile cannot mix two of them: what is read through the descriptor of one that has ended fails.
//! It refuses to follow a name that is not a file of `/proc`, to read without a bound, and to write anything.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bstr::BString;
use rustix::fs::{AtFlags, Mode, OFlags, fstatfs, open, openat, statat};
use rustix::io::Errno;

use crate::dir::names;
use crate::file::{self, Identity};
use crate::unseen::Unseen;

/// `PROC_SUPER_MAGIC` (linux/magic.h).
const PROC_SUPER_MAGIC: i64 = 0x9fa0;
/// The longest file of `/proc` that is read whole, in bytes; a longer one is cut.
const MOST: usize = 64 << 10;

/// The longest that is read whole or not at all.
const LONG: u64 = 1 << 20;

/// Why `/proc` cannot be looked at.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It is not there, or is no `/proc`.
    #[error("{path} cannot be looked at: {source}")]
    Root {
        /// Where it was looked for.
        path: String,
        /// What the system said.
        source: io::Error,
    },
    /// The list of processes cannot be read.
    #[error("the processes cannot be listed: {0}")]
    List(io::Error),
    /// The kernel does not say which sockets there are.
    #[error("the sockets cannot be listed: {0}")]
    Sockets(io::Error),
    /// There is no such process, or it has ended.
    #[error("there is no process {0}, or none that can be seen")]
    NoSuchProcess(u32),
    /// It has ended, and its parent has not asked for that yet.
    #[error(
        "process {pid} has ended and holds nothing; it is listed until its parent, pid {parent}, asks how it ended"
    )]
    Ended {
        /// Its number.
        pid: u32,
        /// Its parent's.
        parent: u32,
    },
}

/// How the open files of a process are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Count {
    /// `st_size` of `/proc/PID/fd` is their number (Linux 6.2; torvalds/linux@f1f1f2569901): a microsecond, no privilege.
    Told,
    /// They are listed; that takes the right to do so.
    Listed,
}

/// A `/proc`.
#[derive(Debug)]
pub struct Proc {
    dir: OwnedFd,
    count: Count,
    /// Whether it is the kernel's, and not files that a test has written.
    kernel: bool,
    booted: Option<SystemTime>,
}

impl Proc {
    /// The `/proc` of this machine.
    ///
    /// # Errors
    /// When none is mounted.
    pub fn new() -> Result<Self, Error> {
        Self::at(Path::new("/proc"))
    }

    /// The `/proc` that is mounted at `root`: that of a host as a container sees it, or one that a test has made.
    ///
    /// # Errors
    /// When `root` is no directory that can be opened.
    pub fn at(root: &Path) -> Result<Self, Error> {
        let failed = |error: Errno| Error::Root { path: root.display().to_string(), source: error.into() };
        let dir = open(root, directory(), Mode::empty()).map_err(failed)?;
        let kernel = fstatfs(&dir).map_err(failed)?.f_type == PROC_SUPER_MAGIC;
        let told = || statat(&dir, "self/fd", AtFlags::empty()).is_ok_and(|stat| stat.st_size > 0);
        let count = if kernel && told() { Count::Told } else { Count::Listed };
        // The time stands behind a line for each processor and the counts of all interrupts.
        let booted = read_upto(dir.as_fd(), "stat", LONG as usize).ok().and_then(|stat| booted(&stat));
        Ok(Proc { dir, count, kernel, booted })
    }

    /// Whether the kernel itself answers here.
    pub(crate) fn is_kernels(&self) -> bool {
        self.kernel
    }

    /// When the machine was started, where that is said.
    pub(crate) fn booted(&self) -> Option<SystemTime> {
        self.booted
    }

    /// A file directly below, at most 64 KiB of it.
    pub(crate) fn read(&self, name: &str) -> rustix::io::Result<Vec<u8>> {
        read_at(self.dir.as_fd(), name)
    }

    /// A file below that may be long, to be read piece by piece.
    pub(crate) fn file(&self, name: &str) -> rustix::io::Result<std::fs::File> {
        let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK;
        openat(&self.dir, name, flags, Mode::empty()).map(std::fs::File::from)
    }

    /// A directory below.
    pub(crate) fn open(&self, name: &str) -> rustix::io::Result<OwnedFd> {
        openat(&self.dir, name, directory(), Mode::empty())
    }

    /// A file below that may be long, if it is text and shorter than a mebibyte.
    pub(crate) fn text(&self, name: &str) -> Option<String> {
        use std::io::Read as _;
        let mut text = String::new();
        let read = self.file(name).ok()?.take(LONG).read_to_string(&mut text).ok()?;
        (u64::try_from(read).is_ok_and(|read| read < LONG)).then_some(text)
    }

    /// The file that a name below leads to: what runs, at `PID/exe`.
    pub(crate) fn stat(&self, name: &str) -> rustix::io::Result<rustix::fs::Stat> {
        statat(&self.dir, name, AtFlags::empty())
    }

    /// Where a link below leads, as the kernel writes it.
    pub(crate) fn link(&self, name: &str) -> rustix::io::Result<Vec<u8>> {
        rustix::fs::readlinkat(&self.dir, name, Vec::new()).map(std::ffi::CString::into_bytes)
    }

    /// Whether a process is known to be in the network namespace that we are in.
    pub(crate) fn is_in_our_network(&self, pid: u32) -> bool {
        let namespace = |whose: &str| self.link(&format!("{whose}/ns/net")).ok();
        namespace(&pid.to_string()).is_some_and(|hers| namespace("self") == Some(hers))
    }

    /// Whether there is no process that it does not list: none of other users is hidden (`hidepid`), and it is that of the whole
    /// machine, which has the first of all namespaces of processes and not one of a container.
    pub(crate) fn shows_all(&self) -> bool {
        /// `PROC_PID_INIT_INO` (linux/proc_ns.h).
        const FIRST: &[u8] = b"pid:[4026531836]";
        let whole = || self.link("self/ns/pid").is_ok_and(|namespace| namespace == FIRST);
        !self.kernel || (whole() && Unseen::hidden(self).is_none())
    }

    /// A number that stands alone in a file below, such as those in `sys`.
    pub(crate) fn number(&self, name: &str) -> Option<u64> {
        std::str::from_utf8(&self.read(name).ok()?).ok()?.trim().parse().ok()
    }

    /// The numbers of all processes that can be seen, in ascending order.
    ///
    /// # Errors
    /// When the directory cannot be read.
    pub fn pids(&self) -> Result<Vec<u32>, Error> {
        let failed = |error: Errno| Error::List(error.into());
        // `names` moves the descriptor's place, and several may list at once: each takes one of its own.
        let dir = openat(&self.dir, ".", directory(), Mode::empty()).map_err(failed)?;
        let mut pids = Vec::new();
        names(dir.as_fd(), |name| pids.extend(number(name))).map_err(failed)?;
        pids.sort_unstable();
        Ok(pids)
    }

    /// How many files each process has open: the cheap look, a microsecond for each. One whose files cannot be counted is
    /// left out; kernel threads have none.
    ///
    /// # Errors
    /// When the processes cannot be listed.
    pub fn counts(&self) -> Result<Vec<(u32, u64)>, Error> {
        let count = |pid: u32| Some((pid, self.count(pid).ok()?));
        Ok(self.pids()?.into_iter().filter_map(count).collect())
    }

    /// One process, held against its number being given to another. `None` when there is none.
    pub(crate) fn enter(&self, pid: u32) -> Option<Entered<'_>> {
        let dir = openat(&self.dir, pid.to_string(), directory(), Mode::empty()).ok()?;
        Some(Entered { proc: self, pid, dir })
    }

    /// How many files a process has open.
    pub(crate) fn count(&self, pid: u32) -> rustix::io::Result<u64> {
        let path = format!("{pid}/fd");
        match self.count {
            Count::Told => statat(&self.dir, path, AtFlags::empty()).map(told),
            Count::Listed => listed(&self.dir, &path),
        }
    }

    /// Whether the kernel tells how many files a process has open. Otherwise they are listed, which costs most of a
    /// microsecond for each file, and the right to do so.
    #[must_use]
    pub fn tells_counts(&self) -> bool {
        self.count == Count::Told
    }
}

/// A process whose directory is open.
#[derive(Debug)]
pub(crate) struct Entered<'a> {
    pub(crate) proc: &'a Proc,
    pub(crate) pid: u32,
    dir: OwnedFd,
}

impl Entered<'_> {
    /// A file of it, at most 64 KiB.
    pub(crate) fn read(&self, name: &str) -> rustix::io::Result<Vec<u8>> {
        read_at(self.dir.as_fd(), name)
    }

    /// How many files it has open.
    pub(crate) fn count(&self) -> rustix::io::Result<u64> {
        match self.proc.count {
            Count::Told => statat(&self.dir, "fd", AtFlags::empty()).map(told),
            Count::Listed => listed(&self.dir, "fd"),
        }
    }

    /// Which directory a link of it leads to, such as `cwd`, and by which path.
    pub(crate) fn place(&self, name: &str) -> Option<(Identity, BString)> {
        let looked = file::look(self.dir.as_fd(), name)?;
        let path = rustix::fs::readlinkat(&self.dir, name, Vec::new()).ok()?;
        Some((looked.identity, path.into_bytes().into()))
    }

    /// A directory of it, to be listed.
    pub(crate) fn open(&self, name: &str) -> rustix::io::Result<OwnedFd> {
        openat(&self.dir, name, directory(), Mode::empty())
    }
}

/// A file below `dir`, cut after 64 KiB.
pub(crate) fn read_at(dir: BorrowedFd<'_>, name: &str) -> rustix::io::Result<Vec<u8>> {
    read_upto(dir, name, MOST)
}

/// A file below `dir`, cut after `most` bytes.
pub(crate) fn read_upto(dir: BorrowedFd<'_>, name: &str, most: usize) -> rustix::io::Result<Vec<u8>> {
    // Not to wait for a FIFO where a test, or a stranger's mount, has put one.
    let file = openat(dir, name, OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK, Mode::empty())?;
    let mut bytes = Vec::with_capacity(most.min(2048));
    while bytes.len() < most {
        if bytes.capacity() - bytes.len() < 1024 {
            bytes.reserve(bytes.len().max(2048));
        }
        match rustix::io::read(&file, rustix::buffer::spare_capacity(&mut bytes)) {
            Ok(0) => break,
            Ok(_) | Err(Errno::INTR) => (),
            Err(error) => return Err(error),
        }
    }
    bytes.truncate(most);
    Ok(bytes)
}

/// The number that `name` is, when it is one.
pub(crate) fn number(name: &[u8]) -> Option<u32> {
    std::str::from_utf8(name).ok()?.parse().ok()
}

fn directory() -> OFlags {
    OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC
}

fn told(stat: rustix::fs::Stat) -> u64 {
    u64::try_from(stat.st_size).unwrap_or(0)
}

fn listed(dir: &OwnedFd, path: &str) -> rustix::io::Result<u64> {
    let dir = openat(dir, path, directory(), Mode::empty())?;
    let mut count = 0;
    names(dir.as_fd(), |_| count += 1)?;
    Ok(count)
}

fn booted(stat: &[u8]) -> Option<SystemTime> {
    let text = String::from_utf8_lossy(stat);
    let seconds = text.lines().find_map(|line| line.strip_prefix("btime "))?.trim().parse().ok()?;
    UNIX_EPOCH.checked_add(Duration::from_secs(seconds))
}
