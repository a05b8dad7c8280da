//! Wake-ups: hints that come, hints that are refused, and looking without them.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, TrySendError, sync_channel};
use std::time::Duration;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tailcast_tail::{Event, Everything, From, Ground, Log, Patience, Poll, Setup, Tag, Wake, Watcher};

use crate::bench::{Bench, QUICK, Seen, open_files};

/// So long that a test which depends on the clock fails.
pub(crate) const NEVER: Patience = Patience { reconcile: Duration::from_secs(3600), ..QUICK };

pub(crate) const LONG: Duration = Duration::from_secs(20);

fn bell() -> (Wake, Receiver<()>) {
    let (ring, rung) = sync_channel(1);
    let wake: Wake = Arc::new(move || match ring.try_send(()) {
        Ok(()) | Err(TrySendError::Full(()) | TrySendError::Disconnected(())) => {}
    });
    (wake, rung)
}

pub(crate) fn watched(bench: &Bench) -> (Seen, Receiver<()>, Arc<Watcher>) {
    let watcher = Watcher::new(Arc::clone(&bench.setup));
    let (wake, rung) = bell();
    let mut seen = bench.follow(From::Start);
    seen.follower.watched_by(&watcher, wake);
    (seen, rung, watcher)
}

/// Steps at each wake-up, and only then, until the text is there.
pub(crate) fn reads_when_woken(seen: &mut Seen, rung: &Receiver<()>, text: &str) {
    while seen.drain().text().len() < text.len() {
        assert!(seen.follower.next_look() >= QUICK.settle);
        rung.recv_timeout(if seen.follower.next_look() > LONG { LONG } else { QUICK.settle }).unwrap_or_default();
    }
    assert_eq!(seen.text(), text);
}

#[test]
fn an_append_a_rotation_and_a_file_that_appears_wake_the_follower() {
    let bench = Bench::with(NEVER, Everything);
    let (mut seen, rung, watcher) = watched(&bench);
    seen.drain();
    bench.append("log", "one\n");
    reads_when_woken(&mut seen, &rung, "one\n");
    bench.append("log", "two\n");
    reads_when_woken(&mut seen, &rung, "one\ntwo\n");
    bench.rename("log", "log.1");
    bench.append("log", "three\n");
    reads_when_woken(&mut seen, &rung, "one\ntwo\nthree\n");
    bench.append("log", "four\n");
    reads_when_woken(&mut seen, &rung, "one\ntwo\nthree\nfour\n");
    assert_eq!(watcher.watched(), 1);
}

#[test]
fn a_directory_that_appears_wakes_the_follower() {
    let bench = Bench::in_folder_with("not/yet", NEVER);
    let (mut seen, rung, _watcher) = watched(&bench);
    seen.drain();
    std::fs::create_dir_all(bench.folder.path().join("not/yet")).expect("a directory");
    rung.recv_timeout(LONG).expect("a wake-up");
    seen.drain();
    std::fs::write(bench.log.path(), "one\n").expect("a write");
    reads_when_woken(&mut seen, &rung, "one\n");
}

#[test]
fn ones_own_reads_and_opens_wake_nobody() {
    let bench = Bench::with(NEVER, Everything);
    bench.append("log", "one\n");
    let (mut seen, rung, _watcher) = watched(&bench);
    seen.reads("one\n");
    while rung.try_recv().is_ok() {}
    for _ in 0..100 {
        seen.drain();
        bench.log.last(tailcast_tail::Ask::lines(1)).expect("a page");
    }
    assert!(rung.recv_timeout(Duration::from_millis(50)).is_err());
}

#[test]
fn many_writes_between_two_looks_are_one_hint() {
    let bench = Bench::with(NEVER, Everything);
    let (mut seen, rung, _watcher) = watched(&bench);
    bench.append("log", "");
    seen.drain();
    let before = bench.setup.counters.hints.get();
    for _ in 0..1000 {
        bench.append("log", "x\n");
    }
    rung.recv_timeout(LONG).expect("a wake-up");
    reads_when_woken(&mut seen, &rung, &"x\n".repeat(1000));
    assert!(bench.setup.counters.hints.get() - before < 20);
}

