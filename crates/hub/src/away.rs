//! Why a host is away: in words, as it is listed, and as a word that programs know and that the page says in its reader's language.
//!
//! Each reason that the hub itself can give stands here once, with both. It refuses to guess: where a link breaks in a way that has
//! no word, there are words alone.

use std::borrow::Cow;
use std::fmt;

use tailcast_wire::Why;

/// Why an agent is not there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Away {
    /// For a person, without a full stop.
    pub(crate) words: Cow<'static, str>,
    pub(crate) why: Option<Why>,
}

/// Its link ended without a word.
pub(crate) const LINK_DOWN: Away = Away::of(Why::LinkDown, "its link went down");
/// Its queue was full for too long.
pub(crate) const NOT_READING: Away = Away::of(Why::NotReading, "it does not read what it is sent");
/// What the older of two links is told, should it hear it.
pub(crate) const TAKEN_OVER: Away = Away::of(
    Why::TakenOver,
    "another link of this name has taken over; if it is another machine, give one of them a name of its own (--host)",
);
/// Nobody has used the name yet.
pub(crate) const NEVER_HERE: Away =
    Away::of(Why::NeverHere, "no agent of this name has been here since the hub started");
/// All links end.
pub(crate) const HUB_STOPPED: Away = Away::of(Why::HubStopped, "the hub stopped");

impl Away {
    /// By a word, and in words that say the same.
    pub(crate) const fn of(why: Why, words: &'static str) -> Self {
        Away { words: Cow::Borrowed(words), why: Some(why) }
    }

    /// The word in an answer over HTTP.
    pub(crate) fn word(&self) -> Option<&'static str> {
        self.why.map(Why::name)
    }

    /// The agent said goodbye, in its own words.
    pub(crate) fn stopped(words: String) -> Self {
        Away { words: words.into(), why: Some(Why::AgentStopped) }
    }
}

/// A reason without a word for programs.
impl From<String> for Away {
    fn from(words: String) -> Self {
        Away { words: words.into(), why: None }
    }
}

impl fmt::Display for Away {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.words)
    }
}
