//! Pages of history and raw bytes: questions to the log's agent, answered from the file.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_util::stream::try_unfold;
use http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use tailcast_fanout::{Drained, Subscription};
use tailcast_wire::{
    Answer, Failure, Filter, HalfLine, LogName, Page, Part, Question, Refusal, Spot, Tiding, Told, Why,
};

use crate::ask::AskError;
use crate::block_lines;
use crate::channel::Key;
use crate::hub::Hub;
use crate::item::{Item, Reach, What};
use crate::problem::Problem;
use crate::render;
use crate::viewers::{filter_of, log_name, number, pairs, unknown};

/// Lines of a page when nothing is said, and at most.
const LIMIT: u32 = 200;
const MAX_LIMIT: u64 = 10_000;
/// Bytes of lines in one page.
const PAGE_BYTES: u32 = 4 << 20;
/// Bytes looked through for the matching lines of one page: what a core does in about 0.1 s.
const SCAN: u64 = 256 << 20;
/// Bytes of one piece of a raw answer.
const RAW_PIECE: u32 = 1 << 20;
/// The longest long-poll.
const MAX_WAIT: u64 = 60;

/// A page of history as it was asked for.
struct Lines {
    log: LogName,
    spot: Spot,
    limit: u32,
    filter: Filter,
    wait: Duration,
}

impl Lines {
    fn parse(query: &str) -> Result<Self, Problem> {
        let (filter, rest) = filter_of(pairs(query))?;
        let (mut log, mut spot, mut limit, mut wait) = (None, None, LIMIT, 0);
        for (key, value) in rest {
            let here = match key.as_str() {
                "log" => {
                    log = Some(log_name(&value)?);
                    continue;
                }
                "limit" => {
                    limit = number(&key, &value, MAX_LIMIT)? as u32;
                    continue;
                }
                "wait" => {
                    wait = number(&key, &value, MAX_WAIT)?;
                    continue;
                }
                "last" => {
                    limit = number(&key, &value, MAX_LIMIT)? as u32;
                    Spot::Last
                }
                "before" => Spot::Before(value),
                "after" => Spot::After(value),
                "at" => Spot::Time(time(&value)?),
                "offset" => Spot::Offset(number(&key, &value, u64::MAX)?),
                other => return Err(unknown(other)),
            };
            if spot.replace(here).is_some() {
                return Err(Problem::bad_request(
                    "one of `last`, `before`, `after`, `at` and `offset`, not two of them",
                ));
            }
        }
        let log = log.ok_or_else(|| Problem::bad_request("which log? Add ?log=HOST:/path"))?;
        let spot = spot.unwrap_or(Spot::Last);
        if wait > 0 && !matches!(spot, Spot::After(_)) {
            return Err(Problem::bad_request(
                "`wait` needs `after`: look with `last` first, then wait with `after` from its answer",
            ));
        }
        Ok(Lines { log, spot, limit, filter, wait: Duration::from_secs(wait) })
    }

    fn question(&self) -> Question {
        let (log, spot, filter) = (self.log.name.clone(), self.spot.clone(), self.filter.clone());
        // Who waits follows: a half line would be an answer to each of its questions, again and again.
        let half = if self.wait.is_zero() { HalfLine::Give } else { HalfLine::Hold };
        Question::Read { log, spot, lines: self.limit, bytes: PAGE_BYTES, filter, scan: SCAN, half }
    }
}

fn time(text: &str) -> Result<i64, Problem> {
    let stamp: Result<Timestamp, _> = text.parse();
    let seconds = || text.parse::<i64>().ok().and_then(|seconds| Timestamp::from_second(seconds).ok());
    let stamp = stamp.ok().or_else(seconds);
    stamp.map(Timestamp::as_microsecond).ok_or_else(|| {
        Problem::bad_request(format!("`at={text}` is no time; write 2026-11-20T22:10:11Z, or seconds since 1970"))
    })
}

