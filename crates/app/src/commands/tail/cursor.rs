//! The cursor file: how far each log has been written out, so that the next run goes on there.
//!
//! Where a log begins is in the file, and on the disk, before its first byte is written; how far it has come is written
//! after the bytes, never before. So a process killed at any moment has a cursor that is behind its output or at it, for
//! every log that is in the output, and nothing is lost. What is written twice after a kill depends on where the output goes:
//!
//! | output | kept | after `kill -9` | after a power failure |
//! |---|---|---|---|
//! | `>> FILE` | once a second, with the file's length, both brought to the disk | exact: what stands behind that length is taken back | exact |
//! | a pipe | after each write; brought to the disk once a second | the last write may come twice (256 KiB at most) | what came since may come twice |
//!
//! A run that is asked to end (SIGINT, SIGTERM, SIGHUP) keeps all it has written and says so with `ended`: what stands behind
//! a mark that is kept so was added by others, and stays. What is taken back after a kill is put aside first.
//!
//! The file is replaced by rename, so that it is always whole. Logs that are not looked at this time are kept in it.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use super::replaced::{Reach, replace};
use super::stdout::{Kind, Mark, Stdout};
use super::taken_back::take_back;
use crate::exit::{Exit, Failure};

/// How often what is kept is brought to the disk, and how often it is kept at all for a file that is appended to.
const PACE: Duration = Duration::from_secs(1);

/// Positions are no secret; the umask decides.
const MODE: u32 = 0o666;

/// What stands in the file.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Kept {
    /// Of the file's form.
    version: u32,
    /// How far the output had come, where it can be seen.
    output: Option<Mark>,
    /// The run has ended in good order: what stands behind `output` is not ours, and nothing of it is ever taken back.
    #[serde(default)]
    ended: bool,
    /// Positions by log.
    logs: BTreeMap<String, String>,
}

/// The form that is written and understood.
const VERSION: u32 = 1;

/// A cursor file in use.
#[derive(Debug)]
pub(super) struct Cursor {
    path: PathBuf,
    kept: Kept,
    /// Something has changed that is not in the file yet.
    dirty: bool,
    /// When it was last brought to the disk.
    synced: Option<Instant>,
    /// Where the output stood before what is being written now, and is in no position yet.
    begun: Option<Mark>,
}

impl Cursor {
    /// Reads the cursor file, when it is there, and takes back what the output has behind it.
    pub(super) fn open(path: &Path, stdout: &Stdout) -> Result<Self, Failure> {
        let mut kept = match std::fs::read(path) {
            Ok(bytes) => understand(path, &bytes)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Kept { version: VERSION, ..Kept::default() },
            Err(error) => return Err(trouble(path, error)),
        };
        if stdout.kind() == Kind::Appended && !stdout.claim()? {
            return Err(Failure::usage(
                "another tailcast appends to the same file with a cursor; both would take back what the other wrote",
            ));
        }
        // What belongs to a log of which no position is known could not be written again, so it stays.
        let can_come_again = stdout.kind() == Kind::Appended && !kept.ended && !kept.logs.is_empty();
        if let Some(mark) = kept.output.filter(|_| can_come_again) {
            take_back(stdout, mark, path)?;
        }
        kept.ended = false;
        let mut cursor = Cursor { path: path.to_path_buf(), kept, dirty: false, synced: None, begun: None };
        if stdout.kind() == Kind::Appended {
            // The file may have been replaced since; what is written now is measured against this one.
            cursor.keep(stdout)?;
        }
        Ok(cursor)
    }

    /// Where a log was left.
    pub(super) fn position(&self, log: &str) -> Option<&str> {
        self.kept.logs.get(log).map(String::as_str)
    }

    /// A log is about to be written from `position` on. Only the first time that is news, and is on the disk when this
    /// returns: without it what is written now could be neither gone on from nor taken back.
    pub(super) fn begin(&mut self, log: &str, position: &str, stdout: &Stdout) -> Result<(), Failure> {
        if self.kept.logs.contains_key(log) {
            return Ok(());
        }
        self.kept.logs.insert(log.to_owned(), position.to_owned());
        self.save(stdout, Reach::Disk)
    }

