//! The half of a view that reads from the file: it asks for a page at the viewer's place, hands it on, and looks whether the
//! ring reaches back to where the page ended.
//!
//! One question at a time, each bounded in bytes and work. It refuses to skip anything: only a live viewer who comes back
//! very far behind goes to the newest line at once, and is told the gap.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Instant;

use tailcast_fanout::{Drained, Seq, Weigh as _};
use tailcast_tail::BLOCK_BYTES;
use tailcast_wire::{Answer, Failure, HalfLine, Page, Part, Place, Question, Refusal, Spot, Tiding, Told, Why};
use tokio::time::{Sleep, sleep};

use super::{Policy, SLOW, Stage, Start, View};
use crate::ask::{Answered, AskError};
use crate::away::Away;
use crate::block_lines;
use crate::channel::{At, Joint};
use crate::held::{Room, SMALL};
use crate::item::{BACK, Item, Reach, What};

/// Bytes of blocks asked for at once while catching up.
const PAGE_BYTES: u32 = 1 << 20;
/// What a page weighs: as its items do, its bytes and the forms that are made of them. An agent adds blocks until there are
/// enough bytes, so that the last one may be over it. Only long lines, or many very short ones, weigh more.
const PAGE_WEIGHT: usize = (PAGE_BYTES as usize + BLOCK_BYTES + SMALL) * 5 / 2;
/// Bytes looked through for one page of matching lines while catching up.
const PAGE_SCAN: u64 = 16 << 20;
/// Bytes looked through for the last matching lines at the beginning: about 0.1 s of a core; then `limit` is told.
const FIRST_SCAN: u64 = 256 << 20;
/// A live view that comes back further behind than this skips ahead.
const LIVE_CATCH_UP: u64 = 8 << 20;

impl View {
    /// Asks for the page at the viewer's place.
    pub(super) fn read(&mut self) {
        let (spot, lines, scan) = match (&self.position, &self.start) {
            (Some(position), _) => (Spot::After(position.to_string()), u32::MAX, PAGE_SCAN),
            (None, Start::Last(lines)) => (Spot::Last, *lines, FIRST_SCAN),
            (None, Start::From(position)) => (Spot::After(position.clone()), u32::MAX, PAGE_SCAN),
            (None, Start::Beginning) => (Spot::Offset(0), u32::MAX, PAGE_SCAN),
        };
        let key = &self.channel.key;
        let filter = key.filter.clone();
        let question = Question::Read {
            log: key.log.name.clone(),
            spot,
            lines,
            bytes: PAGE_BYTES,
            filter,
            scan,
            half: HalfLine::Hold,
        };
        let (hub, host) = (Arc::clone(&self.hub), key.log.host.clone());
        let exit = self.exit.clone();
        let asked = Arc::new(AtomicBool::new(false));
        let now_asked = Arc::clone(&asked);
        let asking = Box::pin(async move {
            // A page of history is larger than what a viewer holds otherwise: there is not always room for one more.
            let room = hub.held.room(PAGE_WEIGHT, &exit).await;
            now_asked.store(true, Ordering::Relaxed);
            (room, hub.agents.ask(&host, question).await)
        });
        self.asked = Instant::now();
        self.stage = Stage::Reading { asking, slow: Some(Box::pin(sleep(SLOW))), asked };
    }

    /// Keeps as much of the room as the page takes, until the viewer has taken it.
    pub(super) fn make_room(&mut self, room: Room, out: &[Arc<Item>]) {
        let bytes = out.iter().map(|item| item.weight()).sum();
        if bytes >= SMALL {
            room.set(bytes, &self.exit);
            self.page = Some(room);
        }
    }

    pub(super) fn answered(&mut self, answered: Result<Answered, AskError>, out: &mut Vec<Arc<Item>>) {
        match answered {
            Ok(Answered { session, answer: Answer::Page(page) }) => self.page(session, page, out),
            Ok(Answered { answer: Answer::Refused(refusal), .. }) => self.refused(refusal, out),
            Ok(_) => {
                self.tell(Tiding::Error, None, "the agent answered something else than was asked".to_owned(), out);
                self.stage = Stage::Over;
            }
            Err(e) => {
                self.away(Away { words: e.to_string().into(), why: e.why() }, out);
                self.stage = Stage::Waiting(None);
            }
        }
    }

    fn refused(&mut self, refusal: Refusal, out: &mut Vec<Arc<Item>>) {
        match refusal.failure {
            Some(Failure::Gone) => return self.lost(refusal.words, out),
            // It may be readable soon, or offered; the ring tells.
            Some(Failure::Unreadable | Failure::Busy | Failure::Failed | Failure::NotOffered) => {
                self.stage = Stage::Waiting(None);
            }
            _ => self.stage = Stage::Over,
        }
        let why = refusal.why();
        // A file that is not there is no fault: it is waited for, as where a follower finds none.
        let tiding = if why == Some(Why::NotThere) { Tiding::Waiting } else { Tiding::Error };
        if !self.is_told(tiding, why) {
            self.tell(tiding, why, refusal.words, out);
        }
    }

