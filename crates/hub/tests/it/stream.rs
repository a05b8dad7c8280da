//! A response that does not end: Server-Sent Events and plain text, read piece by piece.

use std::net::SocketAddr;

use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use tokio::time::timeout;

use crate::http;
use crate::viewer::Event;
use crate::world::PATIENCE;

/// One event of an event stream.
#[derive(Debug)]
pub(crate) struct Sent {
    /// What the next request says as `Last-Event-ID`.
    pub(crate) id: String,
    pub(crate) event: Event,
}

/// A body that is being read. Dropped, its connection closes.
pub(crate) struct Stream {
    body: Incoming,
    read: Vec<u8>,
}

/// How a body ended.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    /// With its last chunk.
    Whole,
    /// In the middle: the client knows that it has not got all.
    Broken,
}

impl Stream {
    pub(crate) async fn open(address: SocketAddr, path: &str, headers: &[(&str, &str)]) -> Self {
        let answer = http::open(address, path, headers).await;
        assert_eq!(answer.status(), 200, "{path}");
        Stream { body: answer.into_body(), read: Vec::new() }
    }

    /// The next event; comments are left out.
    pub(crate) async fn event(&mut self) -> Sent {
        loop {
            let text = self.paragraph().await;
            let field = |name: &str| text.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
            if let (Some(id), Some(data)) = (field("id:"), field("data:")) {
                return Sent { id: id.to_owned(), event: serde_json::from_str(data).unwrap() };
            }
        }
    }

    /// The next event or comment as it stands, without the empty line behind it.
    pub(crate) async fn paragraph(&mut self) -> String {
        self.text_until("\n\n").await.trim_end_matches('\n').to_owned()
    }

    /// All that comes up to and with `end`.
    pub(crate) async fn text_until(&mut self, end: &str) -> String {
        let mut searched = 0;
        loop {
            if let Some(at) = self.read[searched..].windows(end.len()).position(|part| part == end.as_bytes()) {
                let rest = self.read.split_off(searched + at + end.len());
                return String::from_utf8(std::mem::replace(&mut self.read, rest)).unwrap();
            }
            searched = self.read.len().saturating_sub(end.len());
            if let Err(ended) = self.more().await {
                panic!("{ended:?} before {end:?}; there was {:?}", String::from_utf8_lossy(&self.read));
            }
        }
    }

    /// All that is left, and how it ended.
    pub(crate) async fn rest(mut self) -> (String, Ended) {
        loop {
            if let Err(ended) = self.more().await {
                return (String::from_utf8(self.read).unwrap(), ended);
            }
        }
    }

    async fn more(&mut self) -> Result<(), Ended> {
        let frame = timeout(PATIENCE, self.body.frame()).await.unwrap_or_else(|_| {
            panic!("nothing more came; there was {:?}", String::from_utf8_lossy(&self.read));
        });
        match frame {
            Some(Ok(frame)) => self.read.extend_from_slice(frame.data_ref().unwrap()),
            Some(Err(_)) => return Err(Ended::Broken),
            None => return Err(Ended::Whole),
        }
        Ok(())
    }
}