/// A page of history.
#[utoipa::path(get, path = "/api/v1/lines", tag = "logs",
    params(
        ("log" = String, Query, description = "HOST:NAME"),
        ("last" = Option<u32>, Query, description = "The last so many lines"),
        ("before" = Option<String>, Query, description = "The lines that end at this position"),
        ("after" = Option<String>, Query, description = "The lines that start at this position"),
        ("at" = Option<String>, Query, description = "The first line not earlier than this time"),
        ("offset" = Option<u64>, Query, description = "The line in which this byte lies"),
        ("limit" = Option<u32>, Query, description = "At most so many lines; default 200"),
        ("wait" = Option<u32>, Query, description = "With `after`: wait so many seconds for a line"),
        ("grep" = Option<Vec<String>>, Query, description = "Regular expressions that must all match"),
        ("exclude" = Option<Vec<String>>, Query, description = "Regular expressions of which none may match"),
        ("i" = Option<bool>, Query, description = "Upper and lower case are the same"),
        ("level" = Option<String>, Query, description = "The least level"),
    ),
    responses(
        (status = 200, description = "The page", body = super::openapi::LinesPage),
        (status = 400, description = "Not understood, or a bad pattern or position", body = Problem),
        (status = 404, description = "No such host or log, or not offered", body = Problem),
        (status = 410, description = "What the position stood in is gone from the disk", body = Problem),
        (status = 503, description = "The agent is away", body = Problem),
    ))]
pub(crate) async fn lines(State(hub): State<Arc<Hub>>, RawQuery(query): RawQuery) -> Result<Response, Problem> {
    let lines = Lines::parse(&query.unwrap_or_default())?;
    let log = lines.log.clone();
    let page = page(&hub, &lines).await?;
    let page = match page.parts.is_empty() && page.end && !lines.wait.is_zero() {
        true => wait_for_more(&hub, lines, page).await?,
        false => page,
    };
    let zone = hub.agents.zone(&log.host);
    Ok(([(CONTENT_TYPE, "application/json"), (CACHE_CONTROL, "no-store")], page_json(&log, &page, &zone))
        .into_response())
}

/// Looks again whenever the log has gone on, until there is a line or the time is up. Each look begins where the last one
/// ended, and so does whoever asks again with `after`: nothing is looked through twice.
async fn wait_for_more(hub: &Arc<Hub>, lines: Lines, empty: Page) -> Result<Page, Problem> {
    let (wait, mut newest) = (lines.wait, empty);
    let looked = tokio::select! {
        looked = look_until_there_is_a_line(hub, lines, &mut newest) => looked,
        () = tokio::time::sleep(wait) => Ok(()),
        () = hub.stop.cancelled() => Ok(()),
    };
    looked.map(|()| newest)
}

async fn look_until_there_is_a_line(hub: &Arc<Hub>, mut lines: Lines, newest: &mut Page) -> Result<(), Problem> {
    let (_, mut subscription) = hub.watch(&Key { log: lines.log.clone(), filter: lines.filter.clone() });
    let mut known = None;
    loop {
        if let Some(after) = &newest.after {
            lines.spot = Spot::After(after.position.clone());
        }
        // The subscription stands before this look, so nothing that comes after it is overlooked.
        *newest = page(hub, &lines).await?;
        if !newest.parts.is_empty() {
            return Ok(());
        }
        if newest.end && news(&mut subscription, &mut known).await == Drained::Closed {
            return Ok(());
        }
    }
}

/// Waits for anything but the word that the log stands where it is `known` to stand.
async fn news(subscription: &mut Subscription<Item>, known: &mut Option<Reach>) -> Drained {
    let mut items = Vec::new();
    loop {
        items.clear();
        let drained = subscription.drain(usize::MAX, &mut items).await;
        let stands = |item: &Arc<Item>| matches!(item.what, What::Edge { .. }) && Some(item.reach) == *known;
        let nothing_new = items.iter().all(stands);
        *known = items.last().map(|item| item.reach).or(*known);
        if drained != Drained::Items || !nothing_new {
            return drained;
        }
    }
}

