//! A follower under the eyes of the model: whatever it tells is checked against what is on the disk at that moment.

mod events;

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::Arc;
use std::time::Duration;

use tailcast_tail::{
    ANCHOR_BYTES, BLOCK_BYTES, Begins, Block, Ends, Event, Everything, Follower, From, Gap, Life, Log, Loss, Lost,
    Patience, Position, Setup, Tag,
};

use super::world::{Body, HOLE, Id, Ino, Key, World};

/// What is wrong, in words.
pub(super) type Check<T = ()> = Result<T, String>;

macro_rules! ensure {
    ($what:expr, $($words:tt)*) => {
        if !$what {
            return Err(format!($($words)*));
        }
    };
}
pub(super) use ensure;

/// Longer than any test.
const EVER: Duration = Duration::from_secs(3600);

/// Goes on as soon as there is nothing more to read, and looks after what it left.
const HASTY: Patience = Patience {
    settle: Duration::ZERO,
    idle: Duration::ZERO,
    grace: EVER,
    reconcile: Duration::ZERO,
    poll: Duration::ZERO,
    rewatch: EVER,
};

/// Never leaves a file that somebody may still write to.
const PATIENT: Patience = Patience { settle: EVER, idle: EVER, ..HASTY };

/// How many left files are looked after.
const LOOKED_AFTER: usize = 4;

/// What a hole is rounded to.
const PAGE: usize = 4096;

/// A megabyte a step, and files of a few megabytes.
const MOST_STEPS: usize = 1000;

/// A position and what stood around it.
#[derive(Clone)]
pub(super) struct Spot {
    pub(super) position: Position,
    pub(super) offset: u64,
    /// Of all bytes before the place.
    prefix: u64,
    /// Nothing but NUL bytes in front of it: a position remembers 64 of them, with which it also stands in what becomes of a file
    /// that is cut and outgrows it behind another hole.
    pub(super) in_hole: bool,
    /// The first ≤ 1 KiB of the file.
    head: Vec<u8>,
}

/// How sure it is that a file holds a spot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Holds {
    No,
    Perhaps,
    Surely,
}

impl Spot {
    fn new(position: Position, body: &Body) -> Self {
        let offset = position.offset().0;
        let head = body.bytes[..body.bytes.len().min(1024)].to_vec();
        let before = &body.bytes[..offset as usize];
        let in_hole = offset > 0 && before[before.len().saturating_sub(ANCHOR_BYTES)..].iter().all(|&byte| byte == 0);
        Self { position, offset, prefix: hash(before), in_hole, head }
    }

    pub(super) fn held_by(&self, body: &Body) -> Holds {
        match body.bytes.get(..self.offset as usize) {
            Some(before) if hash(before) == self.prefix => {}
            _ => return Holds::No,
        }
        // What is known of the head may be less than there was.
        if self.offset > 0 && body.bytes.starts_with(&self.head) { Holds::Surely } else { Holds::Perhaps }
    }
}

/// Where the follower is, as far as it told.
struct At {
    life: Life,
    /// The files it may be, each with the life the model knew then; narrowed by what is read.
    files: Vec<(Ino, u32)>,
    offset: u64,
    /// The first place from which it can prove what stood before.
    proof: Option<u64>,
    /// The most bytes it saw.
    seen: u64,
    /// What it saw and has not given out.
    tail: Vec<Id>,
    /// The same as bytes, holes included.
    tail_bytes: Vec<u8>,
}

/// A file that was left.
struct Left {
    life: Life,
    files: Vec<(Ino, u32)>,
    told: u64,
}

/// What the next opening must be.
#[derive(Clone)]
enum Opening {
    First,
    End,
    At(Spot),
    Again,
}

