//! `POST push`: lines into a pushed log, as long as the body comes.
//!
//! Each piece of the body is on the disk before the next one is read, so a slow disk slows its sender and nobody else, and
//! nothing of a body is held. With `offset` each byte has its place, and who sends one again, for want of an answer, doubles
//! nothing. It refuses to be endless: a body has a bound in bytes, and in silence.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Json;
use axum::body::BodyDataStream;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, Request, State};
use bytes::Bytes;
use futures_util::StreamExt;
use serde::{Deserialize, Serialize};
use tailcast_wire::PushedLog;
use tokio::time::timeout;
use utoipa::ToSchema;

use crate::access::Visitor;
use crate::hub::Hub;
use crate::problem::Problem;
use crate::pushed::Pushed;

/// The most of one request, in bytes: a longer one goes on with another.
const MOST: u64 = 1 << 30;
/// How long the body may say nothing. A build has such pauses.
const SILENCE: Duration = Duration::from_secs(15 * 60);
/// How often who pushes is judged again.
const JUDGE: Duration = Duration::from_secs(1);
/// When to come again to a hub that stops.
const STOPS: Duration = Duration::from_secs(1);

/// Where the lines belong.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PushQuery {
    log: String,
    #[serde(default)]
    offset: Option<u64>,
}

/// What became of the lines.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Taken {
    log: String,
    /// Where the next byte goes: so many were pushed to this log since it began, those that it has dropped included.
    offset: u64,
}

/// Adds the body to a pushed log, which begins with its first byte.
#[utoipa::path(post, path = "/api/v1/push", tag = "logs",
    params(
        ("log" = String, Query, description = "HOST:push/NAME; HOST is no machine's name"),
        ("offset" = Option<u64>, Query,
            description = "Where in the log's stream the body begins: what is known already is not doubled. Without it the body is added at the end"),
    ),
    request_body(content_type = "application/octet-stream", content = String, description = "Lines, at most 1 GiB of them; streamed"),
    responses(
        (status = 200, description = "All of it is kept", body = Taken),
        (status = 400, description = "Not the name of a pushed log", body = Problem),
        (status = 401, description = "Not somebody who may push", body = Problem),
        (status = 403, description = "Not into this log", body = Problem),
        (status = 404, description = "This hub takes no lines", body = Problem),
        (status = 408, description = "Nothing came for a quarter of an hour", body = Problem),
        (status = 409, description = "It is the name of a machine; or the lines leave a hole, or other ones stand there already: `offset` says where the log ends", body = Problem),
        (status = 413, description = "More than 1 GiB: go on with another request", body = Problem),
        (status = 507, description = "The disk is full, or there are as many pushed logs as there may be: come again", body = Problem),
    ))]
pub(crate) async fn push(
    State(hub): State<Arc<Hub>>,
    visitor: Visitor,
    query: Result<Query<PushQuery>, QueryRejection>,
    request: Request,
) -> Result<Json<Taken>, Problem> {
    let Query(PushQuery { log, offset }) = query.map_err(|e| Problem::bad_request(e.body_text()))?;
    let log: PushedLog = log.parse().map_err(|e: tailcast_wire::PushedError| Problem::bad_request(e.to_string()))?;
    if !visitor.may_push_to(&log) {
        return Err(Problem::forbidden(format!("This token is not for {log}.")));
    }
    let pushed = hub.pushed.get().ok_or_else(|| Problem::not_found("this hub takes no lines that are pushed: `logs` under [push] in its configuration is 0, or its log says why"))?;
    let pushing = Pushing { hub: &hub, pushed, visitor: &visitor, log: &log };
    let offset = pushing.all(request.into_body().into_data_stream(), offset).await?;
    Ok(Json(Taken { log: log.to_string(), offset }))
}

/// One body on its way to the disk.
struct Pushing<'a> {
    hub: &'a Arc<Hub>,
    pushed: &'a Pushed,
    visitor: &'a Visitor,
    log: &'a PushedLog,
}

impl Pushing<'_> {
    /// Gives where the log ends.
    async fn all(&self, mut body: BodyDataStream, mut at: Option<u64>) -> Result<u64, Problem> {
        // The log is there before its first byte, also where there is none.
        let mut end = self.take(at, Bytes::new()).await?;
        let (mut taken, mut judged) = (0, Instant::now());
        while let Some(piece) = self.next(&mut body).await? {
            taken += piece.len() as u64;
            if taken > MOST {
                return Err(
                    Problem::too_large("one request takes 1 GiB at most: go on with another one").with("offset", end)
                );
            }
            if judged.elapsed() >= JUDGE {
                self.judge()?;
                judged = Instant::now();
            }
            let len = piece.len() as u64;
            end = self.take(at, piece).await?;
            at = at.map(|at| at + len);
        }
        Ok(end)
    }

    async fn take(&self, at: Option<u64>, bytes: Bytes) -> Result<u64, Problem> {
        self.pushed.take(self.hub, self.log, at, bytes).await
    }

    /// The next piece of the body; none when it has ended.
    async fn next(&self, body: &mut BodyDataStream) -> Result<Option<Bytes>, Problem> {
        let piece = tokio::select! {
            piece = timeout(SILENCE, body.next()) => piece,
            () = self.hub.stop.cancelled() => return Err(Problem::unavailable("this hub stops; push the rest again", STOPS)),
        };
        let silent =
            |_| Problem::request_timeout("nothing came for a quarter of an hour; push the rest with another request");
        let broken = |e| Problem::bad_request(format!("the body broke off: {e}"));
        piece.map_err(silent)?.transpose().map_err(broken)
    }

    /// A long body outlives what its sender was let in by.
    fn judge(&self) -> Result<(), Problem> {
        let over = self.hub.access.over(std::iter::once(&self.visitor.standing)).into_iter().flatten().next();
        over.map_or(Ok(()), |over| Err(Problem::forbidden(over.words())))
    }
}
