//! What a channel fans out: blocks and what happened between them, each encoded once per form for all viewers.
//!
//! An item is rendered when the first viewer asks for a form, and the same bytes are written to all that want it. The
//! order of items is the order of the log: [`Reach`] says how far each one leads, so that a viewer who read history
//! from the file finds the item to go on with by comparing two numbers.

use std::sync::{Arc, OnceLock};
use std::time::Instant;

use bytes::Bytes;
use jiff::tz::TimeZone;
use tailcast_fanout::Weigh;
use tailcast_wire::{Block, Live, LiveBlock, LogName, Told};

use crate::away::Away;
use crate::block_lines;
use crate::frames::{Frame, Kind};
use crate::render;

/// The words of [`What::AgentBack`].
pub(crate) const BACK: &str = "the agent is back";

/// How far along a log: which life of the file, counted by the channel as they came, and the offset in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(crate) struct Reach {
    /// Grows by one with each new life that the channel saw.
    pub(crate) epoch: u64,
    /// In bytes of the source.
    pub(crate) offset: u64,
}

/// What happened.
#[derive(Debug)]
pub(crate) enum What {
    /// Lines; `long` is the beginning of a line that earlier blocks began.
    Block { block: Block, long: Option<LongLine> },
    /// Something between lines.
    Told(Told),
    /// How many bytes lie on the disk behind the place, as the agent saw it.
    Edge { behind: u64 },
    /// The agent's link is down.
    AgentLost(Away),
    /// It is up again.
    AgentBack { words: String },
}

/// The beginning of a line that is longer than a block, as far as it is kept for being shown.
#[derive(Debug, Clone)]
pub(crate) struct LongLine {
    /// Where it starts.
    pub(crate) offset: u64,
    /// The at most 64 bytes in front of it.
    pub(crate) lead: Bytes,
    /// Its first bytes, at most what is shown of a line.
    pub(crate) shown: Vec<u8>,
    /// Its length up to here.
    pub(crate) length: u64,
}

/// One item of a channel.
#[derive(Debug)]
pub(crate) struct Item {
    pub(crate) log: Arc<LogName>,
    pub(crate) what: What,
    /// Where it begins: who knows the log up to here can go on with this item.
    pub(crate) from: Reach,
    /// How far the log is known when this has been seen.
    pub(crate) reach: Reach,
    /// The position there, to the byte.
    pub(crate) position: Option<Arc<str>>,
    /// Where the line starts that is open there, when it is longer than a block.
    line: Option<Arc<str>>,
    /// Of the host, for stamps that name none.
    zone: TimeZone,
    /// When the hub had it.
    pub(crate) made: Instant,
    lines: OnceLock<u64>,
    json: OnceLock<Bytes>,
    frame: OnceLock<Option<Frame>>,
    text: OnceLock<Bytes>,
    cbor: OnceLock<Frame>,
}

impl Item {
    pub(crate) fn new(
        log: Arc<LogName>,
        zone: TimeZone,
        what: What,
        (from, reach): (Reach, Reach),
        position: Option<Arc<str>>,
    ) -> Self {
        let (json, text) = Default::default();
        let (frame, cbor, lines) = Default::default();
        let made = Instant::now();
        Item { log, what, from, reach, position, line: None, zone, made, lines, json, frame, text, cbor }
    }

    /// The same, with the beginning of a line that is open at its end.
    pub(crate) fn within(self, line: Option<Arc<str>>) -> Self {
        Item { line, ..self }
    }

    /// Where whoever sees whole lines comes again: at the start of the next one that it has not seen.
    pub(crate) fn next_line(&self) -> Option<&Arc<str>> {
        self.line.as_ref().or(self.position.as_ref())
    }

    /// How many lines end in it.
    pub(crate) fn lines(&self) -> u64 {
        match &self.what {
            What::Block { block, .. } => *self.lines.get_or_init(|| block_lines::count(block)),
            _ => 0,
        }
    }

    /// The event as JSON; empty when this form has nothing to say.
    pub(crate) fn json(&self) -> Bytes {
        self.json.get_or_init(|| render::json(self, &self.zone)).clone()
    }

    /// The JSON as a WebSocket frame, unless it has nothing to say.
    pub(crate) fn json_frame(&self) -> Option<Frame> {
        let frame = || Some(render::json(self, &self.zone)).filter(|json| !json.is_empty());
        self.frame.get_or_init(|| frame().map(|json| Frame::encode(Kind::Text, json))).clone()
    }

    /// The lines as text, harmless to a terminal; empty for all that is no line.
    pub(crate) fn text(&self) -> Bytes {
        self.text.get_or_init(|| render::text(self)).clone()
    }

    /// The event for the command line and other hubs, as a WebSocket frame.
    pub(crate) fn cbor_frame(&self) -> Frame {
        self.cbor.get_or_init(|| Frame::encode(Kind::Binary, tailcast_wire::encode(&self.live()))).clone()
    }

    fn live(&self) -> Live {
        let (log, position) = (LogName::clone(&self.log), self.position.as_deref().map(str::to_owned));
        match &self.what {
            What::Block { block, .. } => {
                Live::Block(LiveBlock { log, position: position.unwrap_or_default(), block: block.clone() })
            }
            What::Told(told) => Live::Told { log, told: told.clone() },
            What::Edge { behind } => Live::Edge { log, position, behind: *behind },
            What::AgentLost(away) => Live::AgentLost { log, words: away.to_string(), why: away.why },
            What::AgentBack { words } => Live::AgentBack { log, words: words.clone() },
        }
    }

    /// Whether who knows the log up to `reach` misses nothing by going on with this item. One that leads into another life
    /// of the file may enter it in the middle, where the life before had been read up to: a copy holds the same bytes. Who
    /// stands in that life before the entry has read the copy from its beginning, and reads on.
    pub(crate) fn follows(&self, reach: Reach) -> bool {
        let enters = self.from.epoch < self.reach.epoch;
        self.from <= reach && !(enters && self.reach.epoch == reach.epoch && self.reach > reach)
    }

    /// Whether who has seen nothing of the log would miss lines by beginning with this item.
    pub(crate) fn begins_late(&self) -> bool {
        match &self.what {
            What::Block { block, .. } => block.start > 0,
            _ => self.reach.offset > 0,
        }
    }

    /// What is left of a block behind `offset`, for a viewer who has the beginning already; `None` when nothing is.
    /// `offset` is the start of a line, as all positions are that a viewer can hold.
    pub(crate) fn behind(&self, offset: u64) -> Option<Item> {
        let What::Block { block, long } = &self.what else { return None };
        let rest = block_lines::cut_front(block, offset)?;
        let long = long.clone().filter(|long| long.offset >= offset);
        let what = What::Block { block: rest, long };
        let span = (Reach { offset, ..self.from }, self.reach);
        let rest = Item::new(Arc::clone(&self.log), self.zone.clone(), what, span, self.position.clone());
        Some(rest.within(self.line.clone()))
    }
}

impl Weigh for Item {
    /// The bytes themselves, and as much again and half for the forms that may be made of them.
    fn weight(&self) -> usize {
        let held = match &self.what {
            What::Block { block, long } => block.weight() + long.as_ref().map_or(0, |long| long.shown.len()),
            _ => 256,
        };
        held * 5 / 2
    }
}
