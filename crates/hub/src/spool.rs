//! The spools of pushed logs: lines without a file get one here, and are then read as any other log is.
//!
//! ```text
//! routes/push → Spools::append → segments (one log's files) ┄ the disk ┄ tail → agent (app) → … → viewers
//!                              → shelf (all logs of the hub)
//! ```
//!
//! One folder for each log, `HOST/NAME/`, with the file `log` and the segments before it beside it, named after the offset in
//! the stream where each ends: the names and sizes of the files are all the state there is, so a hub that was killed knows
//! on its return how much it has. A log is bounded by dropping its oldest segment; all of them together by dropping what was
//! pushed to least lately. It refuses to read what was pushed, but for the stretch that a sender repeats.

mod segments;
mod shelf;

use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use bytes::Bytes;
use tailcast_wire::{HostName, PushedLog};
use tokio::sync::Semaphore;

use self::segments::Segments;
use self::shelf::Shelf;

/// Writes that are at the disk at once: a disk is not made faster by more, and a stuck one must not take every thread.
const WRITERS: usize = 8;

/// How much may be kept.
#[derive(Debug, Clone, Copy)]
pub struct SpoolBounds {
    /// Of one log, in bytes; beyond it the oldest of its eight segments goes.
    pub log: u64,
    /// Of all logs together, in bytes.
    pub total: u64,
    /// Logs there may be.
    pub logs: usize,
}

impl Default for SpoolBounds {
    fn default() -> Self {
        Self { log: 64 << 20, total: 4 << 30, logs: 1000 }
    }
}

/// The spools in numbers, in bytes.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct SpoolCounts {
    /// What they take now.
    pub(crate) kept: u64,
    /// What was taken since the start.
    pub(crate) taken: u64,
    /// What was dropped for newer lines and newer logs.
    pub(crate) dropped: u64,
}

