//! Ten thousand views of a silent log come and go, half of them without a word: nothing is left behind.

use futures_util::StreamExt as _;
use futures_util::stream;

use crate::viewer::connect;
use crate::world::World;

const VIEWS: usize = 10_000;
const AT_ONCE: usize = 500;

fn descriptors() -> usize {
    std::fs::read_dir("/proc/self/fd").unwrap().count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn views_that_come_and_go_leave_no_descriptor_no_task_and_no_channel() {
    let world = World::new().await;
    world.append("a.log", "silent\n");
    let query = format!("log={}&last=0", world.log("a.log"));
    // One view first, so that what is made once and for all is there.
    drop(connect("tailcast.v1.json", world.served.address, &query).await.unwrap());
    world.until("nobody looks", async || world.metric("tailcast_channels").await == 0).await;
    let (fds, tasks) = (descriptors(), world.metric("tailcast_tasks").await);
    let view = async |n: usize| {
        let mut socket = connect("tailcast.v1.json", world.served.address, &query).await.unwrap();
        match n % 4 {
            // Leaves at once, with a FIN; has seen something first; with a reset; in good order.
            0 => (),
            1 => drop(socket.next().await),
            2 => socket.get_ref().set_zero_linger().unwrap(),
            _ => drop(futures_util::SinkExt::close(&mut socket).await),
        }
    };
    stream::iter(0..VIEWS).for_each_concurrent(AT_ONCE, view).await;
    world.until("no view is left", async || world.metric("tailcast_viewers").await == 0).await;
    world.until("no channel is left", async || world.metric("tailcast_channels").await == 0).await;
    world.until("no task is left", async || world.metric("tailcast_tasks").await <= tasks).await;
    world.until("no descriptor is left", async || descriptors() <= fds).await;
    assert!(world.metric("tailcast_viewers_opened_total").await > VIEWS as u64 * 9 / 10);
}
