//! Sockets that no list of the kernel has: a TCP socket that neither listens nor is connected, and those of families that are listed
//! nowhere. What is left to be known is the name of their protocol.

use std::os::fd::{AsFd, AsRawFd};

use crate::file::{File, Kind};
use crate::phrase::Phrase;
use crate::proc::Proc;

/// Where the kernel says it (net/socket.c).
const NAME: &str = "system.sockprotoname";
/// Sockets of one process that are asked for it.
const MOST: usize = 1000;

/// Says of the sockets of a process about which nothing is known which protocol they are of.
pub(crate) fn name(proc: &Proc, pid: u32, files: &mut [File]) {
    let unlisted = |file: &&mut File| file.kind == Kind::Socket && file.socket.is_none();
    let mut unlisted = files.iter_mut().filter(unlisted).take(MOST).peekable();
    if unlisted.peek().is_none() || !proc.is_kernels() {
        return;
    }
    let Some(fds) = proc.enter(pid).and_then(|entered| entered.open("fd").ok()) else { return };
    for file in unlisted {
        let path = format!("/proc/self/fd/{}/{}", fds.as_fd().as_raw_fd(), file.fd);
        let mut room = [0; 64];
        let length = rustix::fs::getxattr(path.as_str(), NAME, &mut room[..]).unwrap_or(0);
        file.about = about(&room[..length]);
    }
}

fn about(protocol: &[u8]) -> Option<Phrase> {
    let name = std::str::from_utf8(protocol).ok()?.trim_end_matches('\0');
    match name {
        "" => None,
        "TCP" | "TCPv6" => Some(Phrase::new("fd_socket_idle", "{protocol}, neither connected nor listening")),
        _ => Some(Phrase::new("fd_socket", "{protocol}; more is not listed of it")),
    }
    .map(|phrase| phrase.with("protocol", name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_known_of_a_socket_in_no_list_is_said() {
        let said = |protocol: &[u8]| about(protocol).map(|phrase| phrase.to_string());
        assert_eq!(said(b"TCP\0").as_deref(), Some("TCP, neither connected nor listening"));
        assert_eq!(said(b"NETLINK\0").as_deref(), Some("NETLINK; more is not listed of it"));
        assert_eq!(said(b""), None);
    }
}
