//! The opening handshake.

use http::{HeaderMap, HeaderName, HeaderValue, Version};

use crate::frames::{Handshake, Refusal, accept_key, choose_protocol, wants_websocket};

fn headers(lines: &[(&'static str, &'static str)]) -> HeaderMap {
    let pair =
        |(name, value): &(&'static str, &'static str)| (HeaderName::from_static(name), HeaderValue::from_static(value));
    let mut headers = HeaderMap::new();
    for (name, value) in lines.iter().map(pair) {
        headers.append(name, value);
    }
    headers
}

const KEY: (&str, &str) = ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==");
const VERSION: (&str, &str) = ("sec-websocket-version", "13");

#[test]
fn the_key_of_the_rfc_gives_the_answer_of_the_rfc() {
    assert_eq!(accept_key(KEY.1), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
}

#[test]
fn nobody_becomes_a_websocket_over_http_1_0() {
    let asks = headers(&[("connection", "upgrade"), ("upgrade", "websocket")]);
    assert!(wants_websocket(Version::HTTP_11, &asks));
    assert!(!wants_websocket(Version::HTTP_10, &asks));
}

#[test]
fn a_browser_is_understood_whatever_else_it_connects_for() {
    let wants = |lines: &[(&'static str, &'static str)]| wants_websocket(Version::HTTP_11, &headers(lines));
    assert!(wants(&[("connection", "keep-alive, Upgrade"), ("upgrade", "WebSocket")]));
    assert!(wants(&[("connection", "x"), ("connection", "upgrade"), ("upgrade", "websocket")]));
    assert!(!wants(&[("connection", "keep-alive"), ("upgrade", "websocket")]));
    assert!(!wants(&[("connection", "upgrade"), ("upgrade", "h2c")]));
    assert!(!wants(&[]));
}

#[test]
fn the_clients_preference_decides_among_the_protocols_that_we_speak() {
    let asked = headers(&[("sec-websocket-protocol", "new, b"), ("sec-websocket-protocol", "a")]);
    assert_eq!(choose_protocol(&asked, &["a", "b"]), Some("b"));
    assert_eq!(choose_protocol(&asked, &["c"]), None);
    assert_eq!(choose_protocol(&headers(&[]), &["a"]), None);
}

#[test]
fn a_handshake_with_another_version_or_no_key_is_refused() {
    assert_eq!(Handshake::new(&headers(&[KEY]), &[]), Err(Refusal::Version));
    assert_eq!(Handshake::new(&headers(&[KEY, ("sec-websocket-version", "8")]), &[]), Err(Refusal::Version));
    for key in ["", "dGhlIHNhbXBsZSBub25j", "not base64 at all, no!!=", "dGhlIHNhbXBsZSBub25jZSBpcyB0b28gbG9uZw=="] {
        assert_eq!(Handshake::new(&headers(&[VERSION, ("sec-websocket-key", key)]), &[]), Err(Refusal::Key), "{key}");
    }
    assert_eq!(Handshake::new(&headers(&[VERSION]), &[]), Err(Refusal::Key));
    assert!(Handshake::new(&headers(&[VERSION, KEY]), &["a"]).is_ok_and(|agreed| agreed.protocol.is_none()));
}
