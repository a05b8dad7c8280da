//! `ps --watch` while what it looks at ends, or who it asks goes away and comes back.

use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use serde_json::Value;

use crate::house::{House, Lines, Running};

fn sleeper() -> Child {
    Command::new("sleep").arg("600").stdin(Stdio::null()).stdout(Stdio::null()).spawn().unwrap()
}

#[test]
fn a_watch_ends_with_its_process_and_says_so() {
    let house = House::new();
    let hub = house.hub();
    for through in [&[][..], &["--host", "web1", "--hub", &hub.url]] {
        let mut process = Running(sleeper());
        let pid = process.0.id().to_string();
        let mut watch = house.start(&[&["ps", &pid, "--watch", "--json"], through].concat());
        let look: Value = serde_json::from_str(&watch.next()).unwrap();
        assert_eq!(look["name"], "sleep");
        process.kill();
        assert_eq!(watch.hears("has ended"), format!("tailcast: sleep, pid {pid}, has ended\n"));
        assert_eq!(watch.child.0.wait().unwrap().code(), Some(1));
    }
}

/// It looks, and again: one of these may have been there before.
fn looks(watch: &Lines) {
    for _ in 0..3 {
        let look: Value = serde_json::from_str(&watch.next()).unwrap();
        assert!(look["pid"].is_u64() || look["processes"].is_array(), "{look}");
    }
}

#[test]
fn a_watch_outlives_its_hub_and_says_that_it_is_away() {
    let house = House::new();
    let mut hub = house.hub();
    let (address, url) = (hub.address().to_owned(), hub.url.clone());
    let process = Running(sleeper());
    let pid = process.0.id().to_string();
    let through = ["--watch", "--json", "--host", "web1", "--hub", &url];
    let watches = [&["ps", "-n", "1"][..], &["ps", &pid]].map(|words| house.start(&[words, &through].concat()));
    watches.iter().for_each(looks);
    hub.child.kill();
    for watch in &watches {
        watch.hears("; trying again");
    }
    // One that does not know this host yet says of it what it says of one that it never had.
    let logs = house.path("logs").display().to_string();
    let mut stranger = house.hub_on(&address, &["--no-agent"]);
    // Longer than between two looks.
    thread::sleep(Duration::from_secs(3));
    stranger.child.kill();
    let _hub = house.hub_on(&address, &[&logs, "--host", "web1"]);
    watches.iter().for_each(looks);
    // Who was not there when it was asked first is not waited for.
    house.run(&["ps", "--watch", "--host", "web2", "--hub", &url]).ended(1);
    house.run(&["ps", "--watch", "--host", "web1", "--hub", "http://127.0.0.1:1"]).ended(3);
}
