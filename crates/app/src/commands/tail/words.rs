//! What is said on stderr while logs are looked at: one line for each thing that happened.

use super::dialect::Told;
use crate::exit::say;

/// Says what happened to a log, when a person wants to know.
pub(super) fn told(told: &Told) {
    match told.log.as_str() {
        _ if !told.is_news => {}
        "" => say(&told.words),
        log => say(&format!("{log}: {}", told.words)),
    }
}
