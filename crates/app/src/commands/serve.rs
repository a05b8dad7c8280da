//! `tailcast serve`: a hub, and an agent for this machine in the same process.
//!
//! The agent speaks the same link as a remote one, over a pipe in memory. What is wired here is all there is between them.

use std::io::{ErrorKind, Write as _};
use std::path::{self, Path};
use std::sync::Arc;
use std::time::Duration;

use anyhow::anyhow;
use futures_util::future::join_all;
use tailcast_agent::Host;
use tailcast_fdguard::{Budget, Class, Listener, Plan, Spare};
use tailcast_hub::access::Access;
use tailcast_hub::{AdminDoor, Hub, HubConfig, Pipe, SpoolBounds};
use tailcast_wire::HostName;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::offered;
use crate::cli;
use crate::environment::Environment;
use crate::exit::{Exit, Failure, Outcome};
use crate::options::ServeOptions;
use crate::signals::Signals;
use crate::tails::Tails;
use crate::{always_open, open_files, service, trace};

/// The wait before the agent of this process is attached again.
const AGAIN: Duration = Duration::from_millis(250);

/// So long nothing is answered while the agents of this process introduce themselves: else the first to ask for one of its logs
/// would hear that there is no such host.
const INTRODUCED: Duration = Duration::from_secs(5);

/// Serves until it is asked to stop.
pub(crate) fn run(flags: &cli::Serve, environment: &Environment) -> Outcome {
    let options = ServeOptions::new(flags, environment)?;
    trace::begin(environment)?;
    let per_address = options.per_address.unwrap_or(u64::MAX);
    let plan = Plan { per_address, ..always_open::hub(options.cluster.is_some()) };
    let budget = open_files::divide(plan, Class::Viewers, Some(&options.access.state_dir))?;
    // Before everything else that stays open, so that they have the lowest numbers.
    let spares = Spares { door: Spare::open(), administrator: Spare::open() };
    super::runtime()?.block_on(serve(options, flags, environment, (budget, spares)))
}

/// The descriptors with which those are answered who come when there is no other.
struct Spares {
    door: Spare,
    administrator: Spare,
}

async fn serve(
    options: ServeOptions,
    flags: &cli::Serve,
    environment: &Environment,
    (budget, spares): (Budget, Spares),
) -> Outcome {
    let mut signals = Signals::listen()?;
    let base = options.access.base_path.clone();
    let mut config = HubConfig::new(base.clone());
    config.host = options.agent.as_ref().map(|offer| offer.host.clone());
    let key = options.access.cluster.clone();
    let pushed = options.access.state_dir.join("push");
    let door = options.access.state_dir.join("admin.sock");
    let access = Arc::new(Access::new(options.access));
    let listener = listen(options.listen, &access, &budget)?.holding(spares.door);
    let address = listener.local_addr()?;
    let hub = Hub::new(config, access, budget.clone());
    open_for_administrators(&hub, &door, &budget, spares.administrator);
    let (agents, tails) = (Agents::default(), Tails::of(&budget));
    if let (Some(cluster), Some(key)) = (options.cluster, key) {
        let name = hub.host().map_or_else(|| address.to_string(), ToString::to_string);
        hub.join(cluster.config(name, key)?).map_err(Failure::usage)?;
    }
    let host = options.agent.map(|offer| offered::host(offer, &tails)).transpose()?;
    if let Some(host) = &host {
        agents.attach(&hub, host);
        agents.remember(host);
    }
    let pushed = options.pushed.map(|bounds| take_pushed(&hub, &pushed, bounds, (&agents, &tails))).unwrap_or_default();
    let own = hub.host().into_iter().chain(&pushed).map(|host| hub.has_agent(host));
    if tokio::time::timeout(INTRODUCED, join_all(own)).await.is_err() {
        tracing::warn!("an agent of this process takes long to begin; its logs are there once it does");
    }
    // Whoever started us waits for this line; it is the only one on stdout.
    let url = format!("http://{address}{}", base.trim_end_matches('/'));
    if let Err(e) = writeln!(std::io::stdout(), "tailcast: listening on {url}") {
        tracing::warn!("nobody can be told on stdout that this is {url}: {e}");
    }
    service::ready("serving");
    let serving = tailcast_hub::serve(&hub, listener);
    tokio::pin!(serving);
    loop {
        tokio::select! {
            () = &mut serving => break,
            () = signals.stop.cancelled(), if !hub.is_stopping() => {
                service::stopping();
                hub.stop();
            }
            Ok(()) = signals.reload.changed() => reload(flags, environment, host.as_ref()),
        }
    }
    agents.end().await;
    Ok(Exit::Ok)
}

fn listen(address: std::net::SocketAddr, access: &Access, budget: &Budget) -> Result<Listener, Failure> {
    let failed = |e: tailcast_fdguard::Error| match advice(&e) {
        Some(advice) => Failure::new(Exit::Failed, anyhow!("{e}: {advice}")),
        None => Failure::new(Exit::Failed, anyhow!(e)),
    };
    match service::inherited_listener()? {
        Some(inherited) => {
            access.may_listen(inherited.local_addr()?).map_err(Failure::usage)?;
            Listener::from_std(inherited, budget.clone(), access.refusal()).map_err(failed)
        }
        None => {
            access.may_listen(address).map_err(Failure::usage)?;
            Listener::bind(address, budget.clone(), access.refusal()).map_err(failed)
        }
    }
}

