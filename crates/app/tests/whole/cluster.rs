//! Hubs that a broker joins, as real processes: what is linked to one is seen on each, and no line is lost or doubled when the
//! broker, a hub or the way between hubs ends (law 4).

mod full;
mod house;
mod watcher;

use std::time::{Duration, Instant};

use tokio::time::sleep;

use self::house::{Balancer, House, Kind, Place};
use self::watcher::{Watcher, Writer};
use crate::rig::{Form, until};

/// Lines per second where something is killed.
const PACE: u64 = 5_000;

#[tokio::test]
async fn three_hosts_at_two_hubs_are_one_picture_over_redis() {
    one_picture(Kind::Redis).await;
}

#[tokio::test]
async fn three_hosts_at_two_hubs_are_one_picture_over_nats() {
    one_picture(Kind::Nats).await;
}

async fn one_picture(kind: Kind) {
    let house = House::new(kind).await;
    let (a, b) = (house.hub(&Place::new("a")).await, house.hub(&Place::new("b")).await);
    let agents = [("web1", &a), ("web2", &b), ("web3", &a)].map(|(host, hub)| (host, house.agent(host, &hub.url())));
    let mut files =
        agents.each_ref().map(|(host, _)| crate::rig::LogFile::create(&house.site.path(host).join("app.log")));
    for (number, file) in files.iter_mut().enumerate() {
        file.write((0..100).map(|line| format!("{number} {line}\n")).collect::<String>());
    }
    let mut views = Vec::new();
    for hub in [&a, &b] {
        for ((host, _), file) in agents.iter().zip(&files) {
            hub.has_host(host).await;
            for form in [Form::Json, Form::Cbor, Form::Text] {
                views.push(hub.view(form, &file.on(host)).await);
            }
        }
    }
    for (number, file) in files.iter_mut().enumerate() {
        for line in 100..200 {
            file.write(format!("{number} {line}\n"));
            sleep(Duration::from_millis(1)).await;
        }
    }
    for (index, view) in views.iter_mut().enumerate() {
        let number = index / 3 % 3;
        for line in 100..200 {
            // What stood there before comes with it, as far back as a view begins.
            while view.line().await != format!("{number} {line}") {
                assert_eq!(line, 100, "the lines of host {number} are whole");
            }
        }
    }
    for ((host, agent), file) in agents.iter().zip(&files) {
        let open = agent.files().into_iter().filter(|open| open.ends_with("app.log")).count();
        assert_eq!(open, 1, "{host}: {} is read once, however many hubs and viewers look", file.on(host));
        let history = format!("/api/v1/lines?log={}&last=150", file.on(host));
        assert_eq!(a.get(&history).await.lines(), b.get(&history).await.lines());
        let logs = |answer: crate::rig::Answer| answer.json()["logs"].as_array().unwrap().len();
        assert_eq!([logs(a.get("/api/v1/logs").await), logs(b.get("/api/v1/logs").await)], [3, 3]);
    }
    drop(views);
    let closed = || agents.iter().all(|(_, agent)| agent.files().iter().all(|open| !open.ends_with("app.log")));
    // A lease that is given back ends at the next look; a lost one after half a minute.
    until("nobody looking, on any hub", || closed().then_some(())).await;
}

#[tokio::test]
async fn a_broker_that_is_gone_for_ten_seconds_costs_no_line() {
    let mut house = House::new(Kind::Redis).await;
    let (a, b) = (house.hub(&Place::new("a")).await, house.hub(&Place::new("b")).await);
    let _agent = house.agent("web1", &a.url());
    let writer = Writer::begin(&house.site.path("web1").join("app.log"), PACE);
    b.has_host("web1").await;
    let own = Watcher::begin(a.address, &writer.on("web1"), Form::Json);
    let others = [Form::Json, Form::Cbor, Form::Sse].map(|form| Watcher::begin(b.address, &writer.on("web1"), form));
    sleep(Duration::from_secs(1)).await;
    house.broker.kill().await;
    b.lists("web1", |host| host["words"].as_str().is_some_and(|words| words.contains("broker"))).await;
    let seen = own.seen();
    until("the hub's own host going on", || (own.seen() > seen + PACE).then_some(())).await;
    sleep(Duration::from_secs(5)).await;
    house.broker.start_again().await;
    b.has_host("web1").await;
    sleep(Duration::from_secs(1)).await;
    let lines = writer.stop();
    for watcher in others.iter().chain([&own]) {
        watcher.has_all(lines).await;
    }
}

