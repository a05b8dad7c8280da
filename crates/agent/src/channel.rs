//! One channel on a followed log: a filter, a credit, and how far it has come.
//!
//! Credit is how much the hub lets be under way. A channel without credit does not hold the log up: it skips, and tells
//! the gap with exact bounds when it has credit again.

use tailcast_lines::Filter;
use tailcast_tail::{Ask, Cap, Offset, Position, Token};
use tailcast_wire::{Block, Body, Place, Tiding, ToHub, Told, Why};

use crate::host::Followed;
use crate::sieve::Sieve;
use crate::told;

/// At most so many bytes are read again for a channel that resumes; more is told as a gap.
const CATCH_UP: u64 = 8 << 20;

/// As many bytes in front of a place as its position is known by.
const ANCHOR: usize = 64;

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
    /// It has no credit: what comes is a gap.
    Skipping(Gap),
}

/// What was not sent, so far. It lies in one life of the file.
#[derive(Debug)]
struct Gap {
    from: Place,
    to: Place,
    bytes: u64,
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

    /// A word on this channel, behind the gap that is open: what was skipped lies before it. A channel that has not been told
    /// where it starts has no use for what moves others on; it starts behind that.
    pub(crate) fn tell(&mut self, told: Told) -> Vec<ToHub> {
        if matches!(self.state, State::New { .. }) && (told.from.is_some() || told.to.is_some()) {
            return Vec::new();
        }
        let mut messages: Vec<_> = self.end_gap().into_iter().collect();
        messages.push(self.told(told));
        messages
    }

    fn told(&self, told: Told) -> ToHub {
        ToHub::Told { channel: self.number, told }
    }

    fn end_gap(&mut self) -> Option<ToHub> {
        let State::Skipping(_) = &self.state else { return None };
        match std::mem::replace(&mut self.state, State::Open) {
            State::Skipping(skipped) => Some(self.told(skipped.told())),
            State::New { .. } | State::Open => None,
        }
    }

    /// What comes next does not follow what came before: something was skipped, or another file begins.
    pub(crate) fn break_off(&mut self) {
        self.sieve.break_off();
    }

    /// How far the log has come. A gap ends here when there is credit again, since the log may be silent from now on; until
    /// then nothing is said, which would make it seem closed.
    pub(crate) fn edge(&mut self, edge: Option<&Place>, behind: u64) -> Vec<ToHub> {
        let mut messages = Vec::new();
        if self.credit >= ENOUGH {
            messages.extend(self.end_gap());
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
            messages.push(self.told(not_sent_again(&reached, edge)));
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
        let mut messages: Vec<_> = self.end_gap().into_iter().collect();
        messages.push(ToHub::Block { channel: self.number, block: sifted });
        messages
    }

    fn skip(&mut self, block: &Block) {
        self.break_off();
        let (to, length) = (end_of(block), block.end - block.start);
        match &mut self.state {
            State::Skipping(gap) => (gap.to, gap.bytes) = (to, gap.bytes + length),
            state => *state = State::Skipping(Gap { from: start_of(block), to, bytes: length }),
        }
    }
}

impl Gap {
    fn told(self) -> Told {
        let words =
            format!("{} bytes were skipped since the link is slower than the log; they can be loaded", self.bytes);
        let (from, to) = (Some(self.from), Some(self.to));
        Told { from, to, bytes: Some(self.bytes), why: Some(Why::SlowLink), ..Told::of(Tiding::Gap, words) }
    }
}

/// A gap for a channel that resumes, of which it is not known how many files it goes over.
fn not_sent_again(from: &Position, to: &Place) -> Told {
    let words = "what was written while the link was down was more than is sent again; it can be loaded".to_owned();
    let from = Place { life: Place::BOUND, offset: 0, position: from.to_string() };
    Told { from: Some(from), to: Some(to.clone()), why: Some(Why::SlowLink), ..Told::of(Tiding::Gap, words) }
}

fn start_of(block: &Block) -> Place {
    place(block, block.start, &block.lead)
}

fn end_of(block: &Block) -> Place {
    let Body::Raw(bytes) = &block.body else { return place(block, block.end, &[]) };
    let before = [&block.lead[..], &bytes[bytes.len().saturating_sub(ANCHOR)..]].concat();
    place(block, block.end, &before)
}

/// `before`: what stands in front of the place.
fn place(block: &Block, offset: u64, before: &[u8]) -> Place {
    let position = match Token::try_from(&block.token[..]) {
        Ok(token) => token.position(Offset(offset), before).to_string(),
        Err(_) => String::new(),
    };
    Place { life: block.life, offset, position }
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
        let mut channel = without_a_filter(State::Open, 1000);
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

    fn told(tiding: Tiding, to: Option<Place>) -> Told {
        Told { to, ..Told::of(tiding, String::new()) }
    }

    fn without_a_filter(state: State, credit: u64) -> Channel {
        let filter = crate::sieve::compile(&tailcast_wire::Filter::default()).unwrap();
        Channel { state, ..Channel::new(7, filter, credit) }
    }

    #[test]
    fn a_gap_ends_in_front_of_a_word_that_the_file_was_rotated() {
        let mut channel = without_a_filter(State::Open, 0);
        assert!(channel.block(&block(0, 500)).is_empty());
        let start = Place { life: 2, offset: 0, position: "start".to_owned() };
        let messages = channel.tell(told(Tiding::Rotated, Some(start)));
        let [ToHub::Told { told: gap, .. }, ToHub::Told { told, .. }] = &messages[..] else { panic!("{messages:?}") };
        let ends = gap.to.as_ref().map(|to| (to.life, to.offset));
        assert_eq!((gap.tiding, ends, gap.bytes), (Some(Tiding::Gap), Some((1, 500)), Some(500)));
        assert_eq!(told.tiding, Some(Tiding::Rotated));
        // Of the next file as well nothing can be sent.
        assert!(channel.block(&Block { life: 2, ..block(0, 300) }).is_empty());
        channel.credit(1 << 20);
        let messages = channel.block(&Block { life: 2, ..block(300, 10) });
        let [ToHub::Told { told: gap, .. }, ToHub::Block { .. }] = &messages[..] else { panic!("{messages:?}") };
        let from = gap.from.as_ref().map(|from| (from.life, from.offset));
        assert_eq!((from, gap.bytes), (Some((2, 0)), Some(300)));
    }

    #[test]
    fn a_channel_that_starts_behind_a_gap_is_not_told_of_it() {
        let mut channel = without_a_filter(State::New { resume: None }, 1000);
        let end = Place { life: 1, offset: 500, position: "end".to_owned() };
        assert!(channel.tell(told(Tiding::Gap, Some(end))).is_empty());
        assert_eq!(channel.tell(told(Tiding::Error, None)).len(), 1, "what stands in its way it is told");
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
