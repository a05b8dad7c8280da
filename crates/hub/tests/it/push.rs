//! Lines that are pushed: kept once, seen as they come, and nobody's who has a name already.

use std::sync::Arc;

use tailcast_agent::{Host, HostConfig, Offers};
use tailcast_hub::{HubConfig, SpoolBounds};

use crate::http::{self, Answer};
use crate::viewer::Viewer;
use crate::world::{Agent, World, numbered, texts};

/// A hub that keeps little of each log.
const BOUNDS: SpoolBounds = SpoolBounds { log: 8 << 10, total: 1 << 20, logs: 10 };

/// A world whose hub takes what is pushed.
async fn world() -> World {
    let config = HubConfig { host: Some("own".parse().unwrap()), ..HubConfig::new("/") };
    let world = World::configured(config).await;
    let root = world.state_dir().join("push");
    let attach = |hub: &Arc<_>, host: &tailcast_wire::HostName, folder: &std::path::Path| {
        let offers = Offers::spool(folder).unwrap();
        let host = Host::new(HostConfig { host: host.clone(), offers, labels: Vec::new(), zone: None });
        drop(Agent::start(hub, &host));
    };
    world.served.hub.take_pushed(root, BOUNDS, attach).unwrap();
    world
}

async fn push(world: &World, log: &str, offset: Option<u64>, bytes: &str) -> Answer {
    let offset = offset.map(|offset| format!("&offset={offset}")).unwrap_or_default();
    http::post(world.served.address, &format!("/api/v1/push?log={log}{offset}"), &[], bytes).await
}

/// Where the log ends, after a push that was taken.
async fn pushed(world: &World, log: &str, offset: Option<u64>, bytes: &str) -> u64 {
    let answer = push(world, log, offset, bytes).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()["offset"].as_u64().unwrap()
}

async fn watch(world: &World, query: &str) -> Viewer {
    Viewer::open(world.served.address, query).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_pushed_is_seen_as_it_comes_and_what_is_pushed_again_is_not_doubled() {
    let world = world().await;
    assert_eq!(pushed(&world, "ci:push/build-42", Some(0), "one\n").await, 4);
    let mut viewer = watch(&world, "log=ci:push/build-42&last=10").await;
    assert_eq!(texts(&viewer.lines(1).await), ["one"]);
    assert_eq!(pushed(&world, "ci:push/build-42", Some(0), "one\ntwo\n").await, 8);
    assert_eq!(pushed(&world, "ci:push/build-42", Some(4), "two\n").await, 8);
    assert_eq!(pushed(&world, "ci:push/build-42", None, "three\n").await, 14);
    assert_eq!(texts(&viewer.lines(2).await), ["two", "three"]);
    let listed = world.get("/api/v1/logs?match=ci:*").await.json();
    assert_eq!(listed["logs"][0]["log"], "ci:push/build-42", "{listed}");
    assert_eq!(listed["logs"].as_array().unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hole_and_other_lines_at_the_same_offset_are_refused_with_where_the_log_ends() {
    let world = world().await;
    pushed(&world, "ci:push/a", Some(0), "one\n").await;
    for (offset, bytes) in [(5, "x\n"), (0, "ONE\n"), (u64::MAX, "x\n")] {
        let answer = push(&world, "ci:push/a", Some(offset), bytes).await;
        assert_eq!((answer.status, answer.json()["offset"].as_u64()), (409, Some(4)), "{}", answer.text());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_stands_where_lines_were_dropped_is_told_lost_and_who_looks_on_nothing() {
    let world = world().await;
    pushed(&world, "ci:push/a", None, &numbered(0..10)).await;
    let mut early = watch(&world, "log=ci:push/a&last=100").await;
    let position = early.lines(10).await[3].position.clone();
    drop(early);
    let mut viewer = watch(&world, "log=ci:push/a&last=0").await;
    viewer.told("edge").await;
    let mut seen = Vec::new();
    for n in (10..2000).step_by(50) {
        pushed(&world, "ci:push/a", None, &numbered(n..n + 50)).await;
        seen.extend(viewer.lines(50).await.into_iter().map(|line| line.text));
    }
    assert_eq!(seen.join("\n") + "\n", numbered(10..2010));
    assert!(viewer.told.iter().all(|event| !["lost", "gap"].contains(&&*event.kind)), "{:?}", viewer.told);
    let mut late = watch(&world, &format!("log=ci:push/a&from={position}")).await;
    let lost = late.told("lost").await;
    assert!(!lost.words.is_empty());
    // What is kept is the end of it, through all of its files.
    let page = world.get("/api/v1/lines?log=ci:push/a&last=1000").await.json();
    let kept: Vec<_> = page["lines"].as_array().unwrap().iter().map(|line| line["text"].as_str().unwrap()).collect();
    assert!((400..1000).contains(&kept.len()), "{}", kept.len());
    assert!(numbered(0..2010).ends_with(&(kept.join("\n") + "\n")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn names_that_lead_elsewhere_or_belong_to_a_machine_are_refused() {
    let world = world().await;
    for log in [
        "ci:push/..",
        "ci:push/../x",
        "ci:push//x",
        "ci:push/.x",
        "..:push/x",
        "ci:/var/log/x",
        "ci:x",
        "x",
        "ci:push/",
    ] {
        let answer = push(&world, log, None, "x\n").await;
        assert_eq!(answer.status, 400, "{log}: {}", answer.text());
    }
    for log in ["web1:push/x", "own:push/x"] {
        let answer = push(&world, log, None, "x\n").await;
        assert!(answer.status == 409 && answer.text().contains("agent of its own"), "{log}: {}", answer.text());
    }
    pushed(&world, "ci:push/x", None, "x\n").await;
    // Neither by its path nor as a machine can it be had.
    let path = world.state_dir().canonicalize().unwrap().join("push/ci/x/log");
    assert_eq!(world.get(&format!("/api/v1/lines?log=ci:{}&last=1", path.display())).await.status, 404);
    let processes = world.get("/api/v1/hosts/ci/processes").await;
    assert!(processes.status == 404 && processes.text().contains("not a machine"), "{}", processes.text());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_machine_that_has_gone_keeps_its_name() {
    let mut world = world().await;
    world.agent.take().unwrap().stop().await;
    world.until("the machine is away", async || world.metric("tailcast_agents").await == 0).await;
    assert_eq!(push(&world, "web1:push/x", None, "x\n").await.status, 409);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn beyond_the_number_of_logs_a_new_one_is_refused_and_its_host_is_not_taken() {
    let world = world().await;
    for n in 0..BOUNDS.logs {
        pushed(&world, &format!("ci:push/{n}"), None, "x\n").await;
    }
    let answer = push(&world, "other:push/x", None, "x\n").await;
    assert!(answer.status == 507 && answer.text().contains("[push]"), "{}", answer.text());
    let hosts = world.get("/api/v1/hosts").await.json();
    assert!(hosts["hosts"].as_array().unwrap().iter().all(|host| host["name"] != "other"), "{hosts}");
}
