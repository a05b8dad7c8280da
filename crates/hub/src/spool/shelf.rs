//! All pushed logs of a hub: how many there are, how much they take together, and which one goes for a new one.
//!
//! What they take is counted along while they are written, and looked up on the disk when that count says that there is no
//! room. Then the log goes to which nothing was pushed for the longest time, if that is long enough ago for nobody to be in
//! the middle of it. It refuses what is new rather than drop what somebody is at.

use std::fs::{self, DirBuilder, Metadata};
use std::io::{self, ErrorKind};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use tailcast_wire::{HostName, PUSHED_FILE, PushedName, pushed_host};

use super::{SpoolBounds, SpoolCounts, SpoolError};

/// A log to which nothing was pushed for so long may make room for another.
pub(super) const SILENT: Duration = Duration::from_secs(3600);
/// Hosts there may be: each has an agent.
const HOSTS: usize = 100;

const TOO_MANY: &str = "this hub keeps as many pushed logs as it may, and to each of them something was pushed within the \
                        last hour: push to one of those, or raise `logs` under [push] in its configuration";
const TOO_MUCH: &str = "the pushed logs of this hub take as much as they may together, and to each of them something was \
                        pushed within the last hour: raise `total_size` under [push] in its configuration";
const TOO_MANY_HOSTS: &str = "logs are pushed to this hub under as many hosts as it keeps: push under one of those";

/// All of them.
#[derive(Debug)]
pub(super) struct Shelf {
    root: PathBuf,
    bounds: SpoolBounds,
    /// Bytes they take.
    used: AtomicU64,
    /// Bytes that were taken, and dropped, since the start.
    taken: AtomicU64,
    dropped: AtomicU64,
    /// Held while logs come and go.
    changing: Mutex<()>,
}

/// One log as it lies on the disk.
#[derive(Debug)]
struct Kept {
    folder: PathBuf,
    size: u64,
    pushed: SystemTime,
}

impl Shelf {
    pub(super) fn of(root: &Path, bounds: SpoolBounds) -> io::Result<Self> {
        let shelf = Shelf {
            root: root.to_owned(),
            bounds,
            used: AtomicU64::default(),
            taken: AtomicU64::default(),
            dropped: AtomicU64::default(),
            changing: Mutex::default(),
        };
        shelf.count()?;
        Ok(shelf)
    }

    /// Those that have a log.
    pub(super) fn hosts(&self) -> io::Result<Vec<HostName>> {
        let folders =
            folders(&self.root)?.into_iter().filter(|folder| logs_in(folder).is_ok_and(|logs| !logs.is_empty()));
        let mut hosts: Vec<HostName> = folders.filter_map(|folder| host_of(&folder)).collect();
        hosts.sort();
        Ok(hosts)
    }

    /// Makes the folder of a new log, if there is room for one.
    pub(super) fn add(&self, folder: &Path) -> Result<(), SpoolError> {
        let _changing = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
        let mut kept = self.kept()?;
        while kept.len() >= self.bounds.logs.max(1) {
            self.drop_silent(&mut kept, folder, TOO_MANY)?;
        }
        let hosts = self.hosts()?;
        let is_known = folder.parent().and_then(host_of).is_some_and(|host| hosts.contains(&host));
        if !is_known && hosts.len() >= HOSTS {
            return Err(SpoolError::NoRoom(TOO_MANY_HOSTS));
        }
        Ok(DirBuilder::new().recursive(true).mode(0o700).create(folder)?)
    }

    /// Sees to it that so many bytes more have room. `folder` is the log that they are for.
    pub(super) fn make_room(&self, bytes: u64, folder: &Path) -> Result<(), SpoolError> {
        let is_full = || self.used.load(Ordering::Relaxed).saturating_add(bytes) > self.bounds.total;
        if !is_full() {
            return Ok(());
        }
        let _changing = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
        let mut kept = self.count()?;
        // A log that is full makes room by itself.
        let own = kept.iter().find(|kept| kept.folder == folder).map_or(0, |kept| kept.size);
        while is_full() && own.saturating_add(bytes) <= self.bounds.log {
            self.drop_silent(&mut kept, folder, TOO_MUCH)?;
        }
        Ok(())
    }

