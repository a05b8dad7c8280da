//! What a host offers (law 10): the administrator's paths and globs, and the one judgement whether a path is among them.
//!
//! Two questions, both answered from the configuration alone, never from what a hub says: is this NAME one of ours
//! ([`Offers::names`]), and is the file that was really opened one of ours ([`Offers::admit`], by its real path, after
//! every link has been followed). Refuses relative names, `..`, and anything that only looks like an offered path.

mod exclude;

use std::ffi::OsStr;
use std::io::ErrorKind;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Component, Path, PathBuf};

use globset::{GlobBuilder, GlobMatcher};
use tailcast_wire::{PUSHED_FILE, PushedName};

use self::exclude::Exclude;
use crate::disk::Disk;

/// Why an offer in the configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum OfferError {
    /// Only absolute paths have one meaning on a host.
    #[error("`{0}` is not an absolute path")]
    NotAbsolute(String),
    /// The glob cannot be read.
    #[error("`{pattern}` is not a glob: {why}")]
    BadGlob {
        /// As it was written.
        pattern: String,
        /// What is wrong with it.
        why: String,
    },
}

/// One configured path.
#[derive(Debug, Clone)]
enum Offer {
    /// A file, or a directory with all that is in it: which of the two is seen when it is looked at.
    Path {
        as_written: PathBuf,
        /// Where it led when the configuration was read: a link offered by name stays offered, its retargeting does not.
        led_to: Option<PathBuf>,
    },
    /// A pattern over whole paths; `*` does not cross a `/`.
    Glob { pattern: String, matcher: GlobMatcher, root: PathBuf },
}

/// Whether the processes of a host are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Monitor {
    /// To nobody.
    Off,
    /// To whoever asks; they are looked at while somebody does.
    Asked,
    /// The same, and while nobody asks their open files are counted once a minute, so that who asks finds an hour of them.
    Always,
}

/// Everything a host offers.
#[derive(Debug, Clone)]
pub struct Offers {
    offers: Vec<Offer>,
    exclude: Vec<Exclude>,
    processes: Monitor,
    /// The folder of the pushed logs, for a host that has nothing else.
    spool: Option<PathBuf>,
}

impl Offers {
    /// The offers of a configuration: `paths` are files, directories or globs, and so is what of
    /// them is never offered, `exclude`.
    ///
    /// # Errors
    /// When one of them is relative or no glob.
    pub fn new<S: AsRef<str>>(paths: &[S], exclude: &[S]) -> Result<Self, OfferError> {
        let offers = paths.iter().map(|path| Offer::new(path.as_ref())).collect::<Result<_, _>>()?;
        let exclude = exclude.iter().map(|path| Exclude::new(path.as_ref())).collect::<Result<_, _>>()?;
        Ok(Offers { offers, exclude, processes: Monitor::Asked, spool: None })
    }

    /// The pushed logs in the folder `root`, by their names and not by their paths, and nothing else: no process either,
    /// for these lines are not of the machine that keeps them.
    ///
    /// # Errors
    /// When `root` is relative or not UTF-8.
    pub fn spool(root: &Path) -> Result<Self, OfferError> {
        let text = root.to_str().filter(|text| text.starts_with('/'));
        let text = text.ok_or_else(|| OfferError::NotAbsolute(root.display().to_string()))?;
        let as_written: PathBuf = Path::new(text).components().collect();
        let offer = Offer::Path { led_to: crate::disk::leads_to(&as_written), as_written: as_written.clone() };
        Ok(Offers { offers: vec![offer], exclude: Vec::new(), processes: Monitor::Off, spool: Some(as_written) })
    }

    /// The same with the processes of the host shown so.
    #[must_use]
    pub fn with_processes(self, processes: Monitor) -> Self {
        Offers { processes, ..self }
    }

    /// Whether the processes of the host are shown.
    pub(crate) fn processes(&self) -> Monitor {
        self.processes
    }

    /// Whether these are pushed logs.
    pub(crate) fn is_spool(&self) -> bool {
        self.spool.is_some()
    }

    /// The path of the log that a hub calls `name`, if it is offered.
    pub(crate) fn path_of(&self, name: &str) -> Option<PathBuf> {
        let path = match &self.spool {
            None => PathBuf::from(name),
            Some(root) => root.join(PushedName::of_log(name).ok()?.folder()).join(PUSHED_FILE),
        };
        self.names(&path).then_some(path)
    }

