//! Items as JSON and as text: what browsers and curl are sent. Made once per item, by the first viewer that needs it.
//!
//! JSON is written straight into one buffer; only texts go through serde_json, which knows how to escape. The shapes are
//! those of `openapi.json`.

use bytes::Bytes;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use tailcast_lines::{Context, MAX_SHOWN, Recognizer, display, harmless};
use tailcast_tail::Token;
use tailcast_wire::{Block, Encoding, Told, Why};

use crate::block_lines::{ShownLine, lines};
use crate::item::{Item, LongLine, What};

/// What is said each second of a log that is not there, also to those who came after that was told.
const NOTHING_YET: &str = "there is nothing to read yet";

/// An item as one JSON event; empty when it has nothing to say in this form.
pub(crate) fn json(item: &Item, zone: &TimeZone) -> Bytes {
    let mut out = Json::default();
    match &item.what {
        What::Block { block, long } => {
            let lines = lines(block, long.as_ref());
            if lines.is_empty() {
                return Bytes::new();
            }
            out.open("lines", item);
            out.text("position", item.next_line().map_or("", |position| position.as_ref()));
            out.raw(",\"lines\":[");
            push_lines(&mut out, block, &lines, zone);
            out.raw("]");
        }
        What::Told(told) => told_json(&mut out, item, told),
        What::Edge { behind } => {
            out.open("edge", item);
            out.number("offset", item.reach.offset + behind);
            out.optional("position", item.next_line().map(AsRef::as_ref));
            out.number("behind", *behind);
            out.key("at");
            out.time(Some(Timestamp::now()));
            let words = || behind_words(*behind);
            out.text("words", &item.position.as_ref().map_or_else(|| NOTHING_YET.to_owned(), |_| words()));
        }
        What::AgentLost(away) => {
            out.open("agent_lost", item);
            out.optional("why", away.why.map(Why::name));
            out.text("words", &away.words);
        }
        What::AgentBack { words } => {
            out.open("agent_back", item);
            out.text("words", words);
        }
    }
    out.close()
}

fn told_json(out: &mut Json, item: &Item, told: &Told) {
    out.open(told.tiding.map_or("unknown", |tiding| tiding.name()), item);
    out.optional("from", told.from.as_ref().map(|place| place.position.as_str()));
    out.optional("to", told.to.as_ref().map(|place| place.position.as_str()));
    if let Some(to) = &told.to {
        out.number("offset", to.offset);
    }
    if let Some(bytes) = told.bytes {
        out.number("bytes", bytes);
    }
    out.optional("why", told.why.map(Why::name));
    out.text("words", &told.words);
}

fn behind_words(behind: u64) -> String {
    match behind {
        0 => "at the end".to_owned(),
        bytes if bytes < 1_000_000 => format!("{bytes} bytes behind"),
        bytes => format!("{} MB behind", bytes / 1_000_000),
    }
}

/// The lines of a block as text for a terminal; empty for what is no line.
pub(crate) fn text(item: &Item) -> Bytes {
    let What::Block { block, long } = &item.what else { return Bytes::new() };
    let mut out = String::new();
    for line in lines(block, long.as_ref()) {
        let shown = display(&line.bytes, shown_encoding(line.encoding), MAX_SHOWN);
        out.push_str(&harmless(shown.text.as_ref()));
        if let Some(length) = line.cut.or(shown.cut) {
            out.push_str(&format!(" … [cut: {length} bytes]"));
        }
        out.push('\n');
    }
    Bytes::from(out)
}

/// Appends the lines of a block to a JSON array that is being written, and returns how many there were.
pub(crate) fn push_json(out: &mut Vec<u8>, block: &Block, long: Option<&LongLine>, zone: &TimeZone) -> usize {
    let lines = lines(block, long);
    let mut json = Json(std::mem::take(out));
    push_lines(&mut json, block, &lines, zone);
    *out = json.0;
    lines.len()
}

fn push_lines(out: &mut Json, block: &Block, lines: &[ShownLine<'_>], zone: &TimeZone) {
    let recognizer = Recognizer::new(Context { zone: zone.clone(), reference: Timestamp::now() });
    let token = Token::try_from(&block.token[..]).ok();
    for line in lines {
        if !out.0.ends_with(b"[") {
            out.raw(",");
        }
        push_line(out, token.as_ref(), line, &recognizer);
    }
}

fn push_line(out: &mut Json, token: Option<&Token>, line: &ShownLine<'_>, recognizer: &Recognizer) {
    let shown = display(&line.bytes, shown_encoding(line.encoding), MAX_SHOWN);
    let said = match line.encoding {
        Encoding::Utf8 => recognizer.read(&line.bytes),
        _ => recognizer.read(shown.text.as_bytes()),
    };
    out.raw("{\"position\":");
    match token {
        Some(token) => out.string(&line.position(token).to_string()),
        None => out.raw("null"),
    }
    out.number("offset", line.offset);
    out.raw(",\"time\":");
    out.time(said.time);
    out.raw(",\"level\":");
    match said.level {
        Some(level) => out.string(level.as_str()),
        None => out.raw("null"),
    }
    out.text("text", &shown.text);
    if !shown.lossless {
        use base64::Engine as _;
        let end = line.bytes.len().min(MAX_SHOWN);
        out.text("bytes", &base64::engine::general_purpose::STANDARD.encode(&line.bytes[..end]));
    }
    match line.cut.or(shown.cut) {
        Some(length) => out.number("cut", length),
        None if shown.carriage_return => out.raw(",\"cr\":true"),
        None => (),
    }
    out.raw("}");
}

/// The encoding as the library that shows lines calls it.
pub(crate) fn shown_encoding(encoding: Encoding) -> tailcast_lines::Encoding {
    match encoding {
        Encoding::Utf8 => tailcast_lines::Encoding::Utf8,
        Encoding::Utf16Le => tailcast_lines::Encoding::Utf16Le,
        Encoding::Utf16Be => tailcast_lines::Encoding::Utf16Be,
    }
}

/// A JSON object that is being written.
#[derive(Default)]
struct Json(Vec<u8>);

impl Json {
    fn open(&mut self, kind: &str, item: &Item) {
        self.raw("{\"type\":");
        self.string(kind);
        self.text("log", &item.log.to_string());
    }

    fn close(mut self) -> Bytes {
        self.raw("}");
        Bytes::from(self.0)
    }

    fn raw(&mut self, text: &str) {
        self.0.extend_from_slice(text.as_bytes());
    }

    fn string(&mut self, text: &str) {
        match serde_json::to_writer(&mut self.0, text) {
            Ok(()) => (),
            Err(never) => unreachable!("writing a string to memory cannot fail: {never}"),
        }
    }

    fn key(&mut self, key: &str) {
        self.raw(",\"");
        self.raw(key);
        self.raw("\":");
    }

    fn text(&mut self, key: &str, text: &str) {
        self.key(key);
        self.string(text);
    }

    fn optional(&mut self, key: &str, text: Option<&str>) {
        if let Some(text) = text {
            self.text(key, text);
        }
    }

    fn number(&mut self, key: &str, number: u64) {
        self.key(key);
        self.raw(&number.to_string());
    }

    fn time(&mut self, time: Option<Timestamp>) {
        match time {
            Some(time) => self.string(&time.to_string()),
            None => self.raw("null"),
        }
    }
}
