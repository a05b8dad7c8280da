//! The words of `GET live` and its relatives: `log=…&from=…&log=…&last=…&grep=…&exclude=…&i&level=…&policy=…`.
//!
//! Order matters: a `from` belongs to the `log` in front of it. What is not understood is refused, with the word that was
//! not, rather than guessed at.

use std::time::Duration;

use tailcast_lines::{FilterError, FilterSpec, Level, UnknownLevel};
use tailcast_tail::{Error, Position, Tag};
use tailcast_wire::{Filter, LogName};

use super::MAX_LOGS;
use super::turns::Turn;
use crate::problem::Problem;
use crate::view::{Grain, Policy, Start};

/// Lines shown first when nothing is said.
const LAST: u32 = 20;
/// The most lines that can be asked for at the beginning of a live view; more is history, page by page.
const MAX_LAST: u32 = 10_000;
/// The longest turn of a long-poll, in seconds.
const MAX_WAIT: u64 = 60;

/// A live view as it was asked for.
#[derive(Debug, Clone)]
pub(crate) struct LiveQuery {
    pub(crate) logs: Vec<(LogName, Start)>,
    pub(crate) filter: Filter,
    pub(crate) policy: Policy,
    pub(crate) grain: Grain,
    pub(crate) last: u32,
    /// Of a long-poll: how long, and whose turn.
    pub(crate) wait: Option<(Duration, Turn)>,
}

impl LiveQuery {
    /// The query after the `?`; `cursor` is what SSE sends as `Last-Event-ID`, and goes before any `from`.
    pub(crate) fn parse(query: &str, cursor: Option<&str>) -> Result<Self, Problem> {
        let pairs = pairs(query);
        let last = last_of(&pairs)?;
        let (filter, rest) = filter_of(pairs)?;
        let mut logs: Vec<(LogName, Start)> = Vec::new();
        let mut asked = Policy::Live;
        let (mut wait, mut turn) = (None, None);
        for (key, value) in rest {
            match key.as_str() {
                "log" => logs.push((log_name(&value)?, Start::Last(last))),
                "from" => match logs.last_mut() {
                    Some((_, start)) => *start = Start::From(value),
                    None => {
                        return Err(Problem::bad_request("`from` belongs behind the `log` that it is a position of"));
                    }
                },
                "policy" => asked = policy(&value)?,
                "wait" => wait = Some(Duration::from_secs(number(&key, &value, MAX_WAIT)?)),
                "turn" => turn = Some(Turn::parse(&value)?),
                "last" => (),
                other => return Err(unknown(other)),
            }
        }
        match logs.len() {
            0 => {
                return Err(Problem::bad_request(
                    "which log? Add ?log=HOST:/path; GET /api/v1/logs lists what there is",
                ));
            }
            1..=MAX_LOGS => (),
            many => return Err(Problem::bad_request(format!("{many} logs in one view; at most {MAX_LOGS}"))),
        }
        if let Some(cursor) = cursor {
            resume(&mut logs, cursor)?;
        }
        let wait = match (wait, turn) {
            (None, None) => None,
            (Some(wait), Some(turn)) => Some((wait, turn)),
            _ => return Err(Problem::bad_request("`wait` and `turn` belong together: `wait=1&turn=NAME.0`")),
        };
        Ok(LiveQuery { logs, filter, policy: asked, grain: Grain::Lines, last, wait })
    }
}

/// What can never be a position is refused at once: whoever sends it again and again would wait for ever. Whether one leads
/// anywhere is for the log's agent to say.
fn resume(logs: &mut [(LogName, Start)], cursor: &str) -> Result<(), Problem> {
    for ((log, start), position) in logs.iter_mut().zip(cursor.split('.')) {
        if position.is_empty() {
            continue;
        }
        let refused =
            |e: Error| Problem::bad_request(format!("`Last-Event-ID` is no place to go on from in {log}: {e}"));
        if position.parse::<Position>().map_err(refused)?.tag() != Tag::of(&log.to_string()) {
            return Err(refused(Error::AnotherLog));
        }
        *start = Start::From(position.to_owned());
    }
    Ok(())
}

