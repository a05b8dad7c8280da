//! `tail --cursor-file`: killed at any moment, and nothing is lost.

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::house::{House, Hub, Running};

fn appending(house: &House, hub: &Hub) -> Running {
    let out = OpenOptions::new().append(true).create(true).open(house.path("out")).unwrap();
    let log = house.log("a");
    let mut command = house.command(&["tail", &log, "-n", "10000", "--cursor-file", "cursor", "--hub", &hub.url]);
    Running(command.stdout(out).stderr(Stdio::null()).spawn().unwrap())
}

/// Waits until the output has at least so many bytes.
fn wait_for(house: &House, bytes: usize) {
    wait_until(|| fs::metadata(house.path("out")).map_or(0, |out| out.len()) >= bytes as u64);
}

fn wait_until(there: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while !there() {
        assert!(Instant::now() < deadline, "the output does not grow");
        std::thread::sleep(Duration::from_millis(2));
    }
}

#[test]
fn killed_again_and_again_the_file_it_appends_to_is_exactly_the_log() {
    let house = House::new();
    let hub = house.hub();
    let mut written = String::new();
    house.append("a", "");
    for round in 0..6 {
        let mut tail = appending(&house, &hub);
        for n in 0..20 {
            let line = format!("round {round} line {n}\n");
            house.append("a", &line);
            written.push_str(&line);
            if n == 10 + round {
                wait_for(&house, written.len() / 2);
                tail.kill();
            }
        }
    }
    let mut tail = appending(&house, &hub);
    wait_for(&house, written.len());
    tail.kill();
    assert_eq!(fs::read_to_string(house.path("out")).unwrap(), written);
}

/// Lines of a log, some hundred a second, until it is dropped.
struct Writer(Arc<AtomicBool>, Option<JoinHandle<u64>>);

impl Writer {
    fn of(path: PathBuf) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let asked = Arc::clone(&stop);
        let thread = std::thread::spawn(move || {
            let mut log = OpenOptions::new().append(true).create(true).open(path).unwrap();
            let mut written = 0;
            while !asked.load(Ordering::Relaxed) {
                for _ in 0..8 {
                    writeln!(log, "line {written}").unwrap();
                    written += 1;
                }
                std::thread::sleep(Duration::from_millis(10));
            }
            written
        });
        Writer(stop, Some(thread))
    }

    /// Ends it; how many lines there are.
    fn end(mut self) -> u64 {
        self.0.store(true, Ordering::Relaxed);
        self.1.take().unwrap().join().unwrap()
    }
}

/// Killed within its first second, which is before anything but the beginning was kept.
#[test]
fn killed_before_anything_else_was_kept_it_goes_on_where_it_began() {
    let house = House::new();
    house.append("a", "");
    let hub = house.hub();
    let writer = Writer::of(house.path("logs/a"));
    let mut had = 0;
    for _ in 0..5 {
        let mut command = house.command(&["tail", &house.log("a"), "--cursor-file", "cursor", "--hub", &hub.url]);
        let out = OpenOptions::new().append(true).create(true).open(house.path("out")).unwrap();
        let mut tail = Running(command.stdout(out).stderr(Stdio::null()).spawn().unwrap());
        wait_for(&house, had + 2000);
        tail.kill();
        had = usize::try_from(fs::metadata(house.path("out")).unwrap().len()).unwrap();
    }
    let last = writer.end();
    let mut tail = appending(&house, &hub);
    let end = format!("line {}\n", last - 1);
    wait_until(|| fs::read_to_string(house.path("out")).unwrap().ends_with(&end));
    tail.kill();
    let out = fs::read_to_string(house.path("out")).unwrap();
    let numbers: Vec<u64> = out.lines().map(|line| line["line ".len()..].parse().unwrap()).collect();
    let whole: Vec<u64> = (numbers[0]..last).collect();
    assert!(numbers == whole, "from {} to {last} there are {} lines", numbers[0], numbers.len());
}

