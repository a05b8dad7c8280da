//! Files that stand in a place that others may write to: made anew, brought to the disk, and put in place by rename, so that
//! each is always whole and nothing is ever written through a link that somebody has laid there.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// How far what is written has to come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reach {
    /// A kill does not undo it.
    Kernel,
    /// Nor does a power failure.
    Disk,
}

/// Puts what `write` writes in the place of `path`, with these permissions (less the umask). When it fails, what was there
/// still is, and nothing half written stays beside it.
pub(super) fn replace(
    path: &Path,
    mode: u32,
    reach: Reach,
    write: impl FnOnce(&mut File) -> io::Result<()>,
) -> io::Result<()> {
    let beside = with(path, ".new");
    let mut file = anew(&beside, mode)?;
    let written = write(&mut file).and_then(|()| if reach == Reach::Disk { file.sync_all() } else { Ok(()) });
    if let Err(error) = written.and_then(|()| std::fs::rename(&beside, path)) {
        // A half written file is of no use, least of all on a full disk; that it stays is the lesser trouble of the two.
        drop(std::fs::remove_file(&beside));
        return Err(error);
    }
    match path.parent().filter(|_| reach == Reach::Disk) {
        Some(directory) if directory.as_os_str().is_empty() => File::open(".")?.sync_all(),
        Some(directory) => File::open(directory)?.sync_all(),
        None => Ok(()),
    }
}

/// The path with this at the end of its name.
pub(super) fn with(path: &Path, end: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(end);
    PathBuf::from(name)
}

/// A file that was not there: what a killed run has left goes, be it a link to elsewhere, and `O_EXCL` follows none.
fn anew(path: &Path, mode: u32) -> io::Result<File> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    OpenOptions::new().write(true).create_new(true).mode(mode).open(path)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use tempfile::TempDir;

    use super::*;

    #[test]
    fn nothing_is_written_through_a_link_that_lies_where_the_new_file_is_made() {
        let dir = TempDir::new().unwrap();
        let (path, other) = (dir.path().join("cursor"), dir.path().join("other"));
        std::fs::write(&other, "precious").unwrap();
        for laid in [with(&path, ".new"), path.clone()] {
            std::os::unix::fs::symlink(&other, &laid).unwrap();
            replace(&path, 0o600, Reach::Disk, |file| file.write_all(b"new")).unwrap();
            assert_eq!(std::fs::read_to_string(&other).unwrap(), "precious");
            assert_eq!(std::fs::read_to_string(&path).unwrap(), "new");
            assert!(std::fs::symlink_metadata(&path).unwrap().is_file());
            std::fs::remove_file(&path).unwrap();
        }
    }

    #[test]
    fn what_could_not_be_written_leaves_what_was_there() {
        let dir = TempDir::new().unwrap();
        let path = dir.path().join("cursor");
        std::fs::write(&path, "old").unwrap();
        replace(&path, 0o600, Reach::Kernel, |_| Err(io::Error::other("full"))).unwrap_err();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "old");
        assert!(!with(&path, ".new").exists());
    }
}
