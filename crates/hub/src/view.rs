//! One log in front of one viewer: history from the file, then live from the channel's ring, without a seam.
//!
//! A view subscribes first and reads afterwards. Each page that it reads says where the next line starts; as soon as the
//! ring reaches back to that place the view goes on in the ring ([`Channel::join`]), until then it reads on. The same way
//! brings back a viewer who fell off the ring and wants everything. So there is one path for history, resume and catching
//! up, and law 4 rests on one comparison. A view holds a cursor, one question at most, and no bytes.

mod older;
mod reading;
mod skipping;

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use tailcast_fanout::{Drained, Subscription};
use tailcast_wire::{Place, Tiding, Told, Why};
use tokio::time::Sleep;

use self::older::Older;
use self::skipping::{is_gap, is_late_gap};
use crate::ask::{Answered, AskError};
use crate::audience::Place as Stand;
use crate::away::Away;
use crate::channel::{At, Channel, Link};
use crate::guests::Exit;
use crate::held::Room;
use crate::hub::Hub;
use crate::item::{Item, Reach, What};

/// A viewer who has waited so long for an answer is told that it waits.
const SLOW: Duration = Duration::from_secs(3);
/// Bytes of items taken out of the ring at once.
const DRAIN: usize = 256 << 10;

/// What to do when the viewer is slower than the log (law 5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Policy {
    /// Skip ahead; the gap is told.
    Live,
    /// Everything, at the viewer's own pace, from the file.
    Complete,
}

/// In what a viewer takes a log, and so where it can come again while a line longer than a block is being written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Grain {
    /// In whole lines: at the beginning of that line, of which it has seen nothing.
    Lines,
    /// In bytes: in the middle of it.
    Bytes,
}

/// Where a view begins.
#[derive(Debug, Clone)]
pub(crate) enum Start {
    /// With so many last (matching) lines.
    Last(u32),
    /// Exactly here.
    From(String),
    /// With the first line of the file that is there now.
    Beginning,
}

/// An answer, and the room for what is in it.
type Asking = Pin<Box<dyn Future<Output = (Room, Result<Answered, AskError>)> + Send>>;

/// What a view is doing.
enum Stage {
    /// It waits for an answer; the page goes to the viewer. When the answer is slow that is told, once.
    Reading { asking: Asking, slow: Option<Pin<Box<Sleep>>>, asked: Arc<AtomicBool> },
    /// It is behind `at` and waits until the ring says something before it reads again.
    Waiting(Option<At>),
    /// It reads the ring, and knows the log up to here.
    Live(Reach),
    /// Nothing will come any more.
    Over,
}

/// What stands in the way of reading: the reason, or what it was told as where none is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Hindrance {
    Because(Why),
    Told(Tiding),
}

/// One log of a viewer.
pub(crate) struct View {
    hub: Arc<Hub>,
    /// By which its viewer is asked to make room.
    exit: Exit,
    /// For the page that is on its way to the viewer.
    page: Option<Room>,
    channel: Arc<Channel>,
    /// How far the viewer has been written to, for whoever asks.
    stand: Arc<Stand>,
    /// How far it will have been with what is under way.
    known: Option<Reach>,
    subscription: Subscription<Item>,
    policy: Policy,
    grain: Grain,
    start: Start,
    stage: Stage,
    /// When the file was asked for last.
    asked: Instant,
    /// Where the next line for this viewer starts, to come again with.
    position: Option<Arc<str>>,
    /// Bytes read from the file since the view last read the ring.
    caught_up: u64,
    /// How far pages went in the file before.
    older: Older,
    /// Said once, until the agent is back.
    told_away: bool,
    /// What was said last to stand in the way of reading: said once, by the answer or by the ring, until something was read again.
    told_hindrance: Option<Hindrance>,
    /// Why lines come late, as it was said last.
    told_late: Option<Why>,
}

impl View {
    pub(crate) fn new(
        hub: &Arc<Hub>,
        exit: &Exit,
        (channel, stand): (Arc<Channel>, Arc<Stand>),
        subscription: Subscription<Item>,
        (start, policy): (Start, Policy),
    ) -> Self {
        let position = match &start {
            Start::From(position) => Some(Arc::from(position.as_str())),
            Start::Last(_) | Start::Beginning => None,
        };
        let mut view = View {
            hub: Arc::clone(hub),
            exit: exit.clone(),
            page: None,
            channel,
            stand,
            known: None,
            subscription,
            policy,
            grain: Grain::Lines,
            start,
            stage: Stage::Waiting(None),
            asked: Instant::now(),
            position,
            caught_up: 0,
            older: Older::default(),
            told_away: false,
            told_hindrance: None,
            told_late: None,
        };
        view.read();
        view
    }

