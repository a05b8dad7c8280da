//! The five addresses of the chat: the page and its two files, what is said, and saying something.

use std::convert::Infallible;
use std::net::IpAddr;
use std::sync::Arc;

use aws_lc_rs::digest;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper::header::{self, HeaderName};
use hyper::{Method, Request, Response, StatusCode};

use crate::live::{self, Events};
use crate::room::{Refused, Room, Speaker};
use crate::said::Place;

type Answer = Response<BoxBody<Bytes, Infallible>>;

/// More than a message of 500 characters, each escaped.
const BODY: usize = 8 << 10;

const PAGE: &str = include_str!("page/index.html");
const SCRIPT: &str = include_str!("page/chat.js");
const STYLE: &str = include_str!("page/chat.css");

/// Nothing but our own files, and no script within the page: the second wall, should the first ever have a hole.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
                      frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

pub(crate) async fn answer(request: Request<Incoming>, room: Arc<Room>, peer: IpAddr) -> Result<Answer, Infallible> {
    Ok(match (request.method(), request.uri().path()) {
        (&Method::GET, "/") => page(&request),
        (&Method::GET, "/chat.js") => file("text/javascript; charset=utf-8", SCRIPT),
        (&Method::GET, "/chat.css") => file("text/css; charset=utf-8", STYLE),
        (&Method::GET, "/live") => listen(request, room).await,
        (&Method::POST, "/say") => say(request, &room, peer).await,
        _ => words(StatusCode::NOT_FOUND, "there is nothing here"),
    })
}

/// The page, and a cookie by which its person is known to the limit of messages.
fn page(request: &Request<Incoming>) -> Answer {
    let mut answer = file("text/html; charset=utf-8", PAGE);
    if cookie(request).is_none() {
        let cookie = format!("chat={:032x}; HttpOnly; SameSite=Strict; Path=/", fastrand::u128(..));
        with(&mut answer, header::SET_COOKIE, &cookie);
    }
    answer
}

async fn listen(mut request: Request<Incoming>, room: Arc<Room>) -> Answer {
    if !is_from_here(&request) {
        return words(StatusCode::FORBIDDEN, "another site asks");
    }
    let after = after(&request);
    if let Some(key) = text(&request, header::SEC_WEBSOCKET_KEY).map(str::to_owned) {
        // An answer that a proxy did not ask for would make it take this process for broken.
        if !text(&request, header::UPGRADE).is_some_and(|what| what.eq_ignore_ascii_case("websocket")) {
            return words(StatusCode::UPGRADE_REQUIRED, "a proxy has taken the upgrade away");
        }
        tokio::spawn(live::websocket(hyper::upgrade::on(&mut request), room, after));
        return switch(&key);
    }
    if text(&request, header::ACCEPT) == Some("text/event-stream") {
        let mut answer = Response::new(Events::new(&room, &after).boxed());
        with(&mut answer, header::CONTENT_TYPE, "text/event-stream");
        with(&mut answer, header::CACHE_CONTROL, "no-store");
        // nginx hands it on as it comes.
        with(&mut answer, HeaderName::from_static("x-accel-buffering"), "no");
        return answer;
    }
    let mut answer = whole(live::answer(&room, &after).await);
    with(&mut answer, header::CONTENT_TYPE, "application/json");
    with(&mut answer, header::CACHE_CONTROL, "no-store");
    answer
}

async fn say(request: Request<Incoming>, room: &Room, peer: IpAddr) -> Answer {
    if !is_from_here(&request) {
        return words(StatusCode::FORBIDDEN, "another site asks");
    }
    // It listens on loopback alone, so whoever is there to say this is the proxy.
    let address = text(&request, HeaderName::from_static("x-real-ip")).map_or_else(|| peer.to_string(), str::to_owned);
    let cookie = cookie(&request).unwrap_or(&address).to_owned();
    let Ok(body) = Limited::new(request.into_body(), BODY).collect().await else {
        return words(StatusCode::PAYLOAD_TOO_LARGE, "a message has 1 to 500 characters");
    };
    let Ok(wish) = serde_json::from_slice(&body.to_bytes()) else {
        return words(StatusCode::BAD_REQUEST, r#"expected {"name":"…","text":"…"}"#);
    };
    match room.say(&wish, &Speaker { cookie, address }) {
        Ok(()) => words(StatusCode::ACCEPTED, ""),
        Err(Refused::Wrong(why)) => words(StatusCode::BAD_REQUEST, why),
        Err(Refused::TooMuch) => words(StatusCode::TOO_MANY_REQUESTS, "five messages in ten seconds are enough"),
        Err(Refused::Unavailable) => words(StatusCode::SERVICE_UNAVAILABLE, "the room cannot be reached: try again"),
    }
}

/// Where the viewer stands: in the address, or by the browser's own word.
fn after(request: &Request<Incoming>) -> Vec<Place> {
    let query = request.uri().query().and_then(|query| query.strip_prefix("after="));
    let last = text(request, HeaderName::from_static("last-event-id"));
    Place::list(last.or(query).unwrap_or_default())
}

/// A browser says whose page asks; a program does not, and has no cookie to abuse.
fn is_from_here(request: &Request<Incoming>) -> bool {
    let Some(origin) = text(request, header::ORIGIN) else { return true };
    let host = origin.split_once("://").map_or(origin, |(_, host)| host);
    text(request, header::HOST) == Some(host)
}

fn cookie(request: &Request<Incoming>) -> Option<&str> {
    let cookies = text(request, header::COOKIE)?;
    cookies.split(';').find_map(|pair| pair.trim().strip_prefix("chat=")).filter(|value| value.len() == 32)
}

fn switch(key: &str) -> Answer {
    let mut sha1 = digest::Context::new(&digest::SHA1_FOR_LEGACY_USE_ONLY);
    sha1.update(key.as_bytes());
    sha1.update(b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11");
    let mut answer = words(StatusCode::SWITCHING_PROTOCOLS, "");
    with(&mut answer, header::CONNECTION, "upgrade");
    with(&mut answer, header::UPGRADE, "websocket");
    with(&mut answer, header::SEC_WEBSOCKET_ACCEPT, &BASE64_STANDARD.encode(sha1.finish()));
    answer
}

fn file(kind: &str, content: &'static str) -> Answer {
    let mut answer = whole(Bytes::from_static(content.as_bytes()));
    with(&mut answer, header::CONTENT_TYPE, kind);
    with(&mut answer, header::CONTENT_SECURITY_POLICY, POLICY);
    with(&mut answer, header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    with(&mut answer, header::CACHE_CONTROL, "no-cache");
    answer
}

fn words(status: StatusCode, words: &'static str) -> Answer {
    let mut answer = whole(Bytes::from_static(words.as_bytes()));
    *answer.status_mut() = status;
    answer
}

fn whole(content: Bytes) -> Answer {
    Response::new(Full::new(content).boxed())
}

fn with(answer: &mut Answer, name: HeaderName, value: &str) {
    if let Ok(value) = value.parse() {
        answer.headers_mut().insert(name, value);
    }
}

fn text(request: &Request<Incoming>, name: HeaderName) -> Option<&str> {
    request.headers().get(name).and_then(|value| value.to_str().ok())
}
