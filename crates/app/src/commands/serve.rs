//! `tailcast serve`: a hub, and an agent for this machine in the same process.

use crate::cli;
use crate::environment::Environment;
use crate::exit::{Exit, Failure, Outcome};
use crate::options::ServeOptions;
use crate::signals::Signals;
use crate::{service, trace};

/// Serves until it is asked to stop.
pub(crate) fn run(flags: &cli::Serve, environment: &Environment) -> Outcome {
    let options = ServeOptions::new(flags, environment)?;
    trace::begin(environment)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(serve(options))
}

async fn serve(options: ServeOptions) -> Outcome {
    let signals = Signals::listen()?;
    let inherited = service::inherited_listener()?;
    Err(Failure::new(Exit::Failed, anyhow::anyhow!("serving is not wired yet: {options:?} {inherited:?} {signals:?}")))
}
