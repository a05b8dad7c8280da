//! A thousand agents, each with a link of its own over a real WebSocket, and a hub that is killed: all come back, and a viewer
//! goes on.
//!
//! The agents live in this process, made of the same library as the program's; the hub is the program.

use std::time::{Duration, Instant};

use tailcast_agent::dial::{Dialer, HubUrl, Roots, Trust};
use tailcast_agent::{Host, HostConfig, Offers, reach};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::rig::{Form, Hub, Site, within};

const AGENTS: usize = 1000;
/// All are back within this time after the hub is.
const BACK: Duration = Duration::from_secs(30);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_agents_are_back_soon_after_their_hub_was_killed() {
    let site = Site::new();
    let mut hub = Hub::serve(&site, &["--no-agent"]).await;
    let mut log = site.log("a.log");
    let agents = Agents::start(&site, &hub);
    all_up(&hub).await;

    log.write("seen\n");
    let mut viewer = hub.view(Form::Json, &log.on("host-0500")).await;
    assert_eq!(viewer.line().await, "seen");
    let address = hub.address.to_string();
    hub.program.kill().await;
    log.write("missed\n");

    let mut command = site.tailcast(["serve", "--no-agent", "--listen", &address, "--state-dir"]);
    command.arg(site.state());
    let hub = Hub::of(&site, command).await;
    let began = Instant::now();
    // Who looks at once is served as soon as that one agent is back, while the others are on their way.
    let mut again = hub.view_from(Form::Json, &log.on("host-0500"), viewer.position()).await;
    assert_eq!(again.line().await, "missed");
    all_up(&hub).await;
    let took = began.elapsed();
    assert!(took < BACK, "the last of {AGENTS} agents was back after {took:?}");
    eprintln!("{AGENTS} agents were back {took:?} after their hub was");
    agents.stop().await;
}

/// Waits until all hosts are listed as up.
async fn all_up(hub: &Hub) {
    let come = async {
        loop {
            let hosts = hub.get("/api/v1/hosts").await.json();
            let up =
                hosts["hosts"].as_array().map_or(0, |hosts| hosts.iter().filter(|host| host["state"] == "up").count());
            if up == AGENTS {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    within("a thousand agents", come).await;
}

struct Agents {
    tasks: TaskTracker,
    stop: CancellationToken,
}

impl Agents {
    fn start(site: &Site, hub: &Hub) -> Self {
        let (tasks, stop) = (TaskTracker::new(), CancellationToken::new());
        let paths = [site.logs().display().to_string()];
        for number in 0..AGENTS {
            let config = HostConfig {
                host: format!("host-{number:04}").parse().unwrap(),
                offers: Offers::new(&paths, &[]).unwrap(),
                labels: Vec::new(),
                zone: None,
            };
            let (host, url, stop) = (Host::new(config), hub.url(), stop.clone());
            tasks.spawn(async move {
                let dialer = Dialer::new(url.parse::<HubUrl>().unwrap(), Trust::new(Roots::System));
                reach(&host, &dialer, &stop).await;
            });
        }
        tasks.close();
        Agents { tasks, stop }
    }

    async fn stop(self) {
        self.stop.cancel();
        within("the end of the agents", self.tasks.wait()).await;
    }
}
