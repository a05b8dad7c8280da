//! A page that is being read while its file is written to and rotated: a filter is asked at each line, and lays hands on
//! the files at that very moment.

use std::fs;

use tailcast_tail::{Ask, Error, Line, Log, Loss, Offset, Page, Position};

use crate::bench::Bench;

/// Reads on from the start to the end, and does `deed` when the line `at` is seen for the first time. What a page gives behind
/// its `after` is a half line that comes whole with the next one, so it does not count.
fn read_while(bench: &Bench, lines: usize, at: &[u8], deed: impl FnOnce()) -> String {
    let mut deed = Some(deed);
    let mut want = |line: Line<'_>| {
        if line.bytes == at
            && let Some(deed) = deed.take()
        {
            deed();
        }
        true
    };
    let (mut all, mut place, mut is_cut) = (String::new(), start(&bench.log), false);
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
