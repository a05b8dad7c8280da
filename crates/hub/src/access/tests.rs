//! The gate as a whole: who comes in where, over which connection, with what. One file, for it is one table.

mod cluster;

use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::handler::Handler;
use axum::response::Response;
use axum::routing::{MethodRouter, any, get, post};
use http::{HeaderName, Request, StatusCode, Version, header};
use tempfile::TempDir;

use super::owner::Owner;
use super::*;
use crate::problem::Problem;

const PASSWORD: &str = "correct horse";

/// A hub's gate with its state directory.
struct House {
    dir: TempDir,
    access: Arc<Access>,
}

impl House {
    fn new(configure: impl FnOnce(&mut AccessConfig)) -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        let mut config = AccessConfig::new(dir.path().to_owned());
        configure(&mut config);
        Self { dir, access: Arc::new(Access::new(config)) }
    }

    fn closed() -> Self {
        Self::new(|_| {})
    }

    fn behind_a_proxy() -> Self {
        Self::new(|config| {
            config.public_url = Some("https://logs.example.org".parse().expect("a URL"));
            config.trusted_proxies = vec!["10.0.0.0/8".parse().expect("a network")];
            config.proxy_user_header = Some(HeaderName::from_static("x-forwarded-user"));
        })
    }

    fn admit(&self, request: &Request<Body>, peer: &Peer, need: Need) -> Result<Visitor, Denied> {
        self.access.admit(Asked::from(request), peer, need)
    }

    fn viewer_token(&self) -> String {
        tokens::add(self.dir.path(), tokens::Grant::Viewer, Some("grafana")).expect("added").token
    }

    fn agent_token(&self) -> String {
        let grant = tokens::Grant::Agent { hosts: vec!["web*".to_owned()] };
        tokens::add(self.dir.path(), grant, Some("webs")).expect("added").token
    }

    async fn ask(&self, route: MethodRouter<Arc<Access>>, need: Need, request: Request<Body>) -> Response {
        Handler::call(super::need(&self.access, need, route), request, Arc::clone(&self.access)).await
    }

    async fn log_in(&self, peer: &Peer, password: &str) -> Response {
        let request = Request::post("/api/v1/login").header("host", "192.0.2.1:8514").extension(peer.clone());
        let body = format!(r#"{{"password":"{password}"}}"#);
        let request = request.header("content-type", "application/json").body(body.into()).expect("a request");
        self.ask(post(login::log_in), Need::Nothing, request).await
    }
}

/// A request with `name: value` lines; the target is `GET` unless it says otherwise.
fn request(target: &str, lines: &[&str]) -> Request<Body> {
    let (method, path) = target.split_once(' ').unwrap_or(("GET", target));
    let mut request = Request::builder().method(method).uri(path);
    for line in lines {
        let (name, value) = line.split_once(": ").expect("a header line");
        request = request.header(name, value);
    }
    request.body(Body::empty()).expect("a request")
}

fn here(owner: Owner) -> Peer {
    Peer::owned_by("127.0.0.1:40000", "127.0.0.1:8514", owner)
}

fn own() -> Peer {
    here(Owner::Uid(rustix::process::geteuid().as_raw()))
}

/// Neither root nor us, nor nobody.
fn other() -> Peer {
    here(Owner::Uid(rustix::process::geteuid().as_raw() + 4242))
}

fn from(ip: &str) -> Peer {
    Peer::owned_by(&format!("{ip}:40000"), "192.0.2.1:8514", Owner::Unknown("never asked".to_owned()))
}

fn why(denied: Result<Visitor, Denied>) -> Stranger {
    match denied {
        Err(Denied::WhoAreYou { why, .. }) => why,
        other => panic!("not a stranger: {other:?}"),
    }
}

const LOCAL: &str = "host: localhost:8514";

#[test]
fn a_process_of_our_own_user_is_let_in_over_a_real_connection() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a listener");
    let client = std::net::TcpStream::connect(listener.local_addr().expect("one")).expect("a connection");
    let (server, remote) = listener.accept().expect("accepted");
    let peer = Peer::new(remote, server.local_addr().expect("an address"));
    let visitor = House::closed().admit(&request("/logs", &[LOCAL]), &peer, Need::Viewer).expect("let in");
    assert!(matches!(visitor.who, Who::Local { .. }));
    assert!(visitor.may_speak_for("any"));
    drop(client);
}

