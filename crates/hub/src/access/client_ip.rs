//! The address of the client behind proxies.
//!
//! Everybody can write an `X-Forwarded-For`, and a proxy appends to what came (nginx's `$proxy_add_x_forwarded_for`),
//! so its left end is the client's own invention. What a proxy of ours wrote is at the right end: the walk starts at
//! the TCP peer and goes left for as long as the one who speaks is trusted. The first address that is not trusted is
//! the client. (nginx: `real_ip_recursive on`.)
//!
//! It refuses to look at a header of a peer that is not trusted, and stops at the first word that is not an address:
//! the last address that a trusted proxy vouched for is the answer then. `Forwarded` (RFC 7239) is not read; proxies
//! that send it send this one too.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use http::{HeaderMap, HeaderName, header};
use ipnet::IpNet;

/// The de-facto standard, written by nginx, HAProxy (`option forwardfor`), Apache, Caddy, Traefik, Envoy and the
/// clouds.
pub(super) const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// Marks that only somebody in between writes. One of them is enough: the request did not come straight from its user.
const PASSED_ON: [HeaderName; 8] = [
    X_FORWARDED_FOR,
    header::FORWARDED,
    header::VIA,
    HeaderName::from_static("x-real-ip"),
    HeaderName::from_static("x-forwarded-host"),
    HeaderName::from_static("x-forwarded-proto"),
    HeaderName::from_static("x-forwarded-server"),
    HeaderName::from_static("cf-connecting-ip"),
];

/// The first mark of a proxy on the request, if there is one.
pub(super) fn passed_on(headers: &HeaderMap) -> Option<HeaderName> {
    PASSED_ON.into_iter().find(|name| headers.contains_key(name))
}

/// Whether `ip` is one of our proxies.
pub(super) fn is_trusted(ip: IpAddr, trusted: &[IpNet]) -> bool {
    trusted.iter().any(|net| net.contains(&ip))
}

/// The client: `peer` itself, or the one for whom a chain of trusted proxies speaks.
pub(super) fn client(peer: IpAddr, headers: &HeaderMap, trusted: &[IpNet]) -> IpAddr {
    let lines: Vec<_> = headers.get_all(X_FORWARDED_FOR).iter().collect();
    // Several lines are one list (RFC 9110, section 5.3); a line that is not text at all is one word of garbage.
    let words = lines.iter().rev().flat_map(|line| line.to_str().unwrap_or("?").rsplit(','));
    let mut client = peer.to_canonical();
    for word in words {
        if !is_trusted(client, trusted) {
            break;
        }
        match address(word.trim()) {
            Some(ip) => client = ip,
            None => break,
        }
    }
    client
}

