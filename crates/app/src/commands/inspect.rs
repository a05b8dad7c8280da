//! Who is asked about processes: this machine itself, by the very code that answers for an agent, or a host through its hub.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use anyhow::anyhow;
use tailcast_agent::{Offers, Processes as Here};
use tailcast_wire::Failure::NotOffered;
use tailcast_wire::{
    Answer, By, HostName, Inspect, Inspected, Limits, LogName, Order, ProcessDetail, Processes, Refusal,
};
use url::form_urlencoded::Serializer;

use crate::cli;
use crate::client::Client;
use crate::environment::Environment;
use crate::exit::{Exit, Failure};
use crate::options;

/// All that an agent gives.
pub(super) const ALL: u32 = u32::MAX;
/// Files of one process: as many as an agent looks at. No host fills the memory of who asks.
const MOST_FILES: u32 = 1 << 20;

/// Who is asked.
pub(super) enum Source {
    /// This machine, for what is there to be seen by who runs us.
    Here(Box<Here>, Offers),
    /// A host, through its hub.
    Hub(Box<Client>, HostName),
}

/// Which host was named, and how its hub is reached.
pub(super) struct Way<'a> {
    pub(super) host: Option<HostName>,
    pub(super) hub: &'a cli::Hub,
    pub(super) config: &'a cli::ConfigFile,
}

impl Source {
    pub(super) fn new(way: Way<'_>, environment: &Environment) -> Result<Self, Failure> {
        match way.host {
            Some(host) => {
                let client = Client::new(options::client(way.hub, way.config, environment)?);
                Ok(Source::Hub(Box::new(client), host))
            }
            None if way.hub.url.is_some() => Err(Failure::usage("which host? Say it with --host NAME")),
            // Whoever runs us could look at any of it without us.
            None => Ok(Source::Here(Box::default(), Offers::new(&["/"], &[]).map_err(Failure::usage)?)),
        }
    }

    /// The first of all processes, or of the writers of a log.
    pub(super) async fn processes(&mut self, writes: Option<&OsStr>, by: By, limit: u32) -> Result<Processes, Failure> {
        match self {
            Source::Here(here, offers) => {
                let order = Order { by, reverse: false };
                let all = || Inspect::Processes { limit, writes: None, words: Vec::new(), order: Some(order) };
                let path = writes.map(path_of).transpose()?;
                let answer = match &path {
                    Some(path) => here.writers(offers, path, limit, order),
                    None => here.answer(offers, all()),
                };
                match (answer, path) {
                    (Answer::Inspected(Inspected::Processes(list)), _) => Ok(list),
                    (Answer::Refused(Refusal { failure: Some(NotOffered), .. }), Some(path)) => Err(no_log(&path)),
                    (other, _) => Err(refused(other)),
                }
            }
            Source::Hub(client, host) => {
                let mut query = Serializer::new(String::new());
                query.append_pair("limit", &limit.to_string()).append_pair("sort", by.name());
                if let Some(log) = writes {
                    query.append_pair("writes", &name_of(log)?);
                }
                Ok(client.json(&format!("hosts/{host}/processes?{}", query.finish())).await?)
            }
        }
    }

    /// One process, with at most so many of its files, however many an answer has room for.
    pub(super) async fn process(&mut self, pid: u32, files: u32) -> Result<ProcessDetail, Failure> {
        let mut process = self.some_files(pid, 0, files).await?;
        let wanted = |listed: usize| files.min(MOST_FILES).saturating_sub(u32::try_from(listed).unwrap_or(u32::MAX));
        while let (Some(from), left @ 1..) = (process.next, wanted(process.files.len())) {
            let more = self.some_files(pid, from, left).await?;
            if more.process.start != process.process.start {
                // Another one has its number by now: what was seen is of one.
                break;
            }
            // An older agent says of the last ones that more follow; none may go on for ever.
            process.next = more.next.filter(|next| *next > from && !more.files.is_empty());
            process.files.extend(more.files);
        }
        Ok(process)
    }

    async fn some_files(&mut self, pid: u32, from: u32, limit: u32) -> Result<ProcessDetail, Failure> {
        match self {
            Source::Here(here, offers) => match here.answer(offers, Inspect::Process { pid, from, limit }) {
                Answer::Inspected(Inspected::Process(process)) => Ok(*process),
                other => Err(refused(other)),
            },
            Source::Hub(client, host) => {
                Ok(client.json(&format!("hosts/{host}/processes/{pid}?from={from}&limit={limit}")).await?)
            }
        }
    }
}

impl Source {
    /// What limits a process; when none is named, the agent of the host, or this program.
    pub(super) async fn limits(&mut self, pid: Option<u32>, want: Option<u64>) -> Result<Limits, Failure> {
        match self {
            Source::Here(here, offers) => match here.answer(offers, Inspect::Limits { pid, want }) {
                Answer::Inspected(Inspected::Limits(limits)) => Ok(*limits),
                other => Err(refused(other)),
            },
            Source::Hub(client, host) => {
                let mut query = Serializer::new(String::new());
                for (name, value) in [("pid", pid.map(u64::from)), ("want", want)] {
                    query.extend_pairs(value.map(|value| (name, value.to_string())));
                }
                Ok(client.json(&format!("hosts/{host}/limits?{}", query.finish())).await?)
            }
        }
    }
}

/// The host of that name.
pub(super) fn host(name: Option<&str>) -> Result<Option<HostName>, Failure> {
    name.map(str::parse).transpose().map_err(Failure::usage)
}

/// The host in `HOST:NAME`, when there is one.
///
/// # Errors
/// There is one, and the NAME is not UTF-8.
pub(super) fn host_of(log: &OsStr) -> Result<Option<HostName>, Failure> {
    let Ok(name) = log.to_string_lossy().parse::<LogName>() else { return Ok(None) };
    log.to_str().map(|_| Some(name.host)).ok_or_else(|| nameless(log))
}

/// The NAME of a log, from `HOST:NAME` or a path.
fn name_of(log: &OsStr) -> Result<String, Failure> {
    if let Some(Ok(log)) = log.to_str().map(str::parse::<LogName>) {
        return Ok(log.name);
    }
    path_of(log)?.into_os_string().into_string().map_err(|_| nameless(log))
}

/// A file of this machine, by any bytes.
fn path_of(log: &OsStr) -> Result<PathBuf, Failure> {
    std::path::absolute(log).map_err(|error| Failure::usage(format_args!("{}: {error}", Path::new(log).display())))
}

fn nameless(log: &OsStr) -> Failure {
    Failure::usage(format_args!(
        "{}: not UTF-8, and so no log that a hub could be asked for; on the machine that has it, \"tailcast ps --writes FILE\" \
         without a host or a hub takes every path",
        Path::new(log).display()
    ))
}

/// Whoever runs us sees what is there, so that the agent's one answer for all of it says less than can be said.
fn no_log(path: &Path) -> Failure {
    let why = match path.metadata() {
        Ok(there) if there.is_file() => "it cannot be read as a log here".to_owned(),
        Ok(_) => "not a regular file, and so no log".to_owned(),
        Err(error) => error.to_string(),
    };
    Failure::new(Exit::Nothing, anyhow!("{}: {why}", path.display()))
}

fn refused(answer: Answer) -> Failure {
    match answer {
        Answer::Refused(Refusal { words, .. }) => Failure::new(Exit::Nothing, anyhow!(words)),
        _ => Failure::new(Exit::Failed, anyhow!("the answer is none to what was asked")),
    }
}
