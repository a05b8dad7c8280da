//! Laws of the agent's answers, on real files and on a file system that hangs.

use std::fs;
use std::path::Path;

use tailcast_tail::{self as tail, Offset};
use tailcast_wire::{Block, Filter, HalfLine, Part, Place, Spot, Tiding};

use super::*;
use crate::host::{HostConfig, Stand};
use crate::hung_disk::HungDisk;
use crate::offers::Offers;
use crate::pump::EDGE;

/// A host that offers a directory.
fn host(dir: &Path) -> Arc<Host> {
    let offers = Offers::new(&[dir.to_str().unwrap()], &[]).unwrap();
    Host::new(HostConfig { host: "web1".parse().unwrap(), offers, labels: Vec::new(), zone: None })
}

fn question(log: &Path, spot: Spot, include: &[&str]) -> Question {
    let filter = Filter { include: include.iter().map(|&text| text.to_owned()).collect(), ..Filter::default() };
    let log = log.to_str().unwrap().to_owned();
    Question::Read { log, spot, lines: 1, bytes: 1 << 20, filter, scan: MAX_SCAN, half: HalfLine::Give }
}

#[tokio::test]
async fn a_time_is_found_in_a_log_in_utf_16() {
    let dir = tempfile::tempdir().unwrap();
    let log = dir.path().canonicalize().unwrap().join("a.log");
    let text: String = (10..60).map(|second| format!("2026-11-20T22:10:{second}Z said\r\n")).collect();
    let wide = |unit: u16| unit.to_le_bytes();
    let bytes: Vec<u8> = std::iter::once(0xfeff).chain(text.encode_utf16()).flat_map(wide).collect();
    fs::write(&log, bytes).unwrap();
    let time: jiff::Timestamp = "2026-11-20T22:10:30Z".parse().unwrap();
    let answers = Answers::new(host(log.parent().unwrap()));
    let answer = answers.answer(question(&log, Spot::Time(time.as_microsecond()), &[])).await;
    let Answer::Page(page) = answer else { panic!("{answer:?}") };
    let [Part::Block(Block { start, .. })] = &page.parts[..] else { panic!("{page:?}") };
    assert_eq!(*start, 2 + 20 * 2 * "2026-11-20T22:10:30Z said\r\n".len() as u64);
}

#[tokio::test]
async fn a_page_that_begins_in_a_newer_file_than_where_it_was_asked_for_says_so_once() {
    let dir = tempfile::tempdir().unwrap();
    let log = dir.path().canonicalize().unwrap().join("a.log");
    fs::write(&log, "one\n").unwrap();
    let answers = Answers::new(host(log.parent().unwrap()));
    let page = async |spot| match answers.answer(question(&log, spot, &[])).await {
        Answer::Page(page) => page,
        other => panic!("{other:?}"),
    };
    let end_of_one = page(Spot::Last).await.after.unwrap();
    fs::rename(&log, log.with_extension("log.1")).unwrap();
    fs::write(&log, "two\n").unwrap();
    let two = page(Spot::After(end_of_one.position)).await;
    let [Part::Told(told), Part::Block(block)] = &two.parts[..] else { panic!("{two:?}") };
    assert_eq!((told.tiding, told.goes_on()), (Some(Tiding::Rotated), Some(&start_of(block))));
    let again = page(Spot::After(start_of(block).position)).await;
    assert!(matches!(&again.parts[..], [Part::Block(_)]), "{again:?}");
}

fn start_of(block: &Block) -> Place {
    let token = tail::Token::try_from(&block.token[..]).unwrap();
    let position = token.position(Offset(block.start), &block.lead).to_string();
    Place { life: block.life, offset: block.start, position }
}

#[tokio::test]
async fn a_question_that_is_taken_back_looks_through_no_more_than_a_page() {
    let dir = tempfile::tempdir().unwrap();
    let log = dir.path().canonicalize().unwrap().join("a.log");
    fs::write(&log, "nothing that anybody looks for\n".repeat(300_000)).unwrap();
    let host = host(log.parent().unwrap());
    let scanned = |taken_back: &TakenBack| match look_up(
        &host,
        question(&log, Spot::Last, &["wanted"]),
        taken_back,
        &Visit::default(),
    ) {
        Answer::Page(page) => page.scanned,
        other => panic!("{other:?}"),
    };
    let asker = Asker(TakenBack::default());
    let taken_back = asker.0.clone();
    assert_eq!(scanned(&taken_back), fs::metadata(&log).unwrap().len());
    drop(asker);
    assert!(scanned(&taken_back) <= 2 << 20);
}

fn list() -> Question {
    Question::List { pattern: None, contains: None, limit: 100, after: None }
}

fn why(answer: &Answer) -> Option<Why> {
    let Answer::Refused(refusal) = answer else { panic!("{answer:?}") };
    refusal.why()
}

