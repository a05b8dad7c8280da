//! Which logs there are: a walk over the offers when somebody asks, and nothing between two questions (law 3).
//!
//! A directory offers its text logs. What is text is told from the name, since opening ten thousand files to look would
//! cost the host more than the list is worth: known binary formats and compressed files are left out. Links to
//! directories are not entered, so that a walk ends; links to files are listed and judged when they are opened.

use std::ffi::OsStr;
use std::fs::{self, Metadata};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use globset::GlobBuilder;
use tailcast_wire::{Answer, LogEntry};

use crate::disk::{Disk, Visit};
use crate::offers::Offers;

/// At most so many entries are looked at in one walk; a tree with more is cut and the list says so by its length.
const MAX_ENTRIES: usize = 200_000;
/// Directories deeper than this are not entered.
const MAX_DEPTH: usize = 24;
/// Endings of files that are no text.
const BINARY: [&str; 12] =
    [".gz", ".xz", ".bz2", ".zst", ".zip", ".lz4", ".journal", ".journal~", ".db", ".sqlite", ".tar", ".swp"];
/// Files of login records, binary by tradition.
const LOGIN_RECORDS: [&str; 6] = ["wtmp", "btmp", "utmp", "lastlog", "faillog", "tallylog"];

/// What is wanted of the list.
#[derive(Debug)]
pub(crate) struct Wanted<'a> {
    pub(crate) pattern: Option<&'a str>,
    pub(crate) contains: Option<&'a str>,
    pub(crate) limit: usize,
    pub(crate) after: Option<&'a str>,
}

/// What a list is made with: where it stands is said before each look.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Eyes<'a> {
    pub(crate) offers: &'a Offers,
    pub(crate) disk: &'a Disk,
    pub(crate) visit: &'a Visit,
}

/// The offered logs that are wanted, in order of their names' bytes. Blocks on the file system. What is on one that is known to
/// hang is not looked at, and listed with that as the reason.
pub(crate) fn list(eyes: Eyes<'_>, wanted: &Wanted<'_>) -> Answer {
    let offers = eyes.offers;
    let mut names: Vec<_> = Walk::over(eyes).found.into_iter().filter_map(|path| Name::of(offers, path)).collect();
    let pattern =
        wanted.pattern.map(|p| GlobBuilder::new(p).literal_separator(false).build().map(|g| g.compile_matcher()));
    let contains = wanted.contains.map(str::to_lowercase);
    names.retain(|name| {
        let text = &name.text;
        wanted.after.is_none_or(|after| text.as_str() > after)
            && contains.as_ref().is_none_or(|part| text.to_lowercase().contains(part))
            && match &pattern {
                None => true,
                Some(Ok(glob)) => glob.is_match(name.bytes()),
                Some(Err(_)) => false,
            }
    });
    // Not in order of paths, which compare part by part: a page goes on behind a name, and those are compared as text.
    names.sort();
    names.dedup_by(|next, name| next.text == name.text);
    let more = names.len() > wanted.limit;
    names.truncate(wanted.limit);
    let logs: Vec<_> = names.into_iter().map(|name| entry(eyes, name)).collect();
    let next = more.then(|| logs.last().map(|last| last.name.clone())).flatten();
    Answer::Logs { logs, next }
}

impl Eyes<'_> {
    /// Whether the file system of a path is none that hangs; where one then stands is said.
    fn may_ask(&self, path: &Path) -> bool {
        self.visit.at(path);
        self.disk.hangs_at(path).is_none()
    }
}

/// The globs among the offers that no log matches now, as they were written. Blocks on the file system.
pub(crate) fn idle_globs(offers: &Offers) -> Vec<&str> {
    let (disk, visit) = (Disk::default(), Visit::default());
    let eyes = Eyes { offers, disk: &disk, visit: &visit };
    let mut idle = Vec::new();
    for (pattern, matcher, root) in offers.globs() {
        let matches = |path: &PathBuf| matcher.is_match(path);
        // Of a directory that is not there is told already.
        if root.exists() && !Walk::from(eyes, [root]).found.iter().any(matches) {
            idle.push(pattern);
        }
    }
    idle
}

/// What a file is called, in the order of a list.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Name {
    text: String,
    spelling: Spelling,
    path: PathBuf,
}

/// Whether the text of a name is the name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Spelling {
    Exact,
    /// The name is not UTF-8: U+FFFD stands where it cannot be said, and nothing can be asked of it by this text.
    Lossy,
}

