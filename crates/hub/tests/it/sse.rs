//! Server-Sent Events and plain text: what browsers and curl get from the same address.

use std::collections::HashMap;

use crate::http::{self, encoded};
use crate::stream::Ended;
use crate::world::{Agent, World, numbered};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_that_breaks_after_any_event_goes_on_with_the_next_line_of_every_log() {
    let world = World::new().await;
    let names = ["a.log", "b.log", "c.log"];
    let query: Vec<_> = names.iter().map(|name| format!("log={}", world.log(name))).collect();
    let query = format!("{}&last=100", query.join("&"));
    for name in names {
        world.append(name, numbered(0..5));
    }
    let mut seen: HashMap<String, Vec<String>> = HashMap::new();
    let mut cursor: Option<String> = None;
    let mut written = 5;
    while seen.len() < 3 || seen.values().any(|lines| lines.len() < 60) {
        let mut stream = world.events(&query, cursor.as_deref()).await;
        let sent = stream.event().await;
        let lines = sent.event.lines.into_iter().map(|line| line.text);
        seen.entry(sent.event.log.unwrap()).or_default().extend(lines);
        cursor = Some(sent.id);
        if written < 60 {
            for name in names {
                world.append(name, numbered(written..written + 5));
            }
            written += 5;
        }
    }
    for name in names {
        assert_eq!(seen[&world.log(name)], world.on_disk(name), "{name}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_id_of_an_event_is_the_cursor_of_that_very_event() {
    let world = World::new().await;
    world.append("a.log", "");
    let query = format!("log={}&last=100", world.log("a.log"));
    let mut stream = world.events(&query, None).await;
    let mut ids = Vec::new();
    for n in 0..40 {
        world.append("a.log", numbered(n..n + 1));
    }
    let mut last = None;
    while last.as_deref() != Some("line 39") {
        let sent = stream.event().await;
        if let Some(line) = sent.event.lines.last() {
            last = Some(line.text.clone());
            ids.push((sent.id, line.text.clone()));
        }
    }
    world.append("a.log", "end\n");
    for (id, text) in ids {
        let mut stream = world.events(&query, Some(&id)).await;
        let sent = loop {
            let sent = stream.event().await;
            if !sent.event.lines.is_empty() {
                break sent;
            }
        };
        let n: usize = text.strip_prefix("line ").unwrap().parse().unwrap();
        let next = if n == 39 { "end".to_owned() } else { format!("line {}", n + 1) };
        assert_eq!(sent.event.lines[0].text, next);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_id_that_no_event_can_have_is_refused_and_one_of_lines_that_are_gone_is_told() {
    let world = World::new().await;
    world.append("a.log", numbered(0..3));
    let query = format!("log={}", world.log("a.log"));
    let path = format!("/api/v1/live?{query}");
    let id = world.lines("a.log", "last=2").await.lines[1].position.clone();
    world.append("b.log", "b\n");
    let of_another = world.lines("b.log", "last=1").await.after.unwrap();
    for bad in ["garbage", &id[1..], &format!("{id}x"), &of_another, "\u{fc}"] {
        let headers = [("accept", "text/event-stream"), ("last-event-id", bad)];
        let answer = http::get(world.served.address, &path, &headers).await;
        assert_eq!((answer.status, answer.header("content-type")), (400, "application/problem+json"), "{bad}");
        assert!(answer.json()["detail"].as_str().unwrap().contains("Last-Event-ID"), "{}", answer.text());
    }
    std::fs::write(world.path("a.log"), "other bytes in this place, and more of them\n").unwrap();
    let mut stream = world.events(&query, Some(&id)).await;
    loop {
        let event = stream.event().await.event;
        if event.kind == "lost" {
            break;
        }
        assert_ne!(event.kind, "lines", "{event:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn more_logs_than_a_cursor_can_hold_are_refused() {
    let world = World::new().await;
    let query: Vec<_> = (0..33).map(|n| format!("log={}", world.log(&format!("{n}.log")))).collect();
    let path = format!("/api/v1/live?{}", query.join("&"));
    let answer = http::get(world.served.address, &path, &[("accept", "text/event-stream")]).await;
    assert_eq!(answer.status, 400);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn curl_is_a_remote_tail_that_no_byte_of_a_log_can_harm() {
    let world = World::new().await;
    world.append("a.log", b"one\x1b[31m\ttwo\x07\r\xff\n");
    let mut text = world.text(&format!("log={}", world.log("a.log"))).await;
    let first = text.text_until("\n").await;
    assert!(first.starts_with("one") && first.contains("\ttwo"), "{first:?}");
    assert!(!first.trim_end_matches('\n').contains(|c: char| c.is_control() && c != '\t'), "{first:?}");
    world.append("a.log", "three\n");
    assert_eq!(text.text_until("\n").await, "three\n");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn several_logs_have_a_header_where_one_changes_to_the_other() {
    let world = World::new().await;
    let (a, b) = (world.log("a.log"), world.log("b.log"));
    world.append("a.log", "a1\n");
    // There, so that nobody is told to wait for it.
    world.append("b.log", "");
    let mut text = world.text(&format!("log={a}&log={b}")).await;
    assert_eq!(text.text_until("a1\n").await, format!("==> {a} <==\na1\n"));
    world.append("b.log", "b1\n");
    assert_eq!(text.text_until("b1\n").await, format!("==> {b} <==\nb1\n"));
    world.append("b.log", "b2\n");
    assert_eq!(text.text_until("b2\n").await, "b2\n");
    world.append("a.log", "a2\n");
    assert_eq!(text.text_until("a2\n").await, format!("==> {a} <==\na2\n"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn text_breaks_off_when_bytes_are_lost() {
    let mut world = World::new().await;
    world.append("a.log", numbered(0..3));
    let mut text = world.text(&format!("log={}", world.log("a.log"))).await;
    assert_eq!(text.text_until("line 2\n").await, numbered(0..3));
    world.agent.take().unwrap().cut().await;
    world.append("a.log", "nobody has seen this\n");
    std::fs::write(world.path("a.log"), "").unwrap();
    world.append("a.log", "another beginning\n");
    world.agent = Some(Agent::start(&world.served.hub, &world.host));
    assert_eq!(text.rest().await.1, Ended::Broken);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn why_no_lines_come_is_said_in_text_too() {
    let mut world = World::new().await;
    let name = world.log("a.log");
    let mut text = world.text(&format!("log={name}")).await;
    let waiting = text.text_until("\n").await;
    assert!(waiting.starts_with(&format!("tailcast: {name}: ")), "{waiting}");
    world.append("a.log", "one\n");
    assert!(text.text_until("one\n").await.ends_with("one\n"));
    world.agent.take().unwrap().stop().await;
    assert!(text.text_until("stopped\n").await.starts_with("tailcast: "));
    world.agent = Some(Agent::start(&world.served.hub, &world.host));
    text.text_until("the agent is back\n").await;
    world.append("a.log", "two\n");
    assert_eq!(text.text_until("\n").await, "two\n");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn text_is_complete_also_when_curl_is_slow() {
    let world = World::new().await;
    let line = "x".repeat(999) + "\n";
    world.append("a.log", &line);
    let mut text = world.text(&format!("log={}&last=1", world.log("a.log"))).await;
    let mut quick = world.watch("a.log", "last=1").await;
    quick.lines(1).await;
    for _ in 0..12 {
        world.append("a.log", line.repeat(1000));
        quick.lines(1000).await;
    }
    world.append("a.log", "end\n");
    let all = text.text_until("end\n").await;
    assert_eq!(all.len(), 12_001 * 1000 + 4);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_filter_holds_for_text_and_events_too() {
    let world = World::new().await;
    world.append("a.log", "good\nbad\n");
    let query = format!("log={}&grep={}", world.log("a.log"), encoded("^g"));
    let mut text = world.text(&query).await;
    let mut events = world.events(&query, None).await;
    world.append("a.log", "bad\nglad\n");
    assert_eq!(text.text_until("glad\n").await, "good\nglad\n");
    let mut seen = Vec::new();
    while seen.len() < 2 {
        seen.extend(events.event().await.event.lines.into_iter().map(|line| line.text));
    }
    assert_eq!(seen, ["good", "glad"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_text_of_a_hub_that_stops_says_so_and_ends_as_it_should() {
    let world = World::new().await;
    world.append("a.log", numbered(0..3));
    let mut text = world.text(&format!("log={}", world.log("a.log"))).await;
    assert_eq!(text.text_until("line 2\n").await, numbered(0..3));
    world.served.hub.stop();
    assert_eq!(text.rest().await, ("tailcast: the hub stops\n".to_owned(), Ended::Whole));
}

/// A comment comes every 15 s, and this test waits for one: time cannot be paused on real sockets.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_without_events_says_that_it_is_there() {
    let mut world = World::new().await;
    let mut stream = world.events(&format!("log={}", world.log("a.log")), None).await;
    world.agent.take().unwrap().stop().await;
    while stream.paragraph().await != ": still here" {}
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_wrong_is_said_by_the_status_of_a_stream_and_not_to_one_that_comes_again() {
    let mut world = World::new().await;
    world.append("a.log", "one\n");
    let there = world.log("a.log");
    for accept in ["text/event-stream", "*/*"] {
        let status = async |world: &World, query: &str, again: &[(&str, &str)]| {
            let headers = [&[("accept", accept)], again].concat();
            let answer = http::open(world.served.address, &format!("/api/v1/live?{query}"), &headers).await;
            let kind = answer.headers()["content-type"].to_str().unwrap();
            assert_eq!(answer.status() != 200, kind == "application/problem+json", "{query}");
            answer.status().as_u16()
        };
        assert_eq!(status(&world, "log=nobody:/var/log/syslog", &[]).await, 404);
        assert_eq!(status(&world, "log=web1:/etc/passwd", &[]).await, 404);
        assert_eq!(status(&world, &format!("log={there}&log=web1:/etc/passwd"), &[]).await, 404);
        assert_eq!(status(&world, &format!("log={there}&from=nonsense"), &[]).await, 400);
        assert_eq!(status(&world, &format!("log={there}"), &[]).await, 200);
        assert_eq!(status(&world, &format!("log={}", world.log("not-yet.log")), &[]).await, 200);
        world.agent.take().unwrap().stop().await;
        world.until("it has gone", async || world.metric("tailcast_agents").await == 0).await;
        if accept == "text/event-stream" {
            assert_eq!(status(&world, &format!("log={there}"), &[]).await, 200);
            assert_eq!(status(&world, "log=nobody:/var/log/syslog", &[("last-event-id", "")]).await, 200);
        } else {
            assert_eq!(status(&world, &format!("log={there}"), &[]).await, 503);
        }
        world.agent = Some(Agent::start(&world.served.hub, &world.host));
        world.until("it is back", async || world.metric("tailcast_agents").await == 1).await;
    }
}
