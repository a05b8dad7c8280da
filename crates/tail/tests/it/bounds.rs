//! What a page may cost: bytes, time, and a line that is longer than both.

use std::time::Instant;

use tailcast_tail::{Ask, Ends, Page, Stopped};

use crate::bench::Bench;
use crate::history::{numbered, start, text};

#[test]
fn a_budget_ends_a_page_and_the_next_one_goes_on() {
    let bench = Bench::new();
    let all = numbered(0..300_000);
    bench.append("log", &all);
    let mut never = |_: tailcast_tail::Line<'_>| false;
    let page = bench.log.last(Ask { scan: 1 << 20, want: Some(&mut never), ..Ask::lines(1) }).expect("a page");
    assert_eq!(page.stopped, Stopped::Scan);
    let rest = bench.log.before(&page.before.expect("more"), Ask { want: Some(&mut never), ..Ask::lines(1) });
    let rest = rest.expect("a page");
    assert_eq!(rest.stopped, Stopped::Edge);
    assert_eq!(page.scanned + rest.scanned, all.len() as u64);
    let page = bench.log.last(Ask { bytes: 1000, ..Ask::lines(5000) }).expect("a page");
    assert_eq!(page.stopped, Stopped::Bytes);
    assert!(text(&page).len() < 1100);
}

/// What a disk takes too long for comes in parts, each of them some way further.
#[test]
fn a_deadline_ends_a_page_that_looked_at_something_and_the_next_one_goes_on() {
    let bench = Bench::new();
    bench.append("log", numbered(0..300_000));
    let mut want = |line: tailcast_tail::Line<'_>| line.bytes.ends_with(b"99999");
    let late = || Some(Instant::now());
    let (mut found, mut pages) = (0, 0);
    let mut page = bench.log.last(Ask { deadline: late(), want: Some(&mut want), ..Ask::lines(9) }).expect("a page");
    loop {
        (found, pages) = (found + count(&page), pages + 1);
        let Some(before) = page.before else { break };
        assert_eq!(page.stopped, Stopped::Scan);
        page =
            bench.log.before(&before, Ask { deadline: late(), want: Some(&mut want), ..Ask::lines(9) }).expect("older");
    }
    assert_eq!((found, page.stopped), (3, Stopped::Edge));
    let (mut forth, mut place) = (0, start(&bench));
    loop {
        let page = bench.log.after(&place, Ask { deadline: late(), want: Some(&mut want), ..Ask::lines(9) });
        let page = page.expect("a page");
        (found, forth) = (found + count(&page), forth + 1);
        place = page.after.expect("a place");
        if page.end {
            break;
        }
        assert_eq!(page.stopped, Stopped::Scan);
    }
    assert_eq!(found, 6);
    assert!(pages > 2 && forth > 2, "{pages} {forth}");
}

fn count(page: &Page) -> usize {
    page.blocks.iter().map(|block| block.lines().count()).sum()
}

#[test]
fn a_long_line_is_passed_in_both_directions_though_the_budget_ends_in_it() {
    let bench = Bench::new();
    bench.append("log", "first\n".to_owned() + &"x".repeat(5_000_000) + "\nlast\n");
    let small = || Ask { scan: 1_000_000, ..Ask::lines(1) };
    let mut page = bench.log.last(small()).expect("a page");
    let mut pages = 1;
    while let Some(before) = page.before {
        page = bench.log.before(&before, small()).expect("a page");
        pages += 1;
        assert!(pages < 20);
    }
    assert_eq!(text(&page), "first\n");
    let mut place = start(&bench);
    for _ in 0..20 {
        let page = bench.log.after(&place, small()).expect("a page");
        if text(&page) == "last\n" {
            return;
        }
        place = page.after.expect("a place");
    }
    panic!("the last line was not reached");
}

#[test]
fn the_length_of_a_long_line_is_true_though_the_budget_of_the_page_ends_in_it() {
    let bench = Bench::new();
    bench.append("log", "first\n".to_owned() + &"x".repeat(5_000_000) + "\nlast\n");
    let small = || Ask { scan: 1_000_000, length: 10_000_000, ..Ask::lines(2) };
    let page = bench.log.after(&start(&bench), small()).expect("a page");
    let Some(Ends::Cut { line, .. }) = page.blocks.last().map(|block| block.ends()) else { panic!("{page:?}") };
    assert_eq!(*line, 5_000_001);
    let rest = bench.log.after(&page.after.expect("a place"), small()).expect("a page");
    assert_eq!(text(&rest), "last\n");
}
