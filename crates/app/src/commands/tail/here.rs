//! Files of this machine, without a hub elsewhere: a hub and an agent of our own for as long as we look, on a free port of
//! loopback that lets in nobody but our own user and root.
//!
//! So a file here goes the very path that one far away goes, and positions, filters, times, cursors and JSON are the same.
//! Only the files that were named are offered, and nothing of it outlives the process.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::anyhow;
use serde::Deserialize;
use serde::de::IgnoredAny;
use tailcast_agent::dial::{Dialer, HubUrl, Roots, Trust};
use tailcast_agent::{Host, HostConfig, Offers};
use tailcast_fdguard::{Budget, Listener};
use tailcast_hub::access::{Access, AccessConfig};
use tailcast_hub::{Hub, HubConfig, Pipe};
use tailcast_wire::{HostName, LogName};
use tokio_util::sync::CancellationToken;

use crate::always_open;
use crate::client::Client;
use crate::exit::{Exit, Failure, say};
use crate::tails::Tails;

/// How often the list of hosts is asked for; more would be a fault that waiting does not mend.
const MOST_LOOKS: u32 = 1000;

/// Whether a LOG is a path of this machine: it begins like one, or names no host.
pub(super) fn is_path(word: &str) -> bool {
    word.starts_with(['/', '.']) || !word.contains(':')
}

/// What begins something in a glob.
const SPECIAL: [char; 4] = ['*', '?', '[', '{'];

/// Whether a LOG may stand for several.
pub(super) fn is_glob(word: &str) -> bool {
    word.contains(SPECIAL)
}

/// The way to a hub that offers these files and globs, and the names they have there. What can never be a log is told and
/// left out.
pub(super) async fn begin(words: &[String]) -> Result<(Dialer, Vec<String>), Failure> {
    let host = name()?;
    let mut paths = Vec::with_capacity(words.len());
    for word in words {
        let path = absolute(word)?;
        match never_a_log(Path::new(&path)) {
            Ok(()) => paths.push(path),
            Err(why) => say(&format!("{word}: {why}")),
        }
    }
    if paths.is_empty() {
        return Err(Failure::silent(Exit::Refused));
    }
    let logs = paths.iter().map(|path| LogName::new(host.clone(), path).map(|log| log.to_string()));
    let logs = logs.collect::<Result<Vec<_>, _>>().map_err(Failure::usage)?;
    let budget = Budget::new(always_open::here()).map_err(|error| Failure::new(Exit::Failed, anyhow!(error)))?;
    let host = offering(host, &paths, &Tails::of(&budget))?;
    let address = serve(host, budget).await?;
    let hub: HubUrl = format!("http://{address}").parse().map_err(Failure::usage)?;
    let dialer = Dialer::new(hub, Trust::new(Roots::System));
    arrival(&dialer).await?;
    Ok((dialer, logs))
}

/// The hosts that the hub lists.
#[derive(Deserialize)]
struct Hosts {
    hosts: Vec<IgnoredAny>,
}

/// Waits until the agent has come: a few hops in memory, done before the second answer at the latest.
async fn arrival(dialer: &Dialer) -> Result<(), Failure> {
    let mut client = Client::new(dialer.clone());
    for _ in 0..MOST_LOOKS {
        let listed: Hosts = client.json("hosts").await?;
        if !listed.hosts.is_empty() {
            return Ok(());
        }
    }
    Err(Failure::new(Exit::Failed, anyhow!("the agent within this process does not answer")))
}

async fn serve(host: Arc<Host>, budget: Budget) -> Result<SocketAddr, Failure> {
    let failed = |error: tailcast_fdguard::Error| Failure::new(Exit::Failed, anyhow!(error));
    // Nobody logs in here, so there is no directory of passwords and tokens.
    let access = Arc::new(Access::new(AccessConfig::new(PathBuf::from("/nonexistent"))));
    let listener = Listener::bind((Ipv4Addr::LOCALHOST, 0).into(), budget.clone(), access.refusal()).map_err(failed)?;
    let address = listener.local_addr()?;
    let hub = Hub::new(HubConfig::new("/"), access, budget);
    let (to_agent, to_hub) = Pipe::pair();
    tokio::spawn(Arc::clone(&hub).attach(to_agent));
    tokio::spawn(async move { tailcast_agent::speak(&host, to_hub.tx, to_hub.rx, &CancellationToken::new()).await });
    tokio::spawn(async move { tailcast_hub::serve(&hub, listener).await });
    Ok(address)
}

fn offering(host: HostName, paths: &[String], tails: &Tails) -> Result<Arc<Host>, Failure> {
    let paths: Vec<_> = paths.iter().map(|path| offer(path)).collect();
    let offers = Offers::new(&paths, &[]).map_err(Failure::usage)?;
    let zone = jiff::tz::TimeZone::system().iana_name().map(str::to_owned);
    Ok(Host::within(HostConfig { host, offers, labels: Vec::new(), zone }, tails.quota()))
}

/// A path as it is offered. An exact name wins over a glob: that of a file that is there is one that means itself alone.
fn offer(path: &str) -> String {
    if !is_glob(path) || !Path::new(path).is_file() {
        return path.to_owned();
    }
    let special = |c: char| SPECIAL.contains(&c) || matches!(c, '\\' | ']' | '}');
    path.chars().flat_map(|c| special(c).then_some('\\').into_iter().chain([c])).collect()
}

fn absolute(word: &str) -> Result<String, Failure> {
    if word == "-" {
        return Err(Failure::usage("stdin is not a log; a file of that name is ./-"));
    }
    let path = std::path::absolute(word).map_err(|error| Failure::usage(format_args!("{word}: {error}")))?;
    // What was typed is text, and so is the directory we are in, or it cannot be named to a hub.
    path.into_os_string().into_string().map_err(|path| Failure::usage(format_args!("{}: not UTF-8", path.display())))
}

/// Refuses what is there and cannot be read as a log; what is not there may come.
fn never_a_log(path: &Path) -> Result<(), &'static str> {
    match std::fs::metadata(path) {
        Ok(meta) if meta.is_dir() => Err("it is a directory; name a file in it, or a glob in quotes"),
        Ok(meta) if !meta.is_file() => Err("it is not a regular file"),
        _ => Ok(()),
    }
}

/// The machine's own name, up to its first dot; `localhost` where it has none that a host can have.
fn name() -> Result<HostName, Failure> {
    let system = rustix::system::uname();
    let own = system.nodename().to_string_lossy();
    let short = own.split('.').next().unwrap_or_default().parse();
    short.or_else(|_| "localhost".parse()).map_err(Failure::usage)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_told_from_a_log_of_a_host() {
        for path in ["/var/log/a", "./web1:/a", "../a", "a.log", "dir/a.log", "/a:b"] {
            assert!(is_path(path), "{path} was taken for a log of a host");
        }
        for log in ["web1:/var/log/a", "web*:/a", "web1:journal/nginx.service"] {
            assert!(!is_path(log), "{log} was taken for a path");
        }
    }
}
