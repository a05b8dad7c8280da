//! History and live are one log: pages from the file, then the channel, without a seam.

use crate::world::{World, numbered, texts};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_last_lines_then_live_ones_then_pages_back_are_the_file() {
    let world = World::new().await;
    world.append("a.log", numbered(0..1000));
    let mut viewer = world.watch("a.log", "last=10").await;
    let mut seen = viewer.lines(10).await;
    for n in 1000..1050 {
        world.append("a.log", format!("line {n}\n"));
    }
    seen.extend(viewer.lines(50).await);
    assert_eq!(texts(&seen)[0], "line 990");
    let mut before = Some(seen[0].position.clone());
    while let Some(position) = before {
        let page = world.lines("a.log", &format!("before={position}&limit=77")).await;
        assert!(!page.lines.is_empty());
        seen.splice(0..0, page.lines);
        before = page.before;
    }
    assert_eq!(texts(&seen), world.on_disk("a.log"));
    let offsets: Vec<u64> = seen.iter().map(|line| line.offset).collect();
    assert_eq!(offsets, line_starts(&world, "a.log"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_line_s_position_is_a_place_to_go_on_from() {
    let world = World::new().await;
    world.append("a.log", numbered(0..200));
    let all = world.lines("a.log", "last=200").await.lines;
    let on_disk = world.on_disk("a.log");
    for n in (0..200).step_by(13) {
        let mut viewer = world.watch("a.log", &format!("from={}", all[n].position)).await;
        assert_eq!(texts(&viewer.lines(200 - n).await), on_disk[n..]);
    }
}

fn line_starts(world: &World, name: &str) -> Vec<u64> {
    let lengths = world.on_disk(name).into_iter().map(|line| line.len() as u64 + 1);
    let starts = lengths.scan(0, |next, length| Some(std::mem::replace(next, *next + length)));
    starts.collect()
}
