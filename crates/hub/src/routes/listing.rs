//! What there is: hosts and logs. Logs are asked of the agents each time, so that the list is as the disks are.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::{Query, State};
use futures_util::future::join_all;
use globset::{Glob, GlobMatcher};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tailcast_wire::{Answer, HostName, LogEntry, LogName, Question};
use tokio::time::timeout;
use utoipa::ToSchema;

use crate::agents::State as Link;
use crate::away::Away;
use crate::hub::Hub;
use crate::problem::Problem;
use crate::routes::unheard::Unheard;

/// Logs on a page when nothing is said, and at most.
const LIMIT: u32 = 500;
const MAX_LIMIT: u32 = 5000;
/// A log that was written within this many seconds is active.
const ACTIVE: i64 = 10;

/// Hosts that are or were here.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct HostsPage {
    hosts: Vec<HostRow>,
}

/// One host.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct HostRow {
    name: String,
    /// `up` or `lost`.
    state: &'static str,
    /// Since when.
    #[schema(value_type = String, format = DateTime)]
    since: Timestamp,
    version: String,
    /// What it offers, as its administrator wrote it.
    logs: Vec<String>,
    #[schema(value_type = Object)]
    labels: serde_json::Map<String, serde_json::Value>,
    /// Why it is lost, or what a person should know, in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    words: Option<String>,
    /// The same as a word for programs, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<&'static str>,
}

/// The hosts with an agent.
#[utoipa::path(get, path = "/api/v1/hosts", tag = "logs", responses((status = 200, body = HostsPage)))]
pub(crate) async fn hosts(State(hub): State<Arc<Hub>>) -> Json<HostsPage> {
    let hosts = hub.agents.list().into_iter().map(|(name, host)| {
        let said = hub.said_of(&name, &host);
        let (state, logs) = match host.state {
            Link::Up(_) => ("up", host.offers),
            Link::Lost(_) => ("lost", Vec::new()),
        };
        let (words, why) = (said.as_ref().map(Away::to_string), said.as_ref().and_then(Away::word));
        let labels = host.labels.into_iter().map(|(key, value)| (key, value.into())).collect();
        HostRow { name: name.to_string(), state, since: host.since, version: host.version, logs, labels, words, why }
    });
    Json(HostsPage { hosts: hosts.collect() })
}

/// Which logs are wanted.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LogsQuery {
    /// A glob over `HOST:NAME`; over NAME when it has no `:`.
    #[serde(default, rename = "match")]
    pattern: Option<String>,
    /// A part of the name.
    #[serde(default)]
    q: Option<String>,
    #[serde(default)]
    limit: Option<u32>,
    /// From the page before.
    #[serde(default)]
    next: Option<String>,
    /// Seconds after which it is answered with what there is.
    #[serde(default)]
    within: Option<u64>,
}

/// A page of logs, in order of host and name.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LogsPage {
    logs: Vec<LogRow>,
    /// Ask again with it; null on the last page.
    next: Option<String>,
    /// Hosts that did not answer, with the reason.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    missing: Vec<MissingHost>,
}

/// One log.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LogRow {
    log: String,
    size: Option<u64>,
    #[schema(value_type = Option<String>, format = DateTime)]
    modified: Option<Timestamp>,
    /// Whether it was written within the last seconds.
    active: bool,
    /// Why it cannot be read, when it cannot.
    unreadable: Option<String>,
}

/// A host whose logs are not in the list.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MissingHost {
    host: String,
    words: String,
    /// The same as a word for programs, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<String>,
}

/// The logs that are offered.
#[utoipa::path(get, path = "/api/v1/logs", tag = "logs",
    params(
        ("match" = Option<String>, Query, description = "A glob over HOST:NAME, or over NAME when it has no `:`"),
        ("q" = Option<String>, Query, description = "A part of the name, case not regarded"),
        ("limit" = Option<u32>, Query, description = "At most so many; default 500"),
        ("next" = Option<String>, Query, description = "From the page before"),
        ("within" = Option<u64>, Query, description = "Answer after so many seconds, at least 1, with what there is: hosts that have not listed their logs by then are `missing`, with `not_yet` as the reason"),
    ),
    responses((status = 200, body = LogsPage), (status = 400, description = "Not a glob", body = Problem)))]
