//! A thousand agents of one hub: it is stopped and started again, and all are back, each where it stood.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tailcast_agent::dial::{Dialer, HubUrl, Roots, Trust};
use tailcast_agent::reach;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::http;
use crate::viewer::Viewer;
use crate::world::{PATIENCE, Served, host, texts};

const AGENTS: usize = 1000;
/// By when all are to be back; a busy machine gets more than the half minute that is promised to people.
const BACK: Duration = Duration::from_secs(50);

async fn until_all_are_there(served: &Served, within: Duration) -> Duration {
    let began = Instant::now();
    loop {
        let metrics = http::get(served.address, "/metrics", &[]).await.text();
        if metrics.lines().any(|line| line == format!("tailcast_agents {AGENTS}")) {
            return began.elapsed();
        }
        assert!(began.elapsed() < within, "{:?}", metrics.lines().find(|line| line.starts_with("tailcast_agents ")));
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_agents_come_back_to_a_hub_that_was_started_again() {
    let dir = tempfile::tempdir().unwrap();
    let log = dir.path().canonicalize().unwrap().join("a.log");
    std::fs::write(&log, "one\n").unwrap();
    let mut served = Served::start(dir.path(), 0).await;
    let port = served.address.port();
    let url: HubUrl = format!("http://127.0.0.1:{port}").parse().unwrap();
    let dialer = Arc::new(Dialer::new(url, Trust::new(Roots::default())));
    let stop = CancellationToken::new();
    let mut agents = JoinSet::new();
    for n in 0..AGENTS {
        let (host, dialer, stop) =
            (host(&format!("h{n}"), &[log.to_str().unwrap()], &[]), Arc::clone(&dialer), stop.clone());
        agents.spawn(async move { reach(&host, &dialer, &stop).await });
    }
    until_all_are_there(&served, PATIENCE).await;
    let query = format!("log=h500:{}", log.display());
    let mut viewer = Viewer::open(served.address, &query).await;
    assert_eq!(texts(&viewer.lines(1).await), ["one"]);
    viewer.told("edge").await;
    let position = viewer.position.clone().unwrap();
    served.stop().await;
    drop(viewer);
    std::fs::write(&log, "one\ntwo\n").unwrap();
    served = Served::start(dir.path(), port).await;
    let mut viewer = Viewer::open(served.address, &format!("{query}&from={position}")).await;
    assert_eq!(texts(&viewer.lines(1).await), ["two"]);
    let took = until_all_are_there(&served, BACK).await;
    println!("{AGENTS} agents were back after {took:.1?}");
    stop.cancel();
    while agents.join_next().await.is_some() {}
    served.stop().await;
}
