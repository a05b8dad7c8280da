//! The files that were the log before: rotated siblings beside it, in order.
//!
//! A sibling is `NAME.N`, `NAME-DATE` or `NAME.DATE` in the directory of the real file, where a date is digits, dashes
//! and dots. Within one family the name gives the order (numbers count up into the past, unless the birth times say
//! otherwise; dates into the future); two
//! families in one directory are merged by modification time. The name alone lies while a rotation runs, so what
//! matters is then checked by identity and content by those who ask.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use crate::file::{Identity, Stat};
use crate::gate::Role;

/// How many siblings are looked at; older ones are out of reach. A log rotated hourly has 720 in a month.
const MOST_SIBLINGS: usize = 4096;

/// One file of the chain that the log is.
#[derive(Clone, Debug)]
pub(crate) struct Member {
    pub(crate) path: PathBuf,
    pub(crate) role: Role,
    pub(crate) identity: Identity,
    pub(crate) size: u64,
    pub(crate) packing: Packing,
    pub(crate) modified: i128,
    /// When it was last given another name, or written to.
    pub(crate) changed: i128,
}

/// Whether a sibling was compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Packing {
    Plain,
    /// `.gz`, `.zst`, `.bz2`, `.xz`: not read yet; offsets would be those of the decompressed stream.
    Packed,
}

/// What stands behind the log's name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Suffix {
    Number(u32),
    Date(Vec<u8>),
}

/// All files of the log, newest first: what the path leads to, then each of `homes` (where it leads or led before, if it is
/// a link that was turned) and the siblings beside it; each file once.
pub(crate) fn chain(path: &Path, homes: &[PathBuf]) -> Vec<Member> {
    let mut members: Vec<Member> = Vec::new();
    if let Ok(stat) = Stat::at(path) {
        members.push(Member::new(path.to_owned(), Role::Itself, Packing::Plain, &stat));
    }
    for home in homes {
        let itself = Stat::at(home).ok().filter(|_| home != path);
        let itself = itself.map(|stat| Member::new(home.clone(), Role::Sibling, Packing::Plain, &stat));
        for sibling in itself.into_iter().chain(siblings(home)) {
            if members.iter().all(|member| member.identity != sibling.identity) {
                members.push(sibling);
            }
        }
    }
    members
}

impl Member {
    /// Whether there are bytes in it that can be read as they stand.
    pub(crate) fn is_readable(&self) -> bool {
        self.packing == Packing::Plain && self.size > 0
    }

    /// What tells two listings apart.
    pub(crate) fn named(&self) -> (&Path, Identity) {
        (&self.path, self.identity)
    }

    fn new(path: PathBuf, role: Role, packing: Packing, stat: &Stat) -> Self {
        let &Stat { identity, size, modified, changed, .. } = stat;
        Self { path, role, identity, size, packing, modified, changed }
    }
}

/// The rotated siblings of `home`, newest first.
fn siblings(home: &Path) -> Vec<Member> {
    let (Some(folder), Some(name)) = (home.parent(), home.file_name()) else { return Vec::new() };
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut numbered = Vec::new();
    let mut dated = Vec::new();
    for entry in entries.flatten().filter_map(|entry| named(name, entry.file_name())).take(MOST_SIBLINGS) {
        let (file, suffix, packing) = entry;
        let path = folder.join(file);
        let Ok(stat) = Stat::at(&path) else { continue };
        let member = Member::new(path, Role::Sibling, packing, &stat);
        match suffix {
            Suffix::Number(_) => numbered.push((suffix, member)),
            Suffix::Date(_) => dated.push((suffix, member)),
        }
    }
    numbered.sort_by(|a, b| a.0.cmp(&b.0));
    if counts_up(&numbered) {
        numbered.reverse();
    }
    dated.sort_by(|a, b| b.0.cmp(&a.0));
    merge(numbered, dated)
}

/// Whether the numbers count up into the future, as some programs have it that rotate their own logs: the highest was
/// born and written to after the lowest. Born alone is not enough, for copies (`copytruncate`) are born after the file they
/// were made from, which may be renamed later. Compressed files do not count, they are born when they are compressed.
fn counts_up(numbered: &[(Suffix, Member)]) -> bool {
    let mut plain = numbered.iter().map(|(_, member)| member).filter(|member| member.packing == Packing::Plain);
    let (Some(lowest), Some(highest)) = (plain.next(), plain.next_back()) else { return false };
    let born_later = lowest.identity.born != 0 && highest.identity.born > lowest.identity.born;
    born_later && highest.modified > lowest.modified
}

