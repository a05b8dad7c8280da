//! The WebSocket of a viewer: one task, one socket, a cursor per log.
//!
//! The viewer's frames are taken from its logs only when the last ones are on their way, so what a slow viewer has not
//! taken stays in the channels and is told as a gap when it leaves there. Silence is ended by pings: who has not answered
//! for three of them is gone, with or without a FIN.

use std::collections::VecDeque;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::Body;
use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::header::{CONNECTION, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_PROTOCOL, SEC_WEBSOCKET_VERSION, UPGRADE};
use serde::Deserialize;
use tailcast_fdguard::Conn;
use tailcast_wire::Live;
use tokio::time::{Instant, Sleep, sleep_until};

use super::{LiveQuery, Views};
use crate::access::{Over, Visitor};
use crate::audience::{Face, Transport};
use crate::frames::{Code, Frame, Handshake, Kind, Limits, Message, Refusal, Socket, Unsent};
use crate::guests::{Guest, Leave};
use crate::hub::Hub;
use crate::item::Item;
use crate::problem::Problem;
use crate::view::{Grain, Start};
use tailcast_fanout::Weigh as _;

/// How long the last words may take.
const FINISH: Duration = Duration::from_secs(2);
/// For one who is asked to make room, should it hear it.
const ROOM_NEEDED: &str = "this view took nothing, and the hub needs the room";
/// Within this time the viewers of a hub that stops come again.
const RETRY_MS: u64 = 1000;

/// What is spoken over it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// Browsers.
    Json,
    /// The command line and other hubs.
    Cbor,
}

impl Dialect {
    pub(crate) const JSON: &str = "tailcast.v1.json";
    const CBOR: &str = "tailcast.v1.cbor";

    fn of(protocol: Option<&str>) -> Self {
        if protocol == Some(Self::CBOR) { Dialect::Cbor } else { Dialect::Json }
    }

    fn grain(self) -> Grain {
        match self {
            Dialect::Json => Grain::Lines,
            Dialect::Cbor => Grain::Bytes,
        }
    }

    fn transport(self) -> Transport {
        match self {
            Dialect::Json => Transport::Json,
            Dialect::Cbor => Transport::Cbor,
        }
    }

    /// `None` when the item says nothing in this dialect.
    fn frame(self, item: &Item) -> Option<Frame> {
        match self {
            Dialect::Json => item.json_frame(),
            Dialect::Cbor => Some(item.cbor_frame()),
        }
    }

    /// That its viewer may look no longer. Over CBOR the close alone says it.
    fn over(self, over: Over) -> Option<Frame> {
        let event = || serde_json::json!({"type": "error", "log": null, "words": over.words()});
        (self == Dialect::Json).then(|| Frame::encode(Kind::Text, event().to_string()))
    }

    fn bye(self, retry_ms: u32) -> Frame {
        match self {
            Dialect::Json => {
                let words = "the hub stops; it is back soon";
                let bye = format!("{{\"type\":\"bye\",\"retry_ms\":{retry_ms},\"words\":\"{words}\"}}");
                Frame::encode(Kind::Text, bye)
            }
            Dialect::Cbor => Frame::encode(Kind::Binary, tailcast_wire::encode(&Live::Bye { retry_ms })),
        }
    }
}

/// What a browser may say while it looks.
#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
enum Command {
    /// One more log, from a position or from its last lines.
    Add { log: String, from: Option<String>, last: Option<u32> },
    /// One log less.
    Remove { log: String },
    /// Another filter for all of them.
    Filter {
        #[serde(default)]
        grep: Vec<String>,
        #[serde(default)]
        exclude: Vec<String>,
        #[serde(default)]
        i: bool,
        level: Option<String>,
        last: Option<u32>,
    },
    /// Whether anybody is there: a page sees no ping of the protocol, and cannot send one.
    Ping,
}

