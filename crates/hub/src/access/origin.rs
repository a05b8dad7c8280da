//! Under which name a request came, and which page sent it.
//!
//! A browser lends its user's standing (loopback, cookie, login of the proxy) to any page. Two checks take it back:
//! * **Host.** A foreign page can make its own name point at us (DNS rebinding); it cannot make the browser send
//!   another name. An IP literal or `localhost` needs no DNS, so it passes with any port (tunnels and containers
//!   change ports); of names only that of `public_url`.
//! * **Origin.** What changes something, and each WebSocket, must come from our own page. Browsers say so in `Origin`
//!   and `Sec-Fetch-Site`; programs send neither and are fine, since nobody can make them ask.
//!
//! A bearer token needs no Host check: no page can make a browser send one.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};
use std::str::FromStr;

use http::uri::{Authority, Scheme};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Uri, header};

/// Fetch Metadata (W3C): `same-origin`, `same-site`, `cross-site` or `none` (typed or bookmarked).
const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
/// Fetch Metadata: `navigate` when a person follows a link.
const SEC_FETCH_MODE: HeaderName = HeaderName::from_static("sec-fetch-mode");

/// Where people reach the hub from outside: the one further Host and Origin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicUrl {
    scheme: Scheme,
    authority: Authority,
}

impl PublicUrl {
    /// Whether cookies may be bound to TLS.
    #[must_use]
    pub fn is_https(&self) -> bool {
        self.scheme == Scheme::HTTPS
    }
}

/// A `public_url` that cannot be one.
#[derive(Debug, thiserror::Error)]
#[error("{0:?} is no public URL: write it like https://logs.example.org")]
pub struct NotPublicUrl(String);

impl FromStr for PublicUrl {
    type Err = NotPublicUrl;

    /// `https://logs.example.org/base`; the path is the base path's business and is not kept here.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let refused = || NotPublicUrl(text.to_owned());
        let parts = text.parse::<Uri>().map_err(|_| refused())?.into_parts();
        match (parts.scheme, parts.authority) {
            (Some(scheme), Some(authority)) if is_web(&scheme) && !authority.as_str().contains('@') => {
                Ok(Self { scheme, authority })
            }
            _ => Err(refused()),
        }
    }
}

fn is_web(scheme: &Scheme) -> bool {
    *scheme == Scheme::HTTP || *scheme == Scheme::HTTPS
}

/// The name under which a request came, when it is one of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Host {
    /// `localhost` or a loopback address: said by somebody on this machine, or at the end of a tunnel to it.
    Loopback,
    /// Another IP address, written as digits.
    Literal,
    /// The name in `public_url`: said by somebody outside, so through a proxy or the network.
    Public,
}

/// A name that is not ours, or none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ForeignHost(pub(super) Option<String>);

impl fmt::Display for ForeignHost {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Some(name) => write!(to, "the name {name:?}"),
            None => write!(to, "no name, or more than one"),
        }
    }
}

/// Tells which of our names the request came under.
pub(super) fn host(uri: &Uri, headers: &HeaderMap, public: Option<&PublicUrl>) -> Result<Host, ForeignHost> {
    let authority = authority(uri, headers).ok_or(ForeignHost(None))?;
    let name = authority.host();
    if let Some(ip) = literal(name) {
        return Ok(if ip.to_canonical().is_loopback() { Host::Loopback } else { Host::Literal });
    }
    if name.eq_ignore_ascii_case("localhost") {
        return Ok(Host::Loopback);
    }
    match public {
        Some(public) if name.eq_ignore_ascii_case(public.authority.host()) => Ok(Host::Public),
        _ => Err(ForeignHost(Some(name.to_owned()))),
    }
}

/// An absolute request target wins over the header (RFC 9112, section 3.2.2); two headers are none.
fn authority(uri: &Uri, headers: &HeaderMap) -> Option<Authority> {
    if let Some(authority) = uri.authority() {
        return Some(authority.clone());
    }
    let mut lines = headers.get_all(header::HOST).iter();
    match (lines.next(), lines.next()) {
        (Some(line), None) => Authority::try_from(line.as_bytes()).ok(),
        _ => None,
    }
}

