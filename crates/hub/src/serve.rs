//! The front door: connections that fit into the budget become HTTP; those that do not are refused in words.
//!
//! Our own accept loop (`fdguard`), never axum's: limits on headers and idle connections, the addresses for the gate, and
//! an end that tells everybody. HTTP/1 only: a browser then opens a connection of its own for each WebSocket, which is
//! what lets the hub write one frame to many sockets.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::response::Response;
use http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tailcast_fdguard::{Accepted, Bell, Conn, Listener};
use tower_service::Service;

use crate::access::Peer;
use crate::carrier::{Carrier, Reins};
use crate::crowd::Knock;
use crate::hub::Hub;
use crate::leisure::until_idle;
use crate::routes;
use crate::silence;

/// How long a request's head may take, and how long a connection may idle between two.
const HEAD: Duration = Duration::from_secs(10);
/// The largest head of a request, in bytes. A filter travels in it.
const HEAD_BYTES: usize = 32 << 10;
/// How long, when the hub stops, the first request of a connection that was just let in may be on its way.
const FIRST: Duration = Duration::from_millis(500);
/// How long the connections have to end when the hub stops.
const DRAIN: Duration = Duration::from_millis(2500);

/// Serves until the hub is stopped, and then until the last connection has ended or its time is up.
pub async fn serve(hub: &Arc<Hub>, mut listener: Listener) {
    let router = routes::router(hub);
    if let Ok(address) = listener.local_addr() {
        // A hub that serves two listeners is told by the first.
        hub.address.get_or_init(|| address);
    }
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                hub.tasks.spawn(connection(Arc::clone(hub), router.clone(), accepted));
            }
            () = hub.stop.cancelled() => break,
        }
    }
    drop(listener);
    if tokio::time::timeout(DRAIN, hub.tasks.wait()).await.is_err() {
        tracing::info!(left = hub.tasks.len(), "some connections did not end in time and are cut");
    }
}

async fn connection(hub: Arc<Hub>, router: Router, accepted: Accepted) {
    let remote = accepted.peer;
    let local = accepted.stream.local_addr().unwrap_or_else(|_| SocketAddr::from(([0, 0, 0, 0], 0)));
    let peer = Peer::new(remote, local);
    let patience = hub.config.patience;
    if let Err(e) = patience.probe(&accepted.stream) {
        tracing::debug!(client = %remote, "a connection that is not probed, it has ended perhaps: {e}");
    }
    let reins = Reins::default();
    let asked = AtomicBool::new(false);
    let (bell, class) = (accepted.slot.bell(), accepted.slot.class());
    let service = service_fn(|mut request: Request<Incoming>| {
        asked.store(true, Ordering::Relaxed);
        bell.is_busy();
        request.extensions_mut().insert(peer.clone());
        request.extensions_mut().insert(reins.clone());
        let refusal = Knock { peer: &peer, bell: &bell, class }.refusal(&hub, &mut request);
        answer(router.clone(), request, bell.clone(), refusal)
    });
    let carrier = Carrier::new(accepted.into_conn(), reins.clone(), patience);
    let http = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD)
        .max_buf_size(HEAD_BYTES)
        .serve_connection(TokioIo::new(carrier), service)
        .with_upgrades();
    tokio::pin!(http);
    let mut is_last = false;
    let ended = loop {
        tokio::select! {
            ended = http.as_mut() => break ended,
            () = reins.is_cut() => return,
            () = silence::outlasts(patience.unanswered(), &peer, hub.access.kernel()) => {
                return tracing::debug!(client = %remote, "a connection is cut whose other end answers nothing any more");
            }
            () = last_orders(&hub, &asked, &bell), if !is_last => {
                is_last = true;
                http.as_mut().graceful_shutdown();
            }
        }
    };
    if let Err(e) = ended {
        if e.is_timeout() && !asked.load(Ordering::Relaxed) {
            bell.was_silent();
        }
        tracing::debug!(client = %remote, "a connection ended: {e}");
    }
}

/// Waits until the connection is idle and its place is needed, or until the hub stops, and then a little longer where nothing was
/// asked yet: who was let in is answered.
async fn last_orders(hub: &Hub, asked: &AtomicBool, bell: &Bell) {
    tokio::select! {
        () = bell.rings() => return,
        () = hub.stop.cancelled() => (),
    }
    if !asked.load(Ordering::Relaxed) {
        tokio::time::sleep(FIRST).await;
    }
}

async fn answer(
    mut router: Router,
    request: Request<Incoming>,
    bell: Bell,
    refusal: Option<Response>,
) -> Result<Response, Infallible> {
    let response = match refusal {
        Some(refusal) => refusal,
        None => router.call(request.map(Body::new)).await?,
    };
    Ok(until_idle(response, bell))
}

/// The stream behind an upgrade, with what was read of it already; `None` when the client left in the middle.
pub(crate) async fn upgraded(upgrade: hyper::upgrade::OnUpgrade) -> Option<(Conn, bytes::Bytes)> {
    let parts = upgrade.await.ok()?.downcast::<TokioIo<Carrier>>().ok()?;
    Some((parts.io.into_inner().into_conn(), parts.read_buf))
}
