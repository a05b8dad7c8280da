//! Names of agents: whoever is there keeps its name, whoever comes again gets it back, and nobody has the hub's own.

use futures_util::{SinkExt as _, StreamExt as _};
use http::header::{AUTHORIZATION, SEC_WEBSOCKET_PROTOCOL};
use http::{HeaderValue, Uri};
use tailcast_agent::dial::{Dialer, Roots, Trust};
use tailcast_hub::access::tokens::{self, Grant};
use tailcast_wire::{Answer, Failure, Hello, LINK_PROTOCOL, PROTOCOL, Refusal, ToAgent, ToHub, decode, encode};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_websockets::{ClientBuilder, MaybeTlsStream, Message, WebSocketStream};

use crate::viewer::Viewer;
use crate::world::{HOST, PATIENCE, World, host, texts};

/// An agent that dialled in and does nothing by itself.
struct Dialled {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
}

impl Dialled {
    /// The start of an agent called `name` that has drawn the number `session`.
    async fn new(world: &World, name: &str, session: u64) -> Self {
        Self::with(world, name, session, None).await
    }

    /// With a token in place of being on the hub's machine.
    async fn with(world: &World, name: &str, session: u64, token: Option<&str>) -> Self {
        let uri: Uri = format!("ws://{}/api/v1/agent", world.served.address).parse().unwrap();
        let mut builder = ClientBuilder::from_uri(uri)
            .add_header(SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(LINK_PROTOCOL))
            .unwrap();
        if let Some(token) = token {
            let shown = HeaderValue::from_str(&format!("Bearer {token}")).unwrap();
            builder = builder.add_header(AUTHORIZATION, shown).unwrap();
        }
        let (mut socket, _) = builder.connect().await.unwrap();
        let hello = Hello {
            protocol_min: PROTOCOL,
            protocol_max: PROTOCOL,
            version: "test".to_owned(),
            host: name.parse().unwrap(),
            session,
            offers: Vec::new(),
            labels: Vec::new(),
            zone: None,
        };
        socket.send(Message::binary(encode(&ToHub::Hello(hello)))).await.unwrap();
        Dialled { socket }
    }

    /// What the hub says next, beside its pings.
    async fn told(&mut self) -> ToAgent {
        loop {
            let message = timeout(PATIENCE, self.socket.next()).await.unwrap().unwrap().unwrap();
            if message.is_binary() {
                return decode(message.as_payload()).unwrap().unwrap();
            }
        }
    }

    async fn is_welcome(&mut self) {
        let told = self.told().await;
        assert!(matches!(told, ToAgent::Welcome(_)), "{told:?}");
    }

    /// Gives the sign of life that it is asked for.
    async fn gives_a_sign(&mut self) {
        let ToAgent::Ask { ask, .. } = self.told().await else { panic!("no question") };
        let answer = Answer::Refused(Refusal::of(Failure::NotOffered, "no"));
        self.socket.send(Message::binary(encode(&ToHub::Answer { ask, answer }))).await.unwrap();
    }

