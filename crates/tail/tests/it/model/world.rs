//! The disk as the model sees it: every byte ever written has a number, and each file knows which bytes it holds now.
//!
//! Every hand laid on the real files is laid on the model too. A byte's number survives renames and copies, so that "once"
//! means once however many files hold it. A byte also has a key, the life of the file it was first written to and its
//! offset there: that is the order in which a reader is to get them. Each write begins with a number of its own, so that
//! no two stretches look alike; equal bytes in different files are the business of other tests.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs::{self, File, OpenOptions};
use std::os::unix::fs::{FileExt as _, MetadataExt as _, symlink};
use std::path::PathBuf;
use std::time::SystemTime;

use rustix::time::{ClockId, clock_gettime};

/// A byte that was written, for good.
pub(super) type Id = usize;

/// A file, whatever it is called now.
pub(super) type Ino = usize;

/// Where a byte stands in the order of reading: which life of the log, and where in it.
pub(super) type Key = (u32, u64);

/// A byte that nobody wrote: part of a hole.
pub(super) const HOLE: Id = 0;

/// So many bytes of the beginning of a file are like no other.
pub(super) const SHORTEST: usize = 4;

/// How many rotated files are kept.
const KEPT: usize = 4;

/// A set of bytes. There are millions of them and they are numbered in turn, so each is a place in a row: a set that hashes
/// them took most of the time of a case.
pub(super) struct Ids(Vec<bool>);

impl Ids {
    /// None of so many.
    pub(super) fn none(of: usize) -> Self {
        Self(vec![false; of])
    }

    /// Puts a byte in; false when it was in already.
    pub(super) fn insert(&mut self, id: Id) -> bool {
        !std::mem::replace(&mut self.0[id], true)
    }

    pub(super) fn contains(&self, id: Id) -> bool {
        self.0[id]
    }
}

/// What a file holds now.
#[derive(Clone, Debug, Default)]
pub(super) struct Body {
    pub(super) bytes: Vec<u8>,
    pub(super) ids: Vec<Id>,
    /// Changes whenever bytes are taken away.
    pub(super) life: u32,
    /// How long it was when it was cut last.
    pub(super) cut: usize,
}

/// The service that writes the log.
struct Writer {
    file: File,
    ino: Ino,
    at: usize,
}

pub(super) struct World {
    folder: tempfile::TempDir,
    /// The log's path is a link to `data0`, `data1` …
    linked: bool,
    target: usize,
    append: bool,
    pub(super) names: BTreeMap<String, Ino>,
    pub(super) bodies: Vec<Body>,
    pub(super) keys: Vec<Key>,
    /// What a byte was that is part of another line since its own was cut.
    pub(super) was: HashMap<Id, Id>,
    lives: u32,
    writer: Option<Writer>,
    writes: usize,
    /// The log was cut in the middle or replaced since the last look. Nobody does two such things at once.
    pub(super) cut: bool,
    used: HashSet<(u64, SystemTime)>,
    /// Files that have only some of the lines that were there: cut in the middle, or renamed over the log; and copies of
    /// them, which are true.
    pub(super) rewritten: BTreeMap<Ino, bool>,
}

impl Body {
    /// The start of the line that the byte at `offset` is in.
    pub(super) fn line_start(&self, offset: usize) -> usize {
        self.bytes[..offset].iter().rposition(|&byte| byte == b'\n').map_or(0, |at| at + 1)
    }

    /// Where the half line at the end begins.
    pub(super) fn whole(&self) -> usize {
        self.line_start(self.bytes.len())
    }
}

