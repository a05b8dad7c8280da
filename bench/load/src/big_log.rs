//! A log of 2 GB, as a service would write it: lines of some 200 bytes, each with its time, one each millisecond.

use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};

use anyhow::Result;
use tempfile::TempDir;

const BYTES: u64 = 2_000_000_000;
/// What follows time and number in each line.
const WORDS: &str = "INFO  http request method=GET path=/api/v2/orders/1834 status=200 bytes=5120 duration_ms=12.4 \
                     remote=10.20.30.40 agent=\"Mozilla/5.0 (X11; Linux x86_64)\" trace=4bf92f3577b34da6a3ce929d0e0e4736";

/// The file; it is deleted with this value.
#[derive(Debug)]
pub(crate) struct BigLog {
    path: PathBuf,
    bytes: u64,
    _folder: TempDir,
}

impl BigLog {
    /// Writes it, into the folder for temporary files.
    pub(crate) fn write() -> Result<Self> {
        eprintln!("bench: writing a log of 2 GB");
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("big.log");
        let mut file = BufWriter::with_capacity(1 << 20, File::create(&path)?);
        let (mut bytes, mut number) = (0, 0_u64);
        while bytes < BYTES {
            let (seconds, ms) = (number / 1_000, number % 1_000);
            let (hour, minute, second) = (seconds / 3_600 % 24, seconds / 60 % 60, seconds % 60);
            let line = format!("2026-01-01T{hour:02}:{minute:02}:{second:02}.{ms:03}Z {number:010} {WORDS}\n");
            file.write_all(line.as_bytes())?;
            bytes += line.len() as u64;
            number += 1;
        }
        file.flush()?;
        Ok(Self { path, bytes, _folder: folder })
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// How large it is.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// How large, for a person.
    pub(crate) fn size_words(&self) -> String {
        format!("{:.0} GB", self.bytes as f64 / 1e9)
    }
}
