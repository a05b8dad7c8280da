//! The chat room among the examples, as its README starts it: two processes, one broker, nginx in front with the
//! configuration that stands beside it. What a browser does is done here by the three transports themselves; the page in
//! real browsers is looked at by `web/e2e/chat.test.ts`.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use futures_util::StreamExt;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};
use tokio::time::{sleep, timeout};
use tokio_websockets::{ClientBuilder, MaybeTlsStream, WebSocketStream};

use crate::ground::PATIENCE;
use crate::ground::server::{Kind, Server, free_port};

struct Site {
    broker: Server,
    nginx: u16,
    processes: [u16; 2],
    /// Ended with the site, by their ids.
    _children: Vec<Child>,
    _folder: TempDir,
}

impl Site {
    async fn start(kind: Kind) -> Self {
        let broker = Server::start(kind).await;
        let mut children = Vec::new();
        let mut processes = [0; 2];
        for port in &mut processes {
            let (child, listening) = chat(&broker.url()).await;
            children.push(child);
            *port = listening;
        }
        let (folder, nginx) = (tempfile::tempdir().unwrap(), free_port().await);
        let place = |port: u16| format!("127.0.0.1:{port}");
        let file = std::fs::read_to_string(example().join("nginx.conf")).unwrap();
        let file = file.replace("127.0.0.1:9001", &place(processes[0])).replace("127.0.0.1:9002", &place(processes[1]));
        std::fs::write(
            folder.path().join("nginx.conf"),
            file.replace("127.0.0.1:8080", &place(nginx)).replace("daemon off;", "daemon off;\nmaster_process off;"),
        )
        .unwrap();
        std::fs::create_dir(folder.path().join("temp")).unwrap();
        let prefix = folder.path().to_str().unwrap();
        let nginx_child = spawn(Command::new("/usr/sbin/nginx").args(["-p", prefix, "-c", "nginx.conf"]));
        children.push(nginx_child);
        let up = async {
            while TcpStream::connect(place(nginx)).await.is_err() {
                sleep(Duration::from_millis(10)).await;
            }
        };
        timeout(PATIENCE, up).await.expect("nginx does not start");
        Self { broker, nginx, processes, _children: children, _folder: folder }
    }

    /// Says something through nginx; the status.
    async fn say(&self, who: &str, text: &str) -> u16 {
        say(self.nginx, who, text).await
    }
}

fn example() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/chat")
}

fn spawn(command: &mut Command) -> Child {
    command.stdin(Stdio::null()).kill_on_drop(true).spawn().unwrap()
}

/// Cargo builds examples with tests, and puts them beside.
async fn chat(broker: &str) -> (Child, u16) {
    let program = std::env::current_exe().unwrap().parent().unwrap().with_file_name("examples").join("chat");
    let mut child = spawn(Command::new(program).args(["127.0.0.1:0", broker]).stdout(Stdio::piped()));
    let mut line = String::new();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    timeout(PATIENCE, out.read_line(&mut line)).await.unwrap().unwrap();
    let port = line.trim().rsplit(':').next().unwrap().parse().unwrap();
    (child, port)
}

/// Each person has a cookie; `who` makes it.
async fn say(port: u16, who: &str, text: &str) -> u16 {
    let body = json!({ "name": who, "text": text }).to_string();
    let cookie = format!("{who:0>32}");
    let length = body.len();
    let head = format!(
        "POST /say HTTP/1.1\r\nHost: chat\r\nCookie: chat={cookie}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
    );
    let answer = request(port, &(head + &body)).await;
    answer.split(' ').nth(1).unwrap().parse().unwrap()
}

async fn request(port: u16, text: &str) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    stream.write_all(text.as_bytes()).await.unwrap();
    let mut answer = String::new();
    timeout(PATIENCE, stream.read_to_string(&mut answer)).await.expect("no answer").unwrap();
    answer
}

/// What one long-polling question brings, but for the place.
async fn poll(port: u16, after: &str) -> Vec<Value> {
    let mut told = poll_all(port, after).await;
    told.retain(|told| told.get("here").is_none());
    told
}

async fn poll_all(port: u16, after: &str) -> Vec<Value> {
    let head = format!("GET /live?after={after} HTTP/1.1\r\nHost: chat\r\nConnection: close\r\n\r\n");
    let answer = request(port, &head).await;
    let body = answer.split_once("\r\n\r\n").unwrap().1;
    // nginx hands a short answer on whole.
    serde_json::from_str(body).unwrap_or_else(|_| panic!("{answer}"))
}

