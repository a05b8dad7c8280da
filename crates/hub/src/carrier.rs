//! The connection under HTTP, as its requests can reach it: hyper owns the stream while it serves, and a stream to somebody
//! who takes nothing is not asked for more, so neither can be told from above that it is over.
//!
//! It adds nothing to the bytes. A response that never ends gives two orders through its [`Reins`]: that nobody waits for
//! whoever acknowledges nothing, and that the connection is cut.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use tailcast_fdguard::Conn;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_util::sync::CancellationToken;

use crate::patience::Patience;

/// What a request can do to the connection that it came over: in its extensions. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub(crate) struct Reins(Arc<Orders>);

#[derive(Debug, Default)]
struct Orders {
    hurry: AtomicBool,
    cut: CancellationToken,
}

impl Reins {
    /// From the next write on the kernel gives up on whoever acknowledges nothing.
    pub(crate) fn hurry(&self) {
        self.0.hurry.store(true, Ordering::Relaxed);
    }

    /// Ends the connection, in the middle of whatever it is.
    pub(crate) fn cut(&self) {
        self.0.cut.cancel();
    }

    /// Completes when it is to be cut.
    pub(crate) async fn is_cut(&self) {
        self.0.cut.cancelled().await;
    }
}

/// The connection.
#[derive(Debug)]
pub(crate) struct Carrier {
    conn: Conn,
    reins: Reins,
    patience: Patience,
}

impl Carrier {
    pub(crate) fn new(conn: Conn, reins: Reins, patience: Patience) -> Self {
        Self { conn, reins, patience }
    }

    /// The connection itself, when it has become something else than HTTP.
    pub(crate) fn into_conn(self) -> Conn {
        self.conn
    }

    fn obey(&self) -> io::Result<()> {
        if self.reins.0.hurry.load(Ordering::Relaxed) && self.reins.0.hurry.swap(false, Ordering::Relaxed) {
            self.patience.hurry(self.conn.get_ref())?;
        }
        Ok(())
    }
}

impl AsyncRead for Carrier {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.conn).poll_read(cx, buf)
    }
}

impl AsyncWrite for Carrier {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.obey()?;
        Pin::new(&mut self.conn).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.obey()?;
        Pin::new(&mut self.conn).poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.conn.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.conn).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.conn).poll_shutdown(cx)
    }
}