    /// A log has taken some bytes more, and dropped some.
    pub(super) fn account(&self, taken: u64, dropped: u64) {
        self.taken.fetch_add(taken, Ordering::Relaxed);
        self.used.fetch_add(taken, Ordering::Relaxed);
        self.is_dropped(dropped);
    }

    fn is_dropped(&self, bytes: u64) {
        self.dropped.fetch_add(bytes, Ordering::Relaxed);
        // Never below nothing: it may have been counted anew meanwhile.
        self.used.update(Ordering::Relaxed, Ordering::Relaxed, |used| used.saturating_sub(bytes));
    }

    pub(super) fn counts(&self) -> SpoolCounts {
        let [kept, taken, dropped] =
            [&self.used, &self.taken, &self.dropped].map(|counter| counter.load(Ordering::Relaxed));
        SpoolCounts { kept, taken, dropped }
    }

    /// Drops the log that has been silent the longest, but for `spared`.
    fn drop_silent(&self, kept: &mut Vec<Kept>, spared: &Path, words: &'static str) -> Result<(), SpoolError> {
        let candidates = kept.iter().enumerate().filter(|(_, kept)| kept.folder != spared);
        let oldest = candidates.min_by_key(|(_, kept)| kept.pushed);
        let (index, oldest) = oldest.filter(|(_, kept)| is_silent(kept)).ok_or(SpoolError::NoRoom(words))?;
        tracing::info!(folder = %oldest.folder.display(), "a pushed log that was long silent makes room for another");
        match fs::remove_dir_all(&oldest.folder) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error.into()),
            _ => self.is_dropped(oldest.size),
        }
        kept.remove(index);
        Ok(())
    }

    /// Looks at the disk, and counts from there.
    fn count(&self) -> io::Result<Vec<Kept>> {
        let kept = self.kept()?;
        self.used.store(kept.iter().map(|kept| kept.size).sum(), Ordering::Relaxed);
        Ok(kept)
    }

    fn kept(&self) -> io::Result<Vec<Kept>> {
        let mut kept = Vec::new();
        for host in folders(&self.root)?.into_iter().filter(|folder| host_of(folder).is_some()) {
            kept.extend(logs_in(&host)?.into_iter().filter_map(|folder| Kept::of(folder).ok()));
        }
        Ok(kept)
    }
}

impl Kept {
    fn of(folder: PathBuf) -> io::Result<Self> {
        let files = fs::read_dir(&folder)?.flatten().filter_map(|entry| entry.metadata().ok());
        let size = files.filter(Metadata::is_file).map(|file| file.len()).sum();
        // Where the file is missing the hub was killed in the middle of a rotation: the folder was changed last.
        let last = fs::metadata(folder.join(PUSHED_FILE)).or_else(|_| fs::metadata(&folder))?;
        Ok(Kept { pushed: last.modified()?, folder, size })
    }
}

fn is_silent(kept: &Kept) -> bool {
    // A time in the future is a clock that was set: better kept than dropped.
    SystemTime::now().duration_since(kept.pushed).is_ok_and(|ago| ago >= SILENT)
}

/// The folders of the logs of a host.
fn logs_in(host: &Path) -> io::Result<Vec<PathBuf>> {
    let is_log = |folder: &PathBuf| folder.file_name().and_then(|name| PushedName::of_folder(name.to_str()?)).is_some();
    Ok(folders(host)?.into_iter().filter(is_log).collect())
}

fn host_of(folder: &Path) -> Option<HostName> {
    pushed_host(folder.file_name()?.to_str()?.parse().ok()?).ok()
}

/// The folders in a folder; links are not followed.
fn folders(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let is_folder = |entry: &fs::DirEntry| entry.file_type().is_ok_and(|kind| kind.is_dir());
    Ok(entries.flatten().filter(is_folder).map(|entry| entry.path()).collect())
}
