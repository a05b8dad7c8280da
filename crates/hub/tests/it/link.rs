//! The link between agent and hub: it breaks, it comes back, and every line is seen once.

use std::time::Duration;

use futures_util::{FutureExt as _, SinkExt as _, StreamExt as _};
use http::header::{AUTHORIZATION, SEC_WEBSOCKET_PROTOCOL};
use http::{HeaderValue, Uri};
use tailcast_agent::End;
use tailcast_hub::access::tokens::{self, Grant};
use tailcast_hub::{Patience, Pipe};
use tailcast_wire::{Answer, Hello, LINK_PROTOCOL, LogEntry, PROTOCOL, Page, Question, ToAgent, ToHub, decode, encode};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_websockets::{ClientBuilder, MaybeTlsStream, Message, WebSocketStream};

use crate::viewer::Viewer;
use crate::world::{Agent, HOST, PATIENCE, Served, World, host, numbered, texts};

/// A viewer whose agent follows, behind three lines.
async fn following(world: &World, query: &str) -> Viewer {
    world.append("a.log", numbered(0..3));
    let mut viewer = world.watch("a.log", query).await;
    viewer.lines(3).await;
    viewer.told("edge").await;
    viewer
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_link_that_breaks_and_comes_back_costs_no_line_and_doubles_none() {
    for query in ["last=3", "last=3&policy=complete", "last=3&grep=line"] {
        let mut world = World::new().await;
        let mut viewer = following(&world, query).await;
        for turn in 1..6 {
            world.append("a.log", numbered(turn * 10..turn * 10 + 3));
            world.agent.take().unwrap().cut().await;
            viewer.told("agent_lost").await;
            world.append("a.log", numbered(turn * 10 + 3..turn * 10 + 6));
            world.agent = Some(Agent::start(&world.served.hub, &world.host));
            viewer.told("agent_back").await;
            world.append("a.log", numbered(turn * 10 + 6..turn * 10 + 9));
            let seen = viewer.lines(9).await;
            assert_eq!(texts(&seen).join("\n") + "\n", numbered(turn * 10..turn * 10 + 9), "{query}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hub_that_has_its_own_agent_answers_for_that_one_s_logs_at_once() {
    let mut world = World::new().await;
    let host = HOST.parse().unwrap();
    world.append("a.log", "first\n");
    for _ in 0..20 {
        world.agent.take().unwrap().stop().await;
        let started = Served::start(world.state_dir(), 0).await;
        let earlier = std::mem::replace(&mut world.served, started);
        assert!(world.served.hub.has_agent(&host).now_or_never().is_none());
        world.agent = Some(Agent::start(&world.served.hub, &world.host));
        timeout(PATIENCE, world.served.hub.has_agent(&host)).await.unwrap();
        assert_eq!(texts(&world.lines("a.log", "limit=1").await.lines), ["first"]);
        earlier.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_channels_of_a_log_go_on_where_each_stood() {
    let mut world = World::new().await;
    let mut all = following(&world, "last=3").await;
    let mut even = world.watch("a.log", "last=1&grep=[02468]$").await;
    let mut none = world.watch("a.log", "last=1&grep=never").await;
    even.lines(1).await;
    even.told("edge").await;
    none.told("edge").await;
    for turn in 1..4 {
        world.append("a.log", numbered(turn * 10..turn * 10 + 3));
        world.agent.take().unwrap().cut().await;
        all.told("agent_lost").await;
        world.append("a.log", numbered(turn * 10 + 3..turn * 10 + 6));
        world.agent = Some(Agent::start(&world.served.hub, &world.host));
        world.append("a.log", numbered(turn * 10 + 6..turn * 10 + 10));
        assert_eq!(texts(&all.lines(10).await).join("\n") + "\n", numbered(turn * 10..turn * 10 + 10));
        let seen = even.lines(5).await;
        assert_eq!(texts(&seen), [0, 2, 4, 6, 8].map(|n| format!("line {}", turn * 10 + n)));
    }
    world.append("a.log", "never\n");
    assert_eq!(texts(&none.lines(1).await), ["never"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_agent_that_was_started_anew_goes_on_where_the_old_one_stood() {
    for query in ["last=3", "last=3&policy=complete", "last=3&grep=line"] {
        let mut world = World::new().await;
        let mut viewer = following(&world, query).await;
        for turn in 1..4 {
            assert_eq!(world.agent.take().unwrap().stop().await, End::Stopped);
            let lost = viewer.told("agent_lost").await;
            assert!(lost.words.contains("stopped"), "{lost:?}");
            assert_eq!(lost.why.as_deref(), Some("agent_stopped"));
            world.append("a.log", numbered(turn * 10..turn * 10 + 3));
            if turn == 2 {
                std::fs::rename(world.path("a.log"), world.path("a.log.1")).unwrap();
            }
            world.append("a.log", numbered(turn * 10 + 3..turn * 10 + 6));
            let anew = host(HOST, &[world.path("").to_str().unwrap()], &[]);
            world.agent = Some(Agent::start(&world.served.hub, &anew));
            viewer.told("agent_back").await;
            world.append("a.log", numbered(turn * 10 + 6..turn * 10 + 9));
            let seen = viewer.lines(9).await;
            assert_eq!(texts(&seen).join("\n") + "\n", numbered(turn * 10..turn * 10 + 9), "{query}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_that_is_looked_at_before_its_agent_comes_is_shown_when_it_does() {
    let mut world = World::new().await;
    world.agent.take().unwrap().stop().await;
    world.append("a.log", numbered(0..5));
    world.until("it has gone", async || world.metric("tailcast_agents").await == 0).await;
    let mut viewer = world.watch("a.log", "last=2").await;
    assert!(!viewer.told("agent_lost").await.words.is_empty());
    world.agent = Some(Agent::start(&world.served.hub, &world.host));
    assert_eq!(texts(&viewer.lines(2).await), ["line 3", "line 4"]);
    world.append("a.log", "live\n");
    assert_eq!(texts(&viewer.lines(1).await), ["live"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_host_that_was_never_here_is_told_of_as_such() {
    let world = World::new().await;
    let mut viewer = Viewer::open(world.served.address, "log=nowhere:/a.log").await;
    assert_eq!(viewer.told("agent_lost").await.why.as_deref(), Some("never_here"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_agent_whose_connection_ends_without_a_word_is_told_as_lost() {
    let world = World::new().await;
    let grant = Grant::Agent { hosts: vec!["db7".to_owned()] };
    let token = tokens::add(world.state_dir(), grant, None).unwrap().token;
    let mut agent = Dialled::new(&world, &token, "db7").await;
    assert!(matches!(agent.heard().await, Some(ToAgent::Welcome(_))));
    let mut viewer = Viewer::open(world.served.address, "log=db7:/a.log").await;
    drop(agent);
    viewer.told("agent_lost").await;
    world.until("it has gone", async || world.metric("tailcast_agents").await == 1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_agent_that_was_too_slow_to_answer_is_told_as_back_when_it_answers() {
    let world = World::with(Patience { answer: Duration::from_millis(200), ..Patience::default() }).await;
    let (pipe, mut agent) = Pipe::pair();
    tokio::spawn(std::sync::Arc::clone(&world.served.hub).attach(pipe));
    agent.tx.send(encode(&ToHub::Hello(hello("slow")))).await.unwrap();
    assert!(matches!(decode(&agent.rx.recv().await.unwrap()).unwrap(), Some(ToAgent::Welcome(_))));
    let (answers, mut is_quick) = tokio::sync::watch::channel(false);
    let speaking = tokio::spawn(async move {
        loop {
            let message = tokio::select! {
                message = agent.rx.recv() => message,
                // A sign from the ring has the view ask again.
                Ok(()) = is_quick.changed() => {
                    agent.tx.send(encode(&ToHub::Edge { channel: 1, edge: None, behind: 0 })).await.unwrap();
                    continue;
                }
            };
            let Some(message) = message else { return };
            let said = match decode(&message).unwrap() {
                Some(ToAgent::Follow(follow)) => ToHub::Followed { channel: follow.channel, edge: None },
                Some(ToAgent::Ask { ask, .. }) if *is_quick.borrow() => {
                    let (parts, before, after, in_front) = (Vec::new(), None, None, None);
                    let page =
                        Page { parts, before, after, end: true, limited: false, scanned: 0, in_front, behind: None };
                    ToHub::Answer { ask, answer: Answer::Page(page) }
                }
                _ => continue,
            };
            agent.tx.send(encode(&said)).await.unwrap();
        }
    });
    let mut viewer = Viewer::open(world.served.address, "log=slow:/a.log").await;
    let lost = viewer.told("agent_lost").await;
    assert!(lost.words.contains("did not answer"));
    assert_eq!(lost.why.as_deref(), Some("slow_answer"));
    answers.send(true).unwrap();
    viewer.told("agent_back").await;
    speaking.abort();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_newer_session_of_a_host_takes_over_and_its_viewers_notice_no_more_than_that() {
    let mut world = World::new().await;
    let mut viewer = following(&world, "last=3").await;
    let older = world.agent.take().unwrap();
    let anew = host(HOST, &[world.path("").to_str().unwrap()], &[]);
    world.agent = Some(Agent::start(&world.served.hub, &anew));
    let end = older.ended().await;
    assert!(matches!(&end, End::Refused(words) if words.contains("taken over")), "{end:?}");
    world.append("a.log", numbered(3..6));
    assert_eq!(texts(&viewer.lines(3).await), ["line 3", "line 4", "line 5"]);
    let hosts = world.get("/api/v1/hosts").await.json();
    assert_eq!(hosts["hosts"].as_array().unwrap().len(), 1);
    assert_eq!(hosts["hosts"][0]["state"], "up");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_host_that_has_gone_stays_listed_with_the_reason() {
    let mut world = World::new().await;
    world.agent.take().unwrap().stop().await;
    world.until("it has gone", async || world.metric("tailcast_agents").await == 0).await;
    let hosts = world.get("/api/v1/hosts").await.json();
    assert_eq!((&hosts["hosts"][0]["name"], &hosts["hosts"][0]["state"]), (&HOST.into(), &"lost".into()));
    assert!(!hosts["hosts"][0]["words"].as_str().unwrap().is_empty());
    assert_eq!(hosts["hosts"][0]["why"], "agent_stopped");
    let logs = world.get("/api/v1/logs").await.json();
    assert_eq!(logs["missing"][0]["host"], HOST);
    let answer = world.get(&format!("/api/v1/lines?log={}", world.log("a.log"))).await;
    assert_eq!(answer.status, 503);
    assert_eq!(answer.json()["why"], "agent_stopped");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pattern_that_is_wrong_is_refused_with_its_mistake_and_place_as_words_for_a_program() {
    let world = World::new().await;
    let answer = world.get(&format!("/api/v1/lines?log={}&grep=%C3%A9(b", world.log("a.log"))).await;
    assert_eq!(answer.status, 400);
    let said = answer.json();
    let told = (&said["why"], &said["pattern"], &said["column"], &said["at"]);
    assert_eq!(told, (&"group_unclosed".into(), &"é(b".into(), &2.into(), &2.into()), "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_host_that_stands_still_does_not_keep_the_logs_of_the_others_from_the_list() {
    let patience = Patience { answer: Duration::from_secs(600), ..Patience::default() };
    let world = World::with(patience).await;
    world.append("a.log", "first\n");
    let (pipe, mut still) = Pipe::pair();
    tokio::spawn(std::sync::Arc::clone(&world.served.hub).attach(pipe));
    still.tx.send(encode(&ToHub::Hello(hello("still")))).await.unwrap();
    assert!(matches!(decode(&still.rx.recv().await.unwrap()).unwrap(), Some(ToAgent::Welcome(_))));
    let logs = timeout(PATIENCE, world.get("/api/v1/logs")).await.unwrap().json();
    assert_eq!(logs["logs"][0]["log"], world.log("a.log").as_str());
    assert_eq!(logs["missing"][0]["host"], "still");
    assert!(logs["missing"][0]["words"].as_str().unwrap().contains("nothing was heard of the agent"), "{logs}");
    assert_eq!(logs["missing"][0]["why"], "silent", "{logs}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_host_that_lives_and_lists_slowly_is_told_as_such_in_the_time_that_was_given_and_listed_to_whoever_waits() {
    let world = World::new().await;
    world.append("a.log", "first\n");
    let (pipe, mut slow) = Pipe::pair();
    tokio::spawn(std::sync::Arc::clone(&world.served.hub).attach(pipe));
    slow.tx.send(encode(&ToHub::Hello(hello("slow")))).await.unwrap();
    assert!(matches!(decode(&slow.rx.recv().await.unwrap()).unwrap(), Some(ToAgent::Welcome(_))));
    let logs = timeout(PATIENCE, world.get("/api/v1/logs?within=1")).await.unwrap().json();
    assert_eq!(logs["logs"][0]["log"], world.log("a.log").as_str());
    assert_eq!(
        (&logs["missing"][0]["host"], &logs["missing"][0]["why"]),
        (&"slow".into(), &"not_yet".into()),
        "{logs}"
    );
    let asked = world.get("/api/v1/logs?match=slow:*");
    let answers = async {
        loop {
            let heard = decode(&slow.rx.recv().await.unwrap()).unwrap();
            if let Some(ToAgent::Ask { ask, question: Question::List { .. } }) = heard {
                let log = LogEntry { name: "/late.log".to_owned(), size: Some(1), modified: None, unreadable: None };
                let answer = Answer::Logs { logs: vec![log], next: None };
                slow.tx.send(encode(&ToHub::Answer { ask, answer })).await.unwrap();
            }
        }
    };
    let logs =
        tokio::select! { logs = timeout(PATIENCE, asked) => logs.unwrap().json(), () = answers => unreachable!() };
    assert_eq!(logs["logs"][0]["log"], "slow:/late.log", "{logs}");
    assert!(logs["missing"].is_null(), "{logs}");
}

/// What the hub answers to an agent that calls itself `name` and shows `token`.
async fn dial_in(world: &World, token: &str, name: &str) -> ToAgent {
    Dialled::new(world, token, name).await.heard().await.unwrap()
}

/// An agent of our own making that has dialled in and said hello.
pub(crate) struct Dialled(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Dialled {
    pub(crate) async fn new(world: &World, token: &str, name: &str) -> Self {
        let uri: Uri = format!("ws://{}/api/v1/agent", world.served.address).parse().unwrap();
        let builder = ClientBuilder::from_uri(uri)
            .add_header(SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(LINK_PROTOCOL))
            .and_then(|builder| builder.add_header(AUTHORIZATION, format!("Bearer {token}").parse().unwrap()));
        let (mut socket, _) = builder.unwrap().connect().await.unwrap();
        socket.send(Message::binary(encode(&ToHub::Hello(hello(name))))).await.unwrap();
        Dialled(socket)
    }

    /// The next message; `None` when the hub has ended the link.
    pub(crate) async fn heard(&mut self) -> Option<ToAgent> {
        loop {
            let message = timeout(PATIENCE, self.0.next()).await.unwrap()?.ok()?;
            if message.is_binary() {
                return decode(message.as_payload()).unwrap();
            }
        }
    }
}

pub(crate) fn hello(name: &str) -> Hello {
    Hello {
        protocol_min: PROTOCOL,
        protocol_max: PROTOCOL,
        version: "test".to_owned(),
        host: name.parse().unwrap(),
        session: 1,
        offers: Vec::new(),
        labels: Vec::new(),
        zone: None,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_speaks_for_its_hosts_and_for_no_other() {
    let world = World::new().await;
    let grant = Grant::Agent { hosts: vec!["db*".to_owned()] };
    let token = tokens::add(world.state_dir(), grant, Some("databases")).unwrap().token;
    assert!(matches!(dial_in(&world, &token, "db7").await, ToAgent::Welcome(_)));
    match dial_in(&world, &token, HOST).await {
        ToAgent::Refused { words, lasting } => assert!(lasting && words.contains(HOST), "{words}"),
        other => panic!("{other:?}"),
    }
    // The real one has not been disturbed.
    world.append("a.log", "here\n");
    assert_eq!(texts(&world.lines("a.log", "last=1").await.lines), ["here"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_agent_of_another_time_is_refused_in_words() {
    let world = World::new().await;
    let (pipe, mut agent) = Pipe::pair();
    let served = tokio::spawn(std::sync::Arc::clone(&world.served.hub).attach(pipe));
    let other = Hello { protocol_min: PROTOCOL + 1, protocol_max: PROTOCOL + 3, ..hello("newer") };
    agent.tx.send(encode(&ToHub::Hello(other))).await.unwrap();
    let answer: ToAgent = decode(&agent.rx.recv().await.unwrap()).unwrap().unwrap();
    assert!(matches!(answer, ToAgent::Refused { lasting: true, .. }), "{answer:?}");
    served.await.unwrap();
}

/// Everything that an agent can say but its hello; a new message does not compile until it is here.
fn everything_else() -> Vec<ToHub> {
    let said = vec![
        ToHub::Followed { channel: 1, edge: None },
        ToHub::Edge { channel: 1, edge: None, behind: 0 },
        ToHub::Answer { ask: 1, answer: Answer::Logs { logs: Vec::new(), next: None } },
        ToHub::Bye { words: String::new() },
    ];
    for message in &said {
        match message {
            ToHub::Hello(_) => panic!("that is the one that is welcome"),
            // Shaped like those above: a channel and what is said of it.
            ToHub::Block { .. } | ToHub::Told { .. } => (),
            ToHub::Followed { .. } | ToHub::Edge { .. } | ToHub::Answer { .. } | ToHub::Bye { .. } => (),
        }
    }
    said
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_comes_before_a_hello_ends_the_link() {
    let world = World::new().await;
    let mut first: Vec<_> = everything_else().iter().map(encode).collect();
    first.push(bytes::Bytes::from_static(b"\xff\xff not CBOR"));
    first.push(bytes::Bytes::new());
    for bytes in first {
        let (pipe, mut agent) = Pipe::pair();
        let served = tokio::spawn(std::sync::Arc::clone(&world.served.hub).attach(pipe));
        agent.tx.send(bytes.clone()).await.unwrap();
        timeout(PATIENCE, served).await.unwrap().unwrap();
        assert_eq!(agent.rx.recv().await, None, "{bytes:?}");
    }
    assert_eq!(world.get("/api/v1/hosts").await.json()["hosts"].as_array().unwrap().len(), 1);
}
