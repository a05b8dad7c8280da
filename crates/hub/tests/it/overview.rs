//! The hub about itself: its numbers are true, are the same wherever they are told, and are told no further than they may be.

use serde_json::{Value, json};
use tailcast_hub::access::set_password;
use tailcast_hub::access::tokens::{self, Grant};
use tailcast_wire::ToAgent;

use crate::http::{self, Answer};
use crate::link;
use crate::stream::Stream;
use crate::world::{World, numbered};

async fn hub(world: &World) -> Value {
    world.get("/api/v1/hub").await.json()
}

async fn add(world: &World, headers: &[(&str, &str)], body: Value) -> Answer {
    http::post(world.served.address, "/api/v1/tokens", headers, &body.to_string()).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn viewers_and_what_was_written_to_them_are_counted_by_transport() {
    let world = World::new().await;
    world.append("a.log", numbered(0..30));
    let mut json = world.watch("a.log", "last=20").await;
    json.lines(20).await;
    let mut events = world.events(&format!("log={}&last=5", world.log("a.log")), None).await;
    events.event().await;
    let mut text = world.text(&format!("log={}&last=5", world.log("a.log"))).await;
    text.text_until("line 29\n").await;
    let now = hub(&world).await;
    let by = json!({"json": 1, "cbor": 0, "events": 1, "text": 1});
    assert_eq!((&now["viewers"]["open"], &now["viewers"]["by_transport"]), (&json!(3), &by));
    assert_eq!(now["counters"]["lines"], 30);
    assert_eq!((&now["viewers"]["lagging"], &now["queues"]["channels"]), (&json!(0), &json!(1)));
    assert_eq!(now["address"], world.served.address.to_string());
    drop((json, events, text));
    world.until("they have gone", async || hub(&world).await["viewers"]["open"] == 0).await;
    // Who has gone has been written to all the same.
    assert_eq!(hub(&world).await["counters"]["lines"], 30);
    assert_eq!(world.metric("tailcast_lines_delivered_total").await, 30);
    assert_eq!(world.metric("tailcast_viewers_opened_total").await, 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_viewer_that_does_not_read_is_named_with_its_log_and_how_far_it_is_behind() {
    let world = World::new().await;
    world.append("a.log", "begin\n");
    let mut quick = world.watch("a.log", "last=1").await;
    let mut slow = world.watch("a.log", "last=1").await;
    quick.lines(1).await;
    slow.lines(1).await;
    let piece: String = (0..512).map(|n| format!("{n:>8} {}\n", "x".repeat(1014))).collect();
    for _ in 0..16 {
        world.append("a.log", &piece);
        quick.lines(512).await;
    }
    let behind = async || hub(&world).await["viewers"]["lagging"] == 1;
    world.until("only the slow one is behind", behind).await;
    let now = hub(&world).await;
    let worst = &now["viewers"]["worst"][0];
    assert_eq!(worst["log"], world.log("a.log"));
    assert_eq!((&worst["transport"], &worst["client"]), (&json!("json"), &json!("127.0.0.1")));
    assert!(worst["bytes"].as_u64().unwrap() > 1 << 20, "{worst}");
    assert_eq!(world.metric("tailcast_viewers_lagging").await, 1);
    // A program that may look is told no addresses.
    let token = tokens::add(world.state_dir(), Grant::Viewer, None).unwrap().token;
    let bearer = format!("Bearer {token}");
    let told = http::get(world.served.address, "/api/v1/hub", &[("authorization", &bearer)]).await;
    assert_eq!((told.status, &told.json()["viewers"]["worst"][0]["client"]), (200, &Value::Null));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_agent_is_told_with_its_link_and_stays_in_the_list_when_it_has_gone() {
    let world = World::new().await;
    let grant = Grant::Agent { hosts: vec!["*".to_owned()] };
    let token = tokens::add(world.state_dir(), grant, Some("databases")).unwrap().token;
    let mut linked = link::Dialled::new(&world, &token, "db7").await;
    assert!(matches!(linked.heard().await, Some(ToAgent::Welcome(_))));
    world.until("it is there", async || hub(&world).await["agents"]["up"] == 2).await;
    let now = hub(&world).await;
    let row = &now["agents"]["rows"][0];
    assert_eq!((&row["name"], &row["state"], &row["link"]["own"]), (&json!("db7"), &json!("up"), &json!(false)));
    assert_eq!(row["link"]["client"], "127.0.0.1");
    assert!(row["link"]["received"].as_u64().unwrap() > 0 && row["link"]["sent"].as_u64().unwrap() > 0, "{row}");
    // Its machine has gone: the connection ends, and nobody says goodbye.
    drop(linked);
    world.until("it has gone", async || hub(&world).await["agents"]["lost"] == 1).await;
    // Who is lost comes first, and few are told when few are wanted.
    let few = world.get("/api/v1/hub?agents=1").await.json();
    assert_eq!((&few["agents"]["rows"][0]["name"], &few["agents"]["more"]), (&json!("db7"), &json!(1)));
    let found = world.get("/api/v1/hub?q=DB").await.json();
    assert_eq!((found["agents"]["rows"].as_array().unwrap().len(), &found["agents"]["more"]), (1, &json!(0)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_is_made_listed_and_removed_over_http_and_a_removed_one_cuts_what_it_holds() {
    let world = World::new().await;
    world.append("a.log", "one\n");
    let made = add(&world, &[], json!({"kind": "viewer", "name": "grafana"})).await;
    assert_eq!(made.status, 201, "{}", made.text());
    assert_eq!(made.header("cache-control"), "no-store");
    let bearer = format!("Bearer {}", made.json()["token"].as_str().unwrap());
    let path = format!("/api/v1/live?log={}", world.log("a.log"));
    let mut text = Stream::open(world.served.address, &path, &[("authorization", &bearer)]).await;
    assert_eq!(text.text_until("\n").await, "one\n");
    let agent = add(&world, &[], json!({"kind": "agent", "hosts": ["web*"]})).await.json();
    assert_eq!(agent["name"], "agent-1");
    let listed = world.get("/api/v1/tokens").await;
    assert_eq!(listed.json()["tokens"][1]["hosts"], json!(["web*"]));
    assert!(!listed.text().contains(agent["token"].as_str().unwrap().trim_start_matches(tokens::PREFIX)));
    assert_eq!(http::delete(world.served.address, "/api/v1/tokens/grafana", &[]).await.status, 204);
    let (said, _) = text.rest().await;
    assert!(said.contains("the token was removed"), "{said}");
    assert_eq!(tokens::list(world.state_dir()).unwrap().len(), 1);
    assert_eq!(http::delete(world.served.address, "/api/v1/tokens/grafana", &[]).await.status, 404);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_that_cannot_be_is_refused_in_words_and_one_from_another_page_too() {
    let world = World::new().await;
    for (body, status) in [
        (json!({"kind": "viewer", "name": "<b>a</b>"}), 400),
        (json!({"kind": "viewer", "hosts": ["web*"]}), 400),
        (json!({"kind": "agent", "hosts": []}), 400),
        (json!({"kind": "agent", "hosts": ["web["]}), 400),
        (json!({"kind": "owner"}), 400),
        (json!({"kind": "viewer", "name": "twice"}), 201),
        (json!({"kind": "viewer", "name": "twice"}), 409),
    ] {
        let answer = add(&world, &[], body.clone()).await;
        assert_eq!(answer.status, status, "{body}: {}", answer.text());
    }
    let foreign = [("origin", "https://evil.example")];
    assert_eq!(add(&world, &foreign, json!({"kind": "viewer"})).await.status, 403);
    assert_eq!(http::delete(world.served.address, "/api/v1/tokens/twice", &foreign).await.status, 403);
    assert_eq!(http::delete(world.served.address, "/api/v1/tokens/..%2f..%2fpassword", &[]).await.status, 404);
    assert_eq!(tokens::list(world.state_dir()).unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_sessions_are_logged_out_together_and_a_new_one_can_begin_at_once() {
    let world = World::new().await;
    set_password(world.state_dir(), "correct horse").unwrap();
    let log_in = async || {
        let body = r#"{"password":"correct horse"}"#;
        let answer = http::post(world.served.address, "/api/v1/login", &[], body).await;
        answer.header("set-cookie").split(';').next().unwrap().to_owned()
    };
    let by = async |cookie: &str| {
        let me = http::get(world.served.address, "/api/v1/me", &[("cookie", cookie)]).await.json();
        me["by"].as_str().map(str::to_owned)
    };
    let (first, second) = (log_in().await, log_in().await);
    assert_eq!(by(&first).await.as_deref(), Some("session"));
    assert_eq!(http::post(world.served.address, "/api/v1/logout/all", &[("cookie", &first)], "").await.status, 204);
    // Both are what they are without a cookie: somebody on this machine.
    assert_eq!((by(&first).await.as_deref(), by(&second).await.as_deref()), (Some("local"), Some("local")));
    assert_eq!(by(&log_in().await).await.as_deref(), Some("session"));
}
