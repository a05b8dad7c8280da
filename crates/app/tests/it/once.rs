//! `tail --no-follow`: from a beginning to the end as it stands.

use std::fs;

use crate::house::House;

/// Runs `tail --no-follow` on the log `a` with these words.
fn tail(house: &House, hub: &str, words: &[&str]) -> crate::house::Ran {
    let log = house.log("a");
    let mut arguments = vec!["tail", log.as_str(), "--no-follow", "--hub", hub];
    arguments.extend_from_slice(words);
    house.run(&arguments)
}

#[test]
fn the_last_lines_come_and_no_more() {
    let house = House::new();
    house.append("a", (1..=100).map(|n| format!("line {n}\n")).collect::<String>());
    let hub = house.hub();
    assert_eq!(tail(&house, &hub.url, &["-n", "2"]).ended(0).out, "line 99\nline 100\n");
    assert_eq!(tail(&house, &hub.url, &[]).ended(0).out.lines().count(), 20);
    assert_eq!(tail(&house, &hub.url, &["-n", "0"]).ended(1).out, "");
}

#[test]
fn more_lines_than_a_page_has_come_whole() {
    let house = House::new();
    let all: String = (1..=25_000).map(|n| format!("line {n}\n")).collect();
    house.append("a", &all);
    let hub = house.hub();
    assert!(tail(&house, &hub.url, &["-n", "30000"]).ended(0).out == all);
    let some = tail(&house, &hub.url, &["-n", "12345"]).ended(0).out;
    assert_eq!((some.lines().count(), some.lines().next()), (12_345, Some("line 12656")));
}

#[test]
fn the_lines_of_rotated_files_come_first_and_those_of_the_log_behind_them() {
    let house = House::new();
    let files = [("a-20260101", 1..=10), ("a-20260102", 11..=20), ("a", 21..=30)];
    for (name, numbers) in files {
        house.append(name, numbers.map(|n| format!("line {n}\n")).collect::<String>());
    }
    let hub = house.hub();
    let wanted: String = (6..=30).map(|n| format!("line {n}\n")).collect();
    assert_eq!(tail(&house, &hub.url, &["-n", "25"]).ended(0).out, wanted);
    assert_eq!(tail(&house, &hub.url, &["-n", "25", "--grep", "line"]).ended(0).out, wanted);
}

#[test]
fn bytes_go_into_a_pipe_untouched() {
    let house = House::new();
    let bytes = b"\x1b[31mred\x1b[0m\r\n\0\xff\xfe latin-1 \xe4\n\n\ttab\nno end";
    house.append("a", bytes);
    let hub = house.hub();
    assert_eq!(tail(&house, &hub.url, &[]).ended(0).bytes, bytes);
}

#[test]
fn bytes_that_pass_a_filter_go_into_a_pipe_untouched() {
    let house = House::new();
    house.append("a", b"red one\r\n\xff red\r\nblue\r\nred \t two\n");
    let hub = house.hub();
    assert_eq!(tail(&house, &hub.url, &["--grep", "red"]).ended(0).bytes, b"red one\r\n\xff red\r\nred \t two\n");
}

#[test]
fn a_filter_picks_lines_and_the_count_is_of_those() {
    let house = House::new();
    house.append("a", (1..=3000).map(|n| format!("line {n}\n")).collect::<String>());
    let hub = house.hub();
    assert_eq!(tail(&house, &hub.url, &["--grep", "7$", "-n", "2"]).ended(0).out, "line 2987\nline 2997\n");
    let ran = tail(&house, &hub.url, &["--grep", "LINE", "-i", "--exclude", "[0-8]$", "-n", "1"]).ended(0);
    assert_eq!(ran.out, "line 2999\n");
    assert_eq!(tail(&house, &hub.url, &["--grep", "nowhere"]).ended(1).out, "");
    let ran = tail(&house, &hub.url, &["--grep", "("]).ended(2);
    assert!(ran.err.contains("unclosed group"), "{}", ran.err);
}

#[test]
fn a_time_is_a_place_to_begin() {
    let house = House::new();
    for minute in 10..50 {
        house.append("a", format!("2026-11-20T22:{minute}:00Z INFO tick\n"));
    }
    let hub = house.hub();
    let ran = tail(&house, &hub.url, &["--from", "2026-11-20T22:47:30Z"]).ended(0);
    assert_eq!(ran.out, "2026-11-20T22:48:00Z INFO tick\n2026-11-20T22:49:00Z INFO tick\n");
}

#[test]
fn a_line_of_megabytes_comes_whole() {
    let house = House::new();
    let long = format!("before\n{}needle{}\nafter\n", "x".repeat(2_000_000), "y".repeat(1_500_000));
    house.append("a", &long);
    let hub = house.hub();
    assert!(tail(&house, &hub.url, &[]).ended(0).out == long);
    let picked = tail(&house, &hub.url, &["--exclude", "before|after"]).ended(0).out;
    assert_eq!(picked.len(), 3_500_007);
    assert!(long.contains(&picked));
}

