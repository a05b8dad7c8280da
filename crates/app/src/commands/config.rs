//! `tailcast config check`: what holds, and where each value comes from, on stdout; what is wrong, on stderr with code 2.

use std::io::Write;

use crate::cli::{self, ConfigAction};
use crate::config::Settings;
use crate::environment::Environment;
use crate::exit::{Exit, Outcome};
use crate::options::{AgentOptions, ServeOptions};
use crate::trace;

/// Looks at the configuration.
pub(crate) fn run(flags: &cli::Config, environment: &Environment) -> Outcome {
    let ConfigAction::Check(config) = &flags.action;
    let settings = Settings::load(config.file.as_deref(), environment)?;
    std::io::stdout().write_all(settings.to_string().as_bytes())?;
    // Judged after it was shown: whoever has written something wrong wants to see what holds.
    ServeOptions::of(&settings, environment)?;
    AgentOptions::judge(&settings)?;
    trace::filter(environment)?;
    Ok(Exit::Ok)
}
