//! What one delivery costs: a publisher, and subscribers that each wait for every item. No socket and no runtime, so
//! what is printed is the price of this crate alone.
//!
//! `cargo run --release -p tailcast-fanout --example fan`

use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Wake, Waker};
use std::time::Instant;

use tailcast_fanout::{Drained, Error, Limits, Ring, Subscription, Weigh};

struct Batch(Vec<u8>);

impl Weigh for Batch {
    fn weight(&self) -> usize {
        self.0.len()
    }
}

/// The cheapest waker that can be checked.
#[derive(Default)]
struct Woken(AtomicUsize);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

fn main() -> Result<(), Error> {
    for subscribers in [1, 100, 1_000, 10_000] {
        for burst in [1, 32] {
            fan(subscribers, burst, 2_000_000)?;
        }
    }
    Ok(())
}

/// Publishes `burst` items, then lets each subscriber drain them, until about `deliveries` have been made.
fn fan(subscribers: usize, burst: usize, deliveries: usize) -> Result<(), Error> {
    let ring = Ring::new(Limits::new(4 << 20, 1024));
    let woken = Arc::new(Woken::default());
    let waker = Waker::from(Arc::clone(&woken));
    let mut subscriptions: Vec<_> = (0..subscribers).map(|_| ring.subscribe()).collect();
    let rounds = (deliveries / subscribers / burst).max(1);
    let mut publishing = 0;
    let mut delivered = 0;
    let begin = Instant::now();
    for _ in 0..rounds {
        let from = Instant::now();
        for _ in 0..burst {
            ring.publish(Batch(vec![b'x'; 200]))?;
        }
        publishing += from.elapsed().as_nanos();
        delivered += subscriptions.iter_mut().map(|subscription| drain(subscription, &waker)).sum::<usize>();
    }
    let each = begin.elapsed().as_nanos() / delivered as u128;
    let publish = publishing / (rounds * burst) as u128;
    let wakes = woken.0.load(Ordering::Relaxed) / rounds;
    println!(
        "{subscribers:>6} subscribers, {burst:>2} at a time: {each:>4} ns per delivery, {publish:>7} ns per publish, \
         {wakes:>6} wakes per burst"
    );
    Ok(())
}

/// Takes what there is, and waits for more. Returns how many items came.
fn drain(subscription: &mut Subscription<Batch>, waker: &Waker) -> usize {
    let mut out = Vec::with_capacity(32);
    let cx = Context::from_waker(waker);
    while let std::task::Poll::Ready(Drained::Items) = subscription.poll_drain(&cx, usize::MAX, &mut out) {}
    black_box(&out);
    out.len()
}
