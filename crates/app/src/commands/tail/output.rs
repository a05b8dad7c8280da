//! Where lines are written: bytes into a pipe or a file, lines on a terminal, or JSON.
//!
//! Into a pipe the bytes of a log go untouched. Three things are added and nothing else: the newline of each line that a
//! filter picked, one newline where a file ended without any and another file follows, and `==> LOG <==` in front of what
//! comes from another log than before, as GNU tail writes it.

use std::io;

use tailcast_lines::harmless;
use tailcast_wire::{Block, Body};

use super::line::Line;
use super::screen::Screen;
use super::stdout::{Kind, Stdout};
use crate::json_shown::for_terminal;

/// The output of one run.
#[derive(Debug)]
pub(super) struct Output {
    stdout: Stdout,
    form: Form,
    /// What one write takes, kept for its room.
    buffer: Vec<u8>,
}

/// How it is written.
#[derive(Debug)]
enum Form {
    /// Bytes as they are.
    Bytes(Joint),
    /// Lines for a person.
    Screen(Screen),
    /// One JSON object per line.
    Json,
}

/// What stands between two writes.
#[derive(Debug)]
struct Joint {
    /// Whether blocks are headed by the name of their log.
    headed: bool,
    /// Of what was written last.
    last: Option<Last>,
}

#[derive(Debug)]
struct Last {
    log: String,
    life: u64,
    /// Whether a line is begun and not ended.
    in_line: bool,
}

impl Output {
    /// Output for these logs.
    pub(super) fn new(stdout: Stdout, logs: &[String], json: bool, colours: bool) -> Self {
        let form = match stdout.kind() {
            _ if json => Form::Json,
            Kind::Terminal => Form::Screen(Screen::new(logs, colours)),
            Kind::Appended | Kind::Stream => Form::Bytes(Joint { headed: logs.len() > 1, last: None }),
        };
        Output { stdout, form, buffer: Vec::new() }
    }

    /// Whether it wants every byte of a line however long.
    pub(super) fn is_bytes(&self) -> bool {
        matches!(self.form, Form::Bytes(_))
    }

    /// Where it goes.
    pub(super) fn stdout(&self) -> &Stdout {
        &self.stdout
    }

    /// Writes a block. It is with the kernel when this returns.
    pub(super) fn block(&mut self, log: &str, block: &Block) -> io::Result<()> {
        self.buffer.clear();
        match &mut self.form {
            Form::Bytes(joint) => match &block.body {
                Body::Raw(bytes) => {
                    joint.step(log, block.life, bytes, &mut self.buffer);
                    if self.buffer.is_empty() {
                        return self.stdout.write(bytes);
                    }
                    self.buffer.extend_from_slice(bytes);
                }
                Body::Picked { lines, .. } => {
                    for line in lines {
                        joint.step(log, block.life, b"\n", &mut self.buffer);
                        self.buffer.extend_from_slice(&line.bytes);
                        self.buffer.push(b'\n');
                    }
                }
            },
            Form::Screen(screen) => screen.block(log, block, &mut self.buffer),
            Form::Json => {}
        }
        self.stdout.write(&self.buffer)
    }

    /// Writes lines that the hub has put into JSON. A line that was cut is written as far as it came.
    pub(super) fn lines(&mut self, log: &str, lines: &[Line]) -> io::Result<()> {
        self.buffer.clear();
        for line in lines {
            match (&mut self.form, line.said()) {
                (Form::Json, _) => {
                    let object = line.named(log)?;
                    let shown =
                        if self.stdout.kind() == Kind::Terminal { for_terminal(&object) } else { object.into() };
                    self.buffer.extend_from_slice(shown.as_bytes());
                    self.buffer.push(b'\n');
                }
                (Form::Screen(screen), Some(said)) => screen.text(log, &said.text, said.cut, &mut self.buffer),
                (Form::Bytes(joint), Some(said)) => {
                    joint.step(log, 0, b"\n", &mut self.buffer);
                    self.buffer.extend_from_slice(&said.bytes());
                    self.buffer.push(b'\n');
                }
                (_, None) => {}
            }
        }
        self.stdout.write(&self.buffer)
    }

    /// Writes bytes of a log that are in no block: a raw answer, the rest of a long line.
    pub(super) fn bytes(&mut self, log: &str, life: u64, bytes: &[u8]) -> io::Result<()> {
        self.buffer.clear();
        if let Form::Bytes(joint) = &mut self.form {
            joint.step(log, life, bytes, &mut self.buffer);
            self.buffer.extend_from_slice(bytes);
        }
        self.stdout.write(&self.buffer)
    }

    /// Ends a line that was written in pieces, unless its newline was among them; of an `empty` one nothing was written.
    pub(super) fn end_line(&mut self, log: &str, life: u64, empty: bool) -> io::Result<()> {
        let begun = match &self.form {
            Form::Bytes(Joint { last: Some(last), .. }) => last.in_line,
            _ => false,
        };
        if begun || empty { self.bytes(log, life, b"\n") } else { Ok(()) }
    }
}

