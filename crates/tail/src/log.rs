//! One offered path. See [`Log`].

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use crate::error::{Error, Obstacle};
use crate::file::{Identity, Stat};
use crate::follow::{Follower, From};
use crate::gate::Role;
use crate::homes::Homes;
use crate::incarnation::{Held, Remembered};
use crate::page::Cap;
use crate::position::Tag;
use crate::setup::{Counter, Setup};
use crate::siblings::{Member, chain};

/// How often names are looked at again while they change under our eyes. A rotation changes each once.
const MOST_TRIES: usize = 5;

/// Longer than the clock that stamps directories stands still: 10 ms on the slowest kernels.
const TICK: Duration = Duration::from_millis(20);

/// One offered path. Costs nothing while unused: no descriptor, no watch. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Log(pub(crate) Arc<Shared>);

/// What the follower and the readers of a log share.
pub(crate) struct Shared {
    pub(crate) path: PathBuf,
    pub(crate) tag: Tag,
    pub(crate) setup: Arc<Setup>,
    /// The incarnations that somebody holds open: as many as there are files being read, forgotten with the last
    /// holder.
    pub(crate) alive: Mutex<Vec<Remembered>>,
    /// Where the path leads and led; rotated siblings stand there.
    pub(crate) homes: Homes,
    /// Times a file could not be opened since there was no descriptor for it.
    pub(crate) lacked: Counter,
    followed: AtomicBool,
}

/// What a list shows of a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Glance {
    /// Size in bytes.
    pub size: u64,
    /// Last modified, in nanoseconds since 1970.
    pub modified: i128,
}

impl Log {
    /// The log at `path`; `tag` is the tag of its name, and goes into its positions.
    #[must_use]
    pub fn new(path: PathBuf, tag: Tag, setup: &Arc<Setup>) -> Self {
        let homes = Homes::of(path.clone());
        let (setup, alive, followed) = (Arc::clone(setup), Mutex::default(), AtomicBool::new(false));
        let lacked = Counter::default();
        Self(Arc::new(Shared { path, tag, setup, alive, homes, lacked, followed }))
    }

    /// The path it was made with.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0.path
    }

    /// Starts following. One follower per log: who wants it too shares what that one reads. The file need not be there
    /// yet; what is found, and a place that is gone, is told by the first [`Follower::step`].
    ///
    /// # Errors
    /// [`Error::Followed`] while another follower lives, [`Error::AnotherLog`] for a position of another log.
    pub fn follow(&self, from: From) -> Result<Follower, Error> {
        if matches!(from, From::At(position) if position.tag() != self.0.tag) {
            return Err(Error::AnotherLog);
        }
        if self.0.followed.swap(true, Ordering::AcqRel) {
            return Err(Error::Followed);
        }
        Ok(Follower::new(Arc::clone(&self.0), from))
    }

    /// A look at the file at the path without opening it for reading: what a list shows. Passes the same gate.
    ///
    /// # Errors
    /// Why it could not be read.
    pub fn glance(&self) -> Result<Glance, Obstacle> {
        let Stat { size, modified, .. } = self.0.look()?;
        Ok(Glance { size, modified })
    }
}

impl Shared {
    /// All files of the log, newest first. A rotation that runs meanwhile gives one file after the other another name, and a
    /// directory read at that moment may show a file under neither: it is read until it shows the same twice.
    pub(crate) fn chain(&self) -> Vec<Member> {
        let (mut homes, mut began) = (self.homes.of_path(&self.path), SystemTime::now());
        let mut members = chain(&self.path, &homes);
        for _ in 0..MOST_TRIES {
            if homes.iter().all(|home| unchanged_since(home, began)) {
                break;
            }
            (homes, began) = (self.homes.of_path(&self.path), SystemTime::now());
            let again = chain(&self.path, &homes);
            let same = again.iter().map(Member::named).eq(members.iter().map(Member::named));
            members = again;
            if same {
                break;
            }
        }
        members
    }

    /// Opens that very file, also if it was given another name since it was listed.
    pub(crate) fn open_member(&self, member: &Member) -> Result<Held, Obstacle> {
        let mut now = member.clone();
        for _ in 0..MOST_TRIES {
            match self.open(&now.path, now.role) {
                Ok(held) if held.file().identity() == member.identity => {
                    self.homes.settle(&self.path);
                    return Ok(held);
                }
                Ok(_) | Err(Obstacle::NotThere) => {}
                Err(why) => return Err(why),
            }
            let mut listed = self.chain().into_iter();
            now = listed.find(|listed| listed.identity == member.identity).ok_or(Obstacle::NotThere)?;
        }
        Err(Obstacle::NotThere)
    }

