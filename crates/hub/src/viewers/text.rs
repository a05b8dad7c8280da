//! A live view as plain text, for `curl -N`: the lines of its logs, and between them lines of our own about what happened.
//!
//! A line of our own begins with `tailcast: `; of several logs, `==> LOG <==` stands where the lines of another one begin, as
//! with `tail -f`. It refuses to go on where bytes were lost, and where no log is left that can be read: whoever reads text
//! has only the way in which it ends to know that it is not everything.

use std::collections::HashSet;
use std::sync::Arc;

use tailcast_wire::{LogName, Tiding, Told};

use crate::item::{Item, What};

/// Why a text stream breaks off. The words stand in its last line: nobody is shown the error of a body.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct Broken(pub(super) String);

/// What is known of a text while it is written.
#[derive(Debug)]
pub(super) struct Text {
    /// How many logs there are.
    logs: usize,
    /// Of several, whose lines came last.
    last: Option<Arc<LogName>>,
    /// Those that cannot be read now.
    unreadable: HashSet<Arc<LogName>>,
}

impl Text {
    pub(super) fn of(logs: usize) -> Self {
        Text { logs, last: None, unreadable: HashSet::new() }
    }

    /// Appends what an item says.
    ///
    /// # Errors
    /// When nothing may follow it; the words are written.
    pub(super) fn write(&mut self, item: &Item, out: &mut Vec<u8>) -> Result<(), Broken> {
        if let Some(words) = aside(&item.what) {
            write_own(&format!("{}: {words}", item.log), out);
        }
        self.write_lines(item, out);
        self.go_on(item)
    }

    fn write_lines(&mut self, item: &Item, out: &mut Vec<u8>) {
        let text = item.text();
        if text.is_empty() {
            return;
        }
        if self.logs > 1 && self.last.as_ref() != Some(&item.log) {
            out.extend_from_slice(format!("==> {} <==\n", item.log).as_bytes());
            self.last = Some(Arc::clone(&item.log));
        }
        out.extend_from_slice(&text);
    }

    /// A log that cannot be read is one less, until it can be again.
    fn go_on(&mut self, item: &Item) -> Result<(), Broken> {
        let broken = |told: &Told| Err(Broken(format!("{}: {}", item.log, told.words)));
        match &item.what {
            What::Told(told) if told.tiding == Some(Tiding::Lost) => return broken(told),
            What::Told(told) if told.tiding == Some(Tiding::Error) => {
                self.unreadable.insert(Arc::clone(&item.log));
                if self.unreadable.len() == self.logs {
                    return broken(told);
                }
            }
            What::Told(Told { tiding: Some(Tiding::Opened | Tiding::Waiting), .. }) | What::Block { .. } => {
                self.unreadable.remove(&item.log);
            }
            What::Told(_) | What::Edge { .. } | What::AgentLost(_) | What::AgentBack { .. } => (),
        }
        Ok(())
    }
}

/// What happened between the lines, as `tailcast tail` says it: all but that a file was opened, which its lines show.
fn aside(what: &What) -> Option<&str> {
    match what {
        What::Told(Told { tiding: Some(Tiding::Opened), .. }) | What::Block { .. } | What::Edge { .. } => None,
        What::Told(told) => Some(&told.words),
        What::AgentLost(away) => Some(&away.words),
        What::AgentBack { words } => Some(words),
    }
}

/// A line of our own. Its words may come from a host, and a terminal obeys control bytes.
pub(super) fn write_own(words: &str, out: &mut Vec<u8>) {
    let words = words.replace(char::is_control, " ");
    out.extend_from_slice(format!("tailcast: {words}\n").as_bytes());
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use super::*;
    use crate::away::Away;

    fn told(log: &str, tiding: Tiding) -> Item {
        item(log, What::Told(Told::of(tiding, format!("the words of {}", tiding.name()))))
    }

    fn item(log: &str, what: What) -> Item {
        Item::new(Arc::new(log.parse().unwrap()), TimeZone::UTC, what, Default::default(), None)
    }

    fn written(text: &mut Text, item: &Item) -> (String, bool) {
        let mut out = Vec::new();
        let goes_on = text.write(item, &mut out).is_ok();
        (String::from_utf8(out).unwrap(), goes_on)
    }

    #[test]
    fn whatever_happens_to_a_log_is_a_line_and_only_what_is_lost_ends_a_text_of_several() {
        let mut text = Text::of(2);
        use Tiding::{Error, Gap, Gone, Limit, Lost, Opened, Polling, Rotated, Truncated, Unfinished, Waiting};
        for tiding in [Gap, Rotated, Truncated, Gone, Waiting, Unfinished, Polling, Limit, Error, Lost] {
            let line = format!("tailcast: web1:/a: the words of {}\n", tiding.name());
            assert_eq!(written(&mut text, &told("web1:/a", tiding)), (line, tiding != Lost));
        }
        assert_eq!(written(&mut text, &told("web1:/a", Opened)), (String::new(), true));
        let away = Away { words: "the agent was stopped".into(), why: None };
        let line = "tailcast: web1:/a: the agent was stopped\n".to_owned();
        assert_eq!(written(&mut text, &item("web1:/a", What::AgentLost(away))), (line, true));
    }

    #[test]
    fn a_text_breaks_off_when_no_log_is_left_and_not_for_one_that_came_back() {
        let mut text = Text::of(2);
        assert!(written(&mut text, &told("web1:/a", Tiding::Error)).1);
        assert!(written(&mut text, &told("web1:/a", Tiding::Error)).1, "the same one");
        assert!(written(&mut text, &told("web1:/a", Tiding::Opened)).1);
        assert!(written(&mut text, &told("web1:/b", Tiding::Error)).1);
        assert!(!written(&mut text, &told("web1:/a", Tiding::Error)).1);
    }

    #[test]
    fn words_cannot_command_a_terminal_or_begin_another_line() {
        let mut out = Vec::new();
        write_own("web1:/a: \x1b[2J\nnot a line of a log", &mut out);
        assert_eq!(out, b"tailcast: web1:/a:  [2J not a line of a log\n");
    }
}
