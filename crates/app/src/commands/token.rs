//! `tailcast token add|list|remove`: who may look at logs and which agents may come in, on the machine where the hub runs.
//! A running hub sees the change by itself. Where a cluster's key is configured, a new token is signed with it and holds on each
//! of its hubs.

use std::io::Write;
use std::path::Path;

use jiff::civil::Date;
use jiff::{Span, Timestamp, Zoned};
use tailcast_hub::access::tokens::{self, Entry, Grant, Issued, Wanted};

use crate::cli::{self, TokenAction};
use crate::environment::Environment;
use crate::exit::{Exit, Failure, Outcome, say};
use crate::options::{cluster, state_dir};

/// Does what was said to the list of tokens.
pub(crate) fn run(flags: cli::Token, environment: &Environment) -> Outcome {
    match flags.action {
        TokenAction::Add { viewer, hosts, logs, name, expires, state } => {
            let grant = match (&viewer, hosts.is_empty()) {
                (Some(_), _) => Grant::Viewer,
                (None, false) => Grant::Agent { hosts },
                (None, true) => Grant::Push { logs },
            };
            let name = viewer.or(name);
            let expires = expires.map(|word| expiry(&word, &Zoned::now())).transpose().map_err(Failure::usage)?;
            let wanted = Wanted { grant, name: name.as_deref(), expires };
            let cluster = cluster(&state, environment)?;
            let state_dir = state_dir(&state, environment)?;
            let issued = tokens::make(&state_dir, cluster.as_ref(), wanted).map_err(failure)?;
            tell(&issued, &state_dir)
        }
        TokenAction::List { state } => list(&state_dir(&state, environment)?),
        TokenAction::Remove { name, id, state } => {
            let state_dir = state_dir(&state, environment)?;
            let removed = match (name, id) {
                (Some(name), _) => tokens::remove(&state_dir, &name),
                (None, id) => tokens::revoke(&state_dir, &id.unwrap_or_default()),
            };
            removed.map_err(failure)?;
            Ok(Exit::Ok)
        }
    }
}

/// Which hub will know it is said, since it is easily another one: root has another state directory than a user.
fn tell(issued: &Issued, state_dir: &Path) -> Outcome {
    let name = &issued.name;
    let whose = match &issued.id {
        Some(id) => format!("every hub of the cluster (id {id})"),
        None => format!("the hub with its state in {}", state_dir.display()),
    };
    say(&format!("token {name}, for {whose}; this is the only time that it is shown:"));
    writeln!(std::io::stdout(), "{}", issued.token)?;
    Ok(Exit::Ok)
}

fn list(state_dir: &Path) -> Outcome {
    let entries = tokens::list(state_dir).map_err(failure)?;
    let width = entries.iter().map(|entry| entry.name.len()).max().unwrap_or(0);
    let mut out = std::io::stdout().lock();
    for entry in &entries {
        writeln!(out, "{:width$}  {:.0}  {}", entry.name, entry.created, purpose(entry, Timestamp::now()))?;
    }
    Ok(if entries.is_empty() { Exit::Nothing } else { Exit::Ok })
}

fn purpose(entry: &Entry, now: Timestamp) -> String {
    let mut words = match &entry.grant {
        Grant::Viewer => "viewer".to_owned(),
        Grant::Agent { hosts } => format!("agent for {}", hosts.join(" ")),
        Grant::Push { logs } => format!("pushes to {}", logs.join(" ")),
    };
    if let Some(expires) = entry.expires {
        let until = if expires > now { "until" } else { "over since" };
        words += &format!(", {until} {expires:.0}");
    }
    if let Some(id) = entry.id() {
        words += &format!(", on every hub: id {id}");
    }
    words
}

/// `90d`, `12h`: from now on. `2027-01-31`: until that day begins here. Or an instant.
fn expiry(word: &str, now: &Zoned) -> Result<Timestamp, String> {
    let after = || now.checked_add(word.parse::<Span>().ok()?.abs()).ok();
    let day = || word.parse::<Date>().ok()?.to_zoned(now.time_zone().clone()).ok();
    let instant = word.parse::<Timestamp>().ok();
    instant.or_else(|| day().or_else(after).map(|zoned| zoned.timestamp())).ok_or_else(|| {
        format!("`{word}` is no time: write 90d or 12h for that long from now, 2027-01-31, or 2027-01-31T12:00:00Z")
    })
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_token_is_read_as_people_say_it() {
        let now: Zoned = "2026-11-20T22:40:00+01:00[Europe/Berlin]".parse().unwrap();
        for (word, meant) in [
            ("12h", "2026-11-21T09:40:00Z"),
            ("90d", "2027-02-18T21:40:00Z"),
            ("2027-01-31", "2027-01-30T23:00:00Z"),
            ("2027-01-31T12:00:00Z", "2027-01-31T12:00:00Z"),
        ] {
            assert_eq!(expiry(word, &now), Ok(meant.parse().unwrap()), "{word}");
        }
        for word in ["", "soon", "90", "2027-13-01"] {
            assert!(expiry(word, &now).is_err(), "{word} was taken for a time");
        }
    }
}