/// What a follower has told since it began.
#[derive(Default)]
struct Books {
    /// What is behind this key was there before.
    base: Option<Key>,
    /// Whether anything was ever open.
    opened: bool,
    /// Where it reads; nothing while nothing is open.
    at: Option<At>,
    /// Bytes that were given out or told, by number.
    done: Vec<bool>,
    left: Vec<Left>,
    /// How long the files were that a follower may have found rotated away when it started.
    found: Vec<(Ino, u64)>,
    /// Files that nobody looks after any more.
    evicted: Vec<Ino>,
    /// Files that may be read anew.
    again: HashSet<Ino>,
    /// Lines that were seen are gone, and that is still to be told.
    owed: bool,
    /// Where the log's path led when it last read what that led to; before that, where the file stands that it reads.
    came_to: Option<String>,
}

pub(super) struct Reader {
    pub(super) log: Log,
    follower: Option<Follower>,
    patient: bool,
    start: Opening,
    books: Books,
    /// The real name of the log's file when it was last read.
    pub(super) home: String,
    pub(super) spots: Vec<Spot>,
    last: Option<Spot>,
    told: Vec<String>,
}

impl Reader {
    pub(super) fn new(world: &World, from_end: bool, patient: bool) -> Self {
        let (from, start) = if from_end { (From::End, Opening::End) } else { (From::Start, Opening::First) };
        let log = new_log(world, patient);
        let follower = Some(log.follow(from).expect("a follower"));
        let (books, home, spots, last, told) = (Books::default(), world.real(), Vec::new(), None, Vec::new());
        Self { log, follower, patient, start, books, home, spots, last, told }
    }

    /// What was told so far, for a person.
    pub(super) fn story(&self) -> String {
        self.told.join("\n")
    }

    pub(super) fn note(&mut self, what: String) {
        self.told.push(what);
    }

    pub(super) fn stop(&mut self) {
        (self.follower, self.books) = (None, Books::default());
    }

    /// Goes on where it was `back` spots ago, as another process would.
    pub(super) fn resume(&mut self, world: &World, back: usize, patient: bool) {
        self.stop();
        self.log = new_log(world, patient);
        let older = self.spots.len().checked_sub(back).and_then(|at| self.spots.get(at)).cloned();
        let spot = if back == 0 { self.last.clone() } else { older.or(self.last.clone()) };
        let from = match &spot {
            Some(spot) => From::At(spot.position.to_string().parse().expect("its own text")),
            None => From::Start,
        };
        self.start = spot.map_or(Opening::First, Opening::At);
        self.follower = Some(self.log.follow(from).expect("a follower"));
        self.patient = patient;
        self.spots.clear();
    }

    /// Steps until there is nothing more, then all that could be read must have come.
    pub(super) fn look(&mut self, world: &World) -> Check {
        let mut steps = 0;
        while self.step(world, 1 << 20)? {
            steps += 1;
            ensure!(steps < MOST_STEPS, "there is always more");
        }
        ensure!(!self.books.owed, "lines that were seen are gone, and nothing was said");
        self.complete(world)
    }

    /// One step. Returns whether there is more.
    pub(super) fn step(&mut self, world: &World, most: usize) -> Check<bool> {
        self.books.done.resize(world.keys.len(), false);
        self.books.done[HOLE] = true;
        self.miss(world);
        if !self.books.opened {
            // Who never read the log knows only what its path leads to.
            self.home = world.real();
        }
        let Some(follower) = &mut self.follower else { return Ok(false) };
        let step = follower.step(most);
        let mut excuse = false;
        for event in &step.events {
            self.told.push(words(event));
            self.event(world, event, &mut excuse)?;
        }
        self.arrive(world, step.more)?;
        Ok(step.more)
    }

