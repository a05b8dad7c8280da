//! Tokens: how agents and programs say who they are.
//!
//! A token is 256 random bits, shown once and kept as its SHA-256 in `tokens.json`, with a name, what it is for, and
//! when it was made. The commands `tailcast token add|list|remove` change the file under a lock; a running hub sees
//! the change by itself: a new token at once, a removed one within a second.
//!
//! A *viewer* token reads; an *agent* token opens the link of hosts whose name matches its patterns, and nothing else; a
//! *push* token adds lines to pushed logs whose name matches its patterns, and nothing else.

use std::fs::{DirBuilder, File, OpenOptions};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::bearer::Globs;
use super::error::Error;
use super::private_file;
use super::secret;

/// What each token begins with, so that people and scanners of repositories know one when they see it.
pub const PREFIX: &str = "tailcast_";
/// Tokens that there may be. Each look-up compares with all of them, at some 60 ns each; a token may stand for many
/// hosts.
const MOST: usize = 2_000;

/// What a token is for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Grant {
    /// Looks at logs.
    Viewer,
    /// Speaks for hosts.
    Agent {
        /// Patterns of host names, at least one.
        hosts: Vec<String>,
    },
    /// Pushes lines.
    Push {
        /// Patterns over `HOST:NAME`, with or without `push/` in front of the name; at least one.
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
    pub(super) sha256: String,
}

/// A new token.
#[derive(Debug)]
pub struct Issued {
    /// Its name.
    pub name: String,
    /// The token itself: this is the only time that it is there to be read.
    pub token: String,
}

#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct List {
    pub(super) tokens: Vec<Entry>,
}

/// Makes a token. With no `name` it gets the first free one of `viewer-1`, `agent-1` and so on.
///
/// # Errors
/// A taken or unusable name, a pattern that does not compile, a full list, or the file.
pub fn add(state_dir: &Path, grant: Grant, name: Option<&str>) -> Result<Issued, Error> {
    if grant != Grant::Viewer {
        Globs::new(grant.patterns())?;
    }
    change(state_dir, |list| {
        let name = match name {
            Some(name) => free(list, name)?,
            None => first_free(list, &grant),
        };
        if list.tokens.len() >= MOST {
            return Err(Error::TooManyTokens(MOST));
        }
        let bytes = secret::random::<32>().map_err(Error::file(&file(state_dir)))?;
        let token = format!("{PREFIX}{}", secret::text(&bytes));
        let sha256 = secret::text(&secret::hash(token.as_bytes()));
        list.tokens.push(Entry { name: name.clone(), grant, created: Timestamp::now(), sha256 });
        Ok(Issued { name, token })
    })
}

/// The tokens, in the order in which they were made.
///
/// # Errors
/// The file cannot be read or is not understood.
pub fn list(state_dir: &Path) -> Result<Vec<Entry>, Error> {
    Ok(read(&file(state_dir))?.tokens)
}

/// Removes the token of that name: whoever carries it is refused within a second, and what is open with it is closed.
///
/// # Errors
/// [`Error::NoSuchToken`], or the file.
pub fn remove(state_dir: &Path, name: &str) -> Result<(), Error> {
    change(state_dir, |list| {
        let before = list.tokens.len();
        list.tokens.retain(|token| token.name != name);
        if list.tokens.len() == before { Err(Error::NoSuchToken(name.to_owned())) } else { Ok(()) }
    })
}

pub(super) fn file(state_dir: &Path) -> PathBuf {
    state_dir.join("tokens.json")
}

/// Reads, changes and writes the list while nobody else does. Waits for whoever does.
fn change<T>(state_dir: &Path, edit: impl FnOnce(&mut List) -> Result<T, Error>) -> Result<T, Error> {
    let path = file(state_dir);
    let _held = lock(state_dir)?;
    let mut list = read(&path)?;
    let done = edit(&mut list)?;
    let bytes =
        serde_json::to_vec_pretty(&list).map_err(|error| Error::File { path: path.clone(), source: error.into() })?;
    private_file::replace(&path, &bytes).map_err(Error::file(&path))?;
    Ok(done)
}

