//! Who carries a token: the list of `tokens.json` as a running hub keeps it, ready to compare with.
//!
//! A token that is not in the list is looked up once more in the file as it is now, so that a new one works at once;
//! the list is at most a second old, so that a removed one works no longer. It refuses to say how near a guess was:
//! each is compared with every hash, in constant time.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use globset::{Glob, GlobSet, GlobSetBuilder};
use subtle::ConstantTimeEq;

use super::error::Error;
use super::private_file::Kept;
use super::secret::{self, Hash};
use super::tokens::{self, Entry, Grant, List};

/// Patterns: of the hosts that an agent may speak for, of the logs that may be pushed to. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Globs(Arc<GlobSet>);

impl Globs {
    pub(super) fn new(patterns: &[String]) -> Result<Self, Error> {
        let mut set = GlobSetBuilder::new();
        for pattern in patterns {
            set.add(Glob::new(pattern).map_err(|_| Error::BadGlob(pattern.clone()))?);
        }
        match set.build() {
            Ok(set) if !set.is_empty() => Ok(Self(Arc::new(set))),
            _ => Err(Error::BadGlob(patterns.join(" "))),
        }
    }

    /// Whether one of them means `name`.
    #[must_use]
    pub fn matches(&self, name: &str) -> bool {
        self.0.is_match(name)
    }
}

/// Who carries a token.
#[derive(Debug, Clone)]
pub(super) enum Bearer {
    Viewer { name: String },
    Agent { name: String, hosts: Globs },
    Pusher { name: String, logs: Globs },
}

/// What a token is for, without for whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Viewer,
    Agent,
    Pusher,
}

impl Bearer {
    pub(super) fn kind(&self) -> Kind {
        match self {
            Bearer::Viewer { .. } => Kind::Viewer,
            Bearer::Agent { .. } => Kind::Agent,
            Bearer::Pusher { .. } => Kind::Pusher,
        }
    }
}

/// The tokens of a running hub.
pub(super) struct Bearers(Kept<Vec<(Hash, Bearer)>>);

impl Bearers {
    pub(super) fn new(state_dir: &Path) -> Self {
        Self(Kept::new(tokens::file(state_dir), understand))
    }

    /// Who carries the token of that hash, if somebody does.
    pub(super) fn find(&self, hash: &Hash) -> Option<Bearer> {
        find(&self.0.current(), hash).or_else(|| find(&self.0.now(), hash))
    }

    /// All that there are, at most a second old: for those who have been let in, so that no guess is compared here.
    pub(super) fn all(&self) -> HashMap<Hash, Kind> {
        self.0.current().iter().map(|(hash, bearer)| (*hash, bearer.kind())).collect()
    }

    /// Whether somebody could look with a token.
    pub(super) fn has_viewer(&self) -> bool {
        self.0.now().iter().any(|(_, bearer)| matches!(bearer, Bearer::Viewer { .. }))
    }
}

/// Does not stop where one matches: the time says nothing about where that was.
fn find(bearers: &[(Hash, Bearer)], hash: &Hash) -> Option<Bearer> {
    let mut found = None;
    for (kept, bearer) in bearers {
        if bool::from(kept.ct_eq(hash)) {
            found = Some(bearer);
        }
    }
    found.cloned()
}

/// One entry that is not understood spoils the list: half of what was meant is not what was meant.
fn understand(bytes: &[u8]) -> Result<Vec<(Hash, Bearer)>, String> {
    let list: List = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
    list.tokens.into_iter().map(bearer).collect()
}

fn bearer(entry: Entry) -> Result<(Hash, Bearer), String> {
    let name = entry.name;
    let hash = secret::bytes(&entry.sha256).ok_or_else(|| format!("the sha256 of the token {name:?} is none"))?;
    let globs = |patterns: &[String]| Globs::new(patterns).map_err(|error| format!("the token {name:?}: {error}"));
    let bearer = match entry.grant {
        Grant::Viewer => Bearer::Viewer { name },
        Grant::Agent { hosts } => Bearer::Agent { hosts: globs(&hosts)?, name },
        Grant::Push { logs } => Bearer::Pusher { logs: globs(&logs)?, name },
    };
    Ok((hash, bearer))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hash(issued: &tokens::Issued) -> Hash {
        secret::hash(issued.token.as_bytes())
    }

    #[test]
    fn a_running_hub_sees_a_token_come_and_go() {
        let dir = tempfile::tempdir().expect("a directory");
        let bearers = Bearers::new(dir.path());
        assert!(!bearers.has_viewer());
        let issued = tokens::add(dir.path(), Grant::Viewer, Some("grafana")).expect("added");
        assert!(matches!(bearers.find(&hash(&issued)), Some(Bearer::Viewer { name }) if name == "grafana"));
        assert!(bearers.has_viewer());
        tokens::remove(dir.path(), "grafana").expect("removed");
        assert!(!bearers.has_viewer());
        assert!(bearers.find(&hash(&issued)).is_none());
    }

    #[test]
    fn an_agent_speaks_for_hosts_that_match_its_pattern() {
        let dir = tempfile::tempdir().expect("a directory");
        let issued = tokens::add(dir.path(), Grant::Agent { hosts: vec!["web*".to_owned()] }, None).expect("added");
        let Some(Bearer::Agent { hosts, .. }) = Bearers::new(dir.path()).find(&hash(&issued)) else {
            panic!("not an agent");
        };
        assert!(hosts.matches("web1") && !hosts.matches("db1") && !hosts.matches("my-web1"));
    }

    #[test]
    fn a_broken_file_lets_nobody_in() {
        let dir = tempfile::tempdir().expect("a directory");
        let issued = tokens::add(dir.path(), Grant::Viewer, None).expect("added");
        std::fs::write(tokens::file(dir.path()), "{ broken").expect("written");
        assert!(Bearers::new(dir.path()).find(&hash(&issued)).is_none());
    }

    #[test]
    fn a_file_edited_by_hand_is_read_again() {
        let dir = tempfile::tempdir().expect("a directory");
        let issued = tokens::add(dir.path(), Grant::Viewer, Some("old")).expect("added");
        let bearers = Bearers::new(dir.path());
        assert!(bearers.find(&hash(&issued)).is_some());
        let text = std::fs::read_to_string(tokens::file(dir.path())).expect("readable");
        std::fs::write(tokens::file(dir.path()), text.replace("\"viewer\"", "\"agent\", \"hosts\": [\"db*\"]"))
            .expect("written");
        assert!(!bearers.has_viewer());
        assert!(matches!(bearers.find(&hash(&issued)), Some(Bearer::Agent { .. })));
    }
}
