//! Many hubs that behave as one, joined by a broker.
//!
//! An agent is linked to one hub; somebody may look at its logs on any. What passes between hubs:
//!
//! ```text
//! announcer ⇒ directory: who is linked where (each 5 s, and at each change) ⇒ listener → relays
//! relayed, keeper ⇒ leases: this channel is wanted ⇒ grants → feeder ⇒ channel: what the agent said ⇒ relayed → pipe → ingest
//! relay ⇒ peers: a question, by HTTP ⇒ routes/peer → agent
//! ```
//!
//! To the rest of this hub a host at another hub is a link like any other (`relay`). All that leaves is sealed under the
//! cluster's key (`seal`), and logs have names at the broker that cannot be tried out (`topic`). The broker carries live
//! channels, leases and the directory, and keeps nothing: what it lost is read from the file, through the hub that has it.

mod announcer;
pub(crate) mod directory;
mod feeder;
mod grants;
mod keeper;
mod key;
mod listener;
pub(crate) mod pass;
pub(crate) mod peers;
mod relay;
mod relayed;
mod seal;
mod topic;
mod voice;

use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use tailcast_fanout::{Error, Fanout, Options, State};
use tailcast_wire::{Announcement, HostName, HubId, LeaseWord, Leasing, Word, encode};
use tokio::sync::Notify;

use self::directory::Directory;
use self::grants::Grants;
use self::keeper::Keeper;
use self::pass::Passes;
use self::peers::Peers;
use self::topic::Topics;
use self::voice::Voice;
use crate::hub::Hub;

pub use self::key::{ClusterKey, KeyError};
pub use self::peers::{Dial, Dialled, Stream};
pub use self::seal::{Mark, Opened, Opener, Sealer, Seals, Unsealed};
pub use tailcast_fanout::Trust;

/// What a hub is told of its cluster.
#[derive(Clone)]
pub struct ClusterConfig {
    /// Those that share it on a broker are one cluster.
    pub name: String,
    /// The secret that they share.
    pub key: ClusterKey,
    /// The broker: `redis://`, `rediss://`, `nats://` or `tls://`.
    pub broker: String,
    /// Whose word is taken for its certificate.
    pub trust: Trust,
    /// Where other hubs reach this one.
    pub peer_url: String,
    /// What people call this hub.
    pub hub: String,
    /// How other hubs are reached.
    pub dial: Dial,
}

