//! What is not offered cannot be read (law 10), however it is spelled, and the refusal says nothing about it.

use std::fs;
use std::os::unix::fs::symlink;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use http_body_util::BodyExt as _;
use tailcast_wire::{Answer, Failure, Filter, Follow, HalfLine, Question, Spot, Tiding, ToAgent, ToHub};

use crate::http;
use crate::pipe::Orders;
use crate::viewer::Viewer;
use crate::world::{HOST, World, texts};

/// What nobody may see.
const SECRET: &str = "the secret\n";

/// A world with a secret beside what is offered.
async fn world() -> World {
    let world = World::without(&["**/private/**", "**/*.key"]).await;
    fs::write(world.state_dir().join("secret.log"), SECRET).unwrap();
    fs::create_dir(world.path("private")).unwrap();
    for name in ["a.log", "private/b.log", "tls.key"] {
        world.append(name, SECRET.repeat(usize::from(name != "a.log")));
    }
    symlink(world.state_dir().join("secret.log"), world.path("link.log")).unwrap();
    symlink(world.state_dir(), world.path("linked")).unwrap();
    symlink(world.path("private/b.log"), world.path("inner.log")).unwrap();
    symlink("/proc/self/environ", world.path("environ.log")).unwrap();
    world
}

/// What stands behind `log=`, each a way to something that is not offered.
fn spellings(world: &World) -> Vec<String> {
    let root = world.path("").to_str().unwrap().trim_end_matches('/').to_owned();
    let secret = world.state_dir().canonicalize().unwrap().join("secret.log").to_str().unwrap().to_owned();
    let mut names: Vec<String> = [
        "/../secret.log",
        "/./a.log",
        "//a.log",
        "/a.log/",
        "/a.log/.",
        "/%2e%2e/secret.log",
        "/..%2fsecret.log",
        "/%2e%2e%2fsecret.log",
        "/a.log%00",
        "/a.log%00.txt",
        "/private/b.log",
        "/private/../private/b.log",
        "/tls.key",
        "/link.log",
        "/linked/secret.log",
        "/inner.log",
        "/environ.log",
        "/",
        "/nothing.log/../a.log",
    ]
    .map(|rest| format!("{HOST}:{root}{rest}"))
    .into();
    names.extend([
        format!("{HOST}:{secret}"),
        format!("{HOST}:/{root}/a.log"),
        format!("{HOST}:/etc/passwd"),
        format!("{HOST}:/dev/zero"),
        format!("{HOST}:/proc/self/mem"),
        format!("{HOST}:logs/a.log"),
        format!("{HOST}:./a.log"),
        format!("{HOST}:file/{secret}"),
        format!("{HOST}:journal/../../etc/passwd"),
        format!("other:{root}/a.log"),
        format!("..:{root}/a.log"),
        format!(":{root}/a.log"),
        format!("{root}/a.log"),
    ]);
    names
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_spelling_leads_to_what_is_not_offered_and_all_refusals_read_alike() {
    let world = world().await;
    let mut words = std::collections::BTreeSet::new();
    for name in spellings(&world) {
        for route in ["lines", "raw"] {
            let answer = world.get(&format!("/api/v1/{route}?log={name}")).await;
            assert!(matches!(answer.status, 400 | 404), "{route} {name}: {} {}", answer.status, answer.text());
            assert!(!answer.text().contains("the secret"), "{name}");
            if answer.status == 404 && name.starts_with(HOST) {
                words.insert(answer.json()["detail"].as_str().unwrap().to_owned());
            }
        }
    }
    // What is there and what is not, what is a link and what is excluded: one sentence for all.
    assert_eq!(words.len(), 1, "{words:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_live_view_shows_what_is_not_offered() {
    let world = world().await;
    for name in spellings(&world) {
        let answer = http::open(world.served.address, &format!("/api/v1/live?log={name}"), &[]).await;
        if answer.status() == 400 {
            continue;
        }
        let mut viewer = Viewer::open(world.served.address, &format!("log={name}")).await;
        for more in (0..5).rev() {
            assert!(more > 0, "{name}: only edges");
            let event = viewer.event().await.unwrap();
            match event.kind.as_str() {
                "error" | "agent_lost" => break,
                // An offered name that leads elsewhere is waited for: it may lead to a log yet.
                "waiting" => {
                    assert!(!event.words.contains("secret"), "{event:?}");
                    break;
                }
                "edge" => assert_eq!(event.position, None, "{name}: {event:?}"),
                _ => panic!("{name}: {event:?}"),
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pipes_devices_and_directories_are_listed_with_the_reason_or_not_at_all_and_never_read() {
    let world = world().await;
    rustix::fs::mkfifoat(rustix::fs::CWD, world.path("pipe.log"), rustix::fs::Mode::from_raw_mode(0o600)).unwrap();
    symlink("/dev/zero", world.path("zero.log")).unwrap();
    fs::create_dir(world.path("folder.log")).unwrap();
    for name in ["pipe.log", "zero.log", "folder.log", "link.log", "environ.log"] {
        for route in ["lines", "raw"] {
            let answer = world.get(&format!("/api/v1/{route}?log={}", world.log(name))).await;
            assert!(matches!(answer.status, 404 | 409), "{route} {name}: {} {}", answer.status, answer.text());
        }
    }
    let listed = world.get("/api/v1/logs").await.json();
    for log in listed["logs"].as_array().unwrap() {
        let readable = log["unreadable"].is_null();
        assert_eq!(readable, log["log"] == world.log("a.log"), "{log}");
        assert!(readable || log["size"].is_null() || log["log"] == world.log("pipe.log"), "{log}");
    }
    assert!(!listed.to_string().contains("tls.key") && !listed.to_string().contains("private"), "{listed}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_is_swapped_for_a_link_between_check_and_opening_is_not_read() {
    let world = world().await;
    world.append("swap.log", "harmless\n");
    let stop = Arc::new(AtomicBool::new(false));
    let (path, other, secret) = (world.path("swap.log"), world.path("swap.tmp"), world.state_dir().join("secret.log"));
    let stopped = Arc::clone(&stop);
    let swapper = std::thread::spawn(move || {
        while !stopped.load(Ordering::Relaxed) {
            symlink(&secret, &other).unwrap();
            fs::rename(&other, &path).unwrap();
            fs::write(&other, "harmless\n").unwrap();
            fs::rename(&other, &path).unwrap();
            // Long enough to be read in, short enough to be hit anywhere.
            std::thread::sleep(std::time::Duration::from_micros(300));
        }
    });
    let mut seen = 0;
    let path = format!("/api/v1/raw?log={}", world.log("swap.log"));
    for _ in 0..300 {
        let answer = http::open(world.served.address, &path, &[]).await;
        let status = answer.status();
        let (mut body, mut read) = (answer.into_body(), Vec::new());
        // It breaks off where the file is rotated away and the next one is none that may be read.
        while let Some(Ok(frame)) = body.frame().await {
            read.extend(frame.into_data().unwrap_or_default());
        }
        let text = String::from_utf8_lossy(&read);
        assert!(!text.contains("the secret"), "{status}");
        seen += usize::from(text == "harmless\n");
    }
    stop.store(true, Ordering::Relaxed);
    swapper.join().unwrap();
    assert!(seen > 0, "the harmless file was never seen, so nothing was tested");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_that_is_swapped_for_a_link_while_it_is_followed_is_not_followed_there() {
    let world = world().await;
    world.append("a.log", "one\n");
    let mut viewer = world.watch("a.log", "last=1").await;
    viewer.lines(1).await;
    viewer.told("edge").await;
    fs::rename(world.path("a.log"), world.path("a.log.1")).unwrap();
    symlink(world.state_dir().join("secret.log"), world.path("a.log")).unwrap();
    viewer.told("gone").await;
    fs::remove_file(world.path("a.log")).unwrap();
    world.append("a.log", "two\n");
    assert_eq!(texts(&viewer.lines(1).await), ["two"]);
}

/// Every question about a log, by name; a new one does not compile until it is here.
fn questions(log: &str) -> Vec<Question> {
    let (log, from) = (log.to_owned(), None);
    let read = |spot| Question::Read {
        log: log.clone(),
        spot,
        lines: 10,
        bytes: 1 << 20,
        filter: Filter::default(),
        scan: 1 << 20,
        half: HalfLine::Give,
    };
    let mut questions: Vec<_> = [Spot::Last, Spot::Offset(0), Spot::Time(0)].map(read).into();
    questions.push(Question::Raw { log: log.clone(), from, to: None, bytes: 1 << 20 });
    for question in &questions {
        match question {
            Question::Read { .. } | Question::Raw { .. } => (),
            // It names no log: what it lists is tested above.
            Question::List { .. } => panic!("{question:?} is about no log"),
            // It reads no log: the one that it may name, it names the writers of, and the agent's own tests hold that.
            Question::Inspect(_) => panic!("{question:?} reads no log"),
        }
    }
    questions
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_agent_refuses_what_it_does_not_offer_whatever_its_hub_asks() {
    let world = world().await;
    let secret = world.state_dir().canonicalize().unwrap().join("secret.log");
    let mut orders = Orders::to(&world.host).await;
    for name in
        [secret.to_str().unwrap(), "/etc/passwd", "../../secret.log", "", world.path("link.log").to_str().unwrap()]
    {
        for question in questions(name) {
            match orders.ask(question).await {
                Answer::Refused(refusal) => assert_eq!(refusal.failure, Some(Failure::NotOffered), "{name}"),
                other => panic!("{name}: {other:?}"),
            }
        }
    }
    for (number, name) in [secret.to_str().unwrap(), "/etc/passwd", "../../secret.log", ""].into_iter().enumerate() {
        let follow = Follow {
            channel: number as u32,
            log: name.to_owned(),
            filter: Filter::default(),
            from: None,
            credit: 1 << 20,
        };
        orders.say(&ToAgent::Follow(follow)).await;
        loop {
            match orders.heard().await {
                ToHub::Followed { edge, .. } => assert_eq!(edge, None),
                ToHub::Told { told, .. } => break assert_eq!(told.tiding, Some(Tiding::Error)),
                other => panic!("{name}: {other:?}"),
            }
        }
    }
}
