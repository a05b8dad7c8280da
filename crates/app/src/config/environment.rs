//! `TAILCAST_*` to settings: `TAILCAST_SECTION__KEY` for every key, and a short name for the common ones.
//!
//! A variable with two underscores can only be meant for us and must be right. Others that begin with `TAILCAST_` and are
//! not known are passed over: Kubernetes puts `TAILCAST_PORT` and its like into every pod beside a service of that name.

use std::collections::BTreeMap;

use super::complaint::{Complaint, Complaints};
use super::file::meant;
use super::keys::{KEYS, Key, Kind, Value};
use super::suggest::nearest;
use super::{Origin, Setting};
use crate::environment::Environment;

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
        match KEYS.iter().find(|key| key.long_variable() == name) {
            Some(key) => take(key, name, text, &mut settings, complaints),
            None => complaints.push(unknown(name)),
        }
    }
    settings
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

fn unknown(name: &str) -> Complaint {
    let known: Vec<_> = KEYS.iter().map(|key| key.long_variable()).collect();
    let near = nearest(name, known.iter().map(String::as_str)).map(|word| format!("`{word}`"));
    Complaint::at(name, format!("there is no such variable{}", meant(near)))
}

/// The value, or the form it should have.
fn of_kind(kind: Kind, text: &str) -> Result<Value, &'static str> {
    let list = || text.split(',').map(str::trim).filter(|item| !item.is_empty());
    match kind {
        Kind::Text => Ok(Value::Text(text.to_owned())),
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