    /// The same, by the grain that its viewer takes.
    pub(crate) fn by(self, grain: Grain) -> Self {
        View { grain, ..self }
    }

    pub(crate) fn channel(&self) -> &Arc<Channel> {
        &self.channel
    }

    /// Whether the log's agent is being asked at this moment.
    pub(crate) fn is_asking(&self) -> bool {
        matches!(self.stage, Stage::Reading { .. })
    }

    /// Where this viewer goes on when it comes again.
    pub(crate) fn position(&self) -> Option<&str> {
        self.position.as_deref()
    }

    /// Its viewer has come over another connection.
    pub(crate) fn leave_by(&mut self, exit: &Exit) {
        self.exit = exit.clone();
    }

    /// The room of the page that is on its way to the viewer.
    pub(crate) fn room(&self) -> Option<&Room> {
        self.page.as_ref()
    }

    /// All that was handed out is on its way to the viewer.
    pub(crate) fn arrived(&mut self) {
        self.page = None;
        if let Some(reach) = self.known {
            self.stand.put(reach);
        }
    }

    /// Appends the next items for the viewer, at least one. Pending: nothing new yet. Ready with nothing: never again.
    pub(crate) fn poll_next(&mut self, cx: &mut Context<'_>, out: &mut Vec<Arc<Item>>) -> Poll<()> {
        loop {
            match &mut self.stage {
                Stage::Reading { asking, slow, asked } => match asking.as_mut().poll(cx) {
                    Poll::Ready((room, answer)) => {
                        self.answered(answer, out);
                        self.make_room(room, out);
                    }
                    Poll::Pending => {
                        ready!(reading::poll_slow(slow, cx));
                        let asked = asked.load(Ordering::Relaxed);
                        self.tell_slow(asked, out);
                    }
                },
                Stage::Waiting(_) => ready!(self.poll_waiting(cx, out)),
                Stage::Live(reach) => {
                    let reach = *reach;
                    ready!(self.poll_live(cx, reach, out));
                }
                Stage::Over => return Poll::Ready(()),
            }
            if !out.is_empty() {
                return Poll::Ready(());
            }
        }
    }

    fn tell_slow(&self, asked: bool, out: &mut Vec<Arc<Item>>) {
        let seconds = SLOW.as_secs();
        let (why, words) = match asked {
            true => (Some(Why::SlowAnswer), format!("the agent has not answered for {seconds} s; still waiting")),
            false => (None, "the hub holds as much for slow viewers as it may; this one waits its turn".to_owned()),
        };
        self.tell(Tiding::Waiting, why, words, out);
    }

    fn poll_waiting(&mut self, cx: &mut Context<'_>, out: &mut Vec<Arc<Item>>) -> Poll<()> {
        let mut items = Vec::new();
        let drained = ready!(self.subscription.poll_drain(cx, DRAIN, &mut items));
        if drained == Drained::Closed {
            return self.closed(out);
        }
        for item in &items {
            match &item.what {
                What::AgentLost(away) => self.away(away.clone(), out),
                What::AgentBack { .. } => self.back(Arc::clone(item), out),
                What::Told(told) if self.is_late_told(told) => (),
                What::Told(told) if told.tiding == Some(Tiding::Polling) => out.push(Arc::clone(item)),
                What::Told(told) if self.position.is_none() && told.tiding != Some(Tiding::Opened) => {
                    let hindrance = told.tiding.filter(|tiding| matches!(tiding, Tiding::Waiting | Tiding::Error));
                    if !hindrance.is_some_and(|tiding| self.is_told(tiding, told.why)) {
                        out.push(Arc::clone(item));
                    }
                }
                _ => (),
            }
        }
        match &self.stage {
            _ if self.channel.link() != Link::Up => (),
            // With each piece of it, all of it would be looked through again for an end that is not there.
            Stage::Waiting(Some(at)) if self.channel.is_in_line(at) => (),
            Stage::Waiting(Some(at)) => {
                let at = at.clone();
                self.go_on(&at, true, out);
                if let Stage::Live(reach) = self.stage {
                    self.tell_late_lines(items.iter().filter(|item| item.reach <= reach), out);
                }
                self.tell_edge(None, out);
            }
            _ => self.read(),
        }
        Poll::Ready(())
    }

