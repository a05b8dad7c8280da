//! Server-Sent Events and plain text: a response that does not end. hyper asks for the next piece when the last one is on
//! its way, so a viewer that does not read holds one piece and nothing else waits for it.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::response::{IntoResponse, Response};
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http_body::Frame;
use tailcast_wire::LogName;
use tokio::time::{Instant, Sleep, sleep_until};

use super::Views;
use super::text::{Broken, Text, write_own};
use super::turns::{Ending, Turn, Turns};
use crate::guests::{Guest, Leave};
use crate::hub::Hub;
use crate::item::Item;
use crate::view::View;

/// How long the last words have before a stream breaks off: hyper drops what is not written yet when a body fails.
const LAST_WORDS: Duration = Duration::from_millis(250);

/// The two forms.
#[derive(Debug)]
enum Form {
    Sse,
    Text(Text),
}

/// `text/event-stream`: each event's `id` is a cursor over all its logs. With an ending it is one turn of a long-poll.
pub(crate) fn sse(hub: &Arc<Hub>, guest: Guest, views: Views, ending: Option<Ending>) -> Response {
    let body = LiveBody { ending, ..LiveBody::new(hub, guest, views, Form::Sse) };
    let headers = [(CONTENT_TYPE, "text/event-stream"), (CACHE_CONTROL, "no-store")];
    // nginx would hold events back until its buffer is full.
    (headers, [("x-accel-buffering", "no")], Body::new(body)).into_response()
}

/// Plain text for `curl -N`: complete, harmless to a terminal, and aborted when bytes are lost.
pub(crate) fn text(hub: &Arc<Hub>, guest: Guest, views: Views) -> Response {
    let headers = [(CONTENT_TYPE, "text/plain; charset=utf-8"), (CACHE_CONTROL, "no-store")];
    let form = Form::Text(Text::of(views.views.len()));
    (headers, [("x-accel-buffering", "no")], Body::new(LiveBody::new(hub, guest, views, form))).into_response()
}

struct LiveBody {
    /// None once they wait for the next turn.
    views: Option<Views>,
    form: Form,
    asked_to_leave: Pin<Box<dyn Future<Output = Leave> + Send>>,
    quiet: Pin<Box<Sleep>>,
    /// How often it says that it is still there.
    comment: Duration,
    /// An event stream says at once that it is there, so that one sees whether anything holds it up on the way.
    greeted: bool,
    /// When it ends by itself.
    ending: Option<Ending>,
    /// Behind the last event that was written.
    cursor: Cursor,
    /// Why it breaks off once the lines before that are out.
    broken: Option<Broken>,
    over: bool,
    /// Looked after while it lives.
    _guest: Guest,
}

/// Where each log goes on, in the order in which they were asked for: what `Last-Event-ID` brings back.
struct Cursor(Vec<(Arc<LogName>, Option<Arc<str>>)>);

impl Cursor {
    fn of(views: &Views) -> Self {
        let place = |view: &View| (Arc::clone(view.channel().log()), view.position().map(Arc::from));
        Cursor(views.views.iter().map(place).collect())
    }

    /// Goes behind an item. The views themselves are further: they hand on several items at once.
    fn pass(&mut self, item: &Item) {
        let (Some(position), Some(log)) = (item.next_line(), self.0.iter_mut().find(|(log, _)| *log == item.log))
        else {
            return;
        };
        log.1 = Some(Arc::clone(position));
    }
}

impl std::fmt::Display for Cursor {
    /// Empty parts are logs of which nothing is known yet.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (n, (_, position)) in self.0.iter().enumerate() {
            let dot = if n == 0 { "" } else { "." };
            write!(f, "{dot}{}", position.as_deref().unwrap_or_default())?;
        }
        Ok(())
    }
}

impl LiveBody {
    fn new(hub: &Arc<Hub>, guest: Guest, views: Views, form: Form) -> Self {
        let comment = hub.config.patience.comment;
        LiveBody {
            cursor: Cursor::of(&views),
            views: Some(views),
            greeted: matches!(form, Form::Text(_)),
            form,
            asked_to_leave: Box::pin(guest.asked_to_leave()),
            quiet: Box::pin(sleep_until(Instant::now() + comment)),
            comment,
            ending: None,
            broken: None,
            over: false,
            _guest: guest,
        }
    }

    fn write(&mut self, items: &[Arc<Item>]) -> Bytes {
        let mut out = Vec::new();
        for item in items {
            let before = out.len();
            let written = match &mut self.form {
                Form::Sse => {
                    self.write_event(item, &mut out);
                    Ok(())
                }
                Form::Text(text) => text.write(item, &mut out),
            };
            if let Some(views) = &self.views {
                views.wrote(item, out.len() - before);
            }
            if let Err(broken) = written {
                self.break_off(broken);
                break;
            }
        }
        Bytes::from(out)
    }

