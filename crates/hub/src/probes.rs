//! What arrived of requests that a page makes to find out what a proxy lets through. A browser does not tell its page why a
//! WebSocket was refused; the page asks here, under a name of its own invention, what became of it on the way.
//!
//! Bound: [`MOST`] of them, the oldest goes first; nothing is held but a few short headers.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use http::header::{CONNECTION, HOST, HeaderName, UPGRADE, VIA};
use http::{HeaderMap, Version};
use serde::Serialize;
use utoipa::ToSchema;

const MOST: usize = 64;
/// Characters of one header that are told.
const LONGEST: usize = 200;
/// The longest name of a probe.
pub(crate) const LONGEST_NAME: usize = 64;

/// What a request looked like when it arrived.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct Arrived {
    /// `HTTP/1.1`, or `HTTP/1.0`, over which no WebSocket comes about.
    version: String,
    #[schema(required)]
    host: Option<String>,
    #[schema(required)]
    upgrade: Option<String>,
    #[schema(required)]
    connection: Option<String>,
    #[schema(required)]
    forwarded_for: Option<String>,
    #[schema(required)]
    forwarded_proto: Option<String>,
    #[schema(required)]
    via: Option<String>,
}

impl Arrived {
    pub(crate) fn of(version: Version, headers: &HeaderMap) -> Self {
        let text = |name: HeaderName| {
            let lines: Vec<_> =
                headers.get_all(name).iter().map(|line| String::from_utf8_lossy(line.as_bytes())).collect();
            (!lines.is_empty()).then(|| lines.join(", ").chars().take(LONGEST).collect())
        };
        Arrived {
            version: format!("{version:?}"),
            host: text(HOST),
            upgrade: text(UPGRADE),
            connection: text(CONNECTION),
            forwarded_for: text(HeaderName::from_static("x-forwarded-for")),
            forwarded_proto: text(HeaderName::from_static("x-forwarded-proto")),
            via: text(VIA),
        }
    }
}

/// The latest of them, by name.
#[derive(Debug, Default)]
pub(crate) struct Probes(Mutex<VecDeque<(String, Arrived)>>);

impl Probes {
    pub(crate) fn note(&self, name: String, arrived: Arrived) {
        let mut all = self.lock();
        all.retain(|(known, _)| *known != name);
        all.push_back((name, arrived));
        if all.len() > MOST {
            all.pop_front();
        }
    }

    pub(crate) fn find(&self, name: &str) -> Option<Arrived> {
        self.lock().iter().find(|(known, _)| known == name).map(|(_, arrived)| arrived.clone())
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<(String, Arrived)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
