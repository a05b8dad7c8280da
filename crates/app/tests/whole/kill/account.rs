//! What is known when lines are missing: which they are, in which file they stand, and what happened around the time at
//! which they were written. It judges nothing; it is read by whoever looks for the fault.

use std::fmt::{self, Write as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use tailcast_tail::Position;

use crate::rig::Site;

/// A diary of one run, by the number of the line that was written last.
pub(super) struct Account {
    began: Instant,
    written: Arc<AtomicU64>,
    entries: Vec<String>,
}

impl Account {
    /// An empty one; `written` counts the lines.
    pub(super) fn new(written: Arc<AtomicU64>) -> Self {
        Account { began: Instant::now(), written, entries: Vec::new() }
    }

    /// Something happens now.
    pub(super) fn note(&mut self, what: impl fmt::Display) {
        let (time, written) = (self.began.elapsed().as_secs_f64(), self.written.load(Ordering::Relaxed));
        self.entries.push(format!("{time:7.3} s, line {written:8}: {what}"));
    }

    /// Where the next `tail` will begin, and how much is in its output.
    pub(super) fn note_cursor(&mut self, site: &Site) {
        let output = std::fs::metadata(site.path("output")).map_or(0, |file| file.len());
        let kept = std::fs::read_to_string(site.path("cursor")).unwrap_or_default();
        let kept: serde_json::Value = serde_json::from_str(&kept).unwrap_or_default();
        let place = |position: &serde_json::Value| match position.as_str().map(str::parse::<Position>) {
            Some(Ok(position)) => format!("offset {} ({position})", position.offset()),
            other => format!("{other:?}"),
        };
        let logs = kept["logs"].as_object().into_iter().flatten();
        let places: Vec<_> = logs.map(|(_, position)| place(position)).collect();
        self.note(format_args!("tail starts: output {output} bytes, cursor {} at {places:?}", kept["output"]));
    }

    /// All of it, and how the files end up.
    pub(super) fn tell(&self, site: &Site, output: &[u8], lines: u64) -> String {
        let mut told = String::from("\n");
        for what in deviations(output, lines) {
            writeln!(told, "{what}").unwrap();
        }
        let entries = std::fs::read_dir(site.logs()).unwrap().map(|entry| entry.unwrap().path());
        let mut files: Vec<_> = entries.map(|path| (numbers(&std::fs::read(&path).unwrap()), path)).collect();
        files.sort();
        for (numbers, path) in files {
            writeln!(told, "{}", file(&path, &numbers)).unwrap();
        }
        told + &self.entries.join("\n")
    }
}

/// The numbers of the lines in `bytes`.
fn numbers(bytes: &[u8]) -> Vec<u64> {
    let number = |line: &[u8]| std::str::from_utf8(line.get(..8)?).ok()?.parse().ok();
    bytes.split(|&byte| byte == b'\n').filter_map(number).collect()
}

/// Where the output is not what it should be, at most twenty places.
fn deviations(output: &[u8], lines: u64) -> Vec<String> {
    let (mut next, mut told, mut at) = (0, Vec::new(), 0);
    for line in output.split_inclusive(|&byte| byte == b'\n') {
        match numbers(line).first() {
            Some(&number) if number == next => next += 1,
            Some(&number) if number > next => {
                told.push(format!("lines {next} to {} are missing at byte {at} of the output", number - 1));
                next = number + 1;
            }
            Some(&number) => {
                told.push(format!("line {number} comes behind line {} at byte {at} of the output", next - 1));
                next = number + 1;
            }
            None => told.push(format!("no line at byte {at} of the output: {:?}", String::from_utf8_lossy(line))),
        }
        at += line.len();
    }
    if next < lines {
        told.push(format!("lines {next} to {} are missing at the end of the output", lines - 1));
    }
    told.truncate(20);
    told
}

fn file(path: &Path, numbers: &[u64]) -> String {
    let (name, inode) = (path.file_name().unwrap_or_default(), std::fs::metadata(path).map_or(0, |file| file.ino()));
    let range = numbers.first().zip(numbers.last());
    format!("{name:?}, inode {inode}: {} lines, from and to {range:?}", numbers.len())
}