    fn write_event(&mut self, item: &Item, out: &mut Vec<u8>) {
        self.cursor.pass(item);
        if let Some(ending) = &mut self.ending {
            ending.pass(item);
        }
        let json = item.json();
        if json.is_empty() {
            return;
        }
        out.extend_from_slice(format!("id: {}\ndata: ", self.cursor).as_bytes());
        out.extend_from_slice(&json);
        out.extend_from_slice(b"\n\n");
    }

    fn break_off(&mut self, broken: Broken) {
        self.broken = Some(broken);
        self.quiet.as_mut().reset(Instant::now() + LAST_WORDS);
    }

    fn goodbye(&mut self, why: Leave) -> Bytes {
        match (why, &self.form) {
            // The connection is cut at the same time: who takes nothing hears nothing.
            (Leave::RoomNeeded, _) => {
                self.over = true;
                Bytes::new()
            }
            // The browser comes again by itself, spread out over a second.
            (Leave::HubStops, Form::Sse) => {
                self.over = true;
                Bytes::from(format!("retry: {}\n\n", 200 + crate::jitter(1000)))
            }
            (Leave::HubStops, Form::Text(_)) => {
                self.over = true;
                own_line("the hub stops")
            }
            (Leave::NotAdmitted(over), Form::Sse) => {
                self.over = true;
                let event = serde_json::json!({"type": "error", "log": null, "words": over.words()});
                Bytes::from(format!("data: {event}\n\n"))
            }
            (Leave::NotAdmitted(over), Form::Text(_)) => {
                self.break_off(Broken(over.words().to_owned()));
                own_line(over.words())
            }
        }
    }

    /// Whether a turn of a long-poll is over, now that there is nothing more to write.
    fn poll_end(&mut self, cx: &mut Context<'_>) -> Poll<Turn> {
        match (&mut self.ending, &self.views) {
            (Some(ending), Some(views)) => ending.poll(views, cx),
            _ => Poll::Pending,
        }
    }

    fn hold(&mut self, bytes: usize) {
        if let Some(views) = &mut self.views {
            views.holds(bytes);
        }
    }

    /// Ends a turn: the views wait for the next one.
    fn rest(&mut self, turn: Turn) {
        self.over = true;
        if let Some(mut views) = self.views.take() {
            views.arrived();
            let hub = Arc::clone(&views.hub);
            Turns::keep(&hub, turn, views);
        }
    }

    fn poll_quiet(&mut self, cx: &mut Context<'_>) -> Poll<Bytes> {
        if self.quiet.as_mut().poll(cx).is_pending() {
            return Poll::Pending;
        }
        let again = Instant::now() + self.comment;
        self.quiet.as_mut().reset(again);
        match self.form {
            Form::Sse => Poll::Ready(Bytes::from_static(b": still here\n\n")),
            Form::Text(_) => self.poll_quiet(cx),
        }
    }
}

fn own_line(words: &str) -> Bytes {
    let mut out = Vec::new();
    write_own(words, &mut out);
    Bytes::from(out)
}

impl http_body::Body for LiveBody {
    type Data = Bytes;
    type Error = Box<dyn std::error::Error + Send + Sync>;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let mut items = Vec::new();
        while !self.over {
            if self.broken.is_some() {
                ready!(self.quiet.as_mut().poll(cx));
                self.over = true;
                return Poll::Ready(self.broken.take().map(|broken| Err(broken.into())));
            }
            if let Poll::Ready(why) = self.asked_to_leave.as_mut().poll(cx) {
                return Poll::Ready(Some(Ok(Frame::data(self.goodbye(why)))));
            }
            if !std::mem::replace(&mut self.greeted, true) {
                return Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(b": here\n\n")))));
            }
            if let Some(turn) = self.ending.as_mut().and_then(|ending| ending.is_late(cx)) {
                self.rest(turn);
                break;
            }
            items.clear();
            let Some(views) = &mut self.views else { break };
            match views.poll_next(cx, &mut items) {
                Poll::Ready(()) if items.is_empty() && matches!(self.form, Form::Text(_)) => self.over = true,
                Poll::Ready(()) if !items.is_empty() => match self.write(&items) {
                    bytes if bytes.is_empty() => (),
                    bytes => {
                        self.hold(bytes.len());
                        return Poll::Ready(Some(Ok(Frame::data(bytes))));
                    }
                },
                // An event stream that ended would only be opened again.
                _ if let Poll::Ready(turn) = self.poll_end(cx) => self.rest(turn),
                _ => return self.poll_quiet(cx).map(|comment| Some(Ok(Frame::data(comment)))),
            }
        }
        Poll::Ready(None)
    }
}
