//! Tokens: how agents and programs say who they are.
//!
//! A token is 256 random bits, shown once and kept as its SHA-256 in `tokens.json`, with a name, what it is for, and
//! when it was made. The commands `tailcast token add|list|remove` change the file under a lock; a running hub sees
//! the change by itself: a new token at once, a removed one within a second.
//!
//! In a cluster a token is signed instead (`signed_token`): every hub takes it, and the file of the hub where it was made only
//! lists it. To remove it is to revoke it, which the running hub tells the others.
//!
//! A *viewer* token reads; an *agent* token opens the link of hosts whose name matches its patterns, and nothing else; a
//! *push* token adds lines to pushed logs whose name matches its patterns, and nothing else.

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};
use tailcast_wire::RevokedId;

use super::bearer::Globs;
use super::error::Error;
use super::private_file;
use super::revoked;
use super::secret;
use super::signed_token::{Claims, TokenKey};
use crate::cluster::ClusterKey;

/// What each token begins with, so that people and scanners of repositories know one when they see it.
pub const PREFIX: &str = "tailcast_";
/// Tokens that there may be. Each look-up compares with all of them, at some 60 ns each; a token may stand for many
/// hosts.
const MOST: usize = 2_000;

/// What a token is for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Encode, Decode)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Grant {
    /// Looks at logs.
    #[n(0)]
    Viewer,
    /// Speaks for hosts.
    #[n(1)]
    Agent {
        /// Patterns of host names, at least one.
        #[n(0)]
        hosts: Vec<String>,
    },
    /// Pushes lines.
    #[n(2)]
    Push {
        /// Patterns over `HOST:NAME`, with or without `push/` in front of the name; at least one.
        #[n(0)]
        logs: Vec<String>,
    },
}

impl Grant {
    /// What kind it is, in one word.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Grant::Viewer => "viewer",
            Grant::Agent { .. } => "agent",
            Grant::Push { .. } => "push",
        }
    }

    /// What it is for, as patterns; none where it is for all.
    #[must_use]
    pub fn patterns(&self) -> &[String] {
        match self {
            Grant::Viewer => &[],
            Grant::Agent { hosts } => hosts,
            Grant::Push { logs } => logs,
        }
    }
}

/// A token as it is kept and listed: without the token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// The name, by which it is listed, logged and removed.
    pub name: String,
    /// What it is for.
    #[serde(flatten)]
    pub grant: Grant,
    /// When it was made.
    pub created: Timestamp,
    /// From when on it holds no longer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<Timestamp>,
    #[serde(flatten)]
    pub(super) proof: Proof,
}

impl Entry {
    /// Of a signed token: what it is revoked by on another hub than the one where it was made.
    #[must_use]
    pub fn id(&self) -> Option<&str> {
        match &self.proof {
            Proof::Kept { .. } => None,
            Proof::Signed { id } => Some(id),
        }
    }
}

/// By what a token is known when it comes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub(super) enum Proof {
    /// By its hash, here alone.
    Kept { sha256: String },
    /// By its signature, on every hub.
    Signed { id: String },
}

/// A token that is wanted.
#[derive(Debug)]
pub struct Wanted<'a> {
    /// What it is for.
    pub grant: Grant,
    /// The first free one of `viewer-1`, `agent-1` and so on when it is not given.
    pub name: Option<&'a str>,
    /// From when on it holds no longer; `None`: until it is removed.
    pub expires: Option<Timestamp>,
}

/// A new token.
#[derive(Debug)]
pub struct Issued {
    /// Its name.
    pub name: String,
    /// Of a signed one: see [`Entry::id`].
    pub id: Option<String>,
    /// The token itself: this is the only time that it is there to be read.
    pub token: String,
}

#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct List {
    pub(super) tokens: Vec<Entry>,
}

/// Makes a token that this hub alone knows, until it is removed.
///
/// # Errors
/// As [`make`].
pub fn add(state_dir: &Path, grant: Grant, name: Option<&str>) -> Result<Issued, Error> {
    make(state_dir, None, Wanted { grant, name, expires: None })
}

/// Makes a token; with the key of a `cluster`, one that each of its hubs takes.
///
/// # Errors
/// A taken or unusable name, a pattern that does not compile, patterns that do not fit into a signed token, an end that is
/// past, a full list, or the file.
pub fn make(state_dir: &Path, cluster: Option<&ClusterKey>, wanted: Wanted<'_>) -> Result<Issued, Error> {
    let Wanted { grant, name, expires } = wanted;
    let created = Timestamp::now();
    if grant != Grant::Viewer {
        Globs::new(grant.patterns())?;
    }
    if expires.is_some_and(|expires| expires <= created) {
        return Err(Error::ExpiredBefore);
    }
    change(state_dir, |list| {
        let name = match name {
            Some(name) => free(list, name)?,
            None => first_free(list, &grant),
        };
        if list.tokens.len() >= MOST {
            return Err(Error::TooManyTokens(MOST));
        }
        let random = secret::random::<32>().map_err(Error::file(&file(state_dir)))?;
        let (token, proof) = match cluster {
            None => kept(&random),
            Some(key) => {
                let (created, expires) = (seconds(created), expires.map(seconds));
                let claims =
                    Claims { id: secret::first(&random), name: name.clone(), grant: grant.clone(), created, expires };
                signed(key, &claims)?
            }
        };
        let entry = Entry { name: name.clone(), grant, created, expires, proof };
        let id = entry.id().map(str::to_owned);
        list.tokens.push(entry);
        Ok(Issued { name, id, token })
    })
}

