//! The cursor file: how far each log has been written out, so that the next run goes on there.
//!
//! It is written after the bytes, never before: a process killed at any moment has a cursor that is behind its output or
//! at it, and nothing is lost. What is written twice after a kill depends on where the output goes:
//!
//! | output | kept | after `kill -9` | after a power failure |
//! |---|---|---|---|
//! | `>> FILE` | once a second, with the file's length, both brought to the disk | exact: what stands behind that length is taken back | exact |
//! | a pipe | after each write; brought to the disk once a second | the last write may come twice (256 KiB at most) | what came since may come twice |
//!
//! The file is replaced by rename, so that it is always whole. Logs that are not looked at this time are kept in it.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use super::stdout::{Kind, Mark, Stdout};
use crate::exit::{Exit, Failure, say};

/// How often what is kept is brought to the disk, and how often it is kept at all for a file that is appended to.
const PACE: Duration = Duration::from_secs(1);

/// What stands in the file.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Kept {
    /// Of the file's form.
    version: u32,
    /// How far the output had come, where it can be seen.
    output: Option<Mark>,
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
}

impl Cursor {
    /// Reads the cursor file, when it is there, and takes back what the output has behind it.
    pub(super) fn open(path: &Path, stdout: &Stdout) -> Result<Self, Failure> {
        let kept = match std::fs::read(path) {
            Ok(bytes) => understand(path, &bytes)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Kept { version: VERSION, ..Kept::default() },
            Err(error) => return Err(trouble(path, error)),
        };
        if stdout.kind() == Kind::Appended && !stdout.claim()? {
            return Err(Failure::usage(
                "another tailcast appends to the same file with a cursor; both would take back what the other wrote",
            ));
        }
        if let Some(mark) = kept.output.filter(|_| stdout.kind() == Kind::Appended) {
            let bytes = stdout.take_back(mark)?;
            if bytes > 0 {
                let cursor = path.display();
                say(&format!("{bytes} bytes of the output are not in {cursor} yet: taken back, to be written again"));
            }
        }
        let mut cursor = Cursor { path: path.to_path_buf(), kept, dirty: false, synced: None };
        if stdout.kind() == Kind::Appended {
            // Before anything is written, so that also the very first bytes can be taken back.
            cursor.keep(stdout)?;
        }
        Ok(cursor)
    }

    /// Where a log was left.
    pub(super) fn position(&self, log: &str) -> Option<&str> {
        self.kept.logs.get(log).map(String::as_str)
    }

    /// A log has been written out up to `position`.
    pub(super) fn moved(&mut self, log: &str, position: &str, stdout: &Stdout) -> Result<(), Failure> {
        match self.kept.logs.get_mut(log) {
            Some(kept) if kept == position => return Ok(()),
            Some(kept) => position.clone_into(kept),
            None => drop(self.kept.logs.insert(log.to_owned(), position.to_owned())),
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

    /// Writes the file.
    pub(super) fn keep(&mut self, stdout: &Stdout) -> Result<(), Failure> {
        let to_disk = self.is_due();
        if stdout.kind() == Kind::Appended {
            // First the bytes, then the word that they are there.
            stdout.sync()?;
            self.kept.output = Some(stdout.mark()?);
        }
        self.replace(to_disk).map_err(|error| trouble(&self.path, error))?;
        self.dirty = false;
        if to_disk {
            self.synced = Some(Instant::now());
        }
        Ok(())
    }

    fn is_due(&self) -> bool {
        self.synced.is_none_or(|synced| synced.elapsed() >= PACE)
    }

    fn replace(&self, to_disk: bool) -> io::Result<()> {
        let mut text = serde_json::to_vec_pretty(&self.kept)?;
        text.push(b'\n');
        let beside = beside(&self.path);
        let mut file = File::create(&beside)?;
        file.write_all(&text)?;
        if to_disk {
            file.sync_all()?;
        }
        std::fs::rename(&beside, &self.path)?;
        match self.path.parent().filter(|_| to_disk) {
            Some(directory) if directory.as_os_str().is_empty() => File::open(".")?.sync_all(),
            Some(directory) => File::open(directory)?.sync_all(),
            None => Ok(()),
        }
    }
}

/// The name under which the next content is written: in the same directory, so that it can be renamed.
fn beside(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".new");
    PathBuf::from(name)
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
    use std::fs::OpenOptions;

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
