//! A house that is full: files find their places, the silent make room, and nothing stays open behind those who left.

use std::time::{Duration, Instant};

use rustix::process::{Resource, getrlimit};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::rig::{
    Client, Event, Form, FullHouse, Hub, Site, Viewer, descriptors, read_until, until, until_served, within,
};

/// How long a request's head may take: `HEAD` of the hub.
const HEAD: Duration = Duration::from_secs(10);

async fn metric(hub: &Hub, name: &str) -> u64 {
    let metrics = String::from_utf8(hub.get("/metrics").await.body.to_vec()).unwrap();
    let value = metrics.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    value.unwrap_or_else(|| panic!("no {name} in {metrics}")).parse().unwrap()
}

const TAILS: &str = "tailcast_fds_class_used{class=\"tails\"}";

#[tokio::test]
async fn a_log_for_which_there_is_no_descriptor_is_told_and_opened_when_another_one_is_closed() {
    let site = Site::new();
    let mut files: Vec<_> = (0..60).map(|number| site.log(&format!("{number}.log"))).collect();
    files.iter_mut().for_each(|file| file.write("first\n"));
    let hub = descriptors(&site, 64).await;
    assert_eq!(metric(&hub, TAILS).await, 0);
    // Each is looked at by itself, over one connection: logs fill the house, not viewers.
    let all: Vec<_> = files[..39].iter().map(|file| format!("log={}", file.on("web1"))).collect();
    let mut many = Viewer::ask(hub.address, Form::Json, &all.join("&")).await.unwrap();
    let mut told = Vec::new();
    while told.is_empty() {
        let words = many.told("error").await;
        told.extend(words.contains("no file descriptor").then_some(words));
    }
    let followed = metric(&hub, TAILS).await;
    assert!((8..39).contains(&followed), "{followed}");
    hub.program.says("a log cannot be opened now: no room for more tails").await;
    // Those that wait take what the reserve gives for a first file, too: a quarter of 12.
    let waiting = async { while metric(&hub, "tailcast_fds_class_used{class=\"reserve\"}").await < 3 {} };
    within("the reserve lent", waiting).await;

    // Who waits may have read its last lines in such a place and given it back: that one goes to whoever comes first.
    let mut early = Vec::new();
    let (mut late, file) = loop {
        let file = &mut files[39 + early.len()];
        let mut viewer = Viewer::ask(hub.address, Form::Json, &format!("log={}", file.on("web1"))).await.unwrap();
        match within("lines, or why there are none", answered(&mut viewer)).await {
            Some(why) => {
                assert!(why.contains("no file descriptor"), "{why}");
                break (viewer, file);
            }
            None => early.push(viewer),
        }
    };
    drop(many);
    file.write("second\n");
    while late.line().await != "second" {}
    drop((late, early));
    let closing = async { while metric(&hub, TAILS).await > 0 {} };
    within("all files closed, and their places given back", closing).await;
}

/// The words of an error, unless lines come first.
async fn answered(viewer: &mut Viewer) -> Option<String> {
    loop {
        match viewer.event().await {
            Some(Event::Told(kind, words)) if kind == "error" => return Some(words),
            Some(Event::Lines(..)) => return None,
            Some(_) => (),
            None => panic!("the view ended"),
        }
    }
}

#[tokio::test]
async fn an_agent_elsewhere_has_a_budget_of_its_own() {
    let site = Site::new();
    let mut files: Vec<_> = (0..60).map(|number| site.log(&format!("{number}.log"))).collect();
    files.iter_mut().for_each(|file| file.write("first\n"));
    let hub = Hub::serve(&site, &["--no-agent"]).await;
    let mut command = site.shell("ulimit -n 64; exec \"$@\"");
    let token = site.token(&["--agent", "web2"]).await;
    command.arg(crate::rig::binary()).args(["agent", "--hub", &hub.url(), "--host", "web2"]).arg(site.logs());
    command.env("TAILCAST_TOKEN", token.trim());
    let agent = crate::rig::Program::start(command, &site.path("agent.err"));
    hub.has_host("web2").await;
    let all: Vec<_> = files.iter().map(|file| format!("log={}", file.on("web2"))).collect();
    let mut many = Viewer::ask(hub.address, Form::Json, &all.join("&")).await.unwrap();
    while !many.told("error").await.contains("no file descriptor") {}
    agent.says("a log cannot be opened now: no room for more tails").await;
    // The link lives, and what is open is followed.
    let open = agent.files().into_iter().filter(|open| open.starts_with(site.logs().canonicalize().unwrap())).count();
    assert!((8..60).contains(&open), "{open}");
    assert_eq!(hub.get("/api/v1/logs").await.json()["logs"].as_array().map(Vec::len), Some(60));
}

