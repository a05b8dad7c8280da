//! Secrets on the disk: written whole or not at all, readable by their owner alone, noticed when they change.
//!
//! The command line writes them (`tailcast password`, `tailcast token …`) while a hub runs, so a file is replaced by
//! rename and the hub looks again when the file is another one. What cannot be read or understood counts as *not
//! there*, with a line in the log: a broken list of tokens lets nobody in, it does not keep a removed token alive.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, fchown};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::secret;

/// No secret of ours comes near; a larger file is a mistake, and must not become memory.
const LARGEST: u64 = 4 * 1024 * 1024;

/// How long a file is taken as unchanged without looking. A look is one `stat`, about a microsecond.
pub(super) const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Writes `bytes` to `path` with mode 0600: to a new file beside it, synced, then renamed over it (rename(2) is
/// atomic).
///
/// When root writes into the directory of another user, the file is given to that user: `sudo tailcast password` must
/// not leave a file that the hub cannot read.
pub(super) fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let directory = path.parent().ok_or(io::ErrorKind::InvalidInput)?;
    fs::DirBuilder::new().recursive(true).mode(0o700).create(directory)?;
    let beside = beside(path)?;
    let written = write_new(&beside, directory, bytes).and_then(|()| fs::rename(&beside, path));
    if written.is_err() {
        // The first error is the one to tell; a file that stays behind is harmless and named after what it is.
        drop(fs::remove_file(&beside));
    }
    written?;
    File::open(directory)?.sync_all()
}

fn beside(path: &Path) -> io::Result<PathBuf> {
    let mut name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?.to_owned();
    name.push(format!(".{}.new", secret::text(&secret::random::<6>()?)));
    Ok(path.with_file_name(name))
}

fn write_new(path: &Path, directory: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    give(&file, directory)?;
    file.write_all(bytes)?;
    file.sync_all()
}

fn give(file: &File, directory: &Path) -> io::Result<()> {
    let owner = fs::metadata(directory)?;
    match rustix::process::geteuid().is_root() && owner.uid() != 0 {
        true => fchown(file, Some(owner.uid()), Some(owner.gid())),
        false => Ok(()),
    }
}

/// Waits until nobody else changes what `path` guards; they may as soon as the file that is returned is dropped. `path` is a
/// file of its own: the one that is guarded is replaced, and a lock on a file that is no longer there keeps nobody out.
pub(super) fn lock(path: &Path) -> io::Result<File> {
    let directory = path.parent().ok_or(io::ErrorKind::InvalidInput)?;
    fs::DirBuilder::new().recursive(true).mode(0o700).create(directory)?;
    let file = OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(path)?;
    give(&file, directory)?;
    file.lock()?;
    Ok(file)
}

/// The whole file, or `None` when there is none.
pub(super) fn read(path: &Path) -> io::Result<Option<Vec<u8>>> {
    match File::open(path) {
        Ok(file) => read_open(file).map(Some),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn read_open(file: File) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    file.take(LARGEST + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > LARGEST {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, "larger than 4 MiB, so not one of ours"));
    }
    Ok(bytes)
}

/// Which file stood there: a replaced or edited one differs in at least one of these.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Mark {
    inode: u64,
    size: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

impl Mark {
    /// `None`: there is none, or it cannot be looked at; the attempt to read it tells which.
    pub(super) fn of(path: &Path) -> Option<Self> {
        let meta = fs::metadata(path).ok()?;
        let (modified, changed) = ((meta.mtime(), meta.mtime_nsec()), (meta.ctime(), meta.ctime_nsec()));
        Some(Self { inode: meta.ino(), size: meta.size(), modified, changed })
    }
}

/// What a file says, understood once and again whenever it is another file.
pub(super) struct Kept<T> {
    path: PathBuf,
    understand: fn(&[u8]) -> Result<T, String>,
    seen: Mutex<Seen<T>>,
}

struct Seen<T> {
    looked: Option<Instant>,
    mark: Option<Mark>,
    value: Arc<T>,
}

impl<T: Default> Kept<T> {
    /// Nothing is read before the first question.
    pub(super) fn new(path: PathBuf, understand: fn(&[u8]) -> Result<T, String>) -> Self {
        Self { path, understand, seen: Mutex::new(Seen { looked: None, mark: None, value: Arc::default() }) }
    }

    /// What the file says, at most one second old.
    pub(super) fn current(&self) -> Arc<T> {
        self.look(LOOK_EVERY)
    }

    /// What the file says now: for a secret that was not found and may have been added a moment ago.
    pub(super) fn now(&self) -> Arc<T> {
        self.look(Duration::ZERO)
    }

    fn look(&self, no_older_than: Duration) -> Arc<T> {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.looked.is_some_and(|looked| looked.elapsed() < no_older_than) {
            return Arc::clone(&seen.value);
        }
        // The mark is taken before the bytes: a file replaced in between is read again at the next look, never missed.
        let mark = Mark::of(&self.path);
        if seen.looked.is_none() || seen.mark != mark {
            seen.value = Arc::new(self.read());
        }
        seen.mark = mark;
        seen.looked = Some(Instant::now());
        Arc::clone(&seen.value)
    }

    fn read(&self) -> T {
        let understood = match read(&self.path) {
            Ok(Some(bytes)) => (self.understand)(&bytes),
            Ok(None) => Ok(T::default()),
            Err(error) => Err(error.to_string()),
        };
        understood.unwrap_or_else(|reason| {
            tracing::error!(file = %self.path.display(), reason, "not readable, so it lets nobody in");
            T::default()
        })
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn length(bytes: &[u8]) -> Result<usize, String> {
        if bytes == b"broken" { Err("broken".to_owned()) } else { Ok(bytes.len()) }
    }

    #[test]
    fn a_file_is_written_for_its_owner_alone_and_nothing_stays_beside_it() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("state/secret");
        replace(&path, b"one").expect("written");
        replace(&path, b"two").expect("written again");
        assert_eq!(fs::metadata(&path).expect("there").permissions().mode() & 0o777, 0o600);
        assert_eq!(read(&path).expect("readable").as_deref(), Some(&b"two"[..]));
        assert_eq!(fs::read_dir(dir.path().join("state")).expect("a directory").count(), 1);
    }

    #[test]
    fn a_change_is_seen_and_a_broken_file_counts_as_none() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("secret");
        let kept = Kept::new(path.clone(), length);
        assert_eq!(*kept.now(), 0);
        replace(&path, b"four").expect("written");
        assert_eq!(*kept.now(), 4);
        replace(&path, b"broken").expect("written");
        assert_eq!(*kept.now(), 0);
        fs::remove_file(&path).expect("removed");
        assert_eq!(*kept.now(), 0);
    }
}
