//! Rotation and identity.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::time::{Duration, UNIX_EPOCH};

use tailcast_tail::{Ask, Ends, Event, Everything, From, Loss, Patience};

use crate::bench::{Bench, QUICK, Seen, open_files};

fn rotated(event: &Event) -> bool {
    matches!(event, Event::Rotated { .. })
}

fn truncated(event: &Event) -> bool {
    matches!(event, Event::Truncated { .. })
}

fn lost(event: &Event) -> bool {
    matches!(event, Event::Lost(_))
}

#[test]
fn lines_come_as_they_are_appended() {
    let bench = Bench::new();
    bench.append("log", "one\n");
    let mut seen = bench.follow(From::Start);
    seen.reads("one\n");
    bench.append("log", "two\nthr");
    seen.reads("one\ntwo\n");
    bench.append("log", "ee\n");
    seen.reads("one\ntwo\nthree\n");
}

#[test]
fn from_the_end_only_new_lines_come_and_a_half_line_comes_whole() {
    let bench = Bench::new();
    bench.append("log", "old\nha");
    let mut seen = bench.follow(From::End);
    seen.drain();
    bench.append("log", "lf\nnew\n");
    seen.reads("half\nnew\n");
}

#[test]
fn a_rotated_file_is_read_to_its_end() {
    let bench = Bench::new();
    bench.append("log", "one\n");
    let mut seen = bench.follow(From::Start);
    seen.reads("one\n");
    bench.append("log", "two\n");
    bench.rename("log", "log.1");
    bench.append("log", "three\n");
    seen.reads("one\ntwo\nthree\n");
    assert_eq!(seen.told(rotated), 1);
}

#[test]
fn a_writer_that_stays_in_the_rotated_file_is_read_on() {
    let bench = Bench::new();
    let mut old = bench.writer("log");
    old.write_all(b"one\n").expect("a write");
    let mut seen = bench.follow(From::Start);
    seen.reads("one\n");
    bench.rename("log", "log.1");
    bench.append("log", "");
    seen.drain();
    old.write_all(b"two\n").expect("a write");
    seen.reads("one\ntwo\n");
    bench.append("log", "three\n");
    seen.reads("one\ntwo\nthree\n");
}

#[test]
fn a_line_that_comes_late_to_the_rotated_file_is_told_as_a_gap() {
    let bench = Bench::new();
    let mut old = bench.writer("log");
    old.write_all(b"one\n").expect("a write");
    let mut seen = bench.follow(From::Start);
    seen.reads("one\n");
    bench.rename("log", "log.1");
    bench.append("log", "two\n");
    seen.reads("one\ntwo\n");
    old.write_all(b"late\n").expect("a write");
    seen.until("a gap", |seen| seen.told(|event| matches!(event, Event::Gap(gap) if gap.bytes() == 5)) == 1);
}

/// Looks after what was left longer than a busy machine takes to come to it.
fn patient() -> Bench {
    Bench::with(Patience { grace: Duration::from_secs(60), ..QUICK }, Everything)
}

/// A log that was rotated before anybody followed it; its writer is still in the old file.
fn rotated_before(bench: &Bench) -> std::fs::File {
    let mut old = bench.writer("log");
    old.write_all(b"one\n").expect("a write");
    bench.rename("log", "log.1");
    bench.append("log", "two\n");
    old
}

/// The gaps that were told, as the bytes that they go over.
pub(crate) fn gaps(seen: &Seen) -> Vec<(u64, u64)> {
    let gap = |event: &Event| match event {
        Event::Gap(gap) => Some((gap.from.offset().0, gap.to.offset().0)),
        _ => None,
    };
    seen.events.iter().filter_map(gap).collect()
}

#[test]
fn a_line_that_comes_late_to_a_file_that_was_rotated_before_it_was_followed_is_told_as_a_gap() {
    let bench = patient();
    let mut old = rotated_before(&bench);
    let mut seen = bench.follow(From::End);
    seen.drain();
    old.write_all(b"late\n").expect("a write");
    seen.until("a gap", |seen| !gaps(seen).is_empty());
    bench.append("log", "three\n");
    seen.reads("three\n");
    assert_eq!(gaps(&seen), [(4, 9)], "once, and nothing of what stood there");
}

