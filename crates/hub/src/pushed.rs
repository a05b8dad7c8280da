//! Lines that are pushed to the hub: whose name they may have, the spool that they go into, and the agent that reads it.
//!
//! The hub knows nothing of agents but their links, so who made it says how one is started ([`Attach`]). From then on a
//! pushed log is a log like others. It refuses the name of a machine, present or gone: nobody can push lines into the
//! history of one, and no agent can call itself by a name under which lines are pushed.

use std::collections::HashSet;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use tailcast_wire::{HostName, PushedLog};
use tokio::time::timeout;

use crate::hub::Hub;
use crate::problem::Problem;
use crate::spool::{SpoolBounds, SpoolCounts, SpoolError, Spools};

/// Starts an agent of this name that offers the pushed logs in this folder.
pub(crate) type Attach = Box<dyn Fn(&Arc<Hub>, &HostName, &Path) + Send + Sync>;

/// When to come again where the disk has no room.
const FULL: Duration = Duration::from_secs(5);

/// All of it.
pub(crate) struct Pushed {
    spools: Spools,
    attach: Attach,
    /// The hosts whose agents were started.
    attached: Mutex<HashSet<HostName>>,
}

impl Pushed {
    pub(crate) fn open(root: PathBuf, bounds: SpoolBounds, attach: Attach) -> io::Result<Self> {
        Ok(Pushed { spools: Spools::open(root, bounds)?, attach, attached: Mutex::default() })
    }

    /// In numbers.
    pub(crate) fn counts(&self) -> SpoolCounts {
        self.spools.counts()
    }

    /// Starts the agents of the hosts that have pushed logs; gives which these are.
    pub(crate) fn attach_present(&self, hub: &Arc<Hub>) -> io::Result<Vec<HostName>> {
        let mut hosts = self.spools.hosts()?;
        hosts.retain(|host| match self.attach_once(hub, host) {
            Ok(_) => true,
            Err(words) => {
                tracing::warn!("the logs that were pushed under {host} are not shown: {words}");
                false
            }
        });
        Ok(hosts)
    }

    /// Takes bytes of a log; gives where its stream ends. The log can be looked at when this is done. Cancel safe.
    pub(crate) async fn take(
        &self,
        hub: &Arc<Hub>,
        log: &PushedLog,
        at: Option<u64>,
        bytes: Bytes,
    ) -> Result<u64, Problem> {
        let host = log.host();
        hub.agents.claim(host).map_err(Problem::conflict)?;
        match self.spools.append(log, at, bytes).await {
            Ok(end) => {
                if self.attach_once(hub, host).map_err(Problem::conflict)?
                    && timeout(hub.config.patience.answer, hub.agents.is_up(host)).await.is_err()
                {
                    tracing::warn!(%host, "the agent of the pushed logs does not come");
                }
                Ok(end)
            }
            Err(error) => {
                self.give_back(hub, host);
                Err(problem(error, log))
            }
        }
    }

    /// Starts the agent of a host that has none yet. Gives whether it did.
    fn attach_once(&self, hub: &Arc<Hub>, host: &HostName) -> Result<bool, String> {
        let mut attached = self.attached();
        if attached.contains(host) {
            return Ok(false);
        }
        // Again, for somebody whose first lines failed may just have given the name back.
        hub.agents.claim(host)?;
        attached.insert(host.clone());
        (self.attach)(hub, host, &self.spools.folder(host));
        Ok(true)
    }

    /// A name under which nothing could be kept is anybody's.
    fn give_back(&self, hub: &Hub, host: &HostName) {
        if !self.attached().contains(host) {
            hub.agents.give_back(host);
        }
    }

    fn attached(&self) -> MutexGuard<'_, HashSet<HostName>> {
        self.attached.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for Pushed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pushed").field("spools", &self.spools).finish_non_exhaustive()
    }
}

fn problem(error: SpoolError, log: &PushedLog) -> Problem {
    let words = format!("{log}: {error}");
    match error {
        SpoolError::Ahead { end } | SpoolError::Other { end } => Problem::conflict(words).with("offset", end),
        SpoolError::NoRoom(_) => Problem::no_room(words, FULL),
        SpoolError::Disk(error) if is_full(&error) => {
            let words = format!("{log}: the hub's disk is full; what it has acknowledged is kept, push the rest again");
            Problem::no_room(words, FULL).with_log(error.to_string())
        }
        SpoolError::Disk(error) => Problem::internal(format!("the spool of {log}: {error}")),
    }
}

fn is_full(error: &io::Error) -> bool {
    use io::ErrorKind::{FileTooLarge, QuotaExceeded, StorageFull};
    matches!(error.kind(), StorageFull | QuotaExceeded | FileTooLarge)
}
