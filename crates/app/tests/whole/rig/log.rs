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
        let numbered = |number: usize| PathBuf::from(format!("{}.{number}", self.path.display()));
        let oldest = (1..).find(|number| !numbered(*number).exists()).unwrap_or(1);
        for number in (1..oldest).rev() {
            std::fs::rename(numbered(number), numbered(number + 1)).unwrap();
        }
        std::fs::rename(&self.path, numbered(1)).unwrap();
        self.file = append(&self.path);
    }
}

fn append(path: &Path) -> File {
    OpenOptions::new().append(true).create(true).open(path).unwrap()
}
