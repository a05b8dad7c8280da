//! `GET live`: one address, three transports, chosen by what the request says it can take.

use std::sync::Arc;

use axum::extract::{RawQuery, Request, State};
use axum::response::Response;
use http::header::ACCEPT;
use http::{HeaderMap, HeaderName};

use crate::frames::wants_websocket;
use crate::hub::Hub;
use crate::problem::Problem;
use crate::view::Policy;
use crate::viewers::{self, LiveQuery, Views};

/// The most logs in an SSE view: its cursor over all of them has to fit into a header.
const MAX_SSE: usize = 32;

/// Lines as they are written: WebSocket, Server-Sent Events, or plain text.
#[utoipa::path(get, path = "/api/v1/live", tag = "logs",
    params(
        ("log" = Vec<String>, Query, description = "HOST:NAME; may be repeated"),
        ("from" = Option<String>, Query, description = "A position of the log in front of it, to go on from exactly"),
        ("last" = Option<u32>, Query, description = "So many last (matching) lines first; default 20"),
        ("grep" = Option<Vec<String>>, Query, description = "Regular expressions that must all match"),
        ("exclude" = Option<Vec<String>>, Query, description = "Regular expressions of which none may match"),
        ("i" = Option<bool>, Query, description = "Upper and lower case are the same"),
        ("level" = Option<String>, Query, description = "The least level"),
        ("policy" = Option<String>, Query, description = "`live` skips ahead when slow, `complete` never"),
    ),
    responses(
        (status = 101, description = "WebSocket, subprotocol tailcast.v1.json (default) or tailcast.v1.cbor"),
        (status = 200, description = "Server-Sent Events (Accept: text/event-stream), else plain text"),
        (status = 400, description = "Not understood, or a bad pattern with its place", body = Problem),
    ))]
pub(crate) async fn live(
    State(hub): State<Arc<Hub>>,
    RawQuery(query): RawQuery,
    request: Request,
) -> Result<Response, Problem> {
    let query = query.unwrap_or_default();
    let headers = request.headers();
    if wants_websocket(headers) {
        return Ok(viewers::open(&hub, LiveQuery::parse(&query, None)?, request));
    }
    if wants_events(headers) {
        let last_seen = headers.get(HeaderName::from_static("last-event-id")).and_then(|id| id.to_str().ok());
        let query = LiveQuery::parse(&query, last_seen)?;
        if query.logs.len() > MAX_SSE {
            return Err(Problem::bad_request(format!("at most {MAX_SSE} logs in one event stream")));
        }
        return Ok(viewers::sse(&hub, Views::new(&hub, &query)));
    }
    let query = LiveQuery { policy: Policy::Complete, ..LiveQuery::parse(&query, None)? };
    Ok(viewers::text(&hub, Views::new(&hub, &query)))
}

fn wants_events(headers: &HeaderMap) -> bool {
    let accept = headers.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok());
    accept.flat_map(|value| value.split(',')).any(|kind| kind.trim().starts_with("text/event-stream"))
}
