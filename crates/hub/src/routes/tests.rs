//! The table of routes, walked from outside: nobody who is not known gets further than the table says.

use std::sync::Arc;

use axum::body::Body;
use http::{Method, Request, StatusCode, Uri};
use tailcast_fdguard::{Budget, Plan};
use tower_service::Service;

use super::{ROUTES, router};
use crate::access::tokens::{self, Grant};
use crate::access::{Access, AccessConfig, Need, Peer};
use crate::hub::{Hub, HubConfig};

/// All that is open to everybody. Who adds a route without a need has to think about it here.
const OPEN: [&str; 15] = [
    "/healthz",
    "/readyz",
    "/api/v1/openapi.json",
    "/api/v1/login",
    "/api/v1/logout",
    "/api/v1/me",
    "/api/v1/connection",
    "/api/{*rest}",
    "/",
    "/hosts",
    "/logs",
    "/processes",
    "/hub",
    "/assets/{*file}",
    "/{file}",
];

struct House {
    dir: tempfile::TempDir,
    hub: Arc<Hub>,
}

impl House {
    fn under(base_path: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let access = Arc::new(Access::new(AccessConfig::new(dir.path().to_owned())));
        let budget = Budget::new(Plan::default()).unwrap();
        House { hub: Hub::new(HubConfig::new(base_path), access, budget), dir }
    }

    async fn ask(&self, method: Method, path: &str, peer: &Peer, token: Option<&str>) -> StatusCode {
        let mut request = Request::builder().method(method).uri(path).header("host", "127.0.0.1:8514");
        if let Some(token) = token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        let request = request.extension(peer.clone()).body(Body::empty()).unwrap();
        router(&self.hub).call(request).await.unwrap().status()
    }
}

/// From another machine.
fn stranger() -> Peer {
    Peer::new("192.0.2.7:50000".parse().unwrap(), "192.0.2.1:8514".parse().unwrap())
}

/// A path that a route answers to.
fn example(pattern: &str) -> String {
    let pattern = pattern.replace("{host}", "web1").replace("{pid}", "1");
    pattern.replace("{*rest}", "v1/nothing").replace("{*file}", "index.js").replace("{file}", "favicon.svg")
}

#[tokio::test]
async fn a_stranger_gets_nowhere_that_needs_somebody_whatever_the_method() {
    for base in ["/", "/tailcast"] {
        let house = House::under(base);
        for route in ROUTES.iter().filter(|route| route.need != Need::Nothing) {
            for method in [Method::GET, Method::HEAD, Method::POST, Method::PUT, Method::DELETE, Method::OPTIONS] {
                let path = format!("{}{}", base.trim_end_matches('/'), example(route.path));
                let status = house.ask(method.clone(), &path, &stranger(), None).await;
                // Which methods a route has may be known; what it says may not.
                let wanted = [StatusCode::UNAUTHORIZED, StatusCode::FORBIDDEN, StatusCode::METHOD_NOT_ALLOWED];
                assert!(wanted.contains(&status), "{method} {path}: {status}");
                assert!(method != Method::GET || status != StatusCode::METHOD_NOT_ALLOWED, "{path} has no GET");
            }
        }
    }
}

#[tokio::test]
async fn the_routes_that_are_open_to_everybody_are_those_that_are_known_to_be() {
    let house = House::under("/");
    for route in ROUTES {
        match route.need {
            Need::Nothing => {
                assert!(OPEN.contains(&route.path), "{} is open to everybody: is that meant?", route.path);
                let status = house.ask(Method::GET, &example(route.path), &stranger(), None).await;
                assert!(!matches!(status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN), "{}", route.path);
            }
            Need::Viewer | Need::Owner | Need::Agent | Need::Pusher | Need::Peer => {
                assert!(!OPEN.contains(&route.path))
            }
        }
    }
}

#[tokio::test]
async fn a_token_opens_what_it_is_for_and_nothing_else() {
    let house = House::under("/");
    let state_dir = house.dir.path();
    let viewer = tokens::add(state_dir, Grant::Viewer, None).unwrap().token;
    let agent = tokens::add(state_dir, Grant::Agent { hosts: vec!["*".to_owned()] }, None).unwrap().token;
    let push = tokens::add(state_dir, Grant::Push { logs: vec!["ci:*".to_owned()] }, None).unwrap().token;
    for route in ROUTES {
        let path = example(route.path);
        let ask = async |token: &str| house.ask(Method::GET, &path, &stranger(), Some(token)).await;
        let is_in = |status: StatusCode| !matches!(status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN);
        let is_in = [is_in(ask(&viewer).await), is_in(ask(&agent).await), is_in(ask(&push).await)];
        let meant = match route.need {
            Need::Nothing => [true; 3],
            Need::Viewer => [true, false, false],
            Need::Agent => [false, true, false],
            Need::Pusher => [false, false, true],
            Need::Owner | Need::Peer => [false; 3],
        };
        assert_eq!(is_in, meant, "viewer, agent, push: {path}");
    }
}