    /// Skips to the end.
    pub(super) fn skip(&mut self, world: &World) -> Check {
        self.books.done.resize(world.keys.len(), false);
        let Some(follower) = &mut self.follower else { return Ok(()) };
        let gap = follower.skip_to_end().map_err(|error| error.to_string())?;
        let (Some(gap), Some(at)) = (gap, &mut self.books.at) else { return Ok(()) };
        self.told.push(format!("skipped to {}", gap.to.offset()));
        let (from, to) = (gap.from.offset().0, gap.to.offset().0);
        ensure!(from == at.offset, "it skips from {from}, and was at {}", at.offset);
        at.files.retain(|&(ino, _)| {
            let body = &world.bodies[ino];
            snapped(body, body.bytes.len() as u64) == to
        });
        let body = at.files.first().map(|&(ino, _)| &world.bodies[ino]).ok_or("it skips, and not to the last line")?;
        for &id in &body.ids[from as usize..to as usize] {
            self.books.done[id] = true;
        }
        at.offset = to;
        at.proof = at.proof.or(Some(at.offset));
        at.tail.clear();
        at.tail_bytes.clear();
        Ok(())
    }

    /// Whether lines that were seen, and not given out, are gone.
    fn miss(&mut self, world: &World) {
        let unseen = self.books.at.as_ref().map(|at| unseen_beginnings(world, at, &self.books.done));
        for id in unseen.unwrap_or_default() {
            self.books.done[id] = true;
        }
        let Some(at) = self.books.at.as_ref().filter(|at| !at.tail.is_empty()) else { return };
        let reach = world.ids(&self.reach(world));
        let missing = at.tail.iter().any(|&id| !reach.contains(id));
        // A file that was cut behind the place and has outgrown its old size looks like any other.
        let unseen = at.files.iter().any(|&(ino, _)| world.bodies[ino].bytes.len() as u64 >= at.seen);
        self.books.owed |= missing && !unseen;
    }

    /// The files in which a reader is to look for lines.
    fn reach(&self, world: &World) -> Vec<Ino> {
        let mut files = self.named(world);
        files.extend(self.books.at.iter().flat_map(|at| at.files.iter().map(|&(ino, _)| ino)));
        files.sort_unstable();
        files.dedup();
        files
    }

    /// Where a link led before it was turned, oldest first, from where it came to what it led to.
    pub(super) fn apart(&self, world: &World) -> Vec<String> {
        let mut homes = world.homes();
        homes.truncate(homes.len() - 1);
        // It may read a copy of what the link leads to, and not have come there.
        let is_sure = self.books.at.as_ref().is_none_or(|at| at.files.len() == 1);
        let from = self.books.came_to.as_ref().and_then(|came_to| homes.iter().position(|home| home == came_to));
        match from {
            Some(from) => homes.split_off(from),
            None if is_sure => Vec::new(),
            None => homes,
        }
    }

    /// Those of them that have names.
    fn named(&self, world: &World) -> Vec<Ino> {
        let mut files = world.family(&self.home);
        files.extend(world.family(&world.real()));
        files
    }

    /// All that can be read and is newer than the base must be given out or told.
    fn complete(&self, world: &World) -> Check {
        let (Some(base), Some(_)) = (self.books.base, &self.follower) else { return Ok(()) };
        let reading: Vec<Ino> = self.books.at.iter().flat_map(|at| at.files.iter().map(|&(ino, _)| ino)).collect();
        let files = match reading[..] {
            // It may stay in one of several that are still alike.
            [_, _, ..] if self.patient => return Ok(()),
            [_, _, ..] => self.named(world),
            _ if self.patient => reading.clone(),
            _ => self.reach(world),
        };
        for ino in files {
            let body = &world.bodies[ino];
            if (reading.len() > 1 || !reading.contains(&ino)) && self.books.evicted.contains(&ino) {
                continue;
            }
            let undone = body.ids[..body.whole()]
                .iter()
                .position(|&id| id != HOLE && world.keys[id] > base && !self.books.done[id]);
            if let Some(place) = undone {
                let name = world.names.iter().find(|(_, it)| **it == ino).map_or("a file without a name", |it| it.0);
                let text = String::from_utf8_lossy(&body.bytes[place..body.bytes.len().min(place + 20)]);
                return Err(format!("not given out: {text:?} at {place} of {name}"));
            }
        }
        Ok(())
    }
}

