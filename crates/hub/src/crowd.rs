//! Clients behind a proxy, each bound for itself: no address takes the room of all, whichever way it comes.
//!
//! Whoever comes straight here is bound when the connection is accepted (`fdguard`). The connections of a proxy are not, since it
//! speaks for many; for whom, each request says. So the bound holds for a request and as long as its answer goes on, and the answer
//! to one too many is the same that is given at the door (`refusal.rs`), only that HTTP carries it. And who was let in as a link when
//! viewers had no place asks for nothing else over that connection.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http::header::{HeaderName, HeaderValue};
use http::{Request, StatusCode};
use hyper::body::Incoming;
use tailcast_fdguard::{Bell, Class, Reason};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::access::Peer;
use crate::hub::Hub;
use crate::problem::Problem;
use crate::refusal::{Client, Head, is_link, said};

/// How long a client may take to hear the last words on its WebSocket, and to close it.
const LINGER: Duration = Duration::from_secs(1);
/// Headers of our own words.
const HEADERS: usize = 16;

/// What came over a connection, and how that was let in.
pub(crate) struct Knock<'a> {
    pub(crate) peer: &'a Peer,
    pub(crate) bell: &'a Bell,
    /// The class whose place it was given.
    pub(crate) class: Class,
}

impl Knock<'_> {
    /// The answer to a request whose client has had its part of the room, and to that of a viewer who came in by the door of links;
    /// `None` for all others.
    pub(crate) fn refusal(&self, hub: &Arc<Hub>, request: &mut Request<Incoming>) -> Option<Response> {
        let reason = self.reason(hub, request)?;
        let head = Head { version: request.version(), headers: request.headers().clone() };
        let client = Client::new(self.peer.remote().ip(), Some(&head));
        let words = said(Some(&head), client, reason);
        Some(spoken(hub, &words, request).unwrap_or_else(|| no_words().into_response()))
    }

    fn reason(&self, hub: &Hub, request: &Request<Incoming>) -> Option<Reason> {
        let line = format!("{} {} ", request.method(), request.uri());
        if is_link(line.as_bytes()) {
            return None;
        }
        if self.class == Class::Links {
            return Some(Reason::Full);
        }
        let client = hub.access.behind_a_proxy(request.headers(), self.peer)?;
        self.bell.serves(client).is_err().then_some(Reason::Crowded)
    }
}

/// The words of the door, over a connection that is read already. What follows a 101 is said once it is one.
fn spoken(hub: &Arc<Hub>, words: &[u8], request: &mut Request<Incoming>) -> Option<Response> {
    let mut slots = [httparse::EMPTY_HEADER; HEADERS];
    let mut head = httparse::Response::new(&mut slots);
    let httparse::Status::Complete(length) = head.parse(words).ok()? else { return None };
    let status = StatusCode::from_u16(head.code?).ok()?;
    let rest = words.get(length..)?.to_vec();
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    for header in head.headers.iter() {
        let name = HeaderName::from_bytes(header.name.as_bytes()).ok()?;
        response.headers_mut().append(name, HeaderValue::from_bytes(header.value).ok()?);
    }
    match status {
        StatusCode::SWITCHING_PROTOCOLS => drop(hub.tasks.spawn(see_off(hyper::upgrade::on(request), rest))),
        _ => *response.body_mut() = Body::from(rest),
    }
    Some(response)
}

async fn see_off(upgrade: hyper::upgrade::OnUpgrade, words: Vec<u8>) {
    let Some((mut conn, _)) = crate::upgraded(upgrade).await else { return };
    let said = async {
        conn.write_all(&words).await?;
        conn.shutdown().await?;
        // What stays unread when a socket is closed turns the close into a reset, and the words are lost.
        while conn.read(&mut [0; 512]).await? > 0 {}
        Ok::<_, std::io::Error>(())
    };
    if !matches!(tokio::time::timeout(LINGER, said).await, Ok(Ok(()))) {
        tracing::debug!("one that was refused on its WebSocket has not closed it");
    }
}

fn no_words() -> Problem {
    Problem::too_many("too many connections to this hub are open from your address", LINGER)
}
