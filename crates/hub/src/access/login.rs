//! The handlers about oneself: `POST login`, `POST logout`, `POST logout/all`, `GET me`.
//!
//! All but the one that logs everybody out need nothing to be reached. The gate has still checked that the page which posts here is ours, so that
//! no other page can log a browser in or out.

use std::net::IpAddr;
use std::sync::Arc;

use axum::Json;
use axum::extract::{Extension, Request, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Access, Asked, Denied, Need, Peer, Visitor, Who, body};
use crate::problem::Problem;

/// In bytes: the longest password, with every byte of it escaped. Anybody may send one, so no more is read.
const LARGEST_LOGIN: usize = 8 * 1024;

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
    /// Whether one runs the hub: came by its password, or is its own user or root. Such a one may make tokens.
    owner: bool,
    /// The name of the token or of the user that the proxy told.
    name: Option<String>,
    /// Whether there is a password to log in with.
    login: bool,
    /// The address that one comes from, behind trusted proxies.
    #[schema(value_type = String)]
    client: IpAddr,
    /// When not admitted: why, and what to do about it.
    detail: Option<String>,
    /// The same as a word for programs, where there is one.
    why: Option<String>,
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
    let login: Login = body::read(request, LARGEST_LOGIN).await?;
    let cookie = access.log_in(login.password, visitor.client).await?;
    Ok((StatusCode::NO_CONTENT, set_cookie(&cookie)?).into_response())
}

/// Ends the session and clears its cookie; without a session it does nothing.
#[utoipa::path(post, path = "/api/v1/logout", tag = "access", responses((status = 204, description = "Logged out")))]
pub async fn log_out(State(access): State<Arc<Access>>, headers: HeaderMap) -> Result<Response, Problem> {
    // That it has ended is written to the disk.
    let ended = tokio::task::spawn_blocking(move || access.log_out(&headers)).await;
    let cookie = ended.map_err(|error| Problem::internal(format!("logging out: {error}")))?;
    Ok((StatusCode::NO_CONTENT, set_cookie(&cookie)?).into_response())
}

/// Ends every session, also those of others: whoever came by the password has to give it again.
#[utoipa::path(post, path = "/api/v1/logout/all", tag = "access", responses(
    (status = 204, description = "Everybody is logged out"),
    (status = 403, description = "Not the owner", body = Problem),
))]
pub async fn log_all_out(State(access): State<Arc<Access>>, visitor: Visitor) -> Result<Response, Problem> {
    let ended = tokio::task::spawn_blocking(move || access.log_all_out()).await;
    let cookie = ended.map_err(|error| Problem::internal(format!("logging all out: {error}")))?;
    tracing::info!(client = %visitor.client, "every session was ended");
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
                let owner = visitor.is_owner();
                let (by, name) = by(visitor.who);
                Self { admitted: true, by: Some(by), owner, name, login, client, detail: None, why: None }
            }
            Err(denied) => {
                let problem = Problem::from(denied);
                let (detail, why) = (Some(problem.detail().to_owned()), problem.why().map(str::to_owned));
                Self { admitted: false, by: None, owner: false, name: None, login, client, detail, why }
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
        Who::Pusher { name, .. } => ("push", Some(name)),
        Who::Peer => ("hub", None),
        Who::Stranger => ("nobody", None),
    }
}

fn set_cookie(cookie: &str) -> Result<[(header::HeaderName, HeaderValue); 2], Problem> {
    let cookie = HeaderValue::try_from(cookie).map_err(|error| Problem::internal(format!("the cookie: {error}")))?;
    Ok([(header::SET_COOKIE, cookie), (header::CACHE_CONTROL, HeaderValue::from_static("no-store"))])
}