#[test]
fn on_loopback_root_and_our_own_user_come_in_and_nobody_else() {
    let house = House::closed();
    let asked = request("/logs", &[LOCAL]);
    assert!(house.admit(&asked, &own(), Need::Viewer).is_ok());
    assert!(house.admit(&asked, &here(Owner::Uid(0)), Need::Viewer).is_ok());
    assert!(matches!(why(house.admit(&asked, &other(), Need::Viewer)), Stranger::OtherUser { .. }));
    let silent = here(Owner::Unknown("no netlink".to_owned()));
    assert!(matches!(why(house.admit(&asked, &silent, Need::Viewer)), Stranger::UnknownUser(_)));
    assert_eq!(why(house.admit(&asked, &from("198.51.100.7"), Need::Viewer)), Stranger::Remote);
}

#[test]
fn open_loopback_opens_loopback_to_viewers_and_nothing_more() {
    let house = House::new(|config| config.open_loopback = true);
    let asked = request("/logs", &[LOCAL]);
    assert!(matches!(house.admit(&asked, &other(), Need::Viewer).expect("let in").who, Who::Anyone));
    assert!(matches!(house.admit(&asked, &own(), Need::Viewer).expect("let in").who, Who::Local { .. }));
    assert_eq!(why(house.admit(&asked, &from("198.51.100.7"), Need::Viewer)), Stranger::Remote);
    assert_eq!(house.admit(&asked, &other(), Need::Agent).expect_err("refused"), Denied::NotAnAgent);
}

#[test]
fn a_proxy_on_this_machine_lends_neither_its_uid_nor_open_loopback() {
    for open_loopback in [false, true] {
        let house = House::new(|config| {
            config.open_loopback = open_loopback;
            config.public_url = Some("https://logs.example.org".parse().expect("a URL"));
        });
        for mark in ["x-forwarded-for: 127.0.0.1", "x-real-ip: 127.0.0.1", "forwarded: for=127.0.0.1", "via: 1.1 proxy"]
        {
            let passed_on = request("/logs", &[LOCAL, mark]);
            assert!(matches!(why(house.admit(&passed_on, &own(), Need::Viewer)), Stranger::PassedOn(_)), "{mark}");
        }
        let mut old = request("/logs", &[LOCAL]);
        *old.version_mut() = Version::HTTP_10;
        assert_eq!(why(house.admit(&old, &own(), Need::Viewer)), Stranger::PassedOn("HTTP/1.0".to_owned()));
        for name in ["host: logs.example.org", "host: 192.0.2.1:8514"] {
            assert_eq!(why(house.admit(&request("/logs", &[name]), &own(), Need::Viewer)), Stranger::Remote, "{name}");
        }
    }
}

#[test]
fn a_name_that_somebody_points_at_us_is_refused_unless_a_token_speaks() {
    let house = House::closed();
    let rebound = request("/logs", &["host: evil.example:8514"]);
    let denied = house.admit(&rebound, &own(), Need::Viewer).expect_err("refused");
    assert_eq!(denied, Denied::ForeignHost(Some("evil.example".to_owned())));
    assert_eq!(Problem::from(denied).status(), StatusCode::MISDIRECTED_REQUEST);
    assert!(house.admit(&rebound, &own(), Need::Agent).is_err());
    assert!(house.admit(&rebound, &own(), Need::Nothing).is_ok());
    assert!(house.admit(&request("POST /login", &["host: evil.example"]), &own(), Need::Nothing).is_err());
    let bearer = format!("authorization: Bearer {}", house.viewer_token());
    assert!(house.admit(&request("/logs", &["host: hub.internal", &bearer]), &from("192.0.2.7"), Need::Viewer).is_ok());
}