#[test]
fn nothing_is_open_when_nobody_watches() {
    let bench = Bench::new();
    bench.append("log", "one\n");
    let (mut seen, _rung, watcher) = watched(&bench);
    seen.reads("one\n");
    assert_eq!(open_files(bench.folder.path()).len(), 1);
    drop(seen);
    assert_eq!(open_files(bench.folder.path()).len(), 0);
    assert_eq!(watcher.watched(), 0);
    // The watcher's thread lets go of the watcher when it ends.
    let start = std::time::Instant::now();
    while Arc::strong_count(&watcher) > 1 {
        assert!(start.elapsed() < LONG);
        std::thread::yield_now();
    }
}

#[test]
fn a_follower_that_comes_back_finds_a_watcher_that_works() {
    let bench = Bench::with(NEVER, Everything);
    bench.append("log", "one\n");
    for _ in 0..50 {
        let (mut seen, _rung, _watcher) = watched(&bench);
        seen.reads("one\n");
    }
    let (mut seen, rung, _watcher) = watched(&bench);
    seen.reads("one\n");
    bench.append("log", "two\n");
    reads_when_woken(&mut seen, &rung, "one\ntwo\n");
}

#[test]
fn on_a_network_file_system_it_is_asked_again_and_again_and_that_is_told() {
    let folder = tempfile::tempdir().expect("a directory");
    let setup = Arc::new(Setup { patience: QUICK, ground: Ground::Network, ..Setup::new(Everything) });
    let log = Log::new(folder.path().join("log"), Tag::of("log"), &setup);
    std::fs::write(log.path(), "one\n").expect("a write");
    let mut follower = log.follow(From::Start).expect("a follower");
    let told = follower.step(1 << 20).events;
    follower.watched_by(&Watcher::new(setup), bell().0);
    let told: Vec<_> =
        told.into_iter().chain(follower.step(1 << 20).events).chain(follower.step(1 << 20).events).collect();
    let polling = told.iter().filter(|event| matches!(event, Event::Polling(Poll::Network))).count();
    assert_eq!(polling, 1);
    assert!(follower.next_look() < QUICK.reconcile);
    for _ in 0..20 {
        follower.step(1 << 20);
    }
    assert_eq!(follower.next_look(), QUICK.reconcile);
}

#[test]
fn a_smaller_size_seen_once_on_a_network_file_system_is_no_truncation() {
    let folder = tempfile::tempdir().expect("a directory");
    let setup = Arc::new(Setup { patience: QUICK, ground: Ground::Network, ..Setup::new(Everything) });
    let log = Log::new(folder.path().join("log"), Tag::of("log"), &setup);
    std::fs::write(log.path(), "one\ntwo\n").expect("a write");
    let mut follower = log.follow(From::Start).expect("a follower");
    follower.step(1 << 20);
    let file = std::fs::OpenOptions::new().write(true).open(log.path()).expect("a file");
    file.set_len(4).expect("a change");
    assert!(follower.step(1 << 20).events.is_empty());
    std::fs::write(log.path(), "one\ntwo\nthree\n").expect("a write");
    let told = follower.step(1 << 20).events;
    assert!(matches!(&told[..], [Event::Block(block)] if block.bytes() == b"three\n"), "{told:?}");
    file.set_len(4).expect("a change");
    follower.step(1 << 20);
    let told = follower.step(1 << 20).events;
    assert!(matches!(&told[..], [Event::Truncated { .. }]), "{told:?}");
}

#[test]
fn a_queue_that_ran_over_makes_everybody_look() {
    let bench = Bench::with(NEVER, Everything);
    let (wake, rung) = bell();
    let (hold, held) = sync_channel::<()>(0);
    let held = std::sync::Mutex::new(held);
    let watcher = Watcher::new(Arc::clone(&bench.setup));
    let mut seen = bench.follow(From::Start);
    // The watcher's thread is held up in the wake-up until the sender is dropped.
    let slow: Wake = Arc::new(move || {
        wake();
        held.lock().expect("no panic before").recv().unwrap_or_default();
    });
    seen.follower.watched_by(&watcher, slow);
    seen.drain();
    bench.append("log", "one\n");
    rung.recv_timeout(LONG).expect("a wake-up");
    for n in 0..20_000 {
        let name = format!("log{n}");
        std::fs::File::create(bench.path(&name)).expect("a file");
        bench.remove(&name);
    }
    seen.reads("one\n");
    bench.append("log", "two\n");
    drop(hold);
    let start = std::time::Instant::now();
    while bench.setup.counters.overflows.get() == 0 {
        assert!(start.elapsed() < LONG);
        std::thread::yield_now();
    }
    reads_when_woken(&mut seen, &rung, "one\ntwo\n");
}