fn literal(name: &str) -> Option<IpAddr> {
    let bracketed = || name.strip_prefix('[')?.strip_suffix(']')?.parse::<Ipv6Addr>().ok().map(IpAddr::V6);
    name.parse().ok().or_else(bracketed)
}

/// Whether a request must prove that our own page sent it: it changes something, or opens a WebSocket.
pub(super) fn must_be_ours(method: &Method, headers: &HeaderMap) -> bool {
    !method.is_safe() || headers.get(header::UPGRADE).is_some_and(|to| contains(to, b"websocket"))
}

fn contains(value: &HeaderValue, word: &[u8]) -> bool {
    value.as_bytes().split(|&byte| byte == b',').any(|item| item.trim_ascii().eq_ignore_ascii_case(word))
}

/// Whether the page that sent the request is ours, as far as a browser tells; a program that tells nothing is.
pub(super) fn page_is_ours(uri: &Uri, headers: &HeaderMap, public: Option<&PublicUrl>) -> bool {
    let site_is_ours = match headers.get(SEC_FETCH_SITE) {
        Some(site) => site == "same-origin" || site == "none",
        None => true,
    };
    let mut origins = headers.get_all(header::ORIGIN).iter();
    let origin_is_ours = match (origins.next(), origins.next()) {
        (None, _) => true,
        (Some(origin), None) => is_our_origin(origin, uri, headers, public),
        (Some(_), Some(_)) => false,
    };
    site_is_ours && origin_is_ours
}

/// Whether a foreign page loads this in the background (an image, a script, a fetch without reading). It could not
/// read it, but each such request would hold a view open. A link that a person follows is not meant.
pub(super) fn is_foreign_subresource(headers: &HeaderMap) -> bool {
    let foreign = headers.get(SEC_FETCH_SITE).is_some_and(|site| site == "cross-site" || site == "same-site");
    foreign && headers.get(SEC_FETCH_MODE).is_none_or(|mode| mode != "navigate")
}

fn is_our_origin(origin: &HeaderValue, uri: &Uri, headers: &HeaderMap, public: Option<&PublicUrl>) -> bool {
    // "null", of a sandboxed page or a file, is no URL and fails here.
    let Some(origin) = origin.to_str().ok().and_then(|text| text.parse::<PublicUrl>().ok()) else {
        return false;
    };
    let port = |authority: &Authority| authority.port_u16().or(default_port(&origin.scheme));
    let same = |ours: &Authority| {
        ours.host().eq_ignore_ascii_case(origin.authority.host()) && port(ours) == port(&origin.authority)
    };
    // The scheme that the browser used is not known behind a proxy that ends TLS; name and port are.
    authority(uri, headers).is_some_and(|ours| same(&ours))
        || public.is_some_and(|public| public.scheme == origin.scheme && same(&public.authority))
}

