//! `tail` while something happens: lines, rotation, a hub that goes and comes.

use std::fs;
use std::os::unix::process::ExitStatusExt;

use rustix::process::Signal;

use crate::house::House;

#[test]
fn what_is_added_comes() {
    let house = House::new();
    house.append("a", "one\ntwo\n");
    let hub = house.hub();
    let tail = house.start(&["tail", &house.log("a"), "-n", "1", "--hub", &hub.url]);
    assert_eq!(tail.next(), "two\n");
    for n in 0..5 {
        house.append("a", format!("{n}\n"));
        assert_eq!(tail.next(), format!("{n}\n"));
    }
}

#[test]
fn a_file_of_this_machine_is_followed_without_a_hub() {
    let house = House::new();
    house.append("a", "one\n");
    let tail = house.start(&["tail", "logs/a"]);
    assert_eq!(tail.next(), "one\n");
    house.append("a", "two\n");
    assert_eq!(tail.next(), "two\n");
}

#[test]
fn a_rotated_file_is_read_to_its_end_and_the_new_one_from_its_beginning() {
    let house = House::new();
    house.append("a", "one\n");
    let hub = house.hub();
    let tail = house.start(&["tail", &house.log("a"), "--hub", &hub.url]);
    assert_eq!(tail.next(), "one\n");
    house.append("a", "two\n");
    fs::rename(house.path("logs/a"), house.path("logs/a.1")).unwrap();
    house.append("a", "three\n");
    assert_eq!((tail.next(), tail.next()), ("two\n".to_owned(), "three\n".to_owned()));
    tail.hears("rotated");
}

#[test]
fn a_hub_that_restarts_costs_no_line_and_doubles_none() {
    let house = House::new();
    house.append("a", "0\n");
    let mut hub = house.hub();
    let (address, logs) = (hub.address().to_owned(), house.path("logs").display().to_string());
    let tail = house.start(&["tail", &house.log("a"), "--hub", &hub.url]);
    assert_eq!(tail.next(), "0\n");
    for round in 1..=3 {
        hub.child.kill();
        tail.hears("trying again");
        house.append("a", format!("{round}\n"));
        hub = house.hub_on(&address, &[&logs, "--host", "web1"]);
        assert_eq!(tail.next(), format!("{round}\n"));
    }
    house.append("a", "end\n");
    assert_eq!(tail.next(), "end\n");
}

#[test]
fn a_hub_that_stops_in_good_order_is_waited_for() {
    let house = House::new();
    house.append("a", "0\n");
    let mut hub = house.hub();
    let (address, logs) = (hub.address().to_owned(), house.path("logs").display().to_string());
    let tail = house.start(&["tail", &house.log("a"), "--hub", &hub.url]);
    assert_eq!(tail.next(), "0\n");
    assert_eq!(hub.child.terminate(), Some(0));
    house.append("a", "1\n");
    let _hub = house.hub_on(&address, &[&logs, "--host", "web1"]);
    assert_eq!(tail.next(), "1\n");
}

#[test]
fn with_capital_f_a_hub_that_was_never_there_is_waited_for() {
    let house = House::new();
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let hub = format!("http://{free}");
    house.append("a", "one\n");
    let named = house.start(&["tail", "-F", &house.log("a"), "--hub", &hub]);
    let globbed = house.start(&["tail", "-F", "web1:*", "--hub", &hub]);
    for tail in [&named, &globbed] {
        tail.hears("trying again");
    }
    let _hub = house.hub_on(&free, &[&house.path("logs").display().to_string(), "--host", "web1"]);
    assert_eq!(named.next(), "one\n");
    assert_eq!(globbed.next(), "one\n");
}

#[test]
fn a_log_that_comes_later_is_shown_from_its_beginning() {
    let house = House::new();
    let hub = house.hub();
    let tail = house.start(&["tail", "-F", &house.log("a"), "-n", "1", "--hub", &hub.url]);
    tail.hears("nothing to read yet");
    house.append("a", "one\ntwo\nthree\n");
    assert_eq!((tail.next(), tail.next(), tail.next()), ("one\n".into(), "two\n".into(), "three\n".into()));
}

#[test]
fn without_capital_f_a_log_that_is_not_there_ends_it() {
    let house = House::new();
    let hub = house.hub();
    for words in [&["tail", "logs/a"][..], &["tail", "-f", &house.log("a"), "--hub", &hub.url]] {
        let ran = house.run(words).ended(1);
        assert!(ran.err.contains("/logs/a: ") && ran.err.contains("-F waits"), "{}", ran.err);
    }
    fs::create_dir(house.path("logs/d")).unwrap();
    let ran = house.run(&["tail", &house.log("d"), "--hub", &hub.url]).ended(4);
    assert!(ran.err.contains("/logs/d: it is a directory"), "{}", ran.err);
}

#[test]
fn beside_a_log_that_is_there_one_that_is_not_may_come() {
    let house = House::new();
    house.append("b", "one\n");
    let hub = house.hub();
    let tail = house.start(&["tail", &house.log("a"), &house.log("b"), "--json", "--hub", &hub.url]);
    assert!(tail.next().contains("one"));
    house.append("a", "two\n");
    assert!(tail.next().contains("two"));
}

