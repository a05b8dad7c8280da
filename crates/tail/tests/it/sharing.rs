//! Many readers of one file, and coming back after a restart.

use tailcast_tail::{Ask, Error, Event, From, Log, Loss, Position, Tag};

use crate::bench::{Bench, Seen, open_files};

fn lost(why: Loss) -> impl Fn(&Event) -> bool {
    move |event| matches!(event, Event::Lost(lost) if lost.why == why)
}

/// The same log in a process that has just started.
fn restarted(bench: &Bench, from: From) -> Seen {
    let log = Log::new(bench.path("log"), Tag::of("here:log"), &bench.setup);
    Seen { follower: log.follow(from).expect("a follower"), events: Vec::new() }
}

#[test]
fn the_follower_and_all_readers_share_one_descriptor_and_one_life() {
    let bench = Bench::new();
    bench.append("log", "one\n");
    let mut seen = bench.follow(From::Start);
    seen.reads("one\n");
    let edge = seen.follower.edge().expect("an edge");
    let pages: Vec<_> = (0..50).map(|_| bench.log.last(Ask::lines(1)).expect("a page")).collect();
    assert!(pages.iter().all(|page| page.blocks[0].incarnation().life() == edge.life));
    assert_eq!(open_files(bench.folder.path()).len(), 1);
    assert_eq!(bench.setup.counters.opened.get(), 1);
}

#[test]
fn a_file_with_two_names_is_open_once_and_right_under_each_also_when_one_of_them_is_rotated() {
    let bench = Bench::new();
    bench.append("log", "one\n");
    std::os::unix::fs::symlink(bench.path("log"), bench.path("link")).expect("a link");
    std::fs::hard_link(bench.path("log"), bench.path("hard")).expect("a link");
    let named = ["link", "hard"].map(|name| Log::new(bench.path(name), Tag::of(name), &bench.setup));
    let mut followers =
        named.each_ref().map(|log| Seen { follower: log.follow(From::Start).expect("a follower"), events: Vec::new() });
    let mut seen = bench.follow(From::Start);
    seen.reads("one\n");
    for follower in &mut followers {
        follower.reads("one\n");
    }
    assert_eq!((open_files(bench.folder.path()).len(), bench.setup.counters.opened.get()), (1, 1));
    bench.append("log", "two\n");
    bench.rename("log", "log.1");
    bench.append("log", "three\n");
    bench.append("hard", "four\n");
    let [mut link, mut hard] = followers;
    hard.reads("one\ntwo\nfour\n");
    seen.reads("one\ntwo\nfour\nthree\n");
    link.reads("one\ntwo\nfour\nthree\n");
    let pages = named.each_ref().map(|log| log.last(Ask::lines(1)).expect("a page"));
    let last = pages.each_ref().map(|page| page.blocks[0].bytes());
    assert_eq!(last, [b"three\n".as_slice(), b"four\n"]);
    let refused = named[0].after(&pages[1].after.expect("a place"), Ask::lines(1));
    assert!(matches!(refused, Err(Error::AnotherLog)));
    drop((seen, link, hard));
    assert_eq!(open_files(bench.folder.path()).len(), 0);
}

#[test]
fn pages_that_wait_to_be_sent_hold_nothing_open() {
    let bench = Bench::new();
    bench.append("log", "one\n");
    let page = bench.log.last(Ask::lines(1)).expect("a page");
    assert_eq!(open_files(bench.folder.path()).len(), 0);
    assert_eq!(page.blocks[0].bytes(), b"one\n");
}

#[test]
fn a_log_has_one_follower_at_a_time() {
    let bench = Bench::new();
    let seen = bench.follow(From::Start);
    assert!(matches!(bench.log.follow(From::Start), Err(Error::Followed)));
    drop(seen);
    assert!(bench.log.follow(From::Start).is_ok());
}

#[test]
fn following_goes_on_where_it_stopped_before_a_restart() {
    let bench = Bench::new();
    bench.append("log", "one\n");
    let position = bench.follow(From::Start).reads("one\n").follower.edge().expect("an edge").position;
    bench.append("log", "two\n");
    restarted(&bench, From::At(position)).reads("two\n");
}

