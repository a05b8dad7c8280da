//! Files that were left at a rotation and may still be written to by who has not noticed.
//!
//! Lines that come late stand in the rotated file, where history finds them; they are not given out behind newer ones,
//! but told as a gap that can be fetched. A file is looked after until nothing came for `grace`: a writer that was never told to
//! open its log anew goes on for a day, and whoever looks at the log is to know it. Of a deleted one that is `idle` and from when it
//! was left, since it takes room on the disk.
//!
//! Each is watched for as long, so that the first late line is told as soon as any line is, and not when the clock comes round:
//! an agent that is killed meanwhile would never tell it. What comes right behind it is told together, once per `settle`:
//! a gap is a mark before a person and a question to the disk, and a late writer may write line after line.
//!
//! Who starts to follow a log just after a rotation has not left the rotated file, but whoever reads the log up to there and
//! then listens has: it is looked after from its present end, as if the follower had come in time.

use std::time::{Duration, Instant, SystemTime};

use super::Follower;
use crate::event::{Event, Gap};
use crate::incarnation::Held;
use crate::place::Place;
use crate::position::Offset;
use crate::setup::Patience;
use crate::watch::FileWatch;

/// How many left files are looked after; a further one takes the place of the oldest.
const MOST_LEFT: usize = 4;

/// A file that was left.
#[derive(Debug)]
pub(crate) struct Left {
    /// Up to here it was given out or told.
    place: Place,
    since: Instant,
    /// When something that had come was told last.
    grew: Option<Instant>,
    /// Nothing more is told before it had its rest.
    rests: bool,
    watch: Option<FileWatch>,
}

/// What became of a left file.
enum Late {
    Nothing,
    Gap(Gap),
    /// Truncated, rewritten or unreadable: nothing in it is ours any more.
    Over,
}

impl Left {
    pub(crate) fn new(place: Place) -> Self {
        Self { place, since: Instant::now(), grew: None, rests: false, watch: None }
    }

    /// What came since the last look, up to its last line start; `at_last` with the half line at the end.
    fn late(&mut self, at_last: bool) -> Late {
        let held = self.place.held.clone();
        let size = held.size();
        if held.is_over() || size < self.place.offset.0 {
            return Late::Over;
        }
        let end = if at_last { Place::exactly(held, Offset(size)) } else { Place::last_line_start(held) };
        match end {
            Ok(end) if end.offset > self.place.offset => {
                let (from, to) = (self.place.position(), end.position());
                let incarnation = end.held.name().clone();
                self.place = end;
                Late::Gap(Gap { incarnation, from, to })
            }
            Ok(_) => Late::Nothing,
            Err(_) => Late::Over,
        }
    }

    /// How long it is still left alone since something in it was told; nothing when it was not.
    pub(super) fn rest(&self, settle: Duration) -> Option<Duration> {
        self.grew.filter(|_| self.rests).map(|told| settle.saturating_sub(told.elapsed()))
    }

    fn done(&self, patience: &Patience) -> bool {
        let deleted = self.place.held.file().stat().map_or(true, |stat| stat.links == 0);
        let still = self.grew.unwrap_or(self.since).elapsed();
        if deleted { self.since.elapsed() >= patience.idle } else { still >= patience.grace }
    }
}

impl Follower {
    pub(super) fn look_after(&mut self, left: Left, events: &mut Vec<Event>) {
        self.left.push(left);
        if self.left.len() > MOST_LEFT {
            let mut oldest = self.left.remove(0);
            self.tell_late(&mut oldest, true, events);
        }
    }

    /// Looks after the files that were rotated away shortly before `ours` was opened, as they stand. A sibling that begins like
    /// `ours` may be a copy that is being made; what comes into that is not new.
    pub(super) fn look_for_left(&mut self, ours: &Held, events: &mut Vec<Event>) {
        for member in self.shared.rotated_since(ours, SystemTime::now() - self.shared.setup.patience.grace, MOST_LEFT) {
            // One that cannot be opened is not looked after: who follows the log has lost nothing of it so far.
            let Ok(held) = self.shared.open_member(&member) else { continue };
            let end = Offset(held.size());
            if !held.is_copy_of(ours)
                && let Ok(place) = Place::exactly(held, end)
            {
                self.look_after(Left::new(place), events);
            }
        }
    }

    /// Tells what late writers added to the files that were left, and lets go of those that were looked after long
    /// enough.
    pub(super) fn look_after_left(&mut self, events: &mut Vec<Event>) {
        let patience = self.shared.setup.patience;
        for mut left in std::mem::take(&mut self.left) {
            let done = left.done(&patience);
            if !done {
                // Nor is the watch armed before that: it has fired or does so once, and then no line wakes anybody.
                if left.rest(patience.settle).is_some_and(|rest| !rest.is_zero()) {
                    self.left.push(left);
                    continue;
                }
                self.hints.look_back(&mut left.watch, left.place.held.file());
            }
            if self.tell_late(&mut left, done, events) && !done {
                self.left.push(left);
            }
        }
    }

    /// Returns whether the file is still worth a look.
    fn tell_late(&self, left: &mut Left, at_last: bool, events: &mut Vec<Event>) -> bool {
        left.rests = false;
        match left.late(at_last) {
            Late::Gap(gap) => {
                (left.grew, left.rests) = (Some(Instant::now()), true);
                self.shared.setup.counters.gap_bytes.add(gap.bytes());
                events.push(Event::Gap(gap));
                true
            }
            Late::Nothing => true,
            Late::Over => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;
    use std::sync::Arc;

    use super::*;
    use crate::follow::From;
    use crate::gate::Everything;
    use crate::log::Log;
    use crate::position::Tag;
    use crate::setup::Setup;

    /// One that was left so long ago, and grew last so long ago.
    fn left(path: &Path, since: Duration, grew: Option<Duration>) -> Left {
        let ago = |ago: Duration| Instant::now().checked_sub(ago).expect("what the test needs");
        let log = Log::new(path.to_owned(), Tag::of("here:log"), &Arc::new(Setup::new(Everything)));
        let held =
            log.follow(From::Start).expect("what the test needs").shared.open_front().expect("what the test needs");
        Left { since: ago(since), grew: grew.map(ago), ..Left::new(Place::start(held)) }
    }

    #[test]
    fn a_file_is_looked_after_for_as_long_as_its_writer_goes_on_and_a_deleted_one_is_not() {
        let dir = tempfile::tempdir().expect("what the test needs");
        let path = dir.path().join("log.1");
        fs::write(&path, "one\n").expect("what the test needs");
        let patience = Patience::default();
        let (short, long) = (patience.grace / 60, patience.grace * 2);
        assert!(!left(&path, short, None).done(&patience));
        assert!(left(&path, long, None).done(&patience));
        assert!(!left(&path, long, Some(short)).done(&patience), "its writer was never told to open the log anew");
        assert!(left(&path, long * 2, Some(long)).done(&patience));
        let deleted = left(&path, long, Some(Duration::ZERO));
        fs::remove_file(&path).expect("what the test needs");
        assert!(deleted.done(&patience));
    }
}
