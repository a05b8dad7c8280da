//! Many threads on one ring: nothing out of order, nothing twice, nothing missing without its number.

use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};

use tailcast_fanout::{Drained, Limits, Ring, Subscription};

use crate::item::{Item, item};

const ITEMS: u64 = 20_000;
const LIMITS: Limits = Limits::new(512, 512);

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

fn drain(subscription: &mut Subscription<Item>, max_bytes: usize, out: &mut Vec<Arc<Item>>) -> Drained {
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    loop {
        match subscription.poll_drain(&Context::from_waker(&waker), max_bytes, out) {
            Poll::Ready(drained) => return drained,
            Poll::Pending => thread::park(),
        }
    }
}

/// Reads to the end. Returns (items read, items missed).
fn read(mut subscription: Subscription<Item>, max_bytes: usize) -> (u64, u64) {
    let (mut read, mut missed, mut expected) = (0, 0, 0);
    let mut out = Vec::new();
    loop {
        match drain(&mut subscription, max_bytes, &mut out) {
            Drained::Closed => return (read, missed),
            Drained::Missed(span) => {
                assert_eq!(span.count, span.bytes, "each item weighs one byte");
                missed += span.count;
                expected += span.count;
            }
            Drained::Items => {
                for item in out.drain(..) {
                    assert_eq!(item.number, expected);
                    expected += 1;
                    read += 1;
                }
            }
        }
    }
}

#[test]
fn every_thread_reads_a_contiguous_sequence_or_the_exact_number_missed() {
    let ring = Ring::new(LIMITS);
    let never_reads = ring.subscribe();
    let readers: Vec<_> = [1, 3, 64, 512]
        .map(|max_bytes| {
            let subscription = ring.subscribe();
            thread::spawn(move || read(subscription, max_bytes))
        })
        .into();
    for number in 0..ITEMS {
        ring.publish(item(number)).unwrap();
        assert!(ring.stats().items <= LIMITS.items as u64);
    }
    ring.close();
    let mut missed_by_all = 0;
    for reader in readers {
        let (read, missed) = reader.join().unwrap();
        assert_eq!(read + missed, ITEMS);
        missed_by_all += missed;
    }
    assert_eq!(ring.stats().missed, missed_by_all);
    assert_eq!(never_reads.behind().count, ITEMS, "it cost a cursor, and delayed nobody");
}

#[test]
fn publishers_on_several_threads_each_keep_their_order() {
    let ring = Ring::new(Limits::new(usize::MAX, usize::MAX));
    let mut subscription = ring.subscribe();
    let publishers: Vec<_> = (0..4_u64)
        .map(|publisher| {
            let ring = ring.clone();
            thread::spawn(move || (0..1000).for_each(|n| assert!(ring.publish(item(publisher * 1000 + n)).is_ok())))
        })
        .collect();
    drop(ring);
    let mut next = [0_u64; 4];
    let mut out = Vec::new();
    while drain(&mut subscription, 100, &mut out) == Drained::Items {
        for item in out.drain(..) {
            let publisher = (item.number / 1000) as usize;
            assert_eq!(item.number % 1000, next[publisher]);
            next[publisher] += 1;
        }
    }
    assert_eq!(next, [1000; 4]);
    publishers.into_iter().for_each(|publisher| publisher.join().unwrap());
}
