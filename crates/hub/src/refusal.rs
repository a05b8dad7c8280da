//! What those are told who do not fit, each in words that its kind of client acts upon.
//!
//! ```text
//! a browser's WebSocket   101, `bye` with the reason and a time, close 1013: the status of an upgrade is hidden from a page
//! an event stream         200 with `retry:`, `bye`, and an end: any other status makes an EventSource give up for ever
//! a watch (/healthz)      200: it lives
//! a person's browser      503 with `Retry-After` and a page that comes again by itself (`refusal/page.rs`)
//! whoever else            503 with `Retry-After` and problem+json: a program's WebSocket too, since a program reads the status;
//!                         429 where there is room, and their address has had its part of it
//! ```
//!
//! The times differ from client to client, so that a crowd does not come again as a crowd. It looks at what was peeked of the
//! request (it may be cut anywhere, and is from whoever) and refuses to decide more than the form of the answer: who gets none
//! of the logs needs no gate.

pub(crate) mod page;

use std::net::IpAddr;

use http::header::{ACCEPT, ORIGIN, SEC_WEBSOCKET_PROTOCOL};
use http::{HeaderMap, HeaderName, HeaderValue, Version};
use ipnet::IpNet;
use tailcast_fdguard::{Asked, Class, Reason, Refusal};

use crate::frames::{Close, Code, Frame, Handshake, Kind, farewell, wants_websocket};
use crate::routes::health::LIVES;
use crate::viewers::Dialect;

/// Headers of a request that are looked at; of one that has more, the first.
const HEADERS: usize = 64;
/// Where the parts of the page are, under whatever base path.
const ASSETS: &[u8] = b"/assets/";
/// A client comes again after a second, and at most so many milliseconds later.
const SPREAD_MS: u64 = 4000;
/// Who is at the machine of a full hub hears of the door that is never full. Where its folder is says the hub's log, to who may read it.
const WAY_IN: &str = "; the hub's user and root get in by its socket: \
                      curl --unix-socket admin.sock http://localhost/api/v1/hub in its state directory, whose path its log says";
/// Headers by which a proxy says for whom it asks, or that it is one.
const PASSED_ON: [&str; 4] = ["forwarded", "x-forwarded-for", "x-real-ip", "via"];
const CROWDED: &str =
    "too many connections to this hub are open from your address; the places that are left are for others";

/// The refusal of a hub: agents' links have a place of their own when viewers have none.
#[derive(Debug, Clone, Default)]
pub struct HubRefusal {
    /// Proxies, whose clients are told apart when their requests are read.
    proxies: Vec<IpNet>,
}

impl HubRefusal {
    /// That of a hub behind these proxies; `trusted_proxies` in the configuration.
    #[must_use]
    pub fn behind(proxies: &[IpNet]) -> Self {
        Self { proxies: proxies.to_vec() }
    }
}

impl Refusal for HubRefusal {
    fn words(&self, asked: &Asked<'_>) -> Vec<u8> {
        // It lives, which is all that is asked: whoever watches it must not end a hub for being full.
        if asks(first_line(asked.head), "GET", "/healthz") {
            return answer("200 OK", "text/plain; charset=utf-8", "", LIVES);
        }
        let head = Head::parse(asked.head);
        said(head.as_ref(), Client::new(asked.peer.ip(), head.as_ref()), asked.reason)
    }

    fn class(&self, asked: &Asked<'_>) -> Class {
        if is_link(first_line(asked.head)) { Class::Links } else { Class::Viewers }
    }

    fn may_wait(&self, asked: &Asked<'_>) -> bool {
        is_part_of_the_page(first_line(asked.head))
    }

    fn speaks_for_many(&self, address: IpAddr) -> bool {
        speaks_for_many(address, &self.proxies)
    }
}

/// Whether many may come from an address: over a proxy, or from this machine, on which there may be one of which nobody has told.
pub(crate) fn speaks_for_many(address: IpAddr, proxies: &[IpNet]) -> bool {
    let address = address.to_canonical();
    address.is_loopback() || proxies.iter().any(|net| net.contains(&address))
}

