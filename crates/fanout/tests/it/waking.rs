//! Who is woken, how often, and what stays behind of a waker.

use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};

use tailcast_fanout::{Drained, Limits, Ring, Subscription};

use crate::item::{Count, Item, item};

const LIMITS: Limits = Limits::new(1 << 20, 64);

fn poll(subscription: &mut Subscription<Item>, count: &Arc<Count>) -> Poll<Drained> {
    let waker = Waker::from(Arc::clone(count));
    subscription.poll_drain(&Context::from_waker(&waker), usize::MAX, &mut Vec::new())
}

#[test]
fn a_publish_wakes_each_waiting_subscription_once_and_no_other() {
    let ring = Ring::new(LIMITS);
    let counts: Vec<_> = (0..3).map(|_| Arc::new(Count::default())).collect();
    let mut subscriptions: Vec<_> = (0..3).map(|_| ring.subscribe()).collect();
    for (subscription, count) in subscriptions.iter_mut().zip(&counts).take(2) {
        assert!(poll(subscription, count).is_pending());
        assert!(poll(subscription, count).is_pending());
    }
    ring.publish(item(0)).unwrap();
    ring.publish(item(1)).unwrap();
    assert_eq!(counts.iter().map(|count| count.get()).collect::<Vec<_>>(), [1, 1, 0]);
    assert_eq!(poll(&mut subscriptions[0], &counts[0]), Poll::Ready(Drained::Items));
    ring.publish(item(2)).unwrap();
    assert_eq!(counts[0].get(), 1, "who has not asked again is not woken again");
}

#[test]
fn the_latest_task_to_ask_is_the_one_woken() {
    let ring = Ring::new(LIMITS);
    let mut subscription = ring.subscribe();
    let (former, latter) = (Arc::new(Count::default()), Arc::new(Count::default()));
    assert!(poll(&mut subscription, &former).is_pending());
    assert!(poll(&mut subscription, &latter).is_pending());
    assert_eq!(Arc::strong_count(&former), 1, "the replaced waker is let go");
    ring.publish(item(0)).unwrap();
    assert_eq!((former.get(), latter.get()), (0, 1));
}

#[test]
fn closing_wakes_and_what_was_published_is_read_first() {
    let ring = Ring::new(LIMITS);
    let (mut waiting, mut behind) = (ring.subscribe(), ring.subscribe());
    ring.publish(item(0)).unwrap();
    let count = Arc::new(Count::default());
    assert_eq!(poll(&mut waiting, &count), Poll::Ready(Drained::Items));
    assert!(poll(&mut waiting, &count).is_pending());
    drop(ring);
    assert_eq!(count.get(), 1);
    assert_eq!(poll(&mut waiting, &count), Poll::Ready(Drained::Closed));
    assert_eq!(poll(&mut behind, &count), Poll::Ready(Drained::Items));
    assert_eq!(poll(&mut behind, &count), Poll::Ready(Drained::Closed));
}

#[test]
fn a_dropped_subscription_takes_its_waker_along() {
    let ring = Ring::new(LIMITS);
    let count = Arc::new(Count::default());
    for _ in 0..10_000 {
        let mut subscription = ring.subscribe();
        assert!(poll(&mut subscription, &count).is_pending());
        assert_eq!(ring.stats().waiting, 1);
    }
    assert_eq!(Arc::strong_count(&count), 1);
    assert_eq!((ring.stats().subscribers, ring.stats().waiting), (0, 0));
    ring.publish(item(0)).unwrap();
    assert_eq!(count.get(), 0);
}

#[test]
fn a_subscription_dropped_after_it_was_woken_disturbs_no_later_one() {
    let ring = Ring::new(LIMITS);
    let (early, late) = (Arc::new(Count::default()), Arc::new(Count::default()));
    let mut woken = ring.subscribe();
    assert!(poll(&mut woken, &early).is_pending());
    ring.publish(item(0)).unwrap();
    let mut later = ring.subscribe();
    assert!(poll(&mut later, &late).is_pending());
    drop(woken);
    ring.publish(item(1)).unwrap();
    assert_eq!((early.get(), late.get()), (1, 1));
}

/// A waker that owns a subscription of the ring it waits at, as an executor's waker owns its task.
struct Task {
    _subscription: Mutex<Subscription<Item>>,
}

impl Wake for Task {
    fn wake(self: Arc<Self>) {}
}

#[test]
fn a_waker_that_owns_subscriptions_can_be_dropped_by_any_call() {
    let ring = Ring::new(LIMITS);
    let mut subscription = ring.subscribe();
    let mut wait = || {
        let task = Waker::from(Arc::new(Task { _subscription: Mutex::new(ring.subscribe()) }));
        assert!(subscription.poll_drain(&Context::from_waker(&task), 1, &mut Vec::new()).is_pending());
    };
    wait();
    wait();
    drop(subscription);
    assert_eq!(ring.stats().subscribers, 0);
}

#[test]
fn a_subscription_is_a_few_dozen_bytes() {
    assert!(size_of::<Subscription<Item>>() <= 48, "{}", size_of::<Subscription<Item>>());
}