/// A file of its own: the list itself is replaced, and a lock on a file that is no longer there keeps nobody out.
fn lock(state_dir: &Path) -> Result<File, Error> {
    let path = state_dir.join("tokens.lock");
    let open = || {
        DirBuilder::new().recursive(true).mode(0o700).create(state_dir)?;
        let file = OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(&path)?;
        file.lock()?;
        Ok(file)
    };
    open().map_err(Error::file(&path))
}

fn read(path: &Path) -> Result<List, Error> {
    match private_file::read(path).map_err(Error::file(path))? {
        Some(bytes) => serde_json::from_slice(&bytes)
            .map_err(|error| Error::Broken { path: path.to_owned(), reason: error.to_string() }),
        None => Ok(List::default()),
    }
}

fn free(list: &List, name: &str) -> Result<String, Error> {
    let usable = |c: char| c.is_ascii_alphanumeric() || "._-@".contains(c);
    if name.is_empty() || name.len() > 64 || !name.chars().all(usable) {
        return Err(Error::BadName(name.to_owned()));
    }
    if is_taken(list, name) { Err(Error::NameTaken(name.to_owned())) } else { Ok(name.to_owned()) }
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
mod tests {
    use std::fs;

    use super::*;

    fn agent(pattern: &str) -> Grant {
        Grant::Agent { hosts: vec![pattern.to_owned()] }
    }

    #[test]
    fn the_file_does_not_hold_the_token() {
        let dir = tempfile::tempdir().expect("a directory");
        let issued = add(dir.path(), Grant::Viewer, None).expect("added");
        let kept = fs::read_to_string(file(dir.path())).expect("readable");
        assert!(!kept.contains(issued.token.trim_start_matches(PREFIX)));
        assert!(kept.contains(r#""kind": "viewer""#), "{kept}");
    }

    #[test]
    fn names_are_unique_plain_and_chosen_when_not_given() {
        let dir = tempfile::tempdir().expect("a directory");
        add(dir.path(), agent("*"), Some("agent-1")).expect("added");
        assert_eq!(add(dir.path(), agent("*"), None).expect("added").name, "agent-2");
        assert!(matches!(add(dir.path(), Grant::Viewer, Some("agent-1")), Err(Error::NameTaken(_))));
        assert!(matches!(add(dir.path(), Grant::Viewer, Some("a b")), Err(Error::BadName(_))));
        assert!(matches!(add(dir.path(), Grant::Viewer, Some("")), Err(Error::BadName(_))));
        assert!(matches!(remove(dir.path(), "nobody"), Err(Error::NoSuchToken(_))));
        let names: Vec<_> = list(dir.path()).expect("listed").into_iter().map(|token| token.name).collect();
        assert_eq!(names, ["agent-1", "agent-2"]);
    }

    #[test]
    fn a_pattern_that_is_none_is_refused() {
        let dir = tempfile::tempdir().expect("a directory");
        assert!(matches!(add(dir.path(), agent("web["), None), Err(Error::BadGlob(_))));
        assert!(matches!(add(dir.path(), Grant::Agent { hosts: vec![] }, None), Err(Error::BadGlob(_))));
    }

    #[test]
    fn a_broken_file_is_not_overwritten() {
        let dir = tempfile::tempdir().expect("a directory");
        fs::write(file(dir.path()), "{ broken").expect("written");
        assert!(matches!(add(dir.path(), Grant::Viewer, None), Err(Error::Broken { .. })));
        assert_eq!(fs::read_to_string(file(dir.path())).expect("readable"), "{ broken");
    }

    #[test]
    fn two_writers_lose_no_token() {
        let dir = tempfile::tempdir().expect("a directory");
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| (0..5).for_each(|_| drop(add(dir.path(), Grant::Viewer, None).expect("added"))));
            }
        });
        assert_eq!(list(dir.path()).expect("listed").len(), 20);
    }
}
