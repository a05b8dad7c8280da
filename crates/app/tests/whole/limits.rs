//! At the limits: too few descriptors, viewers that do not read, lines without an end, a disk without room.
//!
//! What is measured is said on stderr. What is asserted leaves room for a busy machine and a program that is not optimised.

use std::process::Stdio;
use std::time::Duration;

use http::StatusCode;
use rustix::process::{Pid, Resource, Rlimit, prlimit};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, UnixStream};
use tokio::process::Command;
use tokio::time::sleep;

use crate::rig::{
    Client, Form, FullHouse, Hub, Site, ask, binary, descriptors, get, is_root, length, page, read_until, send, sorted,
    until_served, upgrade, within,
};

/// More than the hub may ever take, whatever flows.
const MEMORY: u64 = 80 << 20;

#[tokio::test]
async fn with_64_descriptors_some_of_200_are_served_and_the_others_are_told() {
    let site = Site::new();
    let mut file = site.log("app.log");
    file.write("first\n");
    let hub = descriptors(&site, 64).await;
    let crowd = (0..200).map(|_| tokio::spawn(Client::come(hub.address, file.on("web1")))).collect::<Vec<_>>();
    let (mut served, refused) = sorted(crowd).await;
    let idle = cpu_within(&hub, Duration::from_secs(2)).await;
    eprintln!("{} served, {refused} refused in words, then {:.1} % of a core", served.len(), idle * 100.0);
    assert!(!served.is_empty() && refused > 0);
    assert!(idle < 0.2, "{idle}");
    file.write("second\n");
    for stream in &mut served {
        within("the next line", read_until(stream, "second")).await;
    }
    served.clear();
    until_served(&hub, file.on("web1")).await;
}

#[tokio::test]
async fn with_64_descriptors_viewers_of_different_logs_do_not_starve_the_files() {
    let site = Site::new();
    let mut files: Vec<_> = (0..40).map(|number| site.log(&format!("{number}.log"))).collect();
    let hub = descriptors(&site, 64).await;
    let mut served = Vec::new();
    for (number, file) in files.iter_mut().enumerate() {
        file.write("first\n");
        match Client::come(hub.address, file.on("web1")).await {
            Client::Served(stream) => served.push((number, stream)),
            Client::Refused => (),
        }
    }
    eprintln!("{} viewers of as many logs", served.len());
    for (number, stream) in &mut served {
        within("the first line", read_until(stream, "first")).await;
        files[*number].write("second\n");
        within("the second line", read_until(stream, "second")).await;
    }
}

#[tokio::test]
async fn with_1024_descriptors_1500_pages_are_served_or_told_to_come_later_and_the_served_lose_nothing() {
    tailcast_fdguard::Limit::raise();
    let site = Site::new();
    let mut file = site.log("app.log");
    file.write("first\n");
    let hub = descriptors(&site, 1024).await;
    let crowd = (0..1500).map(|_| tokio::spawn(page(hub.address, file.on("web1")))).collect::<Vec<_>>();
    let (mut served, refused) = sorted(crowd).await;
    let idle = cpu_within(&hub, Duration::from_secs(2)).await;
    eprintln!("{} served, {refused} refused in words, then {:.1} % of a core", served.len(), idle * 100.0);
    // 748 is what the plan leaves for viewers; the file has a place of its own also when it is rotated now.
    assert!(served.len() > 700 && refused > 700, "{} {refused}", served.len());
    file.write("second\n");
    file.rotate();
    file.write("third\n");
    for stream in &mut served {
        within("the lines around a rotation", read_until(stream, "third")).await;
    }
    let said = hub.program.said();
    assert!(said.matches("refusing connections").count() < 5, "{said}");
    served.clear();
    until_served(&hub, file.on("web1")).await;
}

