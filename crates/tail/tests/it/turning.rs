//! A page that is being read while its file is written to and rotated: a filter is asked at each line, and lays hands on
//! the files at that very moment.

use std::fs;
use std::time::{Duration, SystemTime};

use tailcast_tail::{Ask, Error, From, Line, Log, Loss, Offset, Page, Position, Tag};

use crate::bench::Bench;

/// Reads on from the start to the end, and does `deed` when the line `at` is seen for the first time. What a page gives behind
/// its `after` is a half line that comes whole with the next one, so it does not count.
fn read_while(bench: &Bench, lines: usize, at: &[u8], deed: impl FnOnce()) -> String {
    read_from(bench, start(&bench.log), lines, at, deed)
}

/// The same from `place` on.
fn read_from(bench: &Bench, mut place: Position, lines: usize, at: &[u8], deed: impl FnOnce()) -> String {
    let mut deed = Some(deed);
    let mut want = |line: Line<'_>| {
        if line.bytes == at
            && let Some(deed) = deed.take()
        {
            deed();
        }
        true
    };
    let (mut all, mut is_cut) = (String::new(), false);
    loop {
        let page = match bench.log.after(&place, Ask { want: Some(&mut want), ..Ask::lines(lines) }) {
            // It was cut under the read; what it held is in the copy.
            Err(Error::Gone(Loss::Truncated)) if !is_cut => {
                is_cut = true;
                continue;
            }
            page => page.expect("a page"),
        };
        all += &whole(&page);
        place = page.after.expect("a place to go on");
        if page.end {
            return all;
        }
    }
}

fn start(log: &Log) -> Position {
    log.at_offset(Offset::ZERO).expect("the beginning")
}

fn whole(page: &Page) -> String {
    let text: String = page.blocks.iter().map(|block| String::from_utf8_lossy(block.bytes()).into_owned()).collect();
    let end = if page.blocks.last().is_some_and(|last| page.after == Some(last.after())) {
        text.len()
    } else {
        text.rfind('\n').map_or(0, |newline| newline + 1)
    };
    text[..end].to_owned()
}

#[test]
fn what_is_written_to_a_file_while_a_page_reads_it_and_before_it_is_rotated_is_not_left_out() {
    for lines in 1..5 {
        let bench = Bench::new();
        bench.append("log", "one\n");
        let seen = read_while(&bench, lines, b"one", || {
            bench.append("log", "two\n");
            bench.rename("log", "log.1");
            bench.append("log", "three\n");
        });
        assert_eq!(seen, "one\ntwo\nthree\n", "{lines} lines a page");
    }
}

#[test]
fn a_half_line_that_is_ended_while_a_page_reads_it_and_before_its_file_is_rotated_comes_whole() {
    for lines in 1..5 {
        let bench = Bench::new();
        bench.append("log", "one\nha");
        let seen = read_while(&bench, lines, b"ha", || {
            bench.append("log", "lf\ntwo\n");
            bench.rename("log", "log.1");
            bench.append("log", "three\n");
        });
        assert_eq!(seen, "one\nhalf\ntwo\nthree\n", "{lines} lines a page");
    }
}

#[test]
fn what_is_written_before_a_copy_is_made_and_the_original_cut_is_not_left_out() {
    for lines in 1..5 {
        let bench = Bench::new();
        bench.append("log", "one of the lines that make a head\n".repeat(40) + "last\n");
        let seen = read_while(&bench, lines, b"last", || {
            bench.append("log", "two\n");
            fs::copy(bench.path("log"), bench.path("log.1")).expect("a copy");
            fs::File::options().write(true).open(bench.path("log")).expect("a file").set_len(0).expect("a cut");
            bench.append("log", "three\n");
        });
        assert!(seen.ends_with("last\ntwo\nthree\n"), "{lines} lines a page: {seen}");
    }
}

/// Enough lines to be told from any other file.
fn many() -> String {
    (0..99).map(|n| format!("line {n} of those that make a head\n")).collect()
}

fn cut(bench: &Bench) {
    fs::File::options().write(true).open(bench.path("log")).expect("a file").set_len(0).expect("a cut");
}

#[test]
fn a_copy_that_is_made_and_cut_from_while_a_page_goes_back_gives_no_line_twice() {
    for regrown in ["", "a line that came after\n"] {
        let bench = Bench::new();
        bench.append("log.1", "older\n");
        bench.append("log", many());
        let mut deed = Some(|| {
            bench.rename("log.1", "log.2");
            fs::copy(bench.path("log"), bench.path("log.1")).expect("a copy");
            cut(&bench);
            bench.append("log", regrown);
        });
        let mut want = |_: Line<'_>| {
            if let Some(deed) = deed.take() {
                deed();
            }
            true
        };
        let mut page = bench.log.last(Ask { want: Some(&mut want), ..Ask::lines(1000) });
        if matches!(page, Err(Error::Gone(Loss::Truncated))) {
            page = bench.log.last(Ask::lines(1000));
        }
        let seen: String =
            page.expect("a page").blocks.iter().map(|b| String::from_utf8_lossy(b.bytes()).into_owned()).collect();
        assert_eq!(seen, format!("older\n{}{regrown}", many()));
    }
}

