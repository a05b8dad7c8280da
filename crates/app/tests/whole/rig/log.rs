//! A log as its writer has it.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

/// A file that is appended to.
pub(crate) struct LogFile {
    path: PathBuf,
    file: File,
}

impl LogFile {
    /// Opens it, or makes it.
    pub(crate) fn create(path: &Path) -> Self {
        LogFile { path: path.to_path_buf(), file: append(path) }
    }

    /// Its name on `host`.
    pub(crate) fn on(&self, host: &str) -> String {
        format!("{host}:{}", self.path.display())
    }

    /// Appends, in one write.
    pub(crate) fn write(&mut self, text: impl AsRef<[u8]>) {
        self.file.write_all(text.as_ref()).unwrap();
    }

    /// Does what logrotate does: each older file moves on by one, and a new one is begun.
    pub(crate) fn rotate(&mut self) {
        self.move_older_on();
        std::fs::rename(&self.path, self.numbered(1)).unwrap();
        self.file = append(&self.path);
    }

    /// Does what logrotate does with `copytruncate`; nothing is written in between, so nothing is lost.
    pub(crate) fn copy_and_truncate(&mut self) {
        self.move_older_on();
        std::fs::copy(&self.path, self.numbered(1)).unwrap();
        self.file.set_len(0).unwrap();
    }

    fn move_older_on(&self) {
        let oldest = (1..).find(|number| !self.numbered(*number).exists()).unwrap_or(1);
        for number in (1..oldest).rev() {
            std::fs::rename(self.numbered(number), self.numbered(number + 1)).unwrap();
        }
    }

    fn numbered(&self, number: usize) -> PathBuf {
        PathBuf::from(format!("{}.{number}", self.path.display()))
    }
}

fn append(path: &Path) -> File {
    OpenOptions::new().append(true).create(true).open(path).unwrap()
}
