//! What is wrong with a process, by the pattern that it shows, with the evidence in words.
//!
//! Pure. Three patterns: a leak (it grows, and what grows is known), a spin (at its limit, and busy with failing), and plainly
//! being at the limit. It refuses to name what the figures do not show: a process that is merely large, or busy, is not named.

mod most;

use std::time::Duration;

use crate::demand::Demand;
use crate::detail::Composition;
use crate::file::Kind;
use crate::limit::Limit;
use crate::listener::Listener;
use crate::process::is_at;
use crate::series::{Growth, Series};

use most::Most;

/// From this share of the time on that it runs, or would, a thread always does: it waits for nothing.
const ALWAYS: f64 = 0.9;
/// Who asks the kernel again and again spends that share of its time there, at least; who computes does not.
const ASKING: f64 = 0.1;
/// Who serves others waits for them now and then, however busy it is; who tries again at once never does. A second.
const HARDLY_EVER: f64 = 10.0;

/// A pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Pattern {
    /// It opens and does not close.
    Leak(Cause),
    /// It is at its limit, and a thread would run all the time.
    Spin,
    /// It is at its limit.
    AtLimit,
}

/// What a leak is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Cause {
    /// Connections that the other side has closed and this one has not.
    NotClosed,
    /// Connections to one place: a client per request, or a pool without a bound.
    Connections,
    /// Connections of others that stay.
    Clients,
    /// Files that have no name any more, whose bytes go when they are closed.
    Deleted,
    /// Files, pipes and the like.
    Kind(Kind),
    /// It could not be seen what.
    Unknown,
}

impl Pattern {
    /// The word for it in every interface.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Pattern::Leak(_) => "leak",
            Pattern::Spin => "spin",
            Pattern::AtLimit => "at_limit",
        }
    }

    /// What it is of, as a word for programs.
    #[must_use]
    pub const fn cause(self) -> Option<&'static str> {
        match self {
            Pattern::Leak(Cause::NotClosed) => Some("not_closed"),
            Pattern::Leak(Cause::Connections) => Some("connections"),
            Pattern::Leak(Cause::Clients) => Some("clients"),
            Pattern::Leak(Cause::Deleted) => Some("deleted_file"),
            Pattern::Leak(Cause::Kind(kind)) => Some(kind.name()),
            Pattern::Leak(Cause::Unknown) | Pattern::Spin | Pattern::AtLimit => None,
        }
    }

    /// What it means and where to look, for a person.
    #[must_use]
    pub const fn advice(self) -> &'static str {
        match self {
            Pattern::Leak(Cause::NotClosed) => {
                "the other side has closed these connections and this process does not: look where it drops an answer or an error without closing"
            }
            Pattern::Leak(Cause::Connections) => {
                "a client or a pool is made for each request, or a pool has no bound: make one and share it"
            }
            Pattern::Leak(Cause::Clients) => {
                "clients come and stay: give idle connections a time-out, or look whether one client opens many"
            }
            Pattern::Leak(Cause::Deleted) => {
                "files are deleted and stay open, and their bytes stay on the disk: look where a temporary file is not closed, or a rotated log not opened anew"
            }
            Pattern::Leak(Cause::Kind(_)) => "what is opened for a request is not closed after it",
            Pattern::Leak(Cause::Unknown) => {
                "what grows is not known: it has not been looked into yet, or cannot be seen from here"
            }
            Pattern::Spin => {
                "each attempt to open something fails and is made again at once: raise its limit or end what it holds"
            }
            Pattern::AtLimit => "nothing more can be opened or accepted: raise its limit or end what it holds",
        }
    }
}

/// A pattern that a process shows.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// Which.
    pub pattern: Pattern,
    /// The evidence, for a person: figures first.
    pub words: String,
    /// How fast it grows, when it does.
    pub growth: Option<Growth>,
    /// How long until the limit at that pace.
    pub left: Option<Duration>,
    /// With whom the connections are that grow.
    pub peer: Option<String>,
    /// How many addresses they come from, where others opened them.
    pub addresses: Option<u64>,
    /// Listeners at which connections wait that it does not accept, the longest queue first.
    pub waiting: Vec<Listener>,
    /// Of a spin: what the thread wants that wants to run most.
    pub demand: Option<Demand>,
    /// How much of the growth is of that cause, from 0 to 1, when what grows could be seen.
    pub share: Option<f64>,
}

/// What is known of a process when it is judged.
#[derive(Debug, Clone, Copy)]
pub struct Known<'a> {
    /// Its open files over time.
    pub series: &'a Series,
    /// Its limit.
    pub limit: Option<Limit>,
    /// How much it runs, or would, when it was at its limit at this look and the one before.
    pub demand: Option<Demand>,
    /// What it held before it grew, and what it holds now.
    pub grown: Option<(&'a Composition, &'a Composition)>,
    /// Where it listens, when that was looked up.
    pub listeners: &'a [Listener],
}

