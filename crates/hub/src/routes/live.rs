//! `GET live`: one address, three transports, chosen by what the request says it can take.
//!
//! What is wrong is said by the status while there is one: a script that reads text goes by it, and whoever looks at
//! an event stream with curl reads the problem. A WebSocket tells everything as events, since its viewer may add logs.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Extension, RawQuery, Request, State};
use axum::response::Response;
use futures_util::future::try_join_all;
use http::header::{ACCEPT, SEC_WEBSOCKET_KEY};
use http::{HeaderMap, HeaderName};
use tailcast_wire::{Answer, Failure, Filter, HalfLine, LogName, Question, Refusal, Spot, Why};

use crate::access::Visitor;
use crate::ask::AskError;
use crate::audience::{Face, Transport};
use crate::carrier::Reins;
use crate::frames::wants_websocket;
use crate::hub::Hub;
use crate::problem::Problem;
use crate::routes::history::unexpected;
use crate::view::{Policy, Start};
use crate::viewers::{self, Ending, LiveQuery, Views};

/// The most logs in an SSE view: its cursor over all of them has to fit into a header.
const MAX_SSE: usize = 32;
/// A stream does not wait longer for its agents before it begins: a slow one is told of in it.
const FIRST_WORD: Duration = Duration::from_secs(3);
/// What a stream can tell once it has begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    /// What happens, as events.
    Events,
    /// Lines, and words between them: a script goes by the status and by how it ends.
    Text,
}

/// What is wrong with one log before a stream begins.
enum Wrong {
    /// The stream does not begin: a person is mistaken, or bytes are lost that were asked for.
    Stops(Problem),
    /// It begins as long as another log can be read.
    Unless(Problem),
}

impl Form {
    /// Whether, and how far, a refusal keeps the stream from beginning.
    fn wrong(self, refusal: Refusal) -> Result<(), Wrong> {
        // Offered and not there yet: it is waited for.
        let not_there = refusal.why() == Some(Why::NotThere);
        match (self, refusal.failure) {
            (_, Some(Failure::NotOffered | Failure::BadPosition | Failure::BadFilter))
            | (Form::Text, Some(Failure::Gone)) => Err(Wrong::Stops(unexpected(Answer::Refused(refusal)))),
            (Form::Text, Some(Failure::Unreadable)) if !not_there => {
                Err(Wrong::Unless(unexpected(Answer::Refused(refusal))))
            }
            _ => Ok(()),
        }
    }
}

/// Lines as they are written: WebSocket, Server-Sent Events, or plain text.
///
/// Over a WebSocket a viewer may say `{"type":"add","log":…,"from":…,"last":…}`, `{"type":"remove","log":…}`,
/// `{"type":"filter","grep":[…],"exclude":[…],"i":…,"level":…,"last":…}`, and `{"type":"ping"}`, which is answered with
/// `{"type":"pong"}`.
#[utoipa::path(get, path = "/api/v1/live", tag = "logs",
    params(
        ("log" = Vec<String>, Query, description = "HOST:NAME; may be repeated"),
        ("from" = Option<String>, Query, description = "A position of the log in front of it, to go on from exactly"),
        ("last" = Option<u32>, Query, description = "So many last (matching) lines first; default 20"),
        ("grep" = Option<Vec<String>>, Query, description = "Regular expressions that must all match"),
        ("exclude" = Option<Vec<String>>, Query, description = "Regular expressions of which none may match"),
        ("i" = Option<bool>, Query, description = "Upper and lower case are the same"),
        ("level" = Option<String>, Query, description = "The least level"),
        ("wait" = Option<u32>, Query, description = "An event stream as a long-poll: it ends by itself as soon as it has told \
            something or each log's end was confirmed, at the latest after so many seconds; needs `turn`"),
        ("turn" = Option<String>, Query, description = "With `wait`: a name of one's own, a dot and a number that grows by one \
            with each answer that came whole; the hub goes on exactly where the turn before ended. `from` holds where it cannot"),
        ("policy" = Option<String>, Query, description = "`live` skips ahead when slow, `complete` never"),
    ),
    responses(
        (status = 101, description = "WebSocket, subprotocol tailcast.v1.json (default) or tailcast.v1.cbor"),
        (status = 200, description = "Server-Sent Events (Accept: text/event-stream), else plain text. Lines of the hub's own in \
            plain text begin with `tailcast: ` (of a log: `tailcast: HOST:NAME: words`); of several logs, `==> HOST:NAME <==` \
            stands where the lines of another one begin. A log's line may say the same: events are told apart with certainty. The \
            text ends whole when the hub stops, and breaks off, behind a line with the words, when bytes are lost or no log \
            is left that can be read"),
        (status = 400, description = "Not understood, or a bad pattern with its place", body = Problem),
        (status = 404, description = "No such host or log, or not offered (not over a WebSocket)", body = Problem),
        (status = 410, description = "What `from` stood in is gone from the disk (plain text)", body = Problem),
        (status = 426, description = "A WebSocket was asked for, and a proxy took the upgrade out of the request", body = Problem),
        (status = 409, description = "None of the logs can be read: a pipe, a directory, no permission (plain text)", body = Problem),
        (status = 503, description = "The agents of all logs are away, or have no descriptor for one (plain text)", body = Problem),
    ))]
