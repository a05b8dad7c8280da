//! What the hub tells of how a request arrived, and what it gives to try.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::Value;
use tailcast_hub::HubConfig;
use tailcast_hub::access::{Access, AccessConfig};

use crate::http;
use crate::stream::Stream;
use crate::world::{Served, World};

const KEY: (&str, &str) = ("sec-websocket-key", "AAAAAAAAAAAAAAAAAAAAAA==");

async fn seen(served: &Served, query: &str, headers: &[(&str, &str)]) -> Value {
    let answer = http::get(served.address, &format!("/api/v1/connection{query}"), headers).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everybody_is_told_how_the_request_arrived_and_a_stranger_nothing_of_the_network_behind() {
    let world = World::new().await;
    let straight = seen(&world.served, "", &[]).await;
    assert_eq!(straight["arrived"]["version"], "HTTP/1.1");
    assert_eq!((&straight["passed_on"], &straight["admitted"]), (&Value::Null, &Value::Bool(true)));
    assert_eq!(straight["peer"], "127.0.0.1");
    assert_eq!(straight["port"], world.served.address.port());

    let passed = seen(&world.served, "", &[("x-forwarded-for", "192.0.2.7"), ("via", "1.1 front")]).await;
    assert_eq!(passed["arrived"]["forwarded_for"], "192.0.2.7");
    assert_eq!(passed["arrived"]["via"], "1.1 front");
    assert_eq!((&passed["passed_on"], &passed["admitted"]), (&"x-forwarded-for".into(), &Value::Bool(false)));
    assert_eq!(passed["peer"], Value::Null);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn which_names_and_pages_are_ours_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let mut config = AccessConfig::new(dir.path().to_owned());
    config.public_url = Some("https://logs.example.org".parse().unwrap());
    config.trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()];
    let access = Arc::new(Access::new(config));
    let served = Served::with(HubConfig::new("/"), access, ([127, 0, 0, 1], 0).into()).await;
    let known = async |page: &str| {
        let told = seen(&served, &format!("?origin={}", http::encoded(page)), &[]).await;
        (told["host_known"].clone(), told["origin_known"].clone(), told["trusted"].clone())
    };
    assert_eq!(known("https://logs.example.org").await, (true.into(), true.into(), true.into()));
    assert_eq!(known("https://other.example.org").await, (true.into(), false.into(), true.into()));
    assert_eq!(known("nonsense\n").await.1, false);
    served.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_became_of_a_websocket_on_the_way_can_be_asked() {
    let world = World::new().await;
    let answer = http::get(world.served.address, "/api/v1/connection/probe?name=x7", &[KEY]).await;
    assert_eq!(answer.status, 426);
    let told = seen(&world.served, "?probe=x7", &[]).await;
    assert_eq!((&told["probe"]["version"], &told["probe"]["upgrade"]), (&"HTTP/1.1".into(), &Value::Null));
    assert_eq!(seen(&world.served, "?probe=x8", &[]).await["probe"], Value::Null);

    let whole = [KEY, ("sec-websocket-version", "13"), ("connection", "keep-alive, Upgrade"), ("upgrade", "websocket")];
    let answer = http::open(world.served.address, "/api/v1/connection/probe?name=x9", &whole).await;
    assert_eq!(answer.status(), 101);
    assert_eq!(seen(&world.served, "?probe=x9", &[]).await["probe"]["upgrade"], "websocket");
    for n in 0..100 {
        http::get(world.served.address, &format!("/api/v1/connection/probe?pieces=0&name=n{n}"), &[]).await;
    }
    assert_eq!(seen(&world.served, "?probe=x9", &[]).await["probe"], Value::Null, "only the latest are kept");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_comes_in_pieces_with_pauses_and_ends() {
    let world = World::new().await;
    let begun = Instant::now();
    let stream = Stream::open(world.served.address, "/api/v1/connection/probe?pieces=4&pause=100", &[]).await;
    assert_eq!(stream.rest().await.0, ": 0\n\n: 1\n\n: 2\n\n: 3\n\n");
    assert!(begun.elapsed() >= Duration::from_millis(300));
    for wrong in ["pieces=x", "pause=-1", "name=", "other=1"] {
        let path = format!("/api/v1/connection/probe?{wrong}");
        assert_eq!(http::get(world.served.address, &path, &[]).await.status, 400, "{wrong}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_tries_does_not_hold_up_a_hub_that_stops() {
    let world = World::new().await;
    let mut stream = Stream::open(world.served.address, "/api/v1/connection/probe?pause=30000", &[]).await;
    assert_eq!(stream.paragraph().await, ": 0");
    world.served.hub.stop();
    assert_eq!(stream.rest().await.0, "");
}
