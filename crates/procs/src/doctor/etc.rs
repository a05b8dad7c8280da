//! Configuration as a process sees it: below its own root, which in a container is not ours.
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
    let root = proc.enter(pid)?.open("root").ok()?;
    let flags = flags | OFlags::CLOEXEC;
    Some(match openat2(&root, path, flags, Mode::empty(), ResolveFlags::IN_ROOT) {
        // Before Linux 5.6, or behind an old seccomp filter.
        Err(rustix::io::Errno::NOSYS) => openat(&root, path.trim_start_matches('/'), flags, Mode::empty()),
        opened => opened,
    })
}