async fn page(hub: &Hub, lines: &Lines) -> Result<Page, Problem> {
    match hub.agents.ask(&lines.log.host, lines.question()).await?.answer {
        Answer::Page(page) => Ok(page),
        other => Err(unexpected(other)),
    }
}

fn page_json(log: &LogName, page: &Page, zone: &TimeZone) -> Bytes {
    let mut out = Vec::with_capacity(4096);
    out.extend_from_slice(b"{\"log\":");
    push_string(&mut out, &log.to_string());
    out.extend_from_slice(b",\"lines\":[");
    for part in &page.parts {
        if let Part::Block(block) = part {
            render::push_json(&mut out, block, None, zone);
        }
    }
    out.extend_from_slice(b"],\"marks\":[");
    push_marks(&mut out, page);
    out.extend_from_slice(b"],\"before\":");
    push_optional(&mut out, page.before.as_deref());
    out.extend_from_slice(b",\"after\":");
    push_optional(&mut out, page.after.as_ref().map(|place| place.position.as_str()));
    out.extend_from_slice(
        format!(",\"end\":{},\"limited\":{},\"scanned\":{}}}", page.end, page.limited, page.scanned).as_bytes(),
    );
    Bytes::from(out)
}

/// Where a life of the file ends: in front of the first line of the next one. Each such seam is in the page that has that
/// line, also when the line is the page's first.
fn push_marks(out: &mut Vec<u8>, page: &Page) {
    let mut seam = page.in_front.as_ref();
    for part in &page.parts {
        match part {
            Part::Told(told) => seam = Some(told),
            Part::Block(block) => {
                let Some(at) = block_lines::first_line(block) else { continue };
                if let Some(told) = seam.take().filter(|told| told.tiding == Some(Tiding::Rotated)) {
                    push_mark(out, &at, told);
                }
            }
        }
    }
}

fn push_mark(out: &mut Vec<u8>, at: &str, told: &Told) {
    let comma = if out.ends_with(b"[") { "" } else { "," };
    out.extend_from_slice(format!("{comma}{{\"type\":\"rotated\",\"at\":").as_bytes());
    push_string(out, at);
    out.extend_from_slice(b",\"words\":");
    push_string(out, &told.words);
    out.push(b'}');
}

fn push_string(out: &mut Vec<u8>, text: &str) {
    match serde_json::to_writer(out, text) {
        Ok(()) => (),
        Err(never) => unreachable!("writing a string to memory cannot fail: {never}"),
    }
}

fn push_optional(out: &mut Vec<u8>, text: Option<&str>) {
    match text {
        Some(text) => push_string(out, text),
        None => out.extend_from_slice(b"null"),
    }
}

/// A stretch of the log as it stands in the file.
#[utoipa::path(get, path = "/api/v1/raw", tag = "logs",
    params(
        ("log" = String, Query, description = "HOST:NAME"),
        ("from" = Option<String>, Query, description = "A position; the present file's beginning when absent"),
        ("to" = Option<String>, Query, description = "A position in the same file, not included; when absent the end of the log as it stands, over the ends of rotated files"),
    ),
    responses((status = 200, description = "The bytes", content_type = "application/octet-stream"),
        (status = 404, description = "No such host or log, or not offered", body = Problem)))]
