//! What happens to files on a host, as a viewer is told it: the lines right, the words clear.

use std::fs;

use crate::viewer::Viewer;
use crate::world::{Page, World, numbered, texts};

/// A viewer whose agent follows already, behind the last lines.
async fn following(world: &World, last: usize) -> Viewer {
    let mut viewer = world.watch("a.log", &format!("last={last}")).await;
    viewer.lines(last).await;
    viewer.told("edge").await;
    viewer
}

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
    let mut viewer = following(&world, 1).await;
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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_comes_late_into_a_rotated_file_is_told_as_just_that() {
    let world = World::new().await;
    world.append("a.log", numbered(0..3));
    let mut viewer = following(&world, 1).await;
    fs::rename(world.path("a.log"), world.path("a.log.1")).unwrap();
    world.append("a.log", "the first of the new\n");
    assert_eq!(texts(&viewer.lines(1).await), ["the first of the new"]);
    world.append("a.log.1", "late\n");
    let gap = viewer.told("gap").await;
    assert!(gap.words.contains("came late") && gap.why.as_deref() == Some("late_writer"), "{gap:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copied_and_truncated_log_loses_nothing_that_is_in_the_copy() {
    let world = World::new().await;
    world.append("a.log", numbered(0..3));
    let mut viewer = following(&world, 1).await;
    world.append("a.log", "written just before\n");
    fs::copy(world.path("a.log"), world.path("a.log.1")).unwrap();
    fs::write(world.path("a.log"), "").unwrap();
    world.append("a.log", "written just after\n");
    assert_eq!(texts(&viewer.lines(2).await), ["written just before", "written just after"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_truncated_log_is_told_so_and_goes_on() {
    let world = World::new().await;
    world.append("a.log", numbered(0..3));
    let mut viewer = following(&world, 3).await;
    fs::write(world.path("a.log"), "").unwrap();
    assert!(viewer.told("truncated").await.words.contains("truncated"));
    world.append("a.log", "again\n");
    assert_eq!(texts(&viewer.lines(1).await), ["again"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deleted_log_is_told_so_and_goes_on_when_it_is_there_again() {
    let world = World::new().await;
    world.append("a.log", numbered(0..3));
    let mut viewer = following(&world, 3).await;
    fs::remove_file(world.path("a.log")).unwrap();
    let gone = viewer.told("gone").await;
    assert!(gone.words.contains("deleted"));
    assert_eq!(gone.why.as_deref(), Some("deleted"), "the page says it in words of its own");
    world.append("a.log", "again\n");
    assert_eq!(texts(&viewer.lines(1).await), ["again"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pipe_in_the_place_of_a_log_is_not_read_and_holds_nobody_up() {
    let world = World::new().await;
    world.append("a.log", numbered(0..3));
    let mut viewer = following(&world, 3).await;
    fs::rename(world.path("a.log"), world.path("a.log.1")).unwrap();
    rustix::fs::mkfifoat(rustix::fs::CWD, world.path("a.log"), rustix::fs::Mode::from_raw_mode(0o600)).unwrap();
    assert_eq!(viewer.told("gone").await.why.as_deref(), Some("not_regular"));
    world.append("a.log.1", "a late word\n");
    assert_eq!(texts(&viewer.lines(1).await), ["a late word"]);
    fs::remove_file(world.path("a.log")).unwrap();
    world.append("a.log", "a file again\n");
    assert_eq!(texts(&viewer.lines(1).await), ["a file again"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_happened_between_two_pages_is_between_them_when_somebody_scrolls_back() {
    let world = World::new().await;
    world.append("a.log", numbered(0..30));
    fs::rename(world.path("a.log"), world.path("a.log.1")).unwrap();
    world.append("a.log", numbered(30..60));
    let mut seen = Vec::new();
    let mut query = "last=7".to_owned();
    loop {
        let page = world.lines("a.log", &format!("{query}&limit=7")).await;
        seen.splice(0..0, page.lines.into_iter().map(|line| line.text));
        let Some(before) = page.before else { break };
        query = format!("before={before}");
    }
    assert_eq!(seen.join("\n") + "\n", numbered(0..60));
    // A viewer that comes back with a place in the old file is led over to the new one.
    let place = world.lines("a.log", "last=40").await.lines[0].position.clone();
    let mut viewer = world.watch("a.log", &format!("from={place}&policy=complete")).await;
    assert_eq!(
        texts(&viewer.lines(40).await),
        world.lines("a.log", "last=40").await.lines.iter().map(|line| line.text.as_str()).collect::<Vec<_>>()
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_say_once_where_a_life_of_the_file_ends() {
    let world = World::new().await;
    for name in ["a.log.2", "a.log.1", "a.log"] {
        world.append(name, format!("{name} one\n{name} two\n"));
    }
    let firsts = ["a.log.1 one", "a.log one"];
    for limit in 1..=6 {
        for filter in ["", "&grep=a.log"] {
            let mut page = world.lines("a.log", &format!("last={limit}{filter}")).await;
            let mut back = marked(&page);
            while let Some(before) = &page.before {
                page = world.lines("a.log", &format!("before={before}&limit={limit}{filter}")).await;
                back.splice(0..0, marked(&page));
            }
            assert_eq!(back, firsts, "backwards by {limit}{filter}");
            let mut forth = Vec::new();
            let mut after = page.lines[0].position.clone();
            loop {
                page = world.lines("a.log", &format!("after={after}&limit={limit}{filter}")).await;
                forth.extend(marked(&page));
                if page.end {
                    break;
                }
                after = page.after.clone().unwrap();
            }
            assert_eq!(forth, firsts, "forwards by {limit}{filter}");
        }
    }
}

/// The lines of a page in front of which it says that the file was rotated.
fn marked(page: &Page) -> Vec<String> {
    assert!(page.marks.iter().all(|mark| mark.kind == "rotated"));
    let line = |at: &str| page.lines.iter().find(|line| line.position == at).map(|line| line.text.clone());
    page.marks.iter().map(|mark| line(&mark.at).expect("a line of the page")).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_goes_on_at_the_end_of_a_file_that_was_rotated_since_is_told_so_once() {
    let world = World::new().await;
    world.append("a.log", numbered(0..3));
    let end = world.lines("a.log", "last=1").await.after.unwrap();
    fs::rename(world.path("a.log"), world.path("a.log.1")).unwrap();
    world.append("a.log", "the first of the new\n");
    let mut viewer = world.watch("a.log", &format!("from={end}&policy=complete")).await;
    assert!(viewer.told("rotated").await.words.contains("rotated"));
    assert_eq!(texts(&viewer.lines(1).await), ["the first of the new"]);
    viewer.told("edge").await;
    assert_eq!(viewer.told.iter().filter(|event| event.kind == "rotated").count(), 0);
}
