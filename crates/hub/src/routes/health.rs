//! Is it alive, is it ready, and how is it.

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header::CONTENT_TYPE;

use crate::hub::Hub;
use crate::metrics::exposition;
use crate::problem::Problem;

/// What is said of a hub that answers.
pub(crate) const LIVES: &str = "ok\n";

/// The process answers, also when it has no room.
#[utoipa::path(get, path = "/healthz", tag = "health", responses((status = 200, description = "It lives")))]
pub(crate) async fn healthz() -> &'static str {
    LIVES
}

/// It takes viewers: it is neither full nor on its way out.
#[utoipa::path(get, path = "/readyz", tag = "health", responses(
    (status = 200, description = "It takes viewers"),
    (status = 503, description = "It stops, or has no room", body = Problem),
))]
pub(crate) async fn readyz(State(hub): State<Arc<Hub>>) -> Response {
    if hub.stop.is_cancelled() {
        return Problem::unavailable("the hub stops", std::time::Duration::from_secs(1)).into_response();
    }
    "ready\n".into_response()
}

/// Counters and gauges.
#[utoipa::path(get, path = "/metrics", tag = "health", responses((status = 200, description = "OpenMetrics text")))]
pub(crate) async fn metrics(State(hub): State<Arc<Hub>>) -> Response {
    let content_type = [(CONTENT_TYPE, "application/openmetrics-text; version=1.0.0; charset=utf-8")];
    (content_type, exposition(&hub)).into_response()
}
