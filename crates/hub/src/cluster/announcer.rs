//! What this hub says of itself: that it is there, each five seconds; who is linked to it, at each change; and all of it to whoever
//! asks. A host that is at another hub is that hub's to announce.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tailcast_wire::{Absence, HostName, Resident, Revocations, Word, encode};

use super::Cluster;
use crate::agents::{Host, State};
use crate::hub::Hub;

/// How often a hub says that it is there.
pub(super) const BEAT: Duration = Duration::from_secs(5);
/// How often it is looked whether a command has taken something back.
const LOOK: Duration = Duration::from_secs(1);
/// Changes that come within this time are said together: a hub that starts has all its agents at once.
const TOGETHER: Duration = Duration::from_millis(20);
/// Bytes of residents in one announcement: well within what a broker takes.
const PART: usize = 128 << 10;
/// Names in one announcement, of 253 bytes each at most.
const NAMES: usize = 400;
/// Bytes of offers, and of labels, that are announced of one host; they are for people, and the agent itself knows all.
const SHOWN: usize = 16 << 10;

/// What has been said.
struct Announcer {
    cluster: Arc<Cluster>,
    said: HashMap<HostName, Resident>,
    /// What was said last to hold no longer.
    revoked: Revocations,
}

/// Until the hub stops.
pub(super) async fn run(hub: Arc<Hub>, cluster: Arc<Cluster>) {
    let mut changed = hub.agents.changed();
    // Who is linked already is said, too.
    changed.mark_changed();
    let mut announcer =
        Announcer { cluster: Arc::clone(&cluster), said: HashMap::new(), revoked: Revocations::default() };
    let mut revoked = hub.access.revocations_changed();
    let mut look = tokio::time::interval(LOOK);
    let mut beat = tokio::time::interval(BEAT);
    loop {
        tokio::select! {
            _ = beat.tick() => cluster.say(Word::Beat),
            _ = look.tick() => announcer.revoked(&hub),
            Ok(()) = revoked.changed() => announcer.revoked(&hub),
            () = cluster.wanted.notified() => {
                announcer.whole();
                cluster.say(Word::Revoked(announcer.revoked.clone()));
            }
            () = cluster.greeted.notified() => cluster.say(Word::Beat),
            Ok(()) = changed.changed() => {
                tokio::time::sleep(TOGETHER).await;
                changed.mark_unchanged();
                announcer.changes(&hub);
            }
            () = hub.stop.cancelled() => break,
        }
    }
    cluster.say(Word::Bye);
    // What is on its way goes out, if the broker takes it.
    drop(tokio::time::timeout(Duration::from_millis(500), cluster.fanout.close()).await);
}

impl Announcer {
    fn changes(&mut self, hub: &Hub) {
        let here = hub.agents.list().into_iter().filter(|(_, host)| !host.whence.is_elsewhere());
        let now: HashMap<HostName, Resident> =
            here.map(|(name, host)| (name.clone(), resident(name, &host, &self.said))).collect();
        let new: Vec<Resident> = now
            .iter()
            .filter(|(name, resident)| self.said.get(*name) != Some(resident))
            .map(|(_, r)| r.clone())
            .collect();
        // A host that has moved to another hub is no longer ours to speak of.
        let gone: Vec<HostName> = self.said.keys().filter(|name| !now.contains_key(*name)).cloned().collect();
        self.said = now;
        for gone in gone.chunks(NAMES) {
            self.change(Vec::new(), gone.to_vec());
        }
        for residents in in_parts(new) {
            self.change(residents, Vec::new());
        }
    }

    fn change(&self, residents: Vec<Resident>, gone: Vec<HostName>) {
        self.cluster.edition.fetch_add(1, Ordering::Relaxed);
        self.cluster.say(Word::Change { residents, gone });
    }

    /// Says what holds no longer, when that has changed.
    fn revoked(&mut self, hub: &Hub) {
        let revoked = hub.access.revocations();
        if revoked != self.revoked {
            self.cluster.say(Word::Revoked(revoked.clone()));
            self.revoked = revoked;
        }
    }

    fn whole(&self) {
        let mut all: Vec<Resident> = self.said.values().cloned().collect();
        // Two wholes of one edition have the same parts, since each may lose another one.
        all.sort_unstable_by(|one, other| one.host.cmp(&other.host));
        let parts = in_parts(all);
        let count = u32::try_from(parts.len().max(1)).unwrap_or(u32::MAX);
        let parts = if parts.is_empty() { vec![Vec::new()] } else { parts };
        for (part, residents) in (0..).zip(parts) {
            self.cluster.say(Word::Whole { part, parts: count, residents });
        }
    }
}

/// Pieces that each fit into an announcement.
fn in_parts(residents: Vec<Resident>) -> Vec<Vec<Resident>> {
    let mut parts: Vec<Vec<Resident>> = Vec::new();
    let mut room = 0;
    for resident in residents {
        let bytes = encode(&resident).len();
        if bytes > room || parts.is_empty() {
            parts.push(Vec::new());
            room = PART;
        }
        room = room.saturating_sub(bytes);
        parts.iter_mut().last().into_iter().for_each(|part| part.push(resident.clone()));
    }
    parts
}

/// As many of the first ones as there is room for.
fn shown<T: Clone>(all: &[T], length: impl Fn(&T) -> usize) -> Vec<T> {
    let mut room = SHOWN;
    let fits = |each: &&T| {
        let left = room.checked_sub(length(each) + 8);
        room = left.unwrap_or(0);
        left.is_some()
    };
    all.iter().take_while(fits).cloned().collect()
}

/// A host as it is announced. What is known only of a link that is up stays as it was said last.
fn resident(name: HostName, host: &Host, said: &HashMap<HostName, Resident>) -> Resident {
    let before = said.get(&name);
    let (session, zone, away) = match &host.state {
        State::Up(link) => (link.hello().session, link.hello().zone.clone(), None),
        State::Lost(away) => {
            let absence = Absence { words: away.to_string(), why: away.why };
            (before.map_or(0, |before| before.session), before.and_then(|before| before.zone.clone()), Some(absence))
        }
    };
    Resident {
        host: name,
        session,
        since: host.since.as_microsecond(),
        version: host.version.clone(),
        offers: shown(&host.offers, String::len),
        labels: shown(&host.labels, |(key, value)| key.len() + value.len()),
        zone,
        away,
        credential: host.credential,
    }
}
