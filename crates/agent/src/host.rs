//! This host as an agent knows it: its name, its offers, and the logs that somebody is at.
//!
//! A log is made when it is first asked for and forgotten with its last user; an offered log that nobody asks for is not
//! in here at all (law 3). Every name that comes from a hub passes [`Host::log`], every file passes the gate that
//! is made of the same offers (law 10).

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, RwLock, Weak};
use std::time::Instant;

use tailcast_tail::{Candidate, Cap, Gate, Log, Obstacle, Quota, Role, Setup, Tag, Unbounded, Watcher};
use tailcast_wire::{Failure, Hello, HostName, PROTOCOL, Refusal};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::JoinHandle;

use crate::disk::Disk;
use crate::offers::Offers;
use crate::processes::Processes;

/// Logs that are at the disk at once to be followed, of the 512 threads that there are for blocking: a disk that hangs takes no
/// more of them until that is known, and then no more at all.
const STEPS: usize = 128;

/// What an agent is told at its start.
#[derive(Debug, Clone)]
pub struct HostConfig {
    /// The name to be known by.
    pub host: HostName,
    /// What may be read.
    pub offers: Offers,
    /// Words about the host, as `key`, `value`.
    pub labels: Vec<(String, String)>,
    /// The IANA name of its time zone.
    pub zone: Option<String>,
}

/// This host. Shared by everything an agent does.
#[derive(Debug)]
pub struct Host {
    name: HostName,
    labels: Vec<(String, String)>,
    zone: Option<String>,
    offers: Arc<RwLock<Arc<Offers>>>,
    /// Changes with the offers: each link tells its hub.
    renewed: watch::Sender<()>,
    setup: Arc<Setup>,
    watcher: Arc<Watcher>,
    session: u64,
    logs: Mutex<HashMap<String, Weak<Followed>>>,
    processes: Processes,
    pub(crate) disk: Arc<Disk>,
    /// Turns of those who follow logs.
    steps: Arc<Semaphore>,
    /// What still follows a log although its link has ended: a disk that hangs keeps it. By the NAME of the log.
    stuck: Mutex<HashMap<String, JoinHandle<()>>>,
}

/// A log that somebody is at.
#[derive(Debug)]
pub(crate) struct Followed {
    pub(crate) log: Log,
    stand: Mutex<Option<Stand>>,
}

/// Where the pump of a log stands.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stand {
    /// The end of what it has handed to the link: history is not read past it, so that it meets the live lines.
    pub(crate) cap: Cap,
    /// Bytes on the disk behind it, a half line included.
    pub(crate) behind: u64,
    /// When it looked.
    pub(crate) looked: Instant,
}

impl Followed {
    pub(crate) fn stand(&self) -> Option<Stand> {
        *self.stand.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn set_stand(&self, stand: Option<Stand>) {
        *self.stand.lock().unwrap_or_else(PoisonError::into_inner) = stand;
    }
}

/// The offers as the gate of `tail`.
struct OfferGate {
    offers: Arc<RwLock<Arc<Offers>>>,
    disk: Arc<Disk>,
}

impl Gate for OfferGate {
    fn admits(&self, candidate: &Candidate<'_>) -> bool {
        let offers = Arc::clone(&self.offers.read().unwrap_or_else(PoisonError::into_inner));
        match candidate.role {
            Role::Itself | Role::Sibling => offers.admit(candidate.real, &self.disk),
        }
    }
}

impl Host {
    /// The host of this process, with as many logs open as the kernel lets be.
    #[must_use]
    pub fn new(config: HostConfig) -> Arc<Self> {
        Self::with(config, Processes::default())
    }

    /// The same with a monitor of processes that is there already.
    #[must_use]
    pub fn with(config: HostConfig, processes: Processes) -> Arc<Self> {
        Self::of(config, processes, Arc::new(Unbounded))
    }

    /// The host of this process, with as many files open as `quota` gives.
    #[must_use]
    pub fn within(config: HostConfig, quota: Arc<dyn Quota>) -> Arc<Self> {
        Self::of(config, Processes::default(), quota)
    }

    fn of(config: HostConfig, processes: Processes, quota: Arc<dyn Quota>) -> Arc<Self> {
        let offers = Arc::new(config.offers);
        warn_of_missing(&offers);
        let offers = Arc::new(RwLock::new(offers));
        let disk = Arc::<Disk>::default();
        let gate = OfferGate { offers: Arc::clone(&offers), disk: Arc::clone(&disk) };
        let setup = Arc::new(Setup { quota, ..Setup::new(gate) });
        Arc::new(Host {
            name: config.host,
            labels: config.labels,
            zone: config.zone,
            offers,
            renewed: watch::Sender::new(()),
            watcher: Watcher::new(Arc::clone(&setup)),
            setup,
            session: fastrand::u64(..),
            logs: Mutex::default(),
            processes,
            disk,
            steps: Arc::new(Semaphore::new(STEPS)),
            stuck: Mutex::default(),
        })
    }

