//! Processes: of this machine without a hub, and of a host through one.

use std::fs::File;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::house::{House, Running};

/// A process of our own that has `log` open.
fn writer(house: &House, log: &str) -> Running {
    let log = File::create(house.path("logs").join(log)).unwrap();
    Running(Command::new("sleep").arg("600").stdin(Stdio::null()).stdout(log).spawn().unwrap())
}

#[test]
fn processes_are_shown_here_and_through_a_hub_alike() {
    let house = House::new();
    let writer = writer(&house, "app.log");
    let hub = house.hub();
    let pid = writer.0.id().to_string();
    for through in [&[][..], &["--host", "web1", "--hub", &hub.url]] {
        let ran = house.run(&[&["ps", "--sort", "pid"], through].concat()).ended(0);
        let row = ran.out.lines().find(|line| line.split_whitespace().next() == Some(&pid)).unwrap();
        assert!(row.ends_with("sleep 600") || row.contains("sleep 600  ["), "{row}");
        let ran = house.run(&[&["ps", &pid], through].concat()).ended(0);
        assert!(ran.out.starts_with(&format!("sleep, pid {pid}, ")), "{}", ran.out);
        assert!(ran.out.contains(&format!("writes {}", house.path("logs/app.log").display())), "{}", ran.out);
        let ran = house.run(&[&["ps", &pid, "--json"], through].concat()).ended(0);
        let detail: Value = serde_json::from_str(&ran.out).unwrap();
        assert_eq!((detail["name"].as_str(), detail["files"][1]["access"].as_str()), (Some("sleep"), Some("write")));
        house.run(&[&["ps", "4194305"], through].concat()).ended(1);
    }
}

#[test]
fn a_log_leads_to_its_writers() {
    let house = House::new();
    let writer = writer(&house, "app.log");
    let hub = house.hub();
    let (name, path) = (house.log("app.log"), house.path("logs/app.log"));
    for arguments in [
        &["ps", "--writes", path.to_str().unwrap(), "--json"][..],
        &["ps", "--writes", &name, "--hub", &hub.url, "--json"],
    ] {
        let list: Value = serde_json::from_str(&house.run(arguments).ended(0).out).unwrap();
        let pids: Vec<_> =
            list["processes"].as_array().unwrap().iter().map(|process| process["pid"].as_u64()).collect();
        assert_eq!(pids, [Some(u64::from(writer.0.id()))], "{list}");
    }
    house.append("idle.log", "x\n");
    let ran = house.run(&["ps", "--writes", house.path("logs/idle.log").to_str().unwrap()]).ended(1);
    assert_eq!(ran.out.lines().filter(|line| !line.starts_with("not seen")).count(), 1, "{}", ran.out);
}

#[test]
fn a_watch_goes_on_and_a_question_that_cannot_be_meant_is_refused() {
    let house = House::new();
    let watch = house.start(&["ps", "--watch", "--json", "-n", "1"]);
    for _ in 0..2 {
        let look: Value = serde_json::from_str(&watch.next()).unwrap();
        assert_eq!(look["processes"].as_array().unwrap().len(), 1, "{look}");
    }
    assert!(house.run(&["ps", "--hub", "http://127.0.0.1:1"]).ended(2).err.contains("--host NAME"));
    house.run(&["ps", "0", "--sort", "cpu"]).ended(2);
}