impl Joint {
    /// Appends what stands between what was written last and `bytes`.
    fn step(&mut self, log: &str, life: u64, bytes: &[u8], out: &mut Vec<u8>) {
        let Some(end) = bytes.last() else { return };
        match &mut self.last {
            Some(last) if last.log == log => {
                if last.life != life && last.in_line {
                    out.push(b'\n');
                }
                (last.life, last.in_line) = (life, *end != b'\n');
            }
            last => {
                if self.headed {
                    let gap = if last.is_some() { "\n" } else { "" };
                    out.extend_from_slice(format!("{gap}==> {} <==\n", harmless(log)).as_bytes());
                }
                *last = Some(Last { log: log.to_owned(), life, in_line: *end != b'\n' });
            }
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use bytes::Bytes;
    use tailcast_wire::{Begins, Encoding, Ends, Picked};
    use tempfile::NamedTempFile;

    use super::*;

    /// A block of these bytes.
    pub(in super::super) fn block(bytes: &'static [u8]) -> Block {
        Block {
            life: 1,
            token: Bytes::from_static(&[0; 16]),
            start: 0,
            end: bytes.len() as u64,
            lead: Bytes::new(),
            body: Body::Raw(Bytes::from_static(bytes)),
            ends: Ends::Whole,
            encoding: Encoding::Utf8,
            begins: Begins::AtLine,
        }
    }

    fn written(logs: &[&str], json: bool, write: impl FnOnce(&mut Output)) -> String {
        written_to(Kind::Stream, logs, json, write)
    }

    fn written_to(kind: Kind, logs: &[&str], json: bool, write: impl FnOnce(&mut Output)) -> String {
        let file = NamedTempFile::new().unwrap();
        let logs: Vec<_> = logs.iter().map(|log| (*log).to_owned()).collect();
        let stdout = Stdout::to(file.reopen().unwrap(), kind);
        write(&mut Output::new(stdout, &logs, json, false));
        String::from_utf8_lossy(&std::fs::read(file.path()).unwrap()).into_owned()
    }

    #[test]
    fn into_a_pipe_bytes_go_untouched() {
        let bytes = b"\x1b[31m\xc3\xa4 \0 tab\t\r\n\n";
        let text = written(&["a:/b"], false, |output| output.block("a:/b", &block(bytes)).unwrap());
        assert_eq!(text.as_bytes(), bytes);
    }

    #[test]
    fn what_comes_from_another_log_is_headed() {
        let text = written(&["a:/b", "c:/d"], false, |output| {
            output.block("a:/b", &block(b"1\n")).unwrap();
            output.block("a:/b", &block(b"2\n")).unwrap();
            output.block("c:/d", &block(b"3\n")).unwrap();
        });
        assert_eq!(text, "==> a:/b <==\n1\n2\n\n==> c:/d <==\n3\n");
    }

    #[test]
    fn the_last_line_of_a_file_is_not_glued_to_the_first_of_the_next() {
        let mut next = block(b"new\n");
        next.life = 2;
        let text = written(&["a:/b"], false, |output| {
            output.block("a:/b", &block(b"long ")).unwrap();
            output.block("a:/b", &block(b"line")).unwrap();
            output.block("a:/b", &next).unwrap();
        });
        assert_eq!(text, "long line\nnew\n");
    }

    #[test]
    fn each_line_that_a_filter_picked_gets_its_newline() {
        let line = |text: &'static [u8]| Picked { offset: 0, lead: Bytes::new(), bytes: text.into(), cut: None };
        let mut picked = block(b"");
        picked.body = Body::Picked { lines: vec![line(b"one"), line(b"")], last: Bytes::new() };
        let text = written(&["a:/b"], false, |output| output.block("a:/b", &picked).unwrap());
        assert_eq!(text, "one\n\n");
    }

    #[test]
    fn a_line_of_json_names_its_log() {
        let lines: Vec<Line> =
            serde_json::from_str(r#"[{"position":"p","text":"x"},{"position":"q","text":"y"}]"#).unwrap();
        let json = written(&["a:/b"], true, |output| output.lines("a:/b", &lines).unwrap());
        assert_eq!(
            json,
            "{\"log\":\"a:/b\",\"position\":\"p\",\"text\":\"x\"}\n{\"log\":\"a:/b\",\"position\":\"q\",\"text\":\"y\"}\n"
        );
        let bytes = written(&["a:/b"], false, |output| output.lines("a:/b", &lines).unwrap());
        assert_eq!(bytes, "x\ny\n");
    }

    #[test]
    fn json_on_a_terminal_commands_nothing_and_into_a_pipe_is_as_it_came() {
        let lines: Vec<Line> = serde_json::from_str("[{\"position\":\"p\",\"text\":\"\u{9b}2J\"}]").unwrap();
        let shown = |kind| written_to(kind, &["a:/b"], true, |output| output.lines("a:/b", &lines).unwrap());
        assert_eq!(shown(Kind::Terminal), "{\"log\":\"a:/b\",\"position\":\"p\",\"text\":\"\\u009b2J\"}\n");
        assert_eq!(shown(Kind::Stream), "{\"log\":\"a:/b\",\"position\":\"p\",\"text\":\"\u{9b}2J\"}\n");
    }
}
