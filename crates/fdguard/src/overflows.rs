//! Connections that the kernel dropped because nobody accepted them in time.
//!
//! A client sees such a drop as a connect that takes 1, 3 or 7 seconds, and the server sees nothing at all, unless it
//! looks here. The counters are of the network namespace, not of one listener: watch how they move.

use std::fs;

/// What a [`crate::Listener`] asks for. The kernel takes the smaller of this and `net.core.somaxconn`.
pub(crate) const BACKLOG: u32 = 4096;

/// Two counters of `/proc/net/netstat` (snmp_counter.rst), since boot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ListenOverflows {
    /// TcpExtListenOverflows: the accept queue was full.
    pub overflows: u64,
    /// TcpExtListenDrops: dropped for that or another reason.
    pub drops: u64,
}

/// Reads the counters. `None` without `/proc`, or when there is no descriptor left to read it with.
pub fn listen_overflows() -> Option<ListenOverflows> {
    parse(&fs::read_to_string("/proc/net/netstat").ok()?)
}

/// How many connections may really wait to be accepted: 4096, or `net.core.somaxconn` when that is less.
pub fn backlog_in_force() -> u32 {
    let somaxconn = fs::read_to_string("/proc/sys/net/core/somaxconn").ok();
    somaxconn.and_then(|number| number.trim().parse().ok()).map_or(BACKLOG, |somaxconn: u32| somaxconn.min(BACKLOG))
}

/// The file has pairs of lines, names and numbers, each beginning with the name of the group.
fn parse(netstat: &str) -> Option<ListenOverflows> {
    let mut tcp = netstat.lines().filter_map(|line| line.strip_prefix("TcpExt: "));
    let (names, numbers) = (tcp.next()?, tcp.next()?);
    let number = |wanted: &str| {
        let mut pairs = names.split(' ').zip(numbers.split(' '));
        pairs.find(|(name, _)| *name == wanted)?.1.parse().ok()
    };
    Some(ListenOverflows { overflows: number("ListenOverflows")?, drops: number("ListenDrops")? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_counters_are_found_by_name_wherever_they_stand() {
        let netstat =
            "TcpExt: SyncookiesSent ListenOverflows X ListenDrops\nTcpExt: 1 20570 3 20571\nIpExt: A\nIpExt: 9\n";
        assert_eq!(parse(netstat), Some(ListenOverflows { overflows: 20_570, drops: 20_571 }));
        assert_eq!(parse("TcpExt: A\n"), None);
    }

    #[test]
    fn this_machine_has_them() {
        assert!(listen_overflows().is_some());
        assert!((1..=BACKLOG).contains(&backlog_in_force()));
    }
}