/// Answers 101 and serves the viewer in a task of its own, until either side ends it.
pub(crate) fn open(hub: &Arc<Hub>, visitor: &Visitor, mut query: LiveQuery, mut request: Request) -> Response {
    let handshake = match Handshake::new(request.headers(), &[Dialect::JSON, Dialect::CBOR]) {
        Ok(handshake) => handshake,
        Err(refusal @ Refusal::Version) => {
            let version = [(SEC_WEBSOCKET_VERSION, "13")];
            return (StatusCode::UPGRADE_REQUIRED, version, refusal.to_string()).into_response();
        }
        Err(refusal) => return Problem::bad_request(refusal.to_string()).into_response(),
    };
    let dialect = Dialect::of(handshake.protocol);
    query.grain = dialect.grain();
    let response = switching(&handshake);
    let upgrade = hyper::upgrade::on(&mut request);
    let (standing, client) = (visitor.standing, visitor.client);
    let hub = Arc::clone(hub);
    let tasks = hub.tasks.clone();
    tasks.spawn(async move {
        let Some((stream, read)) = crate::upgraded(upgrade).await else { return };
        let guest = hub.guests.enter(standing, None);
        let face = Face { transport: dialect.transport(), client };
        let views = Views::new(&hub, &query, face, &guest);
        let socket = Socket::new(stream, read, Limits::default());
        drop(request);
        Box::pin(Viewer::new(hub, socket, views, query, dialect).run(guest)).await;
    });
    response
}