fn default_port(scheme: &Scheme) -> Option<u16> {
    Some(if *scheme == Scheme::HTTPS { 443 } else { 80 })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(lines: &[(&'static str, &str)]) -> HeaderMap {
        lines.iter().map(|(name, value)| (HeaderName::from_static(name), value.parse().expect("a header"))).collect()
    }

    fn public() -> PublicUrl {
        "https://logs.example.org/tailcast".parse().expect("a URL")
    }

    fn named(host: &str) -> Result<Host, ForeignHost> {
        super::host(&Uri::from_static("/api/v1/logs"), &headers(&[("host", host)]), Some(&public()))
    }

    #[test]
    fn literals_localhost_and_the_public_name_are_ours_whatever_the_port() {
        assert_eq!(named("127.0.0.1:8514"), Ok(Host::Loopback));
        assert_eq!(named("[::1]:9999"), Ok(Host::Loopback));
        assert_eq!(named("LocalHost"), Ok(Host::Loopback));
        assert_eq!(named("192.0.2.1:8514"), Ok(Host::Literal));
        assert_eq!(named("[2001:db8::1]"), Ok(Host::Literal));
        assert_eq!(named("LOGS.example.org:443"), Ok(Host::Public));
    }

    #[test]
    fn names_that_anybody_can_point_at_us_are_not_ours() {
        for foreign in
            ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example", "logs.example.org.evil.example"]
        {
            assert_eq!(named(foreign), Err(ForeignHost(Some(foreign.to_owned()))));
        }
        assert!(named("a b").is_err());
        assert!(named("").is_err());
    }

    #[test]
    fn no_name_and_two_names_are_none() {
        let uri = Uri::from_static("/");
        assert_eq!(host(&uri, &headers(&[]), None), Err(ForeignHost(None)));
        let mut two = headers(&[("host", "localhost")]);
        two.append(header::HOST, HeaderValue::from_static("evil.example"));
        assert_eq!(host(&uri, &two, None), Err(ForeignHost(None)));
    }

    #[test]
    fn an_absolute_target_wins_over_the_header() {
        let uri = Uri::from_static("http://evil.example/api");
        assert!(host(&uri, &headers(&[("host", "localhost")]), None).is_err());
    }

    /// Host, Origin, Sec-Fetch-Site, whether our own page sent it.
    const PAGES: &[(&str, Option<&str>, Option<&str>, bool)] = &[
        ("localhost:8514", None, None, true),
        ("localhost:8514", Some("http://localhost:8514"), Some("same-origin"), true),
        ("localhost:8514", Some("http://localhost:9999"), None, false),
        ("localhost:8514", Some("http://127.0.0.1:8514"), None, false),
        ("localhost:8514", Some("http://evil.example"), None, false),
        ("localhost:8514", Some("null"), None, false),
        ("localhost:8514", Some("file://"), None, false),
        ("localhost:8514", None, Some("cross-site"), false),
        ("localhost:8514", None, Some("same-site"), false),
        ("localhost:8514", None, Some("none"), true),
        ("localhost:8514", Some("http://localhost:8514"), Some("cross-site"), false),
        ("127.0.0.1:8514", Some("https://logs.example.org"), None, true),
        ("127.0.0.1:8514", Some("http://logs.example.org"), None, false),
        ("127.0.0.1:8514", Some("https://logs.example.org:8443"), None, false),
        ("logs.example.org", Some("https://logs.example.org"), Some("same-origin"), true),
        ("logs.example.org", Some("https://user@logs.example.org"), None, false),
    ];

    #[test]
    fn only_our_own_page_and_programs_may_change_something() {
        let uri = Uri::from_static("/api/v1/push");
        for (host, origin, site, ours) in PAGES {
            let mut sent = headers(&[("host", host)]);
            origin.map(|origin| sent.insert(header::ORIGIN, origin.parse().expect("a header")));
            site.map(|site| sent.insert(SEC_FETCH_SITE, site.parse().expect("a header")));
            assert_eq!(page_is_ours(&uri, &sent, Some(&public())), *ours, "{host} {origin:?} {site:?}");
        }
    }

    #[test]
    fn a_websocket_must_prove_its_page_and_a_plain_read_need_not() {
        assert!(must_be_ours(&Method::GET, &headers(&[("upgrade", "h2c, WebSocket")])));
        assert!(must_be_ours(&Method::POST, &headers(&[])));
        assert!(!must_be_ours(&Method::GET, &headers(&[])));
    }

    #[test]
    fn a_foreign_page_may_link_to_us_and_not_load_from_us() {
        assert!(is_foreign_subresource(&headers(&[("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "no-cors")])));
        assert!(!is_foreign_subresource(&headers(&[("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "navigate")])));
        assert!(!is_foreign_subresource(&headers(&[("sec-fetch-site", "same-origin"), ("sec-fetch-mode", "cors")])));
        assert!(!is_foreign_subresource(&headers(&[])));
    }

    #[test]
    fn a_public_url_is_an_address_of_the_web() {
        assert!(public().is_https());
        for wrong in ["logs.example.org", "ftp://logs.example.org", "https://", "https://me@logs.example.org", ""] {
            assert!(wrong.parse::<PublicUrl>().is_err(), "{wrong:?}");
        }
    }
}
