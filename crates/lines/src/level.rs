//! How bad a line is, on one scale for every format.
//!
//! Programs have between three and twenty levels of their own; a viewer who picks "warn and worse" across ten logs
//! needs one scale. The words and numbers of the programs are mapped here and nowhere else. A word is only ever looked
//! up where a format keeps its level: this file does not search.

use std::fmt;
use std::str::FromStr;

/// A level, from the least to the most severe, so that `level >= Level::Warn` is "warn and worse".
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// Finer than debugging: `TRACE`, `FINEST`, `VERBOSE`.
    Trace,
    /// For the developer: `DEBUG`, `FINE`, `CONFIG`, syslog 7.
    Debug,
    /// The normal course: `INFO`, `NOTICE`, PostgreSQL's `LOG`, syslog 5 and 6.
    Info,
    /// Worth a look: `WARN`, `WARNING`, syslog 4.
    Warn,
    /// Something failed: `ERROR`, `SEVERE`, syslog 3.
    Error,
    /// Somebody has to come: `FATAL`, `CRITICAL`, `PANIC`, syslog 0 to 2.
    Fatal,
}

/// Every level with its name in the interface, least severe first.
const NAMES: [(Level, &str); 6] = [
    (Level::Trace, "trace"),
    (Level::Debug, "debug"),
    (Level::Info, "info"),
    (Level::Warn, "warn"),
    (Level::Error, "error"),
    (Level::Fatal, "fatal"),
];

/// A level that nobody knows, with the ones that are known.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no level `{0}`: write trace, debug, info, warn, error or fatal")]
pub struct UnknownLevel(pub String);

impl Level {
    /// All levels, least severe first.
    pub const ALL: [Level; 6] = [Level::Trace, Level::Debug, Level::Info, Level::Warn, Level::Error, Level::Fatal];

    /// The name in the interface: lower case, one word.
    pub const fn as_str(self) -> &'static str {
        NAMES[self as usize].1
    }

    /// What a program calls its level, in any case; `None` for any other word. Single letters are not words here,
    /// because most of them are something else most of the time: see [`Level::from_letter`].
    pub(crate) fn from_word(word: &[u8]) -> Option<Level> {
        // In small letters these two are words of every day.
        if word == b"FINE" || word == b"CONFIG" {
            return Some(Level::Debug);
        }
        // The longest is "informational"; longer words need no lower-case copy.
        let mut lower = [0; 13];
        let lower = lower.get_mut(..word.len())?;
        lower.copy_from_slice(word);
        lower.make_ascii_lowercase();
        Some(match &*lower {
            b"trace" | b"trac" | b"trc" | b"trce" | b"verbose" | b"vrb" | b"finest" | b"finer" => Level::Trace,
            b"debug" | b"debu" | b"dbg" | b"dbug" => Level::Debug,
            b"debug1" | b"debug2" | b"debug3" | b"debug4" | b"debug5" => Level::Debug,
            b"info" | b"inf" | b"information" | b"informational" | b"notice" | b"note" | b"success" => Level::Info,
            b"warn" | b"warning" | b"wrn" => Level::Warn,
            b"error" | b"err" | b"erro" | b"eror" | b"fail" | b"severe" => Level::Error,
            b"fatal" | b"fata" | b"ftl" | b"critical" | b"crit" | b"alert" | b"emerg" | b"emergency" | b"panic"
            | b"dpanic" => Level::Fatal,
            _ => return None,
        })
    }

    /// The one-letter levels of glog, Android, Ruby, and MongoDB, upper case only.
    pub(crate) const fn from_letter(letter: u8) -> Option<Level> {
        Some(match letter {
            b'T' | b'V' => Level::Trace,
            b'D' => Level::Debug,
            b'I' => Level::Info,
            b'W' => Level::Warn,
            b'E' => Level::Error,
            b'F' => Level::Fatal,
            _ => return None,
        })
    }

    /// A syslog severity, 0 to 7 (RFC 5424 section 6.2.1).
    pub(crate) const fn from_severity(severity: u64) -> Option<Level> {
        Some(match severity {
            0..=2 => Level::Fatal,
            3 => Level::Error,
            4 => Level::Warn,
            5 | 6 => Level::Info,
            7 => Level::Debug,
            _ => return None,
        })
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Level {
    type Err = UnknownLevel;

    /// Reads the name in the interface as a person types it: in any case, and `warning` for `warn`.
    fn from_str(name: &str) -> Result<Level, UnknownLevel> {
        if name.eq_ignore_ascii_case("warning") {
            return Ok(Level::Warn);
        }
        let known = NAMES.iter().find(|(_, known)| known.eq_ignore_ascii_case(name));
        known.map(|(level, _)| *level).ok_or_else(|| UnknownLevel(name.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_level_is_named_as_it_is_read() {
        for (index, level) in Level::ALL.into_iter().enumerate() {
            assert_eq!(level as usize, index);
            assert_eq!(level.to_string().parse(), Ok(level));
        }
        for name in ["WARN", "Warn", "warning", "WARNING"] {
            assert_eq!(name.parse(), Ok(Level::Warn), "{name}");
        }
        for other in ["", "w", "warnings", "notice"] {
            assert!(other.parse::<Level>().is_err(), "{other}");
        }
    }

    #[test]
    fn levels_are_ordered_from_trace_to_fatal() {
        assert!(Level::ALL.is_sorted());
        assert!(Level::Warn < Level::Error);
    }

    #[test]
    fn words_of_any_case_are_known_and_others_are_not() {
        assert_eq!(Level::from_word(b"Warning"), Some(Level::Warn));
        assert_eq!(Level::from_word(b"INFORMATIONAL"), Some(Level::Info));
        for other in [&b""[..], b"errors", b"informationally", b"E", b"\xff\xff"] {
            assert_eq!(Level::from_word(other), None);
        }
    }
}
