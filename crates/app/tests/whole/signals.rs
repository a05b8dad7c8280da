//! Signals: a service that is to stop tells everybody and ends well; one that is to look at its configuration again
//! takes over what is right and leaves what is wrong.

use std::time::{Duration, Instant};

use rustix::process::Signal;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use crate::rig::{Event, Form, Hub, Program, Site, Viewer, within};

/// What is measured is well below; a machine that does ten other things at once is allowed this.
const AT_MOST: Duration = Duration::from_secs(15);

#[tokio::test]
async fn a_hub_that_stops_says_goodbye_to_each_viewer() {
    let site = Site::new();
    let mut file = site.log("app.log");
    file.write("seen\n");
    let mut hub = Hub::with_agent(&site).await;
    let mut viewers = Vec::new();
    for form in [Form::Json, Form::Cbor, Form::Sse, Form::Text] {
        let mut viewer = hub.view(form, &file.on("web1")).await;
        assert_eq!(viewer.line().await, "seen");
        viewers.push((form, tokio::spawn(async move { last_word(viewer).await })));
    }
    let took = stop(&mut hub.program).await;
    for (form, viewer) in viewers {
        match viewer.await.unwrap() {
            Some(Event::Bye(retry)) => assert!((1..=2000).contains(&retry), "{retry} ms"),
            other => {
                let said = Event::Told("words".to_owned(), "the hub stops".to_owned());
                assert_eq!((form, other), (Form::Text, Some(said)));
            }
        }
    }
    eprintln!("the hub ended {took:?} after SIGTERM");
}

#[tokio::test]
async fn viewers_that_do_not_read_do_not_hold_up_the_end_of_a_hub() {
    let site = Site::new();
    let mut file = site.log("app.log");
    let hub = &mut Hub::with_agent(&site).await;
    let path = format!("/api/v1/live?log={}&last=10000", file.on("web1"));
    file.write("a line that nobody takes out of the socket\n".repeat(200_000));
    let websocket = "Connection: upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
                     Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
    let mut stuck = Vec::new();
    for headers in [websocket, "Accept: text/event-stream\r\n", ""] {
        let mut socket = TcpStream::connect(hub.address).await.unwrap();
        let request = format!("GET {path} HTTP/1.1\r\nHost: {}\r\n{headers}\r\n", hub.address);
        socket.write_all(request.as_bytes()).await.unwrap();
        within("the beginning of a view", socket.readable()).await.unwrap();
        stuck.push(socket);
    }
    eprintln!("the hub ended {:?} after SIGTERM, with viewers that do not read", stop(&mut hub.program).await);
}

#[tokio::test]
async fn an_agent_that_stops_says_so() {
    let site = Site::new();
    let mut file = site.log("app.log");
    file.write("seen\n");
    let hub = Hub::serve(&site, &["--no-agent"]).await;
    let mut agent = site.agent("web2", &hub.url()).await;
    let mut viewer = hub.view(Form::Json, &file.on("web2")).await;
    assert_eq!(viewer.line().await, "seen");
    let took = stop(&mut agent).await;
    assert_eq!(viewer.told("agent_lost").await, "the agent stopped");
    eprintln!("the agent ended {took:?} after SIGTERM");
}

#[tokio::test]
async fn a_service_offers_what_its_configuration_says_after_a_hangup() {
    let site = Site::new();
    std::fs::create_dir(site.path("more")).unwrap();
    std::fs::write(site.path("more/new.log"), "new\n").unwrap();
    site.log("app.log").write("old\n");
    let hub = Hub::serve(&site, &["--host", "web1", "--config", &configured(&site, &["logs"])]).await;
    let mut agent = site.tailcast(["agent", "--host", "web2", "--config", &configured(&site, &["logs"])]);
    agent.env("TAILCAST_HUB", hub.url()).env("TAILCAST_TOKEN", site.token(&["--agent", "web2"]).await.trim());
    let agent = Program::start(agent, &site.path("agent.err"));
    hub.has_host("web2").await;
    configured(&site, &["logs", "more"]);
    for (program, host) in [(&hub.program, "web1"), (&agent, "web2")] {
        assert_eq!(offered(&hub, host).await, ["logs/app.log"]);
        program.signal(Signal::HUP);
        program.says("the configuration was read again").await;
        assert_eq!(offered(&hub, host).await, ["logs/app.log", "more/new.log"]);
        hub.lists(host, |row| row["logs"].as_array().is_some_and(|offers| offers.len() == 2)).await;
    }
}

#[tokio::test]
async fn a_broken_configuration_changes_nothing_and_is_told_with_its_place() {
    let site = Site::new();
    site.log("app.log").write("old\n");
    let hub = Hub::serve(&site, &["--host", "web1", "--config", &configured(&site, &["logs"])]).await;
    std::fs::write(site.path("tailcast.toml"), "[agent]\noffer = [\"/srv\"]\noffre = 3\n").unwrap();
    hub.program.signal(Signal::HUP);
    hub.program.says("the configuration stays as it was").await;
    let said = hub.program.said();
    assert!(said.contains("tailcast.toml:3: there is no key `agent.offre`"), "{said}");
    assert_eq!(offered(&hub, "web1").await, ["logs/app.log"]);
}

/// Asks a service to stop, and says how long that took.
async fn stop(program: &mut Program) -> Duration {
    let began = Instant::now();
    program.signal(Signal::TERM);
    let status = program.end().await;
    let took = began.elapsed();
    assert_eq!(status.code(), Some(0), "{status}");
    assert!(took < AT_MOST, "it took {took:?}");
    took
}

/// The last thing that a viewer is told before the view ends.
async fn last_word(mut viewer: Viewer) -> Option<Event> {
    let mut last = None;
    while let Some(event) = within("the end of a view", viewer.event()).await {
        last = Some(event);
    }
    last.filter(|event| !matches!(event, Event::Lines(..) | Event::Edge(_)))
}

/// A configuration file that offers these directories of the site.
fn configured(site: &Site, offer: &[&str]) -> String {
    let offer: Vec<_> = offer.iter().map(|name| site.path(name).display().to_string()).collect();
    let path = site.path("tailcast.toml");
    std::fs::write(&path, format!("[agent]\noffer = {offer:?}\n")).unwrap();
    path.display().to_string()
}

/// The logs of a host, each by its directory and name.
async fn offered(hub: &Hub, host: &str) -> Vec<String> {
    let page = hub.get(&format!("/api/v1/logs?match={host}:*")).await.json();
    let names = page["logs"].as_array().unwrap().iter().map(|log| log["log"].as_str().unwrap().to_owned());
    let short =
        |name: String| name.rsplit('/').take(2).collect::<Vec<_>>().into_iter().rev().collect::<Vec<_>>().join("/");
    names.map(short).collect()
}