#[test]
fn who_goes_on_in_the_new_file_is_told_what_comes_late_to_the_old_one() {
    let bench = patient();
    let mut old = rotated_before(&bench);
    let place = bench.log.last(Ask::lines(1)).expect("a page").after.expect("a place");
    let mut seen = bench.follow(From::At(place));
    seen.drain();
    old.write_all(b"late\n").expect("a write");
    seen.until("a gap", |seen| gaps(seen) == [(4, 9)]);
}

#[test]
fn who_goes_on_in_the_old_file_reads_what_comes_there_and_is_told_no_gap() {
    let bench = patient();
    let mut old = bench.writer("log");
    old.write_all(b"one\n").expect("a write");
    let place = bench.log.last(Ask::lines(1)).expect("a page").after.expect("a place");
    bench.rename("log", "log.1");
    bench.append("log", "two\n");
    old.write_all(b"late\n").expect("a write");
    let mut seen = bench.follow(From::At(place));
    seen.reads("late\ntwo\n");
    assert!(gaps(&seen).is_empty(), "{:?}", seen.events);
}

#[test]
fn a_file_that_was_rotated_long_before_it_was_followed_is_not_held_open() {
    let bench = Bench::with(Patience { grace: Duration::ZERO, ..QUICK }, Everything);
    rotated_before(&bench);
    bench.tick("log");
    let mut seen = bench.follow(From::End);
    seen.drain();
    assert_eq!(open_files(bench.folder.path()), [bench.path("log").canonicalize().expect("a real path")]);
}

#[test]
fn what_comes_into_a_copy_of_the_log_that_is_being_made_is_not_told() {
    let bench = patient();
    let lines = "a line of many\n".repeat(100_000);
    let (copied, rest) = lines.split_at(1 << 20);
    bench.append("log", &lines);
    bench.append("log.1", copied);
    let mut seen = bench.follow(From::End);
    seen.drain();
    bench.append("log.1", rest);
    bench.append("log", "three\n");
    seen.reads("three\n");
    assert!(gaps(&seen).is_empty(), "{:?}", seen.events);
}

#[test]
fn the_file_between_two_quick_rotations_is_read_in_full() {
    let bench = Bench::new();
    bench.append("log", "one\n");
    let mut seen = bench.follow(From::Start);
    seen.reads("one\n");
    bench.rename("log", "log.1");
    bench.append("log", "two\n");
    bench.rename("log.1", "log.2");
    bench.rename("log", "log.1");
    bench.append("log", "three\n");
    seen.reads("one\ntwo\nthree\n");
    assert_eq!(seen.told(rotated), 2);
}

#[test]
fn a_file_between_is_found_though_the_first_was_compressed_away() {
    let bench = Bench::new();
    bench.append("log", "one\n");
    let mut seen = bench.follow(From::Start);
    seen.reads("one\n");
    bench.rename("log", "log.2.gz");
    bench.remove("log.2.gz");
    bench.append("log.1", "two\n");
    bench.append("log", "three\n");
    seen.reads("one\ntwo\nthree\n");
}

#[test]
fn copytruncate_loses_nothing_that_was_copied() {
    let bench = Bench::new();
    bench.append("log", "one\n");
    let mut seen = bench.follow(From::Start);
    seen.reads("one\n");
    bench.append("log", "two\n");
    bench.copytruncate();
    bench.append("log", "three\n");
    seen.reads("one\ntwo\nthree\n");
    assert_eq!(seen.told(lost), 0);
}

#[test]
fn copytruncate_is_noticed_though_the_file_has_outgrown_its_old_size() {
    let bench = Bench::new();
    bench.append("log", "one\n");
    let mut seen = bench.follow(From::Start);
    seen.reads("one\n");
    bench.append("log", "two\n");
    bench.copytruncate();
    bench.append("log", "three\nfour\nfive\nsix\n");
    seen.reads("one\ntwo\nthree\nfour\nfive\nsix\n");
}

