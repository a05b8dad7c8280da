//! The program's own log: on stderr, one line per event, by `TAILCAST_LOG` (a filter of tracing-subscriber: `info`,
//! `warn,tailcast_hub=debug`). Under systemd the time is left out, since the journal has it.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;

use crate::environment::Environment;
use crate::exit::Failure;

/// What is logged when nobody says anything.
const DEFAULT: &str = "info";

/// Begins the log. For `serve` and `agent`; client commands speak to a person and have none.
pub(crate) fn begin(environment: &Environment) -> Result<(), Failure> {
    let words = environment.get("TAILCAST_LOG").unwrap_or(DEFAULT);
    let filter = EnvFilter::try_new(words).map_err(|error| {
        Failure::usage(format_args!(
            "TAILCAST_LOG: `{words}` is no filter ({error}); write info, debug or warn,tailcast_hub=debug"
        ))
    })?;
    let colours = std::io::stderr().is_terminal() && environment.get("NO_COLOR").is_none();
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(colours);
    let begun = match environment.get("JOURNAL_STREAM") {
        Some(_) => log.without_time().try_init(),
        None => log.try_init(),
    };
    begun.map_err(|error| Failure::usage(format_args!("the log could not be begun: {error}")))
}