#[tokio::test]
async fn either_hub_may_be_killed_and_an_agent_may_move_and_each_line_comes_once() {
    let house = House::new(Kind::Redis).await;
    let places = [Place::new("a"), Place::new("b")];
    let mut hubs = [house.hub(&places[0]).await, house.hub(&places[1]).await];
    let addresses = places.each_ref().map(Place::address);
    let door = Balancer::start(addresses.into()).await;
    let _agent = house.agent("web1", &door.url());
    let writer = Writer::begin(&house.site.path("web1").join("app.log"), PACE);
    for hub in &hubs {
        hub.has_host("web1").await;
    }
    let mut watchers: Vec<_> =
        addresses.into_iter().map(|hub| Watcher::begin(hub, &writer.on("web1"), Form::Cbor)).collect();
    watchers.push(Watcher::begin(door.address, &writer.on("web1"), Form::Json));
    for victim in [0, 1, 0] {
        sleep(Duration::from_millis(fastrand::u64(500..1500))).await;
        hubs[victim].program.kill().await;
        hubs[1 - victim].has_host("web1").await;
        sleep(Duration::from_millis(fastrand::u64(0..1000))).await;
        hubs[victim] = house.hub(&places[victim]).await;
        hubs[victim].has_host("web1").await;
    }
    let lines = writer.stop();
    for watcher in &watchers {
        watcher.has_all(lines).await;
    }
}

#[tokio::test]
async fn hubs_that_cannot_reach_each_other_show_what_is_live_and_say_what_cannot_be_read() {
    let house = House::new(Kind::Redis).await;
    let mut place = Place::new("a");
    let way = Balancer::start(vec![place.address()]).await;
    place.peer_url = way.url();
    let (a, b) = (house.hub(&place).await, house.hub(&Place::new("b")).await);
    let _agent = house.agent("web1", &a.url());
    let mut file = crate::rig::LogFile::create(&house.site.path("web1").join("app.log"));
    file.write("first\n");
    b.has_host("web1").await;
    let mut view = b.view(Form::Json, &file.on("web1")).await;
    assert_eq!(view.line().await, "first");
    view.edge().await;
    way.cut();
    file.write("second\n");
    assert_eq!(view.line().await, "second", "what is live needs the broker alone");
    let answer = b.get(&format!("/api/v1/lines?log={}&last=1", file.on("web1"))).await;
    let words = answer.json()["detail"].as_str().unwrap().to_owned();
    assert!(!answer.status.is_success() && words.contains(&way.url()), "{words}");
}

#[tokio::test]
async fn a_hub_with_another_key_is_told_of_on_both_sides_and_sees_nothing() {
    let house = House::new(Kind::Redis).await;
    house.key("other").await;
    let other = Place { key: "other", ..Place::new("b") };
    let (a, b) = (house.hub(&Place::new("a")).await, house.hub(&other).await);
    let _agent = house.agent("web1", &a.url());
    a.has_host("web1").await;
    for hub in [&a, &b] {
        hub.program.says("another key").await;
    }
    let hosts = b.get("/api/v1/hosts").await.json();
    assert_eq!(hosts["hosts"].as_array().unwrap().len(), 0, "{hosts}");
    let cluster = b.get("/api/v1/hub").await.json()["cluster"].clone();
    assert_eq!(cluster["hubs"].as_array().unwrap().len(), 0);
    assert!(cluster["foreign"].as_u64().unwrap() > 0, "{cluster}");
}