#[test]
fn the_hole_of_a_writer_without_o_append_is_skipped() {
    let bench = Bench::new();
    let mut writer = fs::File::create(bench.path("log")).expect("a file");
    let long = "x".repeat(9999) + "\n";
    writer.write_all(long.as_bytes()).expect("a write");
    let mut seen = bench.follow(From::End);
    seen.drain();
    bench.copytruncate();
    writer.write_all(b"new\n").expect("a write");
    seen.reads("new\n");
    assert!(seen.told(|event| matches!(event, Event::Hole { .. })) > 0);
}

#[test]
fn truncation_without_a_copy_is_told_and_unread_bytes_are_told_lost() {
    let bench = Bench::new();
    bench.append("log", "one\nha");
    let mut seen = bench.follow(From::Start);
    seen.reads("one\n");
    fs::write(bench.path("log"), "two\n").expect("a write");
    seen.reads("one\ntwo\n");
    assert_eq!(seen.told(truncated), 1);
    let two_bytes =
        |event: &Event| matches!(event, Event::Lost(lost) if lost.bytes == Some(2) && lost.why == Loss::Truncated);
    assert_eq!(seen.told(two_bytes), 1);
}

#[test]
fn a_file_rewritten_to_exactly_its_old_size_is_noticed() {
    let bench = Bench::new();
    bench.append("log", "aaa\n");
    let mut seen = bench.follow(From::Start);
    seen.reads("aaa\n");
    fs::write(bench.path("log"), "bbb\n").expect("a write");
    seen.reads("aaa\nbbb\n");
    assert_eq!(seen.told(truncated), 1);
}

#[test]
fn when_only_the_end_is_cut_off_reading_goes_on_there() {
    let bench = Bench::new();
    bench.append("log", "one\ntwo\nthree\n");
    let mut seen = bench.follow(From::Start);
    seen.reads("one\ntwo\nthree\n");
    OpenOptions::new().write(true).open(bench.path("log")).and_then(|file| file.set_len(8)).expect("a truncation");
    seen.drain();
    bench.append("log", "four\n");
    seen.reads("one\ntwo\nthree\nfour\n");
}

#[test]
fn a_file_replaced_by_a_longer_version_of_itself_goes_on() {
    let bench = Bench::new();
    bench.append("log", "one\ntwo\n");
    let mut seen = bench.follow(From::Start);
    seen.reads("one\ntwo\n");
    bench.append("temp", "one\ntwo\nthree\n");
    bench.rename("temp", "log");
    seen.reads("one\ntwo\nthree\n");
}

#[test]
fn a_file_replaced_by_one_with_the_same_head_and_another_tail_is_read_anew() {
    let bench = Bench::new();
    let banner = "# the same words at the beginning of each file\n".repeat(40);
    bench.append("log", format!("{banner}one\n"));
    let mut seen = bench.follow(From::Start);
    seen.reads(&format!("{banner}one\n"));
    bench.append("temp", format!("{banner}two\nthree\n"));
    bench.rename("temp", "log");
    seen.reads(&format!("{banner}one\n{banner}two\nthree\n"));
    assert_eq!((seen.told(rotated), seen.told(lost)), (1, 0));
}

#[test]
fn a_file_deleted_and_made_again_at_once_is_another_one() {
    let bench = Bench::new();
    bench.append("log", "one\n");
    let mut seen = bench.follow(From::Start);
    seen.reads("one\n");
    bench.remove("log");
    bench.append("log", "two\n");
    seen.reads("one\ntwo\n");
    assert_eq!(seen.told(rotated), 1);
}

#[test]
fn equal_bytes_in_a_file_made_again_are_new_lines() {
    let bench = Bench::new();
    bench.append("log", "same\n");
    let mut seen = bench.follow(From::Start);
    seen.reads("same\n");
    bench.remove("log");
    bench.append("log", "same\n");
    seen.reads("same\nsame\n");
}