/// Whether this is the first line of what an agent or another hub asks: those ask for the agents that are linked here. Nothing
/// may follow the path: a viewer's request does not become a link's by what stands in its query.
pub(crate) fn is_link(line: &[u8]) -> bool {
    asks(line, "GET", "/api/v1/agent") || asks(line, "POST", "/api/v1/peer")
}

/// Whether this is the first line of what a page cannot be without: a browser asks for it over several connections at once, and shows
/// nothing where one of them is refused.
fn is_part_of_the_page(line: &[u8]) -> bool {
    let mut words = line.split(|byte| *byte == b' ');
    let is_get = words.next() == Some(b"GET");
    let target = words.next().unwrap_or_default();
    is_get && target.windows(ASSETS.len()).any(|part| part == ASSETS) && !target.contains(&b'?')
}

/// Whether a first line asks for this path, under whatever base path.
fn asks(line: &[u8], method: &str, path: &str) -> bool {
    let mut words = line.split(|byte| *byte == b' ');
    let (asked, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    // A last word that is cut may go on.
    let is_whole = words.next().is_some();
    is_whole && asked == method.as_bytes() && !target.contains(&b'?') && target.ends_with(path.as_bytes())
}

fn first_line(head: &[u8]) -> &[u8] {
    head.split(|byte| *byte == b'\r').next().unwrap_or_default()
}

/// Where who asks is, as far as the door knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Client {
    /// On this machine, as it seems: a proxy that tells nothing of whom it asks for looks the same, so nothing is told to it that a
    /// stranger may not know.
    Here,
    Elsewhere,
}

impl Client {
    pub(crate) fn new(peer: IpAddr, head: Option<&Head>) -> Self {
        let passed_on = |head: &Head| PASSED_ON.into_iter().any(|name| head.headers.contains_key(name));
        if peer.to_canonical().is_loopback() && !head.is_some_and(passed_on) { Client::Here } else { Client::Elsewhere }
    }
}

/// The whole answer to a request of which this is known.
pub(crate) fn said(head: Option<&Head>, client: Client, reason: Reason) -> Vec<u8> {
    let wait_ms = 1000 + crate::jitter(SPREAD_MS);
    let words = match reason {
        Reason::Full | Reason::Exhausted => format!("this hub has no room for one more connection now ({reason})"),
        Reason::Crowded => CROWDED.to_owned(),
    };
    let bye = || bye(reason, wait_ms, &words);
    match head {
        Some(head) if head.is_page_websocket() => head.websocket(&bye(), &words),
        Some(head) if head.is_event_stream() => Some(event_stream(wait_ms, &bye())),
        _ => None,
    }
    .unwrap_or_else(|| no(head, client, reason, wait_ms, &words))
}

/// What is known of the request.
pub(crate) struct Head {
    pub(crate) version: Version,
    pub(crate) headers: HeaderMap,
}

impl Head {
    /// `None` when nothing of it is HTTP. Of a head that is cut, the headers that have come.
    fn parse(head: &[u8]) -> Option<Self> {
        let mut slots = [httparse::EMPTY_HEADER; HEADERS];
        let mut request = httparse::Request::new(&mut slots);
        request.parse(head).ok()?;
        let version = if request.version? == 1 { Version::HTTP_11 } else { Version::HTTP_10 };
        let named = request.headers.iter().filter(|header| !header.name.is_empty());
        let headers = named.filter_map(|header| {
            let name = HeaderName::from_bytes(header.name.as_bytes()).ok()?;
            Some((name, HeaderValue::from_bytes(header.value).ok()?))
        });
        Some(Self { version, headers: headers.collect() })
    }

    /// A page's: only browsers say `Origin` there.
    fn is_page_websocket(&self) -> bool {
        wants_websocket(self.version, &self.headers) && self.headers.contains_key(ORIGIN)
    }

