//! What is wrong with the configuration: always a place, what is there, and what to write instead.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use super::Origin;
use crate::exit::{Exit, Failure};

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Complaint {
    place: String,
    /// Of a file, where it stands in one.
    line: Option<(Arc<Path>, usize)>,
    words: String,
}

/// Everything that is wrong.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Complaints(Vec<Complaint>);

impl Complaint {
    /// Something wrong at a place: a file, a variable, a key.
    pub(crate) fn at(place: impl fmt::Display, words: impl Into<String>) -> Self {
        Complaint { place: place.to_string(), line: None, words: words.into() }
    }

    /// Something wrong where a value is written.
    pub(crate) fn on(origin: &Origin, words: impl Into<String>) -> Self {
        let line = match origin {
            Origin::File(path, line) => Some((Arc::clone(path), *line)),
            _ => None,
        };
        Complaint { line, ..Complaint::at(origin, words) }
    }

    /// Something wrong with a value.
    pub(crate) fn about(origin: &Origin, key: &str, words: impl fmt::Display) -> Self {
        Complaint::on(origin, format!("{key}: {words}"))
    }
}

impl Complaints {
    /// One more.
    pub(crate) fn push(&mut self, complaint: Complaint) {
        self.0.push(complaint);
    }

    /// `good`, unless there is something to complain about: file by file and line by line, as somebody mends it, and what
    /// stands in no file behind that.
    pub(crate) fn none_or<T>(mut self, good: T) -> Result<T, Complaints> {
        self.0.sort_by(|a, b| (a.line.is_none(), &a.line).cmp(&(b.line.is_none(), &b.line)));
        if self.0.is_empty() { Ok(good) } else { Err(self) }
    }
}

impl fmt::Display for Complaint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.words)
    }
}

impl fmt::Display for Complaints {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, complaint) in self.0.iter().enumerate() {
            let gap = if n > 0 { "\n" } else { "" };
            write!(f, "{gap}{complaint}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Complaints {}

impl From<Complaints> for Failure {
    fn from(complaints: Complaints) -> Self {
        Failure::new(Exit::Usage, complaints)
    }
}
