//! Files that are deleted, not there yet, links, or something else than a file.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::os::unix::net::UnixListener;

use rustix::fs::{CWD, FileType, Mode, mknodat};
use rustix::thread::{CapabilitySet, CapabilitySets, capabilities, set_capabilities};
use tailcast_tail::{Ask, Candidate, Departure, Error, Event, From, Kind, Obstacle};

use crate::bench::{Bench, QUICK, open_files};

fn gone(event: &Event) -> bool {
    matches!(event, Event::Gone(Departure::Deleted))
}

fn waiting(why: Obstacle) -> impl Fn(&Event) -> bool {
    move |event| matches!(event, Event::Waiting(told) if *told == why)
}

#[test]
fn a_deleted_file_is_read_until_its_writer_is_still_and_then_closed() {
    let bench = Bench::new();
    let mut writer = bench.writer("log");
    let mut seen = bench.follow(From::Start);
    seen.drain();
    bench.remove("log");
    writer.write_all(b"one\n").expect("a write");
    seen.reads("one\n");
    writer.write_all(b"two\n").expect("a write");
    seen.reads("one\ntwo\n");
    seen.until("the end of patience", |seen| seen.told(waiting(Obstacle::NotThere)) == 1);
    assert_eq!(seen.told(gone), 1);
    seen.until("the file to be closed", |_| open_files(bench.folder.path()).len() == 1);
}

#[test]
fn a_deleted_file_that_comes_back_is_read_from_its_beginning() {
    let bench = Bench::new();
    bench.append("log", "one\n");
    let mut seen = bench.follow(From::End);
    seen.drain();
    bench.remove("log");
    seen.until("waiting", |seen| seen.told(waiting(Obstacle::NotThere)) == 1);
    bench.append("log", "two\n");
    seen.reads("two\n");
}

#[test]
fn a_directory_that_is_deleted_and_made_again_is_no_end() {
    let bench = Bench::new();
    bench.append("log", "one\n");
    let mut seen = bench.follow(From::Start);
    seen.reads("one\n");
    fs::remove_dir_all(bench.folder.path()).expect("a removal");
    seen.drain();
    fs::create_dir(bench.folder.path()).expect("a directory");
    bench.append("log", "two\n");
    seen.reads("one\ntwo\n");
}

#[test]
fn a_file_that_is_not_there_yet_is_waited_for() {
    let bench = Bench::in_folder("not/yet");
    let mut seen = bench.follow(From::End);
    seen.drain();
    assert_eq!(seen.told(waiting(Obstacle::NotThere)), 1);
    fs::create_dir_all(bench.folder.path().join("not/yet")).expect("a directory");
    seen.drain();
    fs::write(bench.log.path(), "one\n").expect("a write");
    seen.reads("one\n");
    assert_eq!(seen.told(waiting(Obstacle::NotThere)), 1);
}

#[test]
fn what_is_no_regular_file_is_neither_read_nor_blocks() {
    for kind in [Kind::Directory, Kind::Fifo, Kind::Socket, Kind::Device] {
        let bench = Bench::new();
        bench.append("log", "one\n");
        let mut seen = bench.follow(From::Start);
        seen.reads("one\n");
        bench.remove("log");
        let path = bench.path("log");
        match kind {
            Kind::Directory => fs::create_dir(&path).expect("a directory"),
            Kind::Fifo => mknodat(CWD, &path, FileType::Fifo, Mode::RUSR, 0).expect("a pipe"),
            Kind::Socket => drop(UnixListener::bind(&path).expect("a socket")),
            _ => symlink("/dev/zero", &path).expect("a link"),
        }
        let why = Obstacle::NotRegular(kind);
        seen.until("the refusal", |seen| seen.told(waiting(why)) == 1);
        assert_eq!(bench.log.glance(), Err(why));
    }
}

#[test]
fn a_chain_of_links_is_followed_to_its_new_end() {
    let bench = Bench::new();
    bench.append("first", "one\n");
    bench.append("second", "two\n");
    symlink(bench.path("first"), bench.path("middle")).expect("a link");
    symlink("middle", bench.path("log")).expect("a link");
    let mut seen = bench.follow(From::Start);
    seen.reads("one\n");
    symlink(bench.path("second"), bench.path("new")).expect("a link");
    bench.rename("new", "middle");
    seen.reads("one\ntwo\n");
    bench.append("second", "three\n");
    seen.reads("one\ntwo\nthree\n");
}

#[test]
fn links_that_lead_nowhere_or_in_a_circle_are_waited_for() {
    let bench = Bench::new();
    symlink("log", bench.path("log")).expect("a link");
    let mut seen = bench.follow(From::Start);
    seen.drain();
    assert_eq!(seen.told(waiting(Obstacle::LinkLoop)), 1);
    bench.remove("log");
    symlink("later", bench.path("log")).expect("a link");
    seen.until("waiting", |seen| seen.told(waiting(Obstacle::NotThere)) == 1);
    bench.append("later", "one\n");
    seen.reads("one\n");
}

