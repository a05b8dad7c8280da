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
