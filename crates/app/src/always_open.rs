//! What a hub and an agent always have open, told before it is: a budget is divided, and a limit refused that is too low, before
//! the first of it is opened. So the number that a start says it needs is the number that it needs.
//!
//! Told by hand, and held against the real thing by the tests of the whole program (`starts`). Refuses nothing.

use std::fs;
use std::io;

use tailcast_fdguard::Plan;

/// With what a program begins that nobody handed anything more: the standard streams. And the view of `/proc/self/fd`.
pub(crate) const AT_THE_START: u64 = 4;

/// Of what a process begins with, the view of `/proc/self/fd`.
const VIEW: u64 = 1;

/// With how many a process began: what was handed to it survived its exec, and all that it opens itself would not. `None` where that
/// may not be looked at.
pub(crate) fn at_the_start_of(pid: u32, soft: u64) -> Option<u64> {
    let mut handed = 0;
    for entry in fs::read_dir(format!("/proc/{pid}/fdinfo")).ok()? {
        let entry = entry.ok()?;
        // What has a number above the limit takes no room below it.
        if entry.file_name().to_str()?.parse::<u64>().ok()? >= soft {
            continue;
        }
        match fs::read_to_string(entry.path()) {
            Ok(text) => handed += u64::from(survives(&text)?),
            Err(error) if error.kind() == io::ErrorKind::NotFound => (),
            Err(_) => return None,
        }
    }
    Some(handed + VIEW)
}

/// Whether a descriptor is still there after an exec, by its `fdinfo`.
fn survives(fdinfo: &str) -> Option<bool> {
    /// Its bit (`O_CLOEXEC`, asm-generic/fcntl.h).
    const CLOSES: u32 = 0o2_000_000;
    let flags = fdinfo.lines().find_map(|line| line.strip_prefix("flags:"))?;
    u32::from_str_radix(flags.trim(), 8).ok().map(|flags| flags & CLOSES == 0)
}

/// The runtime: two views of epoll, and what wakes it.
const RUNTIME: u64 = 3;
/// What a signal is written into, and both views of where it is read.
const SIGNALS: u64 = 3;
/// inotify and what wakes its reader, from the first followed log on.
const WATCH: u64 = 2;
/// A listening socket and its spare descriptor.
const DOOR: u64 = 2;
/// The kernel's word on who is at the other end of a connection.
const NETLINK: u64 = 1;
/// To a hub.
const LINK: u64 = 1;
/// To a broker: one connection to publish over and one to subscribe.
const BROKER: u64 = 2;

/// A hub with an agent of its own: a door for everybody and one for its administrator.
pub(crate) fn hub(is_clustered: bool) -> Plan {
    let broker = if is_clustered { BROKER } else { 0 };
    Plan { always: RUNTIME + SIGNALS + WATCH + NETLINK + 2 * DOOR + broker, ..Plan::default() }
}

/// An agent, and its link.
pub(crate) fn agent() -> Plan {
    Plan { always: RUNTIME + SIGNALS + WATCH + LINK, ..Plan::tails_only() }
}

/// A hub for as long as one looks at files here: its runtime is there already.
pub(crate) fn here() -> Plan {
    Plan { always: WATCH + NETLINK + DOOR, ..Plan::default() }
}

#[cfg(test)]
mod tests {
    use std::os::fd::AsFd as _;

    use super::*;

    #[test]
    fn what_was_handed_down_is_told_from_what_was_opened() {
        let mut child = std::process::Command::new("sh");
        child.args(["-c", "exec 5</dev/null; echo; exec sleep 600"]).stdout(std::process::Stdio::piped());
        let mut child = child.spawn().unwrap();
        std::io::Read::read_exact(child.stdout.as_mut().unwrap(), &mut [0]).unwrap();
        let [without, with] = [5, u64::MAX].map(|soft| at_the_start_of(child.id(), soft).unwrap());
        assert!(without >= AT_THE_START && with > without, "{without} {with}");
        let before = at_the_start_of(std::process::id(), u64::MAX).unwrap();
        let file = fs::File::open("/dev/null").unwrap();
        assert!(file.as_fd().try_clone_to_owned().is_ok());
        assert_eq!(at_the_start_of(std::process::id(), u64::MAX), Some(before));
        child.kill().unwrap();
        child.wait().unwrap();
        assert_eq!(survives("pos:\t0\nflags:\t0100002\n"), Some(true));
        assert_eq!(survives("pos:\t0\nflags:\t02100002\n"), Some(false));
        assert_eq!(survives(""), None);
    }
}
