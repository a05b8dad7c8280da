//! No address takes the room of all, behind a trusted proxy either: each of its clients is bound by its own.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::rig::{Hub, LogFile, Site, upgrade, within};

/// A hub behind a proxy on this machine, and its log.
async fn behind_a_proxy(site: &Site, limit: u64, settings: &[(&str, &str)]) -> (Hub, LogFile) {
    let mut file = site.log("app.log");
    file.write("first\n");
    let mut command = site.shell(&format!("ulimit -n {limit}; exec \"$@\""));
    command.arg(crate::rig::binary()).args(["serve", "--listen", "127.0.0.1:0", "--host", "web1", "--state-dir"]);
    command.arg(site.state()).arg(site.logs()).env("TAILCAST_HUB__TRUSTED_PROXIES", "127.0.0.1");
    command.env("TAILCAST_HUB__PROXY_USER_HEADER", "X-Forwarded-User").envs(settings.iter().copied());
    (Hub::of(site, command).await, file)
}

/// What a client is answered that the proxy passes on, and its connection.
struct Passed {
    status: u16,
    seen: Vec<u8>,
    stream: TcpStream,
}

impl Passed {
    async fn on(hub: SocketAddr, client: &str, path: &str, headers: &str) -> Self {
        let stream = TcpStream::connect(hub).await.unwrap();
        Self::over(stream, client, path, headers).await
    }

    async fn over(mut stream: TcpStream, client: &str, path: &str, headers: &str) -> Self {
        let host = stream.peer_addr().unwrap();
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: {host}\r\nX-Forwarded-For: {client}\r\nX-Forwarded-User: ada\r\n{headers}\r\n"
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut seen = Vec::new();
        while !seen.windows(4).any(|end| end == b"\r\n\r\n") {
            assert_ne!(within("an answer", stream.read_buf(&mut seen)).await.unwrap(), 0, "no answer");
        }
        let status = String::from_utf8_lossy(&seen[9..12]).parse().unwrap();
        Passed { status, seen, stream }
    }

    /// All that is said until the connection ends.
    async fn until_it_ends(mut self) -> Vec<u8> {
        within("the end", self.stream.read_to_end(&mut self.seen)).await.unwrap();
        self.seen
    }
}

fn live(file: &LogFile) -> String {
    format!("/api/v1/live?log={}", file.on("web1"))
}

async fn metric(hub: &Hub, name: &str) -> u64 {
    let metrics = String::from_utf8(hub.get("/metrics").await.body.to_vec()).unwrap();
    let value = metrics.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    value.unwrap_or_else(|| panic!("no {name} in {metrics}")).parse().unwrap()
}

#[tokio::test]
async fn the_clients_of_a_trusted_proxy_are_bound_each_for_itself_and_told_in_the_language_they_speak() {
    let site = Site::new();
    let (hub, file) = behind_a_proxy(&site, 1024, &[("TAILCAST_HUB__CONNECTIONS_PER_ADDRESS", "3")]).await;
    let (address, live, page) = (hub.address, live(&file), upgrade(hub.address));
    let mut inside = Vec::new();
    for headers in [&page, "Accept: text/event-stream\r\n", ""] {
        let passed = Passed::on(address, "192.0.2.7", &live, headers).await;
        assert!(matches!(passed.status, 101 | 200), "{}", String::from_utf8_lossy(&passed.seen));
        inside.push(passed);
    }

    let told = Passed::on(address, "192.0.2.7", &live, "").await;
    assert_eq!(told.status, 429);
    let words = String::from_utf8(told.until_it_ends().await).unwrap();
    assert!(words.contains("retry-after: ") && words.contains("from your address"), "{words}");

    let told = Passed::on(address, "192.0.2.7", &live, "Accept: text/event-stream\r\n").await;
    assert_eq!(told.status, 200);
    let words = String::from_utf8(told.until_it_ends().await).unwrap();
    assert!(words.contains("retry: ") && words.contains(r#""why":"crowded""#), "{words}");

    let told = Passed::on(address, "192.0.2.7", &live, &page).await;
    assert_eq!(told.status, 101);
    let told = told.until_it_ends().await;
    let close = told.windows(4).find(|bytes| bytes[0] == 0x88 && bytes[2] == 3).unwrap();
    assert_eq!(u16::from_be_bytes([close[2], close[3]]), 1013);

    // Another one's places are its own, and so is that of one who has gone.
    inside.push(Passed::on(address, "192.0.2.8", &live, "").await);
    assert_eq!(inside[3].status, 200);
    assert_eq!(metric(&hub, "tailcast_connections_most_per_address").await, 3);
    assert_eq!(metric(&hub, "tailcast_connections_refused_crowded_total").await, 3);
    drop(inside.remove(0));
    let coming = async { while Passed::on(address, "192.0.2.7", &live, "").await.status != 200 {} };
    within("a place for one after another has gone", coming).await;
    let said = hub.program.said();
    assert_eq!(said.matches("192.0.2.7 has 3 connections open").count(), 1, "{said}");
}

#[tokio::test]
async fn a_connection_that_a_proxy_keeps_counts_for_nobody_between_two_requests() {
    let site = Site::new();
    let (hub, _file) = behind_a_proxy(&site, 1024, &[("TAILCAST_HUB__CONNECTIONS_PER_ADDRESS", "1")]).await;
    let mut kept = Vec::new();
    for _ in 0..3 {
        let passed = Passed::on(hub.address, "192.0.2.7", "/healthz", "").await;
        assert_eq!(passed.status, 200);
        kept.push(passed.stream);
    }
    for stream in kept {
        let passed = Passed::over(stream, "192.0.2.8", "/api/v1/me", "").await;
        assert_eq!(passed.status, 200);
    }
}

#[tokio::test]
async fn with_64_descriptors_one_client_of_a_proxy_leaves_places_for_the_others() {
    let site = Site::new();
    let (hub, file) = behind_a_proxy(&site, 64, &[]).await;
    let (mut inside, mut statuses) = (Vec::new(), Vec::new());
    for _ in 0..40 {
        let passed = Passed::on(hub.address, "192.0.2.7", &live(&file), "").await;
        match passed.status {
            200 => inside.push(passed),
            status => statuses.push(status),
        }
    }
    let greedy = inside.len();
    assert!(greedy >= 8 && statuses.iter().all(|status| *status == 429), "{greedy} inside, {statuses:?}");
    for client in ["192.0.2.8", "192.0.2.9", "2001:db8::1"] {
        let passed = Passed::on(hub.address, client, &live(&file), "").await;
        assert_eq!(passed.status, 200, "{greedy} of one are inside, and there is no place for {client}");
        inside.push(passed);
    }
}
