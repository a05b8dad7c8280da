//! A small world: a directory of logs, an agent that offers it, a hub that serves it on a port of its own.
//!
//! Everything is real but the distance: the agent speaks over the pipe that `tailcast serve` uses, the clients over TCP.
//! What a test starts ends with it.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tailcast_agent::{End, Host, HostConfig, Offers};
use tailcast_fdguard::{Budget, Listener, Plan};
use tailcast_hub::access::{Access, AccessConfig};
use tailcast_hub::cluster::ClusterKey;
use tailcast_hub::{Hub, HubConfig, Patience, Pipe};
use tempfile::TempDir;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::http::{self, Answer};
use crate::stream::Stream;
use crate::viewer::{Line, Viewer};

/// The name of the host that is this process.
pub(crate) const HOST: &str = "web1";
/// How long anything may take before a test gives up: far more than a busy machine needs.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// A hub on a port.
pub(crate) struct Served {
    pub(crate) hub: Arc<Hub>,
    pub(crate) address: SocketAddr,
    serving: JoinHandle<()>,
}

impl Served {
    /// Port 0 is any that is free.
    pub(crate) async fn start(state_dir: &Path, port: u16) -> Self {
        let access = Arc::new(Access::new(AccessConfig::new(state_dir.to_owned())));
        Self::guarded_by(access, port).await
    }

    pub(crate) async fn guarded_by(access: Arc<Access>, port: u16) -> Self {
        Self::with(HubConfig::new("/"), access, SocketAddr::from(([127, 0, 0, 1], port))).await
    }

    /// Where it listens on all addresses, `address` is the one on loopback.
    pub(crate) async fn with(config: HubConfig, access: Arc<Access>, address: SocketAddr) -> Self {
        let budget = Budget::new(Plan::default()).unwrap();
        let listener = Listener::bind(address, budget.clone(), access.refusal()).unwrap();
        let mut address = listener.local_addr().unwrap();
        if address.ip().is_unspecified() {
            address.set_ip(Ipv4Addr::LOCALHOST.into());
        }
        let hub = Hub::new(config, access, budget);
        let serving = Arc::clone(&hub);
        let serving = tokio::spawn(async move { tailcast_hub::serve(&serving, listener).await });
        Served { hub, address, serving }
    }

    /// Stops it as SIGTERM does, and waits until it has.
    pub(crate) async fn stop(self) {
        self.hub.stop();
        self.serving.await.unwrap();
    }
}

/// An agent on a pipe to a hub of this process.
pub(crate) struct Agent {
    stop: CancellationToken,
    speaking: JoinHandle<End>,
    /// The pipe's middle, where it can be cut.
    carrying: JoinHandle<()>,
}

impl Agent {
    pub(crate) fn start(hub: &Arc<Hub>, host: &Arc<Host>) -> Self {
        let (hub_end, near_hub) = Pipe::pair();
        let (near_agent, agent_end) = Pipe::pair();
        tokio::spawn(Arc::clone(hub).attach(hub_end));
        let carrying = tokio::spawn(async move {
            tokio::select! {
                () = carry(near_hub.rx, near_agent.tx) => (),
                () = carry(near_agent.rx, near_hub.tx) => (),
            }
        });
        let (stop, host) = (CancellationToken::new(), Arc::clone(host));
        let stopped = stop.clone();
        let speaking =
            tokio::spawn(async move { tailcast_agent::speak(&host, agent_end.tx, agent_end.rx, &stopped).await });
        Agent { stop, speaking, carrying }
    }

    /// Ends in good order.
    pub(crate) async fn stop(self) -> End {
        self.stop.cancel();
        self.ended().await
    }

    /// Ends when its link does.
    pub(crate) async fn ended(self) -> End {
        self.speaking.await.unwrap()
    }

    /// Cuts the link wherever it is; what is under way is gone. Neither side is told.
    pub(crate) async fn cut(self) {
        self.carrying.abort();
        assert_eq!(self.ended().await, End::Gone);
    }
}

async fn carry(mut from: mpsc::Receiver<Bytes>, to: mpsc::Sender<Bytes>) {
    while let Some(message) = from.recv().await {
        if to.send(message).await.is_err() {
            return;
        }
    }
}

/// Everything.
pub(crate) struct World {
    pub(crate) served: Served,
    pub(crate) access: Arc<Access>,
    pub(crate) host: Arc<Host>,
    pub(crate) agent: Option<Agent>,
    root: PathBuf,
    /// Removed at the end.
    dir: TempDir,
}

impl World {
    /// Offers all of its directory.
    pub(crate) async fn new() -> Self {
        Self::without(&[]).await
    }

    /// Offers all of its directory but what matches the globs (over whole paths).
    pub(crate) async fn without(exclude: &[&str]) -> Self {
        Self::made(exclude, HubConfig::new("/"), Ipv4Addr::LOCALHOST, |_| ()).await
    }

    /// Its hub has less patience, and listens on all addresses.
    pub(crate) async fn with(patience: Patience) -> Self {
        Self::made(&[], HubConfig { patience, ..HubConfig::new("/") }, Ipv4Addr::UNSPECIFIED, |_| ()).await
    }

