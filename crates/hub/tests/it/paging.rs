//! `GET lines`: pages of history, and waiting for what comes.

use std::time::{Duration, Instant};

use crate::world::{World, numbered, texts};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_lies_where_it_was_asked_for() {
    let world = World::new().await;
    world.append("a.log", numbered(0..100));
    let all = world.lines("a.log", "last=1000").await;
    assert_eq!(texts(&all.lines), world.on_disk("a.log"));
    assert_eq!((all.log.clone(), all.before.is_none(), all.end, all.limited), (world.log("a.log"), true, true, false));
    let at = |n: usize| &all.lines[n].position;
    for (query, from, to) in [
        ("last=3".to_owned(), 97, 100),
        ("last=3&limit=3".to_owned(), 97, 100),
        (format!("before={}&limit=4", at(50)), 46, 50),
        (format!("before={}&limit=4", at(2)), 0, 2),
        (format!("after={}&limit=4", at(50)), 50, 54),
        (format!("after={}&limit=400", at(98)), 98, 100),
        (format!("offset={}&limit=2", all.lines[30].offset), 30, 32),
        (format!("offset={}&limit=2", all.lines[30].offset + 3), 30, 32),
    ] {
        let page = world.lines("a.log", &query).await;
        assert_eq!(texts(&page.lines), texts(&all.lines[from..to]), "{query}");
        assert_eq!(page.before.is_none(), from == 0, "{query}");
        assert_eq!(page.end, to == 100, "{query}");
        assert!(page.scanned > 0);
        // Both ends lead on.
        if let Some(before) = page.before {
            let before = world.lines("a.log", &format!("before={before}&limit=1")).await;
            assert_eq!(texts(&before.lines), texts(&all.lines[from - 1..from]), "{query}");
        }
        let after = world.lines("a.log", &format!("after={}&limit=1", page.after.unwrap())).await;
        assert_eq!(texts(&after.lines), texts(&all.lines[to..(to + 1).min(100)]), "{query}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_begins_at_a_time() {
    let world = World::new().await;
    let line = |n: usize| format!("2026-11-20T10:{:02}:{:02}Z line {n}", n / 60, n % 60);
    world.append("a.log", (0..600).map(|n| line(n) + "\n").collect::<String>());
    let page = world.lines("a.log", "at=2026-11-20T10:05:30Z&limit=2").await;
    assert_eq!(texts(&page.lines), [line(330), line(331)]);
    assert_eq!(page.lines[0].time.as_deref(), Some("2026-11-20T10:05:30Z"));
    let page = world.lines("a.log", "at=2026-11-20T11:00:00Z&limit=2").await;
    assert!(page.lines.is_empty() && page.end);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_not_understood_is_refused_with_the_word() {
    let world = World::new().await;
    world.append("a.log", "a\n");
    world.append("b.log", "b\n");
    let (a, b) = (world.log("a.log"), world.lines("b.log", "last=1").await.lines[0].position.clone());
    for (query, word) in [
        ("last=1".to_owned(), "log"),
        (format!("log={a}&last=x"), "last"),
        (format!("log={a}&last=1&after={b}"), "not two"),
        (format!("log={a}&after=nonsense"), "position"),
        (format!("log={a}&after={b}"), "log"),
        (format!("log={a}&colour=red"), "colour"),
        (format!("log={a}&at=yesterday"), "yesterday"),
        (format!("log={a}&grep=x&i=maybe"), "maybe"),
        (format!("log={a}&level=loud"), "loud"),
        ("log=a.log".to_owned(), "HOST"),
    ] {
        let answer = world.get(&format!("/api/v1/lines?{query}")).await;
        assert_eq!((answer.status, answer.header("content-type")), (400, "application/problem+json"), "{query}");
        assert!(answer.json()["detail"].as_str().unwrap().contains(word), "{query}: {}", answer.text());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_waits_for_a_line_gets_it_at_once() {
    let world = World::new().await;
    world.append("a.log", "one\n");
    let mut after = world.lines("a.log", "last=1").await.after.unwrap();
    for n in 0..5 {
        let query = format!("after={after}&wait=60");
        let began = Instant::now();
        let (page, ()) = tokio::join!(world.lines("a.log", &query), async {
            world.until("somebody waits", async || world.metric("tailcast_channels").await == 1).await;
            world.append("a.log", format!("line {n}\n"));
        });
        assert_eq!(texts(&page.lines), [format!("line {n}")]);
        assert!(began.elapsed() < Duration::from_secs(30));
        after = page.after.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_waits_in_vain_is_answered_after_that_time_and_can_ask_again() {
    let world = World::new().await;
    world.append("a.log", "one\n");
    let after = world.lines("a.log", "last=1").await.after.unwrap();
    let page = world.lines("a.log", &format!("after={after}&wait=1")).await;
    assert!(page.lines.is_empty() && page.end);
    world.append("a.log", "two\n");
    let page = world.lines("a.log", &format!("after={}&wait=1", page.after.unwrap())).await;
    assert_eq!(texts(&page.lines), ["two"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_waits_looks_through_nothing_twice_nor_when_asking_again() {
    let world = World::new().await;
    world.append("a.log", numbered(0..100_000));
    let start = world.lines("a.log", "offset=0&limit=1").await.after.unwrap();
    let page = world.lines("a.log", &format!("after={start}&wait=1&grep=nomatch")).await;
    // The first look went over all of it; the last one began where that ended.
    assert!(page.lines.is_empty() && page.end && page.scanned < 100_000, "{}", page.scanned);
    let end = world.lines("a.log", "last=1").await.after;
    assert_eq!(page.after, end);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn to_wait_one_says_after_what() {
    let world = World::new().await;
    world.append("a.log", "one\n");
    for spot in ["last=1", "offset=0", "at=0", "limit=3"] {
        let answer = world.get(&format!("/api/v1/lines?log={}&{spot}&wait=1", world.log("a.log"))).await;
        assert_eq!(answer.status, 400, "{spot}");
        assert!(answer.text().contains("`wait` needs `after`"), "{}", answer.text());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_waits_under_a_filter_is_not_woken_by_other_lines() {
    let world = World::new().await;
    world.append("a.log", "one\n");
    let after = world.lines("a.log", "last=1").await.after.unwrap();
    let query = format!("after={after}&wait=60&grep=good");
    let (page, ()) = tokio::join!(world.lines("a.log", &query), async {
        world.until("somebody waits", async || world.metric("tailcast_channels").await == 1).await;
        world.append("a.log", "bad\n");
        world.append("a.log", "good\n");
    });
    assert_eq!(texts(&page.lines), ["good"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_half_line_is_given_as_it_stands_to_who_looks_and_whole_to_who_follows() {
    let world = World::new().await;
    world.append("a.log", "one\nha");
    assert_eq!(texts(&world.lines("a.log", "last=2").await.lines), ["one", "ha"]);
    let mut viewer = world.watch("a.log", "last=2").await;
    assert_eq!(texts(&viewer.lines(1).await), ["one"]);
    // Who waits follows: a half line is not worth an answer, which would be given again and again.
    let page = world.lines("a.log", "last=1").await;
    let query = format!("after={}&wait=60&grep=.", page.after.unwrap());
    let (page, ()) = tokio::join!(world.lines("a.log", &query), async {
        world.until("somebody waits", async || world.metric("tailcast_channels").await == 2).await;
        world.append("a.log", "l");
        world.append("a.log", "f\n");
    });
    assert_eq!(texts(&page.lines), ["half"]);
    assert_eq!(texts(&viewer.lines(1).await), ["half"]);
    world.append("a.log", "end\n");
    assert_eq!(texts(&viewer.lines(1).await), ["end"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_half_line_is_no_answer_to_who_waits_for_the_next_line() {
    let world = World::new().await;
    world.append("a.log", "one\nha");
    let page = world.lines("a.log", "last=2").await;
    assert_eq!(texts(&page.lines), ["one", "ha"]);
    let after = page.after.unwrap();
    assert!(world.lines("a.log", &format!("after={after}&wait=1")).await.lines.is_empty());
    let query = format!("after={after}&wait=60");
    let (page, ()) = tokio::join!(world.lines("a.log", &query), async {
        world.until("somebody waits", async || world.metric("tailcast_channels").await == 1).await;
        world.append("a.log", "lf\n");
    });
    assert_eq!(texts(&page.lines), ["half"]);
}
