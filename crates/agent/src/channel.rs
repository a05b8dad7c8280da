//! One channel on a followed log: a filter, a credit, and how far it has come.
//!
//! Credit is how much the hub lets be under way. A channel without credit does not hold the log up: it skips, and tells
//! the gap with exact bounds when it has credit again.

use tailcast_lines::Filter;
use tailcast_tail::{Ask, Cap, Offset, Position};
use tailcast_wire::{Block, Place, Tiding, ToHub, Told, Why};

use crate::host::Followed;
use crate::sieve::Sieve;
use crate::told;

/// At most so many bytes are read again for a channel that resumes; more is told as a gap.
const CATCH_UP: u64 = 8 << 20;

/// Credit with which a gap can end: what the next block weighs at most, about.
const ENOUGH: u64 = 512 << 10;

/// A channel that the hub has asked for.
#[derive(Debug)]
pub(crate) struct Channel {
    number: u32,
    sieve: Sieve,
    credit: u64,
    state: State,
}

#[derive(Debug)]
enum State {
    /// It has not been told where it starts.
    New { resume: Option<Position> },
    /// Blocks go out.
    Open,
    /// It has no credit: what comes from here on is a gap.
    Skipping { from: Place, bytes: u64 },
}

impl Channel {
    pub(crate) fn new(number: u32, filter: Filter, credit: u64) -> Self {
        Channel { number, sieve: Sieve::new(filter), credit, state: State::New { resume: None } }
    }

    pub(crate) fn number(&self) -> u32 {
        self.number
    }

    pub(crate) fn credit(&mut self, bytes: u64) {
        self.credit = self.credit.saturating_add(bytes);
    }

    /// It goes on at a position, on a log whose follower stands elsewhere.
    pub(crate) fn resume_at(&mut self, position: Position) {
        self.state = State::New { resume: Some(position) };
    }

    /// A message on this channel.
    pub(crate) fn told(&self, told: Told) -> ToHub {
        ToHub::Told { channel: self.number, told }
    }

    /// What comes next does not follow what came before: something was skipped, or another file begins.
    pub(crate) fn break_off(&mut self) {
        self.sieve.break_off();
    }

    /// How far the log has come. A gap ends here when there is credit again, since the log may be silent from now on; until
    /// then nothing is said, which would make it seem closed.
    pub(crate) fn edge(&mut self, edge: Option<&Place>, behind: u64) -> Vec<ToHub> {
        let mut messages = Vec::new();
        if let (State::Skipping { from, bytes }, Some(here), ENOUGH..) = (&self.state, edge, self.credit) {
            messages.push(self.told(Told { from: Some(from.clone()), ..gap(None, here, Some(*bytes)) }));
            self.state = State::Open;
        }
        if let State::Open = self.state {
            messages.push(ToHub::Edge { channel: self.number, edge: edge.cloned(), behind });
        }
        messages
    }

    /// Says where the channel starts, once, and brings one that resumes up to there. Blocks on the disk.
    pub(crate) fn open(&mut self, log: &Followed, edge: Option<&(Place, Cap)>) -> Vec<ToHub> {
        // Asked at each step: a gap that is open must stay open.
        let State::New { resume } = &mut self.state else { return Vec::new() };
        let resume = resume.take();
        self.state = State::Open;
        let number = self.number;
        let followed = |edge| ToHub::Followed { channel: number, edge };
        match (resume, edge) {
            (Some(position), Some((edge, cap))) if position.to_string() != edge.position => {
                let mut messages = vec![followed(None)];
                messages.extend(self.catch_up(log, position, edge, *cap));
                messages
            }
            _ => vec![followed(edge.map(|(edge, _)| edge.clone()))],
        }
    }

    /// What lies between a position and the place where the others stand.
    fn catch_up(&mut self, log: &Followed, from: Position, edge: &Place, cap: Cap) -> Vec<ToHub> {
        let mut messages = Vec::new();
        let mut reached = from;
        let mut read = 0;
        while read < CATCH_UP {
            let ask = Ask { bytes: 1 << 20, upto: Some(cap), ..Ask::lines(Ask::MOST_LINES) };
            let Ok(page) = log.log.after(&reached, ask) else { break };
            let is_end = page.end;
            for block in page.blocks {
                let block = told::block(block);
                read += block.end - block.start;
                messages.push(ToHub::Block { channel: self.number, block: self.sieve.sift(&block) });
            }
            match page.after {
                Some(after) if after != reached => reached = after,
                _ => break,
            }
            if is_end {
                break;
            }
        }
        if reached.to_string() != edge.position {
            self.break_off();
            messages.push(self.told(gap(Some(reached.to_string()), edge, None)));
        }
        messages
    }

