//! What is wrong with a filter, told so that the one who wrote it can put it right: which pattern, where in it, and
//! what to write instead. The hub turns it into a 400, the command line into a line with a mark under the place.

use std::fmt;

/// Characters of a pattern that are repeated where it is told of.
const SHOWN: usize = 60;

/// Which of the two lists a pattern is from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// A pattern that must match.
    Include,
    /// A pattern that must not.
    Exclude,
}

/// One pattern of a spec.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    /// The list that it is in.
    pub role: Role,
    /// Its place in that list, from 0.
    pub index: usize,
    /// The pattern itself.
    pub text: String,
}

/// Why a filter was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FilterError {
    /// More patterns than one filter may have.
    #[error("{count} patterns are too many: join them with `|` into at most {max}")]
    TooMany {
        /// How many there are.
        count: usize,
        /// How many there may be.
        max: usize,
    },
    /// A pattern with more bytes than one may have.
    #[error("{pattern} is {length} bytes long: shorten it to {max}")]
    TooLong {
        /// The pattern.
        pattern: Pattern,
        /// Its length in bytes.
        length: usize,
        /// The greatest length in bytes.
        max: usize,
    },
    /// A pattern that no line can match, such as one with a line feed.
    #[error("{pattern} matches no line: a line has no line feed in it, so search for what is on one line")]
    NoLine {
        /// The pattern.
        pattern: Pattern,
    },
    /// A pattern that is not a regular expression.
    #[error("{pattern} is wrong at column {column}: {why}; write \\ before a character that is meant as itself")]
    Syntax {
        /// The pattern.
        pattern: Pattern,
        /// Where, in bytes from 0.
        at: usize,
        /// Where, in characters from 1.
        column: usize,
        /// What is wrong there, in words.
        why: String,
        /// The same as a word for programs; `syntax` where there is none that says more.
        word: &'static str,
    },
    /// A pattern that is right but needs too much memory.
    #[error(
        "{pattern} needs more than {limit} bytes when compiled: repeat less, \
         or write [0-9A-Za-z_] for \\w and [0-9] for \\d"
    )]
    TooBig {
        /// The pattern.
        pattern: Pattern,
        /// The greatest compiled size in bytes.
        limit: usize,
    },
}

impl FilterError {
    /// The pattern that is wrong, where it is one.
    pub fn pattern(&self) -> Option<&Pattern> {
        match self {
            FilterError::TooMany { .. } => None,
            FilterError::TooLong { pattern, .. }
            | FilterError::NoLine { pattern }
            | FilterError::Syntax { pattern, .. }
            | FilterError::TooBig { pattern, .. } => Some(pattern),
        }
    }

    /// Where in the pattern, in bytes from 0, where there is one place.
    pub fn at(&self) -> Option<usize> {
        match self {
            FilterError::Syntax { at, .. } => Some(*at),
            _ => None,
        }
    }
}

impl FilterError {
    /// What is wrong, as a word for programs, which may say it in another language.
    pub fn word(&self) -> &'static str {
        match self {
            FilterError::TooMany { .. } => "too_many_patterns",
            FilterError::TooLong { .. } => "pattern_too_long",
            FilterError::NoLine { .. } => "matches_no_line",
            FilterError::Syntax { word, .. } => word,
            FilterError::TooBig { .. } => "pattern_too_big",
        }
    }

    /// The character of the pattern where the mistake stands, from 1, where there is one place.
    pub fn column(&self) -> Option<usize> {
        match self {
            FilterError::Syntax { column, .. } => Some(*column),
            _ => None,
        }
    }
}

impl Pattern {
    /// The pattern, cut where a long one would bury the words around it.
    pub fn short(&self) -> String {
        let short: String = self.text.chars().take(SHOWN).collect();
        let more = if short.len() < self.text.len() { "…" } else { "" };
        format!("{short}{more}")
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let role = match self.role {
            Role::Include => "include",
            Role::Exclude => "exclude",
        };
        write!(f, "{role} pattern {} `{}`", self.index + 1, self.short())
    }
}
