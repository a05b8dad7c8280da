//! The budget as arithmetic, with a gauge of the test's own.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::time::Duration;

use tailcast_fdguard::{Budget, Class, Conn, Error, Gauge, Plan, Reading, Slot};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// A process whose limit the test sets, on a kernel that does not count for it.
#[derive(Clone)]
pub(crate) struct Dial {
    pub(crate) soft: Arc<AtomicU64>,
    pub(crate) beyond: Arc<AtomicU64>,
    pub(crate) fixed: u64,
}

impl Dial {
    pub(crate) fn at(soft: u64, fixed: u64) -> Self {
        Self { soft: Arc::new(AtomicU64::new(soft)), beyond: Arc::default(), fixed }
    }
}

impl Gauge for Dial {
    fn read(&self) -> Reading {
        Reading { used: None, beyond: self.beyond.load(SeqCst), soft: self.soft.load(SeqCst), hard: 4096 }
    }

    fn at_start(&self) -> u64 {
        self.fixed
    }
}

fn fill(budget: &Budget, class: Class) -> Vec<Slot> {
    std::iter::from_fn(|| budget.take(class).ok()).collect()
}

#[test]
fn viewers_never_take_what_tails_and_links_are_promised() {
    let budget = Budget::with_gauge(Plan::default(), Dial::at(1024, 10)).unwrap();
    let viewers = fill(&budget, Class::Viewers);
    assert_eq!(viewers.len() as u64, Plan::default().ceiling(Class::Viewers, 1024));
    assert_eq!(fill(&budget, Class::Tails).len(), 128);
    assert_eq!(fill(&budget, Class::Links).len(), 64);
    let full = budget.take(Class::Viewers).unwrap_err();
    assert_eq!(
        full.to_string(),
        "no room for more viewers: 1024 of 1024 descriptors are open or promised, 748 by viewers"
    );
}

#[test]
fn nor_do_tails_take_what_viewers_are_promised() {
    let budget = Budget::with_gauge(Plan::default(), Dial::at(64, 10)).unwrap();
    let tails = fill(&budget, Class::Tails);
    let viewers = fill(&budget, Class::Viewers);
    assert!(tails.len() >= 8 && viewers.len() >= 8, "{} tails, {} viewers", tails.len(), viewers.len());
}

#[test]
fn a_returned_slot_is_there_for_the_next() {
    let budget = Budget::with_gauge(Plan::viewers_only(), Dial::at(20, 8)).unwrap();
    let mut slots = fill(&budget, Class::Viewers);
    assert_eq!(slots.len(), 8);
    slots.pop();
    assert!(budget.take(Class::Viewers).is_ok());
}

#[test]
fn many_threads_together_take_no_more_than_there_is() {
    let budget = Budget::with_gauge(Plan::viewers_only(), Dial::at(200, 8)).unwrap();
    let taken: usize = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(|| fill(&budget, Class::Viewers))).collect();
        let slots: Vec<Vec<Slot>> = threads.into_iter().map(|thread| thread.join().unwrap()).collect();
        slots.iter().map(Vec::len).sum()
    });
    assert!(taken as u64 <= Plan::viewers_only().ceiling(Class::Viewers, 200));
    assert!(fill(&budget, Class::Viewers).len() >= 100, "all were returned");
}

#[test]
fn a_limit_that_cannot_hold_the_plan_is_an_error_with_the_number() {
    let error = Budget::with_gauge(Plan::default(), Dial::at(64, 50)).unwrap_err();
    let Error::TooFew { limit: 64, hard: 4096, always: 50, needed } = error else { panic!("{error}") };
    assert!(Budget::with_gauge(Plan::default(), Dial::at(needed, 50)).is_ok());
}

#[test]
fn no_class_is_said_to_have_less_at_most_than_it_is_promised_and_it_can_have_just_that() {
    let dial = Dial::at(1024, 10);
    let budget = Budget::with_gauge(Plan::default(), dial.clone()).unwrap();
    for soft in [1024, 64, 48, 40, 25, 12, 3, 0] {
        dial.soft.store(soft, SeqCst);
        for class in budget.snapshot().classes {
            assert!(class.ceiling >= class.floor, "{soft}: {class:?}");
        }
    }
    // The promises come to 30: who comes first has what it is promised, and no more.
    dial.soft.store(25, SeqCst);
    let tails = budget.snapshot().classes[Class::Tails as usize];
    assert_eq!(fill(&budget, Class::Tails).len() as u64, tails.ceiling, "{tails:?}");
}

