//! `tailcast agent`: this machine's logs, offered to a hub elsewhere.

use futures_util::future::join;
use tailcast_fdguard::Class;

use crate::cli;
use crate::commands::offered;
use crate::environment::Environment;
use crate::exit::{Exit, Outcome};
use crate::options::AgentOptions;
use crate::signals::Signals;
use crate::tails::Tails;
use crate::{always_open, open_files, service, trace};

/// Offers until it is asked to stop.
pub(crate) fn run(flags: &cli::Agent, environment: &Environment) -> Outcome {
    let options = AgentOptions::new(flags, environment)?;
    trace::begin(environment)?;
    let budget = open_files::divide(always_open::agent(), Class::Tails, None)?;
    super::runtime()?.block_on(offer(options, flags, environment, &Tails::of(&budget)))
}

async fn offer(options: AgentOptions, flags: &cli::Agent, environment: &Environment, tails: &Tails) -> Outcome {
    let mut signals = Signals::listen()?;
    let host = offered::host(options.offer, tails)?;
    service::ready("looking for the hub");
    let reaching = join(
        tailcast_agent::reach(&host, &options.dialer, &signals.stop),
        tailcast_agent::remember(&host, &signals.stop),
    );
    tokio::pin!(reaching);
    loop {
        tokio::select! {
            ((), ()) = &mut reaching => break,
            Ok(()) = signals.reload.changed() => {
                service::reloading();
                match AgentOptions::new(flags, environment).and_then(|options| offered::renew(Some(options.offer), Some(&host))) {
                    Ok(()) => tracing::info!("the configuration was read again"),
                    Err(failure) => tracing::error!("the configuration stays as it was: {failure}"),
                }
                service::ready("looking for the hub");
            }
        }
    }
    service::stopping();
    Ok(Exit::Ok)
}
