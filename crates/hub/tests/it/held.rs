//! Viewers that take nothing: what is held for all of them has a bound, and those who do take are served all the same.

use std::time::Duration;

use futures_util::future::join_all;
use tailcast_hub::{HubConfig, Patience};

use crate::stream::Stream;
use crate::viewer::connect;
use crate::world::World;

/// What the hub may hold: some pages.
const BOUND: usize = 8 << 20;
/// For what left a ring: of each viewer that is one drain, some 100 KiB.
const RING_BOUND: usize = 1 << 20;
const STUCK: usize = 24;
/// A page of 1 MiB.
const LAST: usize = 4000;

/// So much of what is written to a socket that nobody reads goes into it: what the kernel grows its buffer to at most
/// (tcp(7)), and some more on the other side. Nobody is stuck before that.
fn swallowed() -> usize {
    let limits = std::fs::read_to_string("/proc/sys/net/ipv4/tcp_wmem").unwrap();
    let most: usize = limits.split_whitespace().last().unwrap().parse().unwrap();
    most + (1 << 20)
}

fn lines(count: usize) -> String {
    (0..count).map(|n| format!("{n:>8} {}\n", "x".repeat(247))).collect()
}

async fn world(held: usize, stuck: Duration) -> World {
    let patience = Patience { stuck, last_words: Duration::from_millis(100), ..Patience::default() };
    let world = World::configured(HubConfig { held, patience, ..HubConfig::new("/") }).await;
    world.append("a.log", lines(LAST));
    world
}

/// Asks again and again until `holds`; the bound holds all the while.
async fn within_the_bound(world: &World, what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let both = async || {
        let held = world.metric("tailcast_held_bytes").await;
        assert!(held <= BOUND as u64, "{held} bytes are held");
        holds().await
    };
    world.until(what, both).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_viewers_that_take_nothing_hold_no_more_than_the_bound_and_keep_nobody_from_reading() {
    let world = world(BOUND, Duration::from_millis(200)).await;
    // All of them want all that is written from here on: several pages more than goes into their sockets.
    let here = world.lines("a.log", "limit=1").await.lines.remove(0).position;
    world.append("a.log", lines((swallowed() + (8 << 20)) / 257));
    let query = format!("log={}&from={here}&policy=complete", world.log("a.log"));
    let path = format!("/api/v1/live?{query}");
    let mut sockets = Vec::new();
    let mut streams = Vec::new();
    for n in 0..STUCK {
        match n % 4 {
            0 => sockets.push(connect("tailcast.v1.cbor", world.served.address, &query).await.unwrap()),
            1 | 2 => sockets.push(connect("tailcast.v1.json", world.served.address, &query).await.unwrap()),
            _ => streams.push(Stream::open(world.served.address, &path, &[("accept", "text/event-stream")]).await),
        }
    }
    let mut reader = world.watch("a.log", &format!("last={LAST}")).await;
    let reading = async { assert_eq!(reader.lines(LAST).await.len(), LAST) };
    let stuck =
        within_the_bound(&world, "some have gone", async || world.metric("tailcast_viewers_shed_total").await > 0);
    tokio::join!(reading, stuck);
    drop((sockets, streams, reader));
    world.until("nothing is held", async || world.metric("tailcast_held_bytes").await == 0).await;
    assert_eq!(world.metric("tailcast_held_waiting").await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_viewers_that_read_wait_for_each_other_and_none_is_sent_away() {
    let world = world(BOUND, Duration::from_secs(3600)).await;
    let read = join_all((0..STUCK).map(async |_| {
        let mut reader = world.watch("a.log", &format!("last={LAST}")).await;
        reader.lines(LAST).await.len()
    }));
    let mut waited = false;
    let mut read = std::pin::pin!(read);
    let all = loop {
        tokio::select! {
            all = read.as_mut() => break all,
            held = world.metric("tailcast_held_bytes") => assert!(held <= BOUND as u64),
        }
        waited |= world.metric("tailcast_held_waiting").await > 0;
    };
    assert_eq!(all, [LAST; STUCK]);
    assert!(waited, "nobody had to wait, so nothing was tested");
    assert_eq!(world.metric("tailcast_viewers_shed_total").await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_left_the_ring_for_viewers_that_take_nothing_is_bounded_too() {
    let world = world(RING_BOUND, Duration::from_millis(200)).await;
    world.append("b.log", "begin\n");
    let query = format!("log={}&last=1", world.log("b.log"));
    let mut stuck = Vec::new();
    for _ in 0..STUCK {
        stuck.push(connect("tailcast.v1.json", world.served.address, &query).await.unwrap());
    }
    let mut quick = world.watch("b.log", "last=1").await;
    quick.lines(1).await;
    let piece: String = (0..512).map(|n| format!("{n:>8} {}\n", "x".repeat(1014))).collect();
    let shed = async || world.metric("tailcast_viewers_shed_total").await > 0;
    let write = async {
        for _ in 0..16 {
            world.append("b.log", &piece);
            quick.lines(512).await;
        }
    };
    write.await;
    world.until("some have gone", shed).await;
    world.until("the bound holds", async || world.metric("tailcast_held_bytes").await <= RING_BOUND as u64).await;
    drop(stuck);
    world.until("nothing is held", async || world.metric("tailcast_held_bytes").await == 0).await;
}
