//! What somebody was let in by is taken back while a view or a link is open: it ends, and its end says why.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::Duration;

use ::http::HeaderName;
use ::http::header::{AUTHORIZATION, COOKIE};
use futures_util::StreamExt as _;
use tailcast_hub::Patience;
use tailcast_hub::access::tokens::{self, Grant, Wanted};
use tailcast_hub::access::{Access, AccessConfig, set_password};
use tailcast_hub::cluster::ClusterKey;
use tailcast_wire::ToAgent;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_websockets::{CloseCode, WebSocketStream};

use crate::http;
use crate::link;
use crate::stream::{Ended, Stream};
use crate::viewer::connect_as;
use crate::world::{PATIENCE, World};

const REMOVED: &str = "the token was removed on the hub";

/// It looks again at once.
fn patience() -> Patience {
    Patience { look_again: Duration::from_millis(50), last_words: Duration::from_millis(500), ..Patience::default() }
}

async fn world() -> World {
    let world = World::with(patience()).await;
    world.append("a.log", "one\n");
    world
}

fn viewer_token(world: &World) -> String {
    let token = tokens::add(world.state_dir(), Grant::Viewer, Some("viewer")).unwrap().token;
    format!("Bearer {token}")
}

async fn socket(world: &World, protocol: &'static str, who: (HeaderName, &str)) -> WebSocketStream<TcpStream> {
    let query = format!("log={}", world.log("a.log"));
    let mut socket = connect_as(Some(who), protocol, world.served.address, &query).await.unwrap();
    // It is open: the line has come.
    timeout(PATIENCE, socket.next()).await.unwrap().unwrap().unwrap();
    socket
}