#[test]
fn a_link_that_is_turned_to_a_file_that_is_not_offered_is_refused() {
    let outside = tempfile::tempdir().expect("a directory");
    let secret = outside.path().join("secret");
    fs::write(&secret, "secret\n").expect("a write");
    let bench = Bench::offering(|folder, candidate: &Candidate<'_>| candidate.real.starts_with(folder));
    bench.append("mine", "one\n");
    symlink(bench.path("mine"), bench.path("log")).expect("a link");
    let mut seen = bench.follow(From::Start);
    seen.reads("one\n");
    symlink(&secret, bench.path("new")).expect("a link");
    bench.rename("new", "log");
    seen.until("the refusal", |seen| seen.told(waiting(Obstacle::Refused)) == 1);
    assert_eq!(seen.text(), "one\n");
    assert_eq!(bench.log.glance(), Err(Obstacle::Refused));
    assert!(!Obstacle::Refused.to_string().contains("secret"));
    bench.append("mine", "");
    fs::remove_file(bench.path("log")).expect("a removal");
    symlink(bench.path("mine"), bench.path("log")).expect("a link");
    bench.append("mine", "two\n");
    seen.reads("one\ntwo\n");
}

#[test]
fn a_file_that_may_not_be_read_is_waited_for() {
    obey_permissions();
    let bench = Bench::new();
    bench.append("log", "one\n");
    fs::set_permissions(bench.path("log"), fs::Permissions::from_mode(0o000)).expect("a change");
    let mut seen = bench.follow(From::Start);
    seen.drain();
    assert_eq!(seen.told(waiting(Obstacle::Denied)), 1);
    assert!(matches!(bench.log.last(Ask::lines(1)), Err(Error::Obstacle(Obstacle::Denied))));
    fs::set_permissions(bench.path("log"), fs::Permissions::from_mode(0o600)).expect("a change");
    seen.reads("one\n");
}

#[test]
fn permission_that_is_taken_away_while_a_file_is_read_counts_for_the_next_file() {
    obey_permissions();
    let bench = Bench::new();
    bench.append("log", "one\n");
    let mut seen = bench.follow(From::Start);
    seen.reads("one\n");
    fs::set_permissions(bench.path("log"), fs::Permissions::from_mode(0o000)).expect("a change");
    // It is open, and what was granted then holds, as for every program.
    bench.rename("log", "log.1");
    bench.append("log", "two\n");
    fs::set_permissions(bench.path("log"), fs::Permissions::from_mode(0o000)).expect("a change");
    let displaced = |event: &Event| matches!(event, Event::Gone(Departure::Displaced(Obstacle::Denied)));
    seen.until("the new file is seen", |seen| seen.told(displaced) + seen.told(waiting(Obstacle::Denied)) > 0);
    fs::set_permissions(bench.path("log"), fs::Permissions::from_mode(0o600)).expect("a change");
    seen.reads("one\ntwo\n");
}

/// Root may read everything; from here on this thread may not.
fn obey_permissions() {
    let above = CapabilitySet::DAC_OVERRIDE | CapabilitySet::DAC_READ_SEARCH;
    let now = capabilities(None).expect("capabilities");
    set_capabilities(None, CapabilitySets { effective: now.effective - above, ..now }).expect("fewer capabilities");
}

#[test]
fn a_file_that_fails_to_be_read_is_told_once_and_read_when_it_is_well() {
    // Nothing is mapped at the beginning of any process: to read there is an input/output error.
    const EIO: i32 = 5;
    let bench = Bench::new();
    symlink("/proc/self/mem", bench.path("log")).expect("a link");
    let mut seen = bench.follow(From::Start);
    seen.drain();
    seen.drain();
    assert_eq!(seen.told(waiting(Obstacle::Unreadable(EIO))), 1);
    assert!(matches!(bench.log.last(Ask::lines(1)), Err(Error::Obstacle(Obstacle::Unreadable(EIO)))));
    assert!(Obstacle::Unreadable(EIO).to_string().contains("Input/output error"), "{}", Obstacle::Unreadable(EIO));
    fs::remove_file(bench.path("log")).expect("a removal");
    bench.append("log", "one\n");
    seen.reads("one\n");
}

#[test]
fn a_file_renamed_away_is_read_on_under_its_new_name() {
    let bench = Bench::with(QUICK, tailcast_tail::Everything);
    let mut writer = bench.writer("log");
    let mut seen = bench.follow(From::Start);
    seen.drain();
    bench.rename("log", "elsewhere");
    let moved = |event: &Event| matches!(event, Event::Gone(Departure::Moved));
    seen.until("moved", |seen| seen.told(moved) == 1);
    writer.write_all(b"one\n").expect("a write");
    seen.reads("one\n");
    bench.rename("elsewhere", "log");
    writer.write_all(b"two\n").expect("a write");
    seen.reads("one\ntwo\n");
}

#[test]
fn a_file_that_appears_behind_a_link_and_is_rotated_at_once_is_read_in_full() {
    let bench = Bench::new();
    symlink(bench.path("data"), bench.path("log")).expect("a link");
    bench.append("data.2", "older\n");
    let mut seen = bench.follow(From::End);
    seen.drain();
    bench.append("data", "one\n");
    bench.rename("data", "data.1");
    bench.append("data", "two\n");
    seen.reads("one\ntwo\n");
}
