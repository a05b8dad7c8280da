//! What is said, on its way to a viewer: WebSocket, or server-sent events, or one answer at a time.
//!
//! All three begin with what was said after the place where the viewer stands, and then follow a feed. One that is too
//! slow is told so, and the page asks again from there.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use hyper::body::{Body, Frame};
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use serde::Deserialize;
use tailcast_fanout::{Event, Feed};
use tokio::time::{Interval, interval, timeout};
use tokio_websockets::{Limits, Message, ServerBuilder};

use crate::room::{Entered, Room};
use crate::said::Place;

/// So long an answer waits for something to be said.
const POLL: Duration = Duration::from_secs(25);
/// So often a silent stream says that it is there, before a proxy takes it for dead.
const BEAT: Duration = Duration::from_secs(15);

/// What a viewer is sent who was too slow.
const AGAIN: &[u8] = br#"{"again":true}"#;

/// A WebSocket: one message of the room in each of its messages.
pub(crate) async fn websocket(upgrade: OnUpgrade, room: Arc<Room>, after: Vec<Place>) {
    let Ok(upgraded) = upgrade.await else { return };
    let limits = Limits::default().max_payload_len(Some(4096));
    let mut socket = ServerBuilder::new().limits(limits).serve(TokioIo::new(upgraded));
    let Entered { missing, mut feed, .. } = room.enter(&after);
    let mut beat = interval(BEAT);
    for message in missing {
        if send(&mut socket, message).await.is_err() {
            return;
        }
    }
    loop {
        let sent = tokio::select! {
            Some(event) = feed.next() => send(&mut socket, words(event)).await,
            _ = beat.tick() => socket.send(Message::ping(Bytes::new())).await,
            // Nothing is said this way; but pings are answered, and an end is heard, by reading.
            heard = socket.next() => match heard { Some(Ok(_)) => Ok(()), _ => return },
        };
        if sent.is_err() {
            return;
        }
    }
}

async fn send<S>(socket: &mut S, message: Bytes) -> Result<(), tokio_websockets::Error>
where
    S: futures_util::Sink<Message, Error = tokio_websockets::Error> + Unpin,
{
    match str::from_utf8(&message) {
        Ok(text) => socket.send(Message::text(text.to_owned())).await,
        Err(_) => Ok(()),
    }
}

/// Server-sent events.
pub(crate) struct Events {
    missing: std::vec::IntoIter<Bytes>,
    feed: Feed,
    beat: Interval,
}

impl Events {
    pub(crate) fn new(room: &Room, after: &[Place]) -> Self {
        let Entered { missing, feed, .. } = room.enter(after);
        Self { missing: missing.into_iter(), feed, beat: interval(BEAT) }
    }
}

impl Body for Events {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let this = self.get_mut();
        if let Some(message) = this.missing.next() {
            return Poll::Ready(Some(Ok(Frame::data(event(&message)))));
        }
        if let Poll::Ready(next) = this.feed.poll_next_unpin(cx) {
            return Poll::Ready(next.map(|next| Ok(Frame::data(event(&words(next))))));
        }
        match this.beat.poll_tick(cx) {
            Poll::Ready(_) => Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(b":\n\n"))))),
            Poll::Pending => Poll::Pending,
        }
    }
}

/// One answer, as a list: what was said, or what is said first within a while. Who has no place here gets one at once.
pub(crate) async fn answer(room: &Room, after: &[Place]) -> Bytes {
    let Entered { mut missing, mut feed, is_new } = room.enter(after);
    if missing.len() == 1 && !is_new {
        match timeout(POLL, feed.next()).await {
            Ok(Some(Event::Message(message))) => missing.push(message),
            // The next question brings what is in the history.
            Ok(Some(Event::Missed(_)) | None) | Err(_) => {}
        }
    }
    Bytes::from([&b"["[..], &missing.join(&b","[..]), b"]"].concat())
}

fn words(event: Event) -> Bytes {
    match event {
        Event::Message(message) => message,
        Event::Missed(_) => Bytes::from_static(AGAIN),
    }
}

/// What is told is one line of JSON, and its id is what the browser says when it comes again.
fn event(told: &Bytes) -> Bytes {
    #[derive(Deserialize)]
    struct Stands {
        place: String,
    }
    let id = serde_json::from_slice(told).map_or(String::new(), |Stands { place }| format!("id: {place}\n"));
    Bytes::from([id.as_bytes(), b"data: ", told, b"\n\n"].concat())
}
