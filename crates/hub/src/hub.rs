//! The hub itself: what all its parts share, and the life of a channel from the first viewer to the last.

use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use tailcast_fanout::{Channels, Joined, Limits, Source, Subscription};
use tailcast_fdguard::Budget;
use tailcast_wire::{Credential, Hello, HostName};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::access::Access;
use crate::agents::{Agents, Host, State};
use crate::audience::Audience;
use crate::away::Away;
use crate::channel::{Channel, Key};
use crate::cluster::Cluster;
use crate::guests::Guests;
use crate::held::Held;
use crate::ingest::{self, Caller};
use crate::item::Item;
use crate::link::{Pipe, Whence};
use crate::metrics::Metrics;
use crate::patience::Patience;
use crate::probes::Probes;
use crate::pushed::{Attach, Pushed};
use crate::spool::SpoolBounds;
use crate::viewers::Turns;

/// What a channel may hold: 4 MiB weighed, so that a viewer who is slower than the log for a few seconds is served from
/// memory; who is slower than that is served from the file. The items bound the events of a log that only ticks.
pub(crate) const RING: Limits = Limits::new(4 << 20, 4096);
/// A channel outlives its last viewer by this, so that reloading a page does not reopen the file.
const LINGER: Duration = Duration::from_secs(2);
/// What is older than this is read from the file by whoever still wants it.
const KEEP: Duration = Duration::from_secs(30);

/// What is held for all viewers: some two dozen pages of history on their way at once.
const HELD: usize = 64 << 20;

/// What a hub is told at its start.
#[derive(Debug, Clone)]
pub struct HubConfig {
    /// The path under which it lives, `/` or `/tailcast`.
    pub base_path: String,
    /// How long it waits for those who say nothing.
    pub patience: Patience,
    /// What it may hold in memory for viewers who have not taken it yet, in bytes and for all of them.
    pub held: usize,
    /// The name of the agent in its process, when there is one: nobody else's from the start.
    pub host: Option<HostName>,
}

impl HubConfig {
    /// A hub under this path, with the usual patience.
    #[must_use]
    pub fn new(base_path: impl Into<String>) -> Self {
        Self { base_path: base_path.into(), patience: Patience::default(), held: HELD, host: None }
    }
}

/// A hub. Made once per process and shared by everything in it.
pub struct Hub {
    pub(crate) config: HubConfig,
    pub(crate) agents: Agents,
    pub(crate) access: Arc<Access>,
    pub(crate) budget: Budget,
    pub(crate) metrics: Metrics,
    /// What is held for viewers who have not taken it yet.
    pub(crate) held: Arc<Held>,
    /// Who looks, and how far they are.
    pub(crate) audience: Arc<Audience>,
    pub(crate) started: Timestamp,
    pub(crate) born: Instant,
    /// Where it listens, once it does.
    pub(crate) address: OnceLock<SocketAddr>,
    /// Who has a view or a link open.
    pub(crate) guests: Arc<Guests>,
    /// What arrived of requests that try what a proxy lets through.
    pub(crate) probes: Probes,
    /// Whose views wait for the next turn of a long-poll.
    pub(crate) turns: Turns,
    /// What is pushed to it, where it takes that.
    pub(crate) pushed: OnceLock<Pushed>,
    /// Its part in a cluster, where it is in one.
    pub(crate) cluster: OnceLock<Arc<Cluster>>,
    /// Cancelled when the hub stops: viewers are told, agents are told.
    pub(crate) stop: CancellationToken,
    pub(crate) tasks: TaskTracker,
    fanout: Channels<Key, Item>,
    channels: Mutex<HashMap<Key, Arc<Channel>>>,
}

impl Hub {
    /// A hub without agents and viewers.
    #[must_use]
    pub fn new(config: HubConfig, access: Arc<Access>, budget: Budget) -> Arc<Self> {
        let held = Held::new(config.held, config.patience.stuck);
        let hub = Arc::new(Hub {
            held,
            agents: Agents::new(config.patience.answer, config.host.clone()),
            config,
            access,
            budget,
            metrics: Metrics::default(),
            audience: Arc::default(),
            started: Timestamp::now(),
            born: Instant::now(),
            address: OnceLock::new(),
            guests: Arc::default(),
            probes: Probes::default(),
            turns: Turns::default(),
            pushed: OnceLock::new(),
            cluster: OnceLock::new(),
            stop: CancellationToken::new(),
            tasks: TaskTracker::new(),
            fanout: Channels::new(),
            channels: Mutex::default(),
        });
        hub.tasks.spawn(Arc::clone(&hub).expire());
        hub.tasks.spawn(Arc::clone(&hub).look_after_guests());
        hub
    }