    fn is_event_stream(&self) -> bool {
        let accepted = self.headers.get_all(ACCEPT).into_iter().filter_map(|value| value.to_str().ok());
        accepted.flat_map(|line| line.split(',')).any(|kind| kind.trim().starts_with("text/event-stream"))
    }

    fn websocket(&self, bye: &str, words: &str) -> Option<Vec<u8>> {
        let Handshake { accept, protocol } = Handshake::new(&self.headers, &[Dialect::JSON]).ok()?;
        if protocol.is_none() && self.headers.contains_key(SEC_WEBSOCKET_PROTOCOL) {
            // A browser does not take an answer without a subprotocol that it asked for.
            return None;
        }
        let protocol = protocol.map(|name| format!("sec-websocket-protocol: {name}\r\n")).unwrap_or_default();
        let close = Close { code: Code::TRY_LATER, reason: words.to_owned() };
        let head = format!(
            "HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\
             sec-websocket-accept: {accept}\r\n{protocol}\r\n"
        );
        let last = farewell(&Frame::encode(Kind::Text, bye), &close);
        Some([head.as_bytes(), &last].concat())
    }
}

/// The event that a page knows as the hub's last one.
fn bye(reason: Reason, wait_ms: u64, words: &str) -> String {
    let why = if reason == Reason::Crowded { "crowded" } else { "full" };
    serde_json::json!({"type": "bye", "retry_ms": wait_ms, "why": why, "words": words}).to_string()
}

fn event_stream(wait_ms: u64, bye: &str) -> Vec<u8> {
    let body = format!("retry: {wait_ms}\ndata: {bye}\n\n");
    answer("200 OK", "text/event-stream", "Cache-Control: no-store\r\nX-Accel-Buffering: no\r\n", &body)
}

/// To a person as a page, and to a program as a problem.
fn no(head: Option<&Head>, client: Client, reason: Reason, wait_ms: u64, words: &str) -> Vec<u8> {
    let seconds = wait_ms.div_ceil(1000);
    let (status, line, kind, title) = match reason {
        Reason::Full | Reason::Exhausted => (503, "503 Service Unavailable", "unavailable", "No room"),
        Reason::Crowded => (429, "429 Too Many Requests", "too-many", "Too many connections"),
    };
    let retry = format!("Retry-After: {seconds}\r\n");
    if let Some(head) = head.filter(|head| page::is_wanted(&head.headers)) {
        let body = page::page(&head.headers, reason, wait_ms);
        return answer(line, "text/html; charset=utf-8", &[&retry, page::HEADERS].concat(), &body);
    }
    let way_in = match (client, reason) {
        (Client::Here, Reason::Full | Reason::Exhausted) => WAY_IN,
        (Client::Elsewhere, _) | (_, Reason::Crowded) => "",
    };
    let body = serde_json::json!({
        "type": format!("urn:tailcast:problem:{kind}"), "title": title, "status": status,
        "detail": format!("{words}; come again in {seconds} s{way_in}"), "retry_after": seconds,
    });
    answer(line, "application/problem+json", &retry, &body.to_string())
}

