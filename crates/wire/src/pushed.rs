//! The names of pushed logs: `HOST:push/NAME`, lines without a file that a hub keeps in a spool.
//!
//! The hub writes a spool and the agent beside it reads it; both take from here what may be a name and which folder stands
//! for it, so that there is one rule. A name comes from outside and becomes part of a path: what could lead elsewhere, hide,
//! or look like the rotated file of another log cannot be written in it at all.

use std::fmt;
use std::str::FromStr;

use crate::name::{HostName, LogName, NameError};

/// What stands in front of the name of a pushed log.
const KIND: &str = "push/";
/// Longest name behind the kind, and longest host, in bytes: each is the name of one folder (`NAME_MAX` is 255).
const LONGEST: usize = 200;
/// Stands for `/` in the name of a folder; it cannot stand in a name.
const SLASH: char = '+';

/// Why a text does not name a pushed log.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PushedError {
    /// It names no log.
    #[error(transparent)]
    NoLog(#[from] NameError),
    /// It names a log of another kind.
    #[error(
        "`{0}` is not a pushed log: that is written HOST:push/NAME, like ci:push/build-42; with `tailcast push` ci:build-42 will do"
    )]
    OtherKind(String),
    /// It says `push/`, and what is behind it is no name.
    #[error(
        "`{0}` cannot be the name of a pushed log: letters, digits, `-`, `_` and `.`, in parts divided by `/` none of \
         which begins with `.`, at most {LONGEST} in all"
    )]
    BadName(String),
    /// The host cannot be that of a pushed log.
    #[error("`{0}` cannot be the host of a pushed log: at most {LONGEST} letters, and no `.` at its beginning")]
    BadHost(String),
}

/// A pushed log.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct PushedLog {
    host: HostName,
    /// Behind the kind.
    name: PushedName,
}

/// The name of a pushed log on its host, without the kind.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct PushedName(String);

impl PushedLog {
    /// What somebody wrote on a command line, where the kind goes without saying: `ci:build-42`.
    ///
    /// # Errors
    /// When it names no host, or cannot be a name.
    pub fn from_shorthand(text: &str) -> Result<Self, PushedError> {
        match text.split_once(':') {
            Some((host, name)) if !name.starts_with(KIND) => format!("{host}:{KIND}{name}").parse(),
            None => Err(PushedError::OtherKind(text.to_owned())),
            _ => text.parse(),
        }
    }

    /// The host that it is listed under.
    pub fn host(&self) -> &HostName {
        &self.host
    }

    /// Its name on that host.
    pub fn name(&self) -> &PushedName {
        &self.name
    }

    /// As it is written without the kind.
    pub fn shorthand(&self) -> String {
        format!("{}:{}", self.host, self.name.0)
    }
}

impl FromStr for PushedLog {
    type Err = PushedError;

    fn from_str(text: &str) -> Result<Self, PushedError> {
        let LogName { host, name } = text.parse()?;
        Ok(PushedLog { host: pushed_host(host)?, name: PushedName::of_log(&name)? })
    }
}

impl fmt::Display for PushedLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.host, self.name)
    }
}

impl PushedName {
    /// Out of the NAME of a log, with its kind: `push/build-42`.
    ///
    /// # Errors
    /// When it is of another kind, or cannot be a name.
    pub fn of_log(name: &str) -> Result<Self, PushedError> {
        let rest = name.strip_prefix(KIND).ok_or_else(|| PushedError::OtherKind(name.to_owned()))?;
        let fits = (1..=LONGEST).contains(&rest.len()) && rest.split('/').all(is_part);
        if fits { Ok(PushedName(rest.to_owned())) } else { Err(PushedError::BadName(name.to_owned())) }
    }

    /// Out of the name of its folder; nothing when that is no folder of a pushed log.
    pub fn of_folder(folder: &str) -> Option<Self> {
        if folder.contains('/') {
            return None;
        }
        Self::of_log(&format!("{KIND}{}", folder.replace(SLASH, "/"))).ok()
    }

    /// The name of the folder that stands for it: one component of a path.
    pub fn folder(&self) -> String {
        self.0.replace('/', SLASH.encode_utf8(&mut [0; 4]))
    }
}

impl fmt::Display for PushedName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{KIND}{}", self.0)
    }
}

/// The name of the file within the folder of a pushed log; older segments stand beside it.
pub const PUSHED_FILE: &str = "log";

/// The host of a pushed log: also the name of a folder.
///
/// # Errors
/// When it cannot be one.
pub fn pushed_host(host: HostName) -> Result<HostName, PushedError> {
    match host.as_str().len() <= LONGEST && !host.as_str().starts_with('.') {
        true => Ok(host),
        false => Err(PushedError::BadHost(host.to_string())),
    }
}

fn is_part(part: &str) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    !part.is_empty() && !part.starts_with('.') && part.chars().all(fits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kind_goes_without_saying_on_a_command_line() {
        for text in ["ci:build-42", "ci:push/build-42"] {
            assert_eq!(PushedLog::from_shorthand(text).unwrap().to_string(), "ci:push/build-42");
        }
        assert!("ci:build-42".parse::<PushedLog>().is_err());
        assert_eq!("ci:push/a/b".parse::<PushedLog>().unwrap().shorthand(), "ci:a/b");
    }

    #[test]
    fn a_name_that_could_lead_anywhere_else_is_refused() {
        for name in
            ["", ".", "..", "../x", "a/../b", "a//b", "/a", "a/", ".a", "a/.b", "a+b", "a b", "a\0b", "a:b", "ä", "a\n"]
        {
            assert!(format!("ci:push/{name}").parse::<PushedLog>().is_err(), "{name:?} was taken");
        }
        assert!(format!("ci:push/{}", "a".repeat(201)).parse::<PushedLog>().is_err());
        for host in ["..", ".", ".ci", &"a".repeat(201)] {
            assert!(format!("{host}:push/a").parse::<PushedLog>().is_err(), "{host:?} was taken");
        }
    }

    #[test]
    fn each_name_has_one_folder_and_each_folder_one_name() {
        for name in ["build-42", "a/b/c.log", "log", "a/log", "build-20261120", "build.1"] {
            let name = PushedName::of_log(&format!("push/{name}")).unwrap();
            assert!(!name.folder().contains('/') && !name.folder().starts_with('.'));
            assert_eq!(PushedName::of_folder(&name.folder()), Some(name));
        }
        for folder in ["..", ".", "", "a/b", "a++b", "+a", "a b"] {
            assert_eq!(PushedName::of_folder(folder), None, "{folder:?}");
        }
    }
}
