//! The other hubs of the cluster and who is linked to them, as each has announced it. Pure: what it is told and what time it is
//! comes in, what is to be done comes out.
//!
//! A hub is known once it has spoken with a clock that agrees with ours, and forgotten when nothing was heard of it for
//! [`SILENT`]. Its residents are kept by edition; who missed a change asks for the whole. Where two hubs say to have a host's
//! link, the later one is right. It refuses hubs whose clock is off, and says so: neither "later" nor a pass would mean
//! anything.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tailcast_wire::{Announcement, HostName, HubId, Resident, Revocations, Word};

/// Nothing heard of a hub for so long, three announcements, and it is gone.
pub(super) const SILENT: Duration = Duration::from_secs(16);
/// How far a clock may be off, in microseconds. Half of what a pass allows.
const OFF: i64 = 30_000_000;
/// A clock that is off for so long is told of: more than one beat. What this hub hears late after it stood still is no sign of it.
const OFF_FOR: Duration = Duration::from_secs(4);
/// The whole is asked for at most so often.
const ASK_EVERY: Duration = Duration::from_secs(2);
/// Hubs, and residents of one, that are kept: bounds against a hub that has gone mad.
const HUBS: usize = 1_000;
const RESIDENTS: usize = 100_000;

/// One other hub.
#[derive(Debug, Clone)]
pub(crate) struct Peer {
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) url: Arc<str>,
    pub(crate) heard: Instant,
    /// How far its clock is ahead of ours, in microseconds, with the time on the way.
    pub(crate) ahead: i64,
    edition: Option<u64>,
    residents: HashMap<HostName, Resident>,
    /// Parts of a whole that has not come wholly, and of which edition it is.
    parts: (u64, BTreeMap<u32, Vec<Resident>>),
    asked: Option<Instant>,
}

/// What is to be done after an announcement.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Outcome {
    /// Hosts of which something is known anew.
    pub(super) touched: Vec<HostName>,
    /// The hub whose whole is wanted.
    pub(super) ask: Option<HubId>,
    /// Somebody wants the whole of us.
    pub(super) asked: bool,
    /// A hub was heard for the first time: it does not know us, perhaps.
    pub(super) greeted: bool,
    /// What holds no longer, in that hub's word.
    pub(super) revoked: Option<Revocations>,
    /// What a person should know.
    pub(super) warning: Option<String>,
}

/// Where a host is, by what the other hubs say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Whereabouts {
    pub(super) hub: HubId,
    pub(super) url: Arc<str>,
    pub(super) resident: Resident,
}

/// All of them.
#[derive(Debug)]
pub(crate) struct Directory {
    me: HubId,
    peers: HashMap<HubId, Peer>,
    /// Hubs whose clock is off.
    off: HashMap<HubId, Off>,
}

/// A hub whose clock is off.
#[derive(Debug)]
struct Off {
    name: String,
    ahead: i64,
    since: Instant,
    heard: Instant,
    is_told: bool,
}

impl Directory {
    pub(super) fn new(me: HubId) -> Self {
        Self { me, peers: HashMap::new(), off: HashMap::new() }
    }

    /// The hubs that are there, with their numbers.
    pub(crate) fn peers(&self) -> impl Iterator<Item = (HubId, &Peer)> {
        self.peers.iter().map(|(&id, peer)| (id, peer))
    }

    /// All hosts that some hub has announced; one that several have more than once.
    pub(super) fn hosts(&self) -> impl Iterator<Item = &HostName> {
        self.peers.values().flat_map(|peer| peer.residents.keys())
    }

    /// Hubs that are heard and not listened to, with by how many microseconds their clock is ahead.
    pub(crate) fn clocks_off(&self) -> impl Iterator<Item = (&str, i64)> {
        self.off.values().map(|off| (off.name.as_str(), off.ahead))
    }

    /// Takes an announcement. `clock`: ours, in microseconds since 1970.
    pub(super) fn hear(&mut self, said: Announcement, now: Instant, clock: i64) -> Outcome {
        let mut outcome = Outcome::default();
        if said.hub == self.me {
            return outcome;
        }
        let ahead = said.at.saturating_sub(clock);
        // A beat is not kept waiting by a broker that was away: it alone tells of the clock.
        if said.word == Some(Word::Beat) && ahead.saturating_abs() > OFF {
            outcome.touched = self.forget(said.hub);
            outcome.warning = self.clock_is_off(&said, now, ahead);
            return outcome;
        }
        outcome.greeted = !self.peers.contains_key(&said.hub);
        if !self.knows(&said, now, ahead) {
            return Outcome::default();
        }
        let Some(peer) = self.peers.get_mut(&said.hub) else { return outcome };
        peer.heard = now;
        peer.ahead = ahead;
        match said.word {
            Some(Word::Beat) | None => (),
            Some(Word::Change { residents, gone }) => outcome.touched = peer.change(said.edition, residents, &gone),
            Some(Word::Whole { part, parts, residents }) => {
                outcome.touched = peer.whole(said.edition, (part, parts), residents);
            }
            Some(Word::Revoked(revocations)) => outcome.revoked = Some(revocations),
            Some(Word::Ask { of }) => outcome.asked = of == self.me,
            Some(Word::Bye) => {
                outcome.touched = self.forget(said.hub);
                return outcome;
            }
        }
        if peer.edition != Some(said.edition) && peer.asked.is_none_or(|asked| now - asked >= ASK_EVERY) {
            peer.asked = Some(now);
            outcome.ask = Some(said.hub);
        }
        outcome
    }

