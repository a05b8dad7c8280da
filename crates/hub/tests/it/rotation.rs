//! What happens to files on a host, as a viewer is told it: the lines right, the words clear.

use std::fs;

use crate::world::{World, numbered, texts};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_that_is_not_there_yet_is_waited_for() {
    let world = World::new().await;
    let mut viewer = world.watch("a.log", "last=5").await;
    assert!(viewer.told("waiting").await.words.contains("nothing to read yet"));
    world.append("a.log", "first\n");
    assert_eq!(texts(&viewer.lines(1).await), ["first"]);
    viewer.told("opened").await;
    world.append("a.log", "second\n");
    assert_eq!(texts(&viewer.lines(1).await), ["second"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rotated_log_goes_on_in_the_new_file() {
    let world = World::new().await;
    world.append("a.log", numbered(0..3));
    let mut viewer = world.watch("a.log", "last=1").await;
    viewer.lines(1).await;
    for turn in 1..4 {
        world.append("a.log", "the last of the old\n");
        for n in (1..turn).rev() {
            fs::rename(world.path(&format!("a.log.{n}")), world.path(&format!("a.log.{}", n + 1))).unwrap();
        }
        fs::rename(world.path("a.log"), world.path("a.log.1")).unwrap();
        world.append("a.log", "the first of the new\n");
        assert_eq!(texts(&viewer.lines(2).await), ["the last of the old", "the first of the new"]);
        assert!(viewer.told("rotated").await.words.contains("rotated"));
    }
    // And back over all of the files.
    let page = world.lines("a.log", "last=100").await;
    assert_eq!(page.lines.len(), 3 + 6);
    assert_eq!(texts(&page.lines)[..3], ["line 0", "line 1", "line 2"]);
    assert!(page.before.is_none() && page.end);
}
