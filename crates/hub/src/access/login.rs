//! The three handlers about oneself: `POST login`, `POST logout`, `GET me`.
//!
//! All of them need nothing to be reached. The gate has still checked that the page which posts here is ours, so that
//! no other page can log a browser in or out.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::{DefaultBodyLimit, Extension, FromRequest, Request, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Access, Asked, Denied, Need, Peer, Visitor, Who};
use crate::problem::Problem;

/// In bytes: the longest password, with every byte of it escaped. Anybody may send one, so no more is read.
const LARGEST_LOGIN: usize = 8 * 1024;
/// How long it may take: it comes from strangers, each of whom holds a connection meanwhile.
const PATIENCE: Duration = Duration::from_secs(10);

/// The body of `POST login`.
#[derive(Deserialize, ToSchema)]
pub struct Login {
    /// The password of the hub.
    password: String,
}

/// Who one is to this hub.
#[derive(Debug, Serialize, ToSchema)]
pub struct Me {
    /// Whether one may look at logs.
    admitted: bool,
    /// By what: `local`, `anyone`, `session`, `token`, `proxy_user`; null when not admitted.
    by: Option<&'static str>,
    /// The name of the token or of the user that the proxy told.
    name: Option<String>,
    /// Whether there is a password to log in with.
    login: bool,
    /// The address that one comes from, behind trusted proxies.
    #[schema(value_type = String)]
    client: IpAddr,
    /// When not admitted: why, and what to do about it.
    detail: Option<String>,
}

/// Checks the password and begins a session.
#[utoipa::path(post, path = "/api/v1/login", tag = "access", request_body = Login, responses(
    (status = 204, description = "The session is in the cookie `tailcast_session`"),
    (status = 401, description = "Not the password", body = Problem),
    (status = 408, description = "The body did not come", body = Problem),
    (status = 429, description = "Too many attempts; `Retry-After` says when to come again", body = Problem),
))]
pub async fn log_in(
    State(access): State<Arc<Access>>,
    visitor: Visitor,
    request: Request,
) -> Result<Response, Problem> {
    let login = read_within(PATIENCE, request).await?;
    let cookie = access.log_in(login.password, visitor.client).await?;
    Ok((StatusCode::NO_CONTENT, set_cookie(&cookie)?).into_response())
}

async fn read_within(patience: Duration, mut request: Request) -> Result<Login, Problem> {
    DefaultBodyLimit::max(LARGEST_LOGIN).apply(&mut request);
    let body = tokio::time::timeout(patience, Json::<Login>::from_request(request, &())).await;
    let late = |_| Problem::request_timeout(format!("no whole request came within {} s", patience.as_secs()));
    let Json(login) = body.map_err(late)?.map_err(|error| Problem::bad_request(error.body_text()))?;
    Ok(login)
}

/// Ends the session and clears its cookie; without a session it does nothing.
#[utoipa::path(post, path = "/api/v1/logout", tag = "access", responses((status = 204, description = "Logged out")))]
pub async fn log_out(State(access): State<Arc<Access>>, headers: HeaderMap) -> Result<Response, Problem> {
    // That it has ended is written to the disk.
    let ended = tokio::task::spawn_blocking(move || access.log_out(&headers)).await;
    let cookie = ended.map_err(|error| Problem::internal(format!("logging out: {error}")))?;
    Ok((StatusCode::NO_CONTENT, set_cookie(&cookie)?).into_response())
}

/// Says who one is, and whether one could log in.
#[utoipa::path(get, path = "/api/v1/me", tag = "access", responses((status = 200, body = Me)))]
pub async fn me(
    State(access): State<Arc<Access>>,
    Extension(peer): Extension<Peer>,
    visitor: Visitor,
    request: Request,
) -> Response {
    let admitted = access.admit(Asked::from(&request), &peer, Need::Viewer);
    let me = Me::new(admitted, access.has_password(), visitor.client);
    // Of this moment and this browser: neither may be served to another.
    ([(header::CACHE_CONTROL, "no-store")], Json(me)).into_response()
}

impl Me {
    fn new(admitted: Result<Visitor, Denied>, login: bool, client: IpAddr) -> Self {
        match admitted {
            Ok(visitor) => {
                let (by, name) = by(visitor.who);
                Self { admitted: true, by: Some(by), name, login, client, detail: None }
            }
            Err(denied) => {
                let detail = Some(Problem::from(denied).detail().to_owned());
                Self { admitted: false, by: None, name: None, login, client, detail }
            }
        }
    }
}

fn by(who: Who) -> (&'static str, Option<String>) {
    match who {
        Who::Local { .. } => ("local", None),
        Who::Anyone => ("anyone", None),
        Who::Session => ("session", None),
        Who::Token { name } => ("token", Some(name)),
        Who::ProxyUser { name } => ("proxy_user", Some(name)),
        Who::Agent { name, .. } => ("agent", Some(name)),
        Who::Stranger => ("nobody", None),
    }
}

fn set_cookie(cookie: &str) -> Result<[(header::HeaderName, HeaderValue); 2], Problem> {
    let cookie = HeaderValue::try_from(cookie).map_err(|error| Problem::internal(format!("the cookie: {error}")))?;
    Ok([(header::SET_COOKIE, cookie), (header::CACHE_CONTROL, HeaderValue::from_static("no-store"))])
}

#[cfg(test)]
mod tests {
    use axum::body::{Body, Bytes};
    use futures_util::stream;

    use super::*;

    #[tokio::test]
    async fn a_login_whose_body_does_not_come_is_answered_and_its_connection_closed() {
        let begun = Ok::<_, std::convert::Infallible>(Bytes::from_static(b"{"));
        let body = stream::StreamExt::chain(stream::iter([begun]), stream::pending());
        let request = Request::post("/api/v1/login").header(header::CONTENT_TYPE, "application/json");
        let request = request.body(Body::from_stream(body)).unwrap();
        let Err(problem) = read_within(Duration::ZERO, request).await else { panic!("there was no password") };
        let answer = problem.into_response();
        assert_eq!(
            (answer.status(), &answer.headers()[header::CONNECTION]),
            (StatusCode::REQUEST_TIMEOUT, &HeaderValue::from_static("close"))
        );
    }
}
