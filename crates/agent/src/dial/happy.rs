//! One TCP connection to a name that may have many addresses, some of them dead: happy eyeballs (RFC 8305), small.
//!
//! Families take turns; the next address starts when the one before it failed or has been silent for 250 ms, and the
//! first to answer wins. Without this, a host with a broken IPv6 route costs its agents two minutes.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::{TcpStream, lookup_host};
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::PATIENCE;
use super::error::DialError;

/// How long the next address waits for the one before it (recommended by RFC 8305 §5).
const STAGGER: Duration = Duration::from_millis(250);
/// At most so many addresses are tried; a name with more has a fault that trying does not mend.
const MOST_ADDRESSES: usize = 16;

/// Connects to the first address of `host` that answers, within [`PATIENCE`] in all.
pub(super) async fn connect(host: &str, port: u16) -> Result<TcpStream, DialError> {
    let shown = if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") };
    let late = DialError::Late { what: "a connection", host: shown.clone() };
    let reach = async {
        let found = lookup_host((host, port)).await;
        let found = found.map_err(|source| DialError::UnknownName { host: host.to_owned(), source })?;
        race(take_turns(found.collect())).await.map_err(|source| match source.kind() {
            io::ErrorKind::ConnectionRefused => DialError::Refused { host: shown },
            _ => DialError::Unreachable { host: shown, source },
        })
    };
    timeout(PATIENCE, reach).await.map_err(|_| late)?
}

/// The first address that answers; else the error of the last one that failed.
async fn race(addresses: Vec<SocketAddr>) -> io::Result<TcpStream> {
    let mut waiting = addresses.into_iter();
    // Dropping the set aborts the losers and closes their sockets.
    let mut racers = JoinSet::new();
    let mut last = io::Error::new(io::ErrorKind::AddrNotAvailable, "the name has no address");
    loop {
        if let Some(address) = waiting.next() {
            racers.spawn(TcpStream::connect(address));
        } else if racers.is_empty() {
            return Err(last);
        }
        let finished = match waiting.len() {
            0 => racers.join_next().await,
            _ => timeout(STAGGER, racers.join_next()).await.unwrap_or(None),
        };
        match finished {
            Some(Ok(Ok(stream))) => return Ok(stream),
            Some(Ok(Err(error))) => last = error,
            Some(Err(panicked)) => last = io::Error::other(panicked),
            None => {}
        }
    }
}

/// The resolver's order (RFC 6724), but the two families in turns.
fn take_turns(addresses: Vec<SocketAddr>) -> Vec<SocketAddr> {
    let first_is_v6 = addresses.first().is_some_and(SocketAddr::is_ipv6);
    let (first, second): (Vec<_>, Vec<_>) = addresses.into_iter().partition(|a| a.is_ipv6() == first_is_v6);
    let mut second = second.into_iter();
    let mut turns = Vec::with_capacity(MOST_ADDRESSES);
    for address in first {
        turns.push(address);
        turns.extend(second.next());
    }
    turns.extend(second);
    turns.truncate(MOST_ADDRESSES);
    turns
}

#[cfg(test)]
mod tests {
    use super::*;

    fn addresses(texts: &[&str]) -> Vec<SocketAddr> {
        texts.iter().map(|text| text.parse().unwrap()).collect()
    }

    #[test]
    fn the_families_take_turns_and_none_is_forgotten() {
        let given = addresses(&["[::1]:1", "[::2]:1", "[::3]:1", "1.1.1.1:1", "2.2.2.2:1"]);
        let turns = addresses(&["[::1]:1", "1.1.1.1:1", "[::2]:1", "2.2.2.2:1", "[::3]:1"]);
        assert_eq!(take_turns(given), turns);
        assert_eq!(take_turns(addresses(&["1.1.1.1:1", "[::1]:1", "[::2]:1"])).len(), 3);
    }

    #[tokio::test]
    async fn an_address_that_refuses_gives_way_to_the_next() {
        let open = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let shut = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let address = open.local_addr().unwrap();
        assert_eq!(race(vec![shut, address]).await.unwrap().peer_addr().unwrap(), address);
    }

    #[tokio::test]
    async fn a_port_without_a_listener_is_told_as_that() {
        let shut = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let error = connect("127.0.0.1", shut.port()).await.unwrap_err();
        assert!(matches!(error, DialError::Refused { .. }), "{error}");
    }
}
