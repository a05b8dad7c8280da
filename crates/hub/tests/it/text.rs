//! What plain text says besides lines, and how it ends.

use std::fs;

use tailcast_agent::Offers;

use crate::http;
use crate::stream::Ended;
use crate::viewer::Event;
use crate::world::{Agent, World, numbered};

fn offers(world: &World, exclude: &[&str]) -> Offers {
    Offers::new(&[world.path("").to_str().unwrap()], exclude).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn text_of_logs_of_which_none_can_be_read_does_not_begin() {
    let world = World::new().await;
    for name in ["one.log", "two.log"] {
        fs::create_dir(world.path(name)).unwrap();
    }
    for logs in [vec!["one.log"], vec!["one.log", "two.log"]] {
        let query: Vec<_> = logs.iter().map(|name| format!("log={}", world.log(name))).collect();
        let answer = world.get(&format!("/api/v1/live?{}", query.join("&"))).await;
        assert_eq!((answer.status, answer.header("content-type")), (409, "application/problem+json"));
        let detail = answer.json()["detail"].as_str().unwrap().to_owned();
        assert!(detail.starts_with(&format!("{}: it is a directory", world.log("one.log"))), "{detail}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_that_cannot_be_read_is_said_in_text_and_the_others_go_on() {
    let world = World::new().await;
    fs::create_dir(world.path("bad.log")).unwrap();
    world.append("a.log", "one\n");
    let (bad, good) = (world.log("bad.log"), world.log("a.log"));
    let mut text = world.text(&format!("log={bad}&log={good}")).await;
    // Whichever answers first.
    let said = text.text_until("\n").await + &text.text_until("\n").await + &text.text_until("\n").await;
    assert!(said.contains(&format!("tailcast: {bad}: ")) && said.contains("a directory"), "{said}");
    assert!(said.contains(&format!("==> {good} <==\none\n")), "{said}");
    world.append("a.log", "two\n");
    assert_eq!(text.text_until("\n").await, "two\n");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn text_of_a_log_that_is_withdrawn_goes_on_with_the_others_and_breaks_off_when_none_is_left() {
    let world = World::new().await;
    world.append("a.log", "a1\n");
    world.append("b.log", "b1\n");
    let (a, b) = (world.log("a.log"), world.log("b.log"));
    let mut text = world.text(&format!("log={a}&log={b}")).await;
    let shown = text.text_until("1\n").await + &text.text_until("1\n").await;
    assert!(shown.contains("a1\n") && shown.contains("b1\n"), "{shown}");
    world.host.offer(offers(&world, &["**/b.log"]));
    let said = text.text_until("\n").await;
    assert!(said.starts_with(&format!("tailcast: {b}: ")), "{said}");
    world.append("a.log", "a2\n");
    assert!(text.text_until("a2\n").await.ends_with("a2\n"));
    world.host.offer(offers(&world, &["**/*.log"]));
    let (said, ended) = text.rest().await;
    assert!(said.contains(&format!("tailcast: {a}: ")), "{said}");
    assert_eq!(ended, Ended::Broken);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_last_line_of_a_text_that_breaks_off_says_why() {
    let mut world = World::new().await;
    let name = world.log("a.log");
    world.append("a.log", numbered(0..3));
    let mut text = world.text(&format!("log={name}")).await;
    assert_eq!(text.text_until("line 2\n").await, numbered(0..3));
    world.agent.take().unwrap().cut().await;
    world.append("a.log", "nobody has seen this\n");
    fs::write(world.path("a.log"), "").unwrap();
    world.append("a.log", "another beginning\n");
    world.agent = Some(Agent::start(&world.served.hub, &world.host));
    let (said, ended) = text.rest().await;
    let last = said.lines().last().unwrap();
    assert!(last.starts_with(&format!("tailcast: {name}: ")), "{said}");
    assert_eq!(ended, Ended::Broken);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_happens_to_a_file_is_said_between_its_lines() {
    let world = World::new().await;
    let name = world.log("a.log");
    world.append("a.log", numbered(0..3));
    let mut text = world.text(&format!("log={name}")).await;
    assert_eq!(text.text_until("line 2\n").await, numbered(0..3));
    fs::rename(world.path("a.log"), world.path("a.log.1")).unwrap();
    world.append("a.log", "three\n");
    let rotated = text.text_until("three\n").await;
    assert!(rotated.contains(&format!("tailcast: {name}: ")), "{rotated}");
    fs::remove_file(world.path("a.log")).unwrap();
    let gone = text.text_until("\n").await;
    assert!(gone.starts_with(&format!("tailcast: {name}: ")), "{gone}");
}

/// As `yes` into a log without newlines would be: in pieces that a viewer sees coming.
fn append_long_line(world: &World, name: &str, megabytes: usize) {
    let piece = "x".repeat(1_000_000);
    (0..megabytes).for_each(|_| world.append(name, &piece));
    world.append(name, "\nend\n");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_length_of_a_line_that_is_written_while_it_is_watched_is_told_truly_in_every_form() {
    let world = World::new().await;
    world.append("a.log", "begin\n");
    let query = format!("log={}&last=1", world.log("a.log"));
    let complete = format!("{query}&policy=complete");
    let mut text = world.text(&complete).await;
    let mut filtered = world.text(&format!("{complete}&grep=%5Exxx%7Cend%7Cbegin")).await;
    let mut viewer = world.watch("a.log", "last=1&policy=complete").await;
    let mut live = world.watch("a.log", "last=1").await;
    let mut events = world.events(&query, None).await;
    assert_eq!(text.text_until("\n").await, "begin\n");
    assert_eq!(filtered.text_until("\n").await, "begin\n");
    for viewer in [&mut viewer, &mut live] {
        viewer.lines(1).await;
    }
    assert_eq!(events.event().await.event.lines[0].text, "begin");
    append_long_line(&world, "a.log", 40);
    for text in [&mut text, &mut filtered] {
        let shown = text.text_until("end\n").await;
        assert!(shown.ends_with("xxx … [cut: 40000000 bytes]\nend\n"), "{:?}", shown.get(shown.len() - 80..));
        let starts = shown.lines().map(|line| &line[..line.len().min(100)]);
        assert_eq!(shown.lines().count(), 2, "{:?}", starts.collect::<Vec<_>>());
    }
    let lines = viewer.lines_until("end").await;
    assert_eq!(lines.iter().map(|line| line.cut).collect::<Vec<_>>(), [Some(40_000_000), None]);
    let mut cuts = Cuts::default();
    while !cuts.end_with(&events.event().await.event) {}
    cuts.are_all_of(40_000_000);
    let mut cuts = Cuts::default();
    while !cuts.end_with(&live.event().await.unwrap()) {}
    cuts.are_all_of(40_000_000);
}

/// The cut lines that a viewer was shown who may be skipped ahead: perhaps to the end alone, perhaps over the end.
#[derive(Default)]
struct Cuts(Vec<u64>);

impl Cuts {
    /// Whether the log has been shown to its end with this: its last line, or the word that there is no more.
    fn end_with(&mut self, event: &Event) -> bool {
        self.0.extend(event.lines.iter().filter_map(|line| line.cut));
        let has_ended = event.lines.last().is_some_and(|line| line.text == "end");
        has_ended || event.known_up_to() == Some(40_000_011)
    }

    fn are_all_of(&self, bytes: u64) {
        assert!(self.0.iter().all(|length| *length == bytes), "{:?}", self.0);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_length_of_a_line_that_is_read_by_catching_up_is_told_truly_with_and_without_a_filter() {
    let world = World::new().await;
    world.append("a.log", "begin\n");
    let from = world.lines("a.log", "last=1").await.after.unwrap();
    append_long_line(&world, "a.log", 40);
    for filter in ["", "&grep=xxx%7Cend", "&exclude=nothing"] {
        let mut text = world.text(&format!("log={}&from={from}{filter}", world.log("a.log"))).await;
        let shown = text.text_until("end\n").await;
        assert!(shown.ends_with("xxx … [cut: 40000000 bytes]\nend\n"), "{filter} {:?}", shown.get(shown.len() - 80..));
        let mut viewer = world.watch("a.log", &format!("from={from}&policy=complete{filter}")).await;
        let lines = viewer.lines_until("end").await;
        assert_eq!(lines.iter().map(|line| line.cut).collect::<Vec<_>>(), [Some(40_000_000), None], "{filter}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_error_has_a_line_of_its_own_on_a_terminal() {
    let world = World::new().await;
    let answer = http::get(world.served.address, "/api/v1/live", &[]).await;
    assert!(answer.text().ends_with("}\n"), "{}", answer.text());
}
