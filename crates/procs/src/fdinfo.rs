//! What a descriptor that watches or waits says about itself in `/proc/PID/fdinfo` (proc_pid_fdinfo(5)), in words.

use std::collections::HashMap;
use std::os::fd::BorrowedFd;

use bstr::BString;

use crate::file::{Identity, Kind};
use crate::phrase::Phrase;
use crate::proc::read_upto;

/// How much of one is read, in bytes: an epoll instance has a line for each descriptor that it watches.
const MOST: usize = 256 << 10;
/// How many watched descriptors are named.
const NAMED: usize = 8;
/// Linux's names of signals 1 to 31 (signal(7)); those behind are the real-time ones.
const SIGNALS: [&str; 31] = [
    "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV", "USR2", "PIPE", "ALRM", "TERM",
    "STKFLT", "CHLD", "CONT", "STOP", "TSTP", "TTIN", "TTOU", "URG", "XCPU", "XFSZ", "VTALRM", "PROF", "WINCH", "IO",
    "PWR", "SYS",
];

/// What descriptor `name` says, when it is of a kind that says something.
pub(crate) fn about(fdinfos: BorrowedFd<'_>, name: &str, kind: Kind) -> Option<Phrase> {
    if !matches!(kind, Kind::Epoll | Kind::Eventfd | Kind::Timerfd | Kind::Signalfd | Kind::Pidfd) {
        return None;
    }
    let bytes = read_upto(fdinfos, name, MOST).ok()?;
    phrase(&String::from_utf8_lossy(&bytes), kind)
}

/// What inotify instance `name` watches: by the paths of what the process has open besides, where it is among that.
pub(crate) fn watches(fdinfos: BorrowedFd<'_>, name: &str, paths: &HashMap<Identity, BString>) -> Option<Phrase> {
    let bytes = read_upto(fdinfos, name, MOST).ok()?;
    Some(inotify(&String::from_utf8_lossy(&bytes), paths))
}

fn phrase(text: &str, kind: Kind) -> Option<Phrase> {
    match kind {
        Kind::Epoll => Some(epoll(text)),
        Kind::Eventfd => {
            Some(Phrase::new("fd_counter", "counter {count}").with("count", field(text, "eventfd-count:")?))
        }
        Kind::Timerfd => timer(text),
        Kind::Signalfd => Some(signals(u64::from_str_radix(field(text, "sigmask:")?, 16).ok()?)),
        Kind::Pidfd => match field(text, "Pid:")? {
            "-1" => Some(Phrase::new("fd_pid_ended", "of a process that has ended")),
            pid => Some(Phrase::new("fd_pid", "of process {pid}").with("pid", pid)),
        },
        _ => None,
    }
}

fn field<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    text.lines().find_map(|line| line.strip_prefix(name)).map(str::trim)
}

fn nothing() -> Phrase {
    Phrase::new("fd_watches_nothing", "watches nothing")
}

/// `tfd:        5 events:       19 data: …` for each.
fn epoll(text: &str) -> Phrase {
    let watched = || text.lines().filter_map(|line| line.strip_prefix("tfd:")?.split_ascii_whitespace().next());
    let count = watched().count();
    let named = watched().take(NAMED).collect::<Vec<_>>().join(", ");
    match count {
        0 => nothing(),
        _ if count > NAMED => Phrase::new("fd_watches_many", "watches {count} descriptors: {fds} …")
            .with("count", count)
            .with("fds", named),
        _ => Phrase::new("fd_watches", "watches {fds}").with("fds", named),
    }
}

/// `inotify wd:1 ino:2c sdev:fe00001 mask:… …` for each, in hexadecimal. The kernel names no path; `find -inum` does.
fn inotify(text: &str, paths: &HashMap<Identity, BString>) -> Phrase {
    let watched = || text.lines().filter(|line| line.starts_with("inotify "));
    let count = watched().count();
    let identities: Vec<_> = watched().take(NAMED).filter_map(identity).collect();
    if let [one] = identities[..]
        && count == 1
        && !paths.contains_key(&one)
    {
        let (major, minor, inode) = one;
        return Phrase::new("fd_watches_inode", "watches a file or directory: inode {inode} on device {device}")
            .with("inode", inode)
            .with("device", format_args!("{major}:{minor}"));
    }
    let name = |identity: &Identity| match (paths.get(identity), *identity) {
        (Some(path), _) => path.to_string(),
        (None, (major, minor, inode)) => format!("inode {inode} ({major}:{minor})"),
    };
    let mut named: Vec<_> = identities.iter().map(name).collect();
    named.extend((count > NAMED).then(|| "…".to_owned()));
    let named = named.join(", ");
    match count {
        0 => nothing(),
        1 => Phrase::new("fd_watches_path", "watches {path}").with("path", named),
        _ => Phrase::new("fd_watches_inodes", "watches {count} files or directories: {inodes}")
            .with("count", count)
            .with("inodes", named),
    }
}

