//! `tailcast tail`: the end of logs and what is added to them, from a hub or from files of this machine.
//!
//! ```text
//! flags ─▶ which logs ─▶ live: one WebSocket, for ever      ─▶ output ─▶ stdout ─▶ cursor
//!                    ├─▶ once: questions over HTTP, an end  ─▶
//!                    └─▶ here: files, no hub                ─▶
//! ```
//!
//! Lines go to stdout and nothing else does; what happened to a log goes to stderr in one line each.

mod backoff;
mod cursor;
mod dialect;
mod here;
mod line;
mod live;
mod once;
mod output;
mod places;
mod replaced;
mod screen;
mod stdout;
mod stop;
mod stretch;
mod taken_back;
mod time;
mod words;

use jiff::Zoned;
use tailcast_agent::dial::Dialer;
use tailcast_lines::FilterSpec;
use tailcast_wire::LogName;
use tokio::time::sleep;
use url::form_urlencoded::Serializer;

use self::cursor::Cursor;
use self::dialect::Dialect;
use self::live::{Link, Live};
use self::once::Once;
use self::output::Output;
use self::places::Places;
use self::stdout::{Kind, Stdout};
use self::stop::Stop;
use self::time::Begin;
use super::ls;
use crate::cli;
use crate::client::Client;
use crate::environment::Environment;
use crate::exit::{Exit, Failure, Outcome, say};
use crate::options;

/// The most logs that one view takes.
const MOST_LOGS: usize = 64;

/// Shows logs.
pub(crate) async fn run(flags: cli::Tail, environment: &Environment) -> Outcome {
    let begin = match &flags.from {
        Some(word) => {
            time::begin(word, &Zoned::now()).map_err(|words| Failure::usage(format_args!("--from: {words}")))?
        }
        None => Begin::Last(flags.lines),
    };
    let filter = filter(&flags.filter)?;
    let stdout = Stdout::of_this_process()?;
    let (dialer, words) = way(&flags, environment).await?;
    let mut client = Client::new(dialer.clone());
    let mut link = Link::default();
    let patient = flags.follow.follow_retry;
    // What is left out was told: a path that can never be a log.
    let told = if words.len() < flags.logs.len() { Exit::Refused } else { Exit::Ok };
    let (logs, missing) = loop {
        match which(&mut client, &words, flags.follow.no_follow).await {
            Err(failure) if patient && matches!(failure.exit(), Exit::Unreachable | Exit::Nothing) => {
                sleep(link.broke(&failure)).await;
            }
            logs => break logs?,
        }
    };
    let is_kept = flags.cursor_file.is_some() && stdout.kind() == Kind::Appended;
    let stop = if is_kept { Stop::listen()? } else { Stop::default() };
    let cursor = flags.cursor_file.as_deref().map(|path| Cursor::open(path, &stdout)).transpose()?;
    let policy = policy(flags.pace, stdout.kind());
    let colours = environment.get("NO_COLOR").is_none();
    let output = Output::new(stdout, &logs, flags.json, colours);
    if flags.follow.no_follow {
        return Once { client, filter, begin, output, exit: told.max(missing) }.run(&logs).await;
    }
    let left = |log: &str| cursor.as_ref().and_then(|cursor| cursor.position(log)).map(str::to_owned);
    let places = Places::new(&logs, &begin, left);
    let dialect = if flags.json { Dialect::Json } else { Dialect::Cbor };
    Live { dialer, client, dialect, filter, policy, places, output, cursor, patient, link }.run(stop).await
}

/// The way to the logs, and their names or globs there.
async fn way(flags: &cli::Tail, environment: &Environment) -> Result<(Dialer, Vec<String>), Failure> {
    let here = flags.logs.iter().filter(|word| here::is_path(word)).count();
    match here {
        0 => Ok((options::client(&flags.hub, &flags.config, environment)?, flags.logs.clone())),
        all if all == flags.logs.len() => here::begin(&flags.logs).await,
        _ => {
            Err(Failure::usage("files of this machine and logs of a hub cannot be in one view: name all as HOST:/path"))
        }
    }
}

/// The logs that are meant, with how grave it is that some are not there. In a run that ends by itself a glob that no log
/// matches is told, and keeps nobody from the others.
async fn which(client: &mut Client, words: &[String], ends: bool) -> Result<(Vec<String>, Exit), Failure> {
    let (mut logs, mut exit) = (Vec::<String>::new(), Exit::Ok);
    for word in words {
        let found = match meant(client, word).await {
            Err(failure) if ends && failure.exit() == Exit::Nothing => {
                say(&failure.to_string());
                exit = Exit::Nothing;
                continue;
            }
            found => found?,
        };
        for log in found {
            if !logs.contains(&log) {
                logs.push(log);
            }
        }
    }
    match logs.len() {
        0..=MOST_LOGS => Ok((logs, exit)),
        _ => Err(Failure::usage(format_args!("more than {MOST_LOGS} logs in one view: narrow the glob"))),
    }
}

/// The logs that one word means: a name as it stands, a glob by what there is. An exact name wins over a glob.
async fn meant(client: &mut Client, word: &str) -> Result<Vec<String>, Failure> {
    match here::is_glob(word) && !places::is_name(client, word).await {
        true => ls::matching(client, word, MOST_LOGS).await,
        false => Ok(vec![word.parse::<LogName>().map_err(Failure::usage)?.to_string()]),
    }
}

/// The filter as it stands in a query. It is judged here by the same rules as in the hub, so that a slip is told at once.
fn filter(flags: &cli::Filter) -> Result<String, Failure> {
    let spec = FilterSpec {
        include: flags.include.clone(),
        exclude: flags.exclude.clone(),
        ignore_case: flags.ignore_case,
        level: None,
    };
    tailcast_lines::Filter::new(&spec).map_err(Failure::usage)?;
    let mut query = Serializer::new(String::new());
    query.extend_pairs(flags.include.iter().map(|pattern| ("grep", pattern)));
    query.extend_pairs(flags.exclude.iter().map(|pattern| ("exclude", pattern)));
    if flags.ignore_case && !(flags.include.is_empty() && flags.exclude.is_empty()) {
        query.append_pair("i", "1");
    }
    if let Some(level) = flags.level {
        query.append_pair("level", level.name());
    }
    Ok(query.finish())
}

/// Everything into a pipe, what can be read on a terminal, unless told otherwise.
fn policy(flags: cli::PaceFlags, kind: Kind) -> &'static str {
    match flags {
        cli::PaceFlags { complete: true, .. } => "complete",
        cli::PaceFlags { live: true, .. } => "live",
        _ if kind == Kind::Terminal => "live",
        _ => "complete",
    }
}
