//! Where a hub is: `http(s)://HOST[:PORT][/BASE/PATH]`, with `ws` and `wss` taken for what they mean.

use std::fmt;
use std::str::FromStr;

use http::Uri;
use url::Url;

/// Whether the way is encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scheme {
    /// Plain HTTP.
    Http,
    /// HTTP under TLS.
    Https,
}

/// Why a text is not the address of a hub.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UrlError {
    /// No URL at all.
    #[error("`{text}` is no address of a hub ({why}): write it as http://HOST:8514 or https://HOST/base/path")]
    NotAUrl {
        /// What was given.
        text: String,
        /// What the parser found.
        why: String,
    },
    /// Of a kind that no hub speaks.
    #[error("a hub is reached by http:// or https://, not by {0}://")]
    Scheme(String),
    /// With a secret in it, which would show in process lists and logs.
    #[error("the address of a hub holds no user and no password: put a token into a file and name it by --token-file")]
    Userinfo,
    /// With a query or a fragment.
    #[error("the address of a hub ends with its base path: take away what begins with `?` or `#`")]
    Tail,
}

/// The address of a hub.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct HubUrl {
    scheme: Scheme,
    /// A name or an address; IPv6 without its brackets.
    host: String,
    port: u16,
    /// Empty, or with a `/` in front and none behind.
    base: String,
}

impl HubUrl {
    /// Whether the way is encrypted.
    pub fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// A name or an address, IPv6 without brackets: as it is resolved, and as a certificate must name it.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port, given or meant.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// `HOST` or `HOST:PORT`, IPv6 in brackets: the `Host` header. The port is left out where it is the scheme's own.
    pub fn authority(&self) -> String {
        match self.port == self.scheme.default_port() {
            true => self.bracketed(),
            false => self.host_and_port(),
        }
    }

    /// `HOST:PORT`, IPv6 in brackets: what a proxy is asked for.
    pub(crate) fn host_and_port(&self) -> String {
        format!("{}:{}", self.bracketed(), self.port)
    }

    /// The path of a request: the base path, and `path` (with its query, without a `/` in front) under it.
    pub fn path(&self, path: &str) -> String {
        format!("{}/{path}", self.base)
    }

    /// The same as a whole URI; `None` when `path` cannot stand in one.
    pub(crate) fn uri(&self, path: &str) -> Option<Uri> {
        let scheme = self.scheme.name();
        Uri::builder().scheme(scheme).authority(self.authority()).path_and_query(self.path(path)).build().ok()
    }

    fn bracketed(&self) -> String {
        match self.host.contains(':') {
            true => format!("[{}]", self.host),
            false => self.host.clone(),
        }
    }
}

impl Scheme {
    /// As it is written in front of `://`.
    pub const fn name(self) -> &'static str {
        match self {
            Scheme::Http => "http",
            Scheme::Https => "https",
        }
    }

    const fn default_port(self) -> u16 {
        match self {
            Scheme::Http => 80,
            Scheme::Https => 443,
        }
    }
}

impl FromStr for HubUrl {
    type Err = UrlError;

    fn from_str(text: &str) -> Result<Self, UrlError> {
        let not_a_url = |why: &str| UrlError::NotAUrl { text: text.to_owned(), why: why.to_owned() };
        if !text.contains("://") {
            return Err(not_a_url("it does not begin with http:// or https://"));
        }
        let url = Url::parse(text).map_err(|e| not_a_url(&e.to_string()))?;
        let scheme = match url.scheme() {
            "http" | "ws" => Scheme::Http,
            "https" | "wss" => Scheme::Https,
            other => return Err(UrlError::Scheme(other.to_owned())),
        };
        if !url.username().is_empty() || url.password().is_some() {
            return Err(UrlError::Userinfo);
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(UrlError::Tail);
        }
        let host = url.host_str().ok_or_else(|| not_a_url("it names no host"))?;
        Ok(HubUrl {
            scheme,
            host: host.trim_start_matches('[').trim_end_matches(']').to_owned(),
            port: url.port_or_known_default().unwrap_or(scheme.default_port()),
            base: url.path().trim_end_matches('/').to_owned(),
        })
    }
}

impl fmt::Display for HubUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}{}", self.scheme.name(), self.authority(), self.base)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_written_as_it_was_meant() {
        for (given, shown) in [
            ("http://127.0.0.1:8514", "http://127.0.0.1:8514"),
            ("http://127.0.0.1:8514/", "http://127.0.0.1:8514"),
            ("https://logs.example.com", "https://logs.example.com"),
            ("https://logs.example.com:443/a/b/", "https://logs.example.com/a/b"),
            ("wss://logs.example.com", "https://logs.example.com"),
            ("ws://[::1]:8514/x", "http://[::1]:8514/x"),
        ] {
            assert_eq!(given.parse::<HubUrl>().unwrap().to_string(), shown);
        }
    }

    #[test]
    fn a_request_goes_under_the_base_path() {
        let hub: HubUrl = "https://[2001:db8::1]/tailcast/".parse().unwrap();
        assert_eq!(hub.path("api/v1/logs?limit=1"), "/tailcast/api/v1/logs?limit=1");
        assert_eq!((hub.host(), hub.port(), hub.authority().as_str()), ("2001:db8::1", 443, "[2001:db8::1]"));
        assert_eq!(hub.host_and_port(), "[2001:db8::1]:443");
        assert_eq!(hub.uri("api/v1/hosts").unwrap().to_string(), "https://[2001:db8::1]/tailcast/api/v1/hosts");
    }

    #[test]
    fn what_is_no_address_is_refused_with_what_to_write() {
        for text in [
            "",
            "hub",
            "hub:8514",
            "127.0.0.1:8514",
            "ftp://hub",
            "http://",
            "http://a:b@hub",
            "http://hub/?x",
            "http://hub/#x",
        ] {
            assert!(text.parse::<HubUrl>().is_err(), "{text:?} was taken for a hub");
        }
        assert!("hub:8514".parse::<HubUrl>().unwrap_err().to_string().contains("http://HOST:8514"));
    }
}
