//! Which lines of a log are wanted, in the words a viewer used. Equal words are one channel: the filter runs once.

use minicbor::{Decode, Encode};

/// A filter as it is asked for. The patterns are not looked at here; `tailcast-lines` compiles and judges them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Encode, Decode)]
pub struct Filter {
    /// Regular expressions that must all match.
    #[n(0)]
    pub include: Vec<String>,
    /// Regular expressions of which none may match.
    #[n(1)]
    pub exclude: Vec<String>,
    /// Whether upper and lower case are the same to all of them.
    #[n(2)]
    pub ignore_case: bool,
    /// The lowest level that passes, as a word (`warn`).
    #[n(3)]
    pub level: Option<String>,
}

impl Filter {
    /// Whether every line passes, so that bytes need not be divided into lines at all.
    pub fn is_empty(&self) -> bool {
        self.include.is_empty() && self.exclude.is_empty() && self.level.is_none()
    }
}