/// `192.0.2.1`, `192.0.2.1:4711` (Azure writes ports), `2001:db8::1`, `[2001:db8::1]`, `[2001:db8::1]:4711`.
fn address(word: &str) -> Option<IpAddr> {
    let bracketed = || word.strip_prefix('[')?.strip_suffix(']')?.parse::<Ipv6Addr>().ok().map(IpAddr::V6);
    let with_port = || word.parse::<SocketAddr>().ok().map(|address| address.ip());
    word.parse().ok().or_else(bracketed).or_else(with_port).map(|ip: IpAddr| ip.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is checked, the TCP peer, the header lines, the client. Trusted: 10.0.0.0/8, ::1, 2001:db8:1::/48.
    const WALKS: &[(&str, &str, &[&str], &str)] = &[
        ("no proxy", "192.0.2.9", &[], "192.0.2.9"),
        ("an untrusted peer lies", "192.0.2.9", &["10.1.1.1"], "192.0.2.9"),
        ("an untrusted peer claims to be local", "192.0.2.9", &["127.0.0.1"], "192.0.2.9"),
        ("a trusted proxy says nothing", "10.0.0.1", &[], "10.0.0.1"),
        ("one proxy", "10.0.0.1", &["192.0.2.9"], "192.0.2.9"),
        ("the client made up what is on the left", "10.0.0.1", &["1.2.3.4, 192.0.2.9"], "192.0.2.9"),
        ("the client made up a trusted address", "10.0.0.1", &["10.9.9.9, 192.0.2.9"], "192.0.2.9"),
        ("two proxies", "10.0.0.1", &["192.0.2.9, 10.0.0.2"], "192.0.2.9"),
        ("two proxies and a lie", "10.0.0.1", &["8.8.8.8, 192.0.2.9, 10.0.0.2"], "192.0.2.9"),
        ("two lines are one list", "10.0.0.1", &["8.8.8.8, 192.0.2.9", "10.0.0.2"], "192.0.2.9"),
        ("the order of the lines counts", "10.0.0.1", &["10.0.0.2", "192.0.2.9"], "192.0.2.9"),
        ("all are trusted: the leftmost", "10.0.0.1", &["10.0.0.3, 10.0.0.2"], "10.0.0.3"),
        ("garbage stops the walk", "10.0.0.1", &["192.0.2.9, <script>, 10.0.0.2"], "10.0.0.2"),
        ("garbage at the right", "10.0.0.1", &["192.0.2.9, unknown"], "10.0.0.1"),
        ("an empty word stops too", "10.0.0.1", &["192.0.2.9, "], "10.0.0.1"),
        ("an empty header", "10.0.0.1", &[""], "10.0.0.1"),
        ("no blanks", "10.0.0.1", &["192.0.2.9,10.0.0.2"], "192.0.2.9"),
        ("a port", "10.0.0.1", &["192.0.2.9:50123"], "192.0.2.9"),
        ("ipv6", "::1", &["2001:db8::9, 2001:db8:1::2"], "2001:db8::9"),
        ("ipv6 in brackets", "::1", &["[2001:db8::9]"], "2001:db8::9"),
        ("ipv6 with a port", "::1", &["[2001:db8::9]:443"], "2001:db8::9"),
        ("a mapped peer is trusted as ipv4", "::ffff:10.0.0.1", &["192.0.2.9"], "192.0.2.9"),
        ("a mapped client is ipv4", "10.0.0.1", &["::ffff:192.0.2.9"], "192.0.2.9"),
        ("a mapped proxy is skipped", "10.0.0.1", &["192.0.2.9, ::ffff:10.0.0.2"], "192.0.2.9"),
        ("a number is not an address", "10.0.0.1", &["3221225985"], "10.0.0.1"),
    ];

    #[test]
    fn the_client_is_the_first_untrusted_address_from_the_right() {
        let trusted = ["10.0.0.0/8", "::1/128", "2001:db8:1::/48"].map(|net| net.parse().expect("a network"));
        for (what, peer, lines, client) in WALKS {
            let mut headers = HeaderMap::new();
            for line in *lines {
                headers.append(X_FORWARDED_FOR, line.parse().expect("a header"));
            }
            let found = super::client(peer.parse().expect("an address"), &headers, &trusted);
            assert_eq!(found.to_string(), *client, "{what}");
        }
    }

    #[test]
    fn bytes_that_are_not_text_stop_the_walk() {
        let mut headers = HeaderMap::new();
        headers.append(X_FORWARDED_FOR, "192.0.2.9".parse().expect("a header"));
        headers.append(X_FORWARDED_FOR, http::HeaderValue::from_bytes(b"\xff").expect("a header"));
        let trusted = ["10.0.0.0/8".parse().expect("a network")];
        assert_eq!(super::client([10, 0, 0, 1].into(), &headers, &trusted), IpAddr::from([10, 0, 0, 1]));
    }

    #[test]
    fn a_mark_of_any_proxy_is_seen() {
        let mut headers = HeaderMap::new();
        assert_eq!(passed_on(&headers), None);
        headers.insert("X-Real-IP", "127.0.0.1".parse().expect("a header"));
        assert_eq!(passed_on(&headers), Some(HeaderName::from_static("x-real-ip")));
    }
}