    async fn refused(&mut self) -> (String, bool) {
        match self.told().await {
            ToAgent::Refused { words, lasting } => (words, lasting),
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_name_of_the_hubs_own_agent_is_nobody_elses_also_while_that_is_away() {
    let mut world = World::new().await;
    world.append("a.log", "here\n");
    let (words, lasting) = Dialled::new(&world, HOST, 7).await.refused().await;
    assert!(lasting && words.contains("own agent") && words.contains("--host"), "{words}");
    assert_eq!(texts(&world.lines("a.log", "last=1").await.lines), ["here"]);
    world.agent.take().unwrap().stop().await;
    world.until("it has gone", async || world.metric("tailcast_agents").await == 0).await;
    assert!(Dialled::new(&world, HOST, 7).await.refused().await.0.contains("own agent"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_machines_of_one_name_the_second_is_refused_and_told_where_the_first_is() {
    let world = World::new().await;
    world.append("a.log", "here\n");
    let first = host("db1", &[world.path("").to_str().unwrap()], &[]);
    let stop = CancellationToken::new();
    let (url, stopped) = (format!("http://{}", world.served.address), stop.clone());
    let reaching = tokio::spawn(async move {
        let dialer = Dialer::new(url.parse().unwrap(), Trust::new(Roots::default()));
        tailcast_agent::reach(&first, &dialer, &stopped).await;
    });
    world.until("both are there", async || world.metric("tailcast_agents").await == 2).await;
    for session in [7, 8] {
        let (words, lasting) = Dialled::new(&world, "db1", session).await.refused().await;
        assert!(lasting, "{words}");
        for part in ["db1", "from 127.0.0.1", " since ", "--host"] {
            assert!(words.contains(part), "{words}");
        }
    }
    let query = format!("/api/v1/lines?last=1&log=db1:{}", world.path("a.log").display());
    assert_eq!(world.get(&query).await.json()["lines"][0]["text"], "here");
    stop.cancel();
    reaching.await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_first_of_two_machines_of_one_name_is_told_of_the_second_and_so_is_who_looks() {
    let world = World::new().await;
    let mut first = Dialled::new(&world, "db1", 7).await;
    first.is_welcome().await;
    let mut second = Dialled::new(&world, "db1", 8).await;
    first.gives_a_sign().await;
    assert!(second.refused().await.0.contains("give one of the two another name"));
    let told = first.told().await;
    let ToAgent::Notice { words } = told else { panic!("{told:?}") };
    assert!(
        words.contains("another agent called db1, from 127.0.0.1, was refused") && words.contains("--host"),
        "{words}"
    );
    // As often as it is refused the list says so; the agent is told once a minute.
    let mut third = Dialled::new(&world, "db1", 9).await;
    first.gives_a_sign().await;
    third.refused().await;
    let hosts = world.get("/api/v1/hosts").await.json();
    let row = hosts["hosts"].as_array().unwrap().iter().find(|host| host["name"] == "db1").unwrap();
    let words = row["words"].as_str().unwrap();
    assert!(row["state"] == "up" && words.contains("2 times"), "{row}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_token_does_not_take_a_name_also_while_who_has_it_is_silent() {
    let world = World::new().await;
    let tokens = ["one", "other"].map(|name| {
        let grant = Grant::Agent { hosts: vec!["db*".to_owned()] };
        tokens::add(world.state_dir(), grant, Some(name)).unwrap().token
    });
    let mut older = Dialled::with(&world, "db1", 7, Some(&tokens[0])).await;
    older.is_welcome().await;
    let (words, _) = Dialled::with(&world, "db1", 8, Some(&tokens[1])).await.refused().await;
    assert!(words.contains("with another token") && words.contains("within a minute"), "{words}");
    Dialled::with(&world, "db1", 9, Some(&tokens[0])).await.is_welcome().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_agent_that_dials_again_takes_over_from_its_older_link_unasked() {
    let world = World::new().await;
    let mut older = Dialled::new(&world, "db1", 7).await;
    older.is_welcome().await;
    Dialled::new(&world, "db1", 7).await.is_welcome().await;
    // Nothing stands between its welcome and this.
    let (words, lasting) = older.refused().await;
    assert!(!lasting && words.contains("taken over"), "{words}");
}

/// A machine that was copied while its agent ran: both have drawn the same number, and either may be the one that came back.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_machines_that_were_one_are_both_told_as_often_as_they_take_over_from_each_other() {
    let world = World::new().await;
    let mut there = Dialled::new(&world, "db1", 7).await;
    there.is_welcome().await;
    for _ in 0..6 {
        let mut clone = Dialled::new(&world, "db1", 7).await;
        clone.is_welcome().await;
        let (words, lasting) = there.refused().await;
        assert!(!lasting && words.contains("if it is another machine") && words.contains("--host"), "{words}");
        there = clone;
    }
    let hosts = world.get("/api/v1/hosts").await.json();
    assert_eq!(hosts["hosts"].as_array().unwrap().len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_agent_that_was_started_anew_takes_over_from_a_link_that_gives_no_sign_of_life() {
    let world = World::new().await;
    let mut older = Dialled::new(&world, "db1", 7).await;
    older.is_welcome().await;
    let mut newer = Dialled::new(&world, "db1", 8).await;
    let asked = older.told().await;
    assert!(matches!(asked, ToAgent::Ask { .. }), "{asked:?}");
    newer.is_welcome().await;
    let taken_back = older.told().await;
    assert!(matches!(taken_back, ToAgent::Cancel { .. }), "{taken_back:?}");
    assert!(older.refused().await.0.contains("taken over"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_agent_that_was_killed_and_started_anew_is_let_in() {
    let world = World::new().await;
    for session in 1..20 {
        // The kernel closes the connection of who was killed.
        let mut agent = Dialled::new(&world, "db1", session).await;
        agent.is_welcome().await;
    }
    let hosts = world.get("/api/v1/hosts").await.json();
    assert_eq!(hosts["hosts"].as_array().unwrap().len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_agent_that_goes_without_a_goodbye_is_listed_as_lost_and_its_viewers_are_told() {
    let world = World::new().await;
    let mut agent = Dialled::new(&world, "db1", 7).await;
    agent.is_welcome().await;
    let mut viewer = Viewer::open(world.served.address, "log=db1:/a.log").await;
    // The connection ends, as that of a process that was killed does.
    drop(agent);
    let lost = viewer.told("agent_lost").await;
    assert!(lost.words.contains("link went down"));
    assert_eq!(lost.why.as_deref(), Some("link_down"));
    let hosts = world.get("/api/v1/hosts").await.json();
    let db1 = hosts["hosts"].as_array().unwrap().iter().find(|host| host["name"] == "db1").unwrap();
    assert_eq!(db1["state"], "lost", "{db1}");
}
