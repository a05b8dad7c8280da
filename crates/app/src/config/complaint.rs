//! What is wrong with the configuration: always a place, what is there, and what to write instead.

use std::fmt;

use super::Origin;
use crate::exit::{Exit, Failure};

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Complaint {
    place: String,
    words: String,
}

/// Everything that is wrong.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Complaints(Vec<Complaint>);

impl Complaint {
    /// Something wrong at a place: `FILE:LINE`, a variable, a flag.
    pub(crate) fn at(place: impl fmt::Display, words: impl Into<String>) -> Self {
        Complaint { place: place.to_string(), words: words.into() }
    }

    /// Something wrong with a value.
    pub(crate) fn about(origin: &Origin, key: &str, words: impl fmt::Display) -> Self {
        Complaint { place: origin.to_string(), words: format!("{key}: {words}") }
    }
}

impl Complaints {
    /// One more.
    pub(crate) fn push(&mut self, complaint: Complaint) {
        self.0.push(complaint);
    }

    /// `good`, unless there is something to complain about.
    pub(crate) fn none_or<T>(self, good: T) -> Result<T, Complaints> {
        if self.0.is_empty() { Ok(good) } else { Err(self) }
    }
}

impl fmt::Display for Complaints {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, Complaint { place, words }) in self.0.iter().enumerate() {
            let gap = if n > 0 { "\n" } else { "" };
            write!(f, "{gap}{place}: {words}")?;
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