    /// What a hub calls the pushed log at `path`, if that is one and these are.
    pub(crate) fn pushed_name_of(&self, path: &Path) -> Option<String> {
        let below = path.strip_prefix(self.spool.as_deref()?).ok()?;
        let folder = below.parent().filter(|_| below.file_name().is_some_and(|file| file == PUSHED_FILE))?;
        PushedName::of_folder(folder.to_str()?).map(|name| name.to_string())
    }

    /// The offers as they were written, for people and for the hub.
    pub fn as_written(&self) -> Vec<String> {
        if self.is_spool() {
            return vec!["push/*".to_owned()];
        }
        self.offers.iter().map(Offer::as_written).collect()
    }

    /// Where to look for logs: each offer's file, directory, or the directory its glob starts in.
    pub(crate) fn roots(&self) -> impl Iterator<Item = &Path> {
        self.offers.iter().map(|offer| match offer {
            Offer::Path { as_written, .. } => as_written.as_path(),
            Offer::Glob { root, .. } => root.as_path(),
        })
    }

    /// The globs: as written, what they match, and the directory they start in.
    pub(crate) fn globs(&self) -> impl Iterator<Item = (&str, &GlobMatcher, &Path)> {
        self.offers.iter().filter_map(|offer| match offer {
            Offer::Glob { pattern, matcher, root } => Some((pattern.as_str(), matcher, root.as_path())),
            Offer::Path { .. } => None,
        })
    }

    /// The roots where nothing is now.
    pub(crate) fn missing(&self) -> impl Iterator<Item = &Path> {
        let is_missing = |root: &&Path| root.symlink_metadata().is_err_and(|e| e.kind() == ErrorKind::NotFound);
        self.roots().filter(is_missing)
    }

    /// Whether `name` is the NAME of an offered log: spelled in the one way such a name is spelled, and among the offers.
    pub fn names(&self, name: &Path) -> bool {
        is_plain(name) && !self.excluded(name) && self.offers.iter().any(|offer| offer.names(name))
    }

    /// Whether the file whose real path is `real` may be read. Roots are resolved anew each time, since a directory that
    /// is a link may have been pointed elsewhere by its owner, who is the one the administrator trusted with it.
    pub(crate) fn admit(&self, real: &Path, disk: &Disk) -> bool {
        let excluded = self.exclude.iter().any(|exclude| exclude.covers_real(real));
        // Those that have it as it stands come first: the others look at their roots, and one of them may be on a disk that hangs.
        let offers = &self.offers;
        let admits =
            || offers.iter().any(|offer| offer.has(real)) || offers.iter().any(|offer| offer.admits(real, disk));
        is_plain(real) && !excluded && admits()
    }

    /// Whether nothing at `path`, or below it, is offered although an offer has it.
    pub(crate) fn excluded(&self, path: &Path) -> bool {
        self.exclude.iter().any(|exclude| exclude.covers(path))
    }
}

impl Offer {
    fn new(text: &str) -> Result<Self, OfferError> {
        if !text.starts_with('/') {
            return Err(OfferError::NotAbsolute(text.to_owned()));
        }
        if is_glob(text) {
            let matcher = glob_matcher(text)?;
            return Ok(Offer::Glob { pattern: text.to_owned(), matcher, root: literal_root(text) });
        }
        let as_written: PathBuf = Path::new(text).components().collect();
        let led_to = crate::disk::leads_to(&as_written);
        Ok(Offer::Path { as_written, led_to })
    }

    fn as_written(&self) -> String {
        match self {
            Offer::Path { as_written, .. } => as_written.display().to_string(),
            Offer::Glob { pattern, .. } => pattern.clone(),
        }
    }

    fn names(&self, name: &Path) -> bool {
        match self {
            Offer::Path { as_written, .. } => is_or_is_in(name, as_written),
            Offer::Glob { matcher, .. } => matcher.is_match(name),
        }
    }

    /// Whether a real path is below this offer as it is written, and no link in it can lead elsewhere then. Asks no disk.
    fn has(&self, real: &Path) -> bool {
        match self {
            Offer::Path { as_written, .. } => is_or_is_in(real, as_written),
            Offer::Glob { matcher, .. } => matcher.is_match(real),
        }
    }

