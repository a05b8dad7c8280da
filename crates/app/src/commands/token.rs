//! `tailcast token add|list|remove`: who may look at logs and which agents may come in, on the machine where the hub runs.
//! A running hub sees the change by itself.

use std::io::Write;

use tailcast_hub::access::tokens::{self, Grant};

use crate::cli::{self, TokenAction};
use crate::environment::Environment;
use crate::exit::{Exit, Failure, Outcome};
use crate::options::state_dir;

/// Does what was said to the list of tokens.
pub(crate) fn run(flags: cli::Token, environment: &Environment) -> Outcome {
    match flags.action {
        TokenAction::Add { viewer, hosts, logs, name, state } => {
            let grant = match (&viewer, hosts.is_empty()) {
                (Some(_), _) => Grant::Viewer,
                (None, false) => Grant::Agent { hosts },
                (None, true) => Grant::Push { logs },
            };
            let name = viewer.or(name);
            let issued = tokens::add(&state_dir(&state, environment)?, grant, name.as_deref()).map_err(failure)?;
            eprintln!("tailcast: token {}; this is the only time that it is shown:", issued.name);
            writeln!(std::io::stdout(), "{}", issued.token)?;
            Ok(Exit::Ok)
        }
        TokenAction::List { state } => list(&state_dir(&state, environment)?),
        TokenAction::Remove { name, state } => {
            tokens::remove(&state_dir(&state, environment)?, &name).map_err(failure)?;
            Ok(Exit::Ok)
        }
    }
}

fn list(state_dir: &std::path::Path) -> Outcome {
    let entries = tokens::list(state_dir).map_err(failure)?;
    let width = entries.iter().map(|entry| entry.name.len()).max().unwrap_or(0);
    let mut out = std::io::stdout().lock();
    for entry in &entries {
        let purpose = match &entry.grant {
            Grant::Viewer => "viewer".to_owned(),
            Grant::Agent { hosts } => format!("agent for {}", hosts.join(" ")),
            Grant::Push { logs } => format!("pushes to {}", logs.join(" ")),
        };
        writeln!(out, "{:width$}  {:.0}  {purpose}", entry.name, entry.created)?;
    }
    Ok(if entries.is_empty() { Exit::Nothing } else { Exit::Ok })
}

fn failure(error: tailcast_hub::access::Error) -> Failure {
    use tailcast_hub::access::Error;
    let exit = match error {
        Error::NoSuchToken(_) => Exit::Nothing,
        Error::File { .. } | Error::Broken { .. } => Exit::Failed,
        _ => Exit::Usage,
    };
    Failure::new(exit, error)
}