pub(crate) async fn logs(
    State(hub): State<Arc<Hub>>,
    query: Result<Query<LogsQuery>, axum::extract::rejection::QueryRejection>,
) -> Result<Json<LogsPage>, Problem> {
    let Query(query) = query.map_err(|e| Problem::bad_request(e.body_text()))?;
    let wanted = Wanted::of(&query)?;
    let hosts = hub.agents.list();
    let asked = hosts.iter().filter(|(name, _)| wanted.host(name)).map(|(name, _)| wanted.ask(&hub, name));
    let mut page = LogsPage { logs: Vec::new(), next: None, missing: Vec::new() };
    for answer in join_all(asked).await {
        page.take(answer, wanted.limit);
    }
    Ok(Json(page))
}

struct Wanted {
    host: Option<GlobMatcher>,
    name: Option<String>,
    contains: Option<String>,
    limit: usize,
    after: Option<LogName>,
    /// How long each host has; without it, as long as the hub waits for any answer.
    within: Option<Duration>,
}

/// What one host answered.
struct Listed {
    host: HostName,
    answer: Result<(Vec<LogEntry>, bool), Unheard>,
}

impl Wanted {
    fn of(query: &LogsQuery) -> Result<Self, Problem> {
        let bad = |what: &str, e: globset::Error| Problem::bad_request(format!("`{what}` is not a glob: {}", e.kind()));
        let (host, name) = match query.pattern.as_deref().filter(|pattern| !pattern.is_empty()) {
            None => (None, None),
            Some(pattern) => match pattern.split_once(':') {
                Some((host, name)) => {
                    (Some(Glob::new(host).map_err(|e| bad(pattern, e))?.compile_matcher()), Some(name.to_owned()))
                }
                None => (None, Some(pattern.to_owned())),
            },
        };
        if let Some(name) = &name {
            Glob::new(name).map_err(|e| bad(name, e))?;
        }
        let after = query.next.as_deref().map(str::parse).transpose();
        let after = after.map_err(|_| Problem::bad_request("`next` is not from a page of this list"))?;
        let limit = query.limit.unwrap_or(LIMIT).clamp(1, MAX_LIMIT) as usize;
        let within = query.within.map(|seconds| Duration::from_secs(seconds.max(1)));
        Ok(Wanted { host, name, contains: query.q.clone().filter(|q| !q.is_empty()), limit, after, within })
    }

    fn host(&self, name: &HostName) -> bool {
        self.host.as_ref().is_none_or(|glob| glob.is_match(name.as_str()))
            && self.after.as_ref().is_none_or(|after| *name >= after.host)
    }

    async fn ask(&self, hub: &Hub, host: &HostName) -> Listed {
        let after = self.after.as_ref().filter(|after| after.host == *host).map(|after| after.name.clone());
        let (pattern, contains) = (self.name.clone(), self.contains.clone());
        let question = Question::List { pattern, contains, limit: self.limit as u32, after };
        let asked = hub.agents.ask_among_many(host, question);
        let answered = match self.within {
            None => Ok(asked.await),
            Some(within) => timeout(within, asked).await.map_err(|_| Unheard::not_yet(within)),
        };
        let answer = match answered {
            Err(not_yet) => Err(not_yet),
            Ok(Ok(answered)) => match answered.answer {
                Answer::Logs { logs, next } => Ok((logs, next.is_some())),
                other => Err(super::history::unexpected(other).into()),
            },
            Ok(Err(e)) => Err(e.into()),
        };
        Listed { host: host.clone(), answer }
    }
}

impl LogsPage {
    /// Adds the logs of one host, in order; says where to go on when the page is full.
    fn take(&mut self, listed: Listed, limit: usize) {
        let Listed { host, answer } = listed;
        let (logs, more) = match answer {
            Ok(answer) => answer,
            Err(Unheard { words, why }) => {
                return self.missing.push(MissingHost { host: host.to_string(), words, why });
            }
        };
        let room = limit.saturating_sub(self.logs.len());
        let left_out = more || logs.len() > room;
        for entry in logs.into_iter().take(room) {
            self.logs.push(LogRow::new(&host, entry));
        }
        if left_out && self.next.is_none() {
            self.next = self.logs.last().map(|row| row.log.clone());
        }
    }
}

impl LogRow {
    fn new(host: &HostName, entry: LogEntry) -> Self {
        let modified = entry.modified.and_then(|micros| Timestamp::from_microsecond(micros).ok());
        let age = modified.map(|modified| Timestamp::now().as_second() - modified.as_second());
        LogRow {
            log: format!("{host}:{}", entry.name),
            size: entry.size,
            modified,
            active: age.is_some_and(|age| age < ACTIVE),
            unreadable: entry.unreadable,
        }
    }
}
