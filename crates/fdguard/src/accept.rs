//! Where connections come from: a listening socket that is asked, never waited in.
//!
//! The listener must take a place in the budget before it accepts, so readiness and `accept(2)` are two steps here,
//! which tokio's own listener does not offer. Its backlog of 128 would not do either: 5,000 clients that come at once
//! overflow it, and each connection dropped that way is retried after one second. A test hands in its own [`Accept`].

use std::future::Future;
use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::fd::OwnedFd;

use rustix::net::{SocketFlags, acceptfrom_with};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tokio::net::TcpSocket;

use crate::Error;
use crate::overflows::BACKLOG;

/// A source of connections.
pub trait Accept: Send + Sync + 'static {
    /// Completes when [`Accept::take`] is worth a try. Cancellation safe.
    fn ready(&self) -> impl Future<Output = io::Result<()>> + Send;

    /// Takes one connection, already non-blocking. Never waits: `WouldBlock` when there is none, and then
    /// [`Accept::ready`] waits for the next.
    ///
    /// # Errors
    /// As accept(2).
    fn take(&self) -> io::Result<(TcpStream, SocketAddr)>;
}

/// A listening TCP socket.
#[derive(Debug)]
pub struct TcpAcceptor {
    socket: AsyncFd<TcpListener>,
}

impl TcpAcceptor {
    /// Listens with a backlog of 4096 and SO_REUSEADDR, so that a restart does not wait for old connections.
    ///
    /// # Errors
    /// [`Error::Listen`], when the address is taken, say.
    pub fn bind(address: SocketAddr) -> Result<Self, Error> {
        let listen = || {
            let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
            socket.set_reuseaddr(true)?;
            socket.bind(address)?;
            Self::register(socket.listen(BACKLOG)?.into_std()?)
        };
        listen().map_err(|source| Error::Listen { address, source })
    }

    /// Takes over a socket that listens already (socket activation), and asks for the same backlog on it.
    ///
    /// # Errors
    /// [`Error::Inherited`], when it is no listening socket.
    pub fn from_std(listener: TcpListener) -> Result<Self, Error> {
        let adopt = || {
            listener.set_nonblocking(true)?;
            // On a socket that listens, listen(2) changes the backlog and nothing else.
            rustix::net::listen(&listener, BACKLOG as i32)?;
            Self::register(listener)
        };
        adopt().map_err(Error::Inherited)
    }

    /// Where it listens: the real port when 0 was asked for.
    ///
    /// # Errors
    /// As getsockname(2).
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.socket.get_ref().local_addr()
    }

    #[allow(
        deprecated,
        reason = "its successor is an unsafe fn, for the sake of types that may close their descriptor early; a std \
                  TcpListener cannot"
    )]
    fn register(listener: TcpListener) -> io::Result<Self> {
        Ok(Self { socket: AsyncFd::with_interest(listener, Interest::READABLE)? })
    }
}

impl Accept for TcpAcceptor {
    async fn ready(&self) -> io::Result<()> {
        self.socket.readable().await?.retain_ready();
        Ok(())
    }

    fn take(&self) -> io::Result<(TcpStream, SocketAddr)> {
        self.socket.try_io(Interest::READABLE, |listener| {
            let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
            let (stream, peer): (OwnedFd, _) = acceptfrom_with(listener, flags)?;
            // A TCP socket always has an address of its family; one that has none was reset meanwhile.
            let peer = peer.and_then(|peer| SocketAddr::try_from(peer).ok()).ok_or(io::ErrorKind::ConnectionAborted)?;
            Ok((stream.into(), peer))
        })
    }
}