    /// What hangs has nothing for anybody, and asking it would keep who asks.
    fn admits(&self, real: &Path, disk: &Disk) -> bool {
        match self {
            Offer::Path { as_written: root, .. } | Offer::Glob { root, .. } if disk.hangs_at(root).is_some() => false,
            Offer::Path { as_written, led_to } => {
                let now = resolve_parent(as_written);
                [now.as_deref(), led_to.as_deref()]
                    .into_iter()
                    .flatten()
                    .any(|path| is_or_is_in(real, path) || is_rotated_from(real, path))
                    || (as_written.is_dir() && as_written.canonicalize().is_ok_and(|dir| real.starts_with(dir)))
            }
            Offer::Glob { matcher, root, .. } => {
                let Some(as_named) =
                    root.canonicalize().ok().and_then(|now| Some(root.join(real.strip_prefix(now).ok()?)))
                else {
                    return false;
                };
                matcher.is_match(&as_named) || unrotated(&as_named).is_some_and(|log| matcher.is_match(log))
            }
        }
    }
}

fn is_glob(text: &str) -> bool {
    text.contains(['*', '?', '[', '{'])
}

fn glob_matcher(pattern: &str) -> Result<GlobMatcher, OfferError> {
    let glob = GlobBuilder::new(pattern).literal_separator(true).backslash_escape(true).build();
    Ok(glob
        .map_err(|e| OfferError::BadGlob { pattern: pattern.to_owned(), why: e.kind().to_string() })?
        .compile_matcher())
}

/// The longest directory in front of a glob's first special character.
fn literal_root(pattern: &str) -> PathBuf {
    let special = pattern.find(['*', '?', '[', '{', '\\']).unwrap_or(pattern.len());
    let slash = pattern[..special].rfind('/').unwrap_or(0);
    PathBuf::from(if slash == 0 { "/" } else { &pattern[..slash] })
}

/// Absolute and without `.`, `..`, doubled or trailing slashes: one path, one spelling.
fn is_plain(path: &Path) -> bool {
    let plain: PathBuf = path.components().collect();
    path.is_absolute()
        && plain.as_os_str() == path.as_os_str()
        && path.components().all(|part| matches!(part, Component::RootDir | Component::Normal(_)))
}

fn is_or_is_in(path: &Path, offer: &Path) -> bool {
    path.starts_with(offer)
}

/// `path` with its directory's links followed but not its own: an offered link must not lend its name to its target.
pub(crate) fn resolve_parent(path: &Path) -> Option<PathBuf> {
    Some(path.parent()?.canonicalize().ok()?.join(path.file_name()?))
}

/// Whether `real` is a rotated file of the log `log`, by its name.
pub(crate) fn is_rotated_from(real: &Path, log: &Path) -> bool {
    unrotated(real).is_some_and(|path| path == log)
}