    /// What of a block goes out: usually the block, sifted; nothing while there is no credit.
    pub(crate) fn block(&mut self, block: &Block) -> Vec<ToHub> {
        let weight = block.weight() as u64;
        if self.credit < weight {
            self.skip(block);
            return Vec::new();
        }
        let sifted = self.sieve.sift(block);
        self.credit -= sifted.weight() as u64;
        let mut messages = Vec::new();
        if let State::Skipping { from, bytes } = std::mem::replace(&mut self.state, State::Open) {
            let here = start_of(block);
            messages.push(self.told(Told { from: Some(from), ..gap(None, &here, Some(bytes)) }));
        }
        messages.push(ToHub::Block { channel: self.number, block: sifted });
        messages
    }

    fn skip(&mut self, block: &Block) {
        self.break_off();
        let length = block.end - block.start;
        match &mut self.state {
            State::Skipping { bytes, .. } => *bytes += length,
            state => *state = State::Skipping { from: start_of(block), bytes: length },
        }
    }
}

/// Where a block starts.
fn start_of(block: &Block) -> Place {
    let position = match tailcast_tail::Token::try_from(&block.token[..]) {
        Ok(token) => token.position(Offset(block.start), &block.lead).to_string(),
        Err(_) => String::new(),
    };
    Place { life: block.life, offset: block.start, position }
}

fn gap(from: Option<String>, to: &Place, bytes: Option<u64>) -> Told {
    let from = from.map(|position| Place { life: Place::BOUND, offset: 0, position });
    let words = match bytes {
        Some(bytes) => format!("{bytes} bytes were skipped since the link is slower than the log; they can be loaded"),
        None => "what was written while the link was down was more than is sent again; it can be loaded".to_owned(),
    };
    Told { tiding: Some(Tiding::Gap), from, to: Some(to.clone()), bytes, words, why: Some(Why::SlowLink) }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use tailcast_wire::{Begins, Body, Encoding, Ends};

    use super::*;

    fn block(start: u64, length: usize) -> Block {
        Block {
            life: 1,
            token: Bytes::new(),
            start,
            end: start + length as u64,
            lead: Bytes::new(),
            body: Body::Raw(Bytes::from(vec![b'\n'; length])),
            ends: Ends::Whole,
            encoding: Encoding::Utf8,
            begins: Begins::AtLine,
        }
    }

    #[test]
    fn a_gap_ends_when_there_is_credit_again_although_no_line_follows() {
        let filter = crate::sieve::compile(&tailcast_wire::Filter::default()).unwrap();
        let mut channel = Channel { state: State::Open, ..Channel::new(7, filter, 1000) };
        assert!(matches!(channel.block(&block(0, 500))[..], [ToHub::Block { .. }]));
        assert!(channel.block(&block(500, 500)).is_empty());
        let end = Place { life: 1, offset: 1000, position: "end".to_owned() };
        assert!(channel.edge(Some(&end), 0).is_empty());
        channel.credit(1 << 20);
        let messages = channel.edge(Some(&end), 0);
        let [ToHub::Told { told, .. }, ToHub::Edge { .. }] = &messages[..] else { panic!("{messages:?}") };
        let bounds = (told.from.as_ref().map(|from| from.offset), told.to.as_ref().map(|to| to.offset), told.bytes);
        assert_eq!(bounds, (Some(500), Some(1000), Some(500)));
    }

    #[test]
    fn a_line_that_begins_before_a_gap_is_not_joined_with_what_comes_behind_it() {
        let include = vec!["wanted".to_owned()];
        let filter = crate::sieve::compile(&tailcast_wire::Filter { include, ..Default::default() }).unwrap();
        let mut channel = Channel { state: State::Open, ..Channel::new(7, filter, 600) };
        let head = Block { ends: Ends::Continues, body: Body::Raw("a wanted be".into()), end: 11, ..block(0, 11) };
        let tail = Block { begins: Begins::InLine, body: Body::Raw("ginning\n".into()), ..block(511, 8) };
        assert_eq!(channel.block(&head).len(), 1);
        assert!(channel.block(&block(11, 1000)).is_empty());
        channel.credit(1000);
        let messages = channel.block(&tail);
        let [ToHub::Told { .. }, ToHub::Block { block, .. }] = &messages[..] else { panic!("{messages:?}") };
        assert!(matches!(&block.body, Body::Picked { lines, .. } if lines.is_empty()), "{block:?}");
    }
}