impl World {
    pub(super) fn new(linked: bool, append: bool) -> Self {
        let folder = tempfile::tempdir().expect("a temporary directory");
        if linked {
            symlink("data0", folder.path().join("log")).expect("a link");
        }
        let (names, bodies, keys) = (BTreeMap::new(), Vec::new(), vec![(0, 0)]);
        let (target, lives, writer, writes, cut) = (0, 0, None, 0, false);
        let (used, rewritten, was) = Default::default();
        Self { folder, linked, target, append, names, bodies, keys, was, lives, writer, writes, cut, used, rewritten }
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The name of the file that the log's path leads to, if it is there.
    pub(super) fn real(&self) -> String {
        if self.linked { format!("data{}", self.target) } else { "log".to_owned() }
    }

    /// Where the log's path ever led, oldest first.
    pub(super) fn homes(&self) -> Vec<String> {
        if self.linked { (0..=self.target).map(|n| format!("data{n}")).collect() } else { vec![self.real()] }
    }

    /// The file that the log's path leads to.
    pub(super) fn front(&self) -> Option<Ino> {
        self.names.get(&self.real()).copied()
    }

    /// The files of the log, oldest first, whose real name is `home`; `home` itself among them.
    pub(super) fn family(&self, home: &str) -> Vec<Ino> {
        let siblings = (1..=KEPT + 1).rev().map(|n| format!("{home}.{n}"));
        siblings.chain([home.to_owned()]).filter_map(|name| self.names.get(&name).copied()).collect()
    }

    /// All bytes that these files hold.
    pub(super) fn ids(&self, files: &[Ino]) -> Ids {
        let mut ids = Ids::none(self.keys.len());
        for &id in files.iter().flat_map(|&ino| &self.bodies[ino].ids) {
            ids.insert(id);
        }
        ids
    }

    /// The number of lives that have begun.
    pub(super) fn lives(&self) -> u32 {
        self.lives
    }

    /// The service writes `lines` lines of about `len` bytes, the first of which finishes a half line, and perhaps half a one.
    pub(super) fn write(&mut self, lines: usize, len: usize, half: bool) {
        let mut text = Vec::new();
        for line in 0..lines + usize::from(half) {
            self.writes += 1;
            let mut word = format!("{}.", self.writes).into_bytes();
            word.resize(word.len().max(len), b'a' + (self.writes % 26) as u8);
            text.extend(word);
            if line < lines {
                text.push(b'\n');
            }
        }
        self.put(&text);
    }

    fn put(&mut self, text: &[u8]) {
        let Writer { file, ino, at } = self.writer.take().unwrap_or_else(|| self.start_writing());
        let size = self.bodies[ino].bytes.len();
        let at = if self.append || text.is_empty() { size } else { at };
        file.write_all_at(text, at as u64).expect("a write");
        let life = self.bodies[ino].life;
        let body = &mut self.bodies[ino];
        body.bytes.resize(at.max(body.bytes.len()), 0);
        body.ids.resize(body.bytes.len(), HOLE);
        body.bytes.truncate(at);
        body.ids.truncate(at);
        for (place, &byte) in (at..).zip(text) {
            body.ids.push(self.keys.len());
            body.bytes.push(byte);
            self.keys.push((life, place as u64));
        }
        self.writer = Some(Writer { file, ino, at: at + text.len() });
    }

    fn start_writing(&mut self) -> Writer {
        self.touch();
        let ino = self.front().expect("the file that was just made");
        let file = OpenOptions::new().write(true).open(self.path(&self.real())).expect("a file");
        Writer { file, ino, at: self.bodies[ino].bytes.len() }
    }

    /// The service opens the log anew at its next write.
    pub(super) fn reopen(&mut self) {
        self.writer = None;
    }

    /// The log is there, perhaps empty.
    pub(super) fn touch(&mut self) {
        let name = self.real();
        if !self.names.contains_key(&name) {
            let ino = self.create(&name);
            self.names.insert(name, ino);
        }
    }

    fn create(&mut self, name: &str) -> Ino {
        // A file system may give out an inode number again at once. That is tested; two files born in the same tick
        // of the clock with the same number cannot be told apart by anybody.
        loop {
            let file = File::create_new(self.path(name)).expect("a new file");
            let meta = file.metadata().expect("a look");
            let born = meta.created().unwrap_or_else(|_| meta.modified().expect("a time"));
            if self.used.insert((meta.ino(), born)) {
                break;
            }
            fs::remove_file(self.path(name)).expect("a removal");
            tick();
        }
        self.lives += 1;
        self.bodies.push(Body { life: self.lives, ..Body::default() });
        self.bodies.len() - 1
    }

    /// Copies the bytes of `body` to a new file, holes as holes.
    fn lay(&self, name: &str, body: &Body) {
        let data = body.ids.iter().take_while(|&&id| id == HOLE).count();
        let file = OpenOptions::new().write(true).open(self.path(name)).expect("a file");
        file.set_len(body.bytes.len() as u64).expect("a hole");
        file.write_all_at(&body.bytes[data..], data as u64).expect("a copy");
    }

    fn rename(&mut self, from: &str, to: &str) {
        if let Some(ino) = self.names.remove(from) {
            fs::rename(self.path(from), self.path(to)).expect("a rename");
            self.names.insert(to.to_owned(), ino);
        }
    }

    pub(super) fn remove(&mut self, name: &str) {
        if self.names.remove(name).is_some() {
            fs::remove_file(self.path(name)).expect("a removal");
        }
    }

    /// Makes room at `.1`: the oldest goes, the others move up.
    fn shift(&mut self) {
        let home = self.real();
        self.remove(&format!("{home}.{KEPT}"));
        for n in (1..KEPT).rev() {
            self.rename(&format!("{home}.{n}"), &format!("{home}.{}", n + 1));
        }
    }

    pub(super) fn rotate(&mut self, create: bool) {
        // What is being copied is not renamed as well.
        if self.front().is_some_and(|front| self.bodies[front].bytes.is_empty() || !self.is_copied(front)) {
            self.shift();
            self.rename(&self.real(), &format!("{}.1", self.real()));
        }
        if create {
            self.touch();
        }
    }

    pub(super) fn copy(&mut self) {
        // What is being copied is not copied once more.
        let free = |front: &Ino| !self.cut && (self.bodies[*front].bytes.is_empty() || !self.is_copied(*front));
        let Some(front) = self.front().filter(free) else { return };
        self.shift();
        let name = format!("{}.1", self.real());
        let ino = self.create(&name);
        self.bodies[ino] = self.bodies[front].clone();
        self.lay(&name, &self.bodies[ino]);
        if self.rewritten.contains_key(&front) {
            self.rewritten.insert(ino, true);
        }
        self.names.insert(name, ino);
    }

    /// Cuts the log off after `part` 255ths of its bytes.
    pub(super) fn truncate(&mut self, part: u8) {
        let Some(ino) = self.front() else { return };
        let copied =
            self.is_copied(ino) || (self.cut && self.rewritten.get(&ino) == Some(&false) && self.bodies[ino].cut == 0);
        let body = &mut self.bodies[ino];
        // What was copied is cut to nothing, or not at all.
        let size = if copied { 0 } else { body.bytes.len() * usize::from(part) / 255 };
        // Two or three bytes may begin any file.
        let size = if size < SHORTEST { 0 } else { size };
        if size == body.bytes.len() {
            return;
        }
        self.lives += 1;
        body.life = self.lives;
        let start = body.line_start(size);
        // What is left of a line that was whole is the beginning of another one.
        if body.whole() > start {
            for (place, id) in body.ids.iter_mut().enumerate().take(size).skip(start).filter(|(_, id)| **id != HOLE) {
                self.was.insert(self.keys.len(), *id);
                *id = self.keys.len();
                self.keys.push((body.life, place as u64));
            }
        }
        body.bytes.truncate(size);
        body.ids.truncate(size);
        body.cut = size;
        if size > 0 {
            self.rewritten.insert(ino, false);
            self.cut = true;
        }
        let file = OpenOptions::new().write(true).open(self.path(&self.real())).expect("a file");
        file.set_len(size as u64).expect("a truncation");
    }

    fn is_copied(&self, ino: Ino) -> bool {
        let first = self.bodies[ino].ids.first();
        self.names.values().any(|&it| it != ino && self.bodies[it].ids.first() == first)
    }

    /// Another file is renamed over the log: it begins with the first `kept` 255ths of its lines and has `lines` more.
    pub(super) fn replace(&mut self, kept: u8, lines: usize) {
        let Some(front) = self.front().filter(|_| !self.cut) else { return };
        let mut body = self.bodies[front].clone();
        let size = body.bytes.len();
        let kept = if self.is_copied(front) { 0 } else { usize::from(kept) };
        let keep = body.line_start(size * kept / 255);
        body.bytes.truncate(keep);
        body.ids.truncate(keep);
        let ino = self.create("temp");
        let life = self.bodies[ino].life;
        self.lay("temp", &body);
        self.bodies[ino] = Body { life, cut: 0, ..body };
        self.rewritten.insert(ino, false);
        self.cut = true;
        tick();
        fs::rename(self.path("temp"), self.path(&self.real())).expect("a rename");
        self.names.insert(self.real(), ino);
        if lines > 0 {
            self.reopen();
            self.write(lines, 8, false);
        }
    }

    /// The link leads to a fresh name from now on.
    pub(super) fn retarget(&mut self) {
        if self.linked {
            self.target += 1;
            symlink(self.real(), self.path("new")).expect("a link");
            fs::rename(self.path("new"), self.path("log")).expect("a rename");
        }
    }
}

/// Waits until the clock that stamps files has gone on: a few milliseconds.
fn tick() {
    let now = || clock_gettime(ClockId::RealtimeCoarse);
    let before = now();
    while now() == before {
        std::thread::yield_now();
    }
}
