//! Long-polling: the events of a view in answers that end by themselves, for whom a proxy holds answers back.

use crate::http;
use crate::viewer::Event;
use crate::world::{Agent, World, numbered};

/// A viewer who takes turns, as the page does.
struct Polling {
    name: &'static str,
    turn: u64,
    /// Each log and where it goes on.
    logs: Vec<(String, Option<String>)>,
}

impl Polling {
    fn of(name: &'static str, logs: &[String]) -> Self {
        Polling { name, turn: 0, logs: logs.iter().map(|log| (log.clone(), None)).collect() }
    }

    /// Asks for a turn and forgets the answer, as a broken network does.
    async fn ask(&self, world: &World, wait: u32) -> Vec<Event> {
        let from = |from: &Option<String>| from.as_ref().map_or(String::new(), |from| format!("&from={from}"));
        let logs: Vec<_> = self.logs.iter().map(|(log, at)| format!("log={log}{}", from(at))).collect();
        let path = format!("/api/v1/live?{}&last=200&wait={wait}&turn={}.{}", logs.join("&"), self.name, self.turn);
        let answer = http::get(world.served.address, &path, &[("accept", "text/event-stream")]).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        let text = answer.text();
        let events = text.lines().filter_map(|line| line.strip_prefix("data: "));
        events.map(|event| serde_json::from_str(event).unwrap()).collect()
    }

    async fn turn(&mut self, world: &World, wait: u32) -> Vec<Event> {
        let events = self.ask(world, wait).await;
        self.turn += 1;
        for event in &events {
            let place = if event.kind == "lines" { event.position.clone() } else { event.to.clone() };
            let log = self.logs.iter_mut().find(|(log, _)| Some(log) == event.log.as_ref());
            if let (Some((_, at)), Some(place)) = (log, place) {
                *at = Some(place);
            }
        }
        events
    }
}

fn lines(events: &[Event]) -> Vec<String> {
    events.iter().flat_map(|event| event.lines.iter().map(|line| line.text.clone())).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_line_comes_once_in_turns_also_when_answers_are_lost_and_the_log_is_rotated() {
    let world = World::new().await;
    let names = ["a.log", "b.log", "c.log"];
    for name in names {
        world.append(name, numbered(0..3));
    }
    let mut viewer = Polling::of("q", &names.map(|name| world.log(name)));
    let mut seen = std::collections::HashMap::<String, Vec<String>>::new();
    let (mut written, mut rotated) = (3, 0);
    while seen.len() < 3 || seen.values().any(|lines| lines.len() < 60) {
        if written % 4 == 0 {
            viewer.ask(&world, 1).await;
        }
        for event in viewer.turn(&world, 1).await {
            rotated += usize::from(event.kind == "rotated");
            let texts = event.lines.into_iter().map(|line| line.text);
            seen.entry(event.log.unwrap()).or_default().extend(texts);
        }
        if written == 30 {
            std::fs::rename(world.path("b.log"), world.path("b.log.1")).unwrap();
        }
        if written < 60 {
            for name in names {
                world.append(name, numbered(written..written + 1));
            }
            written += 1;
        }
    }
    let wanted: Vec<String> = numbered(0..60).lines().map(str::to_owned).collect();
    for name in names {
        assert_eq!(seen[&world.log(name)], wanted, "{name}");
    }
    assert_eq!(rotated, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_changes_no_position_is_told_in_one_turn_and_in_no_other() {
    let mut world = World::new().await;
    world.append("a.log", numbered(0..3));
    let mut viewer = Polling::of("q", &[world.log("a.log")]);
    assert_eq!(lines(&viewer.turn(&world, 5).await).len(), 3);
    world.agent.take().unwrap().stop().await;
    let mut told = Vec::new();
    while !told.contains(&"agent_lost".to_owned()) {
        told.extend(viewer.turn(&world, 1).await.into_iter().map(|event| event.kind));
    }
    for _ in 0..2 {
        assert_eq!(viewer.turn(&world, 1).await.len(), 0, "it is known that the agent is away");
    }
    world.agent = Some(Agent::start(&world.served.hub, &world.host));
    world.append("a.log", "after\n");
    let (mut back, mut seen) = (0, Vec::new());
    while seen.is_empty() {
        let events = viewer.turn(&world, 5).await;
        back += events.iter().filter(|event| event.kind == "agent_back").count();
        seen.extend(lines(&events));
    }
    assert_eq!((back, seen), (1, vec!["after".to_owned()]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_turn_ends_at_once_with_a_line_and_else_when_each_log_has_been_confirmed() {
    let world = World::new().await;
    let names = ["a.log", "b.log"];
    names.iter().for_each(|name| world.append(name, ""));
    let mut viewer = Polling::of("q", &names.map(|name| world.log(name)));
    let mut confirmed = std::collections::HashSet::new();
    // Were it not for the confirmations each of these would take a minute.
    while confirmed.len() < 2 {
        let events = viewer.turn(&world, 60).await;
        confirmed.extend(events.into_iter().filter(|event| event.kind == "edge").filter_map(|event| event.log));
    }
    world.agent.as_ref().unwrap();
    world.append("b.log", "one\n");
    let mut seen = Vec::new();
    while seen.is_empty() {
        seen = lines(&viewer.turn(&world, 60).await);
    }
    assert_eq!(seen, ["one"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_viewer_who_does_not_come_again_leaves_nothing_behind() {
    let world = World::new().await;
    world.append("a.log", numbered(0..3));
    Polling::of("q", &[world.log("a.log")]).turn(&world, 5).await;
    assert_eq!(world.metric("tailcast_channels").await, 1);
    world.until("nobody looks", async || world.metric("tailcast_channels").await == 0).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_websocket_that_a_proxy_made_a_plain_request_of_is_told_so_and_ends() {
    let world = World::new().await;
    let path = format!("/api/v1/live?log={}", world.log("a.log"));
    let answer = http::get(world.served.address, &path, &[("sec-websocket-key", "AAAAAAAAAAAAAAAAAAAAAA==")]).await;
    assert_eq!((answer.status, answer.header("upgrade")), (426, "websocket"));
    assert!(answer.text().contains("Upgrade"), "{}", answer.text());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn turns_that_are_none_are_refused_in_words() {
    let world = World::new().await;
    let log = world.log("a.log");
    let ask = async |query: &str, accept: &str| {
        let path = format!("/api/v1/live?log={log}&{query}");
        http::get(world.served.address, &path, &[("accept", accept)]).await.status
    };
    for wrong in ["wait=1", "turn=x.1", "wait=1&turn=x", "wait=1&turn=.1", "wait=1&turn=x.y", "wait=x&turn=x.1"] {
        assert_eq!(ask(wrong, "text/event-stream").await, 400, "{wrong}");
    }
    let long = format!("wait=1&turn={}.1", "x".repeat(65));
    assert_eq!(ask(&long, "text/event-stream").await, 400);
    assert_eq!(ask("wait=1&turn=x.1", "*/*").await, 400, "text has no turns");
}
