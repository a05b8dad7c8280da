//! A recorded conversation as text: what was done to the files, what a viewer did and saw, and each message in between.

use std::fmt::{self, Write as _};

/// One line of a script.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    /// `append NAME "TEXT"`
    Append(String, String),
    /// `rename NAME NAME`
    Rename(String, String),
    /// `truncate NAME`
    Truncate(String),
    /// `get PATH`: a viewer asks the hub.
    Get(String),
    /// `got ["TEXT",…]`: and has these lines, or names.
    Got(Vec<String>),
    /// `watch QUERY`: a viewer begins to follow.
    Watch(String),
    /// `lines ["TEXT",…]`: and sees these.
    Lines(Vec<String>),
    /// `told KIND`: and is told this.
    Told(String),
    /// `leave`: and goes.
    Leave,
    /// `> HEX`: a message of the agent.
    ToHub(Vec<u8>),
    /// `< HEX`: a message of the hub.
    ToAgent(Vec<u8>),
}

impl Step {
    pub(super) fn read(line: &str) -> Self {
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        let name = || rest.to_owned();
        let texts = || serde_json::from_str(rest).unwrap();
        match word {
            "append" => {
                let (name, text) = rest.split_once(' ').unwrap();
                Step::Append(name.to_owned(), serde_json::from_str(text).unwrap())
            }
            "rename" => {
                let (from, to) = rest.split_once(' ').unwrap();
                Step::Rename(from.to_owned(), to.to_owned())
            }
            "truncate" => Step::Truncate(name()),
            "get" => Step::Get(name()),
            "got" => Step::Got(texts()),
            "watch" => Step::Watch(name()),
            "lines" => Step::Lines(texts()),
            "told" => Step::Told(name()),
            "leave" => Step::Leave,
            ">" => Step::ToHub(unhex(rest)),
            "<" => Step::ToAgent(unhex(rest)),
            _ => panic!("no step: {line}"),
        }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let json = |texts: &[String]| serde_json::to_string(texts).unwrap();
        match self {
            Step::Append(name, text) => write!(f, "append {name} {}", serde_json::to_string(text).unwrap()),
            Step::Rename(from, to) => write!(f, "rename {from} {to}"),
            Step::Truncate(name) => write!(f, "truncate {name}"),
            Step::Get(path) => write!(f, "get {path}"),
            Step::Got(texts) => write!(f, "got {}", json(texts)),
            Step::Watch(query) => write!(f, "watch {query}"),
            Step::Lines(texts) => write!(f, "lines {}", json(texts)),
            Step::Told(kind) => write!(f, "told {kind}"),
            Step::Leave => f.write_str("leave"),
            Step::ToHub(bytes) => write!(f, "> {}", hex(bytes)),
            Step::ToAgent(bytes) => write!(f, "< {}", hex(bytes)),
        }
    }
}

/// The steps of a whole script; what stands behind `#` is for people.
pub(super) fn read(script: &str) -> Vec<Step> {
    script.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).map(Step::read).collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut out, byte| {
        write!(out, "{byte:02x}").unwrap();
        out
    })
}

fn unhex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}
