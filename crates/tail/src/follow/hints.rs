//! How a follower gets to know that it should look: by hints where the kernel gives them, else by asking at intervals.

use std::ffi::OsString;
use std::os::fd::AsRawFd as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::event::{Event, Poll};
use crate::file::File;
use crate::open::{proc_path, trail};
use crate::setup::{Ground, Patience};
use crate::watch::{FileWatch, Slot, Wake, Watch, Watcher};

/// Where a follower's wake-ups come from.
#[derive(Debug)]
pub(crate) struct Hints {
    patience: Patience,
    source: Source,
    /// What was told last about polling.
    told: Option<Poll>,
    /// The time between two looks while polling; doubles while nothing happens.
    interval: Duration,
}

#[derive(Debug)]
enum Source {
    /// Nobody asked to be woken: the caller looks when it likes.
    Unasked,
    /// The kernel tells.
    Kernel(Watch),
    /// Watching was refused at that time; it is tried again later.
    Refused(Watch, Poll, Instant),
}

impl Hints {
    pub(crate) fn new(patience: Patience) -> Self {
        Self { patience, source: Source::Unasked, told: None, interval: patience.poll }
    }

    pub(crate) fn ask(&mut self, watcher: &Arc<Watcher>, wake: Wake) {
        self.source = Source::Kernel(watcher.watch(wake));
    }

    /// Another file is read from now on, or none.
    pub(crate) fn moved(&mut self) {
        self.interval = self.patience.poll;
        if let Source::Kernel(watch) = &self.source {
            watch.disarm(Slot::Read);
            watch.disarm(Slot::Ahead);
            watch.displace();
        }
    }

    /// Has it told when the file at the path changes, which is not yet the one that is read.
    /// If that is refused, so is the other soon, and that is told.
    pub(crate) fn look_ahead(&self, path: &Path) {
        if let Source::Kernel(watch) = &self.source {
            watch.arm(Slot::Ahead, path).unwrap_or_default();
        }
    }

    /// Has it told when a file that was left changes, by `watch`. To be called before that file is looked at.
    /// Where that is refused, the clock finds what changes there. Once the file that is read is refused, none is kept back from it.
    pub(crate) fn look_back(&self, watch: &mut Option<FileWatch>, file: &File) {
        let Source::Kernel(all) = &self.source else { return *watch = None };
        let path = proc_path(file.fd().as_raw_fd());
        watch.get_or_insert_with(|| all.one_more()).arm(Path::new(&path)).unwrap_or_default();
    }

    /// Takes note of whether a look found something.
    pub(crate) fn looked(&mut self, found: bool) {
        let next = if found { self.patience.poll } else { self.interval * 2 };
        self.interval = next.min(self.patience.reconcile);
    }

    /// Arms what has fired. To be called before the file is read, so that what comes after the read is told.
    pub(crate) fn arm(&mut self, path: &Path, file: Option<&File>, events: &mut Vec<Event>) {
        self.source = match std::mem::replace(&mut self.source, Source::Unasked) {
            Source::Unasked => return,
            Source::Refused(watch, why, since) if since.elapsed() < self.patience.rewatch => {
                Source::Refused(watch, why, since)
            }
            Source::Kernel(watch) | Source::Refused(watch, ..) => match Self::watch(&watch, path, file) {
                Ok(()) => Source::Kernel(watch),
                Err(why) => Source::Refused(watch, why, Instant::now()),
            },
        };
        self.tell(file, events);
    }

    /// How long to wait for a hint before looking without one.
    pub(crate) fn interval(&self) -> Duration {
        match (&self.source, self.told) {
            (Source::Kernel(_), None) => self.patience.reconcile,
            _ => self.interval,
        }
    }

    fn watch(watch: &Watch, path: &Path, file: Option<&File>) -> Result<(), Poll> {
        // While no file is there, the directory that is nearest may change with each one that is made.
        if file.is_none() || !watch.intact() {
            watch.look_in(&folders(path))?;
        }
        file.map_or(Ok(()), |file| watch.arm(Slot::Read, Path::new(&proc_path(file.fd().as_raw_fd()))))
    }

    fn tell(&mut self, file: Option<&File>, events: &mut Vec<Event>) {
        let network = file.is_some_and(|file| file.ground() == Ground::Network);
        let now = match self.source {
            Source::Refused(_, why, _) => Some(why),
            _ if network => Some(Poll::Network),
            _ => None,
        };
        match (self.told, now) {
            (before, Some(why)) if before != now => events.push(Event::Polling(why)),
            (Some(_), None) => events.push(Event::Watching),
            _ => {}
        }
        self.told = now;
    }
}

/// The directories in which the file at `path` can come, go or be replaced, each with how the name begins there:
/// its own, and those of the links on the way. Where one is missing, its nearest ancestor that exists.
fn folders(path: &Path) -> Vec<(PathBuf, OsString)> {
    trail(path).iter().filter_map(|step| nearest(step)).collect()
}

fn nearest(path: &Path) -> Option<(PathBuf, OsString)> {
    let mut name = path.file_name()?;
    for folder in path.ancestors().skip(1) {
        let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
        if folder.is_dir() {
            return Some((folder.to_owned(), name.to_owned()));
        }
        name = folder.file_name()?;
    }
    None
}
