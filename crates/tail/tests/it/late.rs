//! Late lines, in a file that was rotated away and left: told as soon as any line is, few times, and none forgotten.

use std::fs::{self, File};
use std::io::Write as _;
use std::os::unix::fs::MetadataExt as _;
use std::sync::mpsc::Receiver;
use std::time::{Duration, Instant};

use tailcast_tail::{Event, Everything, Patience};

use crate::bench::{Bench, QUICK, Seen, open_files};
use crate::rotation::gaps;
use crate::waking::{LONG, MOST_WATCHES, NEVER, reads_when_woken, runs_with_watches, watched};

/// Looks after what was left longer than a busy machine takes to come to it.
const GRACE: Duration = Duration::from_secs(3600);

/// A log that was followed through a rotation. Its writer is still in the old file, which ends at 4.
fn rotate(bench: &Bench, seen: &mut Seen, rung: &Receiver<()>) -> File {
    let mut old = bench.writer("log");
    old.write_all(b"one\n").expect("a write");
    reads_when_woken(seen, rung, "one\n");
    bench.rename("log", "log.1");
    bench.append("log", "two\n");
    reads_when_woken(seen, rung, "one\ntwo\n");
    while rung.try_recv().is_ok() {}
    seen.drain();
    old
}

/// Steps at each wake-up, and when the follower asks for it, until late lines are told up to `end`.
fn told_when_woken(seen: &mut Seen, rung: &Receiver<()>, end: u64) {
    let start = Instant::now();
    while gaps(seen).last().is_none_or(|&(_, to)| to < end) {
        assert!(start.elapsed() < LONG, "waited in vain; told so far: {:#?}", seen.events);
        let look = seen.follower.next_look();
        if rung.recv_timeout(look.min(LONG)).is_err() {
            assert!(look < LONG, "no wake-up; told so far: {:#?}", seen.events);
        }
        seen.drain();
    }
}

/// Waits until what was left is looked at again after late lines were told.
fn rest(seen: &mut Seen, rung: &Receiver<()>) {
    while seen.follower.next_look() < NEVER.reconcile {
        std::thread::sleep(seen.follower.next_look());
        seen.drain();
    }
    while rung.try_recv().is_ok() {}
}

/// How many kernel watches this process has on a file.
fn watches_on(inode: u64) -> usize {
    let infos = fs::read_dir("/proc/self/fdinfo").expect("descriptors").flatten();
    let texts = infos.filter_map(|info| fs::read_to_string(info.path()).ok());
    let ino = format!(" ino:{inode:x} ");
    texts.map(|text| text.lines().filter(|line| line.starts_with("inotify") && line.contains(&ino)).count()).sum()
}

fn inode(bench: &Bench, name: &str) -> u64 {
    fs::metadata(bench.path(name)).expect("a file").ino()
}

#[test]
fn a_late_line_is_told_at_once_and_not_when_the_clock_comes_round() {
    let bench = Bench::with(Patience { grace: GRACE, ..NEVER }, Everything);
    let (mut seen, rung, _watcher) = watched(&bench);
    let mut old = rotate(&bench, &mut seen, &rung);
    assert_eq!(seen.follower.next_look(), NEVER.reconcile, "nothing but a hint makes it look");
    old.write_all(b"late\n").expect("a write");
    told_when_woken(&mut seen, &rung, 9);
    assert_eq!(gaps(&seen), [(4, 9)]);
    // Once more, after a silence.
    rest(&mut seen, &rung);
    old.write_all(b"later\n").expect("a write");
    told_when_woken(&mut seen, &rung, 15);
    bench.append("log", "three\n");
    reads_when_woken(&mut seen, &rung, "one\ntwo\nthree\n");
    assert_eq!(gaps(&seen), [(4, 9), (9, 15)]);
}

#[test]
fn each_of_the_files_that_were_left_is_watched() {
    let bench = Bench::with(Patience { grace: GRACE, ..NEVER }, Everything);
    let (mut seen, rung, _watcher) = watched(&bench);
    let mut oldest = rotate(&bench, &mut seen, &rung);
    let mut text = "one\ntwo\n".to_owned();
    for n in 2..=6_u64 {
        let first = inode(&bench, "log.1");
        (1..n).rev().for_each(|n| bench.rename(&format!("log.{n}"), &format!("log.{}", n + 1)));
        bench.rename("log", "log.1");
        bench.append("log", "more\n");
        text.push_str("more\n");
        reads_when_woken(&mut seen, &rung, &text);
        // Renaming it was an event, too, and whoever hears of that watches it again.
        while watches_on(first) == 0 {
            rung.recv_timeout(LONG).expect("a wake-up");
            seen.drain();
        }
        if n == 3 {
            oldest.write_all(b"late\n").expect("a write");
            told_when_woken(&mut seen, &rung, 9);
            rest(&mut seen, &rung);
        }
    }
    drop(oldest);
    let watches = || [1, 2, 3, 4, 5, 6].map(|n| watches_on(inode(&bench, &format!("log.{n}"))));
    seen.until("no more than are looked after", |_| watches() == [1, 1, 1, 1, 0, 0]);
    assert_eq!(open_files(bench.folder.path()).len(), 5);
}