    /// What is written from now on may be left half written, until a log has [`Cursor::moved`].
    pub(super) fn begin_block(&mut self, stdout: &Stdout) -> Result<(), Failure> {
        if stdout.kind() == Kind::Appended {
            self.begun = Some(stdout.mark()?);
        }
        Ok(())
    }

    /// A log has been written out up to `position`.
    pub(super) fn moved(&mut self, log: &str, position: &str, stdout: &Stdout) -> Result<(), Failure> {
        self.begun = None;
        match self.kept.logs.get_mut(log) {
            Some(kept) if kept == position => return Ok(()),
            Some(kept) => position.clone_into(kept),
            None => return self.begin(log, position, stdout),
        }
        self.dirty = true;
        match stdout.kind() == Kind::Appended && !self.is_due() {
            true => Ok(()),
            false => self.keep(stdout),
        }
    }

    /// When [`Cursor::keep`] is to be called although nothing moves; `None` when everything is kept.
    pub(super) fn due(&self) -> Option<Instant> {
        self.dirty.then(|| self.synced.map_or_else(Instant::now, |synced| synced + PACE))
    }

    /// Writes the file, and brings it to the disk once a second.
    pub(super) fn keep(&mut self, stdout: &Stdout) -> Result<(), Failure> {
        self.save(stdout, if self.is_due() { Reach::Disk } else { Reach::Kernel })
    }

    /// Ends the run in good order: all that was written is kept, and what others add to the file from now on is theirs.
    pub(super) fn end(&mut self, stdout: &Stdout) -> Result<(), Failure> {
        if stdout.kind() == Kind::Appended {
            // A block that was left half written will come again as a whole.
            if let Some(mark) = self.begun.take() {
                take_back(stdout, mark, &self.path)?;
            }
            self.kept.ended = true;
        }
        if self.dirty || self.kept.ended { self.save(stdout, Reach::Disk) } else { Ok(()) }
    }

    fn save(&mut self, stdout: &Stdout, reach: Reach) -> Result<(), Failure> {
        if stdout.kind() == Kind::Appended {
            // First the bytes, then the word that they are there.
            stdout.sync()?;
            self.kept.output = Some(stdout.mark()?);
        }
        self.write(reach).map_err(|error| trouble(&self.path, error))?;
        self.dirty = false;
        if reach == Reach::Disk {
            self.synced = Some(Instant::now());
        }
        Ok(())
    }

    fn is_due(&self) -> bool {
        self.synced.is_none_or(|synced| synced.elapsed() >= PACE)
    }

    fn write(&self, reach: Reach) -> io::Result<()> {
        let mut text = serde_json::to_vec_pretty(&self.kept)?;
        text.push(b'\n');
        replace(&self.path, MODE, reach, |file| file.write_all(&text))
    }
}

fn understand(path: &Path, bytes: &[u8]) -> Result<Kept, Failure> {
    // Never a silent fresh start: that would lose or double everything since.
    let broken = |why: String| {
        Failure::usage(format_args!("{} is no cursor file ({why}); remove it to begin anew", path.display()))
    };
    let kept: Kept = serde_json::from_slice(bytes).map_err(|error| broken(error.to_string()))?;
    match kept.version {
        VERSION => Ok(kept),
        other => Err(broken(format!("its form is {other}, and {VERSION} is understood"))),
    }
}

fn trouble(path: &Path, error: io::Error) -> Failure {
    Failure::new(Exit::Failed, anyhow::Error::from(error).context(format!("the cursor file {}", path.display())))
}

#[cfg(test)]
mod tests {
    use std::fs::{File, OpenOptions};

    use tempfile::TempDir;

    use super::*;

    fn appended(dir: &TempDir) -> Stdout {
        let file = OpenOptions::new().append(true).create(true).open(dir.path().join("out")).unwrap();
        Stdout::to(file, Kind::Appended)
    }

