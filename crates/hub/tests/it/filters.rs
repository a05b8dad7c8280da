//! Only what is wanted: live, in history, and one channel however many want the same.

use serde_json::json;

use crate::http::{self, encoded};
use crate::world::{World, texts};

const LEVELS: [&str; 4] = ["DEBUG", "INFO", "WARN", "ERROR"];

fn line(n: usize) -> String {
    format!("2026-11-20T10:{:02}:{:02}Z {} request {n}", n / 60 % 60, n % 60, LEVELS[n % 4])
}

fn written(world: &World, lines: std::ops::Range<usize>) {
    world.append("a.log", lines.map(|n| line(n) + "\n").collect::<String>());
}

/// Each filter with the lines it wants.
type Row = (&'static str, fn(usize) -> bool);
const FILTERS: [Row; 5] = [
    ("grep=request+%5B0-9%5D*7$", |n| n % 10 == 7),
    ("grep=ERROR&grep=7", |n| n % 4 == 3 && line(n).contains('7')),
    ("grep=request&exclude=DEBUG&exclude=INFO", |n| n % 4 > 1),
    ("grep=error&i", |n| n % 4 == 3),
    ("level=WARNING", |n| n % 4 > 1),
];

fn expected(lines: std::ops::Range<usize>, wants: fn(usize) -> bool) -> Vec<String> {
    lines.filter(|n| wants(*n)).map(line).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_filter_picks_the_same_lines_from_history_and_from_what_is_being_written() {
    let world = World::new().await;
    written(&world, 0..400);
    for (n, (filter, wants)) in FILTERS.into_iter().enumerate() {
        let (begin, end) = (400 + n * 100, 500 + n * 100);
        let mut viewer = world.watch("a.log", &format!("last=10&{filter}")).await;
        let history = expected(0..begin, wants);
        assert_eq!(texts(&viewer.lines(10).await), history[history.len() - 10..], "{filter}");
        written(&world, begin..end);
        let live = expected(begin..end, wants);
        assert_eq!(texts(&viewer.lines(live.len()).await), live, "{filter}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn scrolling_back_under_a_filter_shows_every_matching_line_once() {
    let world = World::new().await;
    written(&world, 0..1000);
    for (filter, wants) in FILTERS {
        let mut seen = Vec::new();
        let mut query = "last=30".to_owned();
        loop {
            let page = world.lines("a.log", &format!("{query}&limit=30&{filter}")).await;
            seen.splice(0..0, page.lines.into_iter().map(|line| line.text));
            let Some(before) = page.before else { break };
            query = format!("before={before}");
        }
        assert_eq!(seen, expected(0..1000, wants), "{filter}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn equal_filters_share_a_channel() {
    let world = World::new().await;
    written(&world, 0..10);
    let mut viewers = Vec::new();
    for query in ["last=1", "last=3", "last=1&grep=request", "last=2&grep=request", "last=1&grep=request&i", "last=1&i"]
    {
        let mut viewer = world.watch("a.log", query).await;
        viewer.lines(1).await;
        viewers.push(viewer);
    }
    assert_eq!(world.metric("tailcast_channels").await, 3);
    drop(viewers);
    world.until("nobody looks", async || world.metric("tailcast_channels").await == 0).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pattern_that_is_none_is_refused_with_the_place_of_the_fault() {
    let world = World::new().await;
    written(&world, 0..1);
    let query = format!("log={}&grep={}", world.log("a.log"), encoded("ab[c"));
    for (path, accept) in [("lines", "*/*"), ("live", "*/*"), ("live", "text/event-stream")] {
        let path = format!("/api/v1/{path}?{query}");
        let answer = http::get(world.served.address, &path, &[("accept", accept)]).await;
        assert_eq!((answer.status, answer.header("content-type")), (400, "application/problem+json"));
        assert_eq!(answer.json()["at"], 2, "{}", answer.text());
    }
    let refused = crate::viewer::connect("tailcast.v1.json", world.served.address, &query).await;
    assert!(refused.err().unwrap().to_string().contains("400"));
    let answer = world.get(&format!("/api/v1/lines?log={}&level=loud", world.log("a.log"))).await;
    assert_eq!(answer.status, 400);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_viewer_changes_its_filter_and_its_logs_while_it_looks() {
    let world = World::new().await;
    written(&world, 0..8);
    world.append("b.log", "other\n");
    let mut viewer = world.watch("a.log", "last=1").await;
    assert_eq!(texts(&viewer.lines(1).await), [line(7)]);
    viewer.say(&json!({"type": "filter", "level": "error", "last": 2})).await;
    assert_eq!(texts(&viewer.lines(2).await), [line(3), line(7)]);
    viewer.say(&json!({"type": "filter", "last": 1})).await;
    assert_eq!(texts(&viewer.lines(1).await), [line(7)]);
    viewer.say(&json!({"type": "add", "log": world.log("b.log"), "last": 1})).await;
    assert_eq!(texts(&viewer.lines(1).await), ["other"]);
    viewer.say(&json!({"type": "remove", "log": world.log("a.log")})).await;
    viewer.say(&json!({"type": "filter", "grep": ["("], "last": 1})).await;
    assert!(!viewer.told("error").await.words.is_empty());
    written(&world, 8..9);
    world.append("b.log", "only this\n");
    assert_eq!(texts(&viewer.lines(1).await), ["only this"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_viewer_that_asks_whether_anybody_is_there_is_answered_also_where_no_line_comes() {
    let world = World::new().await;
    let mut viewer = world.watch("a.log", "last=1").await;
    viewer.say(&json!({"type": "ping"})).await;
    viewer.told("pong").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_log_too_many_is_told() {
    let world = World::new().await;
    let mut viewer = world.watch("a.log", "last=1").await;
    for n in 0..64 {
        viewer.say(&json!({"type": "add", "log": world.log(&format!("{n}.log"))})).await;
    }
    let words = viewer.told("error").await.words;
    assert!(words.contains("63.log") && words.contains("64"), "{words}");
    // It has the first one already.
    viewer.say(&json!({"type": "add", "log": world.log("a.log")})).await;
    viewer.say(&json!({"type": "remove", "log": world.log("0.log")})).await;
    world.append("63.log", "in\n");
    viewer.say(&json!({"type": "add", "log": world.log("63.log"), "last": 1})).await;
    assert_eq!(texts(&viewer.lines(1).await), ["in"]);
}
