//! Lines for a person at a terminal: harmless, coloured by level, each with the short name of its log when there are
//! several. The last step of a line; nothing that a log says reaches the terminal as a command (law 9).

use std::collections::HashMap;

use jiff::Timestamp;
use tailcast_lines::{Context, Encoding, Level, Recognizer, display, harmless};
use tailcast_tail::{Lines, Offset};
use tailcast_wire::{Begins, Block, Body, Ends, Picked};

/// As much of a line is shown, in bytes of the file; a longer one says how long it is. `--complete` into a pipe has all.
const SHOWN: usize = 64 << 10;
/// The colours of names, in turns (ECMA-48 SGR): those that are read on black and on white.
const NAMES: [&str; 6] = ["36", "35", "34", "32", "33", "31"];

/// How lines are shown.
#[derive(Debug)]
pub(super) struct Screen {
    colours: bool,
    /// In front of each line, by log; empty when there is one log.
    names: HashMap<String, String>,
    recognizer: Recognizer,
}

/// One line to show.
struct Row<'a> {
    bytes: &'a [u8],
    encoding: Encoding,
    /// Its true length, when `bytes` is only the beginning.
    cut: Option<u64>,
}

impl Screen {
    /// A screen for these logs, in order.
    pub(super) fn new(logs: &[String], colours: bool) -> Self {
        let short = short_names(logs);
        let width = short.iter().map(|name| name.chars().count()).max().unwrap_or(0);
        let named = logs.iter().zip(&short).enumerate().filter(|_| logs.len() > 1);
        let names = named.map(|(n, (log, name))| {
            let padded = format!("{:width$}", harmless(name));
            let colour = NAMES[n % NAMES.len()];
            let shown = if colours { format!("\x1b[{colour}m{padded}\x1b[0m  ") } else { format!("{padded}  ") };
            (log.clone(), shown)
        });
        // Only levels are read here, and those need neither zone nor year.
        let recognizer = Recognizer::new(Context::utc(Timestamp::now()));
        Screen { colours, names: names.collect(), recognizer }
    }

    /// Appends what is shown of a block.
    pub(super) fn block(&self, log: &str, block: &Block, out: &mut Vec<u8>) {
        let encoding = encoding(block.encoding);
        match &block.body {
            Body::Raw(bytes) => self.raw(log, block, bytes, out),
            Body::Picked { lines, .. } => {
                for Picked { bytes, cut, .. } in lines {
                    self.row(log, &Row { bytes, encoding, cut: *cut }, out);
                }
            }
        }
    }

    /// A line that is text already.
    pub(super) fn text(&self, log: &str, text: &str, cut: Option<u64>, out: &mut Vec<u8>) {
        self.row(log, &Row { bytes: text.as_bytes(), encoding: Encoding::Utf8, cut }, out);
    }

    fn raw(&self, log: &str, block: &Block, bytes: &[u8], out: &mut Vec<u8>) {
        let mut lines = Lines::new(bytes, Offset(block.start), source_encoding(block.encoding)).peekable();
        if block.begins == Begins::InLine && block.start > 0 {
            // The beginning of this line was shown, and said that it goes on.
            lines.next();
        }
        while let Some(line) = lines.next() {
            let cut = match (&block.ends, lines.peek()) {
                (Ends::Cut { line, .. }, None) => Some(*line),
                (Ends::Continues, None) => Some(line.bytes.len() as u64 + 1),
                _ => None,
            };
            self.row(log, &Row { bytes: line.bytes, encoding: encoding(block.encoding), cut }, out);
        }
    }

    fn row(&self, log: &str, row: &Row<'_>, out: &mut Vec<u8>) {
        if let Some(name) = self.names.get(log) {
            out.extend_from_slice(name.as_bytes());
        }
        let shown = display(row.bytes, row.encoding, SHOWN);
        let colour = self.colours.then(|| self.recognizer.read(shown.text.as_bytes()).level).flatten().and_then(colour);
        if let Some(colour) = colour {
            out.extend_from_slice(format!("\x1b[{colour}m").as_bytes());
        }
        out.extend_from_slice(harmless(shown.text.as_ref()).as_bytes());
        if colour.is_some() {
            out.extend_from_slice(b"\x1b[0m");
        }
        if let Some(length) = row.cut.or(shown.cut) {
            out.extend_from_slice(format!(" … (cut: the line has {length} bytes or more)").as_bytes());
        }
        out.push(b'\n');
    }
}

