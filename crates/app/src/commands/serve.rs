//! `tailcast serve`: a hub, and an agent for this machine in the same process.
//!
//! The agent speaks the same link as a remote one, over a pipe in memory. What is wired here is all there is between them.

use std::io::Write as _;
use std::sync::Arc;
use std::time::Duration;

use anyhow::anyhow;
use tailcast_agent::Host;
use tailcast_fdguard::{Budget, Limit, Listener, Plan};
use tailcast_hub::access::Access;
use tailcast_hub::{Hub, HubConfig, HubRefusal, Pipe};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::offered;
use crate::cli;
use crate::environment::Environment;
use crate::exit::{Exit, Failure, Outcome};
use crate::options::ServeOptions;
use crate::signals::Signals;
use crate::{service, trace};

/// The wait before the agent of this process is attached again.
const AGAIN: Duration = Duration::from_millis(250);

/// So long nothing is answered while the agent of this process introduces itself: else the first to ask for one of its logs
/// would hear that there is no such host.
const INTRODUCED: Duration = Duration::from_secs(5);

/// Serves until it is asked to stop.
pub(crate) fn run(flags: &cli::Serve, environment: &Environment) -> Outcome {
    let options = ServeOptions::new(flags, environment)?;
    trace::begin(environment)?;
    let limit = Limit::raise();
    tracing::info!("{limit}");
    crate::low_limit::tell(&limit);
    let budget = Budget::new(Plan::default()).map_err(|e| Failure::new(Exit::Failed, anyhow!(e)))?;
    super::runtime()?.block_on(serve(options, flags, environment, budget))
}

async fn serve(options: ServeOptions, flags: &cli::Serve, environment: &Environment, budget: Budget) -> Outcome {
    let mut signals = Signals::listen()?;
    let config = HubConfig::new(options.access.base_path.clone());
    let access = Arc::new(Access::new(options.access));
    let listener = listen(options.listen, &access, &budget)?;
    let address = listener.local_addr()?;
    let hub = Hub::new(config, access, budget);
    let agent_stop = CancellationToken::new();
    let agent = match options.agent {
        Some(offer) => Some(attach(&hub, offered::host(offer)?, agent_stop.clone())),
        None => None,
    };
    if agent.is_some() && tokio::time::timeout(INTRODUCED, hub.has_own_agent()).await.is_err() {
        tracing::warn!("the agent of this process takes long to begin; its logs are there once it does");
    }
    // Whoever started us waits for this line; it is the only one on stdout.
    if let Err(e) = writeln!(std::io::stdout(), "tailcast: listening on http://{address}") {
        tracing::warn!("nobody can be told on stdout that this is http://{address}: {e}");
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
            Ok(()) = signals.reload.changed() => reload(flags, environment, agent.as_ref().map(|agent| &agent.0)),
        }
    }
    agent_stop.cancel();
    if let Some((_, task)) = agent {
        // Its link has ended with the hub; it closes its files and is done.
        drop(task.await);
    }
    Ok(Exit::Ok)
}

fn listen(address: std::net::SocketAddr, access: &Access, budget: &Budget) -> Result<Listener, Failure> {
    let failed = |e: tailcast_fdguard::Error| Failure::new(Exit::Failed, anyhow!(e));
    match service::inherited_listener()? {
        Some(inherited) => {
            access.may_listen(inherited.local_addr()?).map_err(Failure::usage)?;
            Listener::from_std(inherited, budget.clone(), HubRefusal).map_err(failed)
        }
        None => {
            access.may_listen(address).map_err(Failure::usage)?;
            Listener::bind(address, budget.clone(), HubRefusal).map_err(failed)
        }
    }
}

/// The agent of this process, at the other end of a pipe in memory. A link that ends while both serve is a mistake in
/// one of them; this machine's logs come back all the same.
fn attach(hub: &Arc<Hub>, host: Arc<Host>, stop: CancellationToken) -> (Arc<Host>, JoinHandle<()>) {
    let (hub, speaking) = (Arc::clone(hub), Arc::clone(&host));
    let task = tokio::spawn(async move {
        loop {
            let (to_agent, to_hub) = Pipe::pair();
            tokio::spawn(Arc::clone(&hub).attach(to_agent));
            let end = tailcast_agent::speak(&speaking, to_hub.tx, to_hub.rx, &stop).await;
            if stop.is_cancelled() || hub.is_stopping() {
                return tracing::debug!(?end, "the agent of this process has ended");
            }
            tracing::error!(?end, "the link to the agent of this process has ended; it is attached again");
            tokio::select! {
                () = tokio::time::sleep(AGAIN) => (),
                () = stop.cancelled() => return,
            }
        }
    });
    (host, task)
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
