//! The program's own log: on stderr, one line per event, by `TAILCAST_LOG` (a filter of tracing-subscriber: `info`,
//! `warn,tailcast_hub=debug`). Under systemd the time is left out, since the journal has it.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;

use crate::environment::Environment;
use crate::exit::Failure;

/// What is logged when nobody says anything.
const DEFAULT: &str = "info";

/// Begins the log. For `serve` and `agent`; client commands speak to a person and have none.
pub(crate) fn begin(environment: &Environment) -> Result<(), Failure> {
    let filter = filter(environment)?;
    let colours = std::io::stderr().is_terminal() && environment.get("NO_COLOR").is_none();
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(colours);
    let begun = match environment.get("JOURNAL_STREAM") {
        Some(_) => log.without_time().try_init(),
        None => log.try_init(),
    };
    begun.map_err(|error| Failure::usage(format_args!("the log could not be begun: {error}")))
}

/// What is logged.
///
/// # Errors
/// When `TAILCAST_LOG` is not understood.
pub(crate) fn filter(environment: &Environment) -> Result<EnvFilter, Failure> {
    let words = environment.get("TAILCAST_LOG").unwrap_or(DEFAULT);
    // EnvFilter takes a lone word that is no level for the name of a part, which then is all that is logged.
    let slip = words.split(',').find(|word| !word.contains('=') && word.parse::<LevelFilter>().is_err());
    let filter = match slip {
        Some(slip) => Err(format!("`{slip}` is no level")),
        None => EnvFilter::try_new(words).map_err(|error| error.to_string()),
    };
    filter.map_err(|why| {
        Failure::usage(format_args!("TAILCAST_LOG: {why}; write info, debug or warn,tailcast_hub=debug"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_is_levels_and_parts_with_levels() {
        let judged = |words| filter(&Environment::from([("TAILCAST_LOG", words)]));
        for words in ["", "info", "WARN", "off", "warn,tailcast_hub=debug"] {
            assert!(judged(words).is_ok(), "{words}");
        }
        for words in ["banana", "warn,banana", "warn, tailcast_hub=debug", "tailcast_hub=loud"] {
            let words = judged(words).unwrap_err().to_string();
            assert!(words.starts_with("TAILCAST_LOG: "), "{words}");
        }
    }
}
