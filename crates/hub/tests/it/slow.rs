//! Viewers who are slower than the log (law 5): each as it chose, nobody else the slower, and never a silent hole.

use std::collections::BTreeMap;

use crate::viewer::{Event, Line, Viewer};
use crate::world::World;

/// What is written while a viewer does not read: several times what its channel, its queue and its socket hold.
const PIECES: usize = 24;
/// Lines in a piece, of 1 KiB each.
const PIECE: usize = 512;
/// The bound of a ring by weight, and what one block more weighs.
const RING: u64 = (4 << 20) + (256 << 10) * 5 / 2;

fn piece(n: usize) -> String {
    (n * PIECE..(n + 1) * PIECE).map(|n| format!("{n:>8} {}\n", "x".repeat(1014))).collect()
}

/// Writes while a viewer who reads sees all of it at once, and another one does not read.
async fn outrun(world: &World, quick: &mut Viewer) {
    for n in 0..PIECES {
        let piece = piece(n);
        world.append("a.log", &piece);
        let seen = quick.lines(PIECE).await;
        assert!(seen.iter().map(|line| line.text.as_str()).eq(piece.lines()));
    }
    assert!(world.metric("tailcast_ring_bytes").await <= RING);
    assert!(world.metric("tailcast_ring_evicted_total").await > 0);
}

fn size(world: &World) -> u64 {
    std::fs::metadata(world.path("a.log")).unwrap().len()
}

/// Everything up to the end of the log, by lines and by gaps, each where the one before it ended.
async fn rest(slow: &mut Viewer, size: u64) -> (Vec<Line>, Vec<Event>) {
    let (mut lines, mut gaps) = (Vec::new(), Vec::new());
    let mut reached = 6;
    while reached < size {
        let event = slow.event().await.unwrap();
        match event.kind.as_str() {
            "lines" => {
                for line in event.lines {
                    assert_eq!(line.offset, reached, "a hole or a double that nobody told");
                    reached += line.text.len() as u64 + 1;
                    lines.push(line);
                }
            }
            "gap" => {
                reached += event.bytes.unwrap();
                assert_eq!(event.offset, Some(reached));
                gaps.push(event);
            }
            "edge" => assert_eq!(event.known_up_to(), Some(reached), "a hole that nobody told"),
            "lost" | "error" => panic!("{event:?}"),
            _ => (),
        }
    }
    (lines, gaps)
}

/// The lines of a gap, page by page, up to its end.
async fn fetched(world: &World, gap: &Event) -> Vec<Line> {
    let (mut from, to) = (gap.from.clone().unwrap(), gap.offset.unwrap());
    let mut lines = Vec::new();
    loop {
        let page = world.lines("a.log", &format!("after={from}&limit=1000")).await;
        assert!(!page.lines.is_empty(), "the gap ends behind the log: {gap:?}");
        for line in page.lines {
            let end = line.offset + line.text.len() as u64 + 1;
            lines.push(line);
            if end == to {
                return lines;
            }
            assert!(end < to, "the gap ends inside of a line: {gap:?}");
        }
        from = page.after.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_live_viewer_that_stopped_reading_is_told_the_gap_and_can_fetch_it() {
    let world = World::new().await;
    world.append("a.log", "begin\n");
    let mut quick = world.watch("a.log", "last=1").await;
    let mut slow = world.watch("a.log", "last=1").await;
    quick.lines(1).await;
    slow.lines(1).await;
    outrun(&world, &mut quick).await;
    let on_disk = world.on_disk("a.log");
    let (lines, gaps) = rest(&mut slow, size(&world)).await;
    assert!(!gaps.is_empty(), "nothing was skipped, so nothing was tested");
    let mut all = BTreeMap::from([(0, "begin".to_owned())]);
    let delivered = lines.len();
    for line in lines {
        assert_eq!(all.insert(line.offset, line.text), None, "twice at {}", line.offset);
    }
    for gap in &gaps {
        let lines = fetched(&world, gap).await;
        assert_eq!(gap.bytes, Some(lines.iter().map(|line| line.text.len() as u64 + 1).sum()), "{gap:?}");
        for line in lines {
            assert_eq!(all.insert(line.offset, line.text), None, "twice at {}", line.offset);
        }
    }
    assert!(delivered < on_disk.len());
    assert!(all.into_values().eq(on_disk));
    assert_eq!(world.metric("tailcast_viewer_skips_total").await, gaps.len() as u64);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_complete_viewer_that_stopped_reading_gets_everything_at_its_own_pace() {
    let world = World::new().await;
    world.append("a.log", "begin\n");
    let mut quick = world.watch("a.log", "last=1").await;
    let mut slow = world.watch("a.log", "last=1&policy=complete").await;
    quick.lines(1).await;
    slow.lines(1).await;
    outrun(&world, &mut quick).await;
    let on_disk = world.on_disk("a.log");
    let (lines, gaps) = rest(&mut slow, size(&world)).await;
    assert_eq!(gaps, []);
    assert!(lines.into_iter().map(|line| line.text).eq(on_disk.into_iter().skip(1)));
    // Having caught up it is a live one again.
    world.append("a.log", "end\n");
    assert_eq!(slow.lines(1).await[0].text, "end");
}