/// Behind what a reader is that begins at `offset`.
fn base(world: &World, body: &Body, offset: usize) -> Key {
    let before = body.ids[..offset].iter().rev().find(|&&id| id != HOLE);
    let first = body.ids.iter().find(|&&id| id != HOLE).map_or(body.life, |&id| world.keys[id].0.min(body.life));
    before.map_or((first - 1, u64::MAX), |&id| world.keys[id])
}

/// A log as another process would make it.
fn new_log(world: &World, patient: bool) -> Log {
    let patience = if patient { PATIENT } else { HASTY };
    let setup = Arc::new(Setup { patience, ..Setup::new(Everything) });
    Log::new(world.path("log"), Tag::of("here:log"), &setup)
}

/// Where a reader goes on that is sent to `offset`: the start of the line, if that is near; else behind a hole, if one
/// reaches back further.
pub(super) fn snapped(body: &Body, offset: u64) -> u64 {
    let start = body.line_start(offset as usize) as u64;
    if offset - start < BLOCK_BYTES as u64 {
        return start;
    }
    let far = offset as usize + 1 - BLOCK_BYTES;
    let hole = body.ids[far..offset as usize].iter().take_while(|&&id| id == HOLE).count();
    // A file system knows of holes in whole pages only.
    if (far + hole) / PAGE * PAGE > far { (far + hole) as u64 } else { offset }
}

/// The first bytes of a line that was cut off and is another one now were given out with the old one: to who cannot see the
/// cut, since the file has outgrown its old size and all that was given out still stands, they are no others.
fn unseen_beginnings(world: &World, at: &At, done: &[bool]) -> Vec<Id> {
    let bodies = at.files.iter().map(|&(ino, life)| (&world.bodies[ino], life));
    let unseen = bodies.filter(|(body, life)| {
        body.life != *life && body.bytes.len() as u64 >= at.seen && body.cut as u64 >= at.offset
    });
    let given = unseen.flat_map(|(body, _)| &body.ids[..at.offset as usize]);
    given.copied().filter(|id| world.was.get(id).is_some_and(|&was| done[was])).collect()
}

/// How the block says it begins and ends.
fn shape(block: &Block, body: &Body) -> Check {
    let (start, end) = (block.start().0 as usize, block.end().0 as usize);
    let at_line = start == 0 || body.bytes[start - 1] == b'\n';
    let behind_hole = start > 0 && body.ids[start - 1] == HOLE;
    ensure!(behind_hole || at_line == (block.begins() == Begins::AtLine), "{start} is {:?}", block.begins());
    let whole = body.bytes[end - 1] == b'\n';
    match block.ends() {
        Ends::Whole => ensure!(whole, "ends whole at {end}"),
        Ends::Continues => ensure!(!whole && end - start == BLOCK_BYTES, "goes on at {end}"),
        Ends::Unfinished => ensure!(!whole && end == body.bytes.len(), "ends unfinished at {end}"),
        Ends::Cut { .. } => return Err("a follower cuts a line".to_owned()),
    }
    Ok(())
}

fn hash(bytes: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    bytes.hash(&mut hasher);
    hasher.finish()
}

pub(super) fn text(bytes: &[u8]) -> String {
    format!("{:?} ({} bytes)", String::from_utf8_lossy(&bytes[..bytes.len().min(60)]), bytes.len())
}

fn words(event: &Event) -> String {
    match event {
        Event::Block(block) => format!("  {} to {}: {}", block.start(), block.end(), text(block.bytes())),
        Event::Gap(gap) => format!("  Gap from {} to {}", gap.from.offset(), gap.to.offset()),
        Event::Lost(lost) => format!("  Lost from {}: {:?}, {}", lost.from.offset(), lost.bytes, lost.why),
        other => format!("  {other:?}"),
    }
}
