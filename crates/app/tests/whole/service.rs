//! Under systemd: readiness and the rest are told (sd_notify(3)), and a socket that systemd holds serves everybody who came
//! while no process ran (sd_listen_fds(3)). A datagram socket and a listener of the test stand for systemd.

use std::net::TcpListener;
use std::os::fd::OwnedFd;
use std::process::Stdio;

use http::StatusCode;
use rustix::process::Signal;
use tokio::net::UnixDatagram;

use crate::rig::{Hub, Site, get, within};

#[tokio::test]
async fn systemd_is_told_of_readiness_reload_and_end() {
    let site = Site::new();
    let systemd = UnixDatagram::bind(site.path("notify")).unwrap();
    let mut command = site.tailcast(["serve", "--no-agent", "--listen", "127.0.0.1:0", "--state-dir"]);
    command.arg(site.state()).env("NOTIFY_SOCKET", site.path("notify"));
    let mut hub = Hub::of(&site, command).await;
    assert!(heard(&systemd).await.contains(&"READY=1".to_owned()));
    hub.program.signal(Signal::HUP);
    let reloading = heard(&systemd).await;
    assert!(reloading.contains(&"RELOADING=1".to_owned()));
    assert!(reloading.iter().any(|state| state.starts_with("MONOTONIC_USEC=")), "{reloading:?}");
    assert!(heard(&systemd).await.contains(&"READY=1".to_owned()));
    hub.program.signal(Signal::TERM);
    assert!(heard(&systemd).await.contains(&"STOPPING=1".to_owned()));
    assert!(hub.program.end().await.success());
}

#[tokio::test]
async fn whoever_comes_while_a_hub_restarts_is_served_by_the_next_one() {
    let site = Site::new();
    let socket = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = socket.local_addr().unwrap();
    let mut hub = activated(&site, &socket).await;
    assert_eq!(hub.address, address);
    assert_eq!(get(address, "/healthz").await.status, StatusCode::OK);
    hub.program.signal(Signal::TERM);
    assert!(hub.program.end().await.success());
    let waiting: Vec<_> = (0..30).map(|_| tokio::spawn(get(address, "/healthz"))).collect();
    // Each has connected and asked before the next hub begins.
    tokio::task::yield_now().await;
    let _next = activated(&site, &socket).await;
    for answer in waiting {
        assert_eq!(answer.await.unwrap().status, StatusCode::OK);
    }
}

#[tokio::test]
async fn a_restart_in_the_midst_of_a_crowd_refuses_nobody() {
    let site = Site::new();
    let socket = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = socket.local_addr().unwrap();
    let mut hub = activated(&site, &socket).await;
    let crowd = tokio::spawn(async move {
        for _ in 0..300 {
            assert_eq!(get(address, "/healthz").await.status, StatusCode::OK);
        }
    });
    for _ in 0..3 {
        get(address, "/healthz").await;
        hub.program.signal(Signal::TERM);
        assert!(hub.program.end().await.success());
        hub = activated(&site, &socket).await;
    }
    within("the crowd", crowd).await.unwrap();
}

/// What was told in one datagram.
async fn heard(systemd: &UnixDatagram) -> Vec<String> {
    let mut datagram = [0; 1024];
    let length = within("a word to systemd", systemd.recv(&mut datagram)).await.unwrap();
    String::from_utf8_lossy(&datagram[..length]).lines().map(str::to_owned).collect()
}

/// A hub that is handed this socket as systemd does it: as descriptor 3, with its own pid beside it.
async fn activated(site: &Site, socket: &TcpListener) -> Hub {
    let mut command = site.shell("LISTEN_PID=$$ LISTEN_FDS=1 exec \"$@\" 3<&0 </dev/null");
    command.stdin(Stdio::from(OwnedFd::from(socket.try_clone().unwrap())));
    command.arg(crate::rig::binary()).args(["serve", "--no-agent", "--state-dir"]).arg(site.state());
    Hub::of(site, command).await
}