/// The pairs of a query, decoded. `+` is a space; bytes that are not UTF-8 become U+FFFD.
pub(crate) fn pairs(query: &str) -> Vec<(String, String)> {
    let decode =
        |text: &str| percent_encoding::percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned();
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(key, value)| (decode(key), decode(value)))
        .collect()
}

/// The name of a log in a query.
pub(crate) fn log_name(text: &str) -> Result<LogName, Problem> {
    text.parse().map_err(|e: tailcast_wire::NameError| Problem::bad_request(e.to_string()))
}

/// The answer to a word that is not understood.
pub(crate) fn unknown(word: &str) -> Problem {
    Problem::bad_request(format!("`{word}` is not understood here; /api/v1/openapi.json says what is"))
}

/// A number in a query, at most `max`.
pub(crate) fn number(key: &str, value: &str, max: u64) -> Result<u64, Problem> {
    let number: u64 = value.parse().map_err(|_| Problem::bad_request(format!("`{key}={value}` is not a number")))?;
    Ok(number.min(max))
}

fn last_of(pairs: &[(String, String)]) -> Result<u32, Problem> {
    let last = pairs.iter().rev().find(|(key, _)| key == "last");
    let last = last.map(|(key, value)| number(key, value, MAX_LAST.into())).transpose()?;
    Ok(last.and_then(|last| u32::try_from(last).ok()).unwrap_or(LAST))
}

fn policy(value: &str) -> Result<Policy, Problem> {
    match value {
        "live" => Ok(Policy::Live),
        "complete" => Ok(Policy::Complete),
        _ => Err(Problem::bad_request("`policy` is `live` (skip ahead when slow) or `complete` (everything)")),
    }
}

fn level(value: &str) -> Result<Level, Problem> {
    value.parse().map_err(|e: UnknownLevel| Problem::bad_request(e.to_string()))
}

/// A word that is there or not: `i`, `i=1`.
fn truth(key: &str, value: &str) -> Result<bool, Problem> {
    match value {
        "" | "1" | "true" => Ok(true),
        "0" | "false" => Ok(false),
        _ => Err(Problem::bad_request(format!("`{key}={value}`: write `{key}`, `{key}=1` or `{key}=0`"))),
    }
}

/// Takes the words of a filter out of a query, judges them, and returns the rest.
pub(crate) fn filter_of(pairs: Vec<(String, String)>) -> Result<(Filter, Vec<(String, String)>), Problem> {
    let mut filter = Filter::default();
    let mut rest = Vec::new();
    for (key, value) in pairs {
        match key.as_str() {
            "grep" if value.is_empty() => (),
            "exclude" if value.is_empty() => (),
            "level" if value.is_empty() => (),
            "grep" => filter.include.push(value),
            "exclude" => filter.exclude.push(value),
            "i" => filter.ignore_case = truth(&key, &value)?,
            // In one spelling, so that the same view is the same channel.
            "level" => filter.level = Some(level(&value)?.as_str().to_owned()),
            _ => rest.push((key, value)),
        }
    }
    judge(&filter)?;
    if filter.include.is_empty() && filter.exclude.is_empty() {
        // So that the same view is the same channel.
        filter.ignore_case = false;
    }
    Ok((filter, rest))
}

/// Says what is wrong with a filter before any agent is asked.
fn judge(filter: &Filter) -> Result<(), Problem> {
    let level = filter.level.as_deref().map(level).transpose()?;
    let spec = FilterSpec {
        include: filter.include.clone(),
        exclude: filter.exclude.clone(),
        ignore_case: filter.ignore_case,
        level,
    };
    tailcast_lines::Filter::new(&spec).map(drop).map_err(|e| bad_pattern(&e))
}

fn bad_pattern(error: &FilterError) -> Problem {
    let problem = Problem::bad_pattern(error.to_string(), error.at()).with_why(error.word());
    let problem = error.pattern().into_iter().fold(problem, |problem, wrong| problem.with("pattern", wrong.short()));
    error.column().into_iter().fold(problem, |problem, column| problem.with("column", column))
}