impl Name {
    /// Nothing for what lies beside a pushed log.
    fn of(offers: &Offers, path: PathBuf) -> Option<Self> {
        let (text, spelling) = match path.to_str() {
            _ if offers.is_spool() => (offers.pushed_name_of(&path)?, Spelling::Exact),
            Some(text) => (text.to_owned(), Spelling::Exact),
            None => (path.to_string_lossy().into_owned(), Spelling::Lossy),
        };
        Some(Name { text, spelling, path })
    }

    /// What a glob is held against.
    fn bytes(&self) -> &Path {
        match self.spelling {
            Spelling::Exact => Path::new(&self.text),
            Spelling::Lossy => &self.path,
        }
    }
}

fn entry(eyes: Eyes<'_>, name: Name) -> LogEntry {
    let Name { text: name, spelling, path } = name;
    let unreadable = |words: &str| Some(words.to_owned());
    if !eyes.may_ask(&path) {
        return LogEntry {
            name,
            size: None,
            modified: None,
            unreadable: unreadable("its file system does not answer"),
        };
    }
    let offers = eyes.offers;
    let seen = fs::metadata(&path);
    let admitted = path.canonicalize().is_ok_and(|real| offers.admit(&real, eyes.disk));
    let unreadable = match &seen {
        _ if spelling == Spelling::Lossy => unreadable("its name is not UTF-8"),
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => Some(e.kind().to_string()),
        // One sentence for both, so that a link tells nothing about what is outside.
        _ if !admitted => unreadable("nothing is there, or it leads out of what is offered"),
        Ok(meta) if !meta.is_file() => unreadable("not a regular file"),
        _ => rustix::fs::access(&path, rustix::fs::Access::READ_OK).err().map(|_| "permission denied".to_owned()),
    };
    let known = seen.ok().filter(|_| admitted);
    LogEntry { name, size: known.as_ref().map(Metadata::len), modified: known.as_ref().map(modified), unreadable }
}

fn modified(meta: &Metadata) -> i64 {
    meta.mtime().saturating_mul(1_000_000).saturating_add(meta.mtime_nsec() / 1000)
}

/// One walk over all offers, bounded in entries and depth.
struct Walk<'a> {
    eyes: Eyes<'a>,
    found: Vec<PathBuf>,
    left: usize,
}

impl<'a> Walk<'a> {
    fn over(eyes: Eyes<'a>) -> Self {
        Self::from(eyes, eyes.offers.roots())
    }

    fn from(eyes: Eyes<'a>, roots: impl IntoIterator<Item = &'a Path>) -> Self {
        let mut walk = Walk { eyes, found: Vec::new(), left: MAX_ENTRIES };
        for root in roots {
            walk.visit(root, true, 0);
        }
        walk
    }

    /// `named`: the administrator wrote this very path, so it is listed whatever its name says of its content.
    fn visit(&mut self, path: &Path, named: bool, depth: usize) {
        let Some(left) = self.left.checked_sub(1) else { return };
        self.left = left;
        if named && !self.eyes.may_ask(path) {
            return self.found.push(path.to_owned());
        }
        // The administrator may name a directory by a link; inside it links are not entered, so that a walk ends.
        let kind = if named { fs::metadata(path) } else { fs::symlink_metadata(path) };
        match kind {
            Ok(meta) if meta.is_dir() => self.enter(path, depth),
            Ok(meta) if meta.is_symlink() && self.eyes.may_ask(path) && path.is_dir() => (),
            Ok(meta) if !named && !meta.is_file() && !meta.is_symlink() => (),
            Ok(_) if self.eyes.offers.names(path) && (named || looks_like_text(path)) => {
                self.found.push(path.to_owned())
            }
            // An offered file that cannot be seen is listed with the reason.
            Err(_) if named && self.eyes.offers.names(path) => self.found.push(path.to_owned()),
            _ => (),
        }
    }

    fn enter(&mut self, dir: &Path, depth: usize) {
        if depth >= MAX_DEPTH || self.eyes.offers.excluded(dir) {
            return;
        }
        if !self.eyes.may_ask(dir) {
            return self.found.push(dir.to_owned());
        }
        match fs::read_dir(dir) {
            Ok(entries) => entries.flatten().for_each(|entry| self.visit(&entry.path(), false, depth + 1)),
            // Listed, with the reason, where its logs would have been.
            Err(_) if self.eyes.offers.names(dir) => self.found.push(dir.to_owned()),
            Err(_) => (),
        }
    }
}

fn looks_like_text(path: &Path) -> bool {
    let Some(name) = path.file_name().map(OsStr::to_string_lossy) else { return false };
    !BINARY.iter().any(|end| name.ends_with(end))
        && !LOGIN_RECORDS.iter().any(|known| name == *known || name.starts_with(&format!("{known}.")))
}

