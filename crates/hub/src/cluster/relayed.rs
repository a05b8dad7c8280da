//! One channel of a host at another hub: leased there, heard over the broker, handed on as the agent itself would say it.
//!
//! It begins with a grant that names its lease, and goes on only while nothing is missing: each message follows the one
//! before it (by the seal's sequence), and at least each second there is one, since agents tell their edge so often. Where
//! something is missing, or nothing comes, it asks for another grant, and tells what lies between as a gap that views read
//! from the file. So law 4 holds over a broker that loses messages, and over one that comes back empty.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tailcast_fanout::Event;
use tailcast_wire::{Fed, LeaseWord, Place, Tiding, ToHub, Told, Why, decode, encode};
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout_at};

use super::relay::Relay;
use super::seal::{Mark, Opener};
use crate::block_lines;
use crate::channel::Key;

/// So long nothing may come: agents tell their edge each second.
const SILENCE: Duration = Duration::from_secs(4);
/// So long a grant may be on its way, and losses before it are nobody's concern.
const GRANT: Duration = Duration::from_secs(1);

/// One channel.
pub(super) struct Relayed {
    relay: Arc<Relay>,
    /// By which this hub calls it.
    number: u32,
    key: Key,
    topic: String,
    opener: Opener,
    /// Where the channel stands here: what comes next must begin there, or the rest is a gap.
    stands: Option<String>,
    state: State,
    /// When it came on last: when a grant was wanted, or what followed was heard. What is published for others, and what does
    /// not open, is no sign of life of this lease.
    came_on: Instant,
    to_hub: mpsc::Sender<Bytes>,
}

#[derive(Debug, Clone, Copy)]
enum State {
    /// It waits for the grant of this lease. `opened`: whether this hub knows that the channel is open.
    Wanted { lease: u64, opened: bool },
    /// It is whole up to here.
    Granted { lease: u64, mark: Mark },
}

/// The hub's end of the link is gone.
struct Over;

impl Relayed {
    /// `from`: where this hub's channel stands.
    pub(super) fn new(
        relay: Arc<Relay>,
        (number, key): (u32, Key),
        from: Option<String>,
        to_hub: mpsc::Sender<Bytes>,
    ) -> Self {
        let topic = relay.cluster.topics.channel(relay.at, &key);
        let opener = Opener::new(&relay.cluster.seals);
        let state = State::Wanted { lease: random(), opened: false };
        Self { relay, number, key, topic, opener, stands: from, state, came_on: Instant::now(), to_hub }
    }

    /// Until it is dropped, or the link ends.
    pub(super) async fn run(mut self) {
        let mut feed = self.relay.cluster.fanout.subscribe(&self.topic);
        // What is granted before the broker has subscribed would not be heard.
        feed.ready().await;
        self.want();
        loop {
            match timeout_at(self.came_on + SILENCE, feed.next()).await {
                Ok(Some(event)) => {
                    if self.hear(event).await.is_err() {
                        return;
                    }
                }
                Ok(None) => return,
                Err(_) => (),
            }
            // Not only when nothing has come: what comes may be for others.
            if self.came_on.elapsed() >= SILENCE {
                self.want_anew();
            }
        }
    }

    async fn hear(&mut self, event: Event) -> Result<(), Over> {
        let Event::Message(sealed) = event else {
            tracing::debug!(log = %self.key.log, ?event, "lost between hubs");
            if !self.is_asking() {
                self.want_anew();
            }
            return Ok(());
        };
        let Ok(opened) = self.opener.open(self.topic.as_bytes(), &sealed) else {
            self.relay.cluster.foreign(&self.topic);
            return Ok(());
        };
        let fed = match decode::<Fed>(&opened.message) {
            Ok(Some(fed)) => fed,
            // Of a newer hub, which may say more than this one needs; the sequence goes on.
            Ok(None) => return self.pass_over(opened.mark),
            Err(error) => {
                tracing::warn!(log = %self.key.log, "another hub said what is no message: {error}");
                return Ok(());
            }
        };
        match (fed, self.state) {
            (Fed::Granted { leases, session, edge }, state) if session == self.relay.session => {
                match state {
                    State::Wanted { lease, opened: was } if leases.contains(&lease) => {
                        self.comes_on(lease, opened.mark);
                        self.granted(was, edge).await
                    }
                    // To another hub, or the agent has come back to the other hub's channel, which goes on where it stood.
                    State::Granted { .. } => self.pass_over(opened.mark),
                    State::Wanted { .. } => Ok(()),
                }
            }
            (_, State::Wanted { .. }) => Ok(()),
            (fed, State::Granted { lease, mark }) if opened.mark.follows(mark) => {
                self.comes_on(lease, opened.mark);
                self.say(fed).await
            }
            (_, State::Granted { .. }) => {
                self.want_anew();
                Ok(())
            }
        }
    }

