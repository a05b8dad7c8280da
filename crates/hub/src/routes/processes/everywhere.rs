//! The processes of all hosts in one list, for a page that is asked for every two seconds: bounded, however many hosts and
//! processes there are.
//!
//! Each host gives its first few; those whose last one is still among the first of all are asked again for as many as are
//! wanted. So the list is exact after two rounds, and a hub with 200 hosts does not carry 100,000 rows to show 100. A host that
//! does not answer soon is named and not waited for.

use std::cmp::Ordering;
use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use futures_util::future::join_all;
use serde::{Deserialize, Serialize};
use tailcast_wire::{By, Hidden, HostName, Inspect, Inspected, LogName, NameError, Order, Process, Processes};
use tokio::time::timeout;
use utoipa::ToSchema;

use crate::ask::AskError;
use crate::hub::Hub;
use crate::problem::Problem;
use crate::routes::unheard::Unheard;

/// Processes when nothing is said, and at most.
const LIMIT: u32 = 100;
const MAX_LIMIT: u32 = 1000;
/// What each host is asked for at least: most questions end with the first round.
const LEAST: u32 = 10;
/// Processes in which something is wrong that are named.
const MOST_FOUND: usize = 20;
/// How long a host may take.
const SOON: Duration = Duration::from_secs(3);

/// Which processes.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AllQuery {
    #[serde(default)]
    host: Option<String>,
    #[serde(default)]
    writes: Option<String>,
    #[serde(default)]
    q: String,
    #[serde(default)]
    sort: By,
    #[serde(default)]
    reverse: bool,
    #[serde(default)]
    limit: Option<u32>,
}

/// The processes of all hosts.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AllProcesses {
    /// The first of them, in the order that was asked for.
    processes: Vec<HostProcess>,
    /// How many more there are on the hosts that answered.
    left_out: u64,
    /// Those in which something is wrong, whatever was looked for: those nearest to their limit.
    found: Vec<HostProcess>,
    /// The hosts that were asked, by name.
    hosts: Vec<AskedHost>,
}

/// A process of a host.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct HostProcess {
    host: String,
    #[serde(flatten)]
    process: Process,
}

/// A host that was asked.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AskedHost {
    host: String,
    /// How many of its processes are what was looked for; null when it did not answer.
    processes: Option<u64>,
    /// Why it did not answer.
    words: Option<String>,
    /// The same as a word for programs, where there is one.
    why: Option<String>,
    /// What could not be seen there.
    unseen: Vec<Hidden>,
}

/// The processes of all hosts, those nearest to their limit first.
#[utoipa::path(get, operation_id = "list_all_processes", path = "/api/v1/processes", tag = "processes",
    params(
        ("host" = Option<String>, Query, description = "Only those of this host"),
        ("writes" = Option<String>, Query, description = "Only those that have this log open for writing: HOST:NAME"),
        ("q" = Option<String>, Query, description = "Only those in which each of these words occurs: in the host's name, the number, name, command, user or unit; case not regarded"),
        ("sort" = Option<By>, Query, description = "What comes first; percent when absent"),
        ("reverse" = Option<bool>, Query, description = "The other way round; what is not known stays last"),
        ("limit" = Option<u32>, Query, description = "At most so many; default 100, at most 1000"),
    ),
    responses((status = 200, body = AllProcesses), (status = 400, description = "Not a question", body = Problem)))]
pub(crate) async fn all(
    State(hub): State<Arc<Hub>>,
    query: Result<Query<AllQuery>, QueryRejection>,
) -> Result<Json<AllProcesses>, Problem> {
    let Query(query) = query.map_err(|e| Problem::bad_request(e.body_text()))?;
    Ok(Json(Sought::of(&query)?.among(&hub).await))
}

/// What is looked for.
struct Sought {
    host: Option<HostName>,
    /// The NAME of a log.
    writes: Option<String>,
    /// In small letters.
    words: Vec<String>,
    order: Order,
    limit: u32,
}

/// What one host has of it.
struct Part {
    host: HostName,
    answer: Result<Processes, Unheard>,
}

impl Sought {
    fn of(query: &AllQuery) -> Result<Self, Problem> {
        let bad = |error: NameError| Problem::bad_request(error.to_string());
        let host = query.host.as_deref().map(str::parse).transpose().map_err(bad)?;
        let log: Option<LogName> = query.writes.as_deref().map(str::parse).transpose().map_err(bad)?;
        let (host, writes) = match log {
            Some(log) => (Some(log.host), Some(log.name)),
            None => (host, None),
        };
        let words = query.q.split_whitespace().map(str::to_lowercase).collect();
        let order = Order { by: query.sort, reverse: query.reverse };
        Ok(Sought { host, writes, words, order, limit: query.limit.unwrap_or(LIMIT).clamp(1, MAX_LIMIT) })
    }

