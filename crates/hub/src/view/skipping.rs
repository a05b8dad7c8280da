//! What a viewer is not sent: the gaps of its channel, as far as it does not know them, and those that its own pace makes.
//!
//! A viewer who wants everything is told of no gap: it reads over it from the file. Each gap has the bounds of what this very
//! viewer was not sent, so that what it loads joins what it has. It refuses to skip without a word.

use std::sync::Arc;

use tailcast_wire::{Place, Tiding, Told, Why};

use super::older::Unread;
use super::{Policy, Stage, View};
use crate::item::{Item, Reach, What};

/// What a viewer who skips ahead is shown of what came before: some screens, if the ring has it.
const KEEP: u64 = 64 << 10;

impl View {
    /// Whether a gap in the channel is none for this viewer, who reads the bytes from the file. What a broker has lost
    /// everybody reads: it was not the log that was too fast. Who is far behind then skips, as one who comes again does.
    pub(super) fn reads_over(&self, told: &Told) -> bool {
        let reads = self.policy == Policy::Complete || told.why == Some(Why::BetweenHubs);
        is_gap(told) && reads && self.position.is_some()
    }

    /// A gap in the channel, without what this viewer has read of it from the file.
    pub(super) fn rest_of_gap(&self, item: &Arc<Item>, told: &Told, reach: Reach) -> Arc<Item> {
        let (Some(position), true) = (&self.position, item.from < reach) else { return Arc::clone(item) };
        let bytes = (item.reach.epoch == reach.epoch).then(|| item.reach.offset - reach.offset);
        let from = Place { life: Place::BOUND, offset: reach.offset, position: position.to_string() };
        let words = "the rest of what was skipped can be loaded".to_owned();
        let told = Told { from: Some(from), bytes, words, ..told.clone() };
        Arc::new(self.item(What::Told(told), None))
    }

    /// Late lines in a file that was left, without those that this viewer has read there.
    pub(super) fn rest_of_late_gap(&self, item: &Arc<Item>, told: &Told) -> Option<Arc<Item>> {
        match self.older.unread(self.channel.session(), told) {
            Unread::All => Some(Arc::clone(item)),
            Unread::Nothing => None,
            Unread::Rest(from, bytes) => {
                let told = Told { from: Some(from), bytes: Some(bytes), ..told.clone() };
                Some(Arc::new(self.item(What::Told(told), None)))
            }
        }
    }

    /// Late lines that were told while this viewer was reading elsewhere: those that were told before it asked for its last page it
    /// has read there, or they were none of its own.
    pub(super) fn tell_late_lines<'a>(&self, items: impl Iterator<Item = &'a Arc<Item>>, out: &mut Vec<Arc<Item>>) {
        for item in items.filter(|item| item.made >= self.asked) {
            if let What::Told(told) = &item.what
                && is_late_gap(told)
            {
                out.extend(self.rest_of_late_gap(item, told));
            }
        }
    }

    /// The ring has overwritten what the viewer did not read in time.
    pub(super) fn fell_off(&mut self, reach: Reach, out: &mut Vec<Arc<Item>>) {
        if self.position.is_none() {
            self.stage = Stage::Live(reach);
            return;
        }
        match self.policy {
            Policy::Complete => self.read(),
            Policy::Live => self.skip_ahead(reach, out),
        }
    }

    /// Goes to the newest item, and tells the gap with its bounds.
    pub(super) fn skip_ahead(&mut self, reach: Reach, out: &mut Vec<Arc<Item>>) {
        let newest = self.channel.newest(KEEP).filter(|newest| self.subscription.seek(newest.seq).is_ok());
        let Some(newest) = newest else {
            return self.read();
        };
        self.caught_up = 0;
        if newest.reach <= reach {
            // Only what says nothing of lines has left the ring.
            self.stage = Stage::Live(reach);
            return;
        }
        let bytes = (newest.reach.epoch == reach.epoch).then(|| newest.reach.offset - reach.offset);
        let place = |position: &Arc<str>, offset| Place { life: newest.life, offset, position: position.to_string() };
        let told = Told {
            tiding: Some(Tiding::Gap),
            from: self.position.as_ref().map(|position| place(position, reach.offset)),
            to: Some(place(&newest.position, newest.reach.offset)),
            bytes,
            words: match bytes {
                Some(bytes) => format!("this view was too slow: {bytes} bytes were skipped and can be loaded"),
                None => "this view was too far behind: what came meanwhile was skipped and can be loaded".to_owned(),
            },
            why: Some(Why::SlowViewer),
        };
        self.hub.metrics.viewer_skipped(bytes.unwrap_or(0));
        self.known = Some(newest.reach);
        self.position = Some(newest.position);
        self.stage = Stage::Live(newest.reach);
        out.push(Arc::new(self.item(What::Told(told), None)));
    }
}

/// Whether it tells of bytes that were not sent, with the log going on behind them.
pub(super) fn is_gap(told: &Told) -> bool {
    told.tiding == Some(Tiding::Gap) && told.goes_on().is_some()
}

/// Whether it tells of bytes in a file that was left: the log does not go on behind them.
pub(super) fn is_late_gap(told: &Told) -> bool {
    told.tiding == Some(Tiding::Gap) && told.goes_on().is_none()
}
