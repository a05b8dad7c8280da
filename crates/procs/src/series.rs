//! How many files a process had open over the last hour: its slopes, and whether it grows as a leak does.
//!
//! Pure: times come in with the samples. What is kept is small, whatever the pace of the samples: those of the last minute,
//! and of each minute of the last hour the *floor*, the least that was seen in it. Requests come and go above a floor; what
//! is opened and never closed lifts it. That is what tells a leak from a busy process.

mod stretch;

use std::collections::VecDeque;
use std::time::Duration;

/// Minutes that are kept.
const MINUTES: usize = 62;
/// Samples of the last minute that are kept.
const RECENT: usize = 64;
const MINUTE: Duration = Duration::from_secs(60);
/// A stretch is judged by the floors of so many equal parts of it.
const PARTS: usize = 10;
/// Stretches that are judged, in minutes, the longest first. The shortest is how soon two a minute are named.
const STRETCHES: [u64; 6] = [60, 50, 40, 30, 20, 10];
/// What has grown by less is no leak yet, but a process that lives.
const LEAST: u64 = 8;
/// Files that do not fail to come by chance.
const SEVERAL: f64 = 6.0;
/// Points of a trend that stand for whole minutes, at most one more than this.
const MINUTE_POINTS: usize = 12;
/// Points of a trend out of the last minute.
const RECENT_POINTS: usize = 4;

/// The open files of one process over time.
#[derive(Debug, Clone, Default)]
pub struct Series {
    recent: VecDeque<(Duration, u64)>,
    minutes: VecDeque<Minute>,
}

/// Eight bytes each: they are what most of the memory goes to.
#[derive(Debug, Clone, Copy)]
struct Minute {
    number: u32,
    /// No process can have more than 2^31 open (`fs.nr_open`).
    floor: u32,
}

impl Minute {
    fn new(number: u64, floor: u64) -> Self {
        let small = |count: u64| u32::try_from(count).unwrap_or(u32::MAX);
        Minute { number: small(number), floor: small(floor) }
    }

    fn number(self) -> u64 {
        self.number.into()
    }

    fn floor(self) -> u64 {
        self.floor.into()
    }
}

/// A growth that does not end and gives nothing back.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Growth {
    /// For so many minutes at least.
    pub minutes: u64,
    /// By so many files.
    pub by: u64,
    /// So many a minute.
    pub per_minute: f64,
}

/// Slopes in files per minute; `None` until half of the stretch has been seen.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Slopes {
    /// Over the last minute.
    pub one: Option<f64>,
    /// Over ten.
    pub ten: Option<f64>,
    /// Over sixty.
    pub sixty: Option<f64>,
}

/// One count of the past.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Point {
    /// How long before the last look.
    pub ago: Duration,
    /// Open files: of a stretch of minutes the least that was seen.
    pub fds: u64,
}

impl Slopes {
    /// The one that holds longest, of those that are known.
    #[must_use]
    pub fn steadiest(&self) -> Option<f64> {
        self.sixty.or(self.ten).or(self.one)
    }
}

impl Series {
    /// Adds what was seen at a time; times are of one clock and never go back. One that does, does not count as earlier than the last.
    pub fn push(&mut self, at: Duration, fds: u64) {
        let at = self.recent.back().map_or(at, |(last, _)| at.max(*last));
        self.recent.push_back((at, fds));
        while self.recent.len() > RECENT || self.recent.front().is_some_and(|(first, _)| at - *first > MINUTE) {
            self.recent.pop_front();
        }
        let number = at.as_secs() / 60;
        match self.minutes.back_mut() {
            Some(minute) if minute.number() == number => *minute = Minute::new(number, minute.floor().min(fds)),
            _ => self.minutes.push_back(Minute::new(number, fds)),
        }
        while self.minutes.len() > MINUTES || self.minutes.front().is_some_and(|first| number - first.number() > 61) {
            self.minutes.pop_front();
        }
    }

    /// What was seen last.
    #[must_use]
    pub fn last(&self) -> Option<u64> {
        self.recent.back().map(|(_, fds)| *fds)
    }

