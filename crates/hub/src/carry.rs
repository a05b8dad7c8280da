//! The link of an agent that dialled in: its WebSocket on one side, the pipe that the agent in `serve` uses on the other.
//!
//! Moves messages and nothing else. A queue that is full stops the reading, so TCP holds the agent back. The hub pings a
//! silent link, so that each side notices within a minute that the other one has gone without a word.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_util::future::{Either, select};
use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt, StreamExt};
use tailcast_fdguard::{Class, Conn};
use tailcast_wire::{Hello, LINK_PROTOCOL, MAX_MESSAGE};
use tokio::sync::mpsc;
use tokio_websockets::{Config, Limits, Message, ServerBuilder, WebSocketStream};

use crate::access::Visitor;
use crate::frames::{Handshake, wants_websocket};
use crate::guests::{Guest, Leave};
use crate::hub::Hub;
use crate::ingest::{self, Caller};
use crate::link::{Pipe, Whence};
use crate::patience::Patience;
use crate::problem::Problem;
use crate::pulse::Pulse;
use crate::viewers::switching;

/// `GET agent`: an agent dials in.
pub(crate) async fn agent(State(hub): State<Arc<Hub>>, visitor: Visitor, mut request: Request) -> Response {
    if !wants_websocket(request.version(), request.headers()) {
        return Problem::bad_request("agents come here by WebSocket: `tailcast agent --hub URL`").into_response();
    }
    let handshake = match Handshake::new(request.headers(), &[LINK_PROTOCOL]) {
        Ok(handshake) if handshake.protocol.is_some() => handshake,
        Ok(_) => return Problem::bad_request(format!("the subprotocol of agents is {LINK_PROTOCOL}")).into_response(),
        Err(refusal) => return Problem::bad_request(refusal.to_string()).into_response(),
    };
    let response = switching(&handshake);
    let upgrade = hyper::upgrade::on(&mut request);
    let tasks = hub.tasks.clone();
    tasks.spawn(async move {
        let Some((mut conn, early)) = crate::upgraded(upgrade).await else { return };
        drop(request);
        if !early.is_empty() || conn.slot_mut().become_one_of(Class::Links).is_err() {
            tracing::warn!(client = %visitor.client, "an agent was turned away: no room for its link, or it spoke too early");
            return;
        }
        serve(&hub, &visitor, conn).await;
    });
    response
}

async fn serve(hub: &Hub, visitor: &Visitor, conn: Conn) {
    let limits = Limits::default().max_payload_len(Some(MAX_MESSAGE));
    // Messages come whole from a peer that writes them whole; a frame is flushed when the queue is empty.
    let config = Config::default().flush_threshold(64 * 1024);
    let socket = ServerBuilder::new().limits(limits).config(config).serve(conn);
    let (pipe, Pipe { tx: to_hub, rx: from_hub }) = Pipe::pair();
    let admit = |hello: &Hello| match visitor.may_speak_for(hello.host.as_str()) {
        true => Ok(()),
        false => Err(format!(
            "its token does not allow the name {}: `tailcast token add --agent {}`",
            hello.host, hello.host
        )),
    };
    let guest = hub.guests.enter(visitor.standing, None);
    let pulse = Arc::new(Pulse::default());
    let caller = Caller {
        whence: Whence::Dialled(visitor.client),
        credential: Some(visitor.credential()),
        pulse: Arc::clone(&pulse),
        admit: &admit,
        over: Box::pin(is_over(&guest)),
    };
    let patience = &hub.config.patience;
    let served = pin!(ingest::serve(&hub.agents, pipe, caller, &hub.stop));
    let carried = pin!(carry(socket, Pipe { tx: to_hub, rx: from_hub }, &pulse, patience));
    let why = match select(served, carried).await {
        Either::Left((why, carried)) => {
            // The last words are on their way; who does not take them is not waited for.
            drop(tokio::time::timeout(patience.last_words, carried).await);
            why
        }
        // Its queue ends with the socket: it takes what has come, and then tells the viewers that the agent has gone.
        Either::Right(((), served)) => served.await,
    };
    tracing::debug!(client = %visitor.client, %why, "a link ended");
}

/// Completes when the agent may be linked no longer, and says why; that the hub stops it is told by other means.
async fn is_over(guest: &Guest) -> &'static str {
    match guest.asked_to_leave().await {
        Leave::NotAdmitted(over) => over.words(),
        // An agent holds nothing of what viewers hold.
        Leave::HubStops | Leave::RoomNeeded => std::future::pending().await,
    }
}

/// Moves messages until either side ends. The two directions do not wait for each other: an agent that does not read its
/// questions must not be kept from sending its lines, nor the other way round.
async fn carry(socket: WebSocketStream<Conn>, hub: Pipe, pulse: &Pulse, patience: &Patience) {
    let (sink, stream) = socket.split();
    let ear = Ear { heard: AtomicBool::new(true), pulse };
    tokio::select! {
        () = inward(stream, hub.tx, &ear) => (),
        () = outward(sink, hub.rx, &ear, patience) => (),
    }
}

/// What is heard of the agent, whatever it says.
struct Ear<'a> {
    /// Since it was last looked.
    heard: AtomicBool,
    pulse: &'a Pulse,
}

async fn inward(mut stream: SplitStream<WebSocketStream<Conn>>, to_hub: mpsc::Sender<Bytes>, ear: &Ear<'_>) {
    while let Some(Ok(message)) = stream.next().await {
        ear.heard.store(true, Ordering::Relaxed);
        ear.pulse.alive();
        if message.is_pong() {
            ear.pulse.pong(message.as_payload());
        }
        if message.is_binary() && to_hub.send(message.into_payload().into()).await.is_err() {
            return;
        }
    }
}

async fn outward(
    mut sink: SplitSink<WebSocketStream<Conn>, Message>,
    mut from_hub: mpsc::Receiver<Bytes>,
    ear: &Ear<'_>,
    patience: &Patience,
) {
    let mut ping = tokio::time::interval(patience.link_ping);
    // As long as an agent that is silent has: one that does not read is no better.
    let longest = patience.link_ping * (u32::from(patience.pings) + 1);
    let mut silent = 0;
    loop {
        let message = tokio::select! {
            message = from_hub.recv() => match message {
                Some(bytes) => Message::binary(bytes),
                None => break,
            },
            _ = ping.tick() => {
                silent = if ear.heard.swap(false, Ordering::Relaxed) { 0 } else { silent + 1 };
                if silent > patience.pings {
                    return;
                }
                Message::ping(Bytes::copy_from_slice(&ear.pulse.ping()))
            }
        };
        if !matches!(tokio::time::timeout(longest, sink.send(message)).await, Ok(Ok(()))) {
            return;
        }
    }
    // The last words are out; whether the peer hears the close does not matter.
    drop(tokio::time::timeout(Duration::from_secs(1), sink.close()).await);
}
