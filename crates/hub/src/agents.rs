//! The agents that are, or were, connected: one per host.
//!
//! Which of two links of one name is right is judged when one comes (`arrival`).
//!
//! The directory is kept by host name; a host that has gone stays listed with the time it went. Channels register here by
//! host, so that an agent that comes (again) is asked to follow all that is looked at, from where each channel stands.

mod arrival;

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use tailcast_wire::{Credential, HostName, Question};
use tokio::sync::watch;

use crate::ask::{Answered, AskError, Asks};
use crate::away::{self, Away};
use crate::channel::{Channel, Key};
use crate::link::{Link, Whence};

pub(crate) use self::arrival::Rival;

/// Hosts that are remembered after they have gone; beyond it the longest gone is forgotten.
const MAX_GONE: usize = 4096;

/// Whether a host's agent is there.
#[derive(Debug, Clone)]
pub(crate) enum State {
    /// Its link is up.
    Up(Arc<Link>),
    /// It has gone, for the reason given.
    Lost(Away),
}

impl State {
    /// Why it is not there.
    pub(crate) fn away(&self) -> Option<&Away> {
        match self {
            State::Up(_) => None,
            State::Lost(away) => Some(away),
        }
    }
}

/// One host as it is listed.
#[derive(Debug, Clone)]
pub(crate) struct Host {
    pub(crate) state: State,
    pub(crate) since: Timestamp,
    pub(crate) version: String,
    pub(crate) labels: Vec<(String, String)>,
    /// What it offers, as its administrator wrote it.
    pub(crate) offers: Vec<String>,
    /// Where its agent speaks, or spoke last, from.
    pub(crate) whence: Whence,
    /// By what the agent was let in; not known of those that an older hub has.
    pub(crate) credential: Option<Credential>,
    /// Others that wanted the name, and were refused.
    pub(crate) rival: Option<Rival>,
}

/// The directory.
#[derive(Debug)]
pub(crate) struct Agents {
    /// How long an answer may take.
    patience: Duration,
    inner: Mutex<Inner>,
    /// Changes whenever a host has come or gone or says otherwise what it offers.
    changed: watch::Sender<()>,
}

#[derive(Debug, Default)]
struct Inner {
    hosts: HashMap<HostName, Host>,
    channels: HashMap<HostName, HashMap<Key, Arc<Channel>>>,
    /// The name of the hub's own machine.
    own: Option<HostName>,
    /// The names under which lines are pushed.
    pushed: HashSet<HostName>,
}

impl Agents {
    /// Nobody yet. `patience`: how long an answer may take; `own`: the name of the agent in the hub's process.
    pub(crate) fn new(patience: Duration, own: Option<HostName>) -> Self {
        let inner = Mutex::new(Inner { own, ..Inner::default() });
        Agents { patience, inner, changed: watch::Sender::new(()) }
    }

    /// Takes a name for lines that are pushed: from then on it is no machine's.
    ///
    /// # Errors
    /// When it is the name of a machine that is, or was, here, or of anything at another hub, in words for who pushes.
    pub(crate) fn claim(&self, host: &HostName) -> Result<(), String> {
        let mut inner = self.lock();
        if inner.pushed.contains(host) {
            return Ok(());
        }
        if inner.hosts.get(host).is_some_and(|known| known.whence.is_elsewhere()) {
            return Err(format!(
                "{host} is at another hub of this cluster: push to that hub by its own address, or under another name"
            ));
        }
        if inner.own.as_ref() == Some(host) || inner.hosts.contains_key(host) {
            return Err(format!("{host} is a machine with an agent of its own; push under another name"));
        }
        inner.pushed.insert(host.clone());
        Ok(())
    }

    /// Nothing was pushed under the name after all.
    pub(crate) fn give_back(&self, host: &HostName) {
        self.lock().pushed.remove(host);
    }

    /// Tells when a host has come or gone or says otherwise what it offers.
    pub(crate) fn changed(&self) -> watch::Receiver<()> {
        self.changed.subscribe()
    }

    /// Waits until a host's agent is there. Cancel safe.
    pub(crate) async fn is_up(&self, host: &HostName) {
        let mut changed = self.changed();
        while !matches!(self.lock().hosts.get(host), Some(Host { state: State::Up(_), .. })) {
            if changed.changed().await.is_err() {
                // The sender is ours.
                return;
            }
        }
    }

    /// A session says anew what it offers; nothing else of a hello can change.
    pub(crate) fn renew(&self, link: &Link, offers: Vec<String>) {
        let mut inner = self.lock();
        let host = inner.hosts.get_mut(&link.hello().host);
        if let Some(host) =
            host.filter(|host| matches!(&host.state, State::Up(present) if std::ptr::eq(&**present, link)))
        {
            host.offers = offers;
            self.changed.send_replace(());
        }
    }

    /// A session has ended; a newer one of the same host is not touched.
    pub(crate) fn leave(&self, link: &Arc<Link>, away: &Away) {
        let mut inner = self.lock();
        let name = &link.hello().host;
        let Some(host) = inner.hosts.get_mut(name) else { return };
        if !matches!(&host.state, State::Up(present) if Arc::ptr_eq(present, link)) {
            return;
        }
        host.state = State::Lost(away.clone());
        host.since = Timestamp::now();
        for channel in inner.channels.get(name).into_iter().flat_map(HashMap::values) {
            channel.lost(away);
        }
        inner.forget_the_longest_gone();
        self.changed.send_replace(());
    }

