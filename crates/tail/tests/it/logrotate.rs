//! The real `logrotate` against a writer in a hurry: what is on the disk at the end was given out once, in order.
//!
//! Debian's program, with its own state file and configuration, rotates a log ten times while a thread writes numbered
//! lines to it, and another follows it, woken by inotify. Left out, with a word, where the program is not installed.

use std::collections::BTreeSet;
use std::fmt;
use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{Read as _, Write as _};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::sync_channel;
use std::time::{Duration, Instant};

use tailcast_tail::{Ends, Event, Everything, Follower, From, Gap, Log, Loss, Patience, Setup, Tag, Wake, Watcher};

/// How often each log is rotated.
const ROTATIONS: u64 = 10;

/// Lines that must come between two rotations.
const BETWEEN: u64 = 300;

/// How long anything may take on a busy machine before a test gives up.
const LONG: Duration = Duration::from_secs(60);

/// The length of [`line`].
const LINE_BYTES: usize = 41;

/// The time of a writer's breath: it writes several thousand lines a second, in bursts.
const BREATH: Duration = Duration::from_micros(500);

/// How the writer gets to know of a new file.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Reopens {
    /// Never: it appends to what it has.
    Never,
    /// It looks what stands at the path before each burst, and waits for a file if there is none: one that it made itself
    /// would be put out of the way by logrotate's `create`.
    ByLooking,
    /// The same, and it makes the file itself.
    ByMaking,
    /// It is told by `postrotate`, which makes a file.
    WhenTold,
}

struct Scene {
    folder: tempfile::TempDir,
    written: AtomicU64,
    given: AtomicU64,
    stop: AtomicBool,
    /// Nothing will be written any more.
    last: AtomicBool,
}

/// What a follower told.
#[derive(Default)]
struct Told {
    bytes: Vec<u8>,
    gaps: Vec<Gap>,
    lost: Vec<Loss>,
    halves: usize,
    /// All else, for a person.
    events: Vec<Event>,
}

impl Scene {
    fn new(options: &str) -> Option<Self> {
        let installed = Command::new("logrotate").arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
        if installed.is_err() {
            eprintln!("logrotate is not installed: nothing is tested here");
            return None;
        }
        let folder = tempfile::tempdir().expect("a temporary directory");
        // It refuses directories that others may write to, and files of others.
        fs::set_permissions(folder.path(), Permissions::from_mode(0o755)).expect("a change");
        let path = folder.path().display();
        let config = format!("{path}/log {{\n rotate 100\n size 1\n missingok\n nomail\n {options}\n}}\n");
        let config = config.replace("FOLDER", &path.to_string());
        fs::write(folder.path().join("config"), config).expect("a write");
        fs::set_permissions(folder.path().join("config"), Permissions::from_mode(0o644)).expect("a change");
        let (written, given, stop, last) = Default::default();
        Some(Self { folder, written, given, stop, last })
    }

    fn log(&self) -> std::path::PathBuf {
        self.folder.path().join("log")
    }

    fn rotate(&self) {
        let at = |name: &str| self.folder.path().join(name);
        let mut command = Command::new("logrotate");
        let output = command.arg("--state").arg(at("state")).arg("--force").arg(at("config")).output().expect("a run");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }

