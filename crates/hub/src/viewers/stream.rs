//! Server-Sent Events and plain text: a response that does not end. hyper asks for the next piece when the last one is on
//! its way, so a viewer that does not read holds one piece and nothing else waits for it.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::response::{IntoResponse, Response};
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http_body::Frame;
use tailcast_wire::Tiding;
use tokio::time::{Instant, Sleep, sleep_until};
use tokio_util::sync::WaitForCancellationFutureOwned;

use super::Views;
use crate::hub::Hub;
use crate::item::{Item, What};
use crate::metrics::Watching;

/// A proxy cuts a response that is silent for a minute; browsers notice a dead one by this.
const COMMENT: Duration = Duration::from_secs(15);

/// The two forms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Sse,
    Text,
}

/// `text/event-stream`: each event's `id` is a cursor over all its logs.
pub(crate) fn sse(hub: &Arc<Hub>, views: Views) -> Response {
    let headers = [(CONTENT_TYPE, "text/event-stream"), (CACHE_CONTROL, "no-store")];
    // nginx would hold events back until its buffer is full.
    (headers, [("x-accel-buffering", "no")], Body::new(LiveBody::new(hub, views, Form::Sse))).into_response()
}

/// Plain text for `curl -N`: complete, harmless to a terminal, and aborted when bytes are lost.
pub(crate) fn text(hub: &Arc<Hub>, views: Views) -> Response {
    let headers = [(CONTENT_TYPE, "text/plain; charset=utf-8"), (CACHE_CONTROL, "no-store")];
    (headers, [("x-accel-buffering", "no")], Body::new(LiveBody::new(hub, views, Form::Text))).into_response()
}

struct LiveBody {
    views: Views,
    form: Form,
    stopped: Pin<Box<WaitForCancellationFutureOwned>>,
    quiet: Pin<Box<Sleep>>,
    /// Of several logs, whose lines came last.
    last_log: Option<Arc<tailcast_wire::LogName>>,
    over: bool,
    /// Counted while it lives.
    _watching: Watching,
}

/// Why a text stream breaks off.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Broken(String);

impl LiveBody {
    fn new(hub: &Arc<Hub>, views: Views, form: Form) -> Self {
        LiveBody {
            views,
            form,
            stopped: Box::pin(hub.stop.clone().cancelled_owned()),
            quiet: Box::pin(sleep_until(Instant::now() + COMMENT)),
            last_log: None,
            over: false,
            _watching: hub.metrics.watching(),
        }
    }

    fn write(&mut self, items: &[Arc<Item>]) -> Result<Bytes, Broken> {
        let mut out = Vec::new();
        for item in items {
            match self.form {
                Form::Sse => self.write_event(item, &mut out),
                Form::Text => self.write_text(item, &mut out)?,
            }
        }
        Ok(Bytes::from(out))
    }

    fn write_event(&self, item: &Item, out: &mut Vec<u8>) {
        let json = item.json();
        if json.is_empty() {
            return;
        }
        out.extend_from_slice(b"id: ");
        out.extend_from_slice(self.views.cursor().as_bytes());
        out.extend_from_slice(b"\ndata: ");
        out.extend_from_slice(&json);
        out.extend_from_slice(b"\n\n");
    }

    fn write_text(&mut self, item: &Item, out: &mut Vec<u8>) -> Result<(), Broken> {
        if let What::Told(told) = &item.what
            && matches!(told.tiding, Some(Tiding::Lost | Tiding::Error))
        {
            return Err(Broken(format!("{}: {}", item.log, told.words)));
        }
        let text = item.text();
        if text.is_empty() {
            return Ok(());
        }
        if self.views.views.len() > 1 && self.last_log.as_ref() != Some(&item.log) {
            out.extend_from_slice(format!("==> {} <==\n", item.log).as_bytes());
            self.last_log = Some(Arc::clone(&item.log));
        }
        out.extend_from_slice(&text);
        Ok(())
    }

    fn goodbye(&mut self) -> Bytes {
        self.over = true;
        match self.form {
            // The browser comes again by itself, spread out over a second.
            Form::Sse => Bytes::from(format!("retry: {}\n\n", 200 + crate::jitter(1000))),
            Form::Text => Bytes::new(),
        }
    }

    fn poll_quiet(&mut self, cx: &mut Context<'_>) -> Poll<Bytes> {
        if self.quiet.as_mut().poll(cx).is_pending() {
            return Poll::Pending;
        }
        self.quiet.as_mut().reset(Instant::now() + COMMENT);
        match self.form {
            Form::Sse => Poll::Ready(Bytes::from_static(b": still here\n\n")),
            Form::Text => self.poll_quiet(cx),
        }
    }
}

impl http_body::Body for LiveBody {
    type Data = Bytes;
    type Error = Box<dyn std::error::Error + Send + Sync>;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let mut items = Vec::new();
        while !self.over {
            if self.stopped.as_mut().poll(cx).is_ready() {
                return Poll::Ready(Some(Ok(Frame::data(self.goodbye()))));
            }
            items.clear();
            match self.views.poll_next(cx, &mut items) {
                Poll::Ready(()) if items.is_empty() => self.over = true,
                Poll::Ready(()) => match self.write(&items) {
                    Ok(bytes) if bytes.is_empty() => (),
                    Ok(bytes) => return Poll::Ready(Some(Ok(Frame::data(bytes)))),
                    Err(broken) => return Poll::Ready(Some(Err(Box::new(broken)))),
                },
                Poll::Pending => return self.poll_quiet(cx).map(|comment| Some(Ok(Frame::data(comment)))),
            }
        }
        Poll::Ready(None)
    }
}
