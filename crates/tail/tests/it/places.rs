//! Where a file is and by how many names: moved elsewhere, moved out of what is offered, small, and under several names.

use tailcast_tail::{Ask, Event, From, Log, Tag};

use crate::bench::Bench;

#[test]
fn a_file_moved_to_another_directory_is_read_to_its_end() {
    let bench = Bench::new();
    let mut seen = bench.follow(From::Start);
    let mut writer = bench.writer("log");
    bench.append("log", "one\n");
    seen.reads("one\n");
    std::fs::create_dir(bench.path("old")).expect("a directory");
    bench.rename("log", "old/log");
    std::io::Write::write_all(&mut writer, b"two\n").expect("a write");
    seen.reads("one\ntwo\n");
    drop(writer);
    bench.append("log", "three\n");
    seen.reads("one\ntwo\nthree\n");
    assert_eq!(seen.told(|event| matches!(event, Event::Lost(_))), 0);
}

#[test]
fn a_file_moved_out_of_what_is_offered_is_read_no_other_way_and_the_new_one_is() {
    let bench = Bench::offering(|inside, candidate| candidate.real.parent() == Some(inside));
    let mut seen = bench.follow(From::Start);
    bench.append("log", "one\n");
    seen.reads("one\n");
    std::fs::create_dir(bench.path("elsewhere")).expect("a directory");
    bench.append("log", "two\n");
    bench.rename("log", "elsewhere/log");
    bench.append("log", "three\n");
    // What was open is read to its end through the descriptor.
    seen.reads("one\ntwo\nthree\n");
}

#[test]
fn a_file_that_grows_byte_by_byte_from_nothing_gives_each_line_once_whole() {
    let bench = Bench::new();
    bench.append("log", "");
    let mut seen = bench.follow(From::Start);
    seen.drain();
    assert_eq!(seen.text(), "");
    let all = "ab\nc\n\nlast\n";
    for byte in all.as_bytes() {
        bench.append("log", [*byte]);
        seen.drain();
        let text = seen.text();
        assert!(all.starts_with(&text) && (text.is_empty() || text.ends_with('\n')), "{text:?}");
    }
    seen.reads(all);
}

#[test]
fn by_a_link_and_by_a_hard_link_the_same_lines_are_read() {
    let bench = Bench::new();
    bench.append("log", "one\ntwo\n");
    std::os::unix::fs::symlink(bench.path("log"), bench.path("by-link")).expect("a link");
    std::fs::hard_link(bench.path("log"), bench.path("by-name")).expect("a hard link");
    for name in ["log", "by-link", "by-name"] {
        let log = Log::new(bench.path(name), Tag::of(name), &bench.setup);
        let page = log.last(Ask::lines(9)).expect("a page");
        let bytes: Vec<u8> = page.blocks.iter().flat_map(|block| block.bytes().to_vec()).collect();
        assert_eq!(String::from_utf8_lossy(&bytes), "one\ntwo\n", "{name}");
    }
}

#[test]
fn lines_that_come_into_space_set_aside_are_read_from_the_end_of_what_is_there() {
    let bench = Bench::new();
    bench.append("log", "old\n");
    let set_aside = std::fs::OpenOptions::new().write(true).open(bench.path("log")).expect("a file");
    set_aside.set_len(1 << 20).expect("space");
    let page = bench.log.last(Ask::lines(9)).expect("a page");
    assert!(page.end && page.blocks.len() == 1 && page.blocks[0].bytes() == b"old\n", "{page:?}");
    let mut seen = bench.follow(From::End);
    seen.drain();
    std::os::unix::fs::FileExt::write_all_at(&set_aside, b"new\n", 4).expect("a write");
    seen.reads("new\n");
}