    /// Opens what the path leads to.
    pub(crate) fn open_front(&self) -> Result<Held, Obstacle> {
        self.open(&self.path, Role::Itself)
    }

    /// The readable files that are newer than `ours`, the nearest first, the one at the path last.
    /// If `ours` is no longer beside the others, siblings count as newer that are not among the `known` older ones; where none
    /// are known, those that were written to after it.
    pub(crate) fn ahead_of(&self, ours: &Held, known: Option<&HashSet<Identity>>) -> Vec<Member> {
        let written = ours.file().stat().map(|stat| stat.modified);
        let is_new = |member: &Member| match known {
            Some(known) => !known.contains(&member.identity),
            None => written.is_ok_and(|written| member.modified > written),
        };
        let mut chain = self.chain();
        match place_in(&chain, ours) {
            Some(at) => chain.truncate(at),
            None => chain.retain(|member| member.role == Role::Itself || is_new(member)),
        }
        chain.reverse();
        chain.retain(|member| member.role == Role::Itself || member.is_readable());
        chain
    }

    /// Whether nothing newer than `incarnation` can be seen by who asked so.
    pub(crate) fn is_newest(&self, incarnation: &Held, upto: Option<Cap>) -> bool {
        match upto {
            Some(cap) => cap.life == incarnation.life(),
            None => Stat::at(&self.path).map_or(true, |stat| stat.identity == incarnation.file().identity()),
        }
    }

    /// The readable siblings that are older than `ours`, the nearest first; all of them if it is no longer beside them.
    pub(crate) fn behind(&self, ours: &Held) -> Vec<Member> {
        let chain = self.chain();
        let from = place_in(&chain, ours).map_or(0, |at| at + 1);
        readable_siblings(chain, from)
    }

    /// The same. If it is no longer beside them, those that are older than its copy, which comes with them; nothing if it has
    /// none, so that nobody can say which of them are older.
    pub(crate) fn surely_behind(&self, ours: &Held) -> (Vec<Member>, Option<Held>) {
        let chain = self.chain();
        if let Some(at) = place_in(&chain, ours) {
            return (readable_siblings(chain, at + 1), None);
        }
        let copy_of = |member: &Member| {
            let held = self.open_member(member).ok().filter(|_| member.role == Role::Sibling)?;
            held.is_copy_of(ours).then_some(held)
        };
        match chain.iter().enumerate().find_map(|(at, member)| Some((at, copy_of(member)?))) {
            Some((at, copy)) => (readable_siblings(chain, at + 1), Some(copy)),
            None => (Vec::new(), None),
        }
    }

    /// Of the readable siblings that are older than `ours`, those that a writer may still be in, the oldest first, at most
    /// `most`: what was written to since `since`, and the newest also if only its name changed since. With that the older ones are
    /// often renamed, too.
    pub(crate) fn rotated_since(&self, ours: &Held, since: SystemTime, most: usize) -> Vec<Member> {
        let since = since.duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_nanos().cast_signed());
        let chain = self.chain();
        let Some(at) = place_in(&chain, ours) else { return Vec::new() };
        let older = readable_siblings(chain, at + 1).into_iter().enumerate();
        let fresh = older.filter(|(at, member)| member.modified >= since || (*at == 0 && member.changed >= since));
        let mut fresh: Vec<_> = fresh.map(|(_, member)| member).take(most).collect();
        fresh.reverse();
        fresh
    }

    /// The follower is gone; another one may come.
    pub(crate) fn unfollow(&self) {
        self.homes.left();
        self.followed.store(false, Ordering::Release);
    }
}

fn place_in(chain: &[Member], ours: &Held) -> Option<usize> {
    chain.iter().position(|member| member.identity == ours.file().identity())
}

fn readable_siblings(chain: Vec<Member>, from: usize) -> Vec<Member> {
    let from = chain.into_iter().skip(from);
    from.filter(|member| member.role == Role::Sibling && member.is_readable()).collect()
}

/// Whether no name in the directory of `home` changed after `began`, nor so shortly before that its clock may not show it.
fn unchanged_since(home: &Path, began: SystemTime) -> bool {
    let changed = home.parent().and_then(|folder| folder.metadata().ok()?.modified().ok());
    changed.is_some_and(|changed| began.duration_since(changed).is_ok_and(|ago| ago >= TICK))
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Log").field("path", &self.path).finish_non_exhaustive()
    }
}