#[test]
fn a_copy_that_is_being_made_is_passed_over_on_the_way_forth() {
    for copied in [1024, 2000, many().len()] {
        for lines in [1, 7, 1000] {
            let bench = Bench::new();
            bench.append("log", "older\n");
            let place = start(&bench.log);
            bench.rename("log", "log.2");
            bench.append("log", many());
            bench.append("log.1", &many()[..copied]);
            let seen = read_from(&bench, place, lines, b"", || ());
            assert_eq!(seen, format!("older\n{}", many()), "{copied} bytes copied, {lines} lines a page");
        }
    }
}

#[test]
fn a_copy_of_a_few_lines_is_passed_over_until_its_original_is_written_to_again() {
    let back = |bench: &Bench| whole(&bench.log.last(Ask::lines(9)).expect("a page"));
    let bench = Bench::new();
    bench.append("log", "one\n");
    bench.tick("log");
    fs::copy(bench.path("log"), bench.path("log.1")).expect("a copy");
    assert_eq!(back(&bench), "one\n");
    bench.tick("log.1");
    cut(&bench);
    assert_eq!(back(&bench), "one\n");
    bench.append("log", "one\n");
    assert_eq!(back(&bench), "one\none\n");
    let oldest = bench.log.find_first(None, &mut |_| Some(std::cmp::Ordering::Greater)).expect("a jump").place;
    assert_eq!(read_from(&bench, oldest, 9, b"", || ()), "one\none\n");
}

#[test]
fn who_reads_in_a_copy_that_is_being_made_goes_on_in_what_is_copied() {
    for lines in [1, 7, 1000] {
        let bench = Bench::new();
        bench.append("log", many());
        bench.append("log.1", &many()[..2000]);
        let copy = Log::new(bench.path("log.1"), Tag::of("here:log"), &bench.setup);
        let place = start(&copy);
        drop(copy);
        let seen = read_from(&bench, place, lines, b"", || ());
        assert_eq!(seen, many(), "{lines} lines a page");
    }
}

#[test]
fn an_original_that_is_cut_when_its_copy_was_passed_over_leaves_no_line_out() {
    for lines in [1, 7, 1000] {
        for at in ["older", "line 0 of those that make a head", "line 98 of those that make a head"] {
            let bench = Bench::new();
            bench.append("log", "older\n");
            let place = start(&bench.log);
            bench.rename("log", "log.2");
            bench.append("log", many());
            fs::copy(bench.path("log"), bench.path("log.1")).expect("a copy");
            let seen = read_from(&bench, place, lines, at.as_bytes(), || {
                cut(&bench);
                bench.append("log", "after\n");
            });
            assert_eq!(seen, format!("older\n{}after\n", many()), "{lines} lines a page, cut at {at}");
        }
    }
}

#[test]
fn when_the_file_that_a_page_reads_is_deleted_the_page_goes_on_in_the_next_newer_one() {
    let bench = Bench::new();
    let age = |name: &str, seconds| {
        let file = fs::File::options().append(true).open(bench.path(name)).expect("a file");
        file.set_modified(SystemTime::now() - Duration::from_secs(seconds)).expect("another age");
    };
    bench.append("log", "two\n");
    age("log", 20);
    bench.append("log.1", "one\n");
    age("log.1", 30);
    let seen = read_while(&bench, 9, b"two", || {
        bench.rename("log.1", "log.3");
        bench.append("log.2", "three\n");
        age("log.2", 10);
        bench.append("log.1", "four\n");
        bench.remove("log");
        bench.append("log", "five\n");
    });
    assert_eq!(seen, "two\nthree\nfour\nfive\n");
}

/// Waits until the clock that stamps files has moved on by a millisecond.
fn wait_for_the_clock(bench: &Bench) {
    let born = || {
        fs::write(bench.path("clock"), "").expect("a file");
        fs::metadata(bench.path("clock")).and_then(|file| file.modified()).expect("a time")
    };
    let first = born();
    while born() < first + Duration::from_millis(2) {}
}

#[test]
fn the_beginning_of_an_empty_file_leads_to_what_was_written_since_also_when_it_was_copied_and_cut() {
    let bench = Bench::new();
    bench.append("log", "zero\n");
    bench.copytruncate();
    let place = start(&bench.log);
    for text in ["one\n", "two\n"] {
        wait_for_the_clock(&bench);
        for older in (1..4).rev().filter(|older| bench.path(&format!("log.{older}")).exists()) {
            bench.rename(&format!("log.{older}"), &format!("log.{}", older + 1));
        }
        bench.append("log", text);
        bench.copytruncate();
    }
    assert_eq!(read_from(&bench, place, 3, b"", || ()), "one\ntwo\n", "all of it is in copies");
    bench.append("log", "three\n");
    assert_eq!(read_from(&bench, place, 3, b"", || ()), "one\ntwo\nthree\n");
    bench.follow(From::At(place)).reads("one\ntwo\nthree\n");
}

#[test]
fn an_older_file_that_was_there_before_a_file_was_empty_is_not_taken_for_what_was_written_since() {
    let bench = Bench::new();
    bench.append("log", "one\n");
    wait_for_the_clock(&bench);
    bench.rename("log", "log.1");
    bench.append("log", "");
    let place = start(&bench.log);
    wait_for_the_clock(&bench);
    bench.append("log.1", "late\n");
    bench.append("log", "two\n");
    assert_eq!(read_from(&bench, place, 3, b"", || ()), "two\n");
}