    fn pass_over(&mut self, mark: Mark) -> Result<(), Over> {
        match self.state {
            State::Granted { lease, mark: before } if mark.follows(before) => self.comes_on(lease, mark),
            State::Granted { .. } => self.want_anew(),
            State::Wanted { .. } => (),
        }
        Ok(())
    }

    fn comes_on(&mut self, lease: u64, mark: Mark) {
        self.state = State::Granted { lease, mark };
        self.came_on = Instant::now();
    }

    /// Whether a grant was wanted a moment ago: another one would be no quicker.
    fn is_asking(&self) -> bool {
        matches!(self.state, State::Wanted { .. }) && self.came_on.elapsed() < GRANT
    }

    /// The channel is whole from `edge` on; `was_open`: and was before, until something was missing.
    async fn granted(&mut self, was_open: bool, edge: Option<Place>) -> Result<(), Over> {
        let position = edge.as_ref().map(|edge| edge.position.clone());
        let is_whole = self.stands.is_none() || edge.is_none() || self.stands == position;
        if !was_open {
            let edge = edge.clone().filter(|_| is_whole);
            self.send(&ToHub::Followed { channel: self.number, edge }).await?;
        }
        if let (false, Some(edge)) = (is_whole, edge) {
            let from = self.stands.take();
            self.send(&ToHub::Told { channel: self.number, told: missing(from, edge) }).await?;
        }
        self.stands = position.or_else(|| self.stands.take());
        Ok(())
    }

    async fn say(&mut self, fed: Fed) -> Result<(), Over> {
        let channel = self.number;
        let (message, to) = match fed {
            Fed::Block(block) => {
                let to = block_lines::end_of(&block);
                (ToHub::Block { channel, block }, to)
            }
            Fed::Told(told) => {
                let to = told.goes_on().cloned();
                (ToHub::Told { channel, told }, to)
            }
            Fed::Edge { edge, behind } => (ToHub::Edge { channel, edge: edge.clone(), behind }, edge),
            // Of another start of the agent: the directory moves this host.
            Fed::Granted { .. } => return Ok(()),
        };
        self.stands = to.map(|to| to.position).or_else(|| self.stands.take());
        self.send(&message).await
    }

    async fn send(&self, message: &ToHub) -> Result<(), Over> {
        self.to_hub.send(encode(message)).await.map_err(|_| Over)
    }

    fn want_anew(&mut self) {
        let opened = match self.state {
            State::Wanted { opened, .. } => opened,
            State::Granted { .. } => true,
        };
        self.drop_lease();
        self.state = State::Wanted { lease: random(), opened };
        self.want();
    }

    fn want(&mut self) {
        self.came_on = Instant::now();
        self.relay.cluster.keeper.hold(self.relay.at, self.lease());
        let (log, filter) = (self.key.log.clone(), self.key.filter.clone());
        let want = LeaseWord::Want { lease: self.lease(), session: self.relay.session, log, filter };
        self.relay.cluster.lease(self.relay.at, want);
    }

    fn drop_lease(&self) {
        self.relay.cluster.keeper.let_go(self.relay.at, self.lease());
        self.relay.cluster.lease(self.relay.at, LeaseWord::Drop { leases: vec![self.lease()] });
    }

    fn lease(&self) -> u64 {
        let (State::Wanted { lease, .. } | State::Granted { lease, .. }) = self.state;
        lease
    }
}

impl Drop for Relayed {
    fn drop(&mut self) {
        self.drop_lease();
    }
}

/// What lies between where the channel stood and where it is whole again.
fn missing(from: Option<String>, to: Place) -> Told {
    let words = "lines were lost on the way between two hubs; they can be loaded".to_owned();
    let from = from.map(|position| Place { life: Place::BOUND, offset: 0, position });
    Told { from, to: Some(to), why: Some(Why::BetweenHubs), ..Told::of(Tiding::Gap, words) }
}

fn random() -> u64 {
    fastrand::u64(..)
}

#[cfg(test)]
mod tests;
