//! Under a quota of open files: told, tried again, and nothing lost or said to be lost.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering::SeqCst};

use tailcast_tail::{Ask, Error, Event, Everything, From, Log, Need, Obstacle, Permit, Quota, Setup, Tag};

use crate::bench::{Bench, QUICK, Seen};

/// So many files for all logs, and so many more for those that have one.
#[derive(Clone, Debug, Default)]
struct Places {
    first: Arc<AtomicI64>,
    further: Arc<AtomicI64>,
}

impl Places {
    fn of(first: i64, further: i64) -> Self {
        let places = Self::default();
        places.first.store(first, SeqCst);
        places.further.store(further, SeqCst);
        places
    }
}

struct Place(Arc<AtomicI64>);

impl Drop for Place {
    fn drop(&mut self) {
        self.0.fetch_add(1, SeqCst);
    }
}

impl Quota for Places {
    fn one_more(&self, need: Need) -> Option<Permit> {
        let further = (need == Need::Further).then_some(&self.further);
        let mut pools = std::iter::once(&self.first).chain(further);
        pools.find(|pool| take(pool)).map(|pool| Permit::holding(Place(Arc::clone(pool))))
    }
}

fn take(pool: &AtomicI64) -> bool {
    pool.fetch_update(SeqCst, SeqCst, |free| (free > 0).then_some(free - 1)).is_ok()
}

/// A log under a quota.
fn bench(places: &Places) -> Bench {
    let folder = tempfile::tempdir().expect("a temporary directory");
    let setup = Setup { patience: QUICK, quota: Arc::new(places.clone()), ..Setup::new(Everything) };
    let setup = Arc::new(setup);
    let log = Log::new(folder.path().join("log"), Tag::of("here:log"), &setup);
    Bench { folder, setup, log }
}

fn lacks(seen: &Seen) -> usize {
    seen.events.iter().filter(|event| matches!(event, Event::Waiting(Obstacle::NoDescriptor))).count()
}

fn is_lost(seen: &Seen) -> bool {
    seen.events.iter().any(|event| matches!(event, Event::Lost(_)))
}

#[test]
fn a_log_for_which_there_is_no_place_is_told_and_opened_as_soon_as_there_is_one() {
    let places = Places::of(1, 0);
    let bench = bench(&places);
    bench.append("log", "one\n");
    bench.append("other", "other\n");
    let other = Log::new(bench.path("other"), Tag::of("here:other"), &bench.setup);
    let mut first = other.follow(From::Start).unwrap();
    assert_eq!(first.step(1 << 20).events.len(), 2);
    let mut seen = bench.follow(From::Start);
    seen.drain().drain();
    assert_eq!((lacks(&seen), seen.events.len()), (1, 1), "{:?}", seen.events);
    drop(first);
    seen.reads("one\n");
    drop(seen);
    assert_eq!(places.first.load(SeqCst), 1, "a place was not given back");
}

#[test]
fn a_page_for_which_there_is_no_place_is_refused_and_nothing_is_said_to_be_gone() {
    let places = Places::of(1, 0);
    let bench = bench(&places);
    bench.append("log", "one\ntwo\n");
    let end = bench.log.last(Ask::lines(9)).unwrap().after.unwrap();
    places.first.store(0, SeqCst);
    let lacking = Error::Obstacle(Obstacle::NoDescriptor);
    assert_eq!(bench.log.last(Ask::lines(9)).unwrap_err(), lacking);
    assert_eq!(bench.log.before(&end, Ask::lines(9)).unwrap_err(), lacking);
    assert_eq!(bench.log.after(&end, Ask::lines(9)).unwrap_err(), lacking);
    assert_eq!(bench.log.raw(&end, None, 9).unwrap_err(), lacking);
    places.first.store(1, SeqCst);
    assert_eq!(bench.log.before(&end, Ask::lines(9)).unwrap().blocks[0].bytes(), b"one\ntwo\n");
}

#[test]
fn a_page_over_a_rotation_is_refused_rather_than_given_without_the_older_file() {
    let places = Places::of(1, 1);
    let bench = bench(&places);
    bench.append("log", "one\n");
    bench.rename("log", "log.1");
    bench.append("log", "two\n");
    let texts =
        |ask| bench.log.last(ask).map(|page| page.blocks.iter().map(|block| block.bytes().len()).sum::<usize>());
    assert_eq!(texts(Ask::lines(9)).unwrap(), 8);
    places.further.store(0, SeqCst);
    assert_eq!(texts(Ask::lines(9)).unwrap_err(), Error::Obstacle(Obstacle::NoDescriptor));
}

#[test]
fn a_rotation_for_which_there_is_no_second_place_waits_for_one_and_loses_nothing() {
    let places = Places::of(1, 0);
    let bench = bench(&places);
    bench.append("log", "one\n");
    let mut seen = bench.follow(From::Start);
    seen.reads("one\n");
    bench.append("log", "two\n");
    bench.rename("log", "log.1");
    bench.append("log", "three\n");
    seen.until("the word that a place is lacking", |seen| lacks(seen) > 0);
    bench.append("log.1", "late\n");
    bench.rename("log", "log.0");
    bench.append("log", "four\n");
    seen.until("what a late writer said", |seen| seen.text().contains("late"));
    assert_eq!((seen.text().as_str(), lacks(&seen)), ("one\ntwo\nlate\n", 1), "{:?}", seen.events);
    places.further.store(1, SeqCst);
    seen.until("the newest line", |seen| seen.text().contains("four"));
    assert!(!is_lost(&seen), "{:?}", seen.events);
}

#[test]
fn a_log_that_is_copied_and_cut_without_a_second_place_is_read_in_its_copy_when_there_is_one() {
    let places = Places::of(1, 0);
    let bench = bench(&places);
    bench.append("log", "one\n");
    let mut seen = bench.follow(From::Start);
    seen.reads("one\n");
    bench.append("log", "two\n");
    bench.copytruncate();
    bench.append("log", "3\n");
    seen.until("the word that a place is lacking", |seen| lacks(seen) > 0);
    places.further.store(1, SeqCst);
    seen.until("the newest line", |seen| seen.text().contains("3\n"));
    assert_eq!((seen.text().as_str(), is_lost(&seen)), ("one\ntwo\n3\n", false), "{:?}", seen.events);
}

#[test]
fn a_place_that_somebody_left_is_not_said_to_be_lost_for_want_of_a_descriptor() {
    let places = Places::of(1, 1);
    let bench = bench(&places);
    bench.append("log", "one\ntwo\n");
    let mut seen = bench.follow(From::Start);
    let left = seen.reads("one\ntwo\n").follower.edge().unwrap().position;
    drop(seen);
    bench.append("log", "three\n");
    bench.rename("log", "log.1");
    bench.append("log", "four\n");
    places.further.store(0, SeqCst);
    places.first.store(0, SeqCst);
    let mut again = bench.follow(From::At(left));
    again.drain().drain();
    assert_eq!((lacks(&again), again.events.len()), (1, 1), "{:?}", again.events);
    places.first.store(1, SeqCst);
    again.until("the word that a place for the next file is lacking", |again| lacks(again) == 2);
    places.further.store(1, SeqCst);
    again.reads("three\nfour\n");
    assert!(!is_lost(&again), "{:?}", again.events);
}
