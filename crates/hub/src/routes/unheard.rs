//! Why a host that was asked among others gave no answer: in words, and as a word that a page says in its reader's language. The lists
//! of logs and of processes have it beside what the others answered, since one host must not fail them all.

use std::time::Duration;

use crate::ask::AskError;
use crate::problem::Problem;

/// What a list says in place of a host's part of it.
#[derive(Debug)]
pub(crate) struct Unheard {
    pub(crate) words: String,
    pub(crate) why: Option<String>,
}

impl Unheard {
    /// It lives, as far as is known, and has not answered within the time that whoever asks had.
    pub(crate) fn not_yet(within: Duration) -> Self {
        let words = format!(
            "the agent has not answered within {} s; ask again for it alone, and give it longer",
            within.as_secs()
        );
        Unheard { words, why: Some("not_yet".to_owned()) }
    }
}

impl From<Problem> for Unheard {
    fn from(problem: Problem) -> Self {
        Unheard { words: problem.detail().to_owned(), why: problem.why().map(str::to_owned) }
    }
}

impl From<AskError> for Unheard {
    fn from(error: AskError) -> Self {
        Unheard { words: error.to_string(), why: error.word().map(str::to_owned) }
    }
}
