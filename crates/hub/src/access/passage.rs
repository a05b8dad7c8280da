//! How a request came through: what the gate would think of its name, its page and whoever passed it on. For the page that
//! tells an administrator what a proxy in front leaves out; it lets nobody in.

use http::{HeaderValue, header};

use super::{Access, Asked, Peer, client_ip, origin, ways_in::passed_on};

/// What can be told of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Passage {
    /// Whether the name that it came under is one of ours.
    pub(crate) host_known: bool,
    /// Whether a page of the asked origin may change something here, and open a WebSocket.
    pub(crate) origin_known: Option<bool>,
    /// Whether the other end of the connection is a proxy that is believed.
    pub(crate) trusted: bool,
    /// The mark that somebody left who passed it on: a header, or the version.
    pub(crate) passed_on: Option<String>,
}

impl Access {
    /// `page`: the origin of the page, as its browser calls it.
    pub(crate) fn passage(&self, asked: Asked<'_>, peer: &Peer, page: Option<&str>) -> Passage {
        Passage {
            host_known: self.host(asked).is_ok(),
            origin_known: page.map(|page| self.page_would_be_ours(asked, page)),
            trusted: client_ip::is_trusted(peer.remote().ip(), &self.config.trusted_proxies),
            passed_on: passed_on(asked),
        }
    }

    fn page_would_be_ours(&self, asked: Asked<'_>, page: &str) -> bool {
        let Ok(page) = HeaderValue::try_from(page) else { return false };
        let mut headers = asked.headers.clone();
        headers.insert(header::ORIGIN, page);
        origin::page_is_ours(asked.uri, &headers, self.config.public_url.as_ref())
    }
}
