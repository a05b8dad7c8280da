//! From values as they were written to values of a type, with every complaint collected rather than the first.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use super::complaint::{Complaint, Complaints};
use super::keys::{Key, Value};
use super::{Origin, Setting, Settings};

/// Reads values out of settings.
pub(crate) struct Reader<'a> {
    settings: &'a Settings,
    complaints: Complaints,
}

impl<'a> Reader<'a> {
    /// A reader of `settings`.
    pub(crate) fn new(settings: &'a Settings) -> Self {
        Reader { settings, complaints: Complaints::default() }
    }

    /// What was read, unless something was wrong. A `None` in `read` has always left a complaint.
    pub(crate) fn finish<T>(self, read: Option<T>) -> Result<T, Complaints> {
        match (self.complaints.none_or(()), read) {
            (Ok(()), Some(read)) => Ok(read),
            (Err(complaints), _) => Err(complaints),
            (Ok(()), None) => Err(Complaints::default()),
        }
    }

    /// Whether a switch is on.
    pub(crate) fn switch(&mut self, key: &Key) -> bool {
        matches!(self.settings.get(key), Some(Setting { value: Value::Switch(true), .. }))
    }

    /// A text as it was written.
    pub(crate) fn text(&mut self, key: &Key) -> Option<String> {
        self.judged(key, |text| Ok::<_, &str>(text.to_owned()))
    }

    /// A text that is read as a `T`.
    pub(crate) fn parsed<T: FromStr<Err: fmt::Display>>(&mut self, key: &Key) -> Option<T> {
        self.judged(key, str::parse)
    }

    /// A text that `judge` makes something of.
    pub(crate) fn judged<T, E: fmt::Display>(
        &mut self,
        key: &Key,
        judge: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        let Setting { value: Value::Text(text), origin } = self.settings.get(key)? else { return None };
        let judged = judge(&text);
        judged.map_err(|words| self.complaints.push(Complaint::about(&origin, key.name, words))).ok()
    }

    /// The path of a file or directory. One out of a variable is meant from here, as one out of a flag is; a file is read
    /// from anywhere.
    pub(crate) fn path(&mut self, key: &Key) -> Option<PathBuf> {
        let from_here = matches!(self.settings.get(key)?.origin, Origin::Environment(_));
        self.judged(key, |text| match from_here {
            true => std::path::absolute(text).map_err(|error| format!("`{text}`: {error}")),
            false if Path::new(text).is_absolute() => Ok(PathBuf::from(text)),
            false => Err(format!("`{text}` is relative; write it from / on")),
        })
    }

    /// A list of texts, each made something of.
    pub(crate) fn list<T, E: fmt::Display>(&mut self, key: &Key, judge: impl Fn(&str) -> Result<T, E>) -> Vec<T> {
        let Some(Setting { value: Value::List(items), origin }) = self.settings.get(key) else { return Vec::new() };
        let mut list = Vec::with_capacity(items.len());
        for item in &items {
            match judge(item) {
                Ok(judged) => list.push(judged),
                Err(words) => self.complaints.push(Complaint::about(&origin, key.name, words)),
            }
        }
        list
    }

    /// Names with texts.
    pub(crate) fn pairs(&mut self, key: &Key) -> Vec<(String, String)> {
        match self.settings.get(key) {
            Some(Setting { value: Value::Pairs(pairs), .. }) => pairs,
            _ => Vec::new(),
        }
    }

    /// Something that is missing altogether.
    pub(crate) fn missing(&mut self, key: &Key, words: &str) {
        self.complaints.push(Complaint::at(key.name, words));
    }
}
