//! What is particular to the embedded fan-out; the laws that it shares with the brokers stand in `laws`.

use std::sync::Arc;
use std::sync::Mutex;
use std::task::{Context, Poll, Waker};
use std::thread;

use tailcast_fanout::{Count, Event, Fanout, Limits, Missed, Why};

fn message(n: usize) -> Event {
    Event::Message(n.to_string().into())
}

#[test]
fn a_feed_that_does_not_read_is_told_exactly_what_it_missed_and_bounds_the_memory() {
    let fanout = Fanout::embedded(Limits::new(1 << 20, 10));
    let mut slow = fanout.subscribe("a");
    let mut quick = fanout.subscribe("a");
    for n in 0..100 {
        fanout.publish("a", n.to_string()).unwrap();
        assert_eq!(quick.try_next(), Some(message(n)));
    }
    assert_eq!(slow.try_next(), Some(Event::Missed(Missed { count: Count::Exactly(90), why: Why::Behind })));
    for n in 90..100 {
        assert_eq!(slow.try_next(), Some(message(n)));
    }
    assert_eq!(slow.try_next(), None);
}

#[test]
fn what_a_feed_skips_is_told_before_the_next_message() {
    let fanout = Fanout::embedded(Limits::new(1 << 20, 100));
    let mut feed = fanout.subscribe("a");
    (0..5).for_each(|n| fanout.publish("a", n.to_string()).unwrap());
    assert_eq!(feed.try_next(), Some(message(0)));
    feed.skip();
    assert_eq!(feed.try_next(), None);
    fanout.publish("a", "5").unwrap();
    assert_eq!(feed.try_next(), Some(Event::Missed(Missed { count: Count::Exactly(4), why: Why::Behind })));
    assert_eq!(feed.try_next(), Some(message(5)));
}

#[test]
fn the_last_feed_takes_its_channel_with_it() {
    let fanout = Fanout::embedded(Limits::new(1 << 20, 10));
    let (first, second) = (fanout.subscribe("a"), fanout.subscribe("a"));
    drop(first);
    assert_eq!(fanout.channels(), 1);
    drop(second);
    assert_eq!(fanout.channels(), 0);
    fanout.publish("a", "nobody hears it").unwrap();
}

#[test]
fn a_feed_that_is_dropped_by_the_very_waker_of_its_channel_locks_nothing_up() {
    struct Last(Mutex<Option<tailcast_fanout::Feed>>);
    impl std::task::Wake for Last {
        fn wake(self: Arc<Self>) {
            drop(self.0.lock().unwrap().take());
        }
    }
    let fanout = Fanout::embedded(Limits::new(1 << 20, 10));
    let feed = fanout.subscribe("a");
    let last = Arc::new(Last(Mutex::new(None)));
    let waker = Waker::from(Arc::clone(&last));
    let mut feed = Box::pin(feed);
    assert!(futures_core::Stream::poll_next(feed.as_mut(), &mut Context::from_waker(&waker)).is_pending());
    *last.0.lock().unwrap() = Some(*std::pin::Pin::into_inner(feed));
    fanout.publish("a", "x").unwrap();
    assert_eq!(fanout.channels(), 0);
}

#[test]
fn many_publishers_at_once_lose_nothing_and_each_keeps_its_order() {
    let fanout = Fanout::embedded(Limits::new(64 << 20, 100_000));
    let mut feed = fanout.subscribe("a");
    thread::scope(|scope| {
        for thread in 0..4_u32 {
            let fanout = fanout.clone();
            scope.spawn(move || (0..1_000_u32).for_each(|n| fanout.publish("a", format!("{thread} {n}")).unwrap()));
        }
    });
    let mut next = [0_u32; 4];
    while let Some(event) = feed.try_next() {
        let Event::Message(bytes) = event else { panic!("{event:?}") };
        let text = str::from_utf8(&bytes).unwrap();
        let (thread, n) = text.split_once(' ').unwrap();
        let next = &mut next[thread.parse::<usize>().unwrap()];
        assert_eq!(n.parse::<u32>().unwrap(), *next);
        *next += 1;
    }
    assert_eq!(next, [1_000; 4]);
}

#[test]
fn a_callback_hears_everything_until_its_task_is_dropped() {
    let fanout = Fanout::embedded(Limits::new(1 << 20, 10));
    let heard = Mutex::new(Vec::new());
    {
        let mut task = Box::pin(fanout.subscribe("a").each(|event| heard.lock().unwrap().push(event)));
        fanout.publish("a", "0").unwrap();
        assert_eq!(task.as_mut().poll(&mut Context::from_waker(Waker::noop())), Poll::Pending);
    }
    assert_eq!(*heard.lock().unwrap(), [message(0)]);
    assert_eq!(fanout.channels(), 0);
}
