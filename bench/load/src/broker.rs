//! Brokers, and hubs that one of them joins: each a real process on a free port.

use std::fs;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result};
use tempfile::TempDir;

use crate::peer::{self, Program, Serve, Server};
use crate::watched::Watched;

/// What joins hubs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Redis,
    Nats,
}

/// A running broker, and the key of the hubs that it joins.
#[derive(Debug)]
pub(crate) struct Broker {
    pub(crate) address: SocketAddr,
    pub(crate) url: String,
    key: PathBuf,
    program: Program,
    scratch: TempDir,
}

impl Broker {
    /// Starts it and waits until it listens.
    pub(crate) fn start(kind: Kind) -> Result<Self> {
        let scratch = tempfile::tempdir()?;
        let (address, port) = peer::free_port().map(|address| (address, address.port().to_string()))?;
        let (name, program, words) = match kind {
            Kind::Redis => ("redis", "redis-server", ["--port", &port, "--bind", "127.0.0.1", "--save", ""]),
            Kind::Nats => ("nats", "/usr/sbin/nats-server", ["-p", &port, "-a", "127.0.0.1", "-l", "/dev/null"]),
        };
        let mut command = Command::new(program);
        command.args(words).current_dir(scratch.path()).stdout(Stdio::null());
        let program = peer::spawn(&mut command, &scratch).context("scripts/setup installs the brokers")?;
        peer::listens(address)?;
        let key = scratch.path().join("key");
        fs::write(&key, Command::new(peer::binary()?).arg("cluster-key").output()?.stdout)?;
        fs::set_permissions(&key, fs::Permissions::from_mode(0o600))?;
        Ok(Self { address, url: format!("{name}://{address}"), key, program, scratch })
    }

    /// A hub that it joins with the others; `has_agent`: the one that reads the log.
    pub(crate) fn hub(&self, has_agent: bool) -> Result<Server> {
        let address = peer::free_port()?;
        let environment = vec![
            ("TAILCAST_HUB__BROKER", self.url.clone()),
            ("TAILCAST_CLUSTER__KEY_FILE", self.key.display().to_string()),
            ("TAILCAST_CLUSTER__PEER_URL", format!("http://{address}")),
        ];
        peer::tailcast(&Serve { listen: Some(address), agent_apart: !has_agent, environment, ..Serve::default() })
    }

    /// What it costs.
    pub(crate) fn watched(&self) -> Result<Watched> {
        self.program.watched()
    }

    /// What it wrote to stderr.
    pub(crate) fn words(&self) -> String {
        peer::last_words(&self.scratch)
    }
}
