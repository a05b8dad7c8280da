//! Jumps to a time.

use tailcast_tail::{Ask, Cap, Found, Line, Log};

use crate::bench::Bench;

/// Lines begin with a number, which stands for a time. Others cannot be compared.
fn number(line: Line<'_>) -> Option<u32> {
    std::str::from_utf8(line.bytes).ok()?.split(' ').next()?.parse().ok()
}

fn find(log: &Log, wanted: u32) -> (Found, String, u64) {
    find_upto(log, wanted, None)
}

fn find_upto(log: &Log, wanted: u32, upto: Option<Cap>) -> (Found, String, u64) {
    let jump = log.find_first(upto, &mut |line| Some(number(line)?.cmp(&wanted))).expect("a jump");
    let page = log.after(&jump.place, Ask::lines(1)).expect("a page");
    let line = page.blocks.iter().flat_map(|block| block.bytes().to_vec()).collect();
    (jump.found, String::from_utf8(line).expect("text"), jump.scanned)
}

fn lines(range: std::ops::Range<u32>) -> String {
    range.map(|n| format!("{n} something happened\n")).collect()
}

#[test]
fn a_jump_lands_on_the_first_line_that_is_not_before() {
    let bench = Bench::new();
    bench.append("log", lines(10..200_000).replace("77777 ", "77778 "));
    for wanted in [11, 12, 500, 77_777, 77_778, 100_000, 199_998, 199_999] {
        let landed = if wanted == 77_777 { 77_778 } else { wanted };
        let (found, line, scanned) = find(&bench.log, wanted);
        assert_eq!((found, line), (Found::Line, format!("{landed} something happened\n")));
        assert!(scanned < 1 << 20, "{scanned}");
    }
}

#[test]
fn before_the_first_and_behind_the_last_line_is_said_so() {
    let bench = Bench::new();
    bench.append("log", lines(10..1000));
    assert_eq!(find(&bench.log, 5), (Found::AllAfter, "10 something happened\n".into(), find(&bench.log, 5).2));
    let (found, line, _) = find(&bench.log, 1000);
    assert_eq!((found, line.as_str()), (Found::AllBefore, ""));
}

#[test]
fn of_equal_lines_over_many_blocks_the_first_is_found() {
    let bench = Bench::new();
    bench.append("log", lines(0..1000) + "1000 first\n" + &"1000 again\n".repeat(500_000) + &lines(1001..2000));
    assert_eq!(find(&bench.log, 1000).1, "1000 first\n");
}

#[test]
fn a_trace_of_megabytes_without_times_does_not_mislead() {
    let bench = Bench::new();
    let trace = "    at some.place.in.the.code\n".repeat(100_000);
    bench.append("log", lines(0..1000) + &trace + &lines(1000..2000) + &trace + &lines(2000..2100));
    for wanted in [1, 999, 1000, 1001, 1999, 2000, 2099] {
        assert_eq!(find(&bench.log, wanted).1, format!("{wanted} something happened\n"));
    }
}

#[test]
fn a_jump_goes_into_older_files() {
    let bench = Bench::new();
    bench.append("log.2", lines(0..100));
    bench.append("log.1", lines(100..200));
    bench.append("log", lines(200..300));
    for wanted in [1, 99, 100, 101, 199, 200, 201, 299] {
        assert_eq!(find(&bench.log, wanted).1, format!("{wanted} something happened\n"));
    }
}

#[test]
fn a_file_without_times_says_so_after_a_bounded_look() {
    let bench = Bench::new();
    bench.append("log", "no time here\n".repeat(1_000_000));
    let (found, _, scanned) = find(&bench.log, 5);
    assert_eq!(found, Found::Nothing);
    assert!(scanned <= 2 << 20, "{scanned}");
}
