//! `TAILCAST_*` to settings: `TAILCAST_SECTION__KEY` for every key, and a short name for the common ones.
//!
//! What begins with `TAILCAST_` is meant for us and must be right, but for what Kubernetes puts into every pod beside a
//! service that is called tailcast.

use std::collections::BTreeMap;

use super::complaint::{Complaint, Complaints};
use super::file::meant;
use super::keys::{KEYS, Key, Kind, Value};
use super::suggest::nearest;
use super::{Origin, Setting};
use crate::environment::Environment;

/// What all of ours begin with.
const PREFIX: &str = "TAILCAST_";
/// Variables that stand for no key.
const BESIDE: [&str; 3] = ["TAILCAST_CONFIG", "TAILCAST_TOKEN", "TAILCAST_LOG"];

/// Reads the variables; a long name wins over a short one.
pub(super) fn read(environment: &Environment, complaints: &mut Complaints) -> BTreeMap<&'static str, Setting> {
    let mut settings = BTreeMap::new();
    let (long, short): (Vec<_>, Vec<_>) = environment.ours().partition(|(name, _)| name.contains("__"));
    for (name, text) in short {
        for key in KEYS.iter().filter(|key| key.variable == Some(name)) {
            take(key, name, text, &mut settings, complaints);
        }
    }
    for (name, text) in long {
        for key in KEYS.iter().filter(|key| key.long_variable() == name) {
            take(key, name, text, &mut settings, complaints);
        }
    }
    settings
}

/// The variables that begin as ours do and are not known.
pub(super) fn unknown(environment: &Environment) -> impl Iterator<Item = Complaint> {
    let of_keys = KEYS.iter().flat_map(|key| key.variable.map(str::to_owned).into_iter().chain([key.long_variable()]));
    let known: Vec<_> = of_keys.chain(BESIDE.map(str::to_owned)).collect();
    let ours = environment.ours().filter(|(name, text)| !is_of_kubernetes(name, text));
    ours.filter_map(move |(name, _)| {
        let is_known = known.iter().any(|known| known == name);
        (!is_known).then(|| Complaint::at(name, format!("there is no such variable{}", hint(name, &known))))
    })
}

/// The one that was meant. What all begin with says nothing about how near they are.
fn hint(name: &str, known: &[String]) -> String {
    let own = |name| str::trim_start_matches(name, PREFIX);
    let near = nearest(own(name), known.iter().map(|known| own(known)));
    meant(near.map(|word| format!("`{PREFIX}{word}`")))
}

/// Whether it is one of those that tell of a service: `TAILCAST_SERVICE_HOST`, `…_SERVICE_PORT`, `…_PORT` and
/// `…_PORT_8514_TCP` with more behind it (Kubernetes, Service, Environment variables).
fn is_of_kubernetes(name: &str, text: &str) -> bool {
    let is_url = ["tcp://", "udp://", "sctp://"].iter().any(|scheme| text.starts_with(scheme));
    let is_part = |rest: &str| rest.starts_with(|first: char| first.is_ascii_digit());
    name.ends_with("_SERVICE_HOST")
        || name.contains("_SERVICE_PORT")
        || (name.ends_with("_PORT") && is_url)
        || name.split_once("_PORT_").is_some_and(|(_, rest)| is_part(rest))
}

fn take(
    key: &'static Key,
    name: &str,
    text: &str,
    settings: &mut BTreeMap<&'static str, Setting>,
    complaints: &mut Complaints,
) {
    let origin = Origin::Environment(name.to_owned());
    match of_kind(key.kind, text) {
        Ok(value) => drop(settings.insert(key.name, Setting { value, origin })),
        Err(form) => complaints.push(Complaint::about(&origin, key.name, format_args!("write {form}"))),
    }
}

/// The value, or the form it should have.
fn of_kind(kind: Kind, text: &str) -> Result<Value, &'static str> {
    let list = || text.split(',').map(str::trim).filter(|item| !item.is_empty());
    match kind {
        Kind::Text | Kind::Amount => Ok(Value::Text(text.to_owned())),
        Kind::Switch => match text {
            "true" | "1" | "yes" | "on" => Ok(Value::Switch(true)),
            "false" | "0" | "no" | "off" => Ok(Value::Switch(false)),
            _ => Err("true or false"),
        },
        // A path with a comma in it is written in a file.
        Kind::List => Ok(Value::List(list().map(str::to_owned).collect())),
        Kind::Pairs => {
            let pairs = list().map(|item| item.split_once('=').map(|(name, text)| (name.to_owned(), text.to_owned())));
            pairs.collect::<Option<_>>().map(Value::Pairs).ok_or("name=text,name=text")
        }
    }
}