/// The last text message and how the socket was closed.
async fn last_words(mut socket: WebSocketStream<TcpStream>) -> (String, Option<(CloseCode, String)>) {
    let mut text = String::new();
    let closed = async {
        while let Some(Ok(message)) = socket.next().await {
            match message.as_close() {
                Some((code, reason)) => return Some((code, reason.to_owned())),
                None => text = message.as_text().unwrap_or(&text).to_owned(),
            }
        }
        None
    };
    let closed = timeout(PATIENCE, closed).await.expect("never closed");
    (text, closed)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_websocket_whose_token_is_removed_is_closed_and_told_why_and_others_are_not() {
    let world = world().await;
    let token = viewer_token(&world);
    let json = socket(&world, "tailcast.v1.json", (AUTHORIZATION, &token)).await;
    let cbor = socket(&world, "tailcast.v1.cbor", (AUTHORIZATION, &token)).await;
    let mut local = world.watch("a.log", "last=1").await;
    local.lines(1).await;
    tokens::remove(world.state_dir(), "viewer").unwrap();
    let (text, closed) = last_words(json).await;
    let event: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!((&event["type"], &event["words"]), (&"error".into(), &REMOVED.into()));
    assert_eq!(closed, Some((CloseCode::POLICY_VIOLATION, REMOVED.to_owned())));
    assert_eq!(last_words(cbor).await.1, Some((CloseCode::POLICY_VIOLATION, REMOVED.to_owned())));
    world.append("a.log", "two\n");
    assert_eq!(local.lines(1).await[0].text, "two");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn streams_whose_token_is_removed_end_with_a_word() {
    let world = world().await;
    let token = viewer_token(&world);
    let path = format!("/api/v1/live?log={}", world.log("a.log"));
    let open = async |accept| {
        Stream::open(world.served.address, &path, &[("accept", accept), ("authorization", &token)]).await
    };
    let (mut events, mut text) = (open("text/event-stream").await, open("*/*").await);
    assert_eq!(events.event().await.event.kind, "lines");
    assert_eq!(text.text_until("\n").await, "one\n");
    tokens::remove(world.state_dir(), "viewer").unwrap();
    let (said, ended) = events.rest().await;
    assert!(said.contains(REMOVED), "{said}");
    assert_eq!(ended, Ended::Whole);
    // Whoever reads text has to know that it is not the end of the log.
    assert_eq!(text.rest().await, (format!("tailcast: {REMOVED}\n"), Ended::Broken));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_that_nobody_reads_is_cut_when_its_token_is_removed() {
    let world = world().await;
    let token = viewer_token(&world);
    world.append("big.log", "x".repeat(1023).repeat(8192) + "\n");
    let big: String = (0..20_000).map(|n| format!("{n} {}\n", "x".repeat(1000))).collect();
    world.append("big.log", &big);
    let path = format!("/api/v1/live?log={}&last=10000", world.log("big.log"));
    let _unread = Stream::open(world.served.address, &path, &[("authorization", &token)]).await;
    world.until("it is open", async || world.metric("tailcast_viewers").await == 1).await;
    tokens::remove(world.state_dir(), "viewer").unwrap();
    world.until("it is cut", async || world.metric("tailcast_viewers").await == 0).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn logging_out_and_another_password_end_the_views_of_the_session() {
    let world = world().await;
    set_password(world.state_dir(), "correct horse").unwrap();
    let log_in = async || {
        let body = r#"{"password":"correct horse"}"#;
        let answer = http::post(world.served.address, "/api/v1/login", &[], body).await;
        assert_eq!(answer.status, 204, "{}", answer.text());
        answer.header("set-cookie").split(';').next().unwrap().to_owned()
    };
    let (first, second) = (log_in().await, log_in().await);
    let leaves = socket(&world, "tailcast.v1.json", (COOKIE, &first)).await;
    let stays = socket(&world, "tailcast.v1.json", (COOKIE, &second)).await;
    assert_eq!(http::post(world.served.address, "/api/v1/logout", &[("cookie", &first)], "").await.status, 204);
    let (_, closed) = last_words(leaves).await;
    assert_eq!(closed, Some((CloseCode::POLICY_VIOLATION, "you have logged out".to_owned())));
    assert_eq!(world.metric("tailcast_viewers").await, 1);
    set_password(world.state_dir(), "battery staple").unwrap();
    let (_, closed) = last_words(stays).await;
    let words = "the password of the hub was changed: log in again";
    assert_eq!(closed, Some((CloseCode::POLICY_VIOLATION, words.to_owned())));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_link_of_an_agent_whose_token_is_removed_is_closed_and_the_agent_told() {
    let world = world().await;
    let grant = Grant::Agent { hosts: vec!["db*".to_owned()] };
    let token = tokens::add(world.state_dir(), grant, Some("databases")).unwrap().token;
    let mut linked = link::Dialled::new(&world, &token, "db7").await;
    assert!(matches!(linked.heard().await, Some(ToAgent::Welcome(_))));
    world.until("it is there", async || world.metric("tailcast_agents").await == 2).await;
    tokens::remove(world.state_dir(), "databases").unwrap();
    match linked.heard().await {
        Some(ToAgent::Refused { words, lasting: true }) => assert_eq!(words, REMOVED),
        other => panic!("{other:?}"),
    }
    assert_eq!(linked.heard().await, None);
    world.until("it has gone", async || world.metric("tailcast_agents").await == 1).await;
}

fn cluster_key(dir: &Path) -> ClusterKey {
    let file = dir.join("cluster.key");
    std::fs::write(&file, ClusterKey::new_text().unwrap()).unwrap();
    std::fs::set_permissions(&file, Permissions::from_mode(0o600)).unwrap();
    ClusterKey::read(&file).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_open_is_closed_when_another_hub_of_the_cluster_revokes_what_it_was_opened_with() {
    let elsewhere = tempfile::tempdir().unwrap();
    let key = cluster_key(elsewhere.path());
    let world = World::in_cluster(patience(), key.clone()).await;
    world.append("a.log", "one\n");
    let make = |grant, name| {
        let wanted = Wanted { grant, name: Some(name), expires: None };
        tokens::make(elsewhere.path(), Some(&key), wanted).unwrap().token
    };
    let viewer = format!("Bearer {}", make(Grant::Viewer, "viewer"));
    let agent = make(Grant::Agent { hosts: vec!["db*".to_owned()] }, "databases");
    let watching = socket(&world, "tailcast.v1.json", (AUTHORIZATION, &viewer)).await;
    let mut linked = link::Dialled::new(&world, &agent, "db7").await;
    assert!(matches!(linked.heard().await, Some(ToAgent::Welcome(_))));
    for name in ["viewer", "databases"] {
        tokens::remove(elsewhere.path(), name).unwrap();
    }
    let mut other = AccessConfig::new(elsewhere.path().to_owned());
    other.cluster = Some(key);
    assert!(world.access.merge(&Access::new(other).revocations()));
    assert_eq!(last_words(watching).await.1, Some((CloseCode::POLICY_VIOLATION, REMOVED.to_owned())));
    match linked.heard().await {
        Some(ToAgent::Refused { words, lasting: true }) => assert_eq!(words, REMOVED),
        heard => panic!("{heard:?}"),
    }
}