#[test]
fn after_an_end_that_was_asked_for_what_others_have_added_stays() {
    for signal in [Signal::INT, Signal::TERM, Signal::HUP] {
        let house = House::new();
        house.append("a", "one\n");
        let hub = house.hub();
        let mut tail = appending(&house, &hub);
        wait_for(&house, "one\n".len());
        assert_eq!(tail.end_by(signal).code(), Some(0));
        let mut out = OpenOptions::new().append(true).open(house.path("out")).unwrap();
        out.write_all(b"note by ops\n").unwrap();
        house.append("a", "two\n");
        let mut tail = appending(&house, &hub);
        wait_for(&house, "one\nnote by ops\ntwo\n".len());
        assert_eq!(tail.end_by(signal).code(), Some(0));
        assert_eq!(fs::read_to_string(house.path("out")).unwrap(), "one\nnote by ops\ntwo\n");
        assert!(!house.path("cursor.taken-back").exists());
    }
}

#[test]
fn after_a_kill_what_others_have_added_is_put_aside() {
    let house = House::new();
    house.append("a", "one\n");
    let hub = house.hub();
    let mut tail = appending(&house, &hub);
    wait_for(&house, "one\n".len());
    tail.kill();
    let mut out = OpenOptions::new().append(true).open(house.path("out")).unwrap();
    out.write_all(b"note by ops\n").unwrap();
    fs::write(house.path("precious"), "precious").unwrap();
    std::os::unix::fs::symlink("precious", house.path("cursor.taken-back")).unwrap();
    let mut command = house.command(&["tail", &house.log("a"), "--cursor-file", "cursor", "--hub", &hub.url]);
    let out = OpenOptions::new().append(true).open(house.path("out")).unwrap();
    let mut tail = Running(command.stdout(out).stderr(File::create(house.path("said")).unwrap()).spawn().unwrap());
    house.append("a", "two\n");
    wait_until(|| fs::read_to_string(house.path("out")).unwrap() == "one\ntwo\n");
    tail.kill();
    assert!(fs::read_to_string(house.path("cursor.taken-back")).unwrap().ends_with("note by ops\n"));
    assert_eq!(fs::metadata(house.path("cursor.taken-back")).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(fs::read_to_string(house.path("precious")).unwrap(), "precious");
    let said = fs::read_to_string(house.path("said")).unwrap();
    assert!(said.contains("all of them are kept in cursor.taken-back"), "{said}");
}

#[test]
fn into_a_pipe_nothing_is_lost_and_at_most_the_last_write_comes_twice() {
    let house = House::new();
    house.append("a", "one\ntwo\n");
    let hub = house.hub();
    let log = house.log("a");
    let words = ["tail", &log, "--cursor-file", "cursor", "--hub", &hub.url];
    let mut first = house.start(&words);
    assert_eq!((first.next(), first.next()), ("one\n".into(), "two\n".into()));
    first.child.kill();
    house.append("a", "three\n");
    let second = house.start(&words);
    let line = second.next();
    let line = if line == "one\n" { (second.next(), second.next()).1 } else { line };
    assert_eq!(line, "three\n");
}

#[test]
fn a_cursor_file_that_is_none_is_refused_and_kept() {
    let house = House::new();
    house.append("a", "one\n");
    let hub = house.hub();
    fs::write(house.path("cursor"), "notes").unwrap();
    let ran = house.run(&["tail", &house.log("a"), "--cursor-file", "cursor", "--hub", &hub.url]).ended(2);
    assert!(ran.err.contains("cursor is no cursor file"), "{}", ran.err);
    assert_eq!(fs::read_to_string(house.path("cursor")).unwrap(), "notes");
}

#[test]
fn a_cursor_that_cannot_be_written_is_told_and_ends_it() {
    let house = House::new();
    house.append("a", "one\n");
    let hub = house.hub();
    let out = File::create(house.path("out")).unwrap();
    let mut command = house.command(&["tail", &house.log("a"), "--cursor-file", "no/such/dir", "--hub", &hub.url]);
    let ran = crate::house::Ran::of(command.stdout(out).output().unwrap()).ended(5);
    assert!(ran.err.contains("the cursor file no/such/dir"), "{}", ran.err);
}
