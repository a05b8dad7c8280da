//! The list of logs.

use crate::house::House;

#[test]
fn logs_are_listed_with_their_size() {
    let house = House::new();
    house.append("a.log", "one\ntwo\n");
    house.append("b.log", "x".repeat(2048));
    let hub = house.hub();
    let ran = house.run(&["ls", "--hub", &hub.url]).ended(0);
    let rows: Vec<_> = ran.out.lines().map(|row| row.split_whitespace().collect::<Vec<_>>()).collect();
    assert_eq!(rows.len(), 2, "{}", ran.out);
    assert_eq!((&rows[0][..2], rows[0][3]), (&["8", "B"][..], house.log("a.log").as_str()));
    assert_eq!((&rows[1][..2], rows[1][3]), (&["2.05", "kB"][..], house.log("b.log").as_str()));
}

#[test]
fn a_glob_picks_and_nothing_found_is_code_1() {
    let house = House::new();
    house.append("a.log", "one\n");
    house.append("b.txt", "two\n");
    let hub = house.hub();
    let ran = house.run(&["ls", "web*:*.log", "--hub", &hub.url]).ended(0);
    assert!(ran.out.contains("a.log") && !ran.out.contains("b.txt"), "{}", ran.out);
    let ran = house.run(&["ls", "db*:*", "--hub", &hub.url]).ended(1);
    assert_eq!(ran.out, "");
}

#[test]
fn json_is_one_object_per_log() {
    let house = House::new();
    house.append("a.log", "one\n");
    let hub = house.hub();
    let ran = house.run(&["ls", "--json", "--hub", &hub.url]).ended(0);
    let log: serde_json::Value = serde_json::from_str(ran.out.lines().next().unwrap()).unwrap();
    assert_eq!((log["log"].as_str(), log["size"].as_u64()), (Some(house.log("a.log").as_str()), Some(4)));
}

#[test]
fn all_pages_are_listed() {
    let house = House::new();
    for n in 0..1100 {
        house.append(&format!("{n}.log"), "x\n");
    }
    let hub = house.hub();
    assert_eq!(house.run(&["ls", "--hub", &hub.url]).ended(0).out.lines().count(), 1100);
}
