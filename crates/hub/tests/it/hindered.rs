//! A view of a log that cannot be read says why, once, and goes on by itself when it can be.

use std::fs;

use tailcast_agent::Offers;

use crate::viewer::Viewer;
use crate::world::{World, texts};

/// All that is told up to and with the first lines, edges left out.
async fn told_before_lines(viewer: &mut Viewer, count: usize) -> Vec<(String, Option<String>)> {
    let lines = viewer.lines(count).await;
    assert_eq!(texts(&lines).len(), count);
    viewer.told.iter().map(|event| (event.kind.clone(), event.why.clone())).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_view_of_a_file_that_was_just_deleted_waits_for_the_next_one() {
    let world = World::new().await;
    for policy in ["live", "complete"] {
        let name = format!("{policy}.log");
        world.append(&name, "one\n");
        world.lines(&name, "last=1").await;
        fs::remove_file(world.path(&name)).unwrap();
        let mut viewer = world.watch(&name, &format!("policy={policy}")).await;
        let waiting = viewer.told("waiting").await;
        assert_eq!(waiting.why.as_deref(), Some("not_there"));
        world.append(&name, "two\n");
        // No error, and not the same twice, by the answer and by the ring.
        let told = told_before_lines(&mut viewer, 1).await;
        assert!(told.iter().all(|(kind, _)| kind == "opened"), "{policy}: {told:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_view_of_a_log_that_is_not_offered_goes_on_by_itself_once_it_is() {
    let world = World::without(&["**/a.log"]).await;
    world.append("a.log", "one\n");
    let mut viewer = world.watch("a.log", "last=5").await;
    let mut another = world.watch("a.log", "last=5&grep=t").await;
    for viewer in [&mut viewer, &mut another] {
        let refused = viewer.told("error").await;
        assert_eq!(refused.why.as_deref(), Some("not_offered"));
        assert!(!refused.words.contains("exclude"), "{}", refused.words);
    }
    world.append("a.log", "two\n");
    world.host.offer(Offers::new(&[world.path("").to_str().unwrap()], &[]).unwrap());
    assert_eq!(texts(&viewer.lines(2).await), ["one", "two"]);
    world.append("a.log", "three\n");
    assert_eq!(texts(&viewer.lines(1).await), ["three"]);
    assert_eq!(texts(&another.lines(2).await), ["two", "three"]);
    let told: Vec<_> = viewer.told.iter().map(|event| &event.kind).filter(|kind| *kind != "opened").collect();
    assert!(told.is_empty(), "{told:?}");
}