    fn content(dir: &TempDir) -> String {
        std::fs::read_to_string(dir.path().join("out")).unwrap()
    }

    #[tokio::test]
    async fn what_was_written_behind_the_cursor_is_taken_back_once() {
        let dir = TempDir::new().unwrap();
        let path = dir.path().join("cursor");
        let mut stdout = appended(&dir);
        let mut cursor = Cursor::open(&path, &stdout).unwrap();
        stdout.write(b"one\n").unwrap();
        cursor.moved("web1:/a", "p1", &stdout).unwrap();
        cursor.keep(&stdout).unwrap();
        // Within a second of the last: not kept, as if the process was killed here.
        stdout.write(b"two\n").unwrap();
        cursor.moved("web1:/a", "p2", &stdout).unwrap();
        assert_eq!(content(&dir), "one\ntwo\n");
        drop((cursor, stdout));

        let stdout = appended(&dir);
        let cursor = Cursor::open(&path, &stdout).unwrap();
        assert_eq!(content(&dir), "one\n");
        assert_eq!(cursor.position("web1:/a"), Some("p1"));
    }

    #[tokio::test]
    async fn behind_an_end_in_good_order_nothing_is_taken_back_and_a_half_block_is() {
        let dir = TempDir::new().unwrap();
        let path = dir.path().join("cursor");
        let mut stdout = appended(&dir);
        let mut cursor = Cursor::open(&path, &stdout).unwrap();
        cursor.begin("web1:/a", "p0", &stdout).unwrap();
        stdout.write(b"one\n").unwrap();
        cursor.moved("web1:/a", "p1", &stdout).unwrap();
        cursor.begin_block(&stdout).unwrap();
        stdout.write(b"half of tw").unwrap();
        cursor.end(&stdout).unwrap();
        assert_eq!(content(&dir), "one\n");
        stdout.write(b"a note\n").unwrap();
        drop((cursor, stdout));
        let cursor = Cursor::open(&path, &appended(&dir)).unwrap();
        assert_eq!((content(&dir).as_str(), cursor.position("web1:/a")), ("one\na note\n", Some("p1")));
    }