#[tokio::test]
async fn what_is_the_owners_is_for_nobody_whom_a_token_or_a_proxy_names() {
    let house = House::under("/");
    let token = tokens::add(house.dir.path(), Grant::Viewer, None).unwrap().token;
    for route in ROUTES.iter().filter(|route| route.need == Need::Owner) {
        for method in [Method::GET, Method::POST, Method::DELETE] {
            let status = house.ask(method.clone(), &example(route.path), &stranger(), Some(&token)).await;
            assert_eq!(status, StatusCode::FORBIDDEN, "{method} {}", route.path);
        }
    }
}

#[tokio::test]
async fn where_there_is_nothing_that_is_said_in_words() {
    for base in ["/", "/tailcast"] {
        let house = House::under(base);
        let base = base.trim_end_matches('/');
        for path in ["//", "/API/v1/hosts", "/api/v1/nothing", "/logs/a/b", "/healthz/"] {
            let uri = Uri::try_from(format!("{base}{path}")).unwrap();
            let request = Request::builder().uri(uri).header("host", "127.0.0.1:8514").extension(stranger());
            let answer = router(&house.hub).call(request.body(Body::empty()).unwrap()).await.unwrap();
            assert_eq!(answer.status(), StatusCode::NOT_FOUND, "{base}{path}");
            let body = axum::body::to_bytes(answer.into_body(), 4096).await.unwrap();
            assert!(String::from_utf8_lossy(&body).contains("\"status\":404"), "{base}{path}: {body:?}");
        }
    }
}

#[tokio::test]
async fn a_route_stands_in_the_table_once() {
    let mut paths: Vec<_> = ROUTES.iter().map(|route| route.path).collect();
    paths.sort_unstable();
    let count = paths.len();
    paths.dedup();
    assert_eq!(paths.len(), count);
}

/// What is no part of the interface for programs: the page, what agents and hubs say to each other, and the description itself.
const UNDESCRIBED: [&str; 4] = ["/api/v1/openapi.json", "/api/v1/peer", "/api/v1/agent", "/api/{*rest}"];

#[test]
fn what_is_described_is_what_there_is_and_how_one_is_let_in_is_described_too() {
    let described = super::openapi();
    let there = ROUTES
        .iter()
        .filter(|route| route.path.starts_with("/api/") || ["/healthz", "/readyz", "/metrics"].contains(&route.path));
    let mut there: Vec<_> = there.map(|route| route.path).filter(|path| !UNDESCRIBED.contains(path)).collect();
    there.sort_unstable();
    let mut paths: Vec<_> = described.paths.paths.keys().map(String::as_str).collect();
    paths.sort_unstable();
    assert_eq!(paths, there);
    let schemes = described.components.map(|components| components.security_schemes).unwrap_or_default();
    assert_eq!(schemes.keys().collect::<Vec<_>>(), ["session", "token"]);
    // By either of them, or by neither, as the hub's own user is on its machine.
    assert_eq!(described.security.map(|ways| ways.len()), Some(3));
}

#[tokio::test]
async fn a_browser_at_an_address_that_is_none_gets_the_page_and_one_slash_too_many_is_taken_away() {
    for base in ["/", "/tailcast"] {
        let house = House::under(base);
        let base = base.trim_end_matches('/');
        let ask = async |path: &str, accept: &str| {
            let request = Request::builder().uri(format!("{base}{path}")).header("host", "127.0.0.1:8514");
            let request = request.header("accept", accept).extension(stranger()).body(Body::empty()).unwrap();
            let answer = router(&house.hub).call(request).await.unwrap();
            let header = |name: &str| answer.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
            (answer.status(), header("location"), header("content-type").unwrap_or_default())
        };
        for (path, there) in
            [("/hub/", "/hub"), ("/logs/?log=web1:/a", "/logs?log=web1:/a"), ("/processes/", "/processes")]
        {
            let (status, location, _) = ask(path, "text/html,*/*;q=0.8").await;
            assert_eq!((status, location), (StatusCode::PERMANENT_REDIRECT, Some(format!("{base}{there}"))), "{path}");
        }
        for path in ["/foo", "/foo/bar", "/hub/x/", "//example.com/hub/"] {
            let (status, location, _) = ask(path, "text/html").await;
            assert_eq!((status, location), (StatusCode::NOT_FOUND, None), "{path}");
            let (status, _, kind) = ask(path, "*/*").await;
            assert_eq!((status, kind.as_str()), (StatusCode::NOT_FOUND, "application/problem+json"), "{path}");
        }
        let (status, _, kind) = ask("/api/v1/foo", "text/html").await;
        assert_eq!((status, kind.as_str()), (StatusCode::NOT_FOUND, "application/problem+json"));
    }
}
