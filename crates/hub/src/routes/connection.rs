//! `GET connection`: how this very request arrived, and `GET connection/probe`: a WebSocket and a slow answer to try. With
//! both the page finds out what a proxy in front holds back, and which setting it lacks.
//!
//! The first is open to everybody, since a wrong name is refused everywhere else: it says to whoever asks what they sent, as
//! it came. The second holds a connection for half a minute, so it is for viewers.

use std::convert::Infallible;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::body::{Body, Bytes};
use axum::extract::{Extension, RawQuery, Request, State};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, SEC_WEBSOCKET_KEY};
use serde::Serialize;
use tailcast_fdguard::Conn;
use utoipa::ToSchema;

use crate::access::{Access, Asked, Need, Peer, Visitor};
use crate::frames::{Code, Frame, Handshake, Kind, Limits, Message, Socket, wants_websocket};
use crate::hub::Hub;
use crate::probes::{Arrived, LONGEST_NAME};
use crate::problem::Problem;
use crate::viewers::{number, pairs, switching, unknown};

/// Pieces of an answer that is tried, and the longest pause between two, in milliseconds.
const MAX_PIECES: u64 = 10;
const MAX_PAUSE: u64 = 30_000;
/// How long the last words may take.
const FINISH: Duration = Duration::from_secs(2);

/// How a request arrived.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Connection {
    arrived: Arrived,
    /// How the one that was named by `probe` arrived; null when none did.
    #[schema(required)]
    probe: Option<Arrived>,
    /// Whether the name that it came under is one that the hub answers to.
    host_known: bool,
    /// Whether a page of `origin` may open a WebSocket here.
    #[schema(required)]
    origin_known: Option<bool>,
    /// By what one sees that somebody passed it on.
    #[schema(required)]
    passed_on: Option<String>,
    /// Whether the other end of the connection is among `trusted_proxies`.
    trusted: bool,
    /// The other end; only told to whoever may look at logs.
    #[schema(required, value_type = Option<String>)]
    peer: Option<IpAddr>,
    /// The port that it came to.
    port: u16,
    /// Whether whoever asks may look at logs.
    admitted: bool,
    /// A live view may be silent for so many seconds, not longer.
    silence: u64,
}

/// How this request arrived, for whoever sets up a proxy.
#[utoipa::path(get, path = "/api/v1/connection", tag = "health",
    params(
        ("origin" = Option<String>, Query, description = "The origin of the page that asks, as its browser calls it"),
        ("probe" = Option<String>, Query, description = "The name of a request to `connection/probe`: how did that arrive?"),
    ),
    responses((status = 200, description = "What the hub saw", body = Connection)))]
pub(crate) async fn connection(
    State(hub): State<Arc<Hub>>,
    State(access): State<Arc<Access>>,
    Extension(peer): Extension<Peer>,
    RawQuery(query): RawQuery,
    request: Request,
) -> Result<Response, Problem> {
    let (mut origin, mut probe) = (None, None);
    for (key, value) in pairs(&query.unwrap_or_default()) {
        match key.as_str() {
            "origin" => origin = Some(value),
            "probe" => probe = hub.probes.find(&value),
            other => return Err(unknown(other)),
        }
    }
    let admitted = access.admit(Asked::from(&request), &peer, Need::Viewer).is_ok();
    let passage = access.passage(Asked::from(&request), &peer, origin.as_deref());
    let connection = Connection {
        arrived: Arrived::of(request.version(), request.headers()),
        probe,
        host_known: passage.host_known,
        origin_known: passage.origin_known,
        passed_on: passage.passed_on,
        trusted: passage.trusted,
        peer: admitted.then(|| peer.remote().ip()),
        port: peer.local().port(),
        admitted,
        silence: hub.config.patience.ping.max(hub.config.patience.comment).as_secs(),
    };
    Ok(([(CACHE_CONTROL, "no-store")], Json(connection)).into_response())
}

/// What is tried.
struct Trial {
    name: Option<String>,
    pieces: u64,
    pause: Duration,
}

