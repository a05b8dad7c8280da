//! From a path to an incarnation, so that nothing is read that is not offered and nothing blocks that is not a file.
//!
//! The steps are: pin what the path leads to with `O_PATH` (which neither reads nor blocks nor wakes a driver), look at
//! what was pinned, ask the gate with its real path, and only then open it for reading, through the pin. A path that
//! changes in between changes nothing. If the file is open already, for the follower, for another reader or under another
//! name, that one is shared.

use std::ffi::OsString;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::os::unix::ffi::OsStringExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError};

use rustix::fs::{FileType, Mode, OFlags, open, readlink};
use rustix::io::Errno;

use crate::error::{Kind, Obstacle};
use crate::file::{File, Identity, Stat};
use crate::gate::{Candidate, Role};
use crate::incarnation::{HeadCheck, Held, Remembered};
use crate::log::Shared;
use crate::quota::Need;

/// Links that are followed by ourselves, to find what is around a file. The kernel gives up at 40.
const MOST_LINKS: usize = 8;

impl Shared {
    /// Opens what `path` leads to, or shares it if it is open.
    pub(crate) fn open(&self, path: &Path, role: Role) -> Result<Held, Obstacle> {
        self.open_now(path, role).inspect_err(|why| {
            if *why == Obstacle::NoDescriptor {
                self.lacked.add(1);
            }
        })
    }

    /// What `job` finds out by opening files, if it had none to do without: what it says of the others may be wrong then.
    ///
    /// # Errors
    /// Its own, and [`Obstacle::NoDescriptor`] where it lacked one. Others who read the same log at the same time may be told
    /// that as well, and ask again.
    pub(crate) fn lacking_nothing<T, E: From<Obstacle>>(&self, job: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
        let before = self.lacked.get();
        let done = job();
        if self.lacked.get() == before { done } else { Err(Obstacle::NoDescriptor.into()) }
    }

    fn open_now(&self, path: &Path, role: Role) -> Result<Held, Obstacle> {
        let pin = open(path, OFlags::PATH | OFlags::CLOEXEC, Mode::empty())?;
        let stat = Stat::of(&pin)?;
        regular(stat.mode)?;
        let real = self.admit(&pin, &stat, role)?;
        if role == Role::Itself {
            self.homes.opened(&real);
        }
        let mut alive = self.alive.lock().unwrap_or_else(PoisonError::into_inner);
        alive.retain(|life| life.held().is_some());
        if let Some(shared) = find(&alive, stat.identity) {
            return match shared.check_head()? {
                HeadCheck::Same => Ok(shared),
                HeadCheck::Other => self.begin_again(&mut alive, &shared),
            };
        }
        let need = if alive.is_empty() { Need::First } else { Need::Further };
        let file = self.setup.files.share(stat.identity, || {
            let permit = self.setup.quota.one_more(need).ok_or(Obstacle::NoDescriptor)?;
            let fd = reopen(&pin, stat.identity)?;
            Ok::<_, Obstacle>(File::new((fd, permit), stat.identity, Arc::clone(&self.setup)))
        })?;
        let begun = Held::begin(self.tag, file)?;
        alive.push(begun.remember());
        Ok(begun)
    }

    /// Looks at what `path` leads to without opening it for reading. The gate is asked all the same.
    pub(crate) fn look(&self) -> Result<Stat, Obstacle> {
        let pin = open(&self.path, OFlags::PATH | OFlags::CLOEXEC, Mode::empty())?;
        let stat = Stat::of(&pin)?;
        regular(stat.mode)?;
        self.admit(&pin, &stat, Role::Itself)?;
        Ok(stat)
    }

    /// The life that follows `old` in the same file, after a truncation or a rewrite in place.
    pub(crate) fn renew(&self, old: &Held) -> Result<Held, Obstacle> {
        let mut alive = self.alive.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(next) = find(&alive, old.file().identity()).filter(|next| next.life() != old.life()) {
            old.end();
            // A page may have seen a life between this one and the present one.
            return match next.check_head()? {
                HeadCheck::Same => Ok(next),
                HeadCheck::Other => self.begin_again(&mut alive, &next),
            };
        }
        self.begin_again(&mut alive, old)
    }

