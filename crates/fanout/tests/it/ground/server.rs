//! A real server on a free port and in a folder of its own. It is ended by its process id.

use std::process::Stdio;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::process::{Child, Command};
use tokio::time::{sleep, timeout};

use super::PATIENCE;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Redis,
    Nats,
}

pub(crate) struct Server {
    kind: Kind,
    pub(crate) port: u16,
    /// Where NATS tells about itself.
    monitor: u16,
    arguments: Vec<String>,
    pub(crate) folder: TempDir,
    child: Child,
}

impl Server {
    pub(crate) async fn start(kind: Kind) -> Self {
        Self::start_with(kind, |_, _| Vec::new()).await
    }

    /// With more arguments, which are made of its folder and its port.
    pub(crate) async fn start_with(kind: Kind, arguments: impl Fn(&TempDir, u16) -> Vec<String>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        // Somebody else may take the port between the look and the start.
        for _ in 0..5 {
            let (port, monitor) = (free_port().await, free_port().await);
            let arguments = arguments(&folder, port);
            let child = spawn(kind, port, monitor, &arguments, &folder);
            let mut server = Self { kind, port, monitor, arguments, folder: tempfile::tempdir().unwrap(), child };
            if server.is_up().await {
                server.folder = folder;
                return server;
            }
        }
        panic!("{kind:?} does not start: is the package of `scripts/setup` installed?");
    }

    pub(crate) fn url(&self) -> String {
        url(self.kind, self.port)
    }

    pub(crate) fn kind(&self) -> Kind {
        self.kind
    }

    pub(crate) fn signal(&self, signal: Signal) {
        let pid = self.child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw).unwrap();
        kill_process(pid, signal).unwrap();
    }

    /// SIGKILL: it says goodbye to nobody.
    pub(crate) async fn kill(&mut self) {
        self.child.kill().await.unwrap();
    }

    /// Starts it again where it was.
    pub(crate) async fn start_again(&mut self) {
        self.child = spawn(self.kind, self.port, self.monitor, &self.arguments, &self.folder);
        assert!(self.is_up().await, "{:?} does not start again", self.kind);
    }

    /// Connections, but for the one that asks.
    pub(crate) async fn connections(&self) -> usize {
        match self.kind {
            Kind::Redis => self.redis("CLIENT LIST").await.matches("cmd=").count() - 1,
            Kind::Nats => self.monitored("/connz").await.matches("\"cid\"").count(),
        }
    }

    /// Channels of ours that somebody is subscribed to.
    pub(crate) async fn subscriptions(&self) -> usize {
        match self.kind {
            Kind::Redis => self.redis("PUBSUB CHANNELS tailcast.*").await.matches("tailcast.").count(),
            Kind::Nats => self.monitored("/connz?subs=1").await.matches("\"tailcast.").count(),
        }
    }

    /// Waits until so many channels are subscribed.
    pub(crate) async fn until_subscriptions(&self, wanted: usize) {
        let reached = async {
            while self.subscriptions().await != wanted {
                sleep(Duration::from_millis(10)).await;
            }
        };
        if timeout(PATIENCE, reached).await.is_err() {
            panic!("{} subscriptions, not {wanted}", self.subscriptions().await);
        }
    }

    /// Says something to Redis, and returns the answer.
    pub(crate) async fn redis(&self, command: &str) -> String {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).await.unwrap();
        stream.write_all(format!("{command}\r\nQUIT\r\n").as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        answer
    }

    async fn monitored(&self, path: &str) -> String {
        let mut stream = TcpStream::connect(("127.0.0.1", self.monitor)).await.unwrap();
        stream.write_all(format!("GET {path} HTTP/1.0\r\n\r\n").as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        answer
    }

    /// Waits until it takes connections; `false` when it has ended instead.
    async fn is_up(&mut self) -> bool {
        let up = async {
            while self.child.try_wait().unwrap().is_none() {
                if TcpStream::connect(("127.0.0.1", self.port)).await.is_ok() {
                    return true;
                }
                sleep(Duration::from_millis(10)).await;
            }
            false
        };
        timeout(PATIENCE, up).await.expect("the server neither starts nor ends")
    }
}

pub(crate) fn url(kind: Kind, port: u16) -> String {
    let scheme = if kind == Kind::Redis { "redis" } else { "nats" };
    format!("{scheme}://127.0.0.1:{port}")
}

pub(crate) async fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port()
}

fn spawn(kind: Kind, port: u16, monitor: u16, arguments: &[String], folder: &TempDir) -> Child {
    let (program, own) = match kind {
        Kind::Redis => ("redis-server", format!("--port {port} --bind 127.0.0.1 --save --enable-debug-command yes")),
        // Debian keeps it where not everybody's path leads.
        Kind::Nats => ("/usr/sbin/nats-server", format!("-a 127.0.0.1 -p {port} -m {monitor}")),
    };
    let mut command = Command::new(program);
    command.args(own.split(' ')).args(arguments).current_dir(folder.path());
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true);
    command.spawn().unwrap_or_else(|error| panic!("{program}: {error}: run scripts/setup"))
}
