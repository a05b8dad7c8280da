//! What a pump does on the blocking thread: one step of the follower, sifted for each channel, encoded for the link.
//!
//! It holds the follower and the channels, and goes to that thread and back with them. It counts what the log brings, and
//! skips to the end when that is too much for one window (law 5). It refuses to wait, and to send: what it made is in `out`.

use std::time::Duration;

use bytes::Bytes;
use tailcast_tail as tail;
use tailcast_tail::{Cap, Event, Follower};
use tailcast_wire::{Place, Told, encode};
use tokio::time::Instant;

use crate::channel::Channel;
use crate::host::Followed;
use crate::told;

/// Bytes read in one step.
const STEP: usize = 1 << 20;
/// Bytes a log may bring in one window before what is left is skipped.
const BURST: u64 = 8 << 20;
/// The window.
const WINDOW: Duration = Duration::from_secs(1);

/// What goes to the blocking thread and comes back.
#[derive(Default)]
pub(super) struct Work {
    pub(super) follower: Option<Follower>,
    pub(super) channels: Vec<Channel>,
    pub(super) window: Window,
    pub(super) more: bool,
    /// That the follower's looks come late, while it is so: a channel that comes later is to know it, too.
    pub(super) late: Option<Told>,
    pub(super) out: Vec<Bytes>,
}

/// How much the log has brought in the present window.
#[derive(Debug, Clone, Copy)]
pub(super) struct Window {
    began: Instant,
    given: u64,
}

impl Default for Window {
    fn default() -> Self {
        Window { began: Instant::now(), given: 0 }
    }
}

impl Window {
    /// Waits for the next window when this one has brought all that it may.
    pub(super) fn not_before(&self) -> Instant {
        if self.given >= BURST { self.began + WINDOW } else { self.began }
    }
}

impl Work {
    /// One step. Blocks on the disk.
    pub(super) fn step(&mut self, log: &Followed, say_edge: bool) {
        let Some(mut follower) = self.follower.take() else { return };
        if self.is_too_much(&follower)
            && let Ok(Some(gap)) = follower.skip_to_end()
        {
            let told = told::skipped(&gap);
            self.break_off();
            self.tell_all(&told);
        }
        let before = follower.edge();
        let step = follower.step(STEP);
        self.more = step.more;
        let edge = follower.edge().map(|edge| told::edge_place(&edge));
        let stood = |edge: tail::Edge| (told::edge_place(&edge), edge.cap());
        let started = before.map(stood).or_else(|| first_place(&step.events)).or_else(|| follower.edge().map(stood));
        let opened = self.open_new_channels(log, started.as_ref());
        let places = places_behind(&step.events, edge.clone());
        for (event, place) in step.events.into_iter().zip(places) {
            self.event(event, place);
        }
        let behind = follower.behind();
        for channel in &mut self.channels {
            if say_edge || opened.contains(&channel.number()) {
                self.out.extend(channel.edge(edge.as_ref(), behind).iter().map(encode));
            }
        }
        self.follower = Some(follower);
    }

    /// Of its channels.
    pub(super) fn numbers(&self) -> Vec<u32> {
        self.channels.iter().map(Channel::number).collect()
    }

    /// Whether the log has brought its share of a window and there is as much again waiting.
    fn is_too_much(&mut self, follower: &Follower) -> bool {
        if self.window.began.elapsed() < WINDOW {
            return false;
        }
        let was_full = self.window.given >= BURST;
        self.window = Window { began: Instant::now(), given: 0 };
        was_full && follower.behind() > BURST
    }

    /// Channels that came since the last step: they are told where they start, and brought up to there. Their edge is due then, since
    /// whoever looks at the first lines wants to know whether they are the last ones.
    fn open_new_channels(&mut self, log: &Followed, edge: Option<&(Place, Cap)>) -> Vec<u32> {
        let mut opened = Vec::new();
        for channel in &mut self.channels {
            let mut messages = channel.open(log, edge);
            if messages.is_empty() {
                continue;
            }
            opened.push(channel.number());
            if let Some(late) = &self.late {
                messages.extend(channel.tell(late.clone()));
            }
            self.out.extend(messages.iter().map(encode));
        }
        opened
    }

    fn event(&mut self, event: Event, behind: Option<Place>) {
        let told = told::told(&event, behind);
        match &event {
            Event::Polling(_) => self.late.clone_from(&told),
            Event::Watching => self.late = None,
            _ => (),
        }
        match event {
            Event::Block(block) => {
                let block = told::block(block);
                self.window.given += block.end - block.start;
                for channel in &mut self.channels {
                    self.out.extend(channel.block(&block).iter().map(encode));
                }
                if let Some(told) = told::unfinished(&block) {
                    self.tell_all(&told);
                }
            }
            Event::Opened { .. }
            | Event::Rotated { .. }
            | Event::Truncated { .. }
            | Event::Hole { .. }
            | Event::Lost(_) => self.break_off(),
            Event::Gap(_) | Event::Gone(_) | Event::Waiting(_) | Event::Polling(_) | Event::Watching => (),
        }
        if let Some(told) = told {
            self.tell_all(&told);
        }
    }

    fn break_off(&mut self) {
        self.channels.iter_mut().for_each(Channel::break_off);
    }

    /// A word on every channel.
    pub(super) fn tell_all(&mut self, told: &Told) {
        for channel in &mut self.channels {
            self.out.extend(channel.tell(told.clone()).iter().map(encode));
        }
    }

    /// A word on a channel that is about to be among them.
    pub(super) fn tell(&mut self, channel: &mut Channel, told: Told) {
        self.out.extend(channel.tell(told).iter().map(encode));
    }
}

/// Where the log goes on behind each event: at the next block of the step, behind the last one at the follower's `edge`. An
/// event that named the edge instead would make the blocks between them look known.
fn places_behind(events: &[Event], edge: Option<Place>) -> Vec<Option<Place>> {
    let mut behind = edge;
    let mut places = Vec::with_capacity(events.len());
    for event in events.iter().rev() {
        places.push(behind.clone());
        if let Event::Block(block) = event {
            behind = Some(start_of(block));
        }
    }
    places.reverse();
    places
}

fn start_of(block: &tail::Block) -> Place {
    told::place(block.incarnation().life(), block.start(), &block.position_at(block.start()))
}

/// Where a follower's first step began to read, when it brought lines.
fn first_place(events: &[Event]) -> Option<(Place, Cap)> {
    events.iter().find_map(|event| match event {
        Event::Block(block) => {
            let cap = Cap { life: block.incarnation().life(), offset: block.start() };
            Some((start_of(block), cap))
        }
        _ => None,
    })
}