async fn websocket(port: u16) -> WebSocketStream<MaybeTlsStream<TcpStream>> {
    let address = format!("ws://127.0.0.1:{port}/live").parse().unwrap();
    ClientBuilder::from_uri(address).connect().await.unwrap().0
}

async fn heard(socket: &mut WebSocketStream<MaybeTlsStream<TcpStream>>) -> Value {
    let said = async {
        loop {
            let message = socket.next().await.unwrap().unwrap();
            let told = message.as_text().map(|text| serde_json::from_str::<Value>(text).unwrap());
            if let Some(told) = told.filter(|told| told.get("here").is_none()) {
                return told;
            }
        }
    };
    timeout(PATIENCE, said).await.expect("nothing was said")
}

struct Events(BufReader<TcpStream>);

impl Events {
    async fn open(port: u16) -> Self {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
        let head = "GET /live HTTP/1.1\r\nHost: chat\r\nAccept: text/event-stream\r\n\r\n";
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut events = Self(BufReader::new(stream));
        // The head, and the first sign of life.
        let begun = async { while !events.line().await.starts_with(r#"data: {"here":"#) {} };
        timeout(PATIENCE, begun).await.expect("no stream");
        events
    }

    async fn line(&mut self) -> String {
        let mut line = String::new();
        let count = self.0.read_line(&mut line).await.unwrap();
        assert_ne!(count, 0, "the stream ended");
        line.trim().to_owned()
    }

    async fn heard(&mut self) -> Value {
        let said = async {
            loop {
                if let Some(data) = self.line().await.strip_prefix("data: ") {
                    return serde_json::from_str(data).unwrap();
                }
            }
        };
        timeout(PATIENCE, said).await.expect("nothing was said")
    }
}

fn text(message: &Value) -> &str {
    message["text"].as_str().unwrap()
}

async fn everybody_hears_everything_also_when_the_broker_is_restarted(kind: Kind) {
    let mut site = Site::start(kind).await;
    // One at each process, and one each way through nginx.
    let mut sockets =
        [websocket(site.processes[0]).await, websocket(site.processes[1]).await, websocket(site.nginx).await];
    let mut events = Events::open(site.nginx).await;
    let markup = "<script>alert(1)</script> & \"quotes\" \u{202e}";
    let mut places = Vec::new();
    for (n, what) in ["hello", markup].iter().enumerate() {
        assert_eq!(site.say(&format!("p{n}"), what).await, 202);
        places.clear();
        for socket in &mut sockets {
            let message = heard(socket).await;
            assert_eq!(text(&message), *what);
            places.push(message["place"].as_str().unwrap().to_owned());
        }
        assert_eq!(text(&events.heard().await), *what);
    }
    assert_eq!(poll(site.nginx, "").await.len(), 2, "who comes late has both");

    site.broker.kill().await;
    let asking = tokio::spawn({
        let (port, places) = (site.nginx, places.join(","));
        async move { poll(port, &places).await }
    });
    assert_eq!(site.say("p3", "while it was away").await, 202);
    site.broker.start_again().await;
    for socket in &mut sockets {
        assert_eq!(text(&heard(socket).await), "while it was away");
    }
    assert_eq!(text(&events.heard().await), "while it was away");
    let polled = asking.await.unwrap();
    assert_eq!(polled.iter().map(text).collect::<Vec<_>>(), ["while it was away"]);

    // A process that starts now knows what was said before.
    let (_child, port) = chat(&site.broker.url()).await;
    let mut late = websocket(port).await;
    for what in ["hello", markup, "while it was away"] {
        assert_eq!(text(&heard(&mut late).await), what);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn over_redis_everybody_hears_everything_also_when_it_is_restarted() {
    everybody_hears_everything_also_when_the_broker_is_restarted(Kind::Redis).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn over_nats_everybody_hears_everything_also_when_it_is_restarted() {
    everybody_hears_everything_also_when_the_broker_is_restarted(Kind::Nats).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_says_too_much_at_whichever_process() {
    let site = Site::start(Kind::Redis).await;
    assert_eq!(site.say("p", &"ä".repeat(500)).await, 202);
    assert_eq!(site.say("p", &"ä".repeat(501)).await, 400);
    assert_eq!(site.say("p", " \u{7} ").await, 400);
    assert_eq!(site.say(&"n".repeat(32), "a name that is just short enough").await, 202);
    let mut viewer = websocket(site.processes[1]).await;
    assert_eq!(text(&heard(&mut viewer).await).chars().count(), 500);
    heard(&mut viewer).await;
    // Four more at one process, heard by the other, and no sixth at either.
    for n in 0..4 {
        assert_eq!(say(site.processes[0], "p", &n.to_string()).await, 202);
        assert_eq!(text(&heard(&mut viewer).await), n.to_string());
    }
    assert_eq!(say(site.processes[0], "p", "a sixth").await, 429);
    assert_eq!(say(site.processes[1], "p", "a sixth").await, 429);
    assert_eq!(say(site.processes[1], "q", "somebody else").await, 202);
    assert_eq!(text(&heard(&mut viewer).await), "somebody else");
}

/// Says a number at a process, from an address of its own, as nginx would say it.
async fn say_number(port: u16, n: usize) {
    let body = json!({ "name": "p", "text": n.to_string() }).to_string();
    let length = body.len();
    let (high, low) = (n / 256, n % 256);
    let head = format!(
        "POST /say HTTP/1.1\r\nHost: chat\r\nX-Real-IP: 192.0.{high}.{low}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
    );
    let answer = request(port, &(head + &body)).await;
    assert!(answer.starts_with("HTTP/1.1 202"), "{answer}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_comes_back_after_more_than_is_kept_is_told_how_much_is_missing() {
    let site = Site::start(Kind::Redis).await;
    for n in 0..510 {
        say_number(site.processes[0], n).await;
    }
    let late = poll(site.processes[0], "").await;
    let (process, number) = late[49]["place"].as_str().unwrap().split_once('.').unwrap();
    assert_eq!(number, "510");
    let back = poll(site.processes[0], &format!("{process}.4")).await;
    assert_eq!(back[0], json!({ "missed": 6 }));
    assert_eq!((back.len(), text(&back[1]), text(&back[500])), (501, "10", "509"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_comes_late_hears_the_last_fifty() {
    let site = Site::start(Kind::Redis).await;
    let mut viewers = [websocket(site.processes[0]).await, websocket(site.processes[1]).await];
    for n in 0..60 {
        say_number(site.processes[n % 2], n).await;
        // Heard by both, so that whatever is said next is later for both.
        for viewer in &mut viewers {
            assert_eq!(text(&heard(viewer).await), n.to_string());
        }
    }
    let late = poll(site.processes[0], "").await;
    assert_eq!(late.iter().map(text).collect::<Vec<_>>(), (10..60).map(|n| n.to_string()).collect::<Vec<_>>());
    // From where one stands, only the rest.
    let after = late[47]["place"].as_str().unwrap();
    assert_eq!(poll(site.processes[0], after).await.iter().map(text).collect::<Vec<_>>(), ["58", "59"]);
    // Who comes from there to the other process may know some of it already, and is told where it begins.
    let elsewhere = poll(site.processes[1], after).await;
    assert_eq!(elsewhere[0], json!({ "eldest": elsewhere[1]["id"] }));
    assert_eq!((elsewhere.len(), text(&elsewhere[1])), (51, "10"));
    assert!(elsewhere[1].get("by").is_none(), "nobody is told another's address: {}", elsewhere[1]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_websocket_whose_upgrade_was_taken_away_is_refused_and_harms_nobody() {
    let site = Site::start(Kind::Redis).await;
    let asked =
        "GET /live HTTP/1.1\r\nHost: chat\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nConnection: close\r\n\r\n";
    // As often as would make nginx give up both processes, had they broken its rules.
    for _ in 0..4 {
        let answer = request(site.nginx, asked).await;
        assert!(answer.starts_with("HTTP/1.1 426"), "{answer}");
    }
    assert_eq!(site.say("p", "still here").await, 202);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_site_may_neither_listen_nor_speak() {
    let site = Site::start(Kind::Redis).await;
    for line in ["GET /live", "POST /say"] {
        let asked = format!("{line} HTTP/1.1\r\nHost: chat\r\nOrigin: http://evil\r\nConnection: close\r\n\r\n");
        let answer = request(site.nginx, &asked).await;
        assert!(answer.starts_with("HTTP/1.1 403"), "{answer}");
    }
    let page = request(site.nginx, "GET / HTTP/1.1\r\nHost: chat\r\nConnection: close\r\n\r\n").await;
    assert!(page.contains("content-security-policy: default-src 'none'") && page.contains("HttpOnly"), "{page}");
}