/// Why a hub cannot join its cluster.
#[derive(Debug, thiserror::Error)]
pub enum JoinError {
    /// The broker's address or the cluster's name cannot be used.
    #[error(transparent)]
    Broker(#[from] Error),
    /// The system gives no random bytes.
    #[error("the seals of the cluster cannot be made: {0}")]
    Seals(#[from] io::Error),
    /// Once is enough.
    #[error("this hub has joined a cluster already")]
    Twice,
}

/// A hub's part in its cluster.
pub(crate) struct Cluster {
    pub(crate) me: HubId,
    config: ClusterConfig,
    fanout: Fanout,
    pub(crate) seals: Seals,
    topics: Topics,
    pub(crate) peers: Peers,
    pub(crate) directory: Mutex<Directory>,
    grants: Grants,
    /// What it has leased of others.
    keeper: Keeper,
    /// Says what this hub says on the directory and of leases.
    voice: Voice,
    /// Messages that no hub of this cluster can have sent.
    foreign: AtomicU64,
    /// When they were told of last.
    foreign_told: Mutex<Option<Instant>>,
    /// How often the list of residents has changed.
    edition: AtomicU64,
    /// Somebody wants to hear the whole list.
    wanted: Notify,
    /// A hub has come that has not heard of this one.
    greeted: Notify,
    /// Why nothing is heard of other hubs, once that has lasted.
    cut: Mutex<Option<String>>,
}

/// A word about what others send is said at most so often.
const TELL_EVERY: Duration = Duration::from_secs(60);

impl Hub {
    /// Joins a cluster, for as long as it runs. It goes on while the broker is away, with its own agents alone.
    ///
    /// # Errors
    /// What is configured cannot be used. A broker that is not there is none: it is tried for ever.
    pub fn join(self: &Arc<Self>, config: ClusterConfig) -> Result<(), JoinError> {
        let mut options = Options::new(config.name.clone());
        options.trust = config.trust.clone();
        let fanout = Fanout::connect(&config.broker, &options)?;
        let cluster = Arc::new(Cluster::new(config, fanout)?);
        self.cluster.set(Arc::clone(&cluster)).map_err(|_| JoinError::Twice)?;
        self.access.know_peers(Passes::new(&cluster.config.key));
        self.tasks.spawn(announcer::run(Arc::clone(self), Arc::clone(&cluster)));
        self.tasks.spawn(listener::directory(Arc::clone(self), Arc::clone(&cluster)));
        self.tasks.spawn(listener::leases(Arc::clone(self), Arc::clone(&cluster)));
        self.tasks.spawn(keeper::run(Arc::clone(self), Arc::clone(&cluster)));
        self.tasks.spawn(listener::broker(Arc::clone(self), cluster));
        Ok(())
    }
}

impl Cluster {
    fn new(config: ClusterConfig, fanout: Fanout) -> Result<Self, JoinError> {
        let (seals, topics) = (Seals::new(&config.key), Topics::new(&config.key));
        let me = HubId(fastrand::u64(..));
        Ok(Self {
            me,
            peers: Peers::new(Arc::clone(&config.dial), Passes::new(&config.key), &seals)?,
            directory: Mutex::new(Directory::new(me)),
            grants: Grants::new(me, fanout.clone(), seals.clone(), topics.clone()),
            keeper: Keeper::default(),
            voice: Voice::new(fanout.clone(), &seals)?,
            foreign: AtomicU64::new(0),
            foreign_told: Mutex::default(),
            edition: AtomicU64::new(0),
            wanted: Notify::new(),
            greeted: Notify::new(),
            cut: Mutex::default(),
            fanout,
            seals,
            topics,
            config,
        })
    }

    /// The cluster's name.
    pub(crate) fn name(&self) -> &str {
        &self.config.name
    }

    /// What this hub is called in it.
    pub(crate) fn hub_name(&self) -> &str {
        &self.config.hub
    }

    /// What people call another hub; its number when it has gone.
    pub(crate) fn name_of(&self, hub: HubId) -> String {
        let directory = self.directory();
        let name = directory.peers().find(|(id, _)| *id == hub).map(|(_, peer)| peer.name.clone());
        name.unwrap_or_else(|| hub.to_string())
    }

    /// What a person should know when another hub has a host of this name too, and this hub cannot give its own away: neither
    /// takes over from the other, as agents do that come to two hubs.
    pub(crate) fn namesake(&self, own: &HostName) -> Option<String> {
        let there = self.directory().whereabouts(own).filter(|there| there.resident.away.is_none())?;
        Some(format!(
            "the hub at {} has a host called {own} too: each of the two hubs shows its own machine under this name; give one \
             of them another name with --host",
            there.url
        ))
    }

    /// Messages of other keys.
    pub(crate) fn foreign_messages(&self) -> u64 {
        self.foreign.load(Ordering::Relaxed)
    }

    /// How many other hubs are there.
    pub(crate) fn others(&self) -> usize {
        self.directory().peers().count()
    }

    /// Channels that are published for other hubs.
    pub(crate) fn granted(&self) -> usize {
        self.grants.count()
    }

    /// Why the broker is away, if it is.
    pub(crate) fn broker_down(&self) -> Option<String> {
        let health = self.fanout.health()?;
        [health.subscribing, health.publishing].into_iter().find_map(|state| match state {
            State::Up => None,
            State::Connecting => Some("it has not answered yet".to_owned()),
            State::Down(words) => Some(words),
        })
    }

    /// How the broker's connections do.
    pub(crate) fn health(&self) -> tailcast_fanout::Health {
        self.fanout.health().unwrap_or_default()
    }

    /// Says something to all hubs.
    fn say(&self, word: Word) {
        let announcement = Announcement {
            hub: self.me,
            name: self.config.hub.clone(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            peer_url: self.config.peer_url.clone(),
            at: Timestamp::now().as_microsecond(),
            edition: self.edition.load(Ordering::Relaxed),
            word: Some(word),
        };
        self.voice.say(topic::DIRECTORY, &encode(&announcement));
    }

    /// Why nothing is heard of other hubs, once that has lasted.
    fn cut(&self) -> Option<String> {
        self.cut.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Whether that is another state than before; of the reason the first one stays.
    fn set_cut(&self, why: Option<String>) -> bool {
        let mut cut = self.cut.lock().unwrap_or_else(PoisonError::into_inner);
        let changes = cut.is_some() != why.is_some();
        if changes {
            *cut = why;
        }
        changes
    }

    /// Says to a hub what is wanted of it, or no longer.
    fn lease(&self, of: HubId, word: LeaseWord) {
        let leasing = Leasing { hub: self.me, at: Timestamp::now().as_microsecond(), words: vec![word] };
        self.voice.say(&self.topics.leases(of), &encode(&leasing));
    }

    /// Something has come that no hub with this key sent for this place.
    fn foreign(&self, place: &str) {
        self.foreign.fetch_add(1, Ordering::Relaxed);
        let mut told = self.foreign_told.lock().unwrap_or_else(PoisonError::into_inner);
        if told.is_none_or(|told| told.elapsed() >= TELL_EVERY) {
            *told = Some(Instant::now());
            let what = if place == topic::DIRECTORY { "hubs that call themselves by it" } else { "messages for it" };
            tracing::warn!(
                "there are {what} on the broker with another key than this hub's: cluster {:?}. If they belong to it, give \
                 all hubs the same cluster.key_file; if not, give one of the two clusters another cluster.name",
                self.config.name
            );
        }
    }

    fn directory(&self) -> MutexGuard<'_, Directory> {
        self.directory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for Cluster {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Cluster").field("name", &self.config.name).field("me", &self.me).finish_non_exhaustive()
    }
}