    /// What a person should know of a host that is listed: why it is away, or who else goes by its name.
    pub(crate) fn said_of(&self, name: &HostName, host: &Host) -> Option<Away> {
        let State::Up(link) = &host.state else { return host.state.away().cloned() };
        let namesake = self.cluster.get().filter(|_| link.whence() == Whence::Own);
        let namesake = namesake.and_then(|cluster| cluster.namesake(name));
        host.rival.map(|rival| rival.words()).or(namesake).map(Away::from)
    }

    /// Serves the agent of this very process, over a pipe in memory, until the hub stops or the agent ends. Its name is
    /// its own from then on: an agent that dials in under it is refused.
    pub async fn attach(self: Arc<Self>, pipe: Pipe) {
        // It shares the process: whatever name it has been given is right.
        let caller = Caller {
            whence: Whence::Own,
            credential: Some(Credential::LOCAL),
            pulse: Arc::default(),
            admit: &|_: &Hello| Ok(()),
            over: Box::pin(std::future::pending()),
        };
        ingest::serve(&self.agents, pipe, caller, &self.stop).await;
    }

    /// The name of the agent in its process, when there is one.
    #[must_use]
    pub fn host(&self) -> Option<&HostName> {
        self.config.host.as_ref()
    }

    /// Completes once an agent of this name is here: whoever asks for one of its logs before that hears that there is no such
    /// host. Cancel safe.
    pub async fn has_agent(&self, host: &HostName) {
        self.agents.is_up(host).await;
    }

    /// Takes lines that are pushed, from now on, and keeps them in the folder `root`. `attach` starts an agent under the name
    /// it is given, which offers the pushed logs in that folder; those that have some already are started at once, and named
    /// in the answer. Waits for the disk.
    ///
    /// # Errors
    /// The folder cannot be made or read; then nothing is taken.
    pub fn take_pushed(
        self: &Arc<Self>,
        root: PathBuf,
        bounds: SpoolBounds,
        attach: impl Fn(&Arc<Hub>, &HostName, &Path) + Send + Sync + 'static,
    ) -> io::Result<Vec<HostName>> {
        let attach: Attach = Box::new(attach);
        let pushed = Pushed::open(root, bounds, attach)?;
        let pushed = self.pushed.get_or_init(|| pushed);
        pushed.attach_present(self)
    }

    /// A cursor into the channel `key`; the agent follows from the first one on.
    pub(crate) fn watch(self: &Arc<Self>, key: &Key) -> (Arc<Channel>, Subscription<Item>) {
        let mut channels = self.lock();
        let Joined { subscription, source } = self.fanout.subscribe(key.clone(), RING);
        let Some(source) = source else {
            if let Some(channel) = channels.get(key) {
                return (Arc::clone(channel), subscription);
            }
            unreachable!("a channel is listed as long as its source lives, both under this lock");
        };
        let channel = Arc::new(Channel::new(key.clone(), source.ring().clone()));
        channels.insert(key.clone(), Arc::clone(&channel));
        drop(channels);
        self.agents.open(&channel);
        self.tasks.spawn(Arc::clone(self).hold(source, Arc::clone(&channel)));
        (channel, subscription)
    }

    /// Holds the duty to feed a channel until nobody has looked for a while.
    async fn hold(self: Arc<Self>, mut source: Source<Key, Item>, channel: Arc<Channel>) {
        loop {
            tokio::select! {
                () = source.idle() => (),
                () = self.stop.cancelled() => break,
            }
            tokio::select! {
                () = tokio::time::sleep(LINGER) => (),
                () = self.stop.cancelled() => break,
            }
            let mut channels = self.lock();
            match source.retire() {
                Ok(()) => {
                    channels.remove(&channel.key);
                    break;
                }
                Err(still_looked_at) => source = still_looked_at,
            }
        }
        self.agents.close(&channel);
    }

    async fn expire(self: Arc<Self>) {
        let mut tick = tokio::time::interval(KEEP / 3);
        loop {
            tokio::select! {
                _ = tick.tick() => (),
                () = self.stop.cancelled() => return,
            }
            if let Some(before) = Instant::now().checked_sub(KEEP) {
                self.fanout.expire(before);
            }
        }
    }

    async fn look_after_guests(self: Arc<Self>) {
        tokio::select! {
            () = self.guests.look_after(&self.access, &self.config.patience) => (),
            () = self.stop.cancelled() => (),
        }
    }

    /// Tells everybody that the hub goes down; they end by themselves within their time.
    pub fn stop(&self) {
        self.stop.cancel();
        self.guests.close();
        self.tasks.close();
    }

    /// Whether it goes down.
    #[must_use]
    pub fn is_stopping(&self) -> bool {
        self.stop.is_cancelled()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Key, Arc<Channel>>> {
        self.channels.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for Hub {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Hub").field("config", &self.config).finish_non_exhaustive()
    }
}
