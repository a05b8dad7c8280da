//! What stands above the limit of a process, or beside it: limits of the machine that are met before, or instead of, it.

use super::pids;
use crate::proc::Proc;
use crate::process::Process;
use crate::unseen::Unseen;

/// A limit of the machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ceiling {
    /// As the system calls it.
    pub name: &'static str,
    /// What it is set to.
    pub value: u64,
    /// How much of it is used, where that can be told.
    pub used: Option<u64>,
    /// What it limits.
    pub words: &'static str,
}

/// Those that a process with many files can meet; one that this machine does not have is left out, and one that
/// is there and cannot be seen is named.
pub(super) fn of(proc: &Proc, process: &Process) -> (Vec<Ceiling>, Option<Unseen>) {
    let number = |name: &str| proc.number(&format!("sys/{name}"));
    let ceiling = |name, value: Option<u64>, used, words| Some(Ceiling { name, value: value?, used, words });
    let files = first_number(proc, "sys/fs/file-nr");
    let (pids, unseen) = pids::of(proc, process.id.pid);
    let tracked = number("net/netfilter/nf_conntrack_count");
    let all = [
        ceiling("fs.nr_open", number("fs/nr_open"), None, "no limit of open files goes above it, not even root's"),
        ceiling(
            "fs.file-max",
            number("fs/file-max"),
            files,
            "open files of the whole machine; above it everybody gets ENFILE",
        ),
        ceiling(
            "net.core.somaxconn",
            number("net/core/somaxconn"),
            None,
            "connections that wait to be accepted at one address, whatever a program asks for; those above it are dropped",
        ),
        ceiling(
            "net.ipv4.ip_local_port_range",
            ports(proc),
            None,
            "connections from one address here to one address and port there",
        ),
        ceiling(
            "net.netfilter.nf_conntrack_max",
            number("net/netfilter/nf_conntrack_max"),
            tracked,
            "connections that the firewall keeps in mind; above it packets are dropped",
        ),
        ceiling(
            "fs.inotify.max_user_instances",
            number("fs/inotify/max_user_instances"),
            None,
            "inotify instances of one user; above it EMFILE, which looks like this limit and is not",
        ),
        ceiling(
            "fs.inotify.max_user_watches",
            number("fs/inotify/max_user_watches"),
            None,
            "watched files and directories of one user; above it ENOSPC",
        ),
        ceiling(
            "fs.epoll.max_user_watches",
            number("fs/epoll/max_user_watches"),
            None,
            "descriptors that one user waits for with epoll; above it ENOSPC",
        ),
        ceiling(
            "pids.max",
            pids.map(|(max, _)| max),
            pids.and_then(|(_, used)| used),
            "processes and threads of its control group (systemd: TasksMax); above it EAGAIN",
        ),
    ];
    (all.into_iter().flatten().collect(), unseen)
}

fn first_number(proc: &Proc, path: &str) -> Option<u64> {
    let bytes = proc.read(path).ok()?;
    std::str::from_utf8(&bytes).ok()?.split_ascii_whitespace().next()?.parse().ok()
}

fn ports(proc: &Proc) -> Option<u64> {
    let bytes = proc.read("sys/net/ipv4/ip_local_port_range").ok()?;
    let (low, high) = std::str::from_utf8(&bytes).ok()?.trim().split_once(char::is_whitespace)?;
    let (low, high): (u64, u64) = (low.parse().ok()?, high.trim().parse().ok()?);
    high.checked_sub(low).map(|ports| ports + 1)
}