    /// As [`with`](Self::with), in a cluster.
    pub(crate) async fn in_cluster(patience: Patience, key: ClusterKey) -> Self {
        let config = HubConfig { patience, ..HubConfig::new("/") };
        Self::made(&[], config, Ipv4Addr::UNSPECIFIED, |access| access.cluster = Some(key)).await
    }

    /// Its hub is told something else at its start.
    pub(crate) async fn configured(config: HubConfig) -> Self {
        Self::made(&[], config, Ipv4Addr::LOCALHOST, |_| ()).await
    }

    async fn made(
        exclude: &[&str],
        config: HubConfig,
        listens: Ipv4Addr,
        configure: impl FnOnce(&mut AccessConfig),
    ) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().canonicalize().unwrap().join("logs");
        fs::create_dir(&root).unwrap();
        let host = host(HOST, &[root.to_str().unwrap()], exclude);
        let mut guarded = AccessConfig::new(dir.path().to_owned());
        configure(&mut guarded);
        let access = Arc::new(Access::new(guarded));
        let served = Served::with(config, Arc::clone(&access), (listens, 0).into()).await;
        let agent = Some(Agent::start(&served.hub, &host));
        let world = World { served, access, host, agent, root, dir };
        world.until("the agent is there", async || world.metric("tailcast_agents").await == 1).await;
        world
    }

    /// Where the hub keeps its own: outside of what is offered.
    pub(crate) fn state_dir(&self) -> &Path {
        self.dir.path()
    }

    /// A place in the offered directory.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.root.join(name)
    }

    /// `HOST:NAME` of a log in the offered directory.
    pub(crate) fn log(&self, name: &str) -> String {
        format!("{HOST}:{}", self.path(name).display())
    }

    /// Appends to a log.
    pub(crate) fn append(&self, name: &str, bytes: impl AsRef<[u8]>) {
        let mut file = OpenOptions::new().create(true).append(true).open(self.path(name)).unwrap();
        file.write_all(bytes.as_ref()).unwrap();
    }

    /// The lines of a log as they are on the disk.
    pub(crate) fn on_disk(&self, name: &str) -> Vec<String> {
        fs::read_to_string(self.path(name)).unwrap().lines().map(str::to_owned).collect()
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        http::get(self.served.address, path, &[]).await
    }

    /// A page of a log; the query goes on behind `log=`.
    pub(crate) async fn lines(&self, name: &str, query: &str) -> Page {
        let answer = self.get(&format!("/api/v1/lines?log={}&{query}", self.log(name))).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        serde_json::from_slice(&answer.body).unwrap()
    }

    /// A WebSocket on a log; the query goes on behind `log=`.
    pub(crate) async fn watch(&self, name: &str, query: &str) -> Viewer {
        Viewer::open(self.served.address, &format!("log={}&{query}", self.log(name))).await
    }

    /// Server-Sent Events of any query, from where `last_event_id` stood.
    pub(crate) async fn events(&self, query: &str, last_event_id: Option<&str>) -> Stream {
        let mut headers = vec![("accept", "text/event-stream")];
        headers.extend(last_event_id.map(|id| ("last-event-id", id)));
        Stream::open(self.served.address, &format!("/api/v1/live?{query}"), &headers).await
    }

    /// Plain text of any query, as curl gets it.
    pub(crate) async fn text(&self, query: &str) -> Stream {
        Stream::open(self.served.address, &format!("/api/v1/live?{query}"), &[("accept", "*/*")]).await
    }

    /// What `/metrics` says now.
    pub(crate) async fn metric(&self, name: &str) -> u64 {
        let answer = self.get("/metrics").await.text();
        let line = answer.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        line.unwrap_or_else(|| panic!("no {name} in\n{answer}")).parse().unwrap()
    }

    /// Waits for something that nobody tells.
    pub(crate) async fn until(&self, what: &str, mut holds: impl AsyncFnMut() -> bool) {
        let asked = async {
            while !holds().await {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(PATIENCE, asked).await.unwrap_or_else(|_| panic!("never: {what}"));
    }
}

/// A host that offers `paths`.
pub(crate) fn host(name: &str, paths: &[&str], exclude: &[&str]) -> Arc<Host> {
    let offers = Offers::new(paths, exclude).unwrap();
    Host::new(HostConfig { host: name.parse().unwrap(), offers, labels: Vec::new(), zone: None })
}

/// A page of history.
#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Page {
    pub(crate) log: String,
    pub(crate) lines: Vec<Line>,
    pub(crate) before: Option<String>,
    pub(crate) after: Option<String>,
    pub(crate) end: bool,
    pub(crate) limited: bool,
    pub(crate) scanned: u64,
    pub(crate) marks: Vec<Mark>,
}

/// What happened between two lines of a page.
#[derive(Debug, serde::Deserialize)]
pub(crate) struct Mark {
    #[serde(rename = "type")]
    pub(crate) kind: String,
    pub(crate) at: String,
}

/// Lines `from..to`, numbered, each with its newline.
pub(crate) fn numbered(lines: std::ops::Range<usize>) -> String {
    lines.map(|n| format!("line {n}\n")).collect()
}

/// The texts of lines.
pub(crate) fn texts(lines: &[Line]) -> Vec<&str> {
    lines.iter().map(|line| line.text.as_str()).collect()
}