fn kept(random: &[u8]) -> (String, Proof) {
    let token = format!("{PREFIX}{}", secret::text(random));
    let sha256 = secret::text(&secret::hash(token.as_bytes()));
    (token, Proof::Kept { sha256 })
}

fn signed(key: &ClusterKey, claims: &Claims) -> Result<(String, Proof), Error> {
    let token = TokenKey::new(key).sign(claims)?;
    Ok((token, Proof::Signed { id: secret::text(&claims.id) }))
}

/// The tokens, in the order in which they were made.
///
/// # Errors
/// A file cannot be read or is not understood.
pub fn list(state_dir: &Path) -> Result<Vec<Entry>, Error> {
    Ok(read(state_dir)?.tokens)
}

/// Removes the token of that name: whoever carries it is refused within a second, and what is open with it is closed.
///
/// # Errors
/// [`Error::NoSuchToken`], or a file.
pub fn remove(state_dir: &Path, name: &str) -> Result<(), Error> {
    change(state_dir, |list| {
        let at = list.tokens.iter().position(|token| token.name == name);
        take_back(state_dir, &list.tokens.remove(at.ok_or_else(|| Error::NoSuchToken(name.to_owned()))?))
    })
}

/// Revokes the signed token of that id, on whichever hub of the cluster it was made.
///
/// # Errors
/// [`Error::BadId`], or a file.
pub fn revoke(state_dir: &Path, id: &str) -> Result<(), Error> {
    change(state_dir, |list| {
        if let Some(at) = list.tokens.iter().position(|token| token.id() == Some(id)) {
            return take_back(state_dir, &list.tokens.remove(at));
        }
        let id = secret::bytes(id).ok_or_else(|| Error::BadId(id.to_owned()))?;
        // When it was made is not known here: not after this moment.
        let now = seconds(Timestamp::now());
        revoked::token(state_dir, RevokedId { id, rank: now, until: None }, now)
    })
}

/// A token that is only kept here is taken back by not being in the list any more.
fn take_back(state_dir: &Path, token: &Entry) -> Result<(), Error> {
    let Some(id) = token.id().and_then(secret::bytes) else { return Ok(()) };
    let revoked = RevokedId { id, rank: seconds(token.created), until: token.expires.map(seconds) };
    revoked::token(state_dir, revoked, seconds(Timestamp::now()))
}

/// Since 1970.
pub(super) fn seconds(time: Timestamp) -> u64 {
    time.as_second().try_into().unwrap_or(0)
}

pub(super) fn file(state_dir: &Path) -> PathBuf {
    state_dir.join("tokens.json")
}

/// Reads, changes and writes the list while nobody else does. Waits for whoever does.
fn change<T>(state_dir: &Path, edit: impl FnOnce(&mut List) -> Result<T, Error>) -> Result<T, Error> {
    let (path, lock) = (file(state_dir), state_dir.join("tokens.lock"));
    let _held = private_file::lock(&lock).map_err(Error::file(&lock))?;
    let mut list = read(state_dir)?;
    let done = edit(&mut list)?;
    let bytes =
        serde_json::to_vec_pretty(&list).map_err(|error| Error::File { path: path.clone(), source: error.into() })?;
    private_file::replace(&path, &bytes).map_err(Error::file(&path))?;
    Ok(done)
}

/// The list, without those that were revoked, here or on another hub.
fn read(state_dir: &Path) -> Result<List, Error> {
    let path = file(state_dir);
    let mut list: List = match private_file::read(&path).map_err(Error::file(&path))? {
        Some(bytes) => {
            serde_json::from_slice(&bytes).map_err(|error| Error::Broken { path, reason: error.to_string() })?
        }
        None => List::default(),
    };
    if list.tokens.iter().any(|token| token.id().is_some()) {
        let is_revoked = revoked::tokens(state_dir)?;
        let id = |token: &Entry| token.id().and_then(secret::bytes);
        list.tokens.retain(|token| !id(token).is_some_and(|id| is_revoked(&id, seconds(token.created))));
    }
    Ok(list)
}

fn free(list: &List, name: &str) -> Result<String, Error> {
    if !is_name(name) {
        return Err(Error::BadName(name.to_owned()));
    }
    if is_taken(list, name) { Err(Error::NameTaken(name.to_owned())) } else { Ok(name.to_owned()) }
}

/// Whether it can be the name of a token: it is written in lists and logs.
pub(super) fn is_name(name: &str) -> bool {
    let usable = |c: char| c.is_ascii_alphanumeric() || "._-@".contains(c);
    (1..=64).contains(&name.len()) && name.chars().all(usable)
}

fn first_free(list: &List, grant: &Grant) -> String {
    let kind = grant.kind();
    // One more number than there are tokens: one of them is free.
    let mut names = (1..=list.tokens.len() + 1).map(|number| format!("{kind}-{number}"));
    names.find(|name| !is_taken(list, name)).unwrap_or_else(|| kind.to_owned())
}

fn is_taken(list: &List, name: &str) -> bool {
    list.tokens.iter().any(|token| token.name == name)
}

#[cfg(test)]
mod tests;