    /// Forgets who was silent: the hosts that were linked there, and what those hubs were called.
    pub(super) fn expire(&mut self, now: Instant) -> (Vec<HostName>, Vec<(HubId, String)>) {
        self.off.retain(|_, off| now - off.heard < SILENT);
        let silent = self.peers.iter().filter(|(_, peer)| now - peer.heard >= SILENT);
        let silent: Vec<_> = silent.map(|(&id, peer)| (id, peer.name.clone())).collect();
        let hosts = silent.iter().flat_map(|(id, _)| self.forget(*id)).collect();
        (hosts, silent)
    }

    /// Where a host's link is; else where it was last, with the reason why it is not there.
    pub(super) fn whereabouts(&self, host: &HostName) -> Option<Whereabouts> {
        let known = self.peers.iter().filter_map(|(&hub, peer)| {
            let resident = peer.residents.get(host)?;
            Some((resident.away.is_none(), resident.since, hub, peer, resident))
        });
        let right = known.max_by_key(|(is_up, since, hub, ..)| (*is_up, *since, *hub))?;
        let (_, _, hub, peer, resident) = right;
        Some(Whereabouts { hub, url: Arc::clone(&peer.url), resident: resident.clone() })
    }

    fn knows(&mut self, said: &Announcement, now: Instant, ahead: i64) -> bool {
        if self.peers.contains_key(&said.hub) {
            return true;
        }
        let is_fresh = ahead.saturating_abs() <= OFF && said.word != Some(Word::Bye);
        if !is_fresh || self.peers.len() >= HUBS {
            return false;
        }
        self.off.remove(&said.hub);
        self.peers.insert(
            said.hub,
            Peer {
                name: said.name.clone(),
                version: said.version.clone(),
                url: Arc::from(said.peer_url.as_str()),
                heard: now,
                ahead,
                edition: None,
                residents: HashMap::new(),
                parts: (said.edition, BTreeMap::new()),
                asked: None,
            },
        );
        true
    }

    fn forget(&mut self, hub: HubId) -> Vec<HostName> {
        self.peers.remove(&hub).map(|peer| peer.residents.into_keys().collect()).unwrap_or_default()
    }

    /// Told once, until the clock is right again or the hub is another one.
    fn clock_is_off(&mut self, said: &Announcement, now: Instant, ahead: i64) -> Option<String> {
        if self.off.len() >= HUBS {
            self.off.clear();
        }
        let new = || Off { name: said.name.clone(), ahead, since: now, heard: now, is_told: false };
        let off = self.off.entry(said.hub).or_insert_with(new);
        (off.ahead, off.heard) = (ahead, now);
        let lasts = now - off.since >= OFF_FOR;
        let is_due = lasts && !off.is_told;
        off.is_told = lasts;
        let (seconds, way) = (ahead.saturating_abs() / 1_000_000, if ahead > 0 { "ahead of" } else { "behind" });
        let words = format!(
            "the clock of the hub {} is {seconds} s {way} this one: nothing is shared with it until both agree within \
             {} s (timedatectl shows which is wrong)",
            said.name,
            OFF / 1_000_000
        );
        is_due.then_some(words)
    }
}

impl Peer {
    /// How many hosts it has announced.
    pub(crate) fn residents(&self) -> usize {
        self.residents.len()
    }

    /// With these, and without those that are `gone`, the list is of `edition`, if it was of the one before.
    fn change(&mut self, edition: u64, residents: Vec<Resident>, gone: &[HostName]) -> Vec<HostName> {
        if self.edition.is_none_or(|known| known + 1 != edition) {
            return Vec::new();
        }
        self.edition = Some(edition);
        let changed = residents.iter().map(|resident| resident.host.clone());
        let touched = changed.chain(gone.iter().cloned()).collect();
        gone.iter().for_each(|host| drop(self.residents.remove(host)));
        let room = RESIDENTS.saturating_sub(self.residents.len());
        self.residents.extend(residents.into_iter().take(room).map(|resident| (resident.host.clone(), resident)));
        touched
    }

    fn whole(&mut self, edition: u64, (part, parts): (u32, u32), residents: Vec<Resident>) -> Vec<HostName> {
        // Of two wholes of which each lost a part there is none.
        if part == 0 || self.parts.0 != edition {
            self.parts = (edition, BTreeMap::new());
        }
        let (_, come) = &mut self.parts;
        if come.values().map(Vec::len).sum::<usize>() + residents.len() <= RESIDENTS {
            come.insert(part, residents);
        }
        if come.len() as u64 != u64::from(parts) {
            return Vec::new();
        }
        let all = std::mem::take(come).into_values().flatten();
        let all: HashMap<_, _> = all.map(|resident| (resident.host.clone(), resident)).collect();
        let before = std::mem::replace(&mut self.residents, all);
        self.edition = Some(edition);
        self.asked = None;
        let mut touched: Vec<_> = before.into_keys().chain(self.residents.keys().cloned()).collect();
        touched.sort_unstable();
        touched.dedup();
        touched
    }
}

#[cfg(test)]
mod tests;
