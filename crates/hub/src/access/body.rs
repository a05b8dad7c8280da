//! The small JSON body of a request that changes something, read within a bound in bytes and in time.
//!
//! Strangers may send one, each of whom holds a connection meanwhile. It refuses what does not call itself JSON: a form on
//! another page cannot, without asking first.

use std::time::Duration;

use axum::Json;
use axum::extract::{DefaultBodyLimit, FromRequest, Request};
use serde::de::DeserializeOwned;

use crate::problem::Problem;

/// How long a body may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// The body, of at most so many bytes.
pub(crate) async fn read<T: DeserializeOwned>(request: Request, largest: usize) -> Result<T, Problem> {
    read_within(PATIENCE, request, largest).await
}

async fn read_within<T: DeserializeOwned>(
    patience: Duration,
    mut request: Request,
    largest: usize,
) -> Result<T, Problem> {
    DefaultBodyLimit::max(largest).apply(&mut request);
    let body = tokio::time::timeout(patience, Json::<T>::from_request(request, &())).await;
    let late = |_| Problem::request_timeout(format!("no whole request came within {} s", patience.as_secs()));
    let Json(body) = body.map_err(late)?.map_err(|error| Problem::bad_request(error.body_text()))?;
    Ok(body)
}

#[cfg(test)]
mod tests {
    use axum::body::{Body, Bytes};
    use axum::response::IntoResponse;
    use futures_util::stream;
    use http::{HeaderValue, StatusCode, header};
    use serde_json::Value;

    use super::*;

    #[tokio::test]
    async fn a_body_that_does_not_come_is_answered_and_its_connection_closed() {
        let begun = Ok::<_, std::convert::Infallible>(Bytes::from_static(b"{"));
        let body = stream::StreamExt::chain(stream::iter([begun]), stream::pending());
        let request = Request::post("/api/v1/login").header(header::CONTENT_TYPE, "application/json");
        let request = request.body(Body::from_stream(body)).unwrap();
        let Err(problem) = read_within::<Value>(Duration::ZERO, request, 100).await else {
            panic!("there was no body")
        };
        let answer = problem.into_response();
        assert_eq!(
            (answer.status(), &answer.headers()[header::CONNECTION]),
            (StatusCode::REQUEST_TIMEOUT, &HeaderValue::from_static("close"))
        );
    }

    #[tokio::test]
    async fn a_body_that_does_not_call_itself_json_or_is_too_large_is_refused() {
        let sent = |kind: &'static str, body: &'static str| {
            let request = Request::post("/api/v1/tokens").header(header::CONTENT_TYPE, kind);
            read::<Value>(request.body(Body::from(body)).unwrap(), 10)
        };
        assert!(sent("application/json", "{}").await.is_ok());
        assert!(sent("text/plain", "{}").await.is_err());
        assert!(sent("application/json", "{\"a\":\"bcdefg\"}").await.is_err());
    }
}
