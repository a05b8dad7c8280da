//! Where other hubs are handed what is written to a channel: beside the ring, under the same lock, so that whoever is let in
//! at an edge gets exactly what comes behind it.

use std::sync::Arc;

use tailcast_wire::Place;

use super::{Channel, Link, State};
use crate::item::What;

/// Takes what is written to a channel. Called under the channel's lock: it must not wait, nor come back to the channel.
pub(crate) trait Tap: std::fmt::Debug + Send + Sync {
    /// The agent of `session` follows: what comes goes on where the channel stood, from `edge` where that is known.
    fn opened(&self, session: u64, edge: Option<&Place>);

    /// What was said, and where the log goes on behind it.
    fn took(&self, what: &What, to: Option<&Place>);
}

impl Channel {
    /// From now on `tap` is handed what is written; nobody, with `None`.
    pub(crate) fn tap(&self, tap: Option<Arc<dyn Tap>>) {
        self.lock().tap = tap;
    }

    /// Calls `enter` with the session and the edge, if the agent of this channel follows; what is written next comes behind
    /// that edge. False: not now; the tap hears of it when the agent does, or it can be tried again.
    pub(crate) fn enter(&self, enter: impl FnOnce(u64, Option<&Place>)) -> bool {
        let state = self.lock();
        let entry = state.entry().filter(|_| state.link == Link::Up);
        let entered = entry.is_some();
        if let Some(edge) = entry {
            enter(state.session, edge.as_ref());
        }
        entered
    }
}

impl State {
    /// Where what is written next begins, `Some(None)` while there is nothing to read; `None` when that cannot be said, since
    /// an agent that was started anew is still bringing what was missed.
    pub(super) fn entry(&self) -> Option<Option<Place>> {
        let Some(edge) = &self.edge else { return Some(None) };
        let place = Place { life: edge.life, offset: edge.offset, position: edge.position.to_string() };
        (edge.session == self.session).then_some(Some(place))
    }
}