/// The colour of a level: what is bad stands out, what is for developers steps back.
fn colour(level: Level) -> Option<&'static str> {
    match level {
        Level::Fatal => Some("1;31"),
        Level::Error => Some("31"),
        Level::Warn => Some("33"),
        Level::Info => None,
        Level::Debug | Level::Trace => Some("2"),
    }
}

/// `HOST:file.log`, or the whole name where two logs would be called the same.
fn short_names(logs: &[String]) -> Vec<String> {
    let short = |log: &String| {
        let (host, name) = log.split_once(':').unwrap_or(("", log));
        let base = name.rsplit('/').next().unwrap_or(name);
        if host.is_empty() { base.to_owned() } else { format!("{host}:{base}") }
    };
    let names: Vec<_> = logs.iter().map(short).collect();
    let unique = |name: &String| names.iter().filter(|other| *other == name).count() == 1;
    logs.iter().zip(&names).map(|(log, name)| if unique(name) { name } else { log }.clone()).collect()
}

fn encoding(encoding: tailcast_wire::Encoding) -> Encoding {
    match encoding {
        tailcast_wire::Encoding::Utf8 => Encoding::Utf8,
        tailcast_wire::Encoding::Utf16Le => Encoding::Utf16Le,
        tailcast_wire::Encoding::Utf16Be => Encoding::Utf16Be,
    }
}

fn source_encoding(encoding: tailcast_wire::Encoding) -> tailcast_tail::Encoding {
    match encoding {
        tailcast_wire::Encoding::Utf8 => tailcast_tail::Encoding::Bytes,
        tailcast_wire::Encoding::Utf16Le => tailcast_tail::Encoding::Utf16Le,
        tailcast_wire::Encoding::Utf16Be => tailcast_tail::Encoding::Utf16Be,
    }
}

#[cfg(test)]
mod tests {
    use super::super::output::tests::block;
    use super::*;

    fn shown(logs: &[&str], colours: bool, block: &Block) -> String {
        let logs: Vec<_> = logs.iter().map(|log| (*log).to_owned()).collect();
        let mut out = Vec::new();
        Screen::new(&logs, colours).block(&logs[0], block, &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn what_a_log_says_is_no_command() {
        assert_eq!(shown(&["a:/b"], false, &block(b"\x1b]0;owned\x07\r\nplain\n")), "\\x1b]0;owned\\x07\nplain\n");
    }

    #[test]
    fn a_level_has_a_colour_and_ends_it() {
        let coloured = shown(&["a:/b"], true, &block(b"2026-11-20 22:10:11,123 ERROR pool - gone\nplain\n"));
        assert!(coloured.starts_with("\x1b[31m2026"), "{coloured:?}");
        assert!(coloured.ends_with("gone\x1b[0m\nplain\n"), "{coloured:?}");
    }

    #[test]
    fn several_logs_have_names_as_short_as_tells_them_apart() {
        let names = |logs: &[&str]| short_names(&logs.iter().map(|log| (*log).to_owned()).collect::<Vec<_>>());
        assert_eq!(names(&["web1:/var/log/a.log", "web2:/var/log/a.log"]), ["web1:a.log", "web2:a.log"]);
        assert_eq!(
            names(&["web1:/x/a.log", "web1:/y/a.log", "web1:/y/b"]),
            ["web1:/x/a.log", "web1:/y/a.log", "web1:b"]
        );
        assert_eq!(shown(&["web1:/a", "web10:/b"], false, &block(b"x\n")), "web1:a   x\n");
    }

    #[test]
    fn a_line_that_goes_on_is_shown_once_and_says_so() {
        let mut first = block(b"whole\nbegins");
        first.ends = Ends::Continues;
        assert_eq!(shown(&["a:/b"], false, &first), "whole\nbegins … (cut: the line has 7 bytes or more)\n");
        let mut second = block(b"goes on\nnext\n");
        (second.start, second.begins) = (12, Begins::InLine);
        assert_eq!(shown(&["a:/b"], false, &second), "next\n");
    }
}
