//! Reading back: last lines, pages in both directions, caps, jumps, raw bytes.

use std::fs::{self, File, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::FileExt as _;

use tailcast_tail::{Ask, Begins, Ends, Error, Found, From, LINE_BYTES, Log, Offset, Page, Position, Stopped, Tag};

use crate::bench::Bench;

pub(crate) fn text(page: &Page) -> String {
    page.blocks.iter().map(|block| String::from_utf8_lossy(block.bytes()).into_owned()).collect()
}

pub(crate) fn numbered(range: std::ops::Range<u32>) -> String {
    range.map(|n| format!("line {n}\n")).collect()
}

/// Pages back from the end, `lines` at a time, and returns all there is.
fn all_back(log: &Log, lines: usize) -> String {
    let mut page = log.last(Ask::lines(lines)).expect("a page");
    let mut all = text(&page);
    while let Some(before) = page.before {
        page = log.before(&before, Ask::lines(lines)).expect("a page");
        all.insert_str(0, &text(&page));
    }
    all
}

/// Pages forward from `place`, `lines` at a time.
fn all_forth(log: &Log, mut place: Position, lines: usize) -> String {
    let mut all = String::new();
    loop {
        let page = log.after(&place, Ask::lines(lines)).expect("a page");
        all += &text(&page);
        if page.end {
            return all;
        }
        place = page.after.expect("a place to go on");
    }
}

#[test]
fn the_last_lines_are_the_last_lines() {
    let bench = Bench::new();
    bench.append("log", numbered(0..1000));
    for (asked, from) in [(0, 1000), (1, 999), (10, 990), (1000, 0), (5000, 0)] {
        let page = bench.log.last(Ask::lines(asked)).expect("a page");
        assert_eq!(text(&page), numbered(from..1000), "{asked}");
        assert_eq!(page.before.is_none(), asked >= 1000, "{asked}");
        assert!(page.end);
    }
}

#[test]
fn an_empty_file_has_an_empty_page() {
    let bench = Bench::new();
    bench.append("log", "");
    let page = bench.log.last(Ask::lines(10)).expect("a page");
    assert!(page.blocks.is_empty() && page.before.is_none() && page.after.is_some() && page.end);
}

#[test]
fn a_file_without_a_newline_is_one_unfinished_line() {
    let bench = Bench::new();
    bench.append("log", "no end");
    let page = bench.log.last(Ask::lines(10)).expect("a page");
    assert_eq!(text(&page), "no end");
    assert_eq!(page.blocks[0].ends(), &Ends::Unfinished);
    let after = page.after.expect("a place");
    assert_eq!(after.offset(), Offset(0));
    bench.append("log", " yet\n");
    assert_eq!(all_forth(&bench.log, after, 10), "no end yet\n");
}

#[test]
fn paging_back_and_forth_over_rotated_files_gives_every_line_once() {
    let bench = Bench::new();
    bench.append("log.2", numbered(0..700));
    bench.append("log.1", numbered(700..701));
    bench.append("log", numbered(701..2000));
    for lines in [1, 7, 100, 5000] {
        assert_eq!(all_back(&bench.log, lines), numbered(0..2000), "{lines}");
    }
    let first = bench.log.find_first(None, &mut |_| Some(std::cmp::Ordering::Greater)).expect("a jump");
    assert_eq!(first.found, Found::AllAfter);
    for lines in [3, 700, 5000] {
        assert_eq!(all_forth(&bench.log, first.place, lines), numbered(0..2000), "{lines}");
    }
}

#[test]
fn only_newlines_are_lines_too() {
    let bench = Bench::new();
    bench.append("log", "\n\n\n\n\n");
    let page = bench.log.last(Ask::lines(2)).expect("a page");
    assert_eq!(text(&page), "\n\n");
    assert_eq!(all_back(&bench.log, 2), "\n\n\n\n\n");
}

#[test]
fn a_filter_picks_its_lines_from_all_files() {
    let bench = Bench::new();
    bench.append("log.1", numbered(0..50_000));
    bench.append("log", numbered(50_000..100_000));
    let mut ninety = |line: tailcast_tail::Line<'_>| line.bytes.ends_with(b"90");
    let page = bench.log.last(Ask { want: Some(&mut ninety), ..Ask::lines(600) }).expect("a page");
    let expected: String = (0..1000).map(|n| format!("line {}\n", n * 100 + 90)).skip(400).collect();
    assert_eq!(text(&page), expected);
    for block in &page.blocks {
        assert_eq!(block.lines().count(), 1);
        assert_eq!(block.begins(), Begins::AtLine);
        assert!(block.after().to_string().parse::<Position>().is_ok());
    }
    let before = page.before.expect("more before");
    let older = bench.log.before(&before, Ask { want: Some(&mut ninety), ..Ask::lines(600) }).expect("a page");
    let expected: String = (0..400).map(|n| format!("line {}\n", n * 100 + 90)).collect();
    assert_eq!(text(&older), expected);
    assert_eq!((older.before, older.stopped), (None, Stopped::Edge));
}

#[test]
fn picked_lines_that_follow_each_other_are_one_block_and_their_positions_are_true() {
    let bench = Bench::new();
    bench.append("log", numbered(0..100));
    let mut some = |line: tailcast_tail::Line<'_>| line.bytes.starts_with(b"line 4");
    let page = bench.log.last(Ask { want: Some(&mut some), ..Ask::lines(20) }).expect("a page");
    assert_eq!(text(&page), "line 4\n".to_owned() + &numbered(40..50));
    assert_eq!(page.blocks.len(), 2);
    for line in page.blocks[1].lines() {
        let place = page.blocks[1].position_at(line.offset);
        let after = bench.log.after(&place, Ask::lines(1)).expect("a page");
        assert_eq!(text(&after).as_bytes().trim_ascii_end(), line.bytes);
    }
}

#[test]
fn history_ends_where_the_follower_stands() {
    let bench = Bench::new();
    bench.append("log", numbered(0..10));
    let mut seen = bench.follow(From::Start);
    seen.reads(&numbered(0..10));
    bench.append("log", "more\nha");
    let edge = seen.follower.edge().expect("an edge");
    let page = bench.log.last(Ask { upto: Some(edge.cap()), ..Ask::lines(2) }).expect("a page");
    assert_eq!(text(&page), "line 8\nline 9\n");
    assert_eq!((page.after, page.end), (Some(edge.position), true));
    let start = page.before.expect("more");
    let page = bench.log.after(&start, Ask { upto: Some(edge.cap()), ..Ask::lines(100) }).expect("a page");
    assert_eq!(text(&page), "line 8\nline 9\n");
    assert!(page.end);
}

#[test]
fn a_cap_of_a_life_that_ended_is_an_error() {
    let bench = Bench::new();
    bench.append("log", "one\n");
    let mut seen = bench.follow(From::Start);
    seen.reads("one\n");
    let edge = seen.follower.edge().expect("an edge");
    fs::write(bench.path("log"), "two\n").expect("a write");
    seen.reads("one\ntwo\n");
    assert_eq!(bench.log.last(Ask { upto: Some(edge.cap()), ..Ask::lines(2) }).err(), Some(Error::MovedOn));
}

#[test]
fn a_line_of_100_megabytes_is_cut_and_its_neighbours_are_right() {
    let bench = Bench::new();
    let mut file = File::create(bench.path("log")).expect("a file");
    file.write_all(b"first\n").expect("a write");
    let long = 100_000_000_u64;
    let piece = vec![b'x'; 1_000_000];
    for _ in 0..100 {
        file.write_all(&piece).expect("a write");
    }
    file.write_all(b"\nlast\n").expect("a write");
    for page in [bench.log.last(Ask::lines(3)), bench.log.after(&start(&bench), Ask::lines(3))] {
        let page = page.expect("a page");
        let cut = page.blocks.iter().find(|block| matches!(block.ends(), Ends::Cut { .. })).expect("a cut line");
        assert_eq!((cut.start(), cut.end()), (Offset(6), Offset(6 + long + 1)));
        assert!(page.blocks.iter().map(|block| block.bytes().len()).sum::<usize>() < 12 + LINE_BYTES);
        let next = bench.log.after(&cut.after(), Ask::lines(1)).expect("a page");
        assert_eq!(text(&next), "last\n");
        assert!(text(&page).starts_with("first\n") && text(&page).ends_with("last\n"));
    }
}

#[test]
fn a_line_of_up_to_a_mebibyte_is_whole_in_a_page_and_a_longer_one_is_cut() {
    for (length, is_whole) in [(300_000, true), (LINE_BYTES, true), (LINE_BYTES + 1, false)] {
        for newline in ["\n", ""] {
            let bench = Bench::new();
            let line = "x".repeat(length) + newline;
            bench.append("log", "first\n".to_owned() + &line);
            for page in [bench.log.last(Ask::lines(2)), bench.log.after(&start(&bench), Ask::lines(2))] {
                let page = page.expect("a page");
                let last = page.blocks.last().expect("a block");
                let shown = String::from_utf8_lossy(last.bytes()).into_owned();
                assert_eq!(shown.ends_with(&line), is_whole, "{length} {newline:?} {last:?}");
                assert_eq!(matches!(last.ends(), Ends::Cut { .. }), !is_whole, "{length} {newline:?} {last:?}");
                assert_eq!(last.end(), Offset(6 + line.len() as u64));
                let after = page.after.expect("a place").offset();
                assert_eq!(after, if newline.is_empty() { Offset(6) } else { last.end() });
            }
        }
    }
}

pub(crate) fn start(bench: &Bench) -> Position {
    bench.log.at_offset(Offset::ZERO).expect("a place")
}

#[test]
fn the_last_lines_of_a_terabyte_of_nothing_come_at_once() {
    let bench = Bench::new();
    let file = File::create(bench.path("log")).expect("a file");
    file.write_all_at(b"x\none\ntwo\n", 1 << 40).expect("a write");
    let page = bench.log.last(Ask::lines(2)).expect("a page");
    assert_eq!(text(&page), "one\ntwo\n");
    let page = bench.log.last(Ask::lines(10)).expect("a page");
    assert_eq!(text(&page), "x\none\ntwo\n");
    assert_eq!(page.before, None);
    let page = bench.log.after(&start(&bench), Ask::lines(1)).expect("a page");
    assert_eq!(text(&page), "x\n");
    assert_eq!(page.blocks[0].start(), Offset(1 << 40));
}

#[test]
fn a_position_survives_rotation_and_a_copy_of_the_file() {
    let bench = Bench::new();
    bench.append("log", numbered(0..100));
    let page = bench.log.last(Ask::lines(40)).expect("a page");
    let place: Position = page.before.expect("more").to_string().parse().expect("a position");
    fs::copy(bench.path("log"), bench.path("log.1")).expect("a copy");
    bench.remove("log");
    bench.append("log", "line 100\n");
    assert_eq!(all_forth(&bench.log, place, 1000), numbered(60..101));
    bench.remove("log.1");
    let gone = bench.log.after(&place, Ask::lines(1));
    assert!(matches!(gone, Err(Error::Gone(_))), "{gone:?}");
}

#[test]
fn of_two_files_with_the_same_bytes_the_inode_decides() {
    let bench = Bench::new();
    bench.append("log", "same\n".repeat(1000));
    let place = bench.log.last(Ask::lines(1)).expect("a page").before.expect("more");
    bench.rename("log", "log.1");
    bench.tick("log.1");
    bench.append("log", "same\n".repeat(2000));
    let page = bench.log.after(&place, Ask::lines(5000)).expect("a page");
    assert_eq!(text(&page).len(), 5 + 5 * 2000);
}

#[test]
fn a_rotated_file_with_which_the_next_one_begins_is_no_copy_of_it() {
    let bench = Bench::new();
    bench.append("log.1", "banner\n".repeat(300));
    bench.tick("log.1");
    bench.append("log", "banner\n".repeat(400));
    assert_eq!(all_back(&bench.log, 1000), "banner\n".repeat(700));
}

#[test]
fn a_position_of_another_log_is_refused() {
    let bench = Bench::new();
    bench.append("log", "one\ntwo\n");
    let place = bench.log.last(Ask::lines(1)).expect("a page").after.expect("a place");
    let other = Log::new(bench.path("log"), Tag::of("here:other"), &bench.setup);
    assert_eq!(other.after(&place, Ask::lines(1)).err(), Some(Error::AnotherLog));
    assert!(matches!(other.follow(From::At(place)), Err(Error::AnotherLog)));
}

#[test]
fn an_offset_inside_of_a_line_leads_to_its_start() {
    let bench = Bench::new();
    bench.append("log", "one\ntwo\nthree\n");
    for (offset, start) in [(0, 0), (3, 0), (4, 4), (6, 4), (8, 8), (13, 8), (14, 14), (99, 14)] {
        assert_eq!(bench.log.at_offset(Offset(offset)).expect("a place").offset(), Offset(start), "{offset}");
    }
    let token = bench.log.last(Ask::lines(1)).expect("a page").blocks[0].incarnation().token();
    let forged = token.position(Offset(6), b"one\ntw");
    assert_eq!(text(&bench.log.after(&forged, Ask::lines(1)).expect("a page")), "two\n");
}

#[test]
fn a_made_up_position_inside_of_a_line_leads_to_its_start_and_one_behind_the_end_nowhere() {
    let bench = Bench::new();
    bench.append("log", "one\ntwo\nthree\n");
    let page = bench.log.last(Ask::lines(9)).expect("a page");
    let token = page.blocks[0].incarnation().token();
    let inside = token.position(Offset(6), b"one\ntw");
    let page = bench.log.after(&inside, Ask::lines(9)).expect("a page");
    assert_eq!((text(&page).as_str(), page.blocks[0].begins()), ("two\nthree\n", Begins::AtLine));
    for (offset, before) in [(6, b"one\nxx".as_slice()), (4000, b"e\n"), (u64::MAX, b"e\n")] {
        let made_up = token.position(Offset(offset), before);
        assert!(matches!(bench.log.after(&made_up, Ask::lines(9)), Err(Error::Gone(_))), "{offset}");
        assert!(matches!(bench.log.before(&made_up, Ask::lines(9)), Err(Error::Gone(_))), "{offset}");
    }
}

#[test]
fn raw_gives_the_bytes_in_pieces_between_two_positions() {
    let bench = Bench::new();
    bench.append("log", "one\ntwo\nthree\n");
    let (from, to) =
        (bench.log.at_offset(Offset(4)).expect("a place"), bench.log.at_offset(Offset(8)).expect("a place"));
    let piece = bench.log.raw(&from, Some(&to), 3).expect("bytes");
    assert_eq!(piece.bytes, b"two");
    let piece = bench.log.raw(&piece.next.expect("more"), Some(&to), 100).expect("bytes");
    assert_eq!((piece.bytes.as_slice(), piece.next), (b"\n".as_slice(), None));
    let piece = bench.log.raw(&from, None, 100).expect("bytes");
    assert_eq!((piece.bytes.as_slice(), piece.next), (b"two\nthree\n".as_slice(), None));
}

#[test]
fn raw_without_an_end_goes_on_over_the_ends_of_rotated_files() {
    let bench = Bench::new();
    bench.append("log-20260101", "one\ntwo\n");
    bench.append("log-20260102", "three\n");
    bench.append("log", "four\n");
    let mut from = Some(bench.log.last(Ask::lines(3)).expect("a page").before.expect("more"));
    let mut all = Vec::new();
    while let Some(place) = from {
        let piece = bench.log.raw(&place, None, 3).expect("bytes");
        all.extend(piece.bytes);
        from = piece.next;
    }
    assert_eq!(String::from_utf8(all).expect("text"), "two\nthree\nfour\n");
}

#[test]
fn a_page_of_a_file_that_was_truncated_under_it_is_an_error_and_no_nonsense() {
    let bench = Bench::new();
    bench.append("log", numbered(0..100));
    let place = bench.log.last(Ask::lines(10)).expect("a page").before.expect("more");
    OpenOptions::new().write(true).truncate(true).open(bench.path("log")).expect("a truncation");
    bench.append("log", "other\n".repeat(500));
    assert!(matches!(bench.log.before(&place, Ask::lines(10)), Err(Error::Gone(_))));
}

#[test]
fn no_page_has_more_lines_than_the_most() {
    let bench = Bench::new();
    bench.append("log", "\n".repeat(Ask::MOST_LINES + 10));
    let page = bench.log.last(Ask::lines(10_000_000)).expect("a page");
    assert_eq!(text(&page).len(), Ask::MOST_LINES);
    assert_eq!(page.stopped, Stopped::Lines);
}