#[tokio::test]
async fn clients_that_never_say_a_word_make_room_once_the_time_for_a_head_is_over() {
    let site = Site::new();
    let mut file = site.log("app.log");
    file.write("first\n");
    let hub = descriptors(&site, 64).await;
    let mut silent = Vec::new();
    for _ in 0..54 {
        silent.push(TcpStream::connect(hub.address).await.unwrap());
    }
    let began = Instant::now();
    until_served(&hub, file.on("web1")).await;
    eprintln!(
        "54 silent clients at `ulimit -n 64`: a viewer was served after {:?}, the bar is {:?}",
        began.elapsed(),
        HEAD + Duration::from_secs(1)
    );
    for mut stream in silent {
        let mut words = Vec::new();
        within("the end of one that is silent", stream.read_to_end(&mut words)).await.unwrap();
    }
    // Who had a place hears nothing when its time is up, and is counted all the same.
    let silent = metric(&hub, "tailcast_connections_silent_total").await;
    assert!((8..=23).contains(&silent), "{silent}");
}

#[tokio::test]
async fn a_thousand_viewers_come_and_go_and_nothing_stays_open() {
    let site = Site::new();
    let mut file = site.log("app.log");
    file.write("first\n");
    let hub = descriptors(&site, 64).await;
    let open = || std::fs::read_dir(format!("/proc/{}/fd", hub.program.pid())).unwrap().count();
    // What is looked at for a moment at the start is closed again.
    let mut counts = Vec::new();
    let still = || {
        counts.push(open());
        counts.iter().rev().take(10).all(|count| *count == open()).then_some(counts.len() >= 10).filter(|long| *long)
    };
    until("the start to be over", still).await;
    let base = open();
    for number in 0..1000 {
        let Client::Served(mut stream) = Client::come(hub.address, file.on("web1")).await else { continue };
        if number % 10 == 0 {
            within("a line", read_until(&mut stream, "first")).await;
        }
    }
    until("as many descriptors as before", || (open() == base).then_some(())).await;
    assert_eq!((metric(&hub, TAILS).await, metric(&hub, "tailcast_connections_most_per_address").await), (0, 0));
}

#[tokio::test]
async fn a_crowd_that_tries_again_and_again_costs_a_handful_of_log_lines() {
    let site = Site::new();
    let FullHouse { hub, file, served: _served } = FullHouse::new(&site).await;
    let before = hub.program.said().len();
    let began = Instant::now();
    let crowd: Vec<_> = (0..20)
        .map(|_| {
            let (address, log) = (hub.address, file.on("web1"));
            tokio::spawn(async move {
                let mut refused = 0;
                while began.elapsed() < Duration::from_secs(12) {
                    refused += u32::from(matches!(Client::come(address, log.clone()).await, Client::Refused));
                }
                refused
            })
        })
        .collect();
    let mut refused = 0;
    for client in crowd {
        refused += within("one of the crowd", client).await.unwrap();
    }
    let said = hub.program.said().len() - before;
    eprintln!("{refused} refused in 12 s: {said} bytes of log");
    assert!(refused > 100 && said < 2_000, "{refused} refused: {said} bytes");
}

#[tokio::test]
async fn a_high_limit_costs_neither_memory_nor_a_slow_start() {
    let site = Site::new();
    let highest = getrlimit(Resource::Nofile).maximum.unwrap_or(1 << 30);
    let mut measured = Vec::new();
    for limits in ["ulimit -n 64".to_owned(), format!("ulimit -Sn 1024 && ulimit -Hn {highest}")] {
        let began = Instant::now();
        let mut command = site.shell(&format!("{limits} && exec \"$@\""));
        command.arg(crate::rig::binary()).args(["serve", "--listen", "127.0.0.1:0", "--host", "web1", "--state-dir"]);
        let hub = Hub::of(&site, {
            command.arg(site.state()).arg(site.logs());
            command
        })
        .await;
        let (memory, start) = (hub.program.memory().0, began.elapsed());
        let (used, limit) = (metric(&hub, "tailcast_fds_used").await, metric(&hub, "tailcast_fds_limit").await);
        eprintln!("{limits}: limit {limit}, {used} open, {} KiB, started in {start:?}", memory >> 10);
        measured.push((limit, memory));
    }
    let [(low, little), (high, much)] = measured[..] else { panic!("{measured:?}") };
    assert_eq!((low, high), (64, highest.min(1 << 20)));
    assert!(much < little + (4 << 20), "{measured:?}");
}

#[tokio::test]
async fn nobody_gets_a_view_by_the_door_of_links_when_viewers_have_no_place() {
    let site = Site::new();
    let FullHouse { hub, file, served: _views } = FullHouse::new(&site).await;
    let ask = |path: &str| format!("GET {path} HTTP/1.1\r\nHost: {}\r\n\r\n", hub.address);
    let mut sly = TcpStream::connect(hub.address).await.unwrap();
    sly.write_all(ask("/api/v1/agent").as_bytes()).await.unwrap();
    let mut head = [0; 12];
    within("an answer to one that says to be an agent", sly.read_exact(&mut head)).await.unwrap();
    assert_eq!(&head, b"HTTP/1.1 400", "it is no WebSocket");
    sly.write_all(ask(&format!("/api/v1/live?log={}", file.on("web1"))).as_bytes()).await.unwrap();
    let mut words = String::new();
    within("the end of the connection", sly.read_to_string(&mut words)).await.unwrap();
    assert!(words.contains("HTTP/1.1 503") && !words.contains("first"), "{words}");
}