    /// Other offers from now on. What is open and no longer offered is closed at once, and its viewers are told.
    pub fn offer(&self, offers: Offers) {
        let offers = Arc::new(offers);
        warn_of_missing(&offers);
        *self.offers.write().unwrap_or_else(PoisonError::into_inner) = offers;
        self.renewed.send_replace(());
    }

    /// Tells of other offers from now on.
    pub(crate) fn renewals(&self) -> watch::Receiver<()> {
        self.renewed.subscribe()
    }

    /// What is offered now.
    pub fn offers(&self) -> Arc<Offers> {
        Arc::clone(&self.offers.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// What has been done with files since the start.
    #[must_use]
    pub fn counters(&self) -> &tailcast_tail::Counters {
        &self.setup.counters
    }

    /// Its processes.
    pub fn processes(&self) -> &Processes {
        &self.processes
    }

    /// A turn of one who follows a log; `None` never comes, since nobody closes this.
    pub(crate) async fn step_turn(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.steps).acquire_owned().await.ok()
    }

    /// Keeps in mind what follows a log and cannot end yet.
    pub(crate) fn leave_stuck(&self, name: String, task: JoinHandle<()>) {
        let mut stuck = self.stuck.lock().unwrap_or_else(PoisonError::into_inner);
        stuck.retain(|_, task| !task.is_finished());
        stuck.insert(name, task);
    }

    /// What follows a log still, whoever wants to follow it next has to wait for.
    pub(crate) fn take_stuck(&self, name: &str) -> Option<JoinHandle<()>> {
        self.stuck.lock().unwrap_or_else(PoisonError::into_inner).remove(name)
    }

    pub(crate) fn watcher(&self) -> &Arc<Watcher> {
        &self.watcher
    }

    /// Whether a log that was opened could be opened still: its name, and the file to which it leads. Blocks on the disk.
    pub(crate) fn still_offers(&self, log: &Followed) -> bool {
        self.offers().names(log.log.path()) && !matches!(log.log.glance(), Err(Obstacle::Refused))
    }

    /// The name of its time zone.
    pub(crate) fn zone(&self) -> Option<&str> {
        self.zone.as_deref()
    }

    pub(crate) fn hello(&self) -> Hello {
        Hello {
            protocol_min: PROTOCOL,
            protocol_max: PROTOCOL,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            host: self.name.clone(),
            session: self.session,
            offers: self.offers().as_written(),
            labels: self.labels.clone(),
            zone: self.zone.clone(),
        }
    }

    /// The log called `name`, if it is offered. The same while somebody holds it.
    pub(crate) fn log(&self, name: &str) -> Result<Arc<Followed>, Refusal> {
        let path = self.offers().path_of(name).ok_or_else(not_offered)?;
        let mut logs = self.logs.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(log) = logs.get(name).and_then(Weak::upgrade) {
            return Ok(log);
        }
        let tag = Tag::of(&format!("{}:{name}", self.name));
        let log = Arc::new(Followed { log: Log::new(path, tag, &self.setup), stand: Mutex::default() });
        logs.retain(|_, log| log.strong_count() > 0);
        logs.insert(name.to_owned(), Arc::downgrade(&log));
        Ok(log)
    }
}

/// No error: a log may come later, but a path that is written wrong never does.
fn warn_of_missing(offers: &Arc<Offers>) {
    let offers = Arc::clone(offers);
    let look = move || {
        for path in offers.missing() {
            tracing::warn!("{} is offered, but nothing is there", path.display());
        }
        for glob in crate::list::idle_globs(&offers) {
            tracing::warn!("{glob} is offered, but no log matches it now");
        }
    };
    // A walk takes its time in a large tree, a disk may hang, and nobody waits for a warning.
    if let Err(error) = std::thread::Builder::new().name("missing".to_owned()).spawn(look) {
        tracing::warn!("whether there is something at all that is offered is not known: {error}");
    }
}

/// One answer for what is not offered and what does not exist, so that nothing is learned from it.
pub(crate) fn not_offered() -> Refusal {
    Refusal::of(Failure::NotOffered, "there is no such log among those that this host offers")
}
