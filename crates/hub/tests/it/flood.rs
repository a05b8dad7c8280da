//! A log that grows faster than 8 MiB/s: the pump of the live channels skips, once for all; who wants everything gets it.

use std::collections::HashMap;

use tailcast_wire::{Body, Live, Tiding, ToHub};

use crate::pipe::Orders;
use crate::viewer::Viewer;
use crate::world::World;

/// What is written at once.
const FLOOD: usize = 40 << 20;

fn flood() -> String {
    let mut text = String::with_capacity(FLOOD + 1024);
    let mut n = 0;
    while text.len() < FLOOD {
        text.push_str(&format!("{n:>8} {}\n", "x".repeat(1014)));
        n += 1;
    }
    text
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_pump_skips_once_for_all_channels_and_says_exactly_what() {
    let world = World::new().await;
    world.append("a.log", "begin\n");
    let name = world.path("a.log").to_str().unwrap().to_owned();
    let mut orders = Orders::to(&world.host).await;
    orders.follow(1, &name).await;
    orders.follow(2, &name).await;
    for _ in 0..2 {
        while !matches!(orders.heard().await, ToHub::Followed { edge: Some(_), .. }) {}
    }
    world.append("a.log", flood());
    let size = std::fs::metadata(world.path("a.log")).unwrap().len();
    let mut reached = HashMap::from([(1, 6), (2, 6)]);
    let mut gaps: HashMap<u32, Vec<(u64, u64)>> = HashMap::new();
    while reached.values().any(|offset| *offset < size) {
        let (channel, from, to) = match orders.heard().await {
            ToHub::Block { channel, block } => (channel, block.start, block.end),
            ToHub::Told { channel, told } if told.tiding == Some(Tiding::Gap) => {
                let (from, to) = (told.from.unwrap().offset, told.to.unwrap().offset);
                assert_eq!(told.bytes, Some(to - from));
                gaps.entry(channel).or_default().push((from, to));
                (channel, from, to)
            }
            _ => continue,
        };
        assert_eq!(reached.insert(channel, to), Some(from), "channel {channel} has a hole or a double");
    }
    assert_eq!(gaps[&1], gaps[&2]);
    assert_eq!(gaps[&1].len(), 1, "{gaps:?}");
    assert!(gaps[&1][0].1 - gaps[&1][0].0 > 8 << 20);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_complete_viewer_gets_all_of_a_flood_and_a_live_one_the_bounds_of_what_it_was_not_sent() {
    let world = World::new().await;
    world.append("a.log", "begin\n");
    let query = format!("log={}&last=1", world.log("a.log"));
    let mut complete = Viewer::open_cbor(world.served.address, &format!("{query}&policy=complete")).await;
    let mut live = Viewer::open_cbor(world.served.address, &query).await;
    while !matches!(complete.live().await, Live::Block(_)) {}
    while !matches!(live.live().await, Live::Block(_)) {}
    world.append("a.log", flood());
    let on_disk = std::fs::read(world.path("a.log")).unwrap();
    let everything = async {
        let mut reached = 6;
        while reached < on_disk.len() {
            match complete.live().await {
                Live::Block(block) => {
                    let Body::Raw(bytes) = &block.block.body else { panic!("nothing was filtered") };
                    assert_eq!(block.block.start as usize, reached);
                    assert!(on_disk[reached..].starts_with(bytes));
                    reached += bytes.len();
                }
                Live::Told { told, .. } => assert_ne!(told.tiding, Some(Tiding::Gap), "{told:?}"),
                _ => (),
            }
        }
    };
    let tiled = async {
        let (mut reached, mut gaps) = (6, 0);
        while reached < on_disk.len() as u64 {
            let (from, to) = match live.live().await {
                Live::Block(block) => (block.block.start, block.block.end),
                Live::Told { told, .. } if told.tiding == Some(Tiding::Gap) => {
                    gaps += 1;
                    let to = told.to.unwrap().offset;
                    (to - told.bytes.unwrap(), to)
                }
                _ => continue,
            };
            assert_eq!(from, reached, "a hole or a double");
            reached = to;
        }
        assert!(gaps > 0);
    };
    tokio::join!(everything, tiled);
}