    /// A channel is looked at: its agent follows, now or when it comes.
    pub(crate) fn open(&self, channel: &Arc<Channel>) {
        let mut inner = self.lock();
        let host = &channel.key.log.host;
        inner.channels.entry(host.clone()).or_default().insert(channel.key.clone(), Arc::clone(channel));
        match inner.hosts.get(host).map(|host| &host.state) {
            Some(State::Up(link)) => link.follow(channel),
            Some(State::Lost(away)) => channel.lost(away),
            None => channel.lost(&away::NEVER_HERE),
        }
    }

    /// Nobody looks any more.
    pub(crate) fn close(&self, channel: &Arc<Channel>) {
        let mut inner = self.lock();
        let host = &channel.key.log.host;
        if let Some(channels) = inner.channels.get_mut(host) {
            // A newer channel of the same key may have taken the place already.
            if channels.get(&channel.key).is_some_and(|present| Arc::ptr_eq(present, channel)) {
                channels.remove(&channel.key);
            }
            if channels.is_empty() {
                inner.channels.remove(host);
            }
        }
        if let Some(State::Up(link)) = inner.hosts.get(host).map(|host| &host.state) {
            link.unfollow(channel);
        }
    }

    /// Puts a question to a host's agent. Dropping the future takes the question back.
    ///
    /// # Errors
    /// When there is no such host, its agent is away, too many questions are open, or no answer comes in time.
    pub(crate) async fn ask(&self, host: &HostName, question: Question) -> Result<Answered, AskError> {
        Asks::ask(&self.link(host)?, question, self.patience).await
    }

    /// As [`Agents::ask`], for whoever asks many hosts at once: one that stands still must not keep the answers of the
    /// others, so it is waited for only while it gives signs of life. Dropping the future takes the question back.
    ///
    /// # Errors
    /// As [`Agents::ask`], and when the agent gives no sign of life.
    pub(crate) async fn ask_among_many(&self, host: &HostName, question: Question) -> Result<Answered, AskError> {
        let link = self.link(host)?;
        tokio::select! {
            biased;
            answered = Asks::ask(&link, question, self.patience) => answered,
            silence = link.falls_silent() => Err(AskError::Silent(silence)),
        }
    }

    /// The link of a host, if it is up.
    pub(crate) fn link(&self, host: &HostName) -> Result<Arc<Link>, AskError> {
        match self.lock().hosts.get(host).map(|host| &host.state) {
            Some(State::Up(link)) => Ok(Arc::clone(link)),
            Some(State::Lost(away)) => Err(AskError::Away(away.clone())),
            None => Err(AskError::NoSuchHost(host.clone())),
        }
    }

    /// A host's time zone, for stamps that name none.
    pub(crate) fn zone(&self, host: &HostName) -> TimeZone {
        match self.lock().hosts.get(host).map(|host| &host.state) {
            Some(State::Up(link)) => link.zone(),
            _ => TimeZone::UTC,
        }
    }

    /// Whether a host's agent, of that start of it, is linked to this very hub.
    pub(crate) fn is_linked_here(&self, host: &HostName, session: u64) -> bool {
        matches!(
            self.lock().hosts.get(host).map(|host| &host.state),
            Some(State::Up(link)) if !link.whence().is_elsewhere() && link.hello().session == session
        )
    }

    /// Lists a host that another hub has lost, unless more is known of it here: of what other hubs say the directory has judged.
    pub(crate) fn lost_elsewhere(&self, name: &HostName, host: Host) {
        let mut inner = self.lock();
        let knows_more = match inner.hosts.get(name) {
            Some(Host { state: State::Up(_), .. }) => true,
            Some(known) => !known.whence.is_elsewhere() && known.since >= host.since,
            None => false,
        };
        if !knows_more {
            inner.hosts.insert(name.clone(), host);
            inner.forget_the_longest_gone();
        }
    }

    /// All hosts, by name.
    pub(crate) fn list(&self) -> Vec<(HostName, Host)> {
        let mut hosts: Vec<_> = self.lock().hosts.iter().map(|(name, host)| (name.clone(), host.clone())).collect();
        hosts.sort_by(|a, b| a.0.cmp(&b.0));
        hosts
    }

    /// The machines that are or were here, by name: names under which lines are pushed are none.
    pub(crate) fn machines(&self) -> Vec<HostName> {
        let inner = self.lock();
        let mut machines: Vec<_> = inner.hosts.keys().filter(|name| !inner.pushed.contains(*name)).cloned().collect();
        machines.sort();
        machines
    }

    /// Something of each host's state.
    pub(crate) fn states<T>(&self, of: impl Fn(&State) -> T) -> Vec<T> {
        self.lock().hosts.values().map(|host| of(&host.state)).collect()
    }

    /// All channels.
    pub(crate) fn channels(&self) -> Vec<Arc<Channel>> {
        self.lock().channels.values().flat_map(HashMap::values).cloned().collect()
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    /// Why the name is nobody else's, if it is that of an agent in the hub's process.
    fn is_ours(&self, host: &HostName) -> Option<String> {
        if self.pushed.contains(host) {
            return Some(format!(
                "lines are pushed to this hub under the name {host}; give this machine another name with --host"
            ));
        }
        let own =
            self.own.as_ref() == Some(host) || self.hosts.get(host).is_some_and(|host| host.whence == Whence::Own);
        own.then(|| format!("this hub's own agent is called {host}; give this one another name with --host"))
    }

    fn forget_the_longest_gone(&mut self) {
        let gone =
            self.hosts.iter().filter(|(_, host)| matches!(host.state, State::Lost(_)) && host.whence != Whence::Own);
        if gone.clone().count() > MAX_GONE {
            let oldest = gone.min_by_key(|(_, host)| host.since).map(|(name, _)| name.clone());
            oldest.map(|name| self.hosts.remove(&name));
        }
    }
}
