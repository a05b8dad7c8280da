//! What is said on stderr while logs are looked at: one line each, harmless whatever it quotes.

use tailcast_lines::harmless;

use super::dialect::Told;

/// Says what happened to a log.
pub(super) fn told(told: &Told) {
    if told.is_news {
        match told.log.as_str() {
            "" => say(&told.words),
            log => say(&format!("{log}: {}", told.words)),
        }
    }
}

/// Says it.
pub(super) fn say(words: &str) {
    eprintln!("tailcast: {}", harmless(words));
}