/// The 101 that a handshake ends in.
pub(crate) fn switching(handshake: &Handshake<'_>) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let headers = [(CONNECTION, "upgrade"), (UPGRADE, "websocket"), (SEC_WEBSOCKET_ACCEPT, handshake.accept.as_str())];
    let protocol = handshake.protocol.map(|protocol| (SEC_WEBSOCKET_PROTOCOL, protocol));
    for (name, value) in headers.into_iter().chain(protocol) {
        if let Ok(value) = value.parse() {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

/// One viewer at work.
struct Viewer {
    hub: Arc<Hub>,
    socket: Socket<Conn>,
    views: Views,
    query: LiveQuery,
    dialect: Dialect,
    /// Taken from the logs and not yet queued: what one drain brought, at most.
    pending: VecDeque<Arc<Item>>,
    unanswered: u8,
}

/// Why a viewer's task ends.
enum End {
    /// The other side left, or broke.
    Left,
    /// It did not answer.
    Silent,
    /// The hub asks it to.
    Asked(Leave),
}

impl Viewer {
    fn new(hub: Arc<Hub>, socket: Socket<Conn>, views: Views, query: LiveQuery, dialect: Dialect) -> Self {
        Viewer { hub, socket, views, query, dialect, pending: VecDeque::new(), unanswered: 0 }
    }

    async fn run(mut self, guest: Guest) {
        let ping = sleep_until(Instant::now() + self.hub.config.patience.ping);
        tokio::pin!(ping);
        let end = tokio::select! {
            biased;
            why = guest.asked_to_leave() => End::Asked(why),
            end = std::future::poll_fn(|cx| self.poll(cx, ping.as_mut())) => end,
        };
        match end {
            End::Left => (),
            End::Silent => self.hub.metrics.viewer_silent(),
            End::Asked(why) => self.say_goodbye(why).await,
        }
        // Bounded, and nobody is left to be told of a failure.
        drop(tokio::time::timeout(FINISH, self.socket.finish()).await);
    }

    fn poll(&mut self, cx: &mut Context<'_>, mut ping: std::pin::Pin<&mut Sleep>) -> Poll<End> {
        while let Poll::Ready(received) = self.socket.poll_recv(cx) {
            self.unanswered = 0;
            match received {
                Ok(Message::Text(text)) => self.command(&text),
                Ok(Message::Binary(_) | Message::Pong) => (),
                Ok(Message::Close(_)) | Err(_) => return Poll::Ready(End::Left),
            }
        }
        while ping.as_mut().poll(cx).is_ready() {
            let patience = &self.hub.config.patience;
            if self.unanswered >= patience.pings {
                return Poll::Ready(End::Silent);
            }
            self.unanswered += 1;
            self.socket.ping();
            ping.as_mut().reset(Instant::now() + patience.ping);
        }
        self.poll_write(cx)
    }

    /// Writes until the stream takes no more or the logs have no more.
    fn poll_write(&mut self, cx: &mut Context<'_>) -> Poll<End> {
        loop {
            match self.socket.poll_flush(cx) {
                Poll::Ready(Ok(())) => (),
                Poll::Ready(Err(_)) => return Poll::Ready(End::Left),
                Poll::Pending => {
                    self.views.holds(self.held());
                    return Poll::Pending;
                }
            }
            if self.pending.is_empty() {
                let mut items = Vec::new();
                match self.views.poll_next(cx, &mut items) {
                    // Nothing more will come by itself; the viewer may still add a log, or leave.
                    Poll::Ready(()) if items.is_empty() => return Poll::Pending,
                    Poll::Ready(()) => self.pending.extend(items),
                    Poll::Pending => return Poll::Pending,
                }
            }
            self.queue_pending();
        }
    }

    /// Bytes in memory for this viewer that it has not taken.
    fn held(&self) -> usize {
        self.pending.iter().map(|item| item.weight()).sum::<usize>() + self.socket.unwritten()
    }

    /// Queues as many frames as there is room for; one at least, since all before have been flushed.
    fn queue_pending(&mut self) {
        while let Some(item) = self.pending.pop_front() {
            let Some(frame) = self.dialect.frame(&item) else { continue };
            let bytes = frame.len();
            if let Err(Unsent::Full(_)) = self.socket.send(frame) {
                self.pending.push_front(item);
                return;
            }
            self.views.wrote(&item, bytes);
        }
        // A queue that a burst has made grow would stay with each idle viewer.
        self.pending = VecDeque::new();
    }

    /// Queues a few words of our own: they fit beside whatever is queued, or the socket is closing and nobody listens.
    fn say(&mut self, frame: Frame) {
        if self.socket.send(frame).is_err() {
            self.hub.metrics.viewer_cut();
        }
    }

    fn command(&mut self, text: &str) {
        let problem = match serde_json::from_str::<Command>(text) {
            Ok(command) => self.obey(command).err(),
            Err(e) => Some(Problem::bad_request(format!("not understood: {e}"))),
        };
        if let Some(problem) = problem {
            let event =
                serde_json::json!({"type": "error", "log": null, "words": problem.detail(), "problem": problem});
            self.say(Frame::encode(Kind::Text, event.to_string()));
        }
    }

    fn obey(&mut self, command: Command) -> Result<(), Problem> {
        match command {
            Command::Add { log, from, last } => {
                let start = from.map_or(Start::Last(last.unwrap_or(self.query.last).min(10_000)), Start::From);
                self.views.add(super::query::log_name(&log)?, start, &self.query)?;
            }
            Command::Remove { log } => self.views.remove(&super::query::log_name(&log)?),
            Command::Filter { grep, exclude, i, level, last } => {
                let word = |key: &str, value: String| (key.to_owned(), value);
                let mut pairs: Vec<_> = grep.into_iter().map(|value| word("grep", value)).collect();
                pairs.extend(exclude.into_iter().map(|value| word("exclude", value)));
                pairs.extend(level.map(|value| word("level", value)));
                pairs.extend(i.then(|| word("i", String::new())));
                self.query.filter = super::filter_of(pairs)?.0;
                self.views.refilter(last.unwrap_or(self.query.last).min(10_000), &self.query);
            }
            Command::Ping => self.say(Frame::encode(Kind::Text, r#"{"type":"pong"}"#)),
        }
        Ok(())
    }

    /// It is not taking what is queued, and that is what is needed; it comes again from where it stood.
    fn make_room(&mut self) {
        self.pending = VecDeque::new();
        self.views.let_go();
        self.socket.close(Code::TRY_LATER, ROOM_NEEDED);
    }

    /// What is queued goes first, so that the viewer's position is that of the last line it was sent.
    async fn say_goodbye(&mut self, why: Leave) {
        let retry_ms = u32::try_from(200 + crate::jitter(RETRY_MS)).unwrap_or(1000);
        let (last, code, words) = match why {
            Leave::HubStops => (Some(self.dialect.bye(retry_ms)), Code::RESTART, "the hub stops"),
            Leave::RoomNeeded => return self.make_room(),
            Leave::NotAdmitted(over) => (self.dialect.over(over), Code::POLICY, over.words()),
        };
        if let Some(frame) = last {
            self.say(frame);
        }
        let flushed = tokio::time::timeout(FINISH / 2, self.socket.flush()).await;
        if !matches!(flushed, Ok(Ok(()))) {
            self.hub.metrics.viewer_cut();
        }
        self.socket.close(code, words);
    }
}