#[test]
fn a_foreign_page_opens_no_websocket_and_posts_nothing() {
    let house = House::closed();
    let foreign = "origin: http://evil.example";
    let socket = request("/live", &[LOCAL, "upgrade: websocket", foreign]);
    let image = request("/live", &[LOCAL, "sec-fetch-site: cross-site", "sec-fetch-mode: no-cors"]);
    for need in [Need::Nothing, Need::Viewer, Need::Owner, Need::Agent] {
        assert_eq!(house.admit(&socket, &own(), need).expect_err("refused"), Denied::ForeignPage);
        let posted = request("POST /push", &[LOCAL, foreign]);
        assert_eq!(house.admit(&posted, &own(), need).expect_err("refused"), Denied::ForeignPage);
    }
    assert_eq!(house.admit(&image, &own(), Need::Viewer).expect_err("refused"), Denied::ForeignPage);
    let ours = request("/live", &[LOCAL, "upgrade: websocket", "origin: http://localhost:8514"]);
    assert!(house.admit(&ours, &own(), Need::Viewer).is_ok());
}

#[test]
fn only_the_password_and_the_hubs_own_user_make_somebody_the_owner() {
    let house = House::behind_a_proxy();
    let bearer = format!("authorization: Bearer {}", house.viewer_token());
    let denied =
        |lines: &[&str], peer: &Peer| house.admit(&request("/tokens", lines), peer, Need::Owner).expect_err("refused");
    assert!(house.admit(&request("/tokens", &[LOCAL]), &own(), Need::Owner).is_ok());
    // Also from the hub's own user a token decides by itself.
    assert_eq!(denied(&[LOCAL, &bearer], &own()), Denied::NotTheOwner);
    assert!(matches!(denied(&[LOCAL], &other()), Denied::WhoAreYou { .. }));
    let open = House::new(|config| config.open_loopback = true);
    let anyone = open.admit(&request("/tokens", &[LOCAL]), &other(), Need::Owner);
    assert_eq!(anyone.expect_err("refused"), Denied::NotTheOwner);
}

#[test]
fn a_viewer_token_reads_and_does_nothing_else() {
    let house = House::closed();
    let bearer = format!("authorization: bearer {}", house.viewer_token());
    let peer = from("198.51.100.7");
    let admitted = house.admit(&request("/logs", &[&bearer]), &peer, Need::Viewer).expect("let in");
    assert!(matches!(admitted.who, Who::Token { ref name } if name == "grafana"));
    assert!(!admitted.may_speak_for("web1"));
    let denied = |target, need| house.admit(&request(target, &[&bearer]), &peer, need).expect_err("refused");
    assert_eq!(denied("POST /push", Need::Viewer), Denied::ReadOnly);
    assert_eq!(denied("/link", Need::Agent), Denied::NotAnAgent);
}

#[test]
fn an_agent_token_opens_the_link_of_its_hosts_and_nothing_else() {
    let house = House::closed();
    let bearer = format!("authorization: Bearer {}", house.agent_token());
    let peer = from("198.51.100.7");
    let agent = house.admit(&request("/link", &[&bearer]), &peer, Need::Agent).expect("let in");
    assert!(agent.may_speak_for("web1") && !agent.may_speak_for("db1"));
    assert_eq!(
        house.admit(&request("/logs", &[&bearer]), &peer, Need::Viewer).expect_err("refused"),
        Denied::NotAViewer
    );
}

#[test]
fn a_wrong_token_is_refused_even_where_none_was_needed() {
    let house = House::closed();
    let wrong = request("/logs", &[LOCAL, "authorization: Bearer tailcast_AAAA"]);
    assert_eq!(house.admit(&wrong, &own(), Need::Viewer).expect_err("refused"), Denied::UnknownToken);
    let of_the_proxy = request("/logs", &[LOCAL, "authorization: Basic dXNlcjpwYXNz"]);
    assert!(house.admit(&of_the_proxy, &own(), Need::Viewer).is_ok());
}

#[test]
fn the_user_that_a_proxy_names_counts_when_the_connection_is_the_proxys() {
    let house = House::behind_a_proxy();
    let lines = ["host: logs.example.org", "x-forwarded-user: ada", "x-forwarded-for: 198.51.100.7"];
    let asked = request("/logs", &lines);
    let visitor = house.admit(&asked, &from("10.0.0.1"), Need::Viewer).expect("let in");
    assert!(matches!(visitor.who, Who::ProxyUser { ref name } if name == "ada"));
    assert_eq!(visitor.client, IpAddr::from([198, 51, 100, 7]));
    assert_eq!(why(house.admit(&asked, &from("198.51.100.7"), Need::Viewer)), Stranger::Remote);
    let twice = request("/logs", &[lines[0], lines[1], "x-forwarded-user: mallory"]);
    assert_eq!(why(house.admit(&twice, &from("10.0.0.1"), Need::Viewer)), Stranger::Remote);
    let empty = request("/logs", &[lines[0], "x-forwarded-user:  "]);
    assert_eq!(why(house.admit(&empty, &from("10.0.0.1"), Need::Viewer)), Stranger::Remote);
}

