//! Whether the other end of a connection still answers while something is under way to it.
//!
//! TCP's own probes (keepalive) stand still while anything is unacknowledged or cannot be sent, and then the kernel tries for
//! a quarter of an hour (`tcp_retries2`, tcp(7)). `TCP_USER_TIMEOUT` would be shorter, and would end a reader that lives and
//! has stopped reading too: the time in which a window stays closed counts, although its probes are answered. So the kernel
//! is asked: who has left several attempts in turn without an answer, for as long as a silent connection has, is gone. A
//! reader that has stopped reading answers each probe of its window.
//!
//! Bound: one question per connection each half a minute. It refuses to guess: where the kernel cannot be asked (no
//! `AF_NETLINK`) nobody is ended, and the kernel's quarter of an hour holds.

use std::net::SocketAddr;
use std::time::Duration;

use netlink_packet_sock_diag::inet::ExtensionFlags;
use netlink_packet_sock_diag::inet::nlas::Nla;

use crate::access::Peer;
use crate::sock_diag::{SockDiag, is_about};

/// So many attempts in turn have no answer: one may be under way just now.
const UNANSWERED: u8 = 2;

/// Completes when nobody at the other end has answered for `patience` although something is under way. Cancel safe.
pub(crate) async fn outlasts(patience: Duration, peer: &Peer, kernel: &SockDiag) {
    loop {
        tokio::time::sleep(patience / 4).await;
        if since(kernel, peer.local(), peer.remote()).is_some_and(|silence| silence >= patience) {
            return;
        }
    }
}

/// For how long attempts to reach the other end have had no answer; `None` while there are none of those.
fn since(kernel: &SockDiag, local: SocketAddr, remote: SocketAddr) -> Option<Duration> {
    let found = kernel.ask(local, remote, ExtensionFlags::INFO).ok()??;
    let info = found.nlas.iter().find_map(|nla| match nla {
        Nla::TcpInfo(info) => Some(info.as_slice()),
        _ => None,
    });
    info.filter(|_| is_about(&found.header, local, remote)).and_then(silence)
}

/// Of a `struct tcp_info` (linux/tcp.h), whose fields never move.
fn silence(info: &[u8]) -> Option<Duration> {
    let [_, _, retransmits, probes] = *info.first_chunk::<4>()?;
    let last_ack_recv = u32::from_ne_bytes(info.get(56..60)?.try_into().ok()?);
    (retransmits.max(probes) >= UNANSWERED).then_some(Duration::from_millis(last_ack_recv.into()))
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;
    use std::net::{TcpListener, TcpStream};

    use super::*;

    #[test]
    fn our_end_of_a_connection_is_found_over_each_kind_of_listener_and_who_has_stopped_reading_is_not_silent() {
        let kernel = SockDiag::open();
        for (listen, to) in
            [("127.0.0.1:0", "127.0.0.1"), ("[::1]:0", "::1"), ("[::]:0", "127.0.0.1"), ("[::]:0", "::1")]
        {
            let listener = TcpListener::bind(listen).expect("a listener");
            let port = listener.local_addr().expect("an address").port();
            let _reads_nothing = TcpStream::connect((to, port)).expect("a connection");
            let (mut ours, remote) = listener.accept().expect("accepted");
            ours.set_nonblocking(true).expect("a socket");
            while ours.write(&[b'x'; 1 << 16]).is_ok() {}
            let peer = Peer::new(remote, ours.local_addr().expect("an address"));
            let found = kernel.ask(peer.local(), peer.remote(), ExtensionFlags::INFO).expect("an answer");
            let found = found.expect("a connection");
            assert!(is_about(&found.header, peer.local(), peer.remote()), "{listen}: {found:?}");
            assert!(found.nlas.iter().any(|nla| matches!(nla, Nla::TcpInfo(info) if info.len() >= 60)), "{found:?}");
            assert_eq!(since(&kernel, peer.local(), peer.remote()), None, "{listen}");
        }
    }

    #[test]
    fn silence_is_the_time_since_the_last_answer_once_two_attempts_have_none() {
        let mut info = [0; 104];
        info[56..60].copy_from_slice(&9000_u32.to_ne_bytes());
        for (retransmits, probes, silent) in [(0, 0, false), (1, 1, false), (2, 0, true), (0, 2, true)] {
            info[2..4].copy_from_slice(&[retransmits, probes]);
            assert_eq!(silence(&info), silent.then_some(Duration::from_secs(9)));
        }
        assert_eq!(silence(&info[..58]), None);
    }
}