    /// The slopes as they stand.
    #[must_use]
    pub fn slopes(&self) -> Slopes {
        let over = |minutes: u64| stretch::slope(&self.floors(minutes), minutes as f64 / 2.0);
        Slopes { one: stretch::slope(&self.last_minute(), 0.5), ten: over(10), sixty: over(60) }
    }

    /// In minutes and files.
    fn last_minute(&self) -> Vec<(f64, f64)> {
        self.recent.iter().map(|(at, fds)| (at.as_secs_f64() / 60.0, *fds as f64)).collect()
    }

    /// In minutes and files.
    fn floors(&self, minutes: u64) -> Vec<(f64, f64)> {
        self.whole(minutes).map(|minute| (minute.number() as f64, minute.floor() as f64)).collect()
    }

    /// The way to where it stands, in few points for a small drawing, the oldest first; empty while it was always the same.
    ///
    /// Minutes are put together on a grid of their own, so that a drawing moves on and does not jump from look to look.
    #[must_use]
    pub fn trend(&self) -> Vec<Point> {
        let Some((now, _)) = self.recent.back().copied() else { return Vec::new() };
        let each = self.minutes.len().div_ceil(MINUTE_POINTS).max(1) as u64;
        let older = self.minutes.iter().filter(|minute| Some(minute.number()) != self.now());
        let mut points: Vec<Point> = Vec::new();
        for minute in older {
            let ago = now.saturating_sub(Duration::from_secs((minute.number() / each * each) * 60));
            match points.last_mut() {
                Some(point) if point.ago == ago => point.fds = point.fds.min(minute.floor()),
                _ => points.push(Point { ago, fds: minute.floor() }),
            }
        }
        let step = self.recent.len().div_ceil(RECENT_POINTS).max(1);
        let newest = self.recent.iter().rev().step_by(step).map(|(at, fds)| Point { ago: now - *at, fds: *fds });
        let newest: Vec<_> = newest.filter(|point| points.last().is_none_or(|last| last.ago > point.ago)).collect();
        points.extend(newest.into_iter().rev());
        let moved = points.windows(2).any(|pair| pair[0].fds != pair[1].fds);
        if moved { points } else { Vec::new() }
    }

    /// Whether the floor has risen in the last minutes, so that it is worth knowing what grows.
    #[must_use]
    pub fn rises(&self) -> bool {
        let floors: Vec<_> = self.whole(4).map(|minute| minute.floor()).collect();
        matches!((floors.first(), floors.last()), (Some(first), Some(last)) if floors.len() > 1 && last > first)
    }

    /// Whether it has risen in most of the last minutes and never fallen, as few do by chance; and for how many minutes it is known.
    pub(crate) fn rises_steadily(&self) -> Option<usize> {
        let floors: Vec<_> = self.whole(4).map(|minute| minute.floor()).collect();
        let ups = floors.windows(2).filter(|pair| pair[1] > pair[0]).count();
        (floors.len() == 4 && floors.is_sorted() && ups >= 2).then_some(self.minutes.len())
    }

    /// The pace at which it still grows, in files per minute: that of a leak, or of the longest stretch that is known and
    /// has growth in all of it up to now. `None` for one that stands still, however steep the line through what was is.
    #[must_use]
    pub fn pace(&self) -> Option<f64> {
        let over = |minutes: u64| stretch::goes_on(&self.floors(minutes), minutes as f64 / 2.0);
        let known =
            || if self.slopes().ten.is_some() { over(60).or_else(|| over(10)) } else { self.pace_of_a_minute() };
        self.growth().map(|growth| growth.per_minute).or_else(known).filter(|pace| !self.has_stopped(*pace))
    }

    fn pace_of_a_minute(&self) -> Option<f64> {
        stretch::goes_on(&self.last_minute(), 0.5)
    }

    /// Whether not one came or went in the last minute, in which several should have.
    fn has_stopped(&self, pace: f64) -> bool {
        let (Some((first, fds)), Some((last, _))) = (self.recent.front(), self.recent.back()) else { return false };
        let due = (*last - *first).as_secs_f64() / 60.0 * pace;
        due >= SEVERAL && self.recent.iter().all(|(_, other)| other == fds)
    }