#[test]
fn where_others_can_come_there_must_be_a_way_to_say_who_one_is() {
    let house = House::closed();
    let open = |house: &House, address: &str| house.access.may_listen(address.parse().expect("an address"));
    for loopback in ["127.0.0.1:0", "[::1]:8514", "127.9.9.9:1", "[::ffff:127.0.0.1]:1"] {
        assert!(open(&house, loopback).is_ok(), "{loopback}");
    }
    for reachable in ["0.0.0.0:8514", "[::]:8514", "192.0.2.1:8514", "[::ffff:192.0.2.1]:1"] {
        let words = open(&house, reachable).expect_err("refused").to_string();
        assert!(words.contains("tailcast password") && words.contains("token add --viewer"), "{words}");
    }
    house.agent_token();
    assert!(open(&house, "0.0.0.0:8514").is_err(), "an agent looks at nothing");
    house.viewer_token();
    assert!(open(&house, "0.0.0.0:8514").is_ok());
    assert!(open(&House::behind_a_proxy(), "0.0.0.0:8514").is_ok());
    let with_password = House::closed();
    set_password(with_password.dir.path(), PASSWORD).expect("set");
    assert!(open(&with_password, "0.0.0.0:8514").is_ok());
}

fn cookie(response: &Response) -> String {
    let line = response.headers()[header::SET_COOKIE].to_str().expect("text");
    format!("cookie: {}", line.split(';').next().unwrap_or_default())
}

#[tokio::test]
async fn the_password_begins_a_session_and_logging_out_ends_it() {
    let house = House::closed();
    set_password(house.dir.path(), PASSWORD).expect("set");
    let peer = from("198.51.100.7");
    let response = house.log_in(&peer, PASSWORD).await;
    assert_eq!(response.status(), StatusCode::NO_CONTENT);
    let line = response.headers()[header::SET_COOKIE].to_str().expect("text").to_owned();
    assert!(
        line.contains("; HttpOnly; SameSite=Lax") && line.contains("; Path=/;") && !line.contains("Secure"),
        "{line}"
    );
    let asked = request("/logs", &["host: 192.0.2.1", &cookie(&response)]);
    assert!(matches!(house.admit(&asked, &peer, Need::Viewer).expect("let in").who, Who::Session));

    let mut leave = request("POST /api/v1/logout", &["host: 192.0.2.1", &cookie(&response)]);
    leave.extensions_mut().insert(peer.clone());
    let left = house.ask(post(login::log_out), Need::Nothing, leave).await;
    assert!(left.headers()[header::SET_COOKIE].to_str().expect("text").contains("Max-Age=0"));
    assert_eq!(why(house.admit(&asked, &peer, Need::Viewer)), Stranger::Remote);
}

#[tokio::test]
async fn another_password_ends_the_sessions_of_a_running_hub() {
    let house = House::closed();
    set_password(house.dir.path(), PASSWORD).expect("set");
    let peer = from("198.51.100.7");
    let asked = request("/logs", &["host: 192.0.2.1", &cookie(&house.log_in(&peer, PASSWORD).await)]);
    assert!(house.admit(&asked, &peer, Need::Viewer).is_ok());
    set_password(house.dir.path(), "battery staple").expect("set");
    // A login looks at the file as it is now; without one the hub would look within a second.
    assert_eq!(house.log_in(&peer, PASSWORD).await.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(why(house.admit(&asked, &peer, Need::Viewer)), Stranger::Remote);
}

#[tokio::test]
async fn behind_https_the_cookie_is_for_tls_and_the_base_path_alone() {
    let house = House::new(|config| {
        config.public_url = Some("https://logs.example.org/tailcast".parse().expect("a URL"));
        config.base_path = "/tailcast".to_owned();
    });
    set_password(house.dir.path(), PASSWORD).expect("set");
    let response = house.log_in(&from("198.51.100.7"), PASSWORD).await;
    let line = response.headers()[header::SET_COOKIE].to_str().expect("text");
    assert!(line.contains("; Path=/tailcast;") && line.ends_with("; Secure"), "{line}");
}

#[tokio::test]
async fn too_many_attempts_are_told_when_to_come_again_and_others_are_not_held_up() {
    let house = House::closed();
    set_password(house.dir.path(), PASSWORD).expect("set");
    for _ in 0..5 {
        assert_eq!(house.log_in(&from("198.51.100.7"), "wrong horse").await.status(), StatusCode::UNAUTHORIZED);
    }
    let refused = house.log_in(&from("198.51.100.7"), PASSWORD).await;
    assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS);
    assert!(refused.headers().contains_key(header::RETRY_AFTER));
    assert_eq!(house.log_in(&from("198.51.100.8"), PASSWORD).await.status(), StatusCode::NO_CONTENT);
}