#[tokio::test]
async fn two_hubs_whose_own_machines_have_one_name_say_so_both_until_one_has_another() {
    let house = House::new(Kind::Redis).await;
    let places = [Place::new("a"), Place::new("b")];
    let a = house.hub_with_agent(&places[0], "web1").await;
    let mut b = house.hub_with_agent(&places[1], "web1").await;
    let says = |host: &serde_json::Value, other: &Place| {
        let words = format!("the hub at {} has a host called web1 too", other.peer_url);
        host["state"] == "up" && host["words"].as_str().is_some_and(|said| said.contains(&words))
    };
    a.lists("web1", |host| says(host, &places[1])).await;
    b.lists("web1", |host| says(host, &places[0])).await;
    for hub in [&a, &b] {
        hub.program.says("has a host called web1 too").await;
    }
    b.program.signal(rustix::process::Signal::TERM);
    assert!(b.program.end().await.success());
    a.lists("web1", |host| host["state"] == "up" && host["words"].is_null()).await;
}

#[tokio::test]
async fn a_hub_says_goodbye_and_its_hosts_are_away_at_once_on_the_others() {
    let house = House::new(Kind::Redis).await;
    let (mut a, b) = (house.hub(&Place::new("a")).await, house.hub(&Place::new("b")).await);
    let _agent = house.agent("web1", &a.url());
    b.has_host("web1").await;
    let began = Instant::now();
    a.program.signal(rustix::process::Signal::TERM);
    b.lists("web1", |host| host["state"] == "lost").await;
    eprintln!("away {:?} after the hub was asked to stop", began.elapsed());
    assert!(a.program.end().await.success());
}

#[tokio::test]
async fn a_token_of_one_hub_opens_the_other_and_taken_back_on_one_it_opens_none() {
    let house = House::new(Kind::Redis).await;
    let (a, b) = (house.hub(&Place::new("a")).await, house.hub(&Place::new("b")).await);
    let token = house.tailcast_of("a", &["token", "add", "--viewer", "grafana"]).await;
    let asks = async |hub: &crate::rig::Hub| {
        let request = http::Request::get("/api/v1/hosts").header("authorization", format!("Bearer {}", token.trim()));
        crate::rig::send(hub.address, request, "").await.status.as_u16()
    };
    assert_eq!([asks(&a).await, asks(&b).await], [200, 200]);
    house.tailcast_of("a", &["token", "remove", "grafana"]).await;
    let refused = async {
        while [asks(&a).await, asks(&b).await] != [401, 401] {
            sleep(Duration::from_millis(50)).await;
        }
    };
    crate::rig::within("the token being refused on both hubs", refused).await;
    // Also by a hub that was not there, and by one that forgets all that it heard.
    let c = house.hub(&Place::new("c")).await;
    let refused = async {
        while asks(&c).await != 401 {
            sleep(Duration::from_millis(50)).await;
        }
    };
    crate::rig::within("the token being refused by a hub that has come since", refused).await;
}

#[tokio::test]
async fn a_second_machine_of_a_name_is_refused_also_by_the_hub_that_does_not_have_the_first() {
    let house = House::new(Kind::Redis).await;
    let (a, b) = (house.hub(&Place::new("a")).await, house.hub(&Place::new("b")).await);
    let first = house.agent("web1", &a.url());
    b.has_host("web1").await;
    let second = house.agent_called("web1", &b.url(), "clone");
    second.says("another agent called web1 is here").await;
    a.lists("web1", |host| host["state"] == "up").await;
    b.lists("web1", |host| host["words"].as_str().is_some_and(|words| words.contains("--host"))).await;
    assert!(!first.said().contains("taken over"), "{}", first.said());
}