/// The kernel's own number of a device has twenty bits for the minor one (linux/kdev_t.h).
fn identity(watched: &str) -> Option<Identity> {
    let hex = |name: &str| {
        let word = watched.split(' ').find_map(|word| word.strip_prefix(name))?;
        u64::from_str_radix(word, 16).ok()
    };
    let device = u32::try_from(hex("sdev:")?).ok()?;
    Some((device >> 20, device & 0xf_ffff, hex("ino:")?))
}

/// `it_value: (3, 200000000)`: seconds and nanoseconds until it fires; then, in `it_interval`, between two times.
fn timer(text: &str) -> Option<Phrase> {
    let time = |name: &str| {
        let (seconds, nanos) = field(text, name)?.strip_prefix('(')?.strip_suffix(')')?.split_once(", ")?;
        Some(seconds.parse::<f64>().ok()? + nanos.parse::<f64>().ok()? / 1e9)
    };
    let (value, interval) = (time("it_value:")?, time("it_interval:")?);
    let tenths = |seconds: f64| format!("{seconds:.1}");
    Some(match (value > 0.0, interval > 0.0) {
        (false, _) => Phrase::new("fd_timer_off", "not set"),
        (true, false) => Phrase::new("fd_timer_once", "fires in {seconds} s").with("seconds", tenths(value)),
        (true, true) => Phrase::new("fd_timer", "fires in {seconds} s, then each {each} s")
            .with("seconds", tenths(value))
            .with("each", tenths(interval)),
    })
}

fn signals(mask: u64) -> Phrase {
    let name = |bit: usize| SIGNALS.get(bit).map_or_else(|| format!("{}", bit + 1), |name| (*name).to_owned());
    let named: Vec<_> = (0..64).filter(|bit| mask >> bit & 1 == 1).map(name).collect();
    match &named[..] {
        [] => Phrase::new("fd_signals_none", "waits for no signal"),
        named => Phrase::new("fd_signals", "waits for {signals}").with("signals", named.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_watched_has_its_path_where_that_is_known_and_its_device_where_not() {
        let (one, other) = ("inotify wd:2 ino:2c sdev:fe00001 mask:100\n", "inotify wd:1 ino:3 sdev:1 mask:100\n");
        let paths = HashMap::from([((254, 1, 44), BString::from("/var/log"))]);
        for (text, said) in [
            (one.to_owned(), "watches /var/log"),
            (other.to_owned(), "watches a file or directory: inode 3 on device 0:1"),
            ([one, other].concat(), "watches 2 files or directories: /var/log, inode 3 (0:1)"),
            (String::new(), "watches nothing"),
        ] {
            assert_eq!(inotify(&text, &paths).to_string(), said);
        }
    }

    #[test]
    fn each_kind_says_what_it_waits_for() {
        let two = "pos:\t0\ntfd:        5 events:       19 data: 5\ntfd:       17 events: 19 data: 11\n";
        let many = "tfd: 1 events: 1\n".repeat(9);
        for (kind, text, said) in [
            (Kind::Epoll, two, "watches 5, 17"),
            (Kind::Epoll, &many, "watches 9 descriptors: 1, 1, 1, 1, 1, 1, 1, 1 …"),
            (Kind::Epoll, "pos:\t0\n", "watches nothing"),
            (Kind::Eventfd, "eventfd-count:               3\n", "counter 3"),
            (Kind::Timerfd, "it_value: (3, 200000000)\nit_interval: (10, 0)\n", "fires in 3.2 s, then each 10.0 s"),
            (Kind::Timerfd, "it_value: (0, 0)\nit_interval: (0, 0)\n", "not set"),
            (Kind::Signalfd, "sigmask:\t0000000100004001\n", "waits for HUP, TERM, 33"),
            (Kind::Pidfd, "Pid:\t12\n", "of process 12"),
        ] {
            assert_eq!(phrase(text, kind).map(|said| said.to_string()).as_deref(), Some(said));
        }
        assert_eq!(phrase("", Kind::Timerfd), None);
        assert_eq!(phrase("it_value: (x", Kind::Timerfd), None);
    }
}