#[test]
fn json_lines_name_their_log_and_can_be_gone_on_from() {
    let house = House::new();
    house.append("a", "one\ntwo\nthree\n");
    let hub = house.hub();
    let out = tail(&house, &hub.url, &["--json"]).ended(0).out;
    let lines: Vec<serde_json::Value> = out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines[1]["text"], "two");
    assert_eq!(lines[1]["log"], house.log("a").as_str());
    let position = lines[1]["position"].as_str().unwrap();
    assert_eq!(tail(&house, &hub.url, &["--from", position]).ended(0).out, "two\nthree\n");
}

#[test]
fn several_logs_are_headed() {
    let house = House::new();
    house.append("a.log", "one\n");
    house.append("b.log", "two\n");
    let hub = house.hub();
    let ran = house.run(&["tail", "web1:*/logs/*.log", "--no-follow", "--hub", &hub.url]).ended(0);
    let expected = format!("==> {} <==\none\n\n==> {} <==\ntwo\n", house.log("a.log"), house.log("b.log"));
    assert_eq!(ran.out, expected);
}

#[test]
fn what_is_not_there_is_told() {
    let house = House::new();
    let hub = house.hub();
    let ran = tail(&house, &hub.url, &[]).ended(1);
    assert!(ran.err.contains("there is no such file now"), "{}", ran.err);
    let ran = house.run(&["tail", "web1:/etc/passwd", "--no-follow", "--hub", &hub.url]).ended(1);
    assert!(!ran.out.contains("root") && !ran.err.is_empty(), "{ran:?}");
    let ran = house.run(&["tail", "db9:/a", "--no-follow", "--hub", &hub.url]).ended(1);
    assert!(ran.err.contains("db9"), "{}", ran.err);
    house.run(&["tail", "web1:*.nothing", "--no-follow", "--hub", &hub.url]).ended(1);
}

#[test]
fn a_log_that_cannot_be_shown_is_named_and_keeps_nobody_from_the_others() {
    let house = House::new();
    house.append("good", "one\n");
    fs::create_dir(house.path("logs/d")).unwrap();
    let hub = house.hub();
    let good = house.log("good");
    for (bad, code) in
        [(house.log("d"), 4), (house.log("none"), 1), ("web1:/etc/passwd".into(), 1), ("db9:/a".into(), 1)]
    {
        let ran = house.run(&["tail", &bad, &good, "--no-follow", "--hub", &hub.url]).ended(code);
        assert!(ran.err.contains(&format!("{bad}: ")) && ran.out.ends_with("one\n"), "{ran:?}");
    }
    let ran = house.run(&["tail", "web1:*.nothing", &good, "--no-follow", "--hub", &hub.url]).ended(1);
    assert!(ran.err.contains("no log matches web1:*.nothing") && ran.out == "one\n", "{ran:?}");
    let ran = house.run(&["tail", "logs/d", "logs/good", "--no-follow"]).ended(4);
    assert!(ran.err.contains("logs/d: it is a directory") && ran.out.ends_with("one\n"), "{ran:?}");
}

#[test]
fn an_exact_name_wins_over_a_glob() {
    let house = House::new();
    house.append("[br].log", "exact\n");
    house.append("b.log", "globbed\n");
    let hub = house.hub();
    let listed = house.run(&["ls", "web1:*br*", "--hub", &hub.url]).ended(0).out;
    assert!(listed.ends_with(&format!("{}\n", house.log("[br].log"))), "{listed}");
    let escaped = house.log(r"\[br\].log");
    for words in [&[&house.log("[br].log"), "--hub", &hub.url][..], &[&escaped, "--hub", &hub.url], &["logs/[br].log"]]
    {
        let ran = house.run(&[&["tail", "--no-follow"], words].concat()).ended(0);
        assert_eq!(ran.out, "exact\n");
    }
    let globbed = house.log("[bx].log");
    assert_eq!(house.run(&["tail", "--no-follow", &globbed, "--hub", &hub.url]).ended(0).out, "globbed\n");
    assert_eq!(house.run(&["tail", "--no-follow", "logs/[bx].log"]).ended(0).out, "globbed\n");
}

#[test]
fn a_file_of_this_machine_needs_no_hub() {
    let house = House::new();
    house.append("a", "one\ntwo\n");
    assert_eq!(house.run(&["tail", "logs/a", "-n", "1", "--no-follow"]).ended(0).out, "two\n");
    let ran = house.run(&["tail", "logs/a", "web1:/b", "--no-follow"]).ended(2);
    assert!(ran.err.contains("cannot be in one view"), "{}", ran.err);
}
