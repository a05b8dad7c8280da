//! Somebody who looks at a log: as a browser, as a program, as a page with EventSource, or as curl.

use std::collections::VecDeque;
use std::net::SocketAddr;

use futures_util::StreamExt;
use http::Request;
use http::header::{HeaderValue, SEC_WEBSOCKET_PROTOCOL};
use http_body_util::BodyExt;
use hyper::body::{Bytes, Incoming};
use serde_json::Value;
use tailcast_wire::{Body, Live, Place, Tiding};
use tokio::net::TcpStream;
use tokio_websockets::{ClientBuilder, WebSocketStream};

use super::client::{self, escaped};
use super::within;

/// How a log is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// WebSocket, JSON: browsers.
    Json,
    /// WebSocket, CBOR: the command line.
    Cbor,
    /// Server-Sent Events.
    Sse,
    /// Plain text: curl.
    Text,
}

/// One thing that a viewer is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Event {
    /// Lines, and where the next one starts; text has no positions.
    Lines(Vec<String>, Option<String>),
    /// The log is known up to here.
    Edge(Option<String>),
    /// Something happened: its name, and the words for a person.
    Told(String, String),
    /// Bytes that were not sent, from one position to another.
    Gap(String, String),
    /// Come again within so many milliseconds.
    Bye(u64),
}

/// How many of the last events a viewer remembers, to show them when its test fails.
const REMEMBERED: usize = 40;

/// An open view of one log, with all its lines: `policy=complete`.
pub(crate) struct Viewer {
    form: Form,
    connection: Connection,
    /// Lines that have come and were not taken.
    lines: VecDeque<String>,
    position: Option<String>,
    /// The last events that have come, for whoever has to find out why a test failed.
    seen: VecDeque<Event>,
}

enum Connection {
    Socket(Box<WebSocketStream<TcpStream>>),
    /// A response that does not end, and what of it is no whole event yet.
    Response(Incoming, Vec<u8>),
}

impl Viewer {
    /// Looks at `log`, from its last lines or from a position on.
    pub(super) async fn open(hub: SocketAddr, form: Form, log: &str, from: Option<&str>) -> Self {
        within("a view", Self::connect(hub, form, log, from)).await.unwrap_or_else(|words| panic!("no view: {words}"))
    }

    /// As [`Hub::view`](super::Hub::view), of a hub that may not be there.
    pub(crate) async fn connect(hub: SocketAddr, form: Form, log: &str, from: Option<&str>) -> Result<Self, String> {
        let from = from.map(|from| format!("&from={}", escaped(from))).unwrap_or_default();
        Self::ask(hub, form, &format!("log={}{from}&policy=complete", escaped(log))).await
    }

    /// A view of what a query says.
    pub(crate) async fn ask(hub: SocketAddr, form: Form, query: &str) -> Result<Self, String> {
        let path = format!("/api/v1/live?{query}");
        let connection = match form {
            Form::Json => socket(hub, &path, "tailcast.v1.json").await?,
            Form::Cbor => socket(hub, &path, "tailcast.v1.cbor").await?,
            Form::Sse => response(hub, Request::get(path).header("accept", "text/event-stream")).await?,
            Form::Text => response(hub, Request::get(path)).await?,
        };
        Ok(Viewer { form, connection, lines: VecDeque::new(), position: None, seen: VecDeque::new() })
    }

    /// The next line.
    pub(crate) async fn line(&mut self) -> String {
        let waiting = async {
            loop {
                if let Some(line) = self.lines.pop_front() {
                    return line;
                }
                match self.event().await {
                    Some(Event::Lines(lines, _)) => self.lines.extend(lines),
                    Some(_) => (),
                    None => panic!("the view ended while a line was waited for"),
                }
            }
        };
        within("a line", waiting).await
    }

    /// Waits for something that is told, and gives its words.
    pub(crate) async fn told(&mut self, kind: &str) -> String {
        let waiting = async {
            loop {
                match self.event().await {
                    Some(Event::Told(told, words)) if told == kind => return words,
                    Some(Event::Lines(lines, _)) => self.lines.extend(lines),
                    Some(_) => (),
                    None => panic!("the view ended while `{kind}` was waited for"),
                }
            }
        };
        within(kind, waiting).await
    }

    /// Waits until the agent says how far it follows the log.
    pub(crate) async fn edge(&mut self) {
        let waiting = async {
            loop {
                match self.event().await {
                    Some(Event::Edge(Some(_))) => return,
                    Some(Event::Lines(lines, _)) => self.lines.extend(lines),
                    Some(_) => (),
                    None => panic!("the view ended while an edge was waited for"),
                }
            }
        };
        within("an edge", waiting).await;
    }

    /// Where to go on behind all that has come.
    pub(crate) fn position(&self) -> &str {
        self.position.as_deref().expect("a position has come with the lines")
    }

    /// The next thing that is told; `None` when the view has ended.
    pub(crate) async fn event(&mut self) -> Option<Event> {
        loop {
            let event = match self.next_piece().await? {
                Piece::Json(bytes) => of_json(&serde_json::from_slice(&bytes).unwrap()),
                Piece::Cbor(bytes) => tailcast_wire::decode(&bytes).unwrap().and_then(of_live),
                Piece::Text(line) => Some(of_text(line)),
                Piece::Retry(within) => Some(Event::Bye(within)),
            };
            if let Some(Event::Lines(_, Some(position)) | Event::Edge(Some(position))) = &event {
                self.position = Some(position.clone());
            }
            if let Some(event) = event {
                self.remember(&event);
                return Some(event);
            }
        }
    }

