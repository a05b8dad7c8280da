//! What the hub says over the WebSocket, in either of its two forms, as one kind of event.
//!
//! Whole blocks come as CBOR, their bytes untouched. For `--json` the hub's own JSON is taken, so that a line has the same
//! shape here as everywhere; only `log` is added to it.

use serde::Deserialize;
use tailcast_wire::{Block, Live, Tiding};
use tokio_websockets::Message;

use super::line::Line;
use crate::exit::{Exit, Failure};

/// The form that is spoken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dialect {
    /// Blocks.
    Cbor,
    /// Lines, for programs.
    Json,
}

/// One thing that the hub said.
#[derive(Debug)]
pub(super) enum Event {
    /// Bytes of a log, up to `position`.
    Block { log: String, position: String, block: Block },
    /// Lines of a log as JSON objects, up to `position`.
    Lines { log: String, position: String, lines: Vec<Line> },
    /// The log is known up to here; `None` while there is nothing to read.
    Edge { log: String, position: Option<String> },
    /// Something happened.
    Told(Told),
    /// The hub stops and is back soon.
    Bye { retry_ms: u32 },
}

/// Something that happened to a log.
#[derive(Debug)]
pub(super) struct Told {
    pub(super) log: String,
    /// What was not sent and will not be: lines that came late into a file that was left. From a position to a position.
    pub(super) gap: Option<(String, String)>,
    /// Whether a person wants to know.
    pub(super) is_news: bool,
    pub(super) words: String,
}

impl Dialect {
    /// The subprotocol's name.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Dialect::Cbor => "tailcast.v1.cbor",
            Dialect::Json => "tailcast.v1.json",
        }
    }

    /// The event in a message; `None` when it holds none, or one that only a newer version knows.
    pub(super) fn read(self, message: &Message) -> Result<Option<Event>, Failure> {
        match self {
            Dialect::Cbor if message.is_binary() => {
                let live = tailcast_wire::decode(message.as_payload()).map_err(not_understood)?;
                Ok(live.map(of_live))
            }
            Dialect::Json if message.is_text() => {
                let said = serde_json::from_slice(message.as_payload()).map_err(not_understood)?;
                Ok(of_json(said))
            }
            _ => Ok(None),
        }
    }
}

fn not_understood(error: impl Into<anyhow::Error>) -> Failure {
    Failure::new(Exit::Failed, error.into().context("the hub said something that this version does not understand"))
}

fn of_live(live: Live) -> Event {
    let told = |log: String, words| Event::Told(Told { log, gap: None, is_news: true, words });
    match live {
        Live::Block(block) => Event::Block { log: block.log.to_string(), position: block.position, block: block.block },
        Live::Edge { log, position, .. } => Event::Edge { log: log.to_string(), position },
        Live::Told { log, told } => Event::Told(Told {
            log: log.to_string(),
            is_news: told.tiding != Some(Tiding::Opened),
            gap: left_behind(&told),
            words: told.words,
        }),
        Live::AgentLost { log, words, .. } | Live::AgentBack { log, words } => told(log.to_string(), words),
        Live::Bye { retry_ms } => Event::Bye { retry_ms },
    }
}

/// The bounds of a gap behind which the log does not go on; one behind which it does, a complete view reads by itself.
fn left_behind(told: &tailcast_wire::Told) -> Option<(String, String)> {
    let is_gap = told.tiding == Some(Tiding::Gap) && told.goes_on().is_none();
    let bounds = told.from.as_ref().zip(told.to.as_ref()).filter(|_| is_gap)?;
    Some((bounds.0.position.clone(), bounds.1.position.clone()))
}

/// The fields of all JSON events together.
#[derive(Deserialize)]
struct Said {
    #[serde(rename = "type")]
    kind: String,
    log: Option<String>,
    position: Option<String>,
    lines: Option<Vec<Line>>,
    retry_ms: Option<u32>,
    words: Option<String>,
}

fn of_json(said: Said) -> Option<Event> {
    let log = said.log.unwrap_or_default();
    match said.kind.as_str() {
        "lines" => Some(Event::Lines { log, position: said.position?, lines: said.lines? }),
        "edge" => Some(Event::Edge { log, position: said.position }),
        "bye" => Some(Event::Bye { retry_ms: said.retry_ms.unwrap_or(0) }),
        kind => Some(Event::Told(Told { log, gap: None, is_news: kind != "opened", words: said.words? })),
    }
}
