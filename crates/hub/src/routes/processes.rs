//! The process monitor of a host: its processes, one in full, its connections, its limits. Asked of the host's agent each
//! time; the hub keeps nothing of it.

pub(super) mod everywhere;

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use serde::Deserialize;
use tailcast_wire::{
    Answer, By, HostName, HostSockets, Inspect, Inspected, Limits, Order, ProcessDetail, Processes, Question,
};

use super::history::unexpected;
use crate::hub::Hub;
use crate::problem::Problem;

/// Processes in a list when nothing is said.
const LIMIT: u32 = 1000;
/// Files of one process when nothing is said.
const FILES: u32 = 500;

type PathOf<T> = Result<Path<T>, PathRejection>;
type QueryOf<T> = Result<Query<T>, QueryRejection>;

/// Which processes.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ListQuery {
    #[serde(default)]
    limit: Option<u32>,
    #[serde(default)]
    writes: Option<String>,
    #[serde(default)]
    q: String,
    #[serde(default)]
    sort: By,
    #[serde(default)]
    reverse: bool,
}

/// The processes of a host, those nearest to their limit first.
#[utoipa::path(get, operation_id = "list_processes", path = "/api/v1/hosts/{host}/processes", tag = "processes",
    params(
        ("host" = String, Path, description = "The host's name"),
        ("limit" = Option<u32>, Query, description = "At most so many; default 1000, at most 6000"),
        ("writes" = Option<String>, Query, description = "Only those that have this log open for writing: its NAME, without the host"),
        ("q" = Option<String>, Query, description = "Only those in which each of these words occurs: in the number, name, command, user or unit; case not regarded"),
        ("sort" = Option<By>, Query, description = "What comes first; percent when absent"),
        ("reverse" = Option<bool>, Query, description = "The other way round; what is not known stays last"),
    ),
    responses((status = 200, body = Processes), (status = 404, description = "No such host or log, or its processes are not shown", body = Problem)))]
pub(crate) async fn list(
    State(hub): State<Arc<Hub>>,
    host: PathOf<String>,
    query: QueryOf<ListQuery>,
) -> Result<Json<Processes>, Problem> {
    let Query(ListQuery { limit, writes, q, sort, reverse }) =
        query.map_err(|e| Problem::bad_request(e.body_text()))?;
    let words = q.split_whitespace().map(str::to_owned).collect();
    let order = Some(Order { by: sort, reverse });
    let question = Inspect::Processes { limit: limit.unwrap_or(LIMIT), writes, words, order };
    match ask(&hub, host, question).await? {
        Inspected::Processes(processes) => Ok(Json(processes)),
        _ => Err(another()),
    }
}

/// Which files of a process.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FilesQuery {
    #[serde(default)]
    from: u32,
    #[serde(default)]
    limit: Option<u32>,
}

/// One process in full: what it holds open, with whom it is connected, which logs it writes.
#[utoipa::path(get, path = "/api/v1/hosts/{host}/processes/{pid}", tag = "processes",
    params(
        ("host" = String, Path, description = "The host's name"),
        ("pid" = u32, Path, description = "The number of the process"),
        ("from" = Option<u32>, Query, description = "Its files from this number on: `next` of the page before"),
        ("limit" = Option<u32>, Query, description = "At most so many files; default 500, at most 5000"),
    ),
    responses((status = 200, body = ProcessDetail), (status = 404, description = "No such host or process", body = Problem)))]
pub(crate) async fn one(
    State(hub): State<Arc<Hub>>,
    path: PathOf<(String, u32)>,
    query: QueryOf<FilesQuery>,
) -> Result<Json<ProcessDetail>, Problem> {
    let Path((host, pid)) = path.map_err(|e| Problem::bad_request(e.body_text()))?;
    let Query(FilesQuery { from, limit }) = query.map_err(|e| Problem::bad_request(e.body_text()))?;
    let question = Inspect::Process { pid, from, limit: limit.unwrap_or(FILES) };
    match ask(&hub, Ok(Path(host)), question).await? {
        Inspected::Process(process) => Ok(Json(*process)),
        _ => Err(another()),
    }
}

/// The connections of a host: by state, who listens and how full the queues are, with whom most are.
#[utoipa::path(get, path = "/api/v1/hosts/{host}/sockets", tag = "processes",
    params(("host" = String, Path, description = "The host's name")),
    responses((status = 200, body = HostSockets), (status = 404, description = "No such host", body = Problem)))]
pub(crate) async fn sockets(State(hub): State<Arc<Hub>>, host: PathOf<String>) -> Result<Json<HostSockets>, Problem> {
    match ask(&hub, host, Inspect::Sockets).await? {
        Inspected::Sockets(sockets) => Ok(Json(*sockets)),
        _ => Err(another()),
    }
}

/// Whose limits.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LimitsQuery {
    #[serde(default)]
    pid: Option<u32>,
    #[serde(default)]
    want: Option<u64>,
}

/// What limits a process, who has set it, and what to change.
#[utoipa::path(get, path = "/api/v1/hosts/{host}/limits", tag = "processes",
    params(
        ("host" = String, Path, description = "The host's name"),
        ("pid" = Option<u32>, Query, description = "The number of the process; the agent itself when absent"),
        ("want" = Option<u64>, Query, description = "How many open files it is to be allowed; what will do for long when absent"),
    ),
    responses((status = 200, body = Limits), (status = 404, description = "No such host or process", body = Problem)))]
pub(crate) async fn limits(
    State(hub): State<Arc<Hub>>,
    host: PathOf<String>,
    query: QueryOf<LimitsQuery>,
) -> Result<Json<Limits>, Problem> {
    let Query(LimitsQuery { pid, want }) = query.map_err(|e| Problem::bad_request(e.body_text()))?;
    match ask(&hub, host, Inspect::Limits { pid, want }).await? {
        Inspected::Limits(limits) => Ok(Json(*limits)),
        _ => Err(another()),
    }
}

async fn ask(hub: &Hub, host: PathOf<String>, question: Inspect) -> Result<Inspected, Problem> {
    let Path(host) = host.map_err(|e| Problem::bad_request(e.body_text()))?;
    let host: HostName = host.parse().map_err(|e: tailcast_wire::NameError| Problem::bad_request(e.to_string()))?;
    put(hub, &host, question).await
}

/// Puts a question to a host's agent. Dropping the future takes it back.
async fn put(hub: &Hub, host: &HostName, question: Inspect) -> Result<Inspected, Problem> {
    match hub.agents.ask(host, Question::Inspect(question)).await?.answer {
        Answer::Inspected(inspected) => Ok(inspected),
        other => Err(unexpected(other)),
    }
}

fn another() -> Problem {
    Problem::internal("the agent answered something else than was asked")
}