#[test]
fn what_has_a_number_above_the_limit_takes_no_room_under_it() {
    let dial = Dial::at(200, 10);
    let budget = Budget::with_gauge(Plan::viewers_only(), dial.clone()).unwrap();
    let inside = fill(&budget, Class::Viewers);
    // Lowered below them: 10 that are always open and 22 of theirs stay under the limit, with places for as many more.
    dial.beyond.store(inside.len() as u64 - 22, SeqCst);
    dial.soft.store(64, SeqCst);
    let now = budget.snapshot();
    assert_eq!((now.used, now.beyond), (10 + inside.len() as u64, inside.len() as u64 - 22));
    let promised = [Class::Fixed, Class::Reserve].map(|class| budget.floor(class)).iter().sum::<u64>();
    let more = fill(&budget, Class::Viewers);
    assert_eq!(more.len() as u64, 64 - promised - 22);
    let full = budget.take(Class::Viewers).unwrap_err();
    assert!(full.to_string().contains("64 of 64 descriptors are open or promised"), "{full}");
    let viewers = budget.snapshot().classes[Class::Viewers as usize];
    assert_eq!(viewers.ceiling, viewers.used);
}

#[test]
fn what_a_start_needs_is_the_same_number_also_where_some_have_numbers_above_the_limit() {
    let needed = |soft, fixed, beyond| {
        let dial = Dial::at(soft, fixed);
        dial.beyond.store(beyond, SeqCst);
        let Error::TooFew { needed, .. } = Budget::with_gauge(Plan::default(), dial).unwrap_err() else { panic!() };
        needed
    };
    assert_eq!(needed(8, 7, 5), needed(20, 12, 0));
}

#[test]
fn a_slot_moves_to_another_class_if_that_has_room() {
    let budget = Budget::with_gauge(Plan::default(), Dial::at(64, 10)).unwrap();
    let mut viewers = fill(&budget, Class::Viewers);
    let before = viewers.len();
    viewers[0].become_one_of(Class::Links).unwrap();
    assert_eq!(viewers[0].class(), Class::Links);
    // What the link left is not free: the promise to links was made from elsewhere.
    assert!(budget.take(Class::Viewers).is_ok());
    assert!(viewers[1].become_one_of(Class::Reserve).is_ok());
    drop(viewers);
    assert_eq!(fill(&budget, Class::Viewers).len(), before);
}

#[tokio::test]
async fn who_waits_for_a_slot_gets_the_next_one() {
    let budget = Budget::with_gauge(Plan::viewers_only(), Dial::at(20, 8)).unwrap();
    let mut slots = fill(&budget, Class::Viewers);
    let waiting = tokio::spawn({
        let budget = budget.clone();
        async move { budget.take_when_free(Class::Viewers).await }
    });
    tokio::task::yield_now().await;
    slots.pop();
    assert_eq!(waiting.await.unwrap().class(), Class::Viewers);
}

#[tokio::test(start_paused = true)]
async fn who_waits_notices_a_limit_raised_from_outside() {
    let dial = Dial::at(20, 8);
    let budget = Budget::with_gauge(Plan::viewers_only(), dial.clone()).unwrap();
    let _slots = fill(&budget, Class::Viewers);
    dial.soft.store(64, SeqCst);
    std::thread::sleep(Duration::from_millis(2)); // the books may be a millisecond old
    budget.take_when_free(Class::Viewers).await;
}

#[tokio::test]
async fn a_slot_that_is_asked_to_go_knows_it() {
    let budget = Budget::with_gauge(Plan::viewers_only(), Dial::at(64, 8)).unwrap();
    let slot = budget.take(Class::Viewers).unwrap();
    let usher = slot.usher();
    assert!(usher.ask_to_go());
    slot.asked_to_go().await;
    slot.asked_to_go().await;
    drop(slot);
    assert!(!usher.ask_to_go());
    assert_eq!(usher.received_and_sent(), None);
}

#[tokio::test]
async fn a_connection_counts_its_real_bytes_and_returns_its_slot() {
    let budget = Budget::with_gauge(Plan::viewers_only(), Dial::at(64, 8)).unwrap();
    let (ours, mut theirs) = tokio::io::duplex(64);
    let mut conn = Conn::new(ours, budget.take(Class::Viewers).unwrap());
    let usher = conn.slot().usher();
    theirs.write_all(b"12345").await.unwrap();
    conn.read_exact(&mut [0; 5]).await.unwrap();
    conn.write_all(b"123").await.unwrap();
    assert_eq!(usher.received_and_sent(), Some((5, 3)));
    let viewers = |budget: &Budget| budget.snapshot().classes[Class::Viewers as usize].used;
    assert_eq!(viewers(&budget), 1);
    drop(conn);
    assert_eq!(viewers(&budget), 0);
}
