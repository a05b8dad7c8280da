//! The names of hosts and logs: `HOST:NAME`, where the first `:` divides and NAME is an absolute path or `KIND/…`.
//!
//! A name is words from outside: it is checked once, here, and is never used as a path without the agent's offers.

use std::fmt;
use std::str::FromStr;

use minicbor::{Decode, Encode};

/// Longest name of a host, in bytes: that of a DNS name (RFC 1035 §2.3.4).
const MAX_HOST: usize = 253;
/// Longest NAME, in bytes: Linux's `PATH_MAX`.
const MAX_NAME: usize = 4096;

/// Why a text is not the name of a host or a log.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// There is no `:`.
    #[error("`{0}` names no host: a log is written HOST:/absolute/path or HOST:KIND/name")]
    NoHost(String),
    /// The host's part cannot be the name of a host.
    #[error("`{0}` cannot be the name of a host: letters, digits, `.`, `-` and `_`, at most 253 of them")]
    BadHost(String),
    /// The NAME is neither an absolute path nor `KIND/…`.
    #[error("`{0}` is neither an absolute path nor KIND/name; what was pushed as HOST:NAME is the log HOST:push/NAME")]
    BadName(String),
}

/// A machine with an agent, by name.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Encode, Decode)]
#[cbor(transparent)]
pub struct HostName(#[n(0)] String);

impl HostName {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for HostName {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
        match (1..=MAX_HOST).contains(&text.len()) && text.chars().all(fits) {
            true => Ok(HostName(text.to_owned())),
            false => Err(NameError::BadHost(text.to_owned())),
        }
    }
}

impl fmt::Display for HostName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One readable thing on a host.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Encode, Decode)]
pub struct LogName {
    /// The machine it is on.
    #[n(0)]
    pub host: HostName,
    /// The NAME: an absolute path, or `KIND/…`.
    #[n(1)]
    pub name: String,
}

impl LogName {
    /// The log called `name` on `host`.
    ///
    /// # Errors
    /// When `name` is neither an absolute path nor `KIND/…`, is too long, or has a NUL byte.
    pub fn new(host: HostName, name: impl Into<String>) -> Result<Self, NameError> {
        let name = name.into();
        let kind_first = name.split_once('/').is_some_and(|(kind, rest)| !rest.is_empty() && !kind.contains(':'));
        match kind_first && name.len() <= MAX_NAME && !name.contains('\0') {
            true => Ok(LogName { host, name }),
            false => Err(NameError::BadName(name)),
        }
    }
}

impl FromStr for LogName {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let (host, name) = text.split_once(':').ok_or_else(|| NameError::NoHost(text.to_owned()))?;
        LogName::new(host.parse()?, name)
    }
}

impl fmt::Display for LogName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.host, self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_colon_divides() {
        let log: LogName = "web1:/var/log/a:b.log".parse().unwrap();
        assert_eq!((log.host.as_str(), log.name.as_str()), ("web1", "/var/log/a:b.log"));
        assert_eq!(log.to_string(), "web1:/var/log/a:b.log");
        assert_eq!("web1:journal/nginx.service".parse::<LogName>().unwrap().name, "journal/nginx.service");
    }

    #[test]
    fn what_is_no_name_is_refused_with_the_form_it_should_have() {
        for text in ["", "/var/log/a", ":/a", "web 1:/a", "web1:a", "web1:", "web1:a/", "web1:/a\0b"] {
            assert!(text.parse::<LogName>().is_err(), "{text:?} was taken for a log");
        }
        let error = "ci:build-42".parse::<LogName>().unwrap_err().to_string();
        assert!(error.contains("HOST:push/NAME"), "{error}");
    }
}