#[test]
fn a_log_that_disappears_while_it_is_followed_is_waited_for() {
    let house = House::new();
    house.append("a", "one\n");
    let tail = house.start(&["tail", "logs/a"]);
    assert_eq!(tail.next(), "one\n");
    fs::remove_file(house.path("logs/a")).unwrap();
    tail.hears("deleted");
    house.append("a", "two\n");
    assert_eq!(tail.next(), "two\n");
}

#[test]
fn a_line_of_megabytes_comes_whole_while_it_is_followed() {
    let house = House::new();
    house.append("a", "x begin\n");
    let hub = house.hub();
    let log = house.log("a");
    let all = house.start(&["tail", &log, "--hub", &hub.url]);
    let picked = house.start(&["tail", &log, "--grep", "^x", "--hub", &hub.url]);
    let old = format!("x{}\n", "y".repeat(3_000_000));
    assert_eq!((all.next(), picked.next()), ("x begin\n".into(), "x begin\n".into()));
    house.append("a", &old);
    assert!(all.next() == old);
    assert!(picked.next() == old);
    // The same line out of history.
    assert!(house.start(&["tail", &log, "-n", "1", "--hub", &hub.url]).next() == old);
    assert!(house.start(&["tail", &log, "-n", "1", "--grep", "^x", "--hub", &hub.url]).next() == old);
}

#[test]
fn a_filter_holds_while_it_is_followed() {
    let house = House::new();
    house.append("a", "2026-11-20T22:10:00Z ERROR old\n");
    let hub = house.hub();
    let tail = house.start(&["tail", &house.log("a"), "--level", "warn", "--json", "--hub", &hub.url]);
    let text = |line: String| serde_json::from_str::<serde_json::Value>(&line).unwrap()["text"].clone();
    assert_eq!(text(tail.next()), "2026-11-20T22:10:00Z ERROR old");
    house.append("a", "2026-11-20T22:10:01Z INFO no\n2026-11-20T22:10:02Z WARN yes\n");
    assert_eq!(text(tail.next()), "2026-11-20T22:10:02Z WARN yes");
}

#[test]
fn a_reader_that_leaves_ends_it_although_nothing_is_written() {
    let house = House::new();
    house.append("a", "one\n");
    let hub = house.hub();
    let mut command = house.command(&["tail", &house.log("a"), "--hub", &hub.url]);
    let mut child = command.stdout(std::process::Stdio::piped()).spawn().unwrap();
    let mut first = String::new();
    std::io::BufRead::read_line(&mut std::io::BufReader::new(child.stdout.take().unwrap()), &mut first).unwrap();
    assert_eq!((first.as_str(), child.wait().unwrap().code()), ("one\n", Some(0)));
}

#[test]
fn ctrl_c_ends_it_as_the_shell_expects() {
    let house = House::new();
    house.append("a", "one\n");
    let mut tail = house.start(&["tail", "logs/a"]);
    assert_eq!(tail.next(), "one\n");
    assert_eq!(tail.child.end_by(Signal::INT).signal(), Some(2));
}

#[test]
fn a_log_that_nobody_offers_is_refused_at_once() {
    let house = House::new();
    let hub = house.hub();
    let ran = house.run(&["tail", "web1:/etc/passwd", "--hub", &hub.url]).ended(1);
    assert!(!ran.err.is_empty());
    house.run(&["tail", "db9:/a", "--hub", &hub.url]).ended(1);
}

#[test]
fn what_comes_late_into_a_file_that_was_left_is_fetched() {
    let house = House::new();
    house.append("a", "one\n");
    let hub = house.hub();
    let tail = house.start(&["tail", &house.log("a"), "--hub", &hub.url]);
    assert_eq!(tail.next(), "one\n");
    fs::rename(house.path("logs/a"), house.path("logs/a.1")).unwrap();
    house.append("a", "two\n");
    assert_eq!(tail.next(), "two\n");
    house.append("a.1", "late\n");
    tail.hears("came late");
    assert_eq!(tail.next(), "late\n");
    house.append("a", "three\n");
    assert_eq!(tail.next(), "three\n");
}

#[test]
fn what_comes_late_into_a_file_that_was_rotated_right_before_one_looked_is_fetched() {
    let house = House::new();
    house.append("a", "one\n");
    let hub = house.hub();
    fs::rename(house.path("logs/a"), house.path("logs/a.1")).unwrap();
    house.append("a", "two\n");
    let tail = house.start(&["tail", &house.log("a"), "--hub", &hub.url]);
    assert_eq!((tail.next(), tail.next()), ("one\n".into(), "two\n".into()));
    // A line that comes by itself: the log is followed by now.
    house.append("a", "three\n");
    assert_eq!(tail.next(), "three\n");
    house.append("a.1", "late\n");
    tail.hears("came late");
    assert_eq!(tail.next(), "late\n");
    house.append("a", "four\n");
    assert_eq!(tail.next(), "four\n");
}
