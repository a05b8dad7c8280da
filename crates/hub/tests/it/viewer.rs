//! A viewer on a WebSocket, as a browser (JSON) or the command line (CBOR) is one.

use std::collections::VecDeque;
use std::net::SocketAddr;

use futures_util::{SinkExt as _, StreamExt as _};
use http::header::SEC_WEBSOCKET_PROTOCOL;
use http::{HeaderName, HeaderValue, Uri};
use serde::Deserialize;
use tailcast_wire::Live;
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;
use tokio_websockets::{ClientBuilder, Limits, Message, WebSocketStream};

use crate::world::PATIENCE;

/// What a client that does not read takes in all the same, in bytes: small, so that slowness shows early.
const RECEIVE: u32 = 16 << 10;

/// One line.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Line {
    pub(crate) position: String,
    pub(crate) offset: u64,
    pub(crate) time: Option<String>,
    pub(crate) level: Option<String>,
    pub(crate) text: String,
    #[serde(default)]
    pub(crate) bytes: Option<String>,
    #[serde(default)]
    pub(crate) cut: Option<u64>,
    #[serde(default)]
    pub(crate) cr: bool,
}

/// One event of a live view.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct Event {
    #[serde(rename = "type")]
    pub(crate) kind: String,
    pub(crate) log: Option<String>,
    pub(crate) position: Option<String>,
    #[serde(default)]
    pub(crate) lines: Vec<Line>,
    #[serde(default)]
    pub(crate) words: String,
    pub(crate) from: Option<String>,
    pub(crate) to: Option<String>,
    pub(crate) bytes: Option<u64>,
    pub(crate) why: Option<String>,
    pub(crate) offset: Option<u64>,
    pub(crate) behind: Option<u64>,
}

impl Event {
    /// How far the log is known, of an edge: `offset` is where it ends on the disk.
    pub(crate) fn known_up_to(&self) -> Option<u64> {
        Some(self.offset? - self.behind?)
    }
}

/// A viewer.
pub(crate) struct Viewer {
    socket: WebSocketStream<TcpStream>,
    /// Lines that came in one event with those that were asked for.
    lines: VecDeque<Line>,
    /// What was told between the lines, edges left out.
    pub(crate) told: Vec<Event>,
    /// Where to come again.
    pub(crate) position: Option<String>,
}

impl Viewer {
    /// Speaks JSON.
    pub(crate) async fn open(address: SocketAddr, query: &str) -> Self {
        Self::speaking("tailcast.v1.json", address, query).await
    }

    /// Speaks CBOR; read with [`Viewer::live`].
    pub(crate) async fn open_cbor(address: SocketAddr, query: &str) -> Self {
        Self::speaking("tailcast.v1.cbor", address, query).await
    }

    async fn speaking(protocol: &'static str, address: SocketAddr, query: &str) -> Self {
        let socket = connect(protocol, address, query).await.unwrap();
        Viewer { socket, lines: VecDeque::new(), told: Vec::new(), position: None }
    }

    /// The next message; `None` when the other side has ended.
    async fn message(&mut self) -> Option<Message> {
        loop {
            let next = timeout(PATIENCE, self.socket.next()).await;
            let next = next.unwrap_or_else(|_| panic!("nothing more came; told so far: {:?}", self.told));
            match next? {
                Ok(message) if message.is_text() || message.is_binary() => return Some(message),
                Ok(_) => (),
                Err(_) => return None,
            }
        }
    }

    /// The next event; `None` when the hub has ended.
    pub(crate) async fn event(&mut self) -> Option<Event> {
        let message = self.message().await?;
        let event: Event = serde_json::from_str(message.as_text().unwrap()).unwrap();
        self.position = event.position.clone().or_else(|| event.to.clone()).or_else(|| self.position.take());
        Some(event)
    }

    /// The next event in CBOR.
    pub(crate) async fn live(&mut self) -> Live {
        let message = self.message().await.unwrap();
        tailcast_wire::decode(message.as_payload()).unwrap().unwrap()
    }

    /// The next `count` lines. Panics when a line is said to be missing.
    pub(crate) async fn lines(&mut self, count: usize) -> Vec<Line> {
        self.patiently(async |viewer: &mut Self| {
            while viewer.lines.len() < count {
                viewer.more_lines().await;
            }
            viewer.lines.drain(..count).collect()
        })
        .await
    }

    /// The lines up to and with the one that says `text`. Panics when a line is said to be missing.
    pub(crate) async fn lines_until(&mut self, text: &str) -> Vec<Line> {
        self.patiently(async |viewer: &mut Self| {
            loop {
                if let Some(at) = viewer.lines.iter().position(|line| line.text == text) {
                    return viewer.lines.drain(..=at).collect();
                }
                viewer.more_lines().await;
            }
        })
        .await
    }

    /// Edges come each second, so that waiting for one message does not end a wait for something else.
    async fn patiently<T>(&mut self, wait: impl AsyncFnOnce(&mut Self) -> T) -> T {
        match timeout(PATIENCE, wait(self)).await {
            Ok(came) => came,
            Err(_) => panic!("never; lines: {:?}, told: {:?}", self.lines, self.told),
        }
    }

    async fn more_lines(&mut self) {
        let event = self.event().await.unwrap_or_else(|| panic!("the hub has ended; told so far: {:?}", self.told));
        match event.kind.as_str() {
            "lines" => self.lines.extend(event.lines),
            "gap" | "lost" | "error" => panic!("{event:?}"),
            "edge" => (),
            _ => self.told.push(event),
        }
    }

    /// The next event of a kind, among those told already too. Lines on the way are kept.
    pub(crate) async fn told(&mut self, kind: &str) -> Event {
        self.patiently(async |viewer: &mut Self| {
            loop {
                if let Some(at) = viewer.told.iter().position(|event| event.kind == kind) {
                    return viewer.told.remove(at);
                }
                let event = viewer.event().await.unwrap_or_else(|| panic!("the hub has ended before {kind}"));
                match event.kind.as_str() {
                    "lines" => viewer.lines.extend(event.lines),
                    "edge" if kind != "edge" => (),
                    _ => viewer.told.push(event),
                }
            }
        })
        .await
    }

    /// Says something, as the page does.
    pub(crate) async fn say(&mut self, command: &serde_json::Value) {
        self.socket.send(Message::text(command.to_string())).await.unwrap();
    }
}

/// A bare WebSocket on a live view.
pub(crate) async fn connect(
    protocol: &'static str,
    address: SocketAddr,
    query: &str,
) -> Result<WebSocketStream<TcpStream>, tokio_websockets::Error> {
    connect_as(None, protocol, address, query).await
}

/// The same, with one more header that says who asks.
pub(crate) async fn connect_as(
    who: Option<(HeaderName, &str)>,
    protocol: &'static str,
    address: SocketAddr,
    query: &str,
) -> Result<WebSocketStream<TcpStream>, tokio_websockets::Error> {
    let uri: Uri = format!("ws://{address}/api/v1/live?{query}").parse().unwrap();
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(RECEIVE).unwrap();
    let mut builder = ClientBuilder::from_uri(uri)
        .limits(Limits::unlimited())
        .add_header(SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(protocol))?;
    if let Some((name, value)) = who {
        builder = builder.add_header(name, value.parse().unwrap())?;
    }
    let stream = socket.connect(address).await?;
    let (socket, _) = timeout(PATIENCE, builder.connect_on(stream)).await.unwrap_or_else(|_| panic!("no answer"))?;
    Ok(socket)
}
