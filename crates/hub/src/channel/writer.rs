//! The right to write to a channel, which one link has at a time: the one that was asked last to follow.
//!
//! A link that is taken over may still hold blocks that it has read and not yet handed on. The newer one was asked to go on
//! from where the channel stood then, so it brings the same lines again: what an older link still says is dropped.

use std::sync::Arc;

use jiff::tz::TimeZone;
use tailcast_wire::Place;

use super::{Channel, Link, State};
use crate::item::{BACK, Reach, What};

/// Writes to a channel, until another link is asked to follow.
#[derive(Debug)]
pub(crate) struct Writer {
    channel: Arc<Channel>,
    turn: u64,
}

impl Channel {
    /// Whoever wrote until now does so no longer. Where the channel stands comes with it, since both must be of one moment:
    /// the new writer goes on from there; `None` while nothing was ever written.
    pub(crate) fn hand_over(self: &Arc<Self>) -> (Writer, Option<Arc<str>>) {
        let mut state = self.lock();
        state.turn += 1;
        let writer = Writer { channel: Arc::clone(self), turn: state.turn };
        (writer, state.edge.as_ref().map(|edge| Arc::clone(&edge.position)))
    }
}

impl Writer {
    pub(crate) fn is_of(&self, channel: &Arc<Channel>) -> bool {
        Arc::ptr_eq(&self.channel, channel)
    }

    /// The link came up: the agent of `session` follows from `edge` on.
    pub(crate) fn opened(&self, session: u64, zone: &TimeZone, edge: Option<&Place>) {
        self.write(|channel, state| {
            let was_down = state.heard.is_some() && state.link != Link::Up;
            let went_on = state.edge.is_some().then(|| state.reached());
            state.link = Link::Up;
            state.session = session;
            state.zone = zone.clone();
            state.lives.clear();
            state.advance(edge, edge.map(|edge| edge.offset));
            // What was written before a channel began is in the file alone: who has read less than that must read on.
            let from = went_on.unwrap_or_else(|| state.reached());
            let what = match was_down {
                true => What::AgentBack { words: BACK.to_owned() },
                // Whoever has read the file to its end goes on here.
                false => What::Edge { behind: 0 },
            };
            channel.publish(state, from, what);
            if let (Some(tap), Some(entry)) = (&state.tap, state.entry()) {
                tap.opened(session, entry.as_ref());
            }
        });
    }

    /// Publishes what the agent said, in its place. `to`: where the log goes on behind it.
    pub(crate) fn take(&self, what: What, to: Option<&Place>) {
        self.write(|channel, state| {
            if let Some(tap) = &state.tap {
                tap.took(&what, to);
            }
            let before = state.reached();
            let begin = match &what {
                What::Block { block, .. } => Some(block.start),
                _ => to.map(|to| to.offset),
            };
            state.advance(to, begin);
            state.begin_or_end_line(&what);
            let what = state.with_long_line(what);
            let from = match &what {
                What::Block { block, .. } => Reach { offset: block.start, ..state.reached() },
                _ => before,
            };
            channel.publish(state, from, what);
        });
    }

    fn write(&self, write: impl FnOnce(&Channel, &mut State)) {
        let mut state = self.channel.lock();
        match state.turn == self.turn {
            true => write(&self.channel, &mut state),
            false => tracing::debug!(log = %self.channel.key.log, "a link that was taken over still spoke"),
        }
    }
}

#[cfg(test)]
mod tests {
    use tailcast_fanout::{Limits, Ring};
    use tailcast_wire::Filter;

    use super::super::Key;
    use super::*;

    fn place(offset: u64) -> Place {
        Place { life: 1, offset, position: format!("at {offset}") }
    }

    fn opened(channel: &Arc<Channel>, session: u64, offset: u64) -> (Writer, Option<Arc<str>>) {
        let (writer, from) = channel.hand_over();
        writer.opened(session, &TimeZone::UTC, Some(&place(offset)));
        (writer, from)
    }

    #[test]
    fn what_a_link_still_says_that_was_taken_over_is_not_written_again_by_the_newer_one() {
        let key = Key { log: "web1:/var/log/a.log".parse().unwrap(), filter: Filter::default() };
        let ring = Ring::new(Limits::new(1 << 20, 100));
        let channel = Arc::new(Channel::new(key, ring.clone()));
        let (older, from) = opened(&channel, 1, 10);
        assert_eq!(from, None, "nothing was ever written");
        older.take(What::Edge { behind: 0 }, Some(&place(20)));

        let (newer, from) = channel.hand_over();
        assert_eq!(from.as_deref(), Some("at 20"));
        let written = ring.head();
        older.take(What::Edge { behind: 0 }, Some(&place(30)));
        older.opened(1, &TimeZone::UTC, Some(&place(40)));
        assert_eq!(ring.head(), written);

        newer.opened(2, &TimeZone::UTC, Some(&place(20)));
        newer.take(What::Edge { behind: 0 }, Some(&place(30)));
        older.take(What::Edge { behind: 0 }, Some(&place(50)));
        assert_eq!(channel.newest(0).unwrap().position.as_ref(), "at 30");
    }
}