#[test]
fn the_half_line_at_the_end_of_a_rotated_file_is_given_out_once_and_marked() {
    let bench = Bench::new();
    bench.append("log", "one\nhalf");
    let mut seen = bench.follow(From::Start);
    seen.reads("one\n");
    bench.rename("log", "log.1");
    bench.append("log", "two\n");
    seen.reads("one\nhalftwo\n");
    let unfinished = |event: &Event| matches!(event, Event::Block(block) if *block.ends() == Ends::Unfinished);
    assert_eq!(seen.told(unfinished), 1);
}

#[test]
fn a_hard_link_rotation_is_a_rotation() {
    let bench = Bench::new();
    bench.append("log", "one\n");
    let mut seen = bench.follow(From::Start);
    seen.reads("one\n");
    fs::hard_link(bench.path("log"), bench.path("log.1")).expect("a link");
    bench.remove("log");
    bench.append("log", "two\n");
    seen.reads("one\ntwo\n");
}

#[test]
fn a_file_that_is_renamed_compressed_and_deleted_at_once_is_read_to_its_end() {
    let bench = Bench::new();
    bench.append("log", "one\n");
    let mut seen = bench.follow(From::Start);
    seen.reads("one\n");
    bench.append("log", "two\n");
    bench.rename("log", "log.1");
    bench.append("log.1.gz", "not really compressed, and not read");
    bench.remove("log.1");
    bench.append("log", "three\n");
    seen.reads("one\ntwo\nthree\n");
    assert_eq!(seen.told(lost), 0);
}

#[test]
fn unread_bytes_of_a_deleted_file_are_read_before_the_next_one() {
    let bench = Bench::new();
    let long = "x".repeat(99) + "\n";
    bench.append("log", long.repeat(50_000));
    let mut seen = bench.follow(From::Start);
    seen.events.extend(seen.follower.step(1).events);
    bench.remove("log");
    bench.append("log", "new\n");
    seen.reads(&(long.repeat(50_000) + "new\n"));
}

#[test]
fn two_files_that_begin_with_the_same_kibibyte_are_two_files() {
    let bench = Bench::new();
    let banner = "# the same words at the beginning of each file\n".repeat(40);
    bench.append("log", format!("{banner}one\n"));
    let mut seen = bench.follow(From::Start);
    seen.reads(&format!("{banner}one\n"));
    bench.rename("log", "log.2");
    bench.append("log.1", format!("{banner}two\n"));
    bench.append("log", format!("{banner}three\n"));
    seen.reads(&format!("{banner}one\n{banner}two\n{banner}three\n"));
}

#[test]
fn a_rewritten_file_with_the_same_first_kibibyte_is_noticed_by_the_bytes_before_the_place() {
    let bench = Bench::new();
    let banner = "# the same words at the beginning of each file\n".repeat(40);
    bench.append("log", format!("{banner}one\n"));
    let mut seen = bench.follow(From::Start);
    seen.reads(&format!("{banner}one\n"));
    fs::write(bench.path("log"), format!("{banner}two\nthree\n")).expect("a write");
    seen.reads(&format!("{banner}one\n{banner}two\nthree\n"));
    assert_eq!(seen.told(truncated), 1);
}

#[test]
fn no_decision_rests_on_modification_times() {
    let bench = Bench::new();
    bench.append("log", "one\n");
    let mut seen = bench.follow(From::Start);
    seen.reads("one\n");
    let at = |name: &str, seconds: u64| {
        let file = OpenOptions::new().append(true).open(bench.path(name)).expect("a file");
        file.set_modified(UNIX_EPOCH + Duration::from_secs(seconds)).expect("a time");
    };
    bench.append("log", "two\n");
    at("log", 4_000_000_000);
    seen.reads("one\ntwo\n");
    bench.append("log", "three\n");
    bench.rename("log", "log.2");
    at("log.2", 4_000_000_000);
    bench.append("log.1", "four\n");
    at("log.1", 0);
    bench.append("log", "five\n");
    at("log", 1);
    seen.reads("one\ntwo\nthree\nfour\nfive\n");
}