impl Trial {
    fn parse(query: &str) -> Result<Self, Problem> {
        let mut trial = Trial { name: None, pieces: 2, pause: Duration::ZERO };
        for (key, value) in pairs(query) {
            match key.as_str() {
                "name" if (1..=LONGEST_NAME).contains(&value.len()) => trial.name = Some(value),
                "name" => return Err(Problem::bad_request(format!("`name` has 1 to {LONGEST_NAME} bytes"))),
                "pieces" => trial.pieces = number(&key, &value, MAX_PIECES)?,
                "pause" => trial.pause = Duration::from_millis(number(&key, &value, MAX_PAUSE)?),
                other => return Err(unknown(other)),
            }
        }
        Ok(trial)
    }
}

/// A WebSocket, or an event stream in pieces, with pauses in which nothing is said.
#[utoipa::path(get, path = "/api/v1/connection/probe", tag = "health",
    params(
        ("name" = Option<String>, Query, description = "Ask `connection?probe=NAME` how this request arrived"),
        ("pieces" = Option<u64>, Query, description = "So many comments; default 2, at most 10"),
        ("pause" = Option<u64>, Query, description = "Milliseconds of silence before each but the first, at most 30,000"),
    ),
    responses(
        (status = 101, description = "WebSocket: a text, and after the pause another one and the close"),
        (status = 200, description = "The pieces, each an event-stream comment", content_type = "text/event-stream"),
        (status = 426, description = "A WebSocket was asked for, and a proxy took the upgrade out of the request", body = Problem),
    ))]
pub(crate) async fn probe(
    State(hub): State<Arc<Hub>>,
    _: Visitor,
    RawQuery(query): RawQuery,
    request: Request,
) -> Result<Response, Problem> {
    let trial = Trial::parse(&query.unwrap_or_default())?;
    if let Some(name) = &trial.name {
        hub.probes.note(name.clone(), Arrived::of(request.version(), request.headers()));
    }
    if wants_websocket(request.version(), request.headers()) {
        return websocket(&hub, trial.pause, request);
    }
    if request.headers().contains_key(SEC_WEBSOCKET_KEY) {
        return Err(Problem::upgrade_is_gone());
    }
    Ok(pieces(hub, &trial))
}

fn pieces(hub: Arc<Hub>, trial: &Trial) -> Response {
    let (all, pause) = (trial.pieces, trial.pause);
    let pieces = stream::unfold((hub, 0), move |(hub, sent)| async move {
        if sent == all {
            return None;
        }
        if sent > 0 {
            tokio::select! {
                () = tokio::time::sleep(pause) => (),
                () = hub.stop.cancelled() => return None,
            }
        }
        Some((Ok::<_, Infallible>(Bytes::from(format!(": {sent}\n\n"))), (hub, sent + 1)))
    });
    // As a live view is answered: what happens to this happens to that.
    let headers = [(CONTENT_TYPE, "text/event-stream"), (CACHE_CONTROL, "no-store")];
    (headers, [("x-accel-buffering", "no")], Body::from_stream(pieces)).into_response()
}

fn websocket(hub: &Arc<Hub>, pause: Duration, mut request: Request) -> Result<Response, Problem> {
    let handshake =
        Handshake::new(request.headers(), &[]).map_err(|refusal| Problem::bad_request(refusal.to_string()))?;
    let response = switching(&handshake);
    let upgrade = hyper::upgrade::on(&mut request);
    let stop = hub.stop.clone();
    hub.tasks.spawn(async move {
        let Some((stream, read)) = crate::upgraded(upgrade).await else { return };
        let mut socket = Socket::new(stream, read, Limits::default());
        say(&mut socket, "open").await;
        tokio::select! {
            () = tokio::time::sleep(pause) => (),
            () = stop.cancelled() => (),
            () = until_it_leaves(&mut socket) => (),
        }
        say(&mut socket, "end").await;
        socket.close(Code::NORMAL, "");
        // Bounded, and nobody is left to be told of a failure.
        drop(tokio::time::timeout(FINISH, socket.finish()).await);
    });
    Ok(response)
}

/// A word, on its way before anything else is done: a close would overtake it. To somebody who has gone it need not come.
async fn say(socket: &mut Socket<Conn>, word: &'static str) {
    if socket.send(Frame::encode(Kind::Text, word)).is_ok() {
        drop(tokio::time::timeout(FINISH, socket.flush()).await);
    }
}

async fn until_it_leaves(socket: &mut Socket<Conn>) {
    while !matches!(socket.recv().await, Ok(Message::Close(_)) | Err(_)) {}
}