#[tokio::test]
async fn a_page_that_finds_no_room_hears_1013_and_when_to_come_again() {
    let site = Site::new();
    let FullHouse { hub, file, served: _served } = FullHouse::new(&site).await;
    let mut stream = ask(hub.address, &file.on("web1"), &upgrade(hub.address)).await;
    let mut told = Vec::new();
    within("the end of the socket", stream.read_to_end(&mut told)).await.unwrap();
    let text = String::from_utf8_lossy(&told);
    assert!(text.starts_with("HTTP/1.1 101 ") && text.contains(r#""why":"full""#), "{text}");
    // A close frame: two bytes, the code, the reason.
    let close = told.windows(4).find(|bytes| bytes[0] == 0x88 && bytes[2] == 3).unwrap();
    assert_eq!(u16::from_be_bytes([close[2], close[3]]), 1013);
}

#[tokio::test]
async fn an_event_stream_that_finds_no_room_ends_well_and_is_told_when_to_come_again() {
    let site = Site::new();
    let FullHouse { hub, file, served: _served } = FullHouse::new(&site).await;
    let mut stream = ask(hub.address, &file.on("web1"), "Accept: text/event-stream\r\n").await;
    let mut words = String::new();
    within("the end of the stream", stream.read_to_string(&mut words)).await.unwrap();
    assert!(words.starts_with("HTTP/1.1 200 OK\r\n") && words.contains("retry: "), "{words}");
}

#[tokio::test]
async fn idle_connections_make_room_for_those_who_ask_the_longest_idle_first() {
    let site = Site::new();
    let mut file = site.log("app.log");
    file.write("first\n");
    let hub = descriptors(&site, 64).await;
    let mut idle = Vec::new();
    for number in 0..100 {
        let mut stream = TcpStream::connect(hub.address).await.unwrap();
        let request = format!("GET /healthz HTTP/1.1\r\nHost: {}\r\n\r\n", hub.address);
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut head = [0; 12];
        within("an answer", stream.read_exact(&mut head)).await.unwrap();
        assert_eq!(&head, b"HTTP/1.1 200", "{number}");
        idle.push(stream);
    }
    let Client::Served(mut viewer) = Client::come(hub.address, file.on("web1")).await else {
        panic!("a viewer is refused, and nobody but the idle is there");
    };
    within("its line", read_until(&mut viewer, "first")).await;
    let metrics = String::from_utf8(hub.get("/metrics").await.body.to_vec()).unwrap();
    let shed = metrics.lines().find_map(|line| line.strip_prefix("tailcast_connections_shed_total "));
    assert!(shed.is_some_and(|shed| shed.parse::<u64>().unwrap() > 40), "{metrics}");
    let mut rest = String::new();
    within("the end of the first", idle[0].read_to_string(&mut rest)).await.unwrap();
}

#[tokio::test]
async fn an_administrator_is_answered_when_nobody_else_is() {
    let site = Site::new();
    let FullHouse { hub, file, served: _served } = FullHouse::new(&site).await;
    let socket = site.state().join("admin.sock");
    hub.program.says(&format!("curl --unix-socket {} ", socket.display())).await;
    let metrics = ask_as_administrator(&site, "/metrics").await;
    assert!(metrics.starts_with("HTTP/1.1 200 ") && metrics.contains("\ntailcast_fds_limit 64\n"), "{metrics}");
    let hub_now = ask_as_administrator(&site, "/api/v1/hub").await;
    let hub_now: serde_json::Value = serde_json::from_str(hub_now.split("\r\n\r\n").nth(1).unwrap()).unwrap();
    for class in hub_now["descriptors"]["classes"].as_array().unwrap() {
        assert!(class["used"].as_u64() <= class["ceiling"].as_u64(), "no class has more than its most: {hub_now}");
    }
    // Below what is open, and below what the hub cannot be without: now the kernel itself refuses every new descriptor.
    let pid = i32::try_from(hub.program.pid()).ok().and_then(Pid::from_raw);
    for limit in [30, 8] {
        prlimit(pid, Resource::Nofile, Rlimit { current: Some(limit), maximum: Some(64) }).unwrap();
        for _ in 0..3 {
            let words = ask_as_administrator(&site, "/api/v1/hub").await;
            assert!(words.starts_with("HTTP/1.1 200 ") && words.contains(&format!(r#""limit":{limit}"#)), "{words}");
        }
        // And whoever comes by the other door is told, with a descriptor that was opened early as well.
        assert!(matches!(Client::come(hub.address, file.on("web1")).await, Client::Refused), "{limit}");
    }
    // Scripts that hang: each of them would have its two seconds.
    let mut silent = Vec::new();
    for _ in 0..60 {
        silent.push(UnixStream::connect(site.state().join("admin.sock")).await.unwrap());
    }
    let metrics = ask_as_administrator(&site, "/metrics").await;
    assert!(metrics.starts_with("HTTP/1.1 200 "), "{metrics}");
}

/// What is answered over the administrator's socket.
async fn ask_as_administrator(site: &Site, path: &str) -> String {
    let mut stream = UnixStream::connect(site.state().join("admin.sock")).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut words = String::new();
    within("an answer to the administrator", stream.read_to_string(&mut words)).await.unwrap();
    words
}

#[tokio::test]
async fn a_start_says_what_limits_it_and_that_the_limit_fell_since_the_last_one() {
    let site = Site::new();
    let first = descriptors(&site, 2048).await;
    first.program.says("open files: soft limit was 2048, now 2048, hard 2048; room for at most ").await;
    first.program.says("not certain who: ").await;
    drop(first);
    let again = descriptors(&site, 2048).await;
    assert!(!again.program.said().contains("fell from"), "{}", again.program.said());
    drop(again);
    let lower = descriptors(&site, 1024).await;
    lower.program.says("the limit of open files fell from 2048 to 1024").await;
    drop(lower);
    // Of one that cannot start it is said too, and the limit of the last start stays what it was.
    for _ in 0..2 {
        let words = refused_start(&site, 24).await;
        assert!(words.contains("fell from 1024 to 24"), "{words}");
    }
    // One descriptor fewer, and with the parts that are rounded a place more.
    drop(descriptors(&site, 1000).await);
    let rounded = descriptors(&site, 999).await;
    assert!(!rounded.program.said().contains("fell from 1000"), "{}", rounded.program.said());
}

#[tokio::test]
async fn a_hub_that_cannot_serve_under_its_limit_says_which_one_it_needs() {
    let words = refused_start(&Site::new(), 24).await;
    assert!(words.contains("at least"), "{words}");
    // One remedy: the doctor's for who has set this limit, or else where such limits are set.
    assert!(words.contains("; to get ") != words.contains("LimitNOFILE="), "{words}");
}

/// What a hub says that cannot start under this limit.
async fn refused_start(site: &Site, limit: u64) -> String {
    let mut command = site.shell(&format!("ulimit -n {limit}; exec \"$@\""));
    command.arg(binary()).args(["serve", "--listen", "127.0.0.1:0", "--state-dir"]).arg(site.state());
    let ended = within("the end of the start", command.output()).await.unwrap();
    assert!(!ended.status.success());
    String::from_utf8_lossy(&ended.stderr).into_owned()
}

#[tokio::test]
async fn viewers_that_never_read_cost_the_hub_no_memory_and_the_others_no_line() {
    let site = Site::new();
    let mut file = site.log("app.log");
    let hub = Hub::with_agent(&site).await;
    file.write("begin\n");
    let log = file.on("web1");
    let mut stuck = Vec::new();
    for headers in [upgrade(hub.address).as_str(), "Accept: text/event-stream\r\n", ""] {
        stuck.push(ask(hub.address, &log, headers).await);
    }
    let mut viewer = hub.view(Form::Cbor, &log).await;
    assert_eq!(viewer.line().await, "begin");
    let writer = tokio::spawn(async move {
        // 50 MB at the pace of a busy log, below what makes the pump skip.
        for chunk in 0..100 {
            let lines = (0..512).map(|line| format!("{:06} {}\n", chunk * 512 + line, "x".repeat(1017)));
            file.write(lines.collect::<String>());
            sleep(Duration::from_millis(70)).await;
        }
    });
    for number in 0..51_200 {
        let line = viewer.line().await;
        assert_eq!(line.get(..6), Some(&*format!("{number:06}")));
    }
    writer.await.unwrap();
    let (now, most) = hub.program.memory();
    eprintln!("52 MB flowed past 3 viewers that do not read: {} MiB, at most {}", now >> 20, most >> 20);
    assert!(most < MEMORY, "{most}");
}

#[tokio::test]
async fn a_line_of_100_megabytes_is_shown_cut_and_fetched_whole_in_bounded_memory() {
    const LENGTH: u64 = 100_000_000;
    let site = Site::new();
    let mut file = site.log("app.log");
    let hub = Hub::with_agent(&site).await;
    file.write("before\n");
    (0..100).for_each(|_| file.write(vec![b'x'; 1_000_000]));
    file.write("\nafter\n");
    let log = file.on("web1");
    let page = hub.get(&format!("/api/v1/lines?log={log}&last=3")).await.json();
    let lines = page["lines"].as_array().unwrap();
    assert_eq!(
        (lines.len(), &lines[0]["text"], &lines[2]["text"]),
        (3, &"before".into(), &"after".into()),
        "{page:.300}"
    );
    assert!(lines[1]["cut"].as_u64().is_some_and(|length| length.abs_diff(LENGTH) <= 1), "{:.300}", lines[1]);
    for form in [Form::Json, Form::Cbor, Form::Sse, Form::Text] {
        let mut viewer = hub.view(form, &log).await;
        assert_eq!(viewer.line().await, "before", "{form:?}");
        while viewer.line().await != "after" {}
    }
    assert_eq!(length(hub.address, &format!("/api/v1/raw?log={log}")).await, LENGTH + 14);
    let (now, most) = hub.program.memory();
    eprintln!("a line of 100 MB: {} MiB, at most {}", now >> 20, most >> 20);
    assert!(most < MEMORY, "{most}");
}

#[tokio::test]
async fn a_file_of_any_bytes_is_harmless_in_each_form() {
    let site = Site::new();
    let mut file = site.log("app.log");
    let hub = Hub::with_agent(&site).await;
    let bytes: Vec<u8> = (0..200_000).map(|_| fastrand::u8(..)).collect();
    for form in [Form::Json, Form::Cbor, Form::Sse, Form::Text] {
        file.write("begin\n");
        let mut viewer = hub.view(form, &file.on("web1")).await;
        while viewer.line().await != "begin" {}
        file.write([&bytes[..], b"\nend\n"].concat());
        loop {
            let line = viewer.line().await;
            let escapes = line.chars().any(|c| c.is_control() && c != '\t');
            assert!(form != Form::Text || !escapes, "{line:?}");
            if line == "end" {
                break;
            }
        }
    }
}

#[tokio::test]
async fn a_full_disk_under_the_state_directory_is_told_in_words() {
    let site = Site::new();
    std::fs::create_dir(site.state()).unwrap();
    if !is_root() || !may_mount(&site).await {
        return eprintln!("skipped: a file system that is full can be mounted by root alone");
    }
    let token = with_little_room(&site, &["token", "add", "--viewer", "ci", "--state-dir", "state"]).output();
    let token = within("a refusal", token).await.unwrap();
    let words = String::from_utf8_lossy(&token.stderr).into_owned();
    assert_eq!(token.status.code(), Some(5), "{words}");
    assert!(words.contains("No space left") && words.contains("tokens"), "{words}");

    let serve = ["serve", "--no-agent", "--listen", "127.0.0.1:0", "--state-dir", "state"];
    let hub = Hub::of(&site, with_little_room(&site, &serve)).await;
    let body = r#"{"password":"correct horse"}"#;
    let request = http::Request::post("/api/v1/login").header("content-type", "application/json");
    let answer = send(hub.address, request, body).await;
    assert_eq!(answer.status, StatusCode::INTERNAL_SERVER_ERROR, "{answer:?}");
    hub.program.says("No space left").await;
    assert_eq!(get(hub.address, "/api/v1/logs").await.status, StatusCode::OK);
}

/// `tailcast` with a state directory in which there is a password and no room for more. The mount is seen by this process
/// alone, and gone with it.
fn with_little_room(site: &Site, words: &[&str]) -> Command {
    const SCRIPT: &str = "mount -t tmpfs -o size=16k tailcast state && \
        echo 'correct horse' | \"$1\" password --state-dir state && \
        head -c 1M /dev/zero >state/fill 2>/dev/null; exec \"$@\"";
    let mut command = site.shell("exec unshare --mount /bin/sh -c \"$@\"");
    command.args([SCRIPT, "tailcast"]).arg(binary()).args(words);
    command
}

async fn may_mount(site: &Site) -> bool {
    let mut trial = site.shell("unshare --mount mount -t tmpfs tailcast state");
    trial.stderr(Stdio::null()).status().await.is_ok_and(|status| status.success())
}

/// The part of a core that the hub takes for a while.
async fn cpu_within(hub: &Hub, time: Duration) -> f64 {
    let before = hub.program.cpu();
    sleep(time).await;
    (hub.program.cpu() - before).as_secs_f64() / time.as_secs_f64()
}