#[test]
fn a_thousand_late_lines_one_by_one_are_told_a_few_times_and_to_the_last() {
    let settle = Duration::from_secs(1);
    let bench = Bench::with(Patience { settle, grace: GRACE, ..NEVER }, Everything);
    let (mut seen, rung, _watcher) = watched(&bench);
    let mut old = rotate(&bench, &mut seen, &rung);
    let hints = bench.setup.counters.hints.get();
    let began = Instant::now();
    for _ in 0..1000 {
        old.write_all(b"late\n").expect("a write");
        seen.drain();
    }
    // Nobody writes any more: the rest comes by itself.
    told_when_woken(&mut seen, &rung, 4 + 5000);
    let paces = u64::try_from(began.elapsed().as_millis() / settle.as_millis()).expect("a short time");
    let gaps = gaps(&seen);
    assert!(gaps.len() as u64 <= paces + 1, "in {paces} s: {gaps:?}");
    let ends: Vec<_> = gaps.iter().flat_map(|&(from, to)| [from, to]).collect();
    assert_eq!((ends.first(), ends.last()), (Some(&4), Some(&5004)));
    assert!(ends[1..].chunks_exact(2).all(|seam| seam[0] == seam[1]), "{gaps:?}");
    let hints = bench.setup.counters.hints.get() - hints;
    assert!(hints <= 2 * (paces + 1), "{hints} wake-ups");
}

#[test]
fn late_lines_that_wait_for_their_turn_are_told_before_the_file_is_let_go_of() {
    let bench = Bench::with(Patience { settle: Duration::from_millis(200), grace: GRACE, ..NEVER }, Everything);
    let (mut seen, rung, _watcher) = watched(&bench);
    let mut old = rotate(&bench, &mut seen, &rung);
    old.write_all(b"late\n").expect("a write");
    told_when_woken(&mut seen, &rung, 9);
    old.write_all(b"later, and a half").expect("a write");
    bench.remove("log.1");
    seen.until("the end of it", |seen| gaps(seen).last() == Some(&(9, 26)));
}

#[test]
fn the_watch_ends_with_the_looking_after() {
    let bench = Bench::with(NEVER, Everything);
    let (mut seen, rung, watcher) = watched(&bench);
    let inode = rotate(&bench, &mut seen, &rung).metadata().expect("a file").ino();
    seen.until("the end of the grace", |_| open_files(bench.folder.path()).len() == 1);
    assert_eq!((watches_on(inode), watcher.watched()), (0, 1));
}

#[test]
fn the_watch_ends_when_the_file_is_gone_and_with_the_follower() {
    let bench = Bench::with(Patience { grace: GRACE, ..NEVER }, Everything);
    let (mut seen, rung, watcher) = watched(&bench);
    let gone = rotate(&bench, &mut seen, &rung).metadata().expect("a file").ino();
    seen.until("a watch", |_| watches_on(gone) == 1);
    bench.remove("log.1");
    seen.until("the end of the deleted file", |_| watches_on(gone) == 0);
    bench.rename("log", "log.1");
    bench.append("log", "three\n");
    reads_when_woken(&mut seen, &rung, "one\ntwo\nthree\n");
    let left = inode(&bench, "log.1");
    seen.until("a watch", |_| watches_on(left) == 1);
    assert_eq!(watcher.watched(), 1);
    drop(seen);
    assert_eq!((watches_on(left), watcher.watched()), (0, 0));
}

/// Runs in a user namespace of its own, in which there are watches for the log and its directory only.
#[test]
#[ignore = "started by the test below"]
fn without_a_further_watch_in_a_namespace_of_its_own() {
    let bench = Bench::with(Patience { grace: GRACE, ..QUICK }, Everything);
    let (mut seen, rung, _watcher) = watched(&bench);
    let mut old = rotate(&bench, &mut seen, &rung);
    let inode = inode(&bench, "log.1");
    assert_eq!(watches_on(inode), 0);
    assert_eq!(seen.follower.next_look(), QUICK.reconcile);
    old.write_all(b"late\n").expect("a write");
    seen.until("a gap", |seen| gaps(seen) == [(4, 9)]);
    bench.append("log", "three\n");
    reads_when_woken(&mut seen, &rung, "one\ntwo\nthree\n");
    assert_eq!(seen.told(|event| matches!(event, Event::Polling(_))), 0, "the log itself is watched");
    fs::write(MOST_WATCHES, "1000").expect("a limit");
    seen.until("a watch", |_| watches_on(inode) == 1);
}

#[test]
fn without_a_further_watch_the_clock_finds_late_lines() {
    runs_with_watches(2, "late::without_a_further_watch_in_a_namespace_of_its_own");
}