/// The log that a rotated file's name belongs to: `a.log.1`, `a.log-20260101`, `a.log.2026-01-01`, each also with `.gz`
/// or `.zst` behind it; `None` for a name without such an ending.
fn unrotated(path: &Path) -> Option<PathBuf> {
    let name = path.file_name()?.as_bytes();
    let name = [&b".gz"[..], b".zst"].iter().find_map(|end| name.strip_suffix(*end)).unwrap_or(name);
    let is_of_suffix = |byte: &u8| byte.is_ascii_digit() || matches!(byte, b'-' | b'.' | b'_');
    let (stem, suffix) = name.split_at(name.iter().rposition(|byte| !is_of_suffix(byte))? + 1);
    let is_suffix = matches!(suffix, [b'.' | b'-', .., last] if last.is_ascii_digit());
    is_suffix.then(|| path.with_file_name(OsStr::from_bytes(stem)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::symlink;

    fn offers(paths: &[&str]) -> Offers {
        Offers::new(paths, &[]).unwrap()
    }

    #[test]
    fn a_name_has_one_spelling() {
        let offers = offers(&["/var/log"]);
        assert!(offers.names(Path::new("/var/log/a/b.log")));
        for name in [
            "/var/log/../../etc/passwd",
            "/var/log/./a",
            "/var//log/a",
            "/var/log/a/",
            "var/log/a",
            "/var/logs/a",
            "/etc/passwd",
        ] {
            assert!(!offers.names(Path::new(name)), "{name} was taken");
        }
    }

    #[test]
    fn a_spool_offers_its_logs_by_their_names_and_by_nothing_else() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().canonicalize().unwrap();
        let spool = Offers::spool(&root).unwrap();
        let file = root.join("a+b/log");
        assert_eq!(spool.path_of("push/a/b").as_deref(), Some(file.as_path()));
        assert_eq!(spool.pushed_name_of(&file).as_deref(), Some("push/a/b"));
        for name in [file.to_str().unwrap(), "push/../x", "push/a+b", "push/", "a", "/etc/passwd"] {
            assert_eq!(spool.path_of(name), None, "{name}");
        }
        for path in ["a+b/log-00000000000000000007", "log", "a+b", "a+b/x/log", ".x/log"] {
            assert_eq!(spool.pushed_name_of(&root.join(path)), None, "{path}");
        }
        assert_eq!(spool.processes(), Monitor::Off);
    }

    #[test]
    fn a_glob_does_not_cross_directories() {
        let offers = offers(&["/srv/*/log/*.log"]);
        assert!(offers.names(Path::new("/srv/shop/log/a.log")));
        assert!(!offers.names(Path::new("/srv/shop/log/old/a.log")));
    }

    #[test]
    fn what_is_excluded_is_not_offered_under_any_name() {
        let offers = Offers::new(&["/var/log"], &["/var/log/secret/**"]).unwrap();
        assert!(!offers.names(Path::new("/var/log/secret/a.log")));
        assert!(!offers.admit(Path::new("/var/log/secret/a.log"), &Disk::default()));
    }

    #[test]
    fn what_is_offered_and_not_there_is_known() {
        let dir = tempfile::tempdir().unwrap();
        let there = dir.path().to_str().unwrap();
        let gone = format!("{there}/gone");
        let offers = offers(&[there, &gone, &format!("{there}/*.log"), &format!("{gone}/*.log")]);
        assert_eq!(offers.missing().collect::<Vec<_>>(), [Path::new(&gone); 2]);
    }

    #[test]
    fn a_link_inside_an_offered_directory_lends_nothing_to_what_lies_outside() {
        let dir = tempfile::tempdir().unwrap();
        let (inside, outside) = (dir.path().join("in"), dir.path().join("out"));
        fs::create_dir_all(&inside).unwrap();
        fs::create_dir_all(&outside).unwrap();
        fs::write(outside.join("secret"), "x").unwrap();
        symlink(outside.join("secret"), inside.join("a.log")).unwrap();
        let offers = offers(&[inside.to_str().unwrap()]);
        assert!(offers.names(&inside.join("a.log")));
        assert!(!offers.admit(&inside.join("a.log").canonicalize().unwrap(), &Disk::default()));
    }

    #[test]
    fn an_offered_link_is_offered_as_it_was_but_not_where_it_is_pointed_later() {
        let dir = tempfile::tempdir().unwrap();
        let (first, second, link) = (dir.path().join("d1"), dir.path().join("d2"), dir.path().join("a.log"));
        for d in [&first, &second] {
            fs::create_dir(d).unwrap();
            fs::write(d.join("x"), "x").unwrap();
        }
        symlink(first.join("x"), &link).unwrap();
        let offers = offers(&[link.to_str().unwrap()]);
        assert!(offers.admit(&link.canonicalize().unwrap(), &Disk::default()));
        fs::remove_file(&link).unwrap();
        symlink(second.join("x"), &link).unwrap();
        assert!(!offers.admit(&link.canonicalize().unwrap(), &Disk::default()));
    }

    #[test]
    fn the_rotated_files_of_an_offered_file_are_its_history() {
        let offers = offers(&["/var/log/a.log"]);
        for (name, is) in [
            ("a.log", true),
            ("a.log.1", true),
            ("a.log-20260101", true),
            ("a.log.2.gz", true),
            ("a.log.old", false),
            ("b.log", false),
            ("a.log.", false),
        ] {
            assert_eq!(offers.admit(&Path::new("/var/log").join(name), &Disk::default()), is, "{name}");
        }
    }
}
