//! Agents of many machines in this process: the real ones, each with a link of its own, and nothing to follow.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use tailcast_agent::dial::{Dialer, Roots, Trust};
use tailcast_agent::{Host, HostConfig, Offers};
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

use crate::crowd::settle;
use crate::http::Client;

/// How long all of them may take to come.
const PATIENCE: Duration = Duration::from_secs(60);

/// They dial their hub for as long as this value lives, as `tailcast agent` does.
pub(crate) struct Fleet {
    hub: SocketAddr,
    size: usize,
    stop: CancellationToken,
    _offered: TempDir,
}

impl Fleet {
    /// `size` agents of one hub, which need not be there yet. Wait for them with [`Fleet::is_there`].
    pub(crate) fn start(hub: SocketAddr, size: usize) -> Result<Self> {
        let (offered, stop) = (tempfile::tempdir()?, CancellationToken::new());
        let paths = [offered.path().to_str().context("a temporary folder with a name that is no text")?];
        for number in 0..size {
            let offers = Offers::new(&paths, &[])?;
            let host = format!("bench-{number}").parse()?;
            let host = Host::new(HostConfig { host, offers, labels: Vec::new(), zone: None });
            let dialer = Dialer::new(format!("http://{hub}").parse()?, Trust::new(Roots::default()));
            let stop = stop.clone();
            tokio::spawn(async move { tailcast_agent::reach(&host, &dialer, &stop).await });
        }
        Ok(Self { hub, size, stop, _offered: offered })
    }

    /// How long it took, from now on, until the hub had all of them.
    pub(crate) async fn is_there(&self) -> Result<Duration> {
        let began = Instant::now();
        while began.elapsed() < PATIENCE {
            let hub = self.hub;
            // A client that blocks must not hold up the agents.
            if tokio::task::spawn_blocking(move || linked(hub)).await?? == self.size {
                return Ok(began.elapsed());
            }
            settle(Duration::from_millis(10)).await;
        }
        bail!("not all of {} agents came within {PATIENCE:?}", self.size)
    }
}

impl Drop for Fleet {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// The agents that a hub has a link to, by its own count.
fn linked(hub: SocketAddr) -> Result<usize> {
    let metrics = String::from_utf8(Client::connect(hub)?.get("/metrics")?)?;
    let count = metrics.lines().find_map(|line| line.strip_prefix("tailcast_agents "));
    Ok(count.context("no count of agents among the metrics")?.parse()?)
}
