//! What a start says of its limit is what is so: the number that is needed, and how many viewers there is room for.

use std::net::SocketAddr;
use std::process::Output;

use tokio::process::Command;

use crate::rig::{
    Client, Hub, LogFile, Program, Site, binary, descriptors, descriptors_command, page, read_until, within,
};

/// What is below it cannot even load a program and say a word.
const SPEAKS: u64 = 8;

async fn output(mut command: Command) -> Output {
    within("the end of the start", command.output()).await.unwrap()
}

/// The number that is said to be needed.
fn needed(ended: &Output) -> u64 {
    let words = String::from_utf8_lossy(&ended.stderr);
    let number = |before: &str| -> u64 {
        let rest = words.split(before).nth(1).unwrap_or_else(|| panic!("no {before:?} in {words}"));
        rest.split(|c: char| !c.is_ascii_digit()).next().unwrap().parse().unwrap()
    };
    assert!(!ended.status.success(), "{words}");
    let last = words.lines().last().unwrap();
    assert!(last.contains("are needed"), "it is the last that is said: {words}");
    // One remedy: what the doctor found, said here alone, or both that there are where it found none.
    match last.contains("; to get ") {
        true => {
            assert!(number("; to get ") >= number("and at least "), "{words}");
            assert_eq!((words.matches("to get ").count(), words.contains("LimitNOFILE=")), (1, false), "{words}");
        }
        false => {
            assert_eq!(number("and at least "), number("`ulimit -n "), "{words}");
            assert_eq!(number("and at least "), number("LimitNOFILE="), "{words}");
        }
    }
    number("and at least ")
}

#[tokio::test]
async fn every_limit_below_the_floor_is_refused_with_the_same_number_and_with_that_a_viewer_is_served() {
    let site = Site::new();
    let mut file = site.log("app.log");
    file.write("first\n");
    let floor = needed(&output(descriptors_command(&site, SPEAKS)).await);
    for limit in SPEAKS..floor {
        assert_eq!(needed(&output(descriptors_command(&site, limit)).await), floor, "at {limit}");
    }
    let hub = descriptors(&site, floor).await;
    let Client::Served(mut viewer) = page(hub.address, file.on("web1")).await else { panic!("refused at {floor}") };
    file.write("second\n");
    file.rotate();
    file.write("third\n");
    within("the lines around a rotation", read_until(&mut viewer, "third")).await;
    assert_eq!(fits(hub.address, &file).await + 1, room(&hub).await);
}

#[tokio::test]
async fn as_many_viewers_fit_as_the_start_says() {
    for limit in [64, 128] {
        let site = Site::new();
        let mut file = site.log("app.log");
        file.write("first\n");
        let hub = descriptors(&site, limit).await;
        assert_eq!(fits(hub.address, &file).await, room(&hub).await, "at {limit}");
    }
}

/// How many viewers are served until one is refused.
async fn fits(hub: SocketAddr, file: &LogFile) -> usize {
    let mut served = Vec::new();
    while let Client::Served(viewer) = page(hub, file.on("web1")).await {
        served.push(viewer);
    }
    served.len()
}

/// How many the start line says.
async fn room(hub: &Hub) -> usize {
    hub.program.says("room for at most ").await;
    let said = hub.program.said();
    said.split("room for at most ").nth(1).unwrap().split(' ').next().unwrap().parse().unwrap()
}

#[tokio::test]
async fn an_agent_is_refused_below_its_floor_and_follows_a_log_at_it() {
    let site = Site::new();
    let mut file = site.log("app.log");
    file.write("first\n");
    let hub = Hub::serve(&site, &["--no-agent"]).await;
    let token = site.token(&["--agent", "web1"]).await;
    let agent = |limit| {
        let mut command = site.shell(&format!("ulimit -n {limit}; exec \"$@\""));
        command.arg(binary()).args(["agent", "--hub", &hub.url(), "--host", "web1"]).arg(site.logs());
        command.env("TAILCAST_TOKEN", token.trim());
        command
    };
    let floor = needed(&output(agent(SPEAKS)).await);
    assert_eq!(needed(&output(agent(floor - 1)).await), floor);
    let agent = Program::start(agent(floor), &site.path("agent.err"));
    hub.has_host("web1").await;
    let Client::Served(mut viewer) = page(hub.address, file.on("web1")).await else { panic!("refused") };
    file.write("second\n");
    file.rotate();
    file.write("third\n");
    within("the lines around a rotation", read_until(&mut viewer, "third")).await;
    agent.says("room for at most ").await;
}