    fn remember(&mut self, event: &Event) {
        if self.seen.len() == REMEMBERED {
            self.seen.pop_front();
        }
        self.seen.push_back(event.clone());
    }

    async fn next_piece(&mut self) -> Option<Piece> {
        match &mut self.connection {
            Connection::Socket(socket) => loop {
                let message = socket.next().await?.ok()?;
                let bytes = Bytes::copy_from_slice(message.as_payload());
                match self.form {
                    Form::Json if message.is_text() => return Some(Piece::Json(bytes)),
                    Form::Cbor if message.is_binary() => return Some(Piece::Cbor(bytes)),
                    _ => (),
                }
            },
            Connection::Response(body, rest) => loop {
                let piece = if self.form == Form::Sse { sse_piece(rest) } else { text_piece(rest) };
                if piece.is_some() {
                    return piece;
                }
                rest.extend_from_slice(&body.frame().await?.ok()?.into_data().ok()?);
            },
        }
    }
}

impl Drop for Viewer {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("--- a viewer ({:?}) saw at last:", self.form);
            self.seen.iter().for_each(|event| eprintln!("{event:?}"));
        }
    }
}

enum Piece {
    Json(Bytes),
    Cbor(Bytes),
    Text(String),
    Retry(u64),
}

async fn socket(hub: SocketAddr, path: &str, protocol: &'static str) -> Result<Connection, String> {
    let stream = TcpStream::connect(hub).await.map_err(|e| e.to_string())?;
    let uri = format!("ws://{hub}{path}").parse().map_err(|e: http::uri::InvalidUri| e.to_string())?;
    let builder = ClientBuilder::from_uri(uri).add_header(SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(protocol));
    let connecting = builder.map_err(|e| e.to_string())?.connect_on(stream).await;
    let (socket, _) = connecting.map_err(|e| e.to_string())?;
    Ok(Connection::Socket(Box::new(socket)))
}

async fn response(hub: SocketAddr, request: http::request::Builder) -> Result<Connection, String> {
    let response = client::open(hub, request, Bytes::new()).await.map_err(|e| e.to_string())?;
    match response.status().is_success() {
        true => Ok(Connection::Response(response.into_body(), Vec::new())),
        false => Err(format!("{response:?}")),
    }
}

/// Takes an event out of what has come; comments are nothing.
fn sse_piece(rest: &mut Vec<u8>) -> Option<Piece> {
    loop {
        let end = rest.windows(2).position(|two| two == b"\n\n")?;
        let event: Vec<u8> = rest.drain(..end + 2).collect();
        for line in event.split(|byte| *byte == b'\n') {
            if let Some(data) = line.strip_prefix(b"data: ") {
                return Some(Piece::Json(Bytes::copy_from_slice(data)));
            }
            if let Some(retry) = line.strip_prefix(b"retry: ") {
                return Some(Piece::Retry(String::from_utf8_lossy(retry).parse().unwrap()));
            }
        }
    }
}

fn text_piece(rest: &mut Vec<u8>) -> Option<Piece> {
    let end = rest.iter().position(|byte| *byte == b'\n')?;
    let line: Vec<u8> = rest.drain(..=end).collect();
    Some(Piece::Text(String::from_utf8(line[..end].to_vec()).unwrap()))
}

/// What is told stands between the lines of plain text, behind the name of the program and before that of the log.
fn of_text(line: String) -> Event {
    match line.strip_prefix("tailcast: ") {
        Some(words) => Event::Told("words".to_owned(), words.to_owned()),
        None => Event::Lines(vec![line], None),
    }
}

fn of_json(event: &Value) -> Option<Event> {
    let text = |key: &str| event[key].as_str().map(str::to_owned);
    match event["type"].as_str()? {
        "lines" => {
            let lines = event["lines"].as_array()?.iter();
            let lines = lines.map(|line| line["text"].as_str().unwrap_or_default().to_owned());
            Some(Event::Lines(lines.collect(), text("position")))
        }
        "edge" => Some(Event::Edge(text("position"))),
        "bye" => Some(Event::Bye(event["retry_ms"].as_u64()?)),
        "gap" => Some(Event::Gap(text("from").unwrap_or_default(), text("to").unwrap_or_default())),
        kind => Some(Event::Told(kind.to_owned(), text("words").unwrap_or_default())),
    }
}

fn of_live(live: Live) -> Option<Event> {
    match live {
        Live::Block(block) => Some(Event::Lines(lines_of(&block.block.body), Some(block.position))),
        Live::Edge { position, .. } => Some(Event::Edge(position)),
        Live::Told { told, .. } if told.tiding == Some(Tiding::Gap) => {
            let position = |place: Option<Place>| place.map(|place| place.position).unwrap_or_default();
            Some(Event::Gap(position(told.from), position(told.to)))
        }
        Live::Told { told, .. } => Some(Event::Told(told.tiding?.name().to_owned(), told.words)),
        Live::AgentLost { words, .. } => Some(Event::Told("agent_lost".to_owned(), words)),
        Live::AgentBack { words, .. } => Some(Event::Told("agent_back".to_owned(), words)),
        Live::Bye { retry_ms } => Some(Event::Bye(retry_ms.into())),
    }
}

fn lines_of(body: &Body) -> Vec<String> {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    match body {
        Body::Raw(bytes) => text(bytes).lines().map(str::to_owned).collect(),
        Body::Picked { lines, .. } => lines.iter().map(|line| text(&line.bytes)).collect(),
    }
}