/// Why lines could not be taken.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SpoolError {
    /// The sender leaves a hole: it is further than the log is.
    #[error(
        "this log ends at byte {end}, and the lines begin behind that: begin there, or leave `offset` out to append"
    )]
    Ahead { end: u64 },
    /// Other bytes stand where the sender says these belong.
    #[error(
        "something else stands at this offset already, since somebody else pushes to this log too; it ends at byte {end}"
    )]
    Other { end: u64 },
    /// There is no room, and nothing that may be dropped for it.
    #[error("{0}")]
    NoRoom(&'static str),
    /// The disk.
    #[error(transparent)]
    Disk(#[from] io::Error),
}

/// All pushed logs of a hub.
#[derive(Debug)]
pub(crate) struct Spools {
    root: PathBuf,
    shelf: Arc<Shelf>,
    bounds: SpoolBounds,
    /// Who writes to a log waits for whoever else does; kept only while somebody does.
    locks: Mutex<HashMap<PushedLog, Weak<tokio::sync::Mutex<()>>>>,
    writers: Arc<Semaphore>,
}

impl Spools {
    /// The spools in the folder `root`, which is made with the first of them. Waits for the disk.
    pub(crate) fn open(root: PathBuf, bounds: SpoolBounds) -> io::Result<Self> {
        // One log alone must not be more than all of them may be: it would wait for others to make room.
        let bounds = SpoolBounds { log: bounds.log.min(bounds.total), ..bounds };
        let shelf = Arc::new(Shelf::of(&root, bounds)?);
        Ok(Spools { root, shelf, bounds, locks: Mutex::default(), writers: Arc::new(Semaphore::new(WRITERS)) })
    }

    /// The hosts that have pushed logs. Waits for the disk.
    pub(crate) fn hosts(&self) -> io::Result<Vec<HostName>> {
        self.shelf.hosts()
    }

    /// What they take, and what became of what was pushed.
    pub(crate) fn counts(&self) -> SpoolCounts {
        self.shelf.counts()
    }

    /// The folder that has the logs of a host.
    pub(crate) fn folder(&self, host: &HostName) -> PathBuf {
        self.root.join(host.as_str())
    }

    /// Takes bytes of a log: those from `at` on in its stream, or at its end. What of them it has already is not doubled.
    /// Gives where the stream ends then. Cancel safe: what is begun is written, and a repetition is known as such.
    ///
    /// # Errors
    /// Why they could not be taken; of a write that failed in the middle a part may have been.
    pub(crate) async fn append(&self, log: &PushedLog, at: Option<u64>, bytes: Bytes) -> Result<u64, SpoolError> {
        let turn = self.lock(log).lock_owned().await;
        let Ok(permit) = Arc::clone(&self.writers).acquire_owned().await else {
            return Err(SpoolError::NoRoom("the hub stops"));
        };
        let (shelf, bounds) = (Arc::clone(&self.shelf), self.bounds);
        let folder = self.folder(log.host()).join(log.name().folder());
        let written = tokio::task::spawn_blocking(move || {
            let written = append(&shelf, &folder, bounds, at, &bytes);
            drop((permit, turn));
            written
        });
        written.await.map_err(io::Error::other)?
    }

    fn lock(&self, log: &PushedLog) -> Arc<tokio::sync::Mutex<()>> {
        let mut locks = self.locks.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(lock) = locks.get(log).and_then(Weak::upgrade) {
            return lock;
        }
        locks.retain(|_, lock| lock.strong_count() > 0);
        let lock = Arc::default();
        locks.insert(log.clone(), Arc::downgrade(&lock));
        lock
    }
}

fn append(shelf: &Shelf, folder: &Path, bounds: SpoolBounds, at: Option<u64>, bytes: &[u8]) -> Result<u64, SpoolError> {
    if !folder.exists() {
        shelf.add(folder)?;
    }
    let mut segments = Segments::of(folder, bounds.log)?;
    let bytes = match at {
        Some(at) => segments.unknown(at, bytes)?,
        None => bytes,
    };
    shelf.make_room(bytes.len() as u64, folder)?;
    let (size, end) = (segments.size(), segments.end());
    let written = segments.append(bytes);
    let taken = segments.end() - end;
    shelf.account(taken, (size + taken).saturating_sub(segments.size()));
    written?;
    Ok(segments.end())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALL: SpoolBounds = SpoolBounds { log: 800, total: 4000, logs: 3 };

    fn log(name: &str) -> PushedLog {
        format!("ci:push/{name}").parse().unwrap()
    }

    async fn push(spools: &Spools, name: &str, at: Option<u64>, bytes: &str) -> Result<u64, SpoolError> {
        spools.append(&log(name), at, Bytes::copy_from_slice(bytes.as_bytes())).await
    }

    /// What a log has, its segments in the order of their names and the file last.
    fn kept(spools: &Spools, name: &str) -> String {
        let folder = spools.folder(log(name).host()).join(log(name).name().folder());
        let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        files.sort_by_key(|path| (path.ends_with("log"), path.clone()));
        files.iter().map(|path| std::fs::read_to_string(path).unwrap()).collect()
    }

    fn lines(numbers: std::ops::Range<usize>) -> String {
        numbers.map(|number| format!("line {number:04}\n")).collect()
    }

    #[tokio::test]
    async fn what_is_pushed_again_is_known_and_not_doubled() {
        let dir = tempfile::tempdir().unwrap();
        let spools = Spools::open(dir.path().join("push"), SMALL).unwrap();
        assert_eq!(push(&spools, "a", Some(0), "one\n").await.unwrap(), 4);
        assert_eq!(push(&spools, "a", Some(0), "one\n").await.unwrap(), 4);
        assert_eq!(push(&spools, "a", Some(0), "one\ntwo\n").await.unwrap(), 8);
        assert_eq!(push(&spools, "a", None, "three\n").await.unwrap(), 14);
        assert_eq!(kept(&spools, "a"), "one\ntwo\nthree\n");
    }

    #[tokio::test]
    async fn a_hole_and_another_senders_bytes_are_refused_with_where_the_log_ends() {
        let dir = tempfile::tempdir().unwrap();
        let spools = Spools::open(dir.path().join("push"), SMALL).unwrap();
        push(&spools, "a", Some(0), "one\n").await.unwrap();
        assert!(matches!(push(&spools, "a", Some(5), "x\n").await, Err(SpoolError::Ahead { end: 4 })));
        assert!(matches!(push(&spools, "a", Some(0), "ONE\n").await, Err(SpoolError::Other { end: 4 })));
        assert!(matches!(push(&spools, "a", Some(2), "e!more\n").await, Err(SpoolError::Other { end: 4 })));
        assert_eq!(kept(&spools, "a"), "one\n");
    }

    #[tokio::test]
    async fn a_full_log_drops_its_oldest_lines_and_counts_on() {
        let dir = tempfile::tempdir().unwrap();
        let all = lines(0..500);
        for (pieces, chunk) in [(1, all.len()), (500, 10), (72, 70)] {
            let spools = Spools::open(dir.path().join(format!("push-{pieces}")), SMALL).unwrap();
            let mut end = 0;
            for piece in all.as_bytes().chunks(chunk) {
                end = spools.append(&log("a"), Some(end), Bytes::copy_from_slice(piece)).await.unwrap();
            }
            assert_eq!(end, all.len() as u64);
            let kept = kept(&spools, "a");
            assert!(all.ends_with(&kept) && kept.starts_with("line "), "{kept}");
            assert!((600..=810).contains(&kept.len()), "{}", kept.len());
        }
    }

    #[tokio::test]
    async fn a_hub_that_was_killed_knows_how_much_it_has() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().join("push");
        let all = lines(0..200);
        let mut at = 0;
        for piece in all.as_bytes().chunks(70) {
            // One for each piece: nothing is remembered between two.
            let spools = Spools::open(root.clone(), SMALL).unwrap();
            spools.append(&log("a"), Some(at), Bytes::copy_from_slice(piece)).await.unwrap();
            at = spools.append(&log("a"), Some(at), Bytes::copy_from_slice(piece)).await.unwrap();
        }
        assert_eq!(at, all.len() as u64);
        let spools = Spools::open(root, SMALL).unwrap();
        assert!(all.ends_with(&kept(&spools, "a")));
        assert_eq!(spools.hosts().unwrap(), ["ci".parse().unwrap()]);
    }

    #[tokio::test]
    async fn a_line_without_an_end_is_bounded_too() {
        let dir = tempfile::tempdir().unwrap();
        let spools = Spools::open(dir.path().join("push"), SMALL).unwrap();
        let line = "x".repeat(10_000);
        assert_eq!(push(&spools, "a", Some(0), &line).await.unwrap(), 10_000);
        assert!(kept(&spools, "a").len() <= 1000);
    }

    #[tokio::test]
    async fn beyond_the_number_of_logs_only_what_is_long_silent_makes_room() {
        let dir = tempfile::tempdir().unwrap();
        let spools = Spools::open(dir.path().join("push"), SMALL).unwrap();
        for name in ["a", "b", "c"] {
            push(&spools, name, None, "one\n").await.unwrap();
        }
        assert!(matches!(push(&spools, "d", None, "one\n").await, Err(SpoolError::NoRoom(_))));
        let old = std::time::SystemTime::now() - 2 * shelf::SILENT;
        let file = spools.folder(log("b").host()).join("b/log");
        std::fs::File::options().write(true).open(&file).unwrap().set_modified(old).unwrap();
        push(&spools, "d", None, "one\n").await.unwrap();
        assert!(!file.exists());
        assert_eq!(kept(&spools, "a"), "one\n");
    }

    #[tokio::test]
    async fn all_logs_together_are_bounded_too() {
        let dir = tempfile::tempdir().unwrap();
        let spools = Spools::open(dir.path().join("push"), SpoolBounds { total: 1000, ..SMALL }).unwrap();
        push(&spools, "a", None, &lines(0..60)).await.unwrap();
        assert!(matches!(push(&spools, "b", None, &lines(0..60)).await, Err(SpoolError::NoRoom(_))));
        // A log that is full makes room for its own lines.
        push(&spools, "a", None, &lines(60..100)).await.unwrap();
    }

    #[tokio::test]
    async fn one_log_alone_is_bounded_by_what_all_may_have() {
        let dir = tempfile::tempdir().unwrap();
        let spools = Spools::open(dir.path().join("push"), SpoolBounds { total: 400, ..SMALL }).unwrap();
        for n in 0..20 {
            push(&spools, "a", None, &lines(n * 10..n * 10 + 10)).await.unwrap();
        }
        assert!((200..=500).contains(&kept(&spools, "a").len()));
    }
}
