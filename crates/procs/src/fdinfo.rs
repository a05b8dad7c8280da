//! What a descriptor that watches or waits says about itself in `/proc/PID/fdinfo` (proc_pid_fdinfo(5)), in words.

use std::os::fd::BorrowedFd;

use crate::file::Kind;
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
pub(crate) fn about(fdinfos: BorrowedFd<'_>, name: &str, kind: Kind) -> Option<String> {
    if !matches!(kind, Kind::Epoll | Kind::Eventfd | Kind::Inotify | Kind::Timerfd | Kind::Signalfd | Kind::Pidfd) {
        return None;
    }
    let bytes = read_upto(fdinfos, name, MOST).ok()?;
    words(&String::from_utf8_lossy(&bytes), kind)
}

fn words(text: &str, kind: Kind) -> Option<String> {
    match kind {
        Kind::Epoll => Some(epoll(text)),
        Kind::Inotify => Some(inotify(text)),
        Kind::Eventfd => Some(format!("counter {}", field(text, "eventfd-count:")?)),
        Kind::Timerfd => timer(text),
        Kind::Signalfd => Some(signals(u64::from_str_radix(field(text, "sigmask:")?, 16).ok()?)),
        Kind::Pidfd => match field(text, "Pid:")? {
            "-1" => Some("of a process that has ended".to_owned()),
            pid => Some(format!("of process {pid}")),
        },
        _ => None,
    }
}

fn field<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    text.lines().find_map(|line| line.strip_prefix(name)).map(str::trim)
}

/// `tfd:        5 events:       19 data: …` for each.
fn epoll(text: &str) -> String {
    let watched = || text.lines().filter_map(|line| line.strip_prefix("tfd:")?.split_ascii_whitespace().next());
    let count = watched().count();
    let named: Vec<_> = watched().take(NAMED).collect();
    match count {
        0 => "watches nothing".to_owned(),
        _ if count > NAMED => format!("watches {count} descriptors: {} …", named.join(", ")),
        _ => format!("watches {}", named.join(", ")),
    }
}

/// `inotify wd:1 ino:2c sdev:fe00001 mask:… …` for each.
fn inotify(text: &str) -> String {
    match text.lines().filter(|line| line.starts_with("inotify ")).count() {
        0 => "watches nothing".to_owned(),
        1 => "watches 1 file or directory".to_owned(),
        count => format!("watches {count} files or directories"),
    }
}

/// `it_value: (3, 200000000)`: seconds and nanoseconds until it fires; then, in `it_interval`, between two times.
fn timer(text: &str) -> Option<String> {
    let time = |name: &str| {
        let (seconds, nanos) = field(text, name)?.strip_prefix('(')?.strip_suffix(')')?.split_once(", ")?;
        Some(seconds.parse::<f64>().ok()? + nanos.parse::<f64>().ok()? / 1e9)
    };
    let (value, interval) = (time("it_value:")?, time("it_interval:")?);
    Some(match (value > 0.0, interval > 0.0) {
        (false, _) => "not set".to_owned(),
        (true, false) => format!("fires in {value:.1} s"),
        (true, true) => format!("fires in {value:.1} s, then each {interval:.1} s"),
    })
}

fn signals(mask: u64) -> String {
    let name = |bit: usize| SIGNALS.get(bit).map_or_else(|| format!("{}", bit + 1), |name| (*name).to_owned());
    let named: Vec<_> = (0..64).filter(|bit| mask >> bit & 1 == 1).map(name).collect();
    format!("waits for {}", if named.is_empty() { "no signal".to_owned() } else { named.join(", ") })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_says_what_it_waits_for() {
        let two = "pos:\t0\ntfd:        5 events:       19 data: 5\ntfd:       17 events: 19 data: 11\n";
        let many = "tfd: 1 events: 1\n".repeat(9);
        for (kind, text, said) in [
            (Kind::Epoll, two, "watches 5, 17"),
            (Kind::Epoll, &many, "watches 9 descriptors: 1, 1, 1, 1, 1, 1, 1, 1 …"),
            (Kind::Epoll, "pos:\t0\n", "watches nothing"),
            (Kind::Inotify, "inotify wd:1 ino:2\ninotify wd:2 ino:3\n", "watches 2 files or directories"),
            (Kind::Eventfd, "eventfd-count:               3\n", "counter 3"),
            (Kind::Timerfd, "it_value: (3, 200000000)\nit_interval: (10, 0)\n", "fires in 3.2 s, then each 10.0 s"),
            (Kind::Timerfd, "it_value: (0, 0)\nit_interval: (0, 0)\n", "not set"),
            (Kind::Signalfd, "sigmask:\t0000000100004001\n", "waits for HUP, TERM, 33"),
            (Kind::Pidfd, "Pid:\t12\n", "of process 12"),
        ] {
            assert_eq!(words(text, kind).as_deref(), Some(said));
        }
        assert_eq!(words("", Kind::Timerfd), None);
        assert_eq!(words("it_value: (x", Kind::Timerfd), None);
    }
}
