//! Configuration as a process sees it: below its own root, which in a container is not ours.
//!
//! The root of a stranger's process cannot be entered. Where it is proven to be our own, that is taken in its place.
//!
//! Links in there lead where they lead for that process, never out of its root (`RESOLVE_IN_ROOT`).

use std::os::fd::OwnedFd;

use rustix::fs::{Mode, OFlags, ResolveFlags, openat, openat2};

use crate::dir::names;
use crate::proc::Proc;

/// The longest file of configuration that is read, in bytes.
const MOST: u64 = 1 << 20;

/// The text of the file at `path` as process `pid` sees it.
pub(super) fn read(proc: &Proc, pid: u32, path: &str) -> Option<String> {
    use std::io::Read;
    let file = std::fs::File::from(open(proc, pid, path, OFlags::RDONLY | OFlags::NONBLOCK)?);
    let mut bytes = Vec::new();
    file.take(MOST).read_to_end(&mut bytes).ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

/// The paths of the files in `dir` whose names end with `ending`, sorted by name.
pub(super) fn list(proc: &Proc, pid: u32, dir: &str, ending: &str) -> Vec<String> {
    use std::os::fd::AsFd;
    let mut found = Vec::new();
    if let Some(open) = open(proc, pid, dir, OFlags::RDONLY | OFlags::DIRECTORY) {
        let listed = names(open.as_fd(), |name| found.extend(std::str::from_utf8(name).ok().map(str::to_owned)));
        if listed.is_err() {
            return Vec::new();
        }
    }
    found.retain(|name| name.ends_with(ending));
    found.sort();
    found.iter().map(|name| format!("{}/{name}", dir.trim_end_matches('/'))).collect()
}

/// Whether there is something at `path` as process `pid` sees it; `None` where that cannot be told.
pub(super) fn is_there(proc: &Proc, pid: u32, path: &str) -> Option<bool> {
    match try_open(proc, pid, path, OFlags::PATH)? {
        Ok(_) => Some(true),
        Err(rustix::io::Errno::NOENT | rustix::io::Errno::NOTDIR) => Some(false),
        Err(_) => None,
    }
}

fn open(proc: &Proc, pid: u32, path: &str, flags: OFlags) -> Option<OwnedFd> {
    try_open(proc, pid, path, flags)?.ok()
}

/// `None` where its root cannot be entered.
fn try_open(proc: &Proc, pid: u32, path: &str, flags: OFlags) -> Option<rustix::io::Result<OwnedFd>> {
    let root = root(proc, pid)?;
    let flags = flags | OFlags::CLOEXEC;
    Some(match openat2(&root, path, flags, Mode::empty(), ResolveFlags::IN_ROOT) {
        // Before Linux 5.6, or behind an old seccomp filter.
        Err(rustix::io::Errno::NOSYS) => openat(&root, path.trim_start_matches('/'), flags, Mode::empty()),
        opened => opened,
    })
}

fn root(proc: &Proc, pid: u32) -> Option<OwnedFd> {
    let own = || has_our_root(proc, pid).then(|| proc.open("thread-self/root").ok()).flatten();
    proc.enter(pid)?.open("root").ok().or_else(own)
}

/// Whether what is at a path is the same to a process as to us, which its list of mounts tells to everybody: each mount of the machine
/// has a number that no other has, and one that does not lie below the root of a process is not in its list.
fn has_our_root(proc: &Proc, pid: u32) -> bool {
    let has_root = |list: &str| list.lines().any(|mount| mount.split(' ').nth(4) == Some("/"));
    let theirs = proc.text(&format!("{pid}/mountinfo"));
    theirs.is_some_and(|list| has_root(&list) && proc.text("thread-self/mountinfo") == Some(list))
}

/// Whether the configuration that a process sees is out of our sight.
pub(super) fn is_hidden(proc: &Proc, pid: u32) -> bool {
    proc.is_kernels() && root(proc, pid).is_none()
}
