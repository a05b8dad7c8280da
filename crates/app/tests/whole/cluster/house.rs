//! Hubs of one cluster: a real broker, a key, hubs on ports that they keep, and a load balancer in front of them.

use std::net::{SocketAddr, TcpListener};
use std::os::unix::fs::PermissionsExt;
use std::process::Stdio;
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::process::{Child, Command};
use tokio::time::sleep;

use crate::rig::{Hub, Program, Site, within};

/// What joins the hubs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Redis,
    Nats,
}

/// A real server, ended by its process id.
pub(super) struct Broker {
    kind: Kind,
    port: u16,
    child: Child,
}

impl Broker {
    pub(super) async fn start(kind: Kind) -> Self {
        let port = free_port();
        let broker = Broker { kind, port, child: spawn(kind, port) };
        broker.is_up().await;
        broker
    }

    pub(super) fn url(&self) -> String {
        let scheme = if self.kind == Kind::Redis { "redis" } else { "nats" };
        format!("{scheme}://127.0.0.1:{}", self.port)
    }

    pub(super) async fn kill(&mut self) {
        self.child.kill().await.unwrap();
    }

    pub(super) async fn start_again(&mut self) {
        self.child = spawn(self.kind, self.port);
        self.is_up().await;
    }

    async fn is_up(&self) {
        let up = async {
            while TcpStream::connect(("127.0.0.1", self.port)).await.is_err() {
                sleep(Duration::from_millis(20)).await;
            }
        };
        within("the broker", up).await;
    }
}

fn spawn(kind: Kind, port: u16) -> Child {
    let (program, words) = match kind {
        Kind::Redis => ("redis-server", format!("--port {port} --bind 127.0.0.1 --save")),
        // Debian keeps it where not everybody's path leads.
        Kind::Nats => ("/usr/sbin/nats-server", format!("-a 127.0.0.1 -p {port}")),
    };
    let mut command = Command::new(program);
    command.args(words.split(' ')).current_dir("/tmp").kill_on_drop(true);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.spawn().unwrap_or_else(|error| panic!("{program}: {error}: run scripts/setup"))
}

/// What the hubs of a test share.
pub(super) struct House {
    pub(super) broker: Broker,
    pub(super) site: Site,
}

/// Where a hub is, and where it says to be.
#[derive(Clone)]
pub(super) struct Place {
    pub(super) name: &'static str,
    pub(super) listen: String,
    pub(super) peer_url: String,
    pub(super) key: &'static str,
}

impl Place {
    pub(super) fn new(name: &'static str) -> Self {
        let listen = format!("127.0.0.1:{}", free_port());
        Place { name, peer_url: format!("http://{listen}"), listen, key: "key" }
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.listen.parse().unwrap()
    }
}

impl House {
    pub(super) async fn new(kind: Kind) -> Self {
        let house = House { broker: Broker::start(kind).await, site: Site::new() };
        house.key("key").await;
        house
    }

    /// Makes a key.
    pub(super) async fn key(&self, name: &str) {
        let made = self.site.tailcast(["cluster-key"]).output().await.unwrap();
        std::fs::write(self.site.path(name), made.stdout).unwrap();
        std::fs::set_permissions(self.site.path(name), PermissionsExt::from_mode(0o600)).unwrap();
    }

    /// A hub without an agent of its own.
    pub(super) async fn hub(&self, place: &Place) -> Hub {
        self.serve(place, &["--no-agent"]).await
    }

    /// A hub that offers the logs of its own machine, under this name.
    pub(super) async fn hub_with_agent(&self, place: &Place, host: &str) -> Hub {
        let logs = self.site.path(place.name);
        std::fs::create_dir_all(&logs).unwrap();
        self.serve(place, &[logs.to_str().unwrap(), "--host", host]).await
    }

    async fn serve(&self, place: &Place, words: &[&str]) -> Hub {
        let state = self.site.path(&format!("state-{}", place.name));
        let mut command = self.site.tailcast(["serve"]);
        command.args(words).args(["--listen", &place.listen, "--state-dir"]);
        command.arg(state).args(["--broker", &self.broker.url()]);
        command.env("TAILCAST_CLUSTER__KEY_FILE", self.site.path(place.key));
        command.env("TAILCAST_CLUSTER__PEER_URL", &place.peer_url);
        Hub::named(&self.site, command, place.name).await
    }

    /// What a command says that works on the state of the hub `name`.
    pub(super) async fn tailcast_of(&self, name: &str, words: &[&str]) -> String {
        let mut command = self.site.tailcast(words);
        command.arg("--state-dir").arg(self.site.path(&format!("state-{name}")));
        let done = command.env("TAILCAST_CLUSTER__KEY_FILE", self.site.path("key")).output().await.unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        String::from_utf8(done.stdout).unwrap()
    }

    /// An agent of this machine's own user, who needs no token.
    pub(super) fn agent(&self, host: &str, hub: &str) -> Program {
        self.agent_called(host, hub, host)
    }

    /// What it says on stderr is kept under another name than the host's.
    pub(super) fn agent_called(&self, host: &str, hub: &str, name: &str) -> Program {
        let logs = self.site.path(host);
        std::fs::create_dir_all(&logs).unwrap();
        let mut command = self.site.tailcast(["agent", "--hub", hub, "--host", host]);
        command.arg(logs);
        Program::start(command, &self.site.path(&format!("agent-{name}.err")))
    }
}

/// A load balancer: each connection goes to the first of its hubs that takes it.
pub(super) struct Balancer {
    pub(super) address: SocketAddr,
    task: tokio::task::JoinHandle<()>,
}

impl Balancer {
    pub(super) async fn start(hubs: Vec<SocketAddr>) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let task = tokio::spawn(async move {
            let mut carried = tokio::task::JoinSet::new();
            while let Ok((mut client, _)) = listener.accept().await {
                let hubs = hubs.clone();
                carried.spawn(async move {
                    for hub in hubs {
                        if let Ok(mut stream) = TcpStream::connect(hub).await {
                            // It ends when either side does.
                            drop(tokio::io::copy_bidirectional(&mut client, &mut stream).await);
                            return;
                        }
                    }
                });
            }
        });
        Balancer { address, task }
    }

    pub(super) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Cuts all connections, and takes no more.
    pub(super) fn cut(&self) {
        self.task.abort();
    }
}

impl Drop for Balancer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// A port below those that the system gives out by itself: while its server is down, nobody may be given it.
fn free_port() -> u16 {
    loop {
        let port = fastrand::u16(10_000..30_000);
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}