/// What helps whoever cannot listen there.
fn advice(error: &tailcast_fdguard::Error) -> Option<&'static str> {
    let tailcast_fdguard::Error::Listen { source, .. } = error else { return None };
    match source.kind() {
        ErrorKind::AddrInUse => {
            Some("another program has this port, maybe another hub; --listen names one, port 0 takes a free one")
        }
        ErrorKind::AddrNotAvailable => {
            Some("this machine has no such address; 0.0.0.0 and [::] stand for all that it has")
        }
        ErrorKind::PermissionDenied => {
            Some("a port below 1024 takes CAP_NET_BIND_SERVICE; take a higher one, with a proxy in front")
        }
        _ => None,
    }
}

/// A hub that cannot open that door serves all the same.
fn open_for_administrators(hub: &Arc<Hub>, path: &Path, budget: &Budget, spare: Spare) {
    let more = format!("`tailcast doctor {}` says what gives it more descriptors", std::process::id());
    match AdminDoor::open(path.to_owned(), spare) {
        Ok(door) => {
            let socket = path::absolute(path).unwrap_or_else(|_| path.to_owned()).display().to_string();
            // No path has a NUL in it, for which alone there is no quoting.
            let socket = shlex::try_quote(&socket).unwrap_or_default();
            budget.advise(format!(
                "{more}, and `curl --unix-socket {socket} http://localhost/api/v1/hub` who has them, to its user and root"
            ));
            drop(tokio::spawn(door.serve(Arc::clone(hub))));
        }
        Err(error) => {
            tracing::warn!("a full hub cannot be asked why: {}: {error}", path.display());
            budget.advise(more);
        }
    }
}

/// The agents of this process, each at the other end of a pipe in memory: that of this machine, and one for each host under
/// which lines are pushed.
#[derive(Debug, Clone, Default)]
struct Agents {
    stop: CancellationToken,
    tasks: TaskTracker,
}

impl Agents {
    /// A link that ends while both serve is a mistake in one of them; the logs come back all the same.
    fn attach(&self, hub: &Arc<Hub>, host: &Arc<Host>) {
        let (hub, host, stop) = (Arc::clone(hub), Arc::clone(host), self.stop.clone());
        self.tasks.spawn(async move {
            loop {
                let (to_agent, to_hub) = Pipe::pair();
                tokio::spawn(Arc::clone(&hub).attach(to_agent));
                let end = tailcast_agent::speak(&host, to_hub.tx, to_hub.rx, &stop).await;
                if stop.is_cancelled() || hub.is_stopping() {
                    return tracing::debug!(?end, "an agent of this process has ended");
                }
                tracing::error!(?end, "the link to an agent of this process has ended; it is attached again");
                tokio::select! {
                    () = tokio::time::sleep(AGAIN) => (),
                    () = stop.cancelled() => return,
                }
            }
        });
    }

    /// Counts its processes' files while nobody looks, if its configuration wants it.
    fn remember(&self, host: &Arc<Host>) {
        let (host, stop) = (Arc::clone(host), self.stop.clone());
        self.tasks.spawn(async move { tailcast_agent::remember(&host, &stop).await });
    }

    /// Their links have ended with the hub; they close their files and are done.
    async fn end(self) {
        self.stop.cancel();
        self.tasks.close();
        self.tasks.wait().await;
    }
}

/// Takes lines that are pushed; gives under which hosts there are some already. A hub that cannot keep any serves all the same,
/// and says why.
fn take_pushed(hub: &Arc<Hub>, root: &Path, bounds: SpoolBounds, (agents, tails): (&Agents, &Tails)) -> Vec<HostName> {
    let (agents, tails) = (agents.clone(), tails.clone());
    let taken = hub.take_pushed(root.to_owned(), bounds, move |hub, host, folder| {
        match offered::pushed(host.clone(), folder, &tails) {
            Ok(host) => agents.attach(hub, &host),
            Err(error) => tracing::error!("the logs that are pushed under {host} cannot be shown: {error}"),
        }
    });
    taken.unwrap_or_else(|error| {
        tracing::error!("lines that are pushed cannot be kept in {}: {error}", root.display());
        Vec::new()
    })
}

/// Takes over what can change while serving: the offers. A configuration with a mistake changes nothing and is told.
fn reload(flags: &cli::Serve, environment: &Environment, host: Option<&Arc<Host>>) {
    service::reloading();
    match ServeOptions::new(flags, environment).and_then(|options| offered::renew(options.agent, host)) {
        Ok(()) => tracing::info!("the configuration was read again"),
        Err(failure) => tracing::error!("the configuration stays as it was: {failure}"),
    }
    service::ready("serving");
}