pub(crate) async fn raw(State(hub): State<Arc<Hub>>, RawQuery(query): RawQuery) -> Result<Response, Problem> {
    let (mut log, mut from, mut to) = (None, None, None);
    for (key, value) in pairs(&query.unwrap_or_default()) {
        match key.as_str() {
            "log" => log = Some(log_name(&value)?),
            "from" => from = Some(value),
            "to" => to = Some(value),
            other => return Err(unknown(other)),
        }
    }
    let log = log.ok_or_else(|| Problem::bad_request("which log? Add ?log=HOST:/path"))?;
    // The first piece before the status: a log that cannot be read is a problem, not a broken download.
    let (first, next) = piece(&hub, &log, from, to.clone()).await?;
    let name = download_name(&log);
    let rest = Pieces { hub, log, next, to };
    let pieces = futures_util::StreamExt::chain(
        futures_util::stream::once(std::future::ready(Ok::<_, Broken>(first))),
        Box::pin(try_unfold(rest, Pieces::next))
            as Pin<Box<dyn futures_util::Stream<Item = Result<Bytes, Broken>> + Send>>,
    );
    let headers = [
        (CONTENT_TYPE, "application/octet-stream".to_owned()),
        (CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")),
        (CACHE_CONTROL, "no-store".to_owned()),
    ];
    Ok((headers, Body::from_stream(pieces)).into_response())
}

/// Why a download breaks off.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Broken(String);

struct Pieces {
    hub: Arc<Hub>,
    log: LogName,
    next: Option<String>,
    to: Option<String>,
}

impl Pieces {
    async fn next(mut self) -> Result<Option<(Bytes, Self)>, Broken> {
        let Some(from) = self.next.take() else { return Ok(None) };
        let piece = piece(&self.hub, &self.log, Some(from), self.to.clone()).await;
        let (bytes, next) = piece.map_err(|problem| Broken(problem.detail().to_owned()))?;
        self.next = next;
        Ok(Some((bytes, self)))
    }
}

async fn piece(
    hub: &Hub,
    log: &LogName,
    from: Option<String>,
    to: Option<String>,
) -> Result<(Bytes, Option<String>), Problem> {
    let question = Question::Raw { log: log.name.clone(), from, to, bytes: RAW_PIECE };
    match hub.agents.ask(&log.host, question).await?.answer {
        Answer::Raw { bytes, next } => Ok((bytes, next)),
        other => Err(unexpected(other)),
    }
}

/// `web1-syslog`: what a file system and a header both take.
fn download_name(log: &LogName) -> String {
    let base = log.name.rsplit('/').next().unwrap_or_default();
    let plain = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_') { c } else { '_' };
    format!("{}-{}", log.host, base.chars().map(plain).collect::<String>())
}

/// An answer that is a refusal, or none to the question, as a problem.
pub(crate) fn unexpected(answer: Answer) -> Problem {
    let Answer::Refused(refusal) = answer else {
        return Problem::internal("the agent answered something else than was asked");
    };
    let (why, no_room) = (refusal.why().map(Why::name), refusal.why() == Some(Why::NoDescriptor));
    let Refusal { failure, words, at, .. } = refusal;
    let problem = match failure {
        Some(Failure::NotOffered) => Problem::not_found(words),
        Some(Failure::BadPosition) => Problem::bad_request(words),
        Some(Failure::BadFilter) => Problem::bad_pattern(words, at.map(|at| at as usize)),
        Some(Failure::Gone) => Problem::gone(words),
        Some(Failure::Unreadable) if no_room => {
            Problem::unavailable(format!("there is no room to open this log now: {words}"), Duration::from_secs(2))
        }
        Some(Failure::Unreadable) => Problem::conflict(words),
        Some(Failure::Busy) => Problem::unavailable(words, Duration::from_secs(1)),
        Some(Failure::Unknown | Failure::Failed) | None => Problem::bad_gateway(words),
    };
    problem.with_why(why)
}

impl From<AskError> for Problem {
    fn from(error: AskError) -> Self {
        let (words, why) = (error.to_string(), error.word());
        let problem = match error {
            AskError::NoSuchHost(_) => Problem::not_found(words),
            AskError::Away(_) => Problem::unavailable(words, Duration::from_secs(2)),
            AskError::Late(_) | AskError::Silent(_) => Problem::gateway_timeout(words),
        };
        problem.with_why(why)
    }
}
