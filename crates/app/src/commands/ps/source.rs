//! From where processes are told: this machine itself, or a hub.

use anyhow::anyhow;
use tailcast_agent::{Offers, Processes as Here};
use tailcast_wire::{Answer, HostName, Inspect, Inspected, LogName, ProcessDetail, Processes, Refusal};
use url::form_urlencoded::Serializer;

use crate::cli;
use crate::client::Client;
use crate::environment::Environment;
use crate::exit::{Exit, Failure};
use crate::options;

/// Who is asked.
pub(super) enum Source {
    /// This machine, for what is there to be seen by who runs us.
    Here(Box<Here>, Offers),
    /// A host, through its hub.
    Hub(Box<Client>, HostName),
}

impl Source {
    pub(super) fn new(flags: &cli::Ps, environment: &Environment) -> Result<Self, Failure> {
        let named = || host_of(flags.writes.as_deref());
        let host = flags.host.as_deref().map(str::parse).transpose().map_err(Failure::usage)?;
        match host.or_else(named) {
            Some(host) => {
                let client = Client::new(options::client(&flags.hub, &flags.config, environment)?);
                Ok(Source::Hub(Box::new(client), host))
            }
            None if flags.hub.url.is_some() => Err(Failure::usage("which host? Say it with --host NAME")),
            // Whoever runs us could look at any of it without us.
            None => Ok(Source::Here(Box::default(), Offers::new(&["/"], &[]).map_err(Failure::usage)?)),
        }
    }

    /// All processes, or the writers of a log.
    pub(super) async fn processes(&mut self, writes: Option<&str>) -> Result<Processes, Failure> {
        let writes = writes.map(name_of).transpose()?;
        match self {
            Source::Here(here, offers) => match here.answer(offers, Inspect::Processes { limit: super::ALL, writes }) {
                Answer::Inspected(Inspected::Processes(list)) => Ok(list),
                other => Err(refused(other)),
            },
            Source::Hub(client, host) => {
                let mut query = Serializer::new(String::new());
                query.append_pair("limit", &super::ALL.to_string());
                if let Some(log) = &writes {
                    query.append_pair("writes", log);
                }
                Ok(client.json(&format!("hosts/{host}/processes?{}", query.finish())).await?)
            }
        }
    }

    /// One process, with at most so many of its files.
    pub(super) async fn process(&mut self, pid: u32, files: u32) -> Result<ProcessDetail, Failure> {
        match self {
            Source::Here(here, offers) => match here.answer(offers, Inspect::Process { pid, from: 0, limit: files }) {
                Answer::Inspected(Inspected::Process(process)) => Ok(*process),
                other => Err(refused(other)),
            },
            Source::Hub(client, host) => {
                Ok(client.json(&format!("hosts/{host}/processes/{pid}?limit={files}")).await?)
            }
        }
    }
}

/// The host in `HOST:NAME`, when there is one.
fn host_of(log: Option<&str>) -> Option<HostName> {
    log?.parse::<LogName>().ok().map(|log| log.host)
}

/// The NAME of a log, from `HOST:NAME` or a path of this machine.
fn name_of(log: &str) -> Result<String, Failure> {
    if let Ok(log) = log.parse::<LogName>() {
        return Ok(log.name);
    }
    let path = std::path::absolute(log).map_err(|error| Failure::usage(format_args!("{log}: {error}")))?;
    path.into_os_string().into_string().map_err(|_| Failure::usage(format_args!("{log}: not UTF-8")))
}

fn refused(answer: Answer) -> Failure {
    match answer {
        Answer::Refused(Refusal { words, .. }) => Failure::new(Exit::Nothing, anyhow!(words)),
        _ => Failure::new(Exit::Failed, anyhow!("the answer is none to what was asked")),
    }
}
