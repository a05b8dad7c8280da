//! The files of one pushed log: `log`, and before it the segments `log-N`, where N is the offset in the stream at which each
//! ends.
//!
//! A segment ends with a line where there is one, and by rename, so that whoever follows the file sees what a rotation is.
//! The oldest goes when there would be more than the log may have; the youngest never does, for its name says where the
//! file begins.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write as _};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use tailcast_wire::PUSHED_FILE;

use super::SpoolError;

/// A log is held in so many segments: the fewer, the more goes at once when it is full.
const SEGMENTS: u64 = 8;
/// Digits of an offset in a name, so that names sort as offsets do: those of `u64::MAX`.
const DIGITS: usize = 20;

/// One closed segment.
#[derive(Debug)]
struct Segment {
    path: PathBuf,
    /// Where it ends in the stream.
    end: u64,
    /// In bytes.
    size: u64,
}

/// The files of one log, while somebody writes to it.
#[derive(Debug)]
pub(super) struct Segments {
    folder: PathBuf,
    /// Oldest first.
    closed: Vec<Segment>,
    file: File,
    /// Of the file, in bytes.
    written: u64,
    /// Of the whole log, in bytes.
    bound: u64,
}

impl Segments {
    /// The files in `folder`, which is there. Of a log that was just begun, or left in the middle of a rotation, the file is
    /// made.
    pub(super) fn of(folder: &Path, bound: u64) -> io::Result<Self> {
        let mut closed: Vec<_> = fs::read_dir(folder)?.flatten().filter_map(|entry| closed_segment(&entry)).collect();
        closed.sort_by_key(|segment| segment.end);
        let file = open(folder)?;
        let written = file.metadata()?.len();
        Ok(Segments { folder: folder.to_owned(), closed, file, written, bound })
    }

    /// Where the stream ends.
    pub(super) fn end(&self) -> u64 {
        self.base() + self.written
    }

    /// What the log takes on the disk, in bytes.
    pub(super) fn size(&self) -> u64 {
        self.closed.iter().map(|segment| segment.size).sum::<u64>() + self.written
    }

    /// What of `bytes`, which belong at `at` in the stream, is not here yet.
    pub(super) fn unknown<'a>(&self, at: u64, bytes: &'a [u8]) -> Result<&'a [u8], SpoolError> {
        let end = self.end();
        let Some(known) = end.checked_sub(at) else { return Err(SpoolError::Ahead { end }) };
        let known = usize::try_from(known).unwrap_or(usize::MAX).min(bytes.len());
        let (repeated, new) = bytes.split_at(known);
        match self.has(at, repeated)? {
            true => Ok(new),
            false => Err(SpoolError::Other { end }),
        }
    }

    /// Writes at the end. When it fails, what was written stays and counts.
    pub(super) fn append(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            let now = self.until_the_segment_ends(bytes);
            let (these, rest) = bytes.split_at(now);
            let written = self.file.write_all(these);
            self.written = self.file.metadata()?.len();
            written?;
            bytes = rest;
            if self.is_full(these) {
                self.rotate()?;
            }
        }
        Ok(())
    }

    /// Whether these bytes stand at `at`. Those that are dropped already are not known to.
    fn has(&self, at: u64, bytes: &[u8]) -> io::Result<bool> {
        let (mut at, mut bytes) = (at, bytes);
        while !bytes.is_empty() {
            let Some((path, begins, end)) = self.holder(at) else { return Ok(false) };
            let len = usize::try_from(end - at).unwrap_or(usize::MAX).min(bytes.len());
            let mut held = vec![0; len];
            File::open(path)?.read_exact_at(&mut held, at - begins)?;
            if held != bytes[..len] {
                return Ok(false);
            }
            bytes = &bytes[len..];
            at += len as u64;
        }
        Ok(true)
    }

    /// The file that has the byte at `at`, and where it begins and ends.
    fn holder(&self, at: u64) -> Option<(PathBuf, u64, u64)> {
        let closed = self.closed.iter().map(|segment| (segment.path.clone(), segment.end - segment.size, segment.end));
        let mut files = closed.chain([(self.path(), self.base(), self.end())]);
        files.find(|(_, begins, end)| (*begins..*end).contains(&at))
    }

    /// How many of `bytes` still go into this file: all, or up to the end of the line with which it is full.
    fn until_the_segment_ends(&self, bytes: &[u8]) -> usize {
        let room = usize::try_from(self.segment().saturating_sub(self.written)).unwrap_or(usize::MAX);
        let Some(beyond) = bytes.get(room.saturating_sub(1)..) else { return bytes.len() };
        let line = memchr::memchr(b'\n', beyond).map(|at| room.saturating_sub(1) + at + 1);
        // A line that does not end is cut where the file is half as long again.
        let most = usize::try_from(self.longest().saturating_sub(self.written)).unwrap_or(usize::MAX);
        line.unwrap_or(bytes.len()).min(most.max(1))
    }

    /// Whether what comes behind `last` belongs into the next file.
    fn is_full(&self, last: &[u8]) -> bool {
        (self.written >= self.segment() && last.ends_with(b"\n")) || self.written >= self.longest()
    }

    fn rotate(&mut self) -> io::Result<()> {
        let end = self.end();
        let path = self.folder.join(format!("{PUSHED_FILE}-{end:0DIGITS$}"));
        fs::rename(self.path(), &path)?;
        self.closed.push(Segment { path, end, size: self.written });
        self.written = 0;
        self.file = open(&self.folder)?;
        self.drop_oldest()
    }

    fn drop_oldest(&mut self) -> io::Result<()> {
        while self.closed.len() > 1 && self.size() + self.segment() > self.bound {
            let oldest = self.closed.remove(0);
            match fs::remove_file(&oldest.path) {
                Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
                _ => (),
            }
        }
        Ok(())
    }

    /// Where the file begins in the stream.
    fn base(&self) -> u64 {
        self.closed.last().map_or(0, |segment| segment.end)
    }

    /// The size of a segment, in bytes.
    fn segment(&self) -> u64 {
        (self.bound / SEGMENTS).max(1)
    }

    /// A segment that ends with no line, in bytes.
    fn longest(&self) -> u64 {
        self.segment() + self.segment().div_ceil(2)
    }

    fn path(&self) -> PathBuf {
        self.folder.join(PUSHED_FILE)
    }
}

fn open(folder: &Path) -> io::Result<File> {
    OpenOptions::new().append(true).create(true).mode(0o600).open(folder.join(PUSHED_FILE))
}

fn closed_segment(entry: &fs::DirEntry) -> Option<Segment> {
    let name = entry.file_name();
    let digits = name.to_str()?.strip_prefix(PUSHED_FILE)?.strip_prefix('-')?;
    let end = digits.parse().ok().filter(|_| digits.len() == DIGITS)?;
    let size = entry.metadata().ok().filter(fs::Metadata::is_file)?.len();
    Some(Segment { path: entry.path(), end, size: size.min(end) })
}
