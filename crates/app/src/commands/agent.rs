//! `tailcast agent`: this machine's logs, offered to a hub elsewhere.

use crate::cli;
use crate::environment::Environment;
use crate::exit::{Exit, Failure, Outcome};
use crate::options::AgentOptions;
use crate::signals::Signals;
use crate::{service, trace};

/// Offers until it is asked to stop.
pub(crate) fn run(flags: &cli::Agent, environment: &Environment) -> Outcome {
    let options = AgentOptions::new(flags, environment)?;
    trace::begin(environment)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(offer(options))
}

async fn offer(options: AgentOptions) -> Outcome {
    let signals = Signals::listen()?;
    service::ready("looking for the hub");
    service::reloading();
    service::stopping();
    Err(Failure::new(Exit::Failed, anyhow::anyhow!("the agent is not wired yet: {options:?} {signals:?}")))
}
