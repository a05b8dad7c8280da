//! The shapes of what is said: as it travels between processes, as a viewer gets it, and where a viewer stands.

use std::time::{SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use serde::{Deserialize, Serialize};

/// Characters of a message, and of a name.
const TEXT: usize = 500;
const NAME: usize = 32;

/// Places that a viewer names: the page keeps no more.
const MOST_PLACES: usize = 8;

/// One message, as it travels between the processes.
#[derive(Deserialize, Serialize)]
pub(crate) struct Said {
    pub(crate) id: String,
    /// Milliseconds since 1970.
    pub(crate) at: u64,
    pub(crate) name: String,
    pub(crate) text: String,
    /// Whom it counts against, by hash: no viewer gets that, since an address can be guessed from it.
    pub(crate) by: [u64; 2],
}

/// What a viewer gets.
#[derive(Serialize)]
#[serde(untagged)]
pub(crate) enum Shown<'a> {
    Said {
        place: String,
        id: &'a str,
        at: u64,
        name: &'a str,
        text: &'a str,
    },
    /// So many messages will not come; unknown, whether any.
    Missed {
        missed: Option<u64>,
    },
    /// To who comes again from another process: before this message there were some that are not kept.
    Eldest {
        eldest: &'a str,
    },
    /// All that is known has been told, up to this place.
    Here {
        here: String,
    },
}

/// Where a viewer stands: behind the message that a process has given this number.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) process: String,
    pub(crate) number: u64,
}

/// What a person wants to say.
#[derive(Deserialize)]
pub(crate) struct Wish {
    name: String,
    text: String,
}

impl Wish {
    /// The name and the text, as they will be seen.
    pub(crate) fn checked(&self) -> Result<(String, String), &'static str> {
        let name = clean(&self.name, NAME).ok_or("a name has 1 to 32 characters")?;
        let text = clean(&self.text, TEXT).ok_or("a message has 1 to 500 characters")?;
        Ok((name, text))
    }
}

impl Said {
    pub(crate) fn encoded(&self) -> Bytes {
        encoded(self)
    }
}

impl Shown<'_> {
    pub(crate) fn encoded(&self) -> Bytes {
        encoded(self)
    }
}

impl Place {
    /// Reads `PROCESS.NUMBER,…`; what is none is skipped.
    pub(crate) fn list(text: &str) -> Vec<Self> {
        let place =
            |(process, number): (&str, &str)| Some(Self { process: process.to_owned(), number: number.parse().ok()? });
        text.split(',').take(MOST_PLACES).filter_map(|text| text.split_once('.').and_then(place)).collect()
    }
}

/// Milliseconds since 1970.
pub(crate) fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or_default()
}

/// Without what is not text, and without space at either end; `None` when nothing or too much is left.
fn clean(text: &str, most: usize) -> Option<String> {
    let text = text.chars().filter(|c| !c.is_control() || *c == '\n').collect::<String>();
    let text = text.trim();
    (1..=most).contains(&text.chars().count()).then(|| text.to_owned())
}

fn encoded(message: &impl Serialize) -> Bytes {
    // Of text and numbers: it cannot fail.
    Bytes::from(serde_json::to_vec(message).unwrap_or_default())
}
