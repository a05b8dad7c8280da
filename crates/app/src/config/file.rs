//! One TOML file to settings, each with the line it stands on; and which files there are.

use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::complaint::{Complaint, Complaints};
use super::keys::{self, KEYS, Key, Kind, Value};
use super::suggest::nearest;
use super::{Origin, Reads, SYSTEM_FILE, Setting};

/// The directory of drop-ins, beside a file.
const DROP_INS: &str = "tailcast.d";

/// The files to read, lowest first: the system's, its drop-ins, the named one, its drop-ins. None twice.
pub(super) fn sources(reads: Reads, named: Option<&Path>, complaints: &mut Complaints) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let system = Path::new(SYSTEM_FILE);
    let beside = drop_ins(system, reads, complaints);
    for path in std::iter::once(system.to_path_buf()).chain(beside) {
        match File::open(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) if reads == Reads::WhatItMay && error.kind() == io::ErrorKind::PermissionDenied => {}
            // What else is wrong is told when it is read.
            _ => found.push(path),
        }
    }
    if let Some(named) = named {
        let beside = drop_ins(named, Reads::All, complaints);
        found.retain(|path| path != named && !beside.contains(path));
        found.push(named.to_path_buf());
        found.extend(beside);
    }
    found
}

/// The `*.toml` in the directory of drop-ins beside `file`, in the order of their names.
fn drop_ins(file: &Path, reads: Reads, complaints: &mut Complaints) -> Vec<PathBuf> {
    let directory = file.with_file_name(DROP_INS);
    let entries = match std::fs::read_dir(&directory) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Vec::new(),
        Err(error) if reads == Reads::WhatItMay && error.kind() == io::ErrorKind::PermissionDenied => {
            return Vec::new();
        }
        Err(error) => {
            complaints.push(Complaint::at(directory.display(), format!("cannot be read: {error}")));
            return Vec::new();
        }
    };
    let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
    let mut paths: Vec<_> = paths.filter(|path| path.extension().is_some_and(|end| end == "toml")).collect();
    paths.sort();
    paths
}

/// Reads one file.
pub(super) fn read(path: &Path, complaints: &mut Complaints) -> BTreeMap<&'static str, Setting> {
    match std::fs::read_to_string(path) {
        Ok(text) => Source { path: Arc::from(path), text: &text, complaints }.settings(),
        Err(error) => {
            complaints.push(Complaint::at(path.display(), format!("cannot be read: {error}")));
            BTreeMap::new()
        }
    }
}

/// A file while it is read.
struct Source<'a> {
    path: Arc<Path>,
    text: &'a str,
    complaints: &'a mut Complaints,
}

impl Source<'_> {
    fn settings(&mut self) -> BTreeMap<&'static str, Setting> {
        let mut settings = BTreeMap::new();
        match DeTable::parse(self.text) {
            Ok(table) => {
                for (section, value) in table.get_ref() {
                    self.section(section, value, &mut settings);
                }
            }
            Err(error) => {
                let at = error.span().map_or(0, |span| span.start);
                self.complain(at, error.message());
            }
        }
        settings
    }

    fn section(
        &mut self,
        name: &Spanned<std::borrow::Cow<'_, str>>,
        value: &Spanned<DeValue<'_>>,
        settings: &mut BTreeMap<&'static str, Setting>,
    ) {
        let sections = KEYS.iter().map(|key| key.parts().0);
        let section = name.get_ref().as_ref();
        let DeValue::Table(table) = value.get_ref() else {
            let owner = KEYS.iter().find(|key| key.parts().1 == section);
            let hint = owner.map_or(String::new(), |key| format!("; write it under [{}]", key.parts().0));
            return self.complain(name.span().start, format!("`{section}` stands in no section{hint}"));
        };
        if !sections.clone().any(|known| known == section) {
            let hint = meant(nearest(section, sections).map(|word| format!("[{word}]")));
            return self.complain(name.span().start, format!("there is no section [{section}]{hint}"));
        }
        for (key, value) in table {
            let full = format!("{section}.{}", key.get_ref());
            match keys::named(&full) {
                Some(key) => self.setting(key, value, settings),
                None => {
                    let hint = meant(nearest(&full, KEYS.iter().map(|key| key.name)).map(|word| format!("`{word}`")));
                    self.complain(key.span().start, format!("there is no key `{full}`{hint}"));
                }
            }
        }
    }

    fn setting(
        &mut self,
        key: &'static Key,
        value: &Spanned<DeValue<'_>>,
        settings: &mut BTreeMap<&'static str, Setting>,
    ) {
        let origin = Origin::File(Arc::clone(&self.path), self.line(value.span().start));
        match of_kind(key.kind, value.get_ref()) {
            Some(value) => drop(settings.insert(key.name, Setting { value, origin })),
            None => {
                self.complaints.push(Complaint::about(&origin, key.name, format_args!("write {}", key.kind.form())))
            }
        }
    }

    fn complain(&mut self, offset: usize, words: impl Into<String>) {
        let place = Origin::File(Arc::clone(&self.path), self.line(offset));
        self.complaints.push(Complaint::on(&place, words));
    }

    /// The line on which a byte stands, counted from 1.
    fn line(&self, offset: usize) -> usize {
        self.text.as_bytes().iter().take(offset).filter(|byte| **byte == b'\n').count() + 1
    }
}

/// `; did you mean …?`, or nothing.
pub(super) fn meant(word: Option<String>) -> String {
    word.map_or(String::new(), |word| format!("; did you mean {word}?"))
}

fn of_kind(kind: Kind, value: &DeValue<'_>) -> Option<Value> {
    match (kind, value) {
        (Kind::Text, value) => text(value).map(Value::Text),
        (Kind::Amount, DeValue::Integer(number)) if number.radix() == 10 => {
            Some(Value::Text(number.as_str().to_owned()))
        }
        (Kind::Amount, value) => text(value).map(Value::Text),
        (Kind::Switch, DeValue::Boolean(on)) => Some(Value::Switch(*on)),
        (Kind::List, DeValue::Array(items)) => {
            items.iter().map(|item| text(item.get_ref())).collect::<Option<_>>().map(Value::List)
        }
        (Kind::Pairs, DeValue::Table(table)) => {
            let pairs = table.iter().map(|(name, value)| Some((name.get_ref().to_string(), text(value.get_ref())?)));
            pairs.collect::<Option<_>>().map(Value::Pairs)
        }
        _ => None,
    }
}

fn text(value: &DeValue<'_>) -> Option<String> {
    match value {
        DeValue::String(text) => Some(text.to_string()),
        _ => None,
    }
}