#[cfg(test)]
mod tests {
    use std::os::unix::ffi::OsStrExt;

    use super::*;

    fn look(offers: &Offers, wanted: &Wanted<'_>) -> Answer {
        list(Eyes { offers, disk: &Disk::default(), visit: &Visit::default() }, wanted)
    }

    fn names(offers: &Offers, wanted: &Wanted<'_>) -> Vec<String> {
        match look(offers, wanted) {
            Answer::Logs { logs, .. } => logs.into_iter().map(|log| log.name).collect(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_directory_offers_its_text_logs_in_pages() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("sub")).unwrap();
        for name in ["a.log", "b.log.1.gz", "wtmp", "sub/c.log", "z"] {
            fs::write(dir.path().join(name), "x\n").unwrap();
        }
        let root = dir.path().canonicalize().unwrap();
        let offers = Offers::new(&[root.to_str().unwrap()], &[]).unwrap();
        let all = Wanted { pattern: None, contains: None, limit: 100, after: None };
        let path = |name: &str| root.join(name).to_str().unwrap().to_owned();
        assert_eq!(names(&offers, &all), [path("a.log"), path("sub/c.log"), path("z")]);
        let first = names(&offers, &Wanted { limit: 1, ..all });
        assert_eq!(first, [path("a.log")]);
        let rest = Wanted { pattern: None, contains: Some("C.LOG"), limit: 10, after: Some(&first[0]) };
        assert_eq!(names(&offers, &rest), [path("sub/c.log")]);
    }

    /// All names, one page at a time.
    fn paged(offers: &Offers, limit: usize) -> Vec<LogEntry> {
        let (mut all, mut after): (Vec<LogEntry>, Option<String>) = (Vec::new(), None);
        loop {
            let wanted = Wanted { pattern: None, contains: None, limit, after: after.as_deref() };
            let Answer::Logs { logs, next } = look(offers, &wanted) else { panic!() };
            all.extend(logs);
            match next {
                Some(next) => after = Some(next),
                None => return all,
            }
        }
    }

    #[test]
    fn pages_of_a_list_have_every_log_once_in_order_of_bytes() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().canonicalize().unwrap();
        let names = ["a-x.log", "a.log", "a/b", "audit.log", "audit/audit.log"];
        for name in names {
            fs::create_dir_all(root.join(name).parent().unwrap()).unwrap();
            fs::write(root.join(name), "x\n").unwrap();
        }
        let offers = Offers::new(&[root.to_str().unwrap()], &[]).unwrap();
        for limit in [1, 2, 9] {
            let listed = paged(&offers, limit);
            let listed: Vec<_> =
                listed.iter().map(|log| log.name.strip_prefix(root.to_str().unwrap()).unwrap()).collect();
            assert_eq!(listed, names.map(|name| format!("/{name}")), "in pages of {limit}");
        }
    }

    #[test]
    fn a_name_that_is_not_utf_8_is_listed_with_the_reason_and_ends_no_page() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().canonicalize().unwrap();
        for name in [&b"a\xff.log"[..], b"b\xfe.log", b"c.log"] {
            fs::write(root.join(OsStr::from_bytes(name)), "x\n").unwrap();
        }
        let offers = Offers::new(&[root.to_str().unwrap()], &[]).unwrap();
        let listed = paged(&offers, 1);
        let names: Vec<_> = listed.iter().map(|log| log.name.rsplit('/').next().unwrap()).collect();
        assert_eq!(names, ["a\u{fffd}.log", "b\u{fffd}.log", "c.log"]);
        let reasons: Vec<_> = listed.iter().map(|log| log.unreadable.as_deref()).collect();
        assert_eq!(reasons, [Some("its name is not UTF-8"), Some("its name is not UTF-8"), None]);
    }

    #[test]
    fn what_cannot_be_read_is_listed_with_the_reason() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().canonicalize().unwrap();
        std::os::unix::fs::symlink("/etc/passwd", root.join("a.log")).unwrap();
        std::os::unix::fs::symlink("/nowhere/at/all", root.join("b.log")).unwrap();
        let offers = Offers::new(&[root.to_str().unwrap()], &[]).unwrap();
        let Answer::Logs { logs, .. } = look(&offers, &Wanted { pattern: None, contains: None, limit: 9, after: None })
        else {
            panic!()
        };
        assert_eq!(logs.iter().map(|log| log.unreadable.is_some()).collect::<Vec<_>>(), [true, true]);
        assert_eq!(logs[0].size, None, "the size of what is not offered is not told");
    }
}
