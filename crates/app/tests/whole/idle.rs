//! Nobody watching: no work (law 3). What a log costs its host when the last viewer has left, and what ten thousand logs
//! cost that nobody looks at: looked up in /proc of the agent's process.

use std::ffi::OsString;
use std::time::Duration;

use tokio::time::sleep;

use crate::rig::{Form, Hub, Site, until};

#[tokio::test]
async fn when_the_last_viewer_has_left_the_agent_holds_no_log_and_no_watch() {
    let site = Site::new();
    let (mut one, mut two) = (site.log("one.log"), site.log("two.log"));
    let hub = Hub::serve(&site, &["--no-agent"]).await;
    let agent = site.agent("web2", &hub.url()).await;
    one.write("x\n");
    two.write("x\n");
    let held = || agent.files().iter().filter(|file| file.starts_with(site.logs())).count();
    let mut viewers = Vec::new();
    for form in [Form::Json, Form::Cbor, Form::Sse, Form::Text] {
        for log in [one.on("web2"), two.on("web2")] {
            let mut viewer = hub.view(form, &log).await;
            assert_eq!(viewer.line().await, "x");
            viewers.push(viewer);
        }
    }
    until("two files and their watches", || (held() == 2 && agent.watches() > 0).then_some(())).await;
    drop(viewers);
    until("no file and no watch", || (held() == 0 && agent.watches() == 0).then_some(())).await;
}

#[tokio::test]
async fn ten_thousand_logs_that_nobody_looks_at_do_not_wake_their_agent() {
    const SECONDS: u64 = 5;
    let site = Site::new();
    for directory in 0..100 {
        let directory = site.logs().join(format!("app-{directory}"));
        std::fs::create_dir(&directory).unwrap();
        (0..100).for_each(|log| std::fs::write(directory.join(format!("{log}.log")), "x\n").unwrap());
    }
    let hub = Hub::serve(&site, &["--no-agent"]).await;
    let agent = site.agent("web2", &hub.url()).await;
    hub.has_host("web2").await;
    let page = hub.get("/api/v1/logs?limit=5000").await.json();
    assert_eq!(page["logs"].as_array().unwrap().len(), 5000);
    // The threads that have answered go to sleep.
    sleep(Duration::from_secs(1)).await;
    let before = agent.wakeups();
    sleep(Duration::from_secs(SECONDS)).await;
    let since = |(thread, count): (OsString, u64)| count - before.get(&thread).copied().unwrap_or(0);
    let wakeups: u64 = agent.wakeups().into_iter().map(since).sum();
    let (memory, most) = agent.memory();
    eprintln!("{wakeups} wake-ups in {SECONDS} s, {} MiB, at most {}", memory >> 20, most >> 20);
    assert!(wakeups <= 10, "{wakeups}");
}

#[tokio::test]
async fn requests_that_have_ended_leave_nothing_open() {
    let site = Site::new();
    let mut file = site.log("app.log");
    file.write("x\n".repeat(10_000));
    let (hub, log) = (Hub::serve(&site, &["--no-agent"]).await, file.on("web2"));
    let agent = site.agent("web2", &hub.url()).await;
    hub.has_host("web2").await;
    let open = || (hub.program.files().len(), agent.files().len(), agent.watches());
    hub.view(Form::Json, &log).await.line().await;
    let quiet = until("rest after the first view", || Some(open()).filter(|(_, _, watches)| *watches == 0)).await;
    let (memory, _) = hub.program.memory();
    for _ in 0..25 {
        let mut views = Vec::new();
        for form in [Form::Json, Form::Cbor, Form::Sse, Form::Text] {
            views.push(hub.view(form, &log).await);
        }
        hub.get(&format!("/api/v1/lines?log={log}&last=1000")).await;
        // Some leave before they have read anything, some in the midst of it, by a reset.
        views[fastrand::usize(0..4)].line().await;
        let raw = format!("/api/v1/raw?log={log}");
        drop(tokio::time::timeout(Duration::from_micros(500), hub.get(&raw)).await);
    }
    until("everything closed again", || (open() <= quiet).then_some(())).await;
    let (now, _) = hub.program.memory();
    eprintln!("150 requests later: {quiet:?} open, {} MiB and before {}", now >> 20, memory >> 20);
}