#[tokio::test]
async fn a_login_that_is_none_or_too_large_is_not_read() {
    let house = House::closed();
    let peer = from("198.51.100.7");
    assert_eq!(house.log_in(&peer, "\"").await.status(), StatusCode::BAD_REQUEST);
    assert_eq!(house.log_in(&peer, &"x".repeat(9000)).await.status(), StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn without_a_password_none_is_right() {
    let house = House::closed();
    assert_eq!(house.log_in(&from("198.51.100.7"), "").await.status(), StatusCode::FORBIDDEN);
}

async fn told(response: Response) -> serde_json::Value {
    let body = to_bytes(response.into_body(), 10_000).await.expect("a body");
    serde_json::from_slice(&body).expect("JSON")
}

#[tokio::test]
async fn one_can_ask_who_one_is() {
    let house = House::closed();
    let me = |peer: &Peer, line: &str| {
        let mut asked = request("/api/v1/me", &[line]);
        asked.extensions_mut().insert(peer.clone());
        house.ask(get(login::me), Need::Nothing, asked)
    };
    let local = told(me(&own(), LOCAL).await).await;
    assert_eq!((&local["admitted"], &local["by"], &local["login"]), (&true.into(), &"local".into(), &false.into()));
    let stranger = told(me(&from("198.51.100.7"), "host: 192.0.2.1").await).await;
    assert_eq!((&stranger["admitted"], &stranger["client"]), (&false.into(), &"198.51.100.7".into()));
    assert!(stranger["detail"].as_str().expect("words").contains("tailcast password"));
}

#[tokio::test]
async fn the_handler_behind_the_gate_is_not_reached_by_strangers() {
    let house = House::closed();
    let route = || any(|visitor: Visitor| async move { visitor.client.to_string() });
    let ask = |peer: Peer, need| {
        let mut asked = request("/", &[LOCAL]);
        asked.extensions_mut().insert(peer);
        house.ask(route(), need, asked)
    };
    assert_eq!(ask(own(), Need::Viewer).await.status(), StatusCode::OK);
    let refused = ask(other(), Need::Viewer).await;
    assert_eq!(refused.status(), StatusCode::UNAUTHORIZED);
    assert!(refused.headers().contains_key(header::WWW_AUTHENTICATE));
    assert_eq!(told(refused).await["type"], "urn:tailcast:problem:unauthorized");
    assert_eq!(ask(other(), Need::Nothing).await.status(), StatusCode::OK);
}

#[tokio::test]
async fn what_is_forgotten_opens_no_door() {
    let house = House::closed();
    let unaddressed = house.ask(get(|| async {}), Need::Nothing, request("/", &[LOCAL])).await;
    assert_eq!(unaddressed.status(), StatusCode::INTERNAL_SERVER_ERROR);
    let ungated: MethodRouter<Arc<Access>> = get(|_visitor: Visitor| async {});
    let response = Handler::call(ungated, request("/", &[LOCAL]), Arc::clone(&house.access)).await;
    assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
}

#[tokio::test]
async fn every_response_tells_the_browser_what_to_refuse() {
    let route: MethodRouter<()> = get(|| async {}).layer(axum::middleware::from_fn(headers::secure));
    let response = Handler::call(route, request("/", &[]), ()).await;
    assert!(
        response.headers()[header::CONTENT_SECURITY_POLICY].to_str().expect("text").starts_with("default-src 'none'; ")
    );
    assert_eq!(response.headers()[header::X_CONTENT_TYPE_OPTIONS], "nosniff");
}
