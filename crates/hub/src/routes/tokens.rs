//! `GET tokens`, `POST tokens`, `DELETE tokens/{name}`: the list that `tailcast token` keeps, over HTTP and for the owner.
//!
//! The same file, the same rules, the same words. A token is told once, in the answer to its making; what the list has of
//! it is a hash. It refuses whoever was let in by a token or by the word of a proxy: such a one could make itself another.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, Request, State};
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::header::CACHE_CONTROL;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::access::tokens::{self, Entry, Grant};
use crate::access::{Access, Error, Visitor, body};
use crate::problem::Problem;

/// In bytes: a name and some dozens of patterns.
const LARGEST: usize = 16 << 10;

/// All tokens.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TokensPage {
    /// In the order in which they were made.
    tokens: Vec<TokenRow>,
}

/// One token, without the token.
#[derive(Debug, Serialize, ToSchema)]
struct TokenRow {
    name: String,
    /// `viewer`: looks at logs; `agent`: speaks for hosts; `push`: pushes lines.
    kind: &'static str,
    /// Patterns of the host names that an agent may use; empty for others.
    hosts: Vec<String>,
    /// Patterns over HOST:NAME of the logs that may be pushed to; empty for others.
    logs: Vec<String>,
    #[schema(value_type = String, format = DateTime)]
    created: Timestamp,
}

/// A token that is wanted.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Wanted {
    kind: WantedKind,
    /// Patterns of host names, like `web*`: of an agent at least one, of others none.
    #[serde(default)]
    hosts: Vec<String>,
    /// Patterns over HOST:NAME, like `ci:*`: of a token to push with at least one, of others none.
    #[serde(default)]
    logs: Vec<String>,
    /// The first free one of `viewer-1`, `agent-1`, `push-1` and so on when it is not given.
    #[serde(default)]
    name: Option<String>,
}

/// What a token is for.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum WantedKind {
    /// Looks at logs.
    Viewer,
    /// Speaks for hosts.
    Agent,
    /// Pushes lines.
    Push,
}

/// A new token.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct NewToken {
    name: String,
    /// The token itself. It is told here and never again.
    token: String,
}

/// The tokens that there are.
#[utoipa::path(get, operation_id = "list_tokens", path = "/api/v1/tokens", tag = "access", responses(
    (status = 200, body = TokensPage),
    (status = 403, description = "Not the owner: not by password, nor as the hub's own user", body = Problem),
))]
pub(crate) async fn list(State(access): State<Arc<Access>>) -> Result<Response, Problem> {
    let entries = on_disk(move || access.tokens()).await?;
    Ok(unstored(Json(TokensPage { tokens: entries.into_iter().map(TokenRow::from).collect() })))
}

/// Makes a token.
#[utoipa::path(post, path = "/api/v1/tokens", tag = "access", request_body = Wanted, responses(
    (status = 201, description = "It is told here and never again", body = NewToken),
    (status = 400, description = "Not a name, or not a pattern", body = Problem),
    (status = 403, description = "Not the owner", body = Problem),
    (status = 409, description = "The name is taken, or there are as many as there may be", body = Problem),
))]
pub(crate) async fn add(
    State(access): State<Arc<Access>>,
    visitor: Visitor,
    request: Request,
) -> Result<Response, Problem> {
    let wanted: Wanted = body::read(request, LARGEST).await?;
    let grant = wanted.grant()?;
    let make = move || access.make_token(tokens::Wanted { grant, name: wanted.name.as_deref(), expires: None });
    let issued = on_disk(make).await?;
    tracing::info!(client = %visitor.client, token = issued.name, "a token was made over HTTP");
    let new = Json(NewToken { name: issued.name, token: issued.token });
    Ok(unstored((StatusCode::CREATED, new)))
}

/// Removes a token. What is open with it is closed within seconds.
#[utoipa::path(delete, path = "/api/v1/tokens/{name}", tag = "access",
    params(("name" = String, Path, description = "Its name")),
    responses(
        (status = 204, description = "Removed"),
        (status = 403, description = "Not the owner", body = Problem),
        (status = 404, description = "There is none of that name", body = Problem),
    ))]
pub(crate) async fn remove(
    State(access): State<Arc<Access>>,
    visitor: Visitor,
    Path(name): Path<String>,
) -> Result<StatusCode, Problem> {
    let removed = name.clone();
    on_disk(move || access.remove_token(&removed)).await?;
    tracing::info!(client = %visitor.client, token = name, "a token was removed over HTTP");
    Ok(StatusCode::NO_CONTENT)
}

impl Wanted {
    fn grant(&self) -> Result<Grant, Problem> {
        match (self.kind, &self.hosts[..], &self.logs[..]) {
            (WantedKind::Viewer, [], []) => Ok(Grant::Viewer),
            (WantedKind::Viewer, ..) => {
                Err(Problem::bad_request("a viewer's token is for all: leave `hosts` and `logs` out"))
            }
            (WantedKind::Agent, hosts, []) => Ok(Grant::Agent { hosts: hosts.to_vec() }),
            (WantedKind::Agent, ..) => Err(Problem::bad_request("an agent's token is for hosts: leave `logs` out")),
            (WantedKind::Push, [], logs) => Ok(Grant::Push { logs: logs.to_vec() }),
            (WantedKind::Push, ..) => Err(Problem::bad_request("a token to push with is for logs: leave `hosts` out")),
        }
    }
}

impl From<Entry> for TokenRow {
    fn from(entry: Entry) -> Self {
        let kind = entry.grant.kind();
        let (hosts, logs) = match entry.grant {
            Grant::Viewer => Default::default(),
            Grant::Agent { hosts } => (hosts, Vec::new()),
            Grant::Push { logs } => (Vec::new(), logs),
        };
        TokenRow { name: entry.name, kind, hosts, logs, created: entry.created }
    }
}

/// The list is a file under a lock: both are waited for elsewhere.
async fn on_disk<T: Send + 'static>(work: impl FnOnce() -> Result<T, Error> + Send + 'static) -> Result<T, Problem> {
    let done = tokio::task::spawn_blocking(work).await;
    Ok(done.map_err(|error| Problem::internal(format!("the list of tokens: {error}")))??)
}

/// For the eyes of who asked, and for this moment.
fn unstored(answer: impl IntoResponse) -> Response {
    ([(CACHE_CONTROL, "no-store")], answer).into_response()
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        let why = word(&error);
        let problem = match error {
            Error::NoSuchToken(_) => Problem::not_found(error.to_string()),
            Error::NameTaken(_) | Error::TooManyTokens(_) => Problem::conflict(error.to_string()),
            Error::BadName(_) | Error::BadGlob(_) | Error::TokenTooLong | Error::ExpiredBefore => {
                Problem::bad_request(error.to_string())
            }
            _ => Problem::internal(error.to_string()),
        };
        problem.with_why(why)
    }
}

/// What is wrong with what somebody at the page has asked for, as a word for programs.
fn word(error: &Error) -> Option<&'static str> {
    match error {
        Error::NoSuchToken(_) => Some("no_such_token"),
        Error::NameTaken(_) => Some("name_taken"),
        Error::TooManyTokens(_) => Some("too_many_tokens"),
        Error::BadName(_) => Some("bad_name"),
        Error::BadGlob(_) => Some("bad_glob"),
        _ => None,
    }
}