#[test]
fn following_goes_on_in_a_file_that_was_rotated_meanwhile() {
    let bench = Bench::new();
    bench.append("log", "one\n");
    let position = bench.follow(From::Start).reads("one\n").follower.edge().expect("an edge").position;
    bench.append("log", "two\n");
    bench.rename("log", "log.2");
    bench.append("log.1", "three\n");
    bench.append("log", "four\n");
    let mut seen = restarted(&bench, From::At(position.to_string().parse().expect("a position")));
    seen.reads("two\nthree\nfour\n");
    assert_eq!(seen.told(|event| matches!(event, Event::Lost(_))), 0);
}

#[test]
fn following_goes_on_in_the_copy_after_a_copytruncate_meanwhile() {
    let bench = Bench::new();
    bench.append("log", "one\n");
    let position = bench.follow(From::Start).reads("one\n").follower.edge().expect("an edge").position;
    bench.append("log", "two\n");
    bench.copytruncate();
    bench.append("log", "three\n");
    restarted(&bench, From::At(position)).reads("two\nthree\n");
}

#[test]
fn a_place_that_is_gone_is_told_lost_and_the_file_is_read_from_its_beginning() {
    let bench = Bench::new();
    bench.append("log", "one\n");
    let position = bench.follow(From::Start).reads("one\n").follower.edge().expect("an edge").position;
    bench.remove("log");
    bench.append("log", "two\n");
    let mut seen = restarted(&bench, From::At(position));
    seen.reads("two\n");
    assert_eq!(seen.told(lost(Loss::NotFound)), 1);
}

#[test]
fn a_file_made_again_while_nobody_looked_is_another_one_though_its_inode_is_the_same() {
    let bench = Bench::new();
    bench.append("log", "one one one\n");
    let position = bench.follow(From::Start).reads("one one one\n").follower.edge().expect("an edge").position;
    bench.remove("log");
    bench.append("log", "two two two\nthree\n");
    let mut seen = restarted(&bench, From::At(position));
    seen.reads("two two two\nthree\n");
    assert_eq!(seen.told(lost(Loss::NotFound)), 1);
}

#[test]
fn a_file_made_again_with_the_same_head_while_nobody_looked_is_another_one() {
    let bench = Bench::new();
    let banner = "# the same words at the beginning of each file\n".repeat(40);
    bench.append("log", format!("{banner}one\n"));
    let read = format!("{banner}one\n");
    let position = bench.follow(From::Start).reads(&read).follower.edge().expect("an edge").position;
    bench.remove("log");
    let anew = format!("{banner}two\nthree\n");
    bench.append("log", &anew);
    let mut seen = restarted(&bench, From::At(position));
    seen.reads(&anew);
    assert_eq!(seen.told(lost(Loss::Truncated)), 1);
}

#[test]
fn skipping_to_the_end_leaves_a_gap_with_exact_bounds() {
    let bench = Bench::new();
    let all: String = (0..1000).map(|n| format!("line {n}\n")).collect();
    bench.append("log", "first\n");
    let mut seen = bench.follow(From::Start);
    seen.reads("first\n");
    bench.append("log", format!("{all}ha"));
    let gap = seen.follower.skip_to_end().expect("a file").expect("a gap");
    assert_eq!(gap.bytes(), all.len() as u64);
    let gap_bytes = bench.log.raw(&gap.from, Some(&gap.to), 1 << 20).expect("bytes").bytes;
    assert_eq!(gap_bytes, all.as_bytes());
    assert!(seen.follower.skip_to_end().expect("a file").is_none());
    bench.append("log", "lf\n");
    seen.reads("first\nhalf\n");
}

#[test]
fn what_a_follower_is_behind_is_known() {
    let bench = Bench::new();
    bench.append("log", "one\n");
    let mut seen = bench.follow(From::Start);
    seen.reads("one\n");
    assert_eq!(seen.follower.behind(), 0);
    bench.append("log", "half");
    seen.drain();
    assert_eq!(seen.follower.behind(), 4);
}

#[test]
fn history_of_a_position_in_a_rotated_file_is_found_while_it_is_followed() {
    let bench = Bench::new();
    bench.append("log", "one\ntwo\n");
    let mut seen = bench.follow(From::Start);
    seen.reads("one\ntwo\n");
    let place: Position = seen.follower.edge().expect("an edge").position;
    bench.rename("log", "log.1");
    bench.append("log", "three\n");
    seen.reads("one\ntwo\nthree\n");
    let cap = seen.follower.edge().expect("an edge").cap();
    let page = bench.log.before(&place, Ask { upto: Some(cap), ..Ask::lines(1) }).expect("a page");
    assert_eq!(page.blocks[0].bytes(), b"two\n");
}