    #[tokio::test]
    async fn a_cursor_of_a_version_that_knew_no_end_is_one_of_a_run_that_was_killed() {
        let dir = TempDir::new().unwrap();
        let path = dir.path().join("cursor");
        let mut stdout = appended(&dir);
        stdout.write(b"one\n").unwrap();
        let mark = serde_json::to_string(&stdout.mark().unwrap()).unwrap();
        stdout.write(b"two\n").unwrap();
        std::fs::write(&path, format!(r#"{{"version":1,"output":{mark},"logs":{{"web1:/a":"p1"}}}}"#)).unwrap();
        let cursor = Cursor::open(&path, &stdout).unwrap();
        assert_eq!((content(&dir).as_str(), cursor.position("web1:/a")), ("one\n", Some("p1")));
        assert_eq!(std::fs::read_to_string(dir.path().join("cursor.taken-back")).unwrap(), "two\n");
    }

    #[tokio::test]
    async fn where_a_log_begins_is_kept_before_its_first_byte() {
        let dir = TempDir::new().unwrap();
        let path = dir.path().join("cursor");
        let mut stdout = appended(&dir);
        let mut cursor = Cursor::open(&path, &stdout).unwrap();
        // Twice within a second, each killed before anything else is kept.
        cursor.begin("web1:/a", "a0", &stdout).unwrap();
        stdout.write(b"one\n").unwrap();
        cursor.moved("web1:/a", "a1", &stdout).unwrap();
        cursor.begin("web1:/b", "b0", &stdout).unwrap();
        stdout.write(b"two\n").unwrap();
        cursor.moved("web1:/a", "a2", &stdout).unwrap();
        drop((cursor, stdout));

        let cursor = Cursor::open(&path, &appended(&dir)).unwrap();
        assert_eq!(content(&dir), "one\n");
        assert_eq!((cursor.position("web1:/a"), cursor.position("web1:/b")), (Some("a1"), Some("b0")));
    }

    #[tokio::test]
    async fn what_belongs_to_no_known_position_is_not_taken_back() {
        let dir = TempDir::new().unwrap();
        let path = dir.path().join("cursor");
        let mut stdout = appended(&dir);
        drop(Cursor::open(&path, &stdout).unwrap());
        stdout.write(b"one\n").unwrap();
        drop(stdout);
        Cursor::open(&path, &appended(&dir)).unwrap();
        assert_eq!(content(&dir), "one\n");
    }

    #[tokio::test]
    async fn a_cursor_that_cannot_be_put_in_its_place_leaves_nothing_beside_it() {
        let dir = TempDir::new().unwrap();
        let path = dir.path().join("cursor");
        let stdout = appended(&dir);
        let mut cursor = Cursor::open(&path, &stdout).unwrap();
        std::fs::remove_file(&path).unwrap();
        std::fs::create_dir(&path).unwrap();
        assert_eq!(cursor.begin("web1:/a", "a0", &stdout).unwrap_err().exit(), Exit::Failed);
        assert!(!dir.path().join("cursor.new").exists());
    }

    #[tokio::test]
    async fn a_file_that_was_cut_or_replaced_is_left_alone() {
        let dir = TempDir::new().unwrap();
        let path = dir.path().join("cursor");
        let mut stdout = appended(&dir);
        let mut cursor = Cursor::open(&path, &stdout).unwrap();
        stdout.write(b"one\n").unwrap();
        cursor.moved("web1:/a", "p1", &stdout).unwrap();
        cursor.keep(&stdout).unwrap();
        drop((cursor, stdout));
        std::fs::rename(dir.path().join("out"), dir.path().join("out.1")).unwrap();
        std::fs::write(dir.path().join("out"), "something else\n").unwrap();
        let cursor = Cursor::open(&path, &appended(&dir)).unwrap();
        assert_eq!((content(&dir).as_str(), cursor.position("web1:/a")), ("something else\n", Some("p1")));
    }

    #[tokio::test]
    async fn into_a_stream_each_step_is_kept_and_other_logs_are_not_forgotten() {
        let dir = TempDir::new().unwrap();
        let path = dir.path().join("cursor");
        let stdout = Stdout::to(File::create(dir.path().join("out")).unwrap(), Kind::Stream);
        let mut cursor = Cursor::open(&path, &stdout).unwrap();
        cursor.moved("web1:/a", "p1", &stdout).unwrap();
        cursor.moved("web2:/b", "p2", &stdout).unwrap();
        cursor.moved("web1:/a", "p3", &stdout).unwrap();
        assert_eq!(cursor.due(), None);
        let mut again = Cursor::open(&path, &stdout).unwrap();
        again.moved("web1:/a", "p4", &stdout).unwrap();
        let third = Cursor::open(&path, &stdout).unwrap();
        assert_eq!((third.position("web1:/a"), third.position("web2:/b")), (Some("p4"), Some("p2")));
    }

    #[tokio::test]
    async fn two_that_would_take_back_each_others_output_are_kept_apart() {
        let dir = TempDir::new().unwrap();
        let (first, second) = (appended(&dir), appended(&dir));
        let _held = Cursor::open(&dir.path().join("one"), &first).unwrap();
        assert_eq!(Cursor::open(&dir.path().join("two"), &second).unwrap_err().exit(), Exit::Usage);
    }

    #[tokio::test]
    async fn a_file_that_is_no_cursor_is_refused_and_kept() {
        let dir = TempDir::new().unwrap();
        let path = dir.path().join("cursor");
        let stdout = Stdout::to(File::create(dir.path().join("out")).unwrap(), Kind::Stream);
        for text in ["", "my diary", r#"{"version":2,"output":null,"logs":{}}"#] {
            std::fs::write(&path, text).unwrap();
            assert_eq!(Cursor::open(&path, &stdout).unwrap_err().exit(), Exit::Usage, "{text}");
            assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
        }
    }
}
