//! A text stream to somebody who is gone while lines are on their way ends; one whose reader has only stopped does not.

use std::time::Duration;

use http_body_util::BodyExt as _;
use tailcast_hub::Patience;
use tailcast_hub::access::tokens::{self, Grant};
use tokio::sync::oneshot;

use crate::far::Far;
use crate::http;
use crate::world::World;

/// More than the sockets of a reader that has stopped take in.
const LINES: usize = 16_000;

fn lines() -> String {
    (0..LINES).map(|n| format!("{n:>8} {}\n", "x".repeat(500))).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_gone_with_lines_under_way_is_missed_as_soon_as_who_is_gone_in_silence_and_who_reads_no_more_is_not() {
    // What is unanswered for twice as long is given up.
    let world = World::with(Patience { probe: Duration::from_secs(1), ..Patience::default() }).await;
    world.append("a.log", "begin\n");
    let token = tokens::add(world.state_dir(), Grant::Viewer, None).unwrap().token;
    let bearer = format!("Bearer {token}");
    let far = match Far::new() {
        Ok(far) => far,
        Err(words) => return println!("NOT TESTED: no far machine can be made here: {words}"),
    };
    let query = format!("log={}&last=1", world.log("a.log"));
    let mut stopped = world.text(&query).await;
    stopped.text_until("begin\n").await;
    world.append("a.log", lines());

    let (opened, is_open) = oneshot::channel();
    let (end, ended) = oneshot::channel();
    let (address, path) = (far.to(world.served.address), format!("/api/v1/live?{query}"));
    let there = far.run(
        async move || {
            let mut answer = http::open(address, &path, &[("authorization", &bearer)]).await;
            drop(answer.body_mut().frame().await);
            opened.send(()).unwrap();
            while answer.body_mut().frame().await.is_some() {}
        },
        ended,
    );
    is_open.await.unwrap();
    assert_eq!(world.metric("tailcast_viewers").await, 2);
    far.cut();
    world.append("a.log", "end\n");
    world.until("who is gone is missed", async || world.metric("tailcast_viewers").await == 1).await;
    drop(end);
    tokio::task::spawn_blocking(|| there.join().unwrap()).await.unwrap();

    // This one has read nothing for longer, and nothing is missing.
    let text = stopped.text_until("end\n").await;
    assert!(text == lines() + "end\n", "{} bytes", text.len());
}