    /// What the viewer wants to go on with is gone from the disk: that is told, and the file that is there now is shown.
    fn lost(&mut self, words: String, out: &mut Vec<Arc<Item>>) {
        let from = self.position.take().map(|position| Place {
            life: Place::BOUND,
            offset: 0,
            position: position.to_string(),
        });
        let told = Told { from, why: Some(Why::NotFound), ..Told::of(Tiding::Lost, words) };
        out.push(Arc::new(self.item(What::Told(told), None)));
        self.start = Start::Beginning;
        self.read();
    }

    fn page(&mut self, session: u64, page: Page, out: &mut Vec<Arc<Item>>) {
        self.told_hindrance = None;
        if self.told_away {
            // The ring tells of a link that comes up; not of an agent that was only too slow to answer.
            self.back(Arc::new(self.item(What::AgentBack { words: BACK.to_owned() }, None)), out);
        }
        let is_first = self.position.is_none();
        let moved = page.after.as_ref().is_some_and(|after| self.position.as_deref() != Some(&after.position));
        for part in page.parts {
            self.part(session, part, out);
        }
        if page.limited && is_first {
            let words =
                format!("looked through the last {} MB for matching lines and stopped there", page.scanned / 1_000_000);
            let told = Told { bytes: Some(page.scanned), ..Told::of(Tiding::Limit, words) };
            out.push(Arc::new(self.item(What::Told(told), None)));
        }
        let Some(after) = page.after else {
            // There is nothing to read yet: whatever comes is told by the ring.
            self.stage = Stage::Live(Reach::default());
            return;
        };
        self.position = Some(Arc::from(after.position.as_str()));
        if !is_first {
            self.caught_up += page.scanned;
        }
        let at = At::new(session, &after);
        let place = self.channel.place(&at);
        self.known = place.or(self.known);
        if self.policy == Policy::Live && self.caught_up > LIVE_CATCH_UP && !page.end {
            // Never back: the newest lines that the ring has may have been in this page.
            return self.skip_ahead(place.unwrap_or_default(), out);
        }
        self.go_on(&at, moved && !page.end, out);
        self.tell_edge(page.behind, out);
    }

    /// Where the log ends, when the view goes on in the ring behind the edge that says it: the next one comes within a second, and until
    /// then nobody would know whether the lines up to here are the last ones. The agent said it with the page (`behind`), or since
    /// that was asked for; what it said before is not repeated as if it were so now.
    pub(super) fn tell_edge(&self, behind: Option<u64>, out: &mut Vec<Arc<Item>>) {
        let Stage::Live(reach) = self.stage else { return };
        let heard = || self.channel.end_heard_since(self.asked).filter(|end| end.epoch == reach.epoch);
        let behind = behind.or_else(|| Some(heard()?.offset.saturating_sub(reach.offset)));
        out.extend(behind.map(|behind| {
            let (log, position) = (Arc::clone(self.channel.log()), self.position.clone());
            Arc::new(Item::new(log, self.channel.zone(), What::Edge { behind }, (reach, reach), position))
        }));
    }

    /// Goes on in the ring if it reaches back to `at`; reads on if there is more; else waits for a sign from the ring.
    pub(super) fn go_on(&mut self, at: &At, more: bool, out: &mut Vec<Arc<Item>>) {
        match self.channel.join(at) {
            Joint::Here(seq, reach) if self.is_at(seq, reach, out) => {
                self.caught_up = 0;
                self.stage = Stage::Live(reach);
                self.tell_late(out);
            }
            _ if more => self.read(),
            _ => self.stage = Stage::Waiting(Some(at.clone())),
        }
    }

    /// Goes there in the ring. What stands in front of it is known, but for late lines of a file that was left.
    fn is_at(&mut self, seq: Seq, reach: Reach, out: &mut Vec<Arc<Item>>) -> bool {
        let mut passed = Vec::new();
        // Of what has left the ring already nothing can be told.
        while let Some(Drained::Missed(_)) = self.subscription.try_drain(usize::MAX, &mut passed) {}
        let there = self.subscription.seek(seq).is_ok();
        if there {
            self.tell_late_lines(passed.iter().filter(|item| item.reach <= reach), out);
        }
        there
    }

    fn part(&mut self, session: u64, part: Part, out: &mut Vec<Arc<Item>>) {
        let (what, to) = match part {
            Part::Block(block) => {
                let to = block_lines::end_of(&block);
                if let Some(end) = &to {
                    self.older.read_to(session, end.clone());
                }
                (What::Block { block, long: None }, to)
            }
            Part::Told(told) => {
                let to = told.goes_on().cloned();
                (What::Told(told), to)
            }
        };
        out.push(Arc::new(self.item(what, to.as_ref())));
    }
}

/// Ready once, when the answer has been slow for long enough to say so.
pub(super) fn poll_slow(slow: &mut Option<Pin<Box<Sleep>>>, cx: &mut Context<'_>) -> Poll<()> {
    match slow {
        Some(sleep) => {
            ready!(sleep.as_mut().poll(cx));
            *slow = None;
            Poll::Ready(())
        }
        None => Poll::Pending,
    }
}
