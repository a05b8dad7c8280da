//! Who carries a token that is kept as a hash: the list of `tokens.json` as a running hub keeps it, ready to compare with.
//! Signed ones in it are known by their signature (`signed_token`), not by standing there.
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
use super::tokens::{self, Entry, Grant, List, Proof};

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
    /// Whoever was granted that under that name.
    pub(super) fn new(name: String, grant: &Grant) -> Result<Self, Error> {
        Ok(match grant {
            Grant::Viewer => Bearer::Viewer { name },
            Grant::Agent { hosts } => Bearer::Agent { hosts: Globs::new(hosts)?, name },
            Grant::Push { logs } => Bearer::Pusher { logs: Globs::new(logs)?, name },
        })
    }

    pub(super) fn kind(&self) -> Kind {
        match self {
            Bearer::Viewer { .. } => Kind::Viewer,
            Bearer::Agent { .. } => Kind::Agent,
            Bearer::Pusher { .. } => Kind::Pusher,
        }
    }
}

/// A token of the list.
#[derive(Clone)]
struct Listed {
    hash: Hash,
    bearer: Bearer,
    expires: Option<u64>,
}

/// What holds of a token in the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Holds {
    pub(super) kind: Kind,
    /// From when on it holds no longer, in seconds since 1970.
    pub(super) expires: Option<u64>,
}

/// The tokens of a running hub.
pub(super) struct Bearers(Kept<Vec<Listed>>);

impl Bearers {
    pub(super) fn new(state_dir: &Path) -> Self {
        Self(Kept::new(tokens::file(state_dir), understand))
    }

    /// Who carries the token of that hash, if somebody does and its time is not over. `now` in seconds since 1970.
    pub(super) fn find(&self, hash: &Hash, now: u64) -> Option<Bearer> {
        let found = find(&self.0.current(), hash).or_else(|| find(&self.0.now(), hash))?;
        found.expires.is_none_or(|expires| expires > now).then_some(found.bearer)
    }

    /// All that there are, at most a second old: for those who have been let in, so that no guess is compared here.
    pub(super) fn all(&self) -> HashMap<Hash, Holds> {
        let holds = |listed: &Listed| (listed.hash, Holds { kind: listed.bearer.kind(), expires: listed.expires });
        self.0.current().iter().map(holds).collect()
    }

    /// Whether somebody could look with a token.
    pub(super) fn has_viewer(&self) -> bool {
        self.0.now().iter().any(|listed| matches!(listed.bearer, Bearer::Viewer { .. }))
    }
}

/// Does not stop where one matches: the time says nothing about where that was.
fn find(tokens: &[Listed], hash: &Hash) -> Option<Listed> {
    let mut found = None;
    for listed in tokens {
        if bool::from(listed.hash.ct_eq(hash)) {
            found = Some(listed);
        }
    }
    found.cloned()
}

/// One entry that is not understood spoils the list: half of what was meant is not what was meant.
fn understand(bytes: &[u8]) -> Result<Vec<Listed>, String> {
    let list: List = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
    list.tokens.into_iter().filter_map(|entry| listed(entry).transpose()).collect()
}

fn listed(entry: Entry) -> Result<Option<Listed>, String> {
    let name = entry.name;
    let Proof::Kept { sha256 } = &entry.proof else { return Ok(None) };
    let hash = secret::bytes(sha256).ok_or_else(|| format!("the sha256 of the token {name:?} is none"))?;
    let bearer = Bearer::new(name.clone(), &entry.grant).map_err(|error| format!("the token {name:?}: {error}"))?;
    Ok(Some(Listed { hash, bearer, expires: entry.expires.map(tokens::seconds) }))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: u64 = 1_800_000_000;

    fn hash(issued: &tokens::Issued) -> Hash {
        secret::hash(issued.token.as_bytes())
    }

    #[test]
    fn a_running_hub_sees_a_token_come_and_go() {
        let dir = tempfile::tempdir().expect("a directory");
        let bearers = Bearers::new(dir.path());
        assert!(!bearers.has_viewer());
        let issued = tokens::add(dir.path(), Grant::Viewer, Some("grafana")).expect("added");
        assert!(matches!(bearers.find(&hash(&issued), NOW), Some(Bearer::Viewer { name }) if name == "grafana"));
        assert!(bearers.has_viewer());
        tokens::remove(dir.path(), "grafana").expect("removed");
        assert!(!bearers.has_viewer());
        assert!(bearers.find(&hash(&issued), NOW).is_none());
    }

    #[test]
    fn a_token_holds_until_its_end() {
        let dir = tempfile::tempdir().expect("a directory");
        let expires = Some(jiff::Timestamp::from_second(i64::MAX >> 30).expect("a time"));
        let end = expires.map(tokens::seconds).expect("one");
        let wanted = tokens::Wanted { grant: Grant::Viewer, name: None, expires };
        let issued = tokens::make(dir.path(), None, wanted).expect("made");
        let bearers = Bearers::new(dir.path());
        assert!(bearers.find(&hash(&issued), end - 1).is_some() && bearers.find(&hash(&issued), end).is_none());
    }

    #[test]
    fn an_agent_speaks_for_hosts_that_match_its_pattern() {
        let dir = tempfile::tempdir().expect("a directory");
        let issued = tokens::add(dir.path(), Grant::Agent { hosts: vec!["web*".to_owned()] }, None).expect("added");
        let Some(Bearer::Agent { hosts, .. }) = Bearers::new(dir.path()).find(&hash(&issued), NOW) else {
            panic!("not an agent");
        };
        assert!(hosts.matches("web1") && !hosts.matches("db1") && !hosts.matches("my-web1"));
    }

    #[test]
    fn a_broken_file_lets_nobody_in() {
        let dir = tempfile::tempdir().expect("a directory");
        let issued = tokens::add(dir.path(), Grant::Viewer, None).expect("added");
        std::fs::write(tokens::file(dir.path()), "{ broken").expect("written");
        assert!(Bearers::new(dir.path()).find(&hash(&issued), NOW).is_none());
    }

    #[test]
    fn a_file_edited_by_hand_is_read_again() {
        let dir = tempfile::tempdir().expect("a directory");
        let issued = tokens::add(dir.path(), Grant::Viewer, Some("old")).expect("added");
        let bearers = Bearers::new(dir.path());
        assert!(bearers.find(&hash(&issued), NOW).is_some());
        let text = std::fs::read_to_string(tokens::file(dir.path())).expect("readable");
        std::fs::write(tokens::file(dir.path()), text.replace("\"viewer\"", "\"agent\", \"hosts\": [\"db*\"]"))
            .expect("written");
        assert!(!bearers.has_viewer());
        assert!(matches!(bearers.find(&hash(&issued), NOW), Some(Bearer::Agent { .. })));
    }
}