    fn wait(&self, what: &str, done: impl Fn(&Self) -> bool) {
        let start = Instant::now();
        while !done(self) {
            assert!(start.elapsed() < LONG, "waited in vain for {what}");
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    /// Writes numbered lines until it is told to stop.
    fn write(&self, reopens: Reopens) {
        let told = self.folder.path().join("reopen");
        let mut file = self.open();
        let mut next = 0;
        while !self.stop.load(Ordering::Acquire) {
            let anew = match reopens {
                Reopens::Never => false,
                Reopens::ByLooking => fs::metadata(self.log()).is_ok_and(|meta| meta.ino() != inode(&file)),
                Reopens::ByMaking => fs::metadata(self.log()).map_or(0, |meta| meta.ino()) != inode(&file),
                Reopens::WhenTold => fs::remove_file(&told).is_ok(),
            };
            if anew {
                file = self.open();
            }
            for _ in 0..8 {
                file.write_all(line(next).as_bytes()).expect("a write");
                next += 1;
            }
            self.written.store(next, Ordering::Release);
            std::thread::sleep(BREATH);
        }
    }

    fn open(&self) -> File {
        OpenOptions::new().append(true).create(true).open(self.log()).expect("a file")
    }

    /// Follows, woken by the kernel, until the last line is there.
    fn follow(&self, mut follower: Follower, setup: &Arc<Setup>) -> Told {
        let (ring, bell) = sync_channel::<()>(1);
        // A bell that rings already needs no second pull.
        let wake: Wake = Arc::new(move || ring.try_send(()).unwrap_or_default());
        follower.watched_by(&Watcher::new(Arc::clone(setup)), wake);
        let (mut told, start) = (Told::default(), Instant::now());
        loop {
            let step = follower.step(1 << 20);
            told.note(step.events);
            self.given.store(told.next(), Ordering::Release);
            if self.last.load(Ordering::Acquire) && told.next() == self.written.load(Ordering::Acquire) {
                return told;
            }
            assert!(start.elapsed() < LONG, "the last line does not come: {told:?}");
            if !step.more {
                // Rung or not: it is time to look.
                bell.recv_timeout(follower.next_look()).unwrap_or_default();
            }
        }
    }

    fn until_has(&self, last: u64, follower: &mut Follower, told: &mut Told) {
        let start = Instant::now();
        while told.next() <= last {
            told.note(follower.step(1 << 20).events);
            assert!(start.elapsed() < LONG, "line {last} does not come: {told:?}");
        }
    }

    /// All lines that are on the disk, oldest file first.
    fn on_disk(&self) -> Vec<u64> {
        let mut files: Vec<(u64, std::path::PathBuf)> = fs::read_dir(self.folder.path())
            .expect("a directory")
            .flatten()
            .filter_map(|entry| {
                let name = entry.file_name().into_string().ok()?;
                let rest = name.strip_prefix("log")?;
                let number = rest.trim_start_matches('.').trim_end_matches(".gz");
                Some((if number.is_empty() { 0 } else { number.parse().ok()? }, entry.path()))
            })
            .collect();
        files.sort();
        files.iter().rev().flat_map(|(_, path)| numbers(&content(path))).collect()
    }
}

impl Told {
    fn note(&mut self, events: Vec<Event>) {
        for event in events {
            match event {
                // A copy may end in the midst of a line, and the rest of that is lost by the truncation.
                Event::Block(block) if *block.ends() == Ends::Unfinished => self.halves += 1,
                Event::Block(block) => self.bytes.extend_from_slice(block.bytes()),
                Event::Gap(gap) => self.gaps.push(gap),
                Event::Lost(lost) => self.lost.push(lost.why),
                other => self.events.push(other),
            }
        }
    }

    /// The number of the line that is to come.
    fn next(&self) -> u64 {
        let end = &self.bytes[self.bytes.len().saturating_sub(LINE_BYTES)..];
        numbers(end).last().map_or(0, |last| last + 1)
    }
}

impl fmt::Debug for Told {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { gaps, lost, events, halves, .. } = self;
        write!(out, "up to {}, gaps {gaps:?}, lost {lost:?}, {halves} half lines; {events:?}", self.next())
    }
}

/// The line with this number.
fn line(number: u64) -> String {
    format!("{number:08} a line of a log that is rotated\n")
}

fn inode(file: &File) -> u64 {
    file.metadata().expect("a look").ino()
}

fn content(path: &Path) -> Vec<u8> {
    if path.extension().is_some_and(|ending| ending == "gz") {
        let output = Command::new("gzip").arg("-dc").arg(path).output().expect("gzip");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        return output.stdout;
    }
    let mut bytes = Vec::new();
    File::open(path).and_then(|mut file| file.read_to_end(&mut bytes)).expect("a read");
    bytes
}

/// The numbers of whole lines; a first line that is cut by a window has none.
fn numbers(bytes: &[u8]) -> Vec<u64> {
    let lines = bytes.split_inclusive(|&byte| byte == b'\n').filter(|line| line.ends_with(b" rotated\n"));
    let number = |line: &[u8]| std::str::from_utf8(line.get(..8)?).ok()?.parse().ok();
    lines.filter(|line| line.len() == LINE_BYTES).filter_map(number).collect()
}

fn setup() -> Arc<Setup> {
    let patience =
        Patience { settle: Duration::from_millis(100), reconcile: Duration::from_millis(500), ..Patience::default() };
    Arc::new(Setup { patience, ..Setup::new(Everything) })
}

/// Rotates ten times under way. With `patiently` each rotation waits until the lines before it were given out, as rotations
/// that are hours apart do; else as fast as the program runs.
fn ten_rotations(options: &str, reopens: Reopens, patiently: bool) -> Option<(Vec<u64>, Told)> {
    let scene = Scene::new(options)?;
    drop(scene.open());
    let setup = setup();
    let log = Log::new(scene.log(), Tag::of("here:log"), &setup);
    let mut follower = log.follow(From::Start).expect("a follower");
    // It stands at the beginning of the empty file before the first line is written.
    assert!(matches!(follower.step(1).events[..], [Event::Opened { size: 0, .. }]));
    let told = std::thread::scope(|scope| {
        let writer = scope.spawn(|| scene.write(reopens));
        let reader = scope.spawn(|| scene.follow(follower, &setup));
        for _ in 0..ROTATIONS {
            let goal = scene.written.load(Ordering::Acquire) + BETWEEN;
            scene.wait("lines", |scene| scene.written.load(Ordering::Acquire) >= goal);
            if patiently {
                scene.wait("the reader", |scene| scene.given.load(Ordering::Acquire) >= goal);
            }
            scene.rotate();
        }
        // The last lines must come after the last truncation, or logrotate itself may lose them.
        let goal = scene.written.load(Ordering::Acquire) + BETWEEN;
        scene.wait("lines", |scene| scene.written.load(Ordering::Acquire) >= goal);
        scene.stop.store(true, Ordering::Release);
        writer.join().expect("the writer");
        scene.last.store(true, Ordering::Release);
        reader.join().expect("the reader")
    });
    Some((scene.on_disk(), told))
}

/// What is on the disk was given out; nothing twice, nothing out of order.
fn complete(disk: &[u64], told: &Told) {
    let given = numbers(&told.bytes);
    assert_eq!(given.len() * LINE_BYTES, told.bytes.len(), "something else than whole lines was given out");
    assert!(given.is_sorted_by(|a, b| a < b), "twice, or out of order: {:?}", given.windows(2).find(|w| w[0] >= w[1]));
    let given: BTreeSet<u64> = given.into_iter().collect();
    let missing: Vec<&u64> = disk.iter().filter(|line| !given.contains(line)).collect();
    assert!(missing.is_empty(), "{} lines are missing, first {:?}; told: {told:?}", missing.len(), missing[0]);
}

fn nothing_is_lost(options: &str, reopens: Reopens, patiently: bool) {
    let Some((disk, told)) = ten_rotations(options, reopens, patiently) else { return };
    complete(&disk, &told);
    // On a busy machine the writer may look so late that it goes on in a file that logrotate has compressed and removed
    // meanwhile: such lines are not on the disk, and may be told as lost.
    if disk.iter().copied().eq(0..disk.len() as u64) {
        assert_eq!((told.lost.as_slice(), told.halves), ([].as_slice(), 0));
    }
}

#[test]
fn logrotate_create_with_a_writer_that_looks() {
    nothing_is_lost("create 0644", Reopens::ByLooking, false);
}

#[test]
fn logrotate_create_with_a_writer_that_is_told() {
    let options = "create 0644\n postrotate\n touch FOLDER/reopen\n endscript";
    nothing_is_lost(options, Reopens::WhenTold, false);
}

#[test]
fn logrotate_without_create() {
    nothing_is_lost("nocreate", Reopens::ByMaking, false);
}

#[test]
fn logrotate_create_and_compress_later() {
    nothing_is_lost("create 0644\n compress\n delaycompress", Reopens::ByLooking, true);
}

#[test]
fn logrotate_create_and_compress_at_once() {
    let options = "create 0644\n compress";
    let Some((disk, told)) = ten_rotations(options, Reopens::ByLooking, true) else { return };
    // What the writer adds to a file that is being compressed is lost by that; this is what `delaycompress` is for.
    complete(&disk, &told);
}

#[test]
fn logrotate_copytruncate() {
    let Some((disk, told)) = ten_rotations("copytruncate", Reopens::Never, false) else { return };
    complete(&disk, &told);
}

#[test]
fn logrotate_copytruncate_and_compress_later() {
    let options = "copytruncate\n compress\n delaycompress";
    let Some((disk, told)) = ten_rotations(options, Reopens::Never, true) else { return };
    complete(&disk, &told);
}

#[test]
fn who_was_away_for_three_rotations_goes_on_where_it_was() {
    let Some(scene) = Scene::new("create 0644") else { return };
    let write = |lines: std::ops::Range<u64>| {
        let text: String = lines.map(line).collect();
        scene.open().write_all(text.as_bytes()).expect("a write");
    };
    write(0..100);
    let log = Log::new(scene.log(), Tag::of("here:log"), &setup());
    let mut told = Told::default();
    let mut follower = log.follow(From::Start).expect("a follower");
    told.note(follower.step(1).events);
    let place = follower.edge().expect("a place").position.to_string();
    drop((follower, log));
    for round in 1..=3 {
        write(round * 100..round * 100 + 50);
        scene.rotate();
        write(round * 100 + 50..round * 100 + 100);
    }
    let log = Log::new(scene.log(), Tag::of("here:log"), &setup());
    let mut follower = log.follow(From::At(place.parse().expect("its own text"))).expect("a follower");
    scene.until_has(399, &mut follower, &mut told);
    complete(&scene.on_disk(), &told);
    assert_eq!(numbers(&told.bytes).len(), 400);
}