/// Runs alone in a process of its own, since it uses up that process's descriptors.
#[test]
#[ignore = "started by the test below"]
fn refused_in_a_process_of_its_own() {
    let bench = Bench::new();
    bench.append("log", "one\n");
    let (mut seen, _rung, _watcher) = {
        let watcher = Watcher::new(Arc::clone(&bench.setup));
        let mut seen = bench.follow(From::Start);
        seen.drain();
        let (wake, rung) = bell();
        seen.follower.watched_by(&watcher, wake);
        (seen, rung, watcher)
    };
    let before = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: Some(0), maximum: before.maximum }).expect("a limit");
    let polling = |event: &Event| matches!(event, Event::Polling(Poll::NoInstances));
    seen.until("polling", |seen| seen.told(polling) == 1);
    bench.log.glance().expect_err("no descriptor is left");
    setrlimit(Resource::Nofile, before).expect("the old limit");
    seen.until("watching", |seen| seen.told(|event| matches!(event, Event::Watching)) == 1);
    assert_eq!(seen.told(polling), 1);
}

#[test]
fn without_descriptors_it_polls_and_says_so_and_later_watches_again() {
    let this = std::env::current_exe().expect("a program");
    let child = std::process::Command::new(this)
        .args(["--exact", "--ignored", "--nocapture", "waking::refused_in_a_process_of_its_own"])
        .output()
        .expect("a process");
    assert!(child.status.success(), "{}", String::from_utf8_lossy(&child.stderr));
    assert!(String::from_utf8_lossy(&child.stdout).contains("1 passed"));
}

/// How many watches this user may have, inside of a user namespace.
pub(crate) const MOST_WATCHES: &str = "/proc/sys/user/max_inotify_watches";

/// Runs in a user namespace of its own, in which no watch is allowed at first.
#[test]
#[ignore = "started by the test below"]
fn without_watches_in_a_namespace_of_its_own() {
    let bench = Bench::new();
    bench.append("log", "one\n");
    let (mut seen, _rung, _watcher) = watched(&bench);
    let polling = |event: &Event| matches!(event, Event::Polling(Poll::NoWatches));
    seen.until("polling", |seen| seen.told(polling) == 1);
    bench.append("log", "two\n");
    seen.reads("one\ntwo\n");
    std::fs::write(MOST_WATCHES, "1000").expect("a limit");
    seen.until("watching", |seen| seen.told(|event| matches!(event, Event::Watching)) == 1);
    assert_eq!(seen.told(polling), 1);
}

#[test]
fn without_watches_it_polls_and_says_so_and_later_watches_again() {
    runs_with_watches(0, "waking::without_watches_in_a_namespace_of_its_own");
}

/// Runs an ignored test in a user namespace of its own, in which so many watches are allowed at first.
pub(crate) fn runs_with_watches(most: u32, test: &str) {
    let namespace = || {
        let mut command = std::process::Command::new("unshare");
        command.args(["--user", "--map-root-user", "sh", "-c"]);
        command
    };
    let limit = format!("echo {most} > {MOST_WATCHES}");
    if !namespace().arg(&limit).status().is_ok_and(|status| status.success()) {
        // Some systems keep namespaces from users; then the limit cannot be reached without harm to others.
        return;
    }
    let this = std::env::current_exe().expect("a program");
    let run = format!("{limit} && exec \"$0\" --exact --ignored --nocapture {test}");
    let child = namespace().arg(run).arg(this).output().expect("a process");
    assert!(child.status.success(), "{}", String::from_utf8_lossy(&child.stderr));
    assert!(String::from_utf8_lossy(&child.stdout).contains("1 passed"));
}