    async fn among(&self, hub: &Hub) -> AllProcesses {
        let hosts = self.host.clone().map_or_else(|| hub.agents.machines(), |host| vec![host]);
        let each = (self.limit / u32::try_from(hosts.len().max(1)).unwrap_or(u32::MAX)).max(LEAST).min(self.limit);
        let mut parts = join_all(hosts.into_iter().map(|host| self.ask(hub, host, each))).await;
        let worst = self.worst(&parts);
        let again = parts.iter_mut().filter(|part| self.has_more(part, worst.as_ref()));
        join_all(again.map(async |part| *part = self.ask(hub, part.host.clone(), self.limit).await)).await;
        self.merged(parts)
    }

    async fn ask(&self, hub: &Hub, host: HostName, limit: u32) -> Part {
        let sought = |word: &&String| !host.as_str().to_lowercase().contains(word.as_str());
        let words = self.words.iter().filter(sought).cloned().collect();
        let question = Inspect::Processes { limit, writes: self.writes.clone(), words, order: Some(self.order) };
        let answer = match timeout(SOON, super::put(hub, &host, question)).await {
            Ok(Ok(Inspected::Processes(processes))) => Ok(processes),
            Ok(Ok(_)) => Err(super::another().into()),
            Ok(Err(problem)) => Err(problem.into()),
            Err(_) => Err(AskError::Late(SOON).into()),
        };
        Part { host, answer }
    }

    /// The last that has a place in the list; none while there is room.
    fn worst(&self, parts: &[Part]) -> Option<(HostName, Process)> {
        let rows = parts.iter().flat_map(|part| part.rows().map(move |process| (&part.host, process)));
        let mut rows: Vec<(&HostName, &Process)> = rows.collect();
        rows.sort_by(|a, b| self.compare(*a, *b));
        rows.get(self.limit as usize - 1).map(|(host, process)| ((*host).clone(), (*process).clone()))
    }

    /// Whether a host may have more that belong into the list than it has given.
    fn has_more(&self, part: &Part, worst: Option<&(HostName, Process)>) -> bool {
        let Ok(answer) = &part.answer else { return false };
        let last = answer.processes.last();
        let comes_before = |last: &Process| {
            worst.is_none_or(|(host, worst)| self.compare((&part.host, last), (host, worst)) == Ordering::Less)
        };
        answer.left_out > 0 && answer.processes.len() < self.limit as usize && last.is_some_and(comes_before)
    }

    fn compare(&self, a: (&HostName, &Process), b: (&HostName, &Process)) -> Ordering {
        self.order.compare(a.1, b.1).then_with(|| a.0.cmp(b.0))
    }

    fn merged(&self, parts: Vec<Part>) -> AllProcesses {
        let mut all = AllProcesses { processes: Vec::new(), left_out: 0, found: Vec::new(), hosts: Vec::new() };
        for Part { host, answer } in parts {
            let of = |process: Process| HostProcess { host: host.to_string(), process };
            let (processes, unheard, unseen) = match answer {
                Ok(answer) => {
                    let count = answer.processes.len() as u64 + answer.left_out;
                    all.left_out += answer.left_out;
                    all.processes.extend(answer.processes.into_iter().map(of));
                    all.found.extend(answer.found.into_iter().map(of));
                    (Some(count), None, answer.unseen)
                }
                Err(unheard) => (None, Some(unheard), Vec::new()),
            };
            let (words, why) = unheard.map_or((None, None), |Unheard { words, why }| (Some(words), why));
            all.hosts.push(AskedHost { host: host.to_string(), processes, words, why, unseen });
        }
        let by = |order: Order| {
            move |a: &HostProcess, b: &HostProcess| {
                order.compare(&a.process, &b.process).then_with(|| a.host.cmp(&b.host))
            }
        };
        all.processes.sort_by(by(self.order));
        all.left_out += all.processes.len().saturating_sub(self.limit as usize) as u64;
        all.processes.truncate(self.limit as usize);
        all.found.sort_by(by(Order::default()));
        all.found.truncate(MOST_FOUND);
        all
    }
}

impl Part {
    fn rows(&self) -> impl Iterator<Item = &Process> {
        self.answer.iter().flat_map(|answer| &answer.processes)
    }
}
