//! Channels by name: one source at a time, none left over.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Waker};
use std::thread;
use std::time::Instant;

use tailcast_fanout::{Channels, Drained, Error, Joined, Limits};

use crate::item::{Count, Item, item};

const LIMITS: Limits = Limits::new(1024, 64);

#[test]
fn the_first_subscriber_feeds_the_channel_and_the_others_join() {
    let channels: Channels<_, Item> = Channels::new();
    let Joined { mut subscription, source } = channels.subscribe("a", LIMITS);
    let source = source.unwrap();
    let second = channels.subscribe("a", LIMITS);
    assert!(second.source.is_none());
    source.ring().publish(item(7)).unwrap();
    let mut out = Vec::new();
    assert_eq!(subscription.try_drain(1, &mut out), Some(Drained::Items));
    assert_eq!(second.subscription.behind().count, 1);
    assert_eq!(channels.get(&"a").unwrap().stats().subscribers, 2);
    assert!(channels.get(&"b").is_none());
}

#[test]
fn a_source_hears_when_the_last_subscriber_goes() {
    let channels: Channels<_, Item> = Channels::new();
    let Joined { subscription, source } = channels.subscribe("a", LIMITS);
    let mut source = source.unwrap();
    let second = channels.subscribe("a", LIMITS);
    let count = Arc::new(Count::default());
    let waker = Waker::from(Arc::clone(&count));
    assert!(source.poll_idle(&Context::from_waker(&waker)).is_pending());
    drop(subscription);
    assert_eq!(count.get(), 0);
    drop(second);
    assert_eq!(count.get(), 1);
    assert!(source.poll_idle(&Context::from_waker(&waker)).is_ready());
    source.retire().unwrap();
    assert!(channels.is_empty());
}

#[test]
fn a_source_cannot_retire_while_somebody_lingers() {
    let channels: Channels<_, Item> = Channels::new();
    let Joined { subscription, source } = channels.subscribe("a", LIMITS);
    drop(subscription);
    let again = channels.subscribe("a", LIMITS);
    assert!(again.source.is_none(), "the first source is still at it");
    let source = source.unwrap().retire().unwrap_err();
    drop(again);
    source.retire().unwrap();
    assert!(channels.is_empty());
}

#[test]
fn a_dropped_source_closes_its_channel_and_frees_the_name() {
    let channels: Channels<_, Item> = Channels::new();
    let mut first = channels.subscribe("a", LIMITS);
    let ring = channels.get(&"a").unwrap();
    drop(first.source);
    assert_eq!(first.subscription.try_drain(1, &mut Vec::new()), Some(Drained::Closed));
    assert_eq!(ring.publish(item(0)), Err(Error::Closed));
    assert!(channels.is_empty());
    assert!(channels.subscribe("a", LIMITS).source.is_some());
}

#[test]
fn a_closed_ring_gives_its_name_to_the_next_channel() {
    let channels: Channels<_, Item> = Channels::new();
    let first = channels.subscribe("a", LIMITS);
    channels.get(&"a").unwrap().close();
    let second = channels.subscribe("a", LIMITS);
    assert!(second.source.is_some());
    drop(first);
    assert_eq!(channels.len(), 1, "the old source takes only its own ring out");
}

#[test]
fn old_items_expire_in_every_channel() {
    let channels: Channels<_, Item> = Channels::new();
    let joined: Vec<_> = (0..3).map(|key| channels.subscribe(key, LIMITS)).collect();
    for (_, ring) in channels.snapshot() {
        ring.publish(item(0)).unwrap();
    }
    assert_eq!(channels.expire(Instant::now()), 3);
    assert!(joined.iter().all(|joined| joined.subscription.behind().count == 1), "and the slow are told");
}

#[test]
fn ten_thousand_who_come_and_go_leave_nothing_behind() {
    let channels: Channels<usize, Item> = Channels::new();
    for key in 0..10_000 {
        let Joined { subscription, source } = channels.subscribe(key % 100, LIMITS);
        let source = source.unwrap();
        let second = channels.subscribe(key % 100, LIMITS);
        drop((subscription, second));
        source.retire().unwrap();
    }
    assert!(channels.is_empty());
}

#[test]
fn threads_that_come_and_go_never_meet_two_sources_or_none() {
    let channels: Channels<usize, Item> = Channels::new();
    let feeding: Arc<[AtomicUsize; 2]> = Arc::default();
    let threads: Vec<_> = (0..4)
        .map(|thread| {
            let (channels, feeding) = (channels.clone(), Arc::clone(&feeding));
            thread::spawn(move || (0..5_000).for_each(|n| visit(&channels, &feeding, (n + thread) % 2)))
        })
        .collect();
    threads.into_iter().for_each(|thread| thread.join().unwrap());
    assert!(channels.is_empty());
}

/// Subscribes, feeds the channel if that is its lot, and leaves; retires as long as others have not left.
fn visit(channels: &Channels<usize, Item>, feeding: &[AtomicUsize; 2], key: usize) {
    let Joined { mut subscription, source } = channels.subscribe(key, LIMITS);
    let Some(mut source) = source else {
        // The source may be about to retire no more: it sees this subscription.
        assert_ne!(subscription.try_drain(1, &mut Vec::new()), Some(Drained::Closed));
        return;
    };
    assert_eq!(feeding[key].fetch_add(1, Ordering::SeqCst), 0, "one source at a time");
    assert!(source.ring().publish(item(0)).is_ok());
    drop(subscription);
    loop {
        // Still counted while it retires: whoever takes the name over comes after.
        feeding[key].fetch_sub(1, Ordering::SeqCst);
        match source.retire() {
            Ok(()) => return,
            Err(back) => source = back,
        }
        feeding[key].fetch_add(1, Ordering::SeqCst);
        thread::yield_now();
    }
}
