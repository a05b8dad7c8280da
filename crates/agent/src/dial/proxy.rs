//! Through an HTTP proxy by CONNECT (RFC 9110 §9.3.6), for hosts that have no other way out. The proxy sees a tunnel,
//! never a token or a line, when the hub is reached by https.

use std::net::IpAddr;
use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::percent_decode_str;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use url::Url;

use super::PATIENCE;
use super::error::DialError;
use super::happy;
use super::url::{HubUrl, UrlError};

/// The most bytes a proxy's answer may have; an honest one has a few hundred.
const MAX_ANSWER: usize = 8 << 10;

/// A proxy, as `HTTPS_PROXY` names one. Not printed with its password.
#[derive(Clone, PartialEq, Eq)]
pub struct ProxyUrl {
    host: String,
    port: u16,
    /// Ready for the header.
    credentials: Option<String>,
}

impl FromStr for ProxyUrl {
    type Err = UrlError;

    /// `http://[USER:PASSWORD@]HOST[:PORT]`, or without the scheme as curl takes it.
    fn from_str(text: &str) -> Result<Self, UrlError> {
        let whole = if text.contains("://") { text.to_owned() } else { format!("http://{text}") };
        let not_a_url = |why: &str| UrlError::NotAUrl { text: "the proxy".to_owned(), why: why.to_owned() };
        let url = Url::parse(&whole).map_err(|e| not_a_url(&e.to_string()))?;
        if url.scheme() != "http" {
            return Err(UrlError::Scheme(format!("a proxy of {}", url.scheme())));
        }
        let host = url.host_str().ok_or_else(|| not_a_url("it names no host"))?;
        let credentials = (!url.username().is_empty()).then(|| {
            let decoded = |part: &str| percent_decode_str(part).collect::<Vec<u8>>();
            let mut pair = decoded(url.username());
            pair.push(b':');
            pair.extend(decoded(url.password().unwrap_or_default()));
            format!("Basic {}", STANDARD.encode(pair))
        });
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        Ok(ProxyUrl { host, port: url.port().unwrap_or(80), credentials })
    }
}

impl std::fmt::Debug for ProxyUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.host, self.port)
    }
}

/// A tunnel through `proxy` to `hub`.
pub(super) async fn tunnel(proxy: &ProxyUrl, hub: &HubUrl) -> Result<TcpStream, DialError> {
    let shown = format!("{proxy:?}");
    let failed = |said: String| DialError::Proxy { proxy: shown.clone(), host: hub.host_and_port(), said };
    let mut tcp = happy::connect(&proxy.host, proxy.port).await?;
    let late = DialError::Late { what: "the proxy", host: shown.clone() };
    let status = timeout(PATIENCE, ask(&mut tcp, proxy, hub)).await.map_err(|_| late)?;
    match status.map_err(|e| failed(e.to_string()))? {
        line if is_success(&line) => Ok(tcp),
        line => Err(failed(line)),
    }
}

/// Asks for the tunnel and returns the status line.
async fn ask(tcp: &mut TcpStream, proxy: &ProxyUrl, hub: &HubUrl) -> std::io::Result<String> {
    let target = hub.host_and_port();
    let mut request = format!("CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n");
    if let Some(credentials) = &proxy.credentials {
        request.push_str(&format!("Proxy-Authorization: {credentials}\r\n"));
    }
    request.push_str("\r\n");
    tcp.write_all(request.as_bytes()).await?;
    let mut answer = Vec::with_capacity(256);
    while !answer.ends_with(b"\r\n\r\n") && answer.len() < MAX_ANSWER {
        // Byte by byte, so that nothing of what comes through the tunnel is taken; it happens once per connection.
        answer.push(tcp.read_u8().await?);
    }
    let line = answer.split(|byte| *byte == b'\r').next().unwrap_or_default();
    Ok(String::from_utf8_lossy(line).into_owned())
}

/// Whether a status line is one of the 2xx that open the tunnel.
fn is_success(line: &str) -> bool {
    line.starts_with("HTTP/1.") && line.split(' ').nth(1).is_some_and(|code| code.len() == 3 && code.starts_with('2'))
}

/// Which hosts are reached without the proxy, as `NO_PROXY` lists them.
#[derive(Debug, Clone, Default)]
pub struct NoProxy(Vec<String>);

impl NoProxy {
    /// Reads `a.example,.example.com,10.0.0.1,*`: names with what ends in them, addresses, or `*` for all.
    pub fn parse(list: &str) -> Self {
        let words = list.split([',', ' ']).map(|word| word.trim_start_matches('.').to_ascii_lowercase());
        NoProxy(words.filter(|word| !word.is_empty()).collect())
    }

    /// Whether `hub` is reached without a proxy. What is on this machine always is.
    pub fn covers(&self, hub: &HubUrl) -> bool {
        let host = hub.host().to_ascii_lowercase();
        let here = host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback());
        here || self.0.iter().any(|word| word == "*" || within(&host, word))
    }
}

/// Whether `host` is `domain` or lies in it.
fn within(host: &str, domain: &str) -> bool {
    host.strip_suffix(domain).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::net::TcpListener;

    #[test]
    fn no_proxy_means_the_name_and_what_lies_in_it() {
        let no_proxy = NoProxy::parse("example.com, .internal,10.0.0.7");
        for (hub, direct) in [
            ("https://example.com", true),
            ("https://a.example.com", true),
            ("https://notexample.com", false),
            ("https://hub.internal", true),
            ("http://10.0.0.7:8514", true),
            ("http://10.0.0.71:8514", false),
            ("http://localhost:8514", true),
            ("http://[::1]:8514", true),
        ] {
            assert_eq!(no_proxy.covers(&hub.parse().unwrap()), direct, "{hub}");
        }
        assert!(NoProxy::parse("*").covers(&"https://anything".parse().unwrap()));
    }

    #[test]
    fn a_proxys_password_is_not_printed() {
        let proxy: ProxyUrl = "http://me:s%40cret@proxy:3128".parse().unwrap();
        assert_eq!(format!("{proxy:?}"), "proxy:3128");
        assert_eq!(proxy.credentials.as_deref(), Some("Basic bWU6c0BjcmV0"));
    }

    #[tokio::test]
    async fn what_the_proxy_refuses_is_told_with_its_own_words() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let proxy: ProxyUrl = listener.local_addr().unwrap().to_string().parse().unwrap();
        let served = tokio::spawn(async move {
            let (mut peer, _) = listener.accept().await.unwrap();
            let mut request = vec![0; 512];
            let n = peer.read(&mut request).await.unwrap();
            peer.write_all(b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n").await.unwrap();
            String::from_utf8(request[..n].to_vec()).unwrap()
        });
        let error = tunnel(&proxy, &"https://hub.example".parse().unwrap()).await.unwrap_err();
        assert!(error.to_string().contains("407 Proxy Authentication Required"), "{error}");
        assert!(served.await.unwrap().starts_with("CONNECT hub.example:443 HTTP/1.1\r\nHost: hub.example:443\r\n"));
    }
}