    /// The lives that somebody holds open.
    pub(crate) fn living(&self) -> Vec<Held> {
        let alive = self.alive.lock().unwrap_or_else(PoisonError::into_inner);
        alive.iter().filter_map(Remembered::held).collect()
    }

    /// Whether the gate still admits an open file that was renamed.
    pub(crate) fn still_admits(&self, file: &File) -> bool {
        file.stat().is_ok_and(|stat| self.admit(file.fd(), &stat, Role::Sibling).is_ok())
    }

    fn begin_again(&self, alive: &mut Vec<Remembered>, old: &Held) -> Result<Held, Obstacle> {
        old.end();
        let begun = Held::begin(self.tag, Arc::clone(old.file()))?;
        self.setup.counters.truncations.add(1);
        alive.push(begun.remember());
        Ok(begun)
    }

    /// Asks the gate about an open descriptor; the real path if it says yes.
    fn admit(&self, fd: impl AsFd, stat: &Stat, role: Role) -> Result<PathBuf, Obstacle> {
        let real = real_path(&fd)?;
        let Identity { device, inode, .. } = stat.identity;
        let candidate = Candidate { real: &real, role, device, inode, uid: stat.uid, size: stat.size };
        if self.setup.gate.admits(&candidate) {
            return Ok(real);
        }
        self.setup.counters.refused.add(1);
        Err(Obstacle::Refused)
    }
}

/// The one of these lives that is in this file and not over.
fn find(alive: &[Remembered], identity: Identity) -> Option<Held> {
    alive.iter().filter(|life| life.identity() == identity).find_map(Remembered::held)
}

/// Where the kernel says an open file is. A deleted one has ` (deleted)` behind its last name.
pub(crate) fn real_path(fd: impl AsFd) -> Result<PathBuf, Errno> {
    let link = readlink(proc_path(fd.as_fd().as_raw_fd()), Vec::new())?;
    Ok(PathBuf::from(OsString::from_vec(link.into_bytes())))
}

/// The path, and what each link on the way leads to, whether something is there or not.
pub(crate) fn trail(path: &Path) -> Vec<PathBuf> {
    let mut trail = vec![path.to_owned()];
    while let Some(last) = trail.last().filter(|_| trail.len() <= MOST_LINKS)
        && let (Ok(link), Some(folder)) = (std::fs::read_link(last), last.parent())
    {
        let next = folder.join(link);
        trail.push(next);
    }
    trail
}

pub(crate) fn proc_path(fd: i32) -> String {
    format!("/proc/self/fd/{fd}")
}

/// Opens for reading what is pinned. `O_NONBLOCK` is for the case that it is no regular file after all: it must not
/// block.
fn reopen(pin: &OwnedFd, pinned: Identity) -> Result<OwnedFd, Obstacle> {
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::CLOEXEC | OFlags::NOCTTY;
    let fd = open(proc_path(pin.as_raw_fd()), flags, Mode::empty())?;
    let opened = Stat::of(&fd)?;
    regular(opened.mode)?;
    if opened.identity == pinned { Ok(fd) } else { Err(Obstacle::Unreadable(Errno::STALE.raw_os_error())) }
}

fn regular(mode: u32) -> Result<(), Obstacle> {
    Err(Obstacle::NotRegular(match FileType::from_raw_mode(mode) {
        FileType::RegularFile => return Ok(()),
        FileType::Directory => Kind::Directory,
        FileType::Fifo => Kind::Fifo,
        FileType::Socket => Kind::Socket,
        FileType::CharacterDevice | FileType::BlockDevice => Kind::Device,
        FileType::Symlink | FileType::Unknown => Kind::Other,
    }))
}