/// A whole answer, and the last one on its connection.
fn answer(status: &str, kind: &str, more: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!(
        "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\n{more}Connection: close\r\n\r\n{body}"
    )
    .into_bytes()
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use tailcast_fdguard::Reason;

    use super::*;

    const UPGRADE: &str = "GET /api/v1/live?log=a HTTP/1.1\r\nHost: hub\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
                           Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

    fn words(head: &str) -> Vec<u8> {
        let peer = SocketAddr::from(([192, 0, 2, 1], 5000));
        HubRefusal::default().words(&Asked { peer, head: head.as_bytes(), reason: Reason::Full })
    }

    fn told(head: &str) -> String {
        String::from_utf8_lossy(&words(head)).into_owned()
    }

    #[test]
    fn a_page_hears_1013_on_its_websocket_with_the_reason_before_it() {
        let told = words(&format!("{UPGRADE}Origin: http://hub\r\nSec-WebSocket-Protocol: tailcast.v1.json\r\n\r\n"));
        let text = String::from_utf8_lossy(&told);
        // The key and answer of RFC 6455, section 1.3.
        assert!(
            text.starts_with("HTTP/1.1 101 ") && text.contains("-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"),
            "{text}"
        );
        assert!(text.contains("-protocol: tailcast.v1.json\r\n\r\n"), "{text}");
        assert!(text.contains(r#""type":"bye""#) && text.contains(r#""why":"full""#), "{text}");
        let code = 1013_u16.to_be_bytes();
        assert!(told.windows(4).any(|bytes| bytes[0] == 0x88 && bytes[2..] == code), "{text}");
    }

    #[test]
    fn a_program_reads_the_status_of_its_websocket() {
        assert!(told(&format!("{UPGRADE}\r\n")).starts_with("HTTP/1.1 503 "));
        assert!(told(&format!("{UPGRADE}Origin: http://hub\r\nSec-WebSocket-Protocol: x\r\n\r\n")).contains(" 503 "));
    }

    #[test]
    fn an_event_stream_ends_with_the_time_to_come_again_and_no_error() {
        let told = told("GET /api/v1/live?log=a HTTP/1.1\r\nHost: hub\r\nAccept: text/event-stream\r\n\r\n");
        assert!(told.starts_with("HTTP/1.1 200 OK\r\n") && told.contains("Connection: close"), "{told}");
        let retry =
            told.split("retry: ").nth(1).and_then(|rest| rest.split('\n').next()).and_then(|ms| ms.parse().ok());
        assert!(retry.is_some_and(|ms: u64| (1000..5000).contains(&ms)), "{told}");
    }

    #[test]
    fn whoever_else_hears_503_whatever_was_heard_of_them() {
        for head in ["", "\0\u{1}", "GET", "GET / HTTP/1.1\r\nHo", "GET / HTTP/1.1\r\n\r\n", "\r\n\r\n\r\n"] {
            let told = told(head);
            assert!(told.starts_with("HTTP/1.1 503 ") && told.contains("Retry-After: "), "{head:?}: {told}");
            assert!(told.contains("problem+json") && told.contains(r#""status":503"#), "{told}");
        }
    }

    #[test]
    fn who_is_at_the_machine_hears_of_the_socket_and_nobody_from_elsewhere_does() {
        let names_it = |peer: &str, header: &str, reason| {
            let head = format!("GET /api/v1/hub HTTP/1.1\r\nHost: hub\r\n{header}\r\n");
            let peer = SocketAddr::new(peer.parse().unwrap(), 5000);
            let told = HubRefusal::default().words(&Asked { peer, head: head.as_bytes(), reason });
            String::from_utf8_lossy(&told).contains("admin.sock")
        };
        assert!(names_it("127.0.0.1", "", Reason::Full) && names_it("::ffff:127.0.0.1", "", Reason::Exhausted));
        assert!(!names_it("192.0.2.1", "", Reason::Full), "a stranger");
        for header in ["X-Forwarded-For: 192.0.2.1\r\n", "Forwarded: for=192.0.2.1\r\n", "Via: 1.1 proxy\r\n"] {
            assert!(!names_it("127.0.0.1", header, Reason::Full), "one for whom a proxy asks: {header}");
        }
        assert!(!names_it("127.0.0.1", "", Reason::Crowded), "there is room");
    }

    #[test]
    fn a_persons_browser_hears_the_same_as_a_page() {
        let told = told(
            "GET /log HTTP/1.1\r\nHost: hub\r\nAccept: text/html,*/*;q=0.8\r\nAccept-Language: zh-CN\r\nCookie: half of",
        );
        assert!(told.starts_with("HTTP/1.1 503 ") && told.contains("Retry-After: "), "{told}");
        assert!(
            told.contains("Content-Type: text/html; charset=utf-8\r\n") && told.contains("lang=\"zh-CN\""),
            "{told}"
        );
        // The answer to one who asks for an event stream or a socket stays theirs.
        assert!(
            self::told("GET / HTTP/1.1\r\nAccept: text/html, text/event-stream\r\n\r\n").starts_with("HTTP/1.1 200 ")
        );
    }

    #[test]
    fn a_full_hub_lives_all_the_same() {
        let told = told("GET /healthz HTTP/1.1\r\nHost: hub\r\n\r\n");
        assert!(told.starts_with("HTTP/1.1 200 OK\r\n") && told.ends_with("\r\n\r\nok\n"), "{told}");
        assert!(self::told("GET /api/v1/logs?q=/healthz HTTP/1.1\r\n\r\n").starts_with("HTTP/1.1 503 "));
        assert!(self::told("GET /readyz HTTP/1.1\r\n\r\n").starts_with("HTTP/1.1 503 "));
    }

    #[test]
    fn who_has_had_its_part_hears_429_and_that_it_is_its_address() {
        let peer = SocketAddr::from(([192, 0, 2, 1], 5000));
        let head = b"GET / HTTP/1.1\r\n\r\n";
        let told = HubRefusal::default().words(&Asked { peer, head, reason: Reason::Crowded });
        let told = String::from_utf8_lossy(&told);
        assert!(told.starts_with("HTTP/1.1 429 ") && told.contains("Retry-After: "), "{told}");
        assert!(told.contains(r#""status":429"#) && told.contains("from your address"), "{told}");
    }

    #[test]
    fn a_trusted_proxy_and_this_machine_speak_for_many_and_nobody_else() {
        let refusal = HubRefusal::behind(&["10.0.0.0/8".parse().unwrap()]);
        let many = |address: &str| refusal.speaks_for_many(address.parse().unwrap());
        assert!(many("10.1.2.3") && many("::ffff:10.1.2.3") && many("127.0.0.5") && many("::1"));
        assert!(!many("192.0.2.1") && !many("2001:db8::1"));
    }

    #[test]
    fn only_what_agents_and_hubs_ask_is_a_link_whatever_a_viewer_writes_into_its_query() {
        let link = |head: &str| {
            let peer = SocketAddr::from(([192, 0, 2, 1], 5000));
            HubRefusal::default().class(&Asked { peer, head: head.as_bytes(), reason: Reason::Full }) == Class::Links
        };
        assert!(
            link("GET /api/v1/agent HTTP/1.1\r\nHost: hub\r\n\r\n") && link("GET /tailcast/api/v1/agent HTTP/1.1\r\n")
        );
        assert!(link("POST /api/v1/peer HTTP/1.1\r\n\r\n"));
        for viewer in [
            "GET /api/v1/live?log=/api/v1/agent HTTP/1.1\r\n\r\n",
            "GET /?/api/v1/agent HTTP/1.1\r\n\r\n",
            "GET / /api/v1/agent HTTP/1.1\r\n\r\n",
            "GET /api/v1/agent",
            "POST /api/v1/agent HTTP/1.1\r\n\r\n",
        ] {
            assert!(!link(viewer), "{viewer}");
        }
    }

    #[test]
    fn only_a_part_of_the_page_may_wait() {
        let waits = |head: &str| {
            let peer = SocketAddr::from(([192, 0, 2, 1], 5000));
            HubRefusal::default().may_wait(&Asked { peer, head: head.as_bytes(), reason: Reason::Full })
        };
        assert!(
            waits("GET /assets/0123/index.js HTTP/1.1\r\n")
                && waits("GET /tailcast/assets/0123/index.css HTTP/1.1\r\n")
        );
        for other in [
            "",
            "GET /",
            "GET /api/v1/live?log=/assets/x HTTP/1.1\r\n",
            "POST /assets/x HTTP/1.1\r\n",
            "GET / HTTP/1.1\r\nX: /assets/",
        ] {
            assert!(!waits(other), "{other}");
        }
    }

    #[test]
    fn a_head_that_is_cut_is_understood_as_far_as_it_came() {
        let told = told("GET /api/v1/live HTTP/1.1\r\nAccept: text/event-stream\r\nCookie: half of");
        assert!(told.starts_with("HTTP/1.1 200 "), "{told}");
    }
}
