//! The administrator's door: a Unix socket that the budget of descriptors never refuses, so that a hub without room can still be
//! asked why. `curl --unix-socket STATE/admin.sock http://localhost/metrics`.
//!
//! One connection after the other, each for ten seconds at most and without keep-alive: it needs one descriptor, and that is held
//! in advance. One that asks nothing gives way to whoever comes behind it, so that a script that hangs holds nobody up. Everything of the hub is answered there but what does not end within that time. Whoever can open the socket is the
//! owner: it lies in the state folder, and the kernel says who is at the other end.

use std::convert::Infallible;
use std::fs;
use std::io;
use std::os::fd::AsFd as _;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixStream as StdStream;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use futures_util::FutureExt as _;
use http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use tailcast_fdguard::Spare;
use tokio::net::{UnixListener, UnixStream};
use tower_service::Service;

use crate::access::Peer;
use crate::carrier::Reins;
use crate::hub::Hub;
use crate::routes;

/// How long one connection may take, from its beginning to its end.
const TURN: Duration = Duration::from_secs(10);
/// How long its request may take.
const HEAD: Duration = Duration::from_secs(2);
/// How long it may say nothing while others wait behind it: a program on this machine sends its request with its connection.
const SILENT: Duration = Duration::from_millis(50);
/// The pause when not even the descriptor that was held helps.
const AGAIN: Duration = Duration::from_millis(100);

/// The socket. Gone from the disk with this.
#[derive(Debug)]
pub struct AdminDoor {
    listener: UnixListener,
    path: PathBuf,
    spare: Spare,
}

impl AdminDoor {
    /// Opens it at `path`, for the user of this process alone. What another hub left there that was killed is replaced. `spare` is
    /// the descriptor for its visitors: opened early it has a low number, which serves under any limit. Needs a tokio runtime.
    ///
    /// # Errors
    /// As bind(2): `AddrInUse` when another hub serves there.
    pub fn open(path: PathBuf, spare: Spare) -> io::Result<Self> {
        let is_left_over = |error: io::Error| error.kind() == io::ErrorKind::ConnectionRefused;
        if StdStream::connect(&path).is_err_and(is_left_over) {
            fs::remove_file(&path)?;
        }
        let listener = UnixListener::bind(&path)?;
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600))?;
        Ok(Self { listener, path, spare })
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Serves until the hub is stopped.
    pub async fn serve(mut self, hub: Arc<Hub>) {
        let router = routes::router(&hub);
        let serving = async {
            loop {
                let Some(stream) = self.accept().await else {
                    tokio::time::sleep(AGAIN).await;
                    continue;
                };
                self.turn(&router, stream).await;
                self.spare.hold_again();
            }
        };
        tokio::select! {
            () = hub.stop.cancelled() => (),
            () = serving => (),
        }
    }

    /// Serves one connection, unless it takes too long or keeps others from asking.
    async fn turn(&self, router: &Router, stream: UnixStream) {
        let asked = AtomicBool::new(false);
        tokio::select! {
            () = connection(router, stream, &asked) => (),
            () = tokio::time::sleep(TURN) => {
                tracing::info!("a connection to the administrator's socket took too long and is cut");
            }
            () = self.is_in_the_way(&asked) => {
                tracing::debug!("a connection to the administrator's socket asked nothing while others waited, and is cut");
            }
        }
    }

    /// Ends when the connection that is served has been silent for its time and somebody waits behind it.
    async fn is_in_the_way(&self, asked: &AtomicBool) {
        loop {
            tokio::time::sleep(SILENT).await;
            if !asked.load(Ordering::Relaxed) && self.somebody_waits() {
                return;
            }
        }
    }

    /// Looks without accepting, for which there may be no descriptor.
    fn somebody_waits(&self) -> bool {
        let mut listening = [PollFd::from_borrowed_fd(self.listener.as_fd(), PollFlags::IN)];
        poll(&mut listening, Some(&Timespec::default())).is_ok_and(|ready| ready > 0)
    }

    /// The next connection; `None` when the kernel has no descriptor even in the place of the spare one.
    async fn accept(&mut self) -> Option<UnixStream> {
        let accepted = match self.listener.accept().await {
            Ok(accepted) => {
                // One descriptor for the spare and its visitor, or the books would have a viewer too many while somebody asks.
                self.spare.give_up();
                Some(accepted)
            }
            Err(_) => self.spare.lend(|| self.listener.accept().now_or_never()?.ok()),
        };
        accepted.map(|(stream, _)| stream)
    }
}

impl Drop for AdminDoor {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_file(&self.path) {
            tracing::debug!(%error, "the administrator's socket stays behind; the next hub replaces it");
        }
    }
}

async fn connection(router: &Router, stream: UnixStream, asked: &AtomicBool) {
    let peer = match stream.peer_cred() {
        Ok(credentials) => Peer::of_user(credentials.uid()),
        Err(error) => return tracing::warn!(%error, "who is at the administrator's socket is not known"),
    };
    let service = service_fn(|request| {
        asked.store(true, Ordering::Relaxed);
        answer(router.clone(), request, peer.clone())
    });
    let http = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD)
        .keep_alive(false)
        .serve_connection(TokioIo::new(stream), service);
    if let Err(error) = http.await {
        tracing::debug!(%error, "a connection to the administrator's socket ended");
    }
}

async fn answer(
    mut router: Router,
    mut request: Request<Incoming>,
    peer: Peer,
) -> Result<axum::response::Response, Infallible> {
    request.extensions_mut().insert(peer);
    request.extensions_mut().insert(Reins::default());
    router.call(request.map(Body::new)).await
}
