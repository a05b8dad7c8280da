//! When a connection has nothing to do: from the end of an answer to the next request on it. Such a one goes first when somebody
//! else finds no place (`fdguard`).
//!
//! An answer is at its end when hyper drops its body, and not when the handler returns: a live view is one long answer. What
//! becomes a WebSocket has no such end.

use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::{Body, Bytes};
use axum::response::Response;
use http::StatusCode;
use http_body::{Frame, SizeHint};
use tailcast_fdguard::Bell;

/// The answer, after which the connection is idle.
pub(crate) fn until_idle(response: Response, bell: Bell) -> Response {
    match response.status() {
        StatusCode::SWITCHING_PROTOCOLS => response,
        _ => response.map(|body| Body::new(Answer { body, bell })),
    }
}

struct Answer {
    body: Body,
    bell: Bell,
}

impl Drop for Answer {
    fn drop(&mut self) {
        self.bell.is_idle();
    }
}

impl http_body::Body for Answer {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