#[tokio::test]
async fn a_file_system_that_hangs_keeps_no_answer_but_its_own() {
    let Some(mut hung) = HungDisk::mount() else { return };
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().canonicalize().unwrap();
    let log = root.join("a.log");
    fs::write(&log, "one\n").unwrap();
    std::os::unix::fs::symlink(hung.path().join("deep"), root.join("by-link")).unwrap();
    let (on_it, by_link) = (hung.path().join("b.log"), root.join("by-link/c.log"));
    let offers = [hung.path(), &root].map(|path| path.to_str().unwrap());
    let offers = Offers::new(&offers, &[]).unwrap();
    let host = Host::new(HostConfig { host: "web1".parse().unwrap(), offers, labels: Vec::new(), zone: None });
    let answers = Answers::new(Arc::clone(&host));
    let ask = async |log: &Path| answers.answer(question(log, Spot::Last, &[])).await;

    // More than there are turns, and all of them taken back: that must not keep a turn either.
    for _ in 0..2 * READERS {
        let mut listing = std::pin::pin!(answers.answer(list()));
        tokio::select! {
            biased;
            _ = &mut listing => panic!("it did not hang"),
            () = tokio::task::yield_now() => (),
        }
    }
    assert!(matches!(ask(&log).await, Answer::Page(_)));
    for log in [&on_it, &by_link] {
        assert_eq!(why(&ask(log).await), Some(Why::DiskHangs), "{}", log.display());
    }
    let Answer::Logs { logs, .. } = answers.answer(list()).await else { panic!() };
    let said =
        |path: &Path| logs.iter().find(|each| Path::new(&each.name) == path).map(|each| each.unreadable.as_deref());
    assert_eq!(said(&log), Some(None));
    assert_eq!(said(hung.path()), Some(Some("its file system does not answer")));
    assert_eq!(said(&root.join("by-link")), Some(Some("its file system does not answer")));

    hung.let_go();
    while answers.left_behind.load(Ordering::Relaxed) > 0 || host.disk.hangs_at(&on_it).is_some() {
        tokio::task::yield_now().await;
    }
    assert_ne!(why(&ask(&on_it).await), Some(Why::DiskHangs));
}

#[tokio::test]
async fn a_short_question_does_not_wait_behind_those_that_look_through_much() {
    let dir = tempfile::tempdir().unwrap();
    let log = dir.path().canonicalize().unwrap().join("a.log");
    fs::write(&log, "one\n").unwrap();
    let answers = Answers::new(host(log.parent().unwrap()));
    let all = answers.seekers.acquire_many(SEEKERS as u32).await.unwrap();
    let mut seeking = std::pin::pin!(answers.answer(question(&log, Spot::Last, &["one"])));
    tokio::select! {
        biased;
        _ = &mut seeking => panic!("it did not wait its turn"),
        answer = answers.answer(question(&log, Spot::Last, &[])) => assert!(matches!(answer, Answer::Page(_))),
    }
    drop(all);
    assert!(matches!(seeking.await, Answer::Page(_)));
}

#[tokio::test]
async fn a_page_that_ends_where_the_log_is_followed_to_says_its_edge_while_that_is_fresh() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().canonicalize().unwrap().join("a.log");
    fs::write(&path, "one\ntwo\nhal").unwrap();
    let host = host(path.parent().unwrap());
    let log = host.log(path.to_str().unwrap()).unwrap();
    let answers = Answers::new(Arc::clone(&host));
    let behind = async |spot| match answers.answer(question(&path, spot, &[])).await {
        Answer::Page(page) => page.behind,
        other => panic!("{other:?}"),
    };
    assert_eq!(behind(Spot::Last).await, None, "nobody follows it");
    let mut follower = log.log.follow(tail::From::End).unwrap();
    follower.step(1 << 20);
    let looked = std::time::Instant::now();
    let stand = Stand { cap: follower.edge().unwrap().cap(), behind: follower.behind(), looked };
    // Far ahead, so that it is fresh however long this takes.
    let looked = looked + std::time::Duration::from_secs(3600);
    log.set_stand(Some(Stand { looked, ..stand }));
    assert_eq!(behind(Spot::Last).await, Some(3));
    assert_eq!(behind(Spot::Offset(0)).await, None, "one line is not all of it");
    log.set_stand(Some(Stand { looked: stand.looked.checked_sub(EDGE * 2).unwrap(), ..stand }));
    assert_eq!(behind(Spot::Last).await, None, "it has not been looked at for too long");
}

#[test]
fn what_takes_too_long_is_answered_with_how_far_it_came_and_all_lines_are_given_whatever_it_takes() {
    let dir = tempfile::tempdir().unwrap();
    let log = dir.path().canonicalize().unwrap().join("a.log");
    fs::write(&log, "nothing that anybody looks for\n".repeat(300_000)).unwrap();
    let host = host(log.parent().unwrap());
    let log = host.log(log.to_str().unwrap()).unwrap();
    let late = |include: &[&str]| {
        let bounds =
            Bounds { lines: 300_000, bytes: 4 << 20, scan: MAX_SCAN, deadline: Instant::now(), half: HalfLine::Give };
        let filter = Filter { include: include.iter().map(|&text| text.to_owned()).collect(), ..Filter::default() };
        let wanted = Lines { bounds, filter, taken_back: &TakenBack::default() };
        let Ok(Answer::Page(page)) = read(&log, &Spot::Last, &wanted, None) else { panic!("no page") };
        page
    };
    let page = late(&["wanted"]);
    assert!(page.limited && page.scanned > 0 && page.before.is_some(), "{page:?}");
    let page = late(&[]);
    assert!(!page.limited && page.parts.len() > 1, "{page:?}");
}
