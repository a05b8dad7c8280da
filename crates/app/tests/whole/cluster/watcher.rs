//! A writer at a steady pace, and viewers that come again for ever and see to it that each line comes once and in order.

use std::io::Write as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio::time::sleep;

use crate::rig::{Form, watch_for_ever};

/// For how long nothing may come before all has.
const PATIENCE: Duration = Duration::from_secs(40);

/// A line by its number.
fn line(number: u64) -> String {
    format!("{number:08} 2026-11-20T02:58:00Z INFO a line as they come in their thousands")
}

/// Writes numbered lines, from 0 on.
pub(super) struct Writer {
    path: PathBuf,
    stop: Arc<AtomicBool>,
    thread: std::thread::JoinHandle<u64>,
}

impl Writer {
    /// So many lines each second.
    pub(super) fn begin(path: &Path, pace: u64) -> Self {
        let mut file = std::fs::File::options().append(true).create(true).open(path).unwrap();
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let thread = std::thread::spawn(move || {
            let (began, mut number) = (Instant::now(), 0);
            while !stopped.load(Ordering::Relaxed) {
                let due = 1 + began.elapsed().as_millis() as u64 * pace / 1000;
                let lines: String = (number..due).map(|number| line(number) + "\n").collect();
                file.write_all(lines.as_bytes()).unwrap();
                number = due;
                std::thread::sleep(Duration::from_millis(5));
            }
            number
        });
        Writer { path: path.to_owned(), stop, thread }
    }

    /// Its log's name on a host.
    pub(super) fn on(&self, host: &str) -> String {
        format!("{host}:{}", self.path.display())
    }

    /// How many lines there are.
    pub(super) fn stop(self) -> u64 {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.join().unwrap()
    }
}

/// A viewer that wants every line, from the first one that it sees on.
pub(super) struct Watcher {
    form: Form,
    /// The number of the line that comes next; that of the first one plus those that have come.
    next: Arc<AtomicU64>,
    task: tokio::task::JoinHandle<()>,
}

impl Watcher {
    pub(super) fn begin(hub: SocketAddr, log: &str, form: Form) -> Self {
        let next = Arc::new(AtomicU64::new(0));
        let (query, sight) = (format!("log={log}"), Sight { form, next: Arc::clone(&next) });
        let task = tokio::spawn(async move {
            watch_for_ever(hub, form, &query, "last=1", |found| sight.see(found)).await;
        });
        Watcher { form, next, task }
    }

    /// The number behind the last line that has come.
    pub(super) fn seen(&self) -> u64 {
        self.next.load(Ordering::Relaxed)
    }

    /// Waits until the last of so many lines has come, as long as there come any.
    pub(super) async fn has_all(&self, lines: u64) {
        let (mut last, mut since) = (self.seen(), Instant::now());
        while self.seen() < lines && since.elapsed() < PATIENCE {
            assert!(!self.task.is_finished(), "{:?} saw what must not be: its panic is above", self.form);
            sleep(Duration::from_millis(50)).await;
            if self.seen() != last {
                (last, since) = (self.seen(), Instant::now());
            }
        }
        assert!(!self.task.is_finished(), "{:?} saw what must not be: its panic is above", self.form);
        assert_eq!(self.seen(), lines, "{:?}", self.form);
    }
}

/// The side of it that sees the lines.
struct Sight {
    form: Form,
    next: Arc<AtomicU64>,
}

impl Sight {
    fn see(&self, found: &str) {
        let next = self.next.load(Ordering::Relaxed);
        let number: u64 = found[..8].parse().unwrap_or_else(|_| panic!("{:?}: {found:?}", self.form));
        assert!(next == 0 || number == next, "{:?}: {number} after {next}", self.form);
        assert_eq!(found, line(number), "{:?}", self.form);
        self.next.store(number + 1, Ordering::Relaxed);
    }
}
