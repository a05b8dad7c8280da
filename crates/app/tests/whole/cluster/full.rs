//! A hub at its limit of open files goes on: what it needs to open for itself comes out of its reserve.

use rustix::process::{Pid, Resource, Rlimit, Signal, prlimit};

use super::house::{House, Kind, Place};
use crate::rig::{Client, Hub, LogFile, read_until, within};

/// Sets the soft limit of a hub that runs.
fn limit(hub: &Hub, soft: u64) {
    let pid = i32::try_from(hub.program.pid()).ok().and_then(Pid::from_raw);
    prlimit(pid, Resource::Nofile, Rlimit { current: Some(soft), maximum: Some(soft) }).unwrap();
}

#[tokio::test]
async fn at_the_limit_a_log_is_rotated_the_broker_is_reached_again_and_the_configuration_is_read() {
    let mut house = House::new(Kind::Redis).await;
    let place = Place::new("a");
    let hub = house.hub_with_agent(&place, "web1").await;
    let mut file = LogFile::create(&house.site.path("a").join("app.log"));
    file.write("first\n");
    limit(&hub, 64);
    let mut viewers = Vec::new();
    while let Client::Served(mut stream) = Client::come(hub.address, file.on("web1")).await {
        within("the first line", read_until(&mut stream, "first")).await;
        viewers.push(stream);
    }
    assert!(viewers.len() >= 8, "{}", viewers.len());
    let now = hub.get("/api/v1/hub").await.json();
    let fixed = &now["descriptors"]["classes"][0];
    assert!(fixed["used"].as_u64() <= fixed["floor"].as_u64(), "more is always open than a start promises: {fixed}");

    file.write("second\n");
    file.rotate();
    file.write("third\n");
    house.broker.kill().await;
    hub.program.says("the broker between the hubs is away").await;
    hub.program.signal(Signal::HUP);
    hub.program.says("the configuration was read again").await;
    house.broker.start_again().await;
    hub.program.says("the broker between the hubs is back").await;
    for viewer in &mut viewers {
        within("the lines around a rotation", read_until(viewer, "third")).await;
    }
    assert!(matches!(Client::come(hub.address, file.on("web1")).await, Client::Refused), "it is not full any more");
}