/// Two families, each newest first, become one.
fn merge(a: Vec<(Suffix, Member)>, b: Vec<(Suffix, Member)>) -> Vec<Member> {
    let mut a = a.into_iter().map(|(_, member)| member).peekable();
    let mut b = b.into_iter().map(|(_, member)| member).peekable();
    let mut merged = Vec::with_capacity(a.len() + b.len());
    while let (Some(left), Some(right)) = (a.peek(), b.peek()) {
        let newer = if left.modified >= right.modified { a.next() } else { b.next() };
        merged.extend(newer);
    }
    merged.extend(a);
    merged.extend(b);
    merged
}

/// What `file` is to a log called `name`; nothing when it is no sibling.
fn named(name: &OsStr, file: OsString) -> Option<(OsString, Suffix, Packing)> {
    let suffix = file.as_bytes().strip_prefix(name.as_bytes())?;
    let (suffix, packing) = unpacked(suffix);
    let suffix = parse(suffix)?;
    Some((file, suffix, packing))
}

fn unpacked(suffix: &[u8]) -> (&[u8], Packing) {
    for ending in [b".gz".as_slice(), b".zst", b".bz2", b".xz"] {
        if let Some(rest) = suffix.strip_suffix(ending) {
            return (rest, Packing::Packed);
        }
    }
    (suffix, Packing::Plain)
}

fn parse(suffix: &[u8]) -> Option<Suffix> {
    let (&mark, rest) = suffix.split_first()?;
    let clean = rest.iter().all(|byte| byte.is_ascii_digit() || b"-.".contains(byte));
    if !matches!(mark, b'.' | b'-') || !clean || !rest.first()?.is_ascii_digit() {
        return None;
    }
    let number = std::str::from_utf8(rest).ok().filter(|text| mark == b'.' && text.len() <= 5);
    number.and_then(|text| text.parse().ok()).map(Suffix::Number).or_else(|| date(rest))
}

/// A date has at least a year and a month.
fn date(rest: &[u8]) -> Option<Suffix> {
    (rest.iter().filter(|byte| byte.is_ascii_digit()).count() >= 6).then(|| Suffix::Date(rest.to_vec()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn suffix(file: &str) -> Option<(Suffix, Packing)> {
        named(OsStr::new("app.log"), OsString::from(file)).map(|(_, suffix, packing)| (suffix, packing))
    }

    #[test]
    fn only_rotated_names_are_siblings() {
        assert_eq!(suffix("app.log.1"), Some((Suffix::Number(1), Packing::Plain)));
        assert_eq!(suffix("app.log.12.gz"), Some((Suffix::Number(12), Packing::Packed)));
        let dated = Suffix::Date(b"20261120-0300".to_vec());
        assert_eq!(suffix("app.log-20261120-0300.zst"), Some((dated, Packing::Packed)));
        assert_eq!(suffix("app.log.2026-11-20"), Some((Suffix::Date(b"2026-11-20".to_vec()), Packing::Plain)));
        for other in ["app.log", "app.log.old", "app.log.1~", "app.log-1", "app.logs.1", "app.log.", "app.log.gz", "x"]
        {
            assert_eq!(suffix(other), None, "{other}");
        }
    }

    #[test]
    fn numbers_count_up_into_the_past_and_dates_into_the_future() {
        let folder = tempfile::tempdir().expect("a temporary directory");
        let log = folder.path().join("log");
        for name in ["log.2", "log.10", "log.1", "log"] {
            std::fs::write(folder.path().join(name), name).expect("a file");
        }
        let names: Vec<_> = chain(&log, std::slice::from_ref(&log))
            .iter()
            .map(|member| member.path.file_name().expect("a name").to_owned())
            .collect();
        assert_eq!(names, ["log", "log.1", "log.2", "log.10"]);
    }

    #[test]
    fn numbers_that_count_up_into_the_future_are_recognised_by_birth() {
        let folder = tempfile::tempdir().expect("a temporary directory");
        let log = folder.path().join("log");
        let born = |name: &str| {
            let path = folder.path().join(name);
            std::fs::write(&path, name).expect("a file");
            Stat::at(&path).expect("a stat").identity.born
        };
        let first = born("log.94");
        // The clock of the file system may tick only every few milliseconds.
        while born("log.115") == first && first != 0 {
            std::fs::remove_file(folder.path().join("log.115")).expect("removed");
        }
        let names: Vec<_> = chain(&log, std::slice::from_ref(&log)).iter().map(|member| member.path.clone()).collect();
        let newest = if first == 0 { "log.94" } else { "log.115" };
        assert_eq!(names.first(), Some(&folder.path().join(newest)));
    }
}