    fn poll_live(&mut self, cx: &mut Context<'_>, reach: Reach, out: &mut Vec<Arc<Item>>) -> Poll<()> {
        let mut items = Vec::new();
        match ready!(self.subscription.poll_drain(cx, DRAIN, &mut items)) {
            Drained::Items => {
                let mut reach = reach;
                for item in items {
                    if !self.take(&item, &mut reach, out) {
                        return Poll::Ready(());
                    }
                }
                self.known = Some(reach);
                self.stage = Stage::Live(reach);
            }
            Drained::Missed(_) => self.fell_off(reach, out),
            Drained::Closed => return self.closed(out),
        }
        Poll::Ready(())
    }

    /// Hands an item on, as far as the viewer does not know it; false when the view has to read from the file instead.
    fn take(&mut self, item: &Arc<Item>, reach: &mut Reach, out: &mut Vec<Arc<Item>>) -> bool {
        if item.from > *reach && item.from.epoch == reach.epoch {
            self.read();
            return false;
        }
        if self.position.is_none() && item.begins_late() {
            // There was no file when this view looked, and when the agent looked there were lines in it.
            self.start = Start::Beginning;
            self.read();
            return false;
        }
        match &item.what {
            What::Told(told) if is_gap(told) && item.reach <= *reach => return true,
            What::Told(told) if self.is_late_told(told) => return true,
            What::Told(told) if self.reads_over(told) => {
                self.read();
                return false;
            }
            What::Told(told) if is_late_gap(told) => out.extend(self.rest_of_late_gap(item, told)),
            What::Told(told) if is_gap(told) => out.push(self.rest_of_gap(item, told, *reach)),
            What::Block { block, .. } => {
                if item.reach <= *reach {
                    return true;
                }
                let known = reach.epoch == item.reach.epoch && block.start < reach.offset;
                let rest = if known { item.behind(reach.offset).map(Arc::new) } else { Some(Arc::clone(item)) };
                out.extend(rest);
            }
            What::AgentLost(_) if std::mem::replace(&mut self.told_away, true) => (),
            What::AgentBack { .. } => self.back(Arc::clone(item), out),
            _ => out.push(Arc::clone(item)),
        }
        *reach = item.reach.max(*reach);
        let position = match self.grain {
            Grain::Lines => item.next_line(),
            Grain::Bytes => item.position.as_ref(),
        };
        self.position = position.cloned().or_else(|| self.position.take());
        true
    }

    fn closed(&mut self, out: &mut Vec<Arc<Item>>) -> Poll<()> {
        // The ring closes only when its source is dropped while somebody looks: the hub is going down.
        self.tell(Tiding::Error, None, "the hub closed this channel".to_owned(), out);
        self.stage = Stage::Over;
        Poll::Ready(())
    }

    fn away(&mut self, away: Away, out: &mut Vec<Arc<Item>>) {
        if !std::mem::replace(&mut self.told_away, true) {
            out.push(Arc::new(self.item(What::AgentLost(away), None)));
        }
    }

    /// The agent is there again, of which only who was told that it was away is told.
    fn back(&mut self, item: Arc<Item>, out: &mut Vec<Arc<Item>>) {
        if std::mem::take(&mut self.told_away) {
            out.push(item);
        }
    }

    /// Whether this hindrance is what was told last; from now on it is. The same reason is the same hindrance, whether an answer
    /// calls it an error or the ring something to wait for.
    fn is_told(&mut self, tiding: Tiding, why: Option<Why>) -> bool {
        let told = why.map_or(Hindrance::Told(tiding), Hindrance::Because);
        self.told_hindrance.replace(told) == Some(told)
    }

    /// Whether it says that lines come late, or no longer do, and that was told already; from now on it is.
    fn is_late_told(&mut self, told: &Told) -> bool {
        told.tiding == Some(Tiding::Polling) && {
            let now = told.why.filter(|why| *why != Why::Watched);
            std::mem::replace(&mut self.told_late, now) == now
        }
    }

    /// What the ring said before this view came to it.
    fn tell_late(&mut self, out: &mut Vec<Arc<Item>>) {
        if let Some(told) = self.channel.late().filter(|told| !self.is_late_told(told)) {
            out.push(Arc::new(self.item(What::Told(told), None)));
        }
    }

    fn tell(&self, tiding: Tiding, why: Option<Why>, words: String, out: &mut Vec<Arc<Item>>) {
        let told = Told { why, ..Told::of(tiding, words) };
        out.push(Arc::new(self.item(What::Told(told), None)));
    }

    /// An item for this viewer alone.
    fn item(&self, what: What, to: Option<&Place>) -> Item {
        let position = to.map(|to| Arc::from(to.position.as_str())).or_else(|| self.position.clone());
        Item::new(Arc::clone(self.channel.log()), self.channel.zone(), what, Default::default(), position)
    }
}