pub(crate) async fn live(
    State(hub): State<Arc<Hub>>,
    visitor: Visitor,
    Extension(reins): Extension<Reins>,
    RawQuery(query): RawQuery,
    request: Request,
) -> Result<Response, Problem> {
    let query = query.unwrap_or_default();
    let headers = request.headers();
    let face = |transport| Face { transport, client: visitor.client };
    if wants_websocket(request.version(), headers) {
        let query = LiveQuery::parse(&query, None)?;
        refuse_turns(&query)?;
        return Ok(viewers::open(&hub, &visitor, query, request));
    }
    if headers.contains_key(SEC_WEBSOCKET_KEY) {
        // Text without end is no answer that whoever waits for a WebSocket could understand.
        return Err(Problem::upgrade_is_gone());
    }
    if wants_events(headers) {
        let last_seen = headers.get(HeaderName::from_static("last-event-id"));
        let last_seen = last_seen.map(|id| id.to_str().map_err(|_| bad_id())).transpose()?;
        let query = LiveQuery::parse(&query, last_seen)?;
        if query.logs.len() > MAX_SSE {
            return Err(Problem::bad_request(format!("at most {MAX_SSE} logs in one event stream")));
        }
        // A browser that comes again would give up at a status, while the hub has just started and the agent is to come.
        // Nor is whoever takes turns asked for again and again.
        if last_seen.is_none() && query.wait.is_none() {
            look_first(&hub, &query, Form::Events).await?;
        }
        reins.hurry();
        let guest = hub.guests.enter(visitor.standing, Some(reins));
        let waiting = query.wait.as_ref().and_then(|(_, turn)| hub.turns.take(turn, &query));
        let new = || Views::new(&hub, &query, face(Transport::Events), &guest);
        let views = waiting.map_or_else(new, |views| views.of(&guest));
        return Ok(viewers::sse(&hub, guest, views, query.wait.map(Ending::new)));
    }
    let query = LiveQuery { policy: Policy::Complete, ..LiveQuery::parse(&query, None)? };
    refuse_turns(&query)?;
    look_first(&hub, &query, Form::Text).await?;
    let guest = hub.guests.enter(visitor.standing, Some(reins));
    let views = Views::new(&hub, &query, face(Transport::Text), &guest);
    Ok(viewers::text(&hub, guest, views))
}

fn bad_id() -> Problem {
    Problem::bad_request("`Last-Event-ID` has characters that the id of no event has")
}

fn refuse_turns(query: &LiveQuery) -> Result<(), Problem> {
    match query.wait {
        None => Ok(()),
        Some(_) => Err(Problem::bad_request("`wait` is for an event stream: send Accept: text/event-stream")),
    }
}

/// Asks for nothing of each log, to hear what is wrong. A log that is offered and not there yet is not wrong.
async fn look_first(hub: &Hub, query: &LiveQuery, form: Form) -> Result<(), Problem> {
    let looks = query.logs.iter().map(async |(log, start)| match look(hub, log, start, form).await {
        Ok(()) => Ok(None),
        Err(Wrong::Unless(problem)) => Ok(Some(problem)),
        Err(Wrong::Stops(problem)) => Err(problem),
    });
    let Ok(looked) = tokio::time::timeout(FIRST_WORD, try_join_all(looks)).await else { return Ok(()) };
    let wrong: Option<Vec<Problem>> = looked?.into_iter().collect();
    wrong.and_then(|wrong| wrong.into_iter().next()).map_or(Ok(()), Err)
}

async fn look(hub: &Hub, log: &LogName, start: &Start, form: Form) -> Result<(), Wrong> {
    let spot = match start {
        Start::From(position) => Spot::After(position.clone()),
        Start::Last(_) | Start::Beginning => Spot::Last,
    };
    let (log_name, filter) = (log.name.clone(), Filter::default());
    let nothing = Question::Read { log: log_name, spot, lines: 0, bytes: 1, filter, scan: 1, half: HalfLine::Hold };
    match hub.agents.ask(&log.host, nothing).await {
        Err(AskError::Late(_) | AskError::Silent(_)) => Ok(()),
        Err(AskError::Away(_)) if form == Form::Events => Ok(()),
        Err(e @ AskError::Away(_)) => Err(Wrong::Unless(e.into())),
        Err(e) => Err(Wrong::Stops(e.into())),
        Ok(answered) => match answered.answer {
            // One of several: which one is the first thing to know.
            Answer::Refused(refusal) => form.wrong(Refusal { words: format!("{log}: {}", refusal.words), ..refusal }),
            _ => Ok(()),
        },
    }
}

fn wants_events(headers: &HeaderMap) -> bool {
    let accept = headers.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok());
    accept.flat_map(|value| value.split(',')).any(|kind| kind.trim().starts_with("text/event-stream"))
}