    /// The longest growth that ends now, when there is one that looks like a leak.
    #[must_use]
    pub fn growth(&self) -> Option<Growth> {
        STRETCHES.iter().find_map(|minutes| self.growth_over(*minutes))
    }

    fn growth_over(&self, minutes: u64) -> Option<Growth> {
        let parts = self.parts(minutes)?;
        let steps: Vec<i64> = parts.windows(2).map(|pair| pair[1] as i64 - pair[0] as i64).collect();
        let rises: i64 = steps.iter().filter(|step| **step > 0).sum();
        let falls: i64 = -steps.iter().filter(|step| **step < 0).sum::<i64>();
        let by = u64::try_from(rises - falls).ok()?;
        let ups = steps.iter().filter(|step| **step > 0).count();
        let last: i64 = steps[steps.len() - 3..].iter().sum();
        let largest = steps.iter().copied().max().unwrap_or(0);
        let grows = by >= LEAST
            // It gives hardly anything back …
            && falls * 10 <= rises
            // … grows in most of its parts, and not in one leap, as a pool that is filled does …
            && ups >= 6
            && largest * 2 <= rises
            // … still grows: in the last third of the steps at half the pace of all of them, and in the last minutes …
            && last * 6 >= rises
            && self.grows_yet(minutes, by)
            // … has not been there before: a job that comes each hour has …
            && self.highest_before(minutes) <= *parts.last()?
            // … and is far more than what comes and goes, so that it is no chance, also where a floor is a single count.
            && by >= 2 * self.deepest_fall();
        grows.then(|| Growth { minutes, by, per_minute: by as f64 / (minutes as f64 * 0.9) })
    }

    /// Whether it has grown in the last minutes by a third of what was due: of so many as several files are due in, and
    /// more than ever come at once or are given back. Where those would be over a quarter of the stretch, its parts have to do.
    fn grows_yet(&self, minutes: u64, by: u64) -> bool {
        let floors: Vec<u64> = self.whole(minutes).map(|minute| minute.floor()).collect();
        let at_once = floors.windows(2).map(|pair| pair[1].saturating_sub(pair[0])).max().unwrap_or(0);
        let pace = by as f64 / (minutes as f64 * 0.9);
        let tail = (SEVERAL.max(at_once as f64).max(self.deepest_fall() as f64) / pace).ceil().max(2.0);
        let before = floors.len().checked_sub(1 + tail as usize);
        let (Some(before), Some(last)) = (before.and_then(|at| floors.get(at)), floors.last()) else { return true };
        tail * 4.0 > minutes as f64 + 2.0 || last.saturating_sub(*before) as f64 * 3.0 >= tail * pace
    }

    /// The floors of the equal parts of the last `minutes` whole minutes; `None` when one of them was not seen.
    fn parts(&self, minutes: u64) -> Option<Vec<u64>> {
        let (mut parts, each) = ([None; PARTS], minutes / PARTS as u64);
        let first = self.now()?.checked_sub(minutes)?;
        for minute in self.whole(minutes) {
            let part: &mut Option<u64> = parts.get_mut(((minute.number() - first) / each) as usize)?;
            *part = Some(part.map_or(minute.floor(), |floor| floor.min(minute.floor())));
        }
        parts.into_iter().collect()
    }

    fn highest_before(&self, minutes: u64) -> u64 {
        let first = self.now().unwrap_or(0).saturating_sub(minutes);
        let before = self.minutes.iter().filter(|minute| minute.number() < first);
        before.map(|minute| minute.floor()).max().unwrap_or(0)
    }

    /// By how much it was ever below where it had been before, in all that is remembered.
    fn deepest_fall(&self) -> u64 {
        let mut highest = 0;
        let falls = self.minutes.iter().map(|minute| {
            highest = minute.floor().max(highest);
            highest - minute.floor()
        });
        falls.max().unwrap_or(0)
    }

    /// The minute that is not over yet.
    fn now(&self) -> Option<u64> {
        self.minutes.back().map(|minute| minute.number())
    }

    /// The last minutes that are over.
    fn whole(&self, minutes: u64) -> impl Iterator<Item = &Minute> {
        let now = self.now().unwrap_or(0);
        self.minutes.iter().filter(move |minute| minute.number() < now && minute.number() + minutes >= now)
    }
}
