//! The bytes as they are, and lines longer than anybody wants to see.

use std::io::Write as _;

use crate::http;
use crate::world::{World, numbered, texts};

/// What is shown of a longer line, in bytes: live, and from the file.
const SHOWN: usize = 1 << 20;

async fn raw(world: &World, query: &str) -> http::Answer {
    let answer = world.get(&format!("/api/v1/raw?log={}{query}", world.log("a.log"))).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn raw_is_the_file_to_the_byte_between_any_two_places() {
    let world = World::new().await;
    let mut bytes: Vec<u8> = (0..3 << 20).map(|n: u32| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    bytes.splice(0..0, numbered(0..50).into_bytes());
    world.append("a.log", &bytes);
    let answer = raw(&world, "").await;
    assert!(answer.body == bytes);
    assert_eq!(answer.header("content-type"), "application/octet-stream");
    assert_eq!(answer.header("content-disposition"), "attachment; filename=\"web1-a.log\"");
    let page = world.lines("a.log", "offset=0&limit=40").await;
    let (from, to) = (&page.lines[10], &page.lines[20]);
    let part = raw(&world, &format!("&from={}&to={}", from.position, to.position)).await;
    assert_eq!(part.text(), numbered(10..20));
    let rest = raw(&world, &format!("&from={}", to.position)).await;
    assert!(rest.body == bytes[to.offset as usize..]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn raw_of_nothing_is_a_problem_and_raw_of_an_empty_log_is_empty() {
    let world = World::new().await;
    world.append("a.log", "");
    assert_eq!(raw(&world, "").await.body, b"");
    let answer = world.get(&format!("/api/v1/raw?log={}", world.log("b.log"))).await;
    assert!(matches!(answer.status, 404 | 409), "{}", answer.status);
    assert_eq!(answer.header("content-type"), "application/problem+json");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_line_of_a_hundred_megabytes_is_cut_where_it_is_shown_and_whole_where_it_is_fetched() {
    const LENGTH: usize = 100 << 20;
    let world = World::new().await;
    world.append("a.log", "before\n");
    let before = resident();
    {
        let mut file = std::fs::OpenOptions::new().append(true).open(world.path("a.log")).unwrap();
        // Not sparse: a hole is no line.
        let piece = vec![b'x'; 1 << 20];
        (0..100).for_each(|_| file.write_all(&piece).unwrap());
        file.write_all(b"\nafter\n").unwrap();
    }
    let page = world.lines("a.log", "last=3").await;
    assert_eq!(texts(&page.lines)[0], "before");
    assert_eq!(page.lines[1].cut, Some(LENGTH as u64));
    assert_eq!(page.lines[1].text.len(), SHOWN);
    assert_eq!(page.lines[2].text, "after");
    let path = format!("/api/v1/raw?log={}&from={}", world.log("a.log"), page.lines[1].position);
    let mut body = http::open(world.served.address, &path, &[]).await.into_body();
    let (mut length, mut last) = (0, Vec::new());
    while let Some(frame) = http_body_util::BodyExt::frame(&mut body).await {
        let piece = frame.unwrap().into_data().unwrap();
        length += piece.len();
        last.extend_from_slice(&piece[piece.len().saturating_sub(9)..]);
    }
    assert_eq!(length, LENGTH + 7);
    assert!(last.ends_with(b"xx\nafter\n"));
    let grown = resident().saturating_sub(before);
    assert!(grown < 64 << 20, "{} MiB for one line", grown >> 20);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_line_longer_than_a_block_is_shown_live_when_it_ends_and_a_filter_judges_it_by_its_beginning() {
    let world = World::new().await;
    world.append("a.log", "before\n");
    let mut all = world.watch("a.log", "last=0&policy=complete").await;
    let mut some = world.watch("a.log", "last=0&grep=needle&policy=complete").await;
    all.told("edge").await;
    some.told("edge").await;
    for _ in 0..3 {
        world.append("a.log", "needle ".repeat(100_000));
        world.until("it has been read", async || world.metric("tailcast_channels").await == 2).await;
    }
    world.append("a.log", "\nafter\nneedle\n");
    let length = 3 * 700_000_u64;
    let long = all.lines(2).await;
    assert_eq!(long[0].offset, 7);
    assert_eq!(long[0].cut, Some(length));
    assert_eq!(long[0].text.len(), SHOWN);
    assert_eq!(long[1].text, "after");
    let picked = some.lines(2).await;
    assert_eq!((picked[0].offset, picked[0].cut), (7, long[0].cut));
    assert_eq!(picked[0].text.len(), SHOWN);
    assert_eq!(picked[1].text, "needle");
}

/// A line longer than a block, half of which was written and read when its viewer left.
async fn half_read(world: &World) -> String {
    world.append("a.log", "before\n");
    let mut viewer = world.watch("a.log", "last=1").await;
    viewer.lines(1).await;
    viewer.told("edge").await;
    world.append("a.log", "x".repeat(600_000));
    // The agent has read pieces of it: the edge has moved.
    while viewer.told("edge").await.offset == Some(7) {}
    viewer.position.clone().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_comes_back_in_the_middle_of_a_long_line_gets_it_from_its_beginning() {
    let world = World::new().await;
    let position = half_read(&world).await;
    let mut viewer = world.watch("a.log", &format!("from={position}")).await;
    let mut other = world.watch("a.log", "last=5").await;
    other.lines(1).await;
    world.append("a.log", "y\nafter\n");
    for viewer in [&mut viewer, &mut other] {
        let lines = viewer.lines(2).await;
        assert_eq!((lines[0].offset, lines[0].text.len(), lines[0].cut), (7, 600_001, None));
        assert_eq!(lines[1].text, "after");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_comes_back_to_a_long_line_that_has_ended_meanwhile_gets_it_from_its_beginning() {
    let world = World::new().await;
    let position = half_read(&world).await;
    world.until("nobody looks", async || world.metric("tailcast_channels").await == 0).await;
    world.append("a.log", "y\nafter\n");
    let mut viewer = world.watch("a.log", &format!("from={position}")).await;
    let lines = viewer.lines(2).await;
    assert_eq!((lines[0].offset, lines[1].text.as_str()), (7, "after"));
    assert_eq!((lines[0].text.len(), lines[0].cut), (600_001, None));
}

/// Of this process, in bytes: hub, agent and test together.
fn resident() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<usize>().unwrap() << 10
}
