//! A log in a temporary directory, the hands that play logrotate with it, and a follower that is stepped until it has
//! nothing more.

use std::fs::{self, File, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tailcast_tail::{Candidate, Event, Everything, Follower, From, Gate, Log, Patience, Setup, Tag};

/// Times short enough for tests; what depends on them is awaited, never slept for.
pub(crate) const QUICK: Patience = Patience {
    settle: Duration::from_millis(20),
    idle: Duration::from_millis(60),
    grace: Duration::from_millis(400),
    reconcile: Duration::from_millis(200),
    poll: Duration::from_millis(5),
    rewatch: Duration::from_millis(50),
};

/// How long anything may take on a busy machine before a test gives up.
const LONG: Duration = Duration::from_secs(20);

pub(crate) struct Bench {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) setup: Arc<Setup>,
    pub(crate) log: Log,
}

impl Bench {
    pub(crate) fn new() -> Self {
        Self::with(QUICK, Everything)
    }

    pub(crate) fn with(patience: Patience, gate: impl Gate + 'static) -> Self {
        Self::at(tempfile::tempdir().expect("a temporary directory"), "log", patience, gate)
    }

    /// The log stands in a directory that is not there.
    pub(crate) fn in_folder(folder: &str) -> Self {
        Self::in_folder_with(folder, QUICK)
    }

    pub(crate) fn in_folder_with(folder: &str, patience: Patience) -> Self {
        let name = format!("{folder}/log");
        Self::at(tempfile::tempdir().expect("a temporary directory"), &name, patience, Everything)
    }

    /// Only what `offered` says may be read; it is given the directory of the log.
    pub(crate) fn offering(offered: fn(&Path, &Candidate<'_>) -> bool) -> Self {
        let folder = tempfile::tempdir().expect("a temporary directory");
        let inside = folder.path().canonicalize().expect("a real path");
        Self::at(folder, "log", QUICK, move |candidate: &Candidate<'_>| offered(&inside, candidate))
    }

    fn at(folder: tempfile::TempDir, name: &str, patience: Patience, gate: impl Gate + 'static) -> Self {
        let setup = Arc::new(Setup { patience, ..Setup::new(gate) });
        let log = Log::new(folder.path().join(name), Tag::of("here:log"), &setup);
        Self { folder, setup, log }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn append(&self, name: &str, text: impl AsRef<[u8]>) {
        let file = OpenOptions::new().append(true).create(true).open(self.path(name));
        file.expect("a file").write_all(text.as_ref()).expect("a write");
    }

    /// A writer that keeps the file open, as a service does.
    pub(crate) fn writer(&self, name: &str) -> File {
        OpenOptions::new().append(true).create(true).open(self.path(name)).expect("a file")
    }

    /// Waits until what is created is younger than the last write to `name`: the clock that stamps files stands still for some
    /// milliseconds.
    pub(crate) fn tick(&self, name: &str) {
        let stamp = |name: &str| fs::metadata(self.path(name)).expect("a file").modified().expect("a time");
        let written = stamp(name);
        loop {
            File::create(self.path("clock")).expect("a file");
            if stamp("clock") > written {
                break;
            }
        }
    }

    pub(crate) fn rename(&self, from: &str, to: &str) {
        fs::rename(self.path(from), self.path(to)).expect("a rename");
    }

    pub(crate) fn remove(&self, name: &str) {
        fs::remove_file(self.path(name)).expect("a removal");
    }

    /// Copies `log` to `log.1` and truncates it, as `copytruncate` does.
    pub(crate) fn copytruncate(&self) {
        fs::copy(self.path("log"), self.path("log.1")).expect("a copy");
        OpenOptions::new().write(true).truncate(true).open(self.path("log")).expect("a truncation");
    }

    pub(crate) fn follow(&self, from: From) -> Seen {
        Seen { follower: self.log.follow(from).expect("a follower"), events: Vec::new() }
    }
}

/// The files below `folder` that this process has open. Tests run in processes of their own.
pub(crate) fn open_files(folder: &Path) -> Vec<PathBuf> {
    let links = fs::read_dir("/proc/self/fd").expect("descriptors").flatten();
    let targets = links.filter_map(|link| fs::read_link(link.path()).ok());
    targets.filter(|target| target.starts_with(folder)).collect()
}

/// A follower and all it has told.
pub(crate) struct Seen {
    pub(crate) follower: Follower,
    pub(crate) events: Vec<Event>,
}

impl Seen {
    /// Steps until there is nothing more to read.
    pub(crate) fn drain(&mut self) -> &mut Self {
        loop {
            let step = self.follower.step(1 << 20);
            self.events.extend(step.events);
            if !step.more {
                return self;
            }
        }
    }

    /// Steps until `done` says so.
    pub(crate) fn until(&mut self, what: &str, done: impl Fn(&Self) -> bool) -> &mut Self {
        let start = Instant::now();
        while !done(self.drain()) {
            assert!(start.elapsed() < LONG, "waited in vain for {what}; told so far: {:#?}", self.events);
            std::thread::sleep(Duration::from_millis(2));
        }
        self
    }

    /// Steps until the text is there, and nothing else.
    pub(crate) fn reads(&mut self, text: &str) -> &mut Self {
        self.until(text, |seen| seen.text().len() >= text.len());
        assert_eq!(self.text(), text, "told: {:#?}", self.events);
        self
    }

    /// All bytes given out so far.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let blocks = self.events.iter().filter_map(|event| match event {
            Event::Block(block) => Some(block.bytes()),
            _ => None,
        });
        blocks.flatten().copied().collect()
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.bytes()).expect("text")
    }

    pub(crate) fn told(&self, what: impl Fn(&Event) -> bool) -> usize {
        self.events.iter().filter(|event| what(event)).count()
    }
}
