//! An agent as a process of its own, let in by a token.

use std::fs;

use crate::house::House;

#[test]
fn an_agent_with_a_token_offers_its_logs_and_one_without_does_not() {
    let house = House::new();
    house.append("a", "from afar\n");
    let hub = house.hub_on("127.0.0.1:0", &["--no-agent"]);
    let token = house.run(&["token", "add", "--agent", "far*", "--state-dir", "state"]).ended(0).out;
    fs::write(house.path("token"), token).unwrap();
    let logs = house.path("logs").display().to_string();
    let agent = house.start(&["agent", "--hub", &hub.url, "--token-file", "token", "--host", "far1", &logs]);
    let log = format!("far1:{logs}/a");
    // -F waits for the agent too.
    let tail = house.start(&["tail", "-F", &log, "--hub", &hub.url]);
    assert_eq!(tail.next(), "from afar\n");
    house.append("a", "more\n");
    assert_eq!(tail.next(), "more\n");
    drop(agent);

    let stranger = house.start(&["agent", "--hub", &hub.url, "--token-file", "token", "--host", "near1", &logs]);
    stranger.hears("near1");
}

#[test]
fn a_host_that_does_not_answer_is_told_beside_the_list_and_alone_is_code_3() {
    let house = House::new();
    house.append("a", "one\n");
    let hub = house.hub_on("127.0.0.1:0", &["--no-agent"]);
    let logs = house.path("logs").display().to_string();
    let agent = |host: &str| {
        let agent = house.start(&["agent", "--hub", &hub.url, "--host", host, &logs]);
        let mut tail = house.start(&["tail", "-F", &format!("{host}:{logs}/a"), "--hub", &hub.url]);
        assert_eq!(tail.next(), "one\n");
        tail.child.kill();
        agent
    };
    let (mut first, mut second) = (agent("far1"), agent("far2"));
    assert_eq!(house.run(&["ls", "--hub", &hub.url]).ended(0).err, "");
    first.child.kill();
    let said = "tailcast: far1 is not in the list: the agent is away";
    let ran = house.run(&["ls", "--hub", &hub.url]).ended(0);
    assert!(ran.out.contains("far2:") && ran.err.starts_with(said) && ran.err.lines().count() == 1, "{ran:?}");
    let ran = house.run(&["ls", "far1:*", "--json", "--hub", &hub.url]).ended(3);
    assert!(ran.out.is_empty() && ran.err.starts_with(said), "{ran:?}");
    let ran = house.run(&["tail", "far1:*", "--hub", &hub.url]).ended(3);
    assert!(ran.out.is_empty() && ran.err.starts_with(said), "{ran:?}");
    second.child.kill();
    let ran = house.run(&["ls", "--hub", &hub.url]).ended(3);
    assert_eq!(ran.err.lines().count(), 2, "{ran:?}");
}

#[test]
fn an_agent_whose_token_is_not_known_says_so_and_nothing_of_viewers() {
    let house = House::new();
    let hub = house.hub_on("127.0.0.1:0", &["--no-agent"]);
    fs::write(house.path("token"), "tailcast_old").unwrap();
    let logs = house.path("logs").display().to_string();
    let agent = house.start(&["agent", "--hub", &hub.url, "--token-file", "token", "--host", "far1", &logs]);
    let first = agent.hears("open files");
    assert!(first.contains("hard") && !first.contains("viewers"), "{first}");
    agent.hears("does not take this token");
}

#[test]
fn a_glob_that_matches_nothing_is_told_when_an_agent_begins() {
    let house = House::new();
    house.append("a.log", "one\n");
    let logs = house.path("logs").display().to_string();
    let hub = house.hub_on("127.0.0.1:0", &["--no-agent"]);
    let globs = [format!("{logs}/*.log"), format!("{logs}/*.out")];
    let agent = house.start(&["agent", "--hub", &hub.url, "--host", "web1", &globs[0], &globs[1]]);
    let said = agent.hears("no log matches it now");
    assert!(said.contains("/*.out is offered"), "{said}");
}
