//! The gate as a layer of axum: a route says what it needs, and its handler is reached by nobody else.
//!
//! ```text
//! connection: Peer → gate(Need) → Visitor in the extensions → handler(visitor: Visitor, …)
//! ```
//!
//! It refuses, with 500 and a line in the log, a request without a [`Peer`] and a handler that asks for a [`Visitor`]
//! on a route without a gate: both are mistakes of ours that must not open a door.

use std::sync::Arc;

use axum::extract::{FromRequestParts, Request, State};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::MethodRouter;
use http::request::Parts;

use super::{Access, Asked, Need, Peer, Visitor};
use crate::problem::Problem;

/// What a gate knows.
#[derive(Clone)]
struct Gate {
    access: Arc<Access>,
    need: Need,
}

/// Puts the gate before all methods of a route.
pub fn need<S>(access: &Arc<Access>, need: Need, route: MethodRouter<S>) -> MethodRouter<S>
where
    S: Clone + Send + Sync + 'static,
{
    let gate = Gate { access: Arc::clone(access), need };
    route.layer(middleware::from_fn_with_state(gate, pass))
}

async fn pass(State(gate): State<Gate>, mut request: Request, next: Next) -> Response {
    let Some(peer) = request.extensions().get::<Peer>().cloned() else {
        return Problem::internal("a request came to the gate without the addresses of its connection").into_response();
    };
    match gate.access.admit(Asked::from(&request), &peer, gate.need) {
        Ok(visitor) => {
            request.extensions_mut().insert(visitor);
            next.run(request).await
        }
        Err(denied) => Problem::from(denied).into_response(),
    }
}

impl<S: Sync> FromRequestParts<S> for Visitor {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Self::Rejection> {
        let visitor = parts.extensions.get::<Self>().cloned();
        visitor.ok_or_else(|| Problem::internal(format!("the route {} is not behind the gate", parts.uri.path())))
    }
}
