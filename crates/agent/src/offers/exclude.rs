//! What an administrator takes out of the offers: a file, a directory with all that is in it, or a glob.
//!
//! It is taken out under each name that leads to it: below it, rotated (`auth.log.1` with `auth.log`), and spelled by way
//! of a link. In doubt it takes out too much: a log that is missing is asked about, one that is shown is out.

use std::path::{Path, PathBuf};

use globset::GlobMatcher;

use super::{OfferError, glob_matcher, is_glob, literal_root, unrotated};

/// What is never offered: a file with its rotated ones, or a directory with all that is in it.
#[derive(Debug, Clone)]
pub(super) struct Exclude {
    matcher: GlobMatcher,
    /// The directory in front of its first special character; the whole of it when there is none.
    root: PathBuf,
}

impl Exclude {
    pub(super) fn new(text: &str) -> Result<Self, OfferError> {
        // A pattern may also begin with any directories: it still speaks of whole paths.
        if !text.starts_with('/') && !text.starts_with("**/") {
            return Err(OfferError::NotAbsolute(text.to_owned()));
        }
        let plain = match text.trim_end_matches('/') {
            "" => "/",
            plain => plain,
        };
        let root = if is_glob(plain) { literal_root(plain) } else { plain.into() };
        Ok(Exclude { matcher: glob_matcher(plain)?, root })
    }

    /// Whether it means the path, a directory above it, or the log that it was rotated from.
    pub(super) fn covers(&self, path: &Path) -> bool {
        path.ancestors().any(|above| self.matcher.is_match(above))
            || unrotated(path).is_some_and(|log| self.matcher.is_match(log))
    }

    /// As [`Exclude::covers`], also when it is spelled by way of a link.
    pub(super) fn covers_real(&self, real: &Path) -> bool {
        let spelled = || {
            let below = real.strip_prefix(self.root.canonicalize().ok()?).ok()?;
            Some(if below.as_os_str().is_empty() { self.root.clone() } else { self.root.join(below) })
        };
        self.covers(real) || spelled().is_some_and(|path| self.covers(&path))
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;
    use std::path::Path;

    use crate::disk::Disk;
    use crate::offers::{OfferError, Offers};

    #[test]
    fn an_excluded_directory_is_excluded_with_all_below_it() {
        for spelling in ["/var/log/audit", "/var/log/audit/", "/var/log/a*t", "**/audit"] {
            let offers = Offers::new(&["/var/log"], &[spelling]).unwrap();
            for (name, is) in [("audit", false), ("audit/audit.log", false), ("audit/a/b", false), ("audits/a", true)] {
                let path = Path::new("/var/log").join(name);
                assert_eq!(
                    (offers.names(&path), offers.admit(&path, &Disk::default())),
                    (is, is),
                    "{name} with {spelling}"
                );
            }
        }
        assert!(matches!(Offers::new(&["/var/log"], &["audit"]), Err(OfferError::NotAbsolute(_))));
    }

    #[test]
    fn an_excluded_file_is_excluded_with_its_rotated_ones() {
        let offers = Offers::new(&["/var/log"], &["/var/log/auth.log"]).unwrap();
        for (name, is) in [("auth.log", false), ("auth.log.1", false), ("auth.log-20260101.gz", false), ("b.log", true)]
        {
            let path = Path::new("/var/log").join(name);
            assert_eq!((offers.names(&path), offers.admit(&path, &Disk::default())), (is, is), "{name}");
        }
    }

    #[test]
    fn what_is_excluded_by_way_of_a_link_is_excluded_where_the_link_leads() {
        let dir = tempfile::tempdir().unwrap();
        let top = dir.path().canonicalize().unwrap();
        fs::create_dir_all(top.join("data/audit")).unwrap();
        fs::write(top.join("data/audit/a.log"), "x").unwrap();
        symlink(top.join("data"), top.join("log")).unwrap();
        let text = |path: &str| top.join(path).to_str().unwrap().to_owned();
        for exclude in [text("log/audit"), text("log/aud*")] {
            let offers = Offers::new(&[text("data")], &[exclude]).unwrap();
            assert!(!offers.admit(&top.join("data/audit/a.log"), &Disk::default()));
            assert!(offers.admit(&top.join("data/b.log"), &Disk::default()));
        }
    }
}