/// The patterns that a process shows; none for one that is well.
#[must_use]
pub fn judge(known: &Known<'_>) -> Vec<Finding> {
    at_limit(known).into_iter().chain(leak(known)).collect()
}

fn leak(known: &Known<'_>) -> Option<Finding> {
    let growth = known.series.growth()?;
    let most = known.grown.and_then(|(before, now)| Most::of(before, now));
    let left = left(known.series.last(), known.limit, growth.per_minute);
    let cause = most.as_ref().map_or(Cause::Unknown, |most| most.cause);
    let mut words = format!("grew by {} a minute for {} minutes", pace(growth.per_minute), growth.minutes);
    if let Some(most) = &most {
        words += &format!(", {} {}", share(most.share), most.what);
    }
    if let Some(left) = left {
        words += &format!("; {} until the limit", spoken(left));
    }
    let share = most.as_ref().map(|most| most.share);
    let (peer, addresses) = most.map_or((None, None), |most| (most.peer, most.addresses));
    Some(Finding {
        pattern: Pattern::Leak(cause),
        words,
        growth: Some(growth),
        left,
        peer,
        addresses,
        waiting: Vec::new(),
        demand: None,
        share,
    })
}

fn at_limit(known: &Known<'_>) -> Option<Finding> {
    let (fds, soft) = (known.series.last()?, known.limit?.soft);
    if !is_at(fds, soft) {
        return None;
    }
    let mut waiting: Vec<_> = known.listeners.iter().filter(|listener| listener.queue > 0).cloned().collect();
    waiting.sort_by_key(|listener| std::cmp::Reverse(listener.queue));
    let demand = known.demand.filter(|demand| spins(demand, &waiting));
    let words = [
        format!("{fds} of {soft} descriptors are open"),
        demand.as_ref().map(wanted).unwrap_or_default(),
        waiting.iter().map(queued).collect(),
    ];
    let pattern = if demand.is_some() { Pattern::Spin } else { Pattern::AtLimit };
    Some(Finding {
        pattern,
        words: words.concat(),
        growth: None,
        left: Some(Duration::ZERO),
        peer: None,
        addresses: None,
        waiting,
        demand,
        share: None,
    })
}

/// Whether who is at its limit tries in vain again and again: it would run all the time, and either leaves others waiting to
/// be accepted, or asks the kernel all the time and never waits for an answer. Who is at its limit and computes does neither.
fn spins(demand: &Demand, waiting: &[Listener]) -> bool {
    let asks = demand.kernel >= ASKING && demand.waits < HARDLY_EVER;
    always_wants(demand) && (!waiting.is_empty() || asks)
}

/// Whether a thread of it would run all the time.
pub(crate) fn always_wants(demand: &Demand) -> bool {
    demand.wanted >= ALWAYS
}

fn wanted(demand: &Demand) -> String {
    let percent = |share: f64| (share * 100.0).round();
    format!(
        ", and a thread wants to run {:.0} % of the time (it gets {:.0} %)",
        percent(demand.wanted),
        percent(demand.ran)
    )
}

fn queued(listener: &Listener) -> String {
    let wait = if listener.queue == 1 { "connection waits" } else { "connections wait" };
    let may = listener.backlog.map(|backlog| format!(", where {backlog} may")).unwrap_or_default();
    format!("; {} {wait} to be accepted at {}{may}", listener.queue, listener.address)
}

/// How long until the limit at a pace; `None` when it is not coming nearer.
#[must_use]
pub fn left(fds: Option<u64>, limit: Option<Limit>, per_minute: f64) -> Option<Duration> {
    /// A limit that is so many minutes away will not be reached in the life of a process.
    const FAR: f64 = 60.0 * 24.0 * 365.0;
    let room = limit?.soft.saturating_sub(fds?) as f64;
    let minutes = room / per_minute;
    (per_minute > 0.0 && minutes < FAR).then(|| Duration::from_secs_f64(minutes * 60.0))
}

fn share(share: f64) -> String {
    match (share * 100.0).round() {
        95.0.. => "all of it".to_owned(),
        percent => format!("{percent:.0} % of it"),
    }
}

fn pace(per_minute: f64) -> String {
    if per_minute < 9.95 { format!("{per_minute:.1}") } else { format!("{per_minute:.0}") }
}

/// A time as one says it: `40 s`, `12 min`, `3 h`, `5 days`.
#[must_use]
pub fn spoken(time: Duration) -> String {
    match time.as_secs() {
        seconds @ 0..90 => format!("{seconds} s"),
        seconds @ 90..5400 => format!("{} min", seconds / 60),
        seconds @ 5400..172_800 => format!("{} h", seconds / 3600),
        seconds => format!("{} days", seconds / 86_400),
    }
}
