//! The law of the fan-out, as it stands on `Fanout`, held over each broker: embedded, Redis, NATS.

use tailcast_fanout::{Count, Event, Fanout, Missed, Why};

use crate::ground::server::Kind;
use crate::ground::{Ground, account, connect, hear, listen, message, number, options, publish};

/// One test per law and broker.
macro_rules! over {
    ($($ground:ident: $made:expr => { $($law:ident)* })*) => {
        $(mod $ground {
            #[allow(unused_imports, reason = "the embedded one is no kind of server")]
            use super::{Ground, Kind};
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $law() {
                super::$law($made).await;
            })*
        })*
    };
}

macro_rules! over_all {
    ($($law:ident)*) => {
        over! {
            embedded: Ground::embedded() => { $($law)* }
            redis: Ground::broker(Kind::Redis).await => { $($law)* }
            nats: Ground::broker(Kind::Nats).await => { $($law)* }
        }
    };
}

over_all! {
    each_publisher_is_heard_in_its_order_on_every_channel
    a_feed_that_never_reads_delays_nobody_and_is_told_exactly_what_it_missed
    names_may_be_anything_and_never_meet
    a_message_may_be_empty_or_as_long_as_allowed
    ten_thousand_channels_leave_nothing_behind
    a_feed_that_comes_late_is_told_no_loss
    feeds_end_when_the_fan_out_is_closed
}

async fn each_publisher_is_heard_in_its_order_on_every_channel(ground: Ground) {
    let here = ground.process().await;
    let publishers = [ground.process().await, ground.process().await];
    let mut feeds = Vec::new();
    for channel in ["a", "b"] {
        feeds.push(listen(&here, channel).await);
    }
    for (p, publisher) in publishers.iter().enumerate() {
        for n in 0..500 {
            for channel in ["a", "b"] {
                publisher.publish(channel, format!("{channel}{p} {n}")).unwrap();
            }
        }
    }
    for (channel, feed) in ["a", "b"].iter().zip(&mut feeds) {
        let mut next = [0; 2];
        while next != [500; 2] {
            let Event::Message(bytes) = hear(feed).await else { panic!("nothing was lost") };
            let text = str::from_utf8(&bytes).unwrap().strip_prefix(channel).expect("another channel's message");
            let (p, n) = text.split_once(' ').unwrap();
            let next = &mut next[p.parse::<usize>().unwrap()];
            assert_eq!(n.parse::<u64>().unwrap(), *next);
            *next += 1;
        }
    }
}

async fn a_feed_that_never_reads_delays_nobody_and_is_told_exactly_what_it_missed(ground: Ground) {
    let (here, held, total) = match &ground {
        Ground::Embedded(fanout) => (fanout.clone(), options().limits.items as u64, 150_000),
        Ground::Broker(server) => {
            let mut options = options();
            options.limits.items = 1_000;
            (connect(&server.url(), &options).await, 1_000, 3_000)
        }
    };
    let there = ground.process().await;
    let mut slow = listen(&here, "a").await;
    // Published only as fast as the quick one reads, so that nothing but the slow one itself is slow.
    let mut quick = listen(&here, "a").await;
    for n in 0..total {
        publish(&there, "a", n).await;
        assert_eq!(hear(&mut quick).await, message(n));
    }
    let Event::Missed(Missed { count: Count::Exactly(missed), why: Why::Behind }) = hear(&mut slow).await else {
        panic!("the slow one was not told");
    };
    assert_eq!(missed, total - held);
    assert_eq!(account(&mut slow, missed, total - 1).await, 0);
}

async fn names_may_be_anything_and_never_meet(ground: Ground) {
    let (here, there) = (ground.process().await, ground.process().await);
    let long = "x".repeat(10_000);
    let names = ["", " ", "*", ">", "a.*", "a.>", "{a}", "\r\nPUBLISH a b\r\n", "$SYS", "ä\0ö", "a", "A", &long];
    let mut feeds = Vec::new();
    for name in names {
        feeds.push(listen(&here, name).await);
    }
    for name in names {
        there.publish(name, name.to_owned()).unwrap();
    }
    for (name, feed) in names.iter().zip(&mut feeds) {
        assert_eq!(hear(feed).await, Event::Message((*name).to_owned().into()));
    }
    // Whatever else had come would have come before this.
    for name in names {
        there.publish(name, "end").unwrap();
    }
    for feed in &mut feeds {
        assert_eq!(hear(feed).await, Event::Message("end".into()));
    }
}

async fn a_message_may_be_empty_or_as_long_as_allowed(ground: Ground) {
    let (here, there) = (ground.process().await, ground.process().await);
    let mut feed = listen(&here, "a").await;
    let longest = vec![b'x'; options().message];
    there.publish("a", "").unwrap();
    there.publish("a", longest.clone()).unwrap();
    assert_eq!(hear(&mut feed).await, Event::Message("".into()));
    assert_eq!(hear(&mut feed).await, Event::Message(longest.into()));
    if matches!(ground, Ground::Broker(_)) {
        let error = there.publish("a", vec![0; options().message + 1]).unwrap_err();
        assert_eq!(error.to_string(), "a message of 524289 bytes, where 524288 are allowed");
        publish(&there, "a", 7).await;
        assert_eq!(hear(&mut feed).await, message(7), "what was refused is no loss");
    }
}

/// Connections do not grow with channels, and the last feed of a channel takes its subscription along.
async fn ten_thousand_channels_leave_nothing_behind(ground: Ground) {
    let fanout = ground.process().await;
    drop(listen(&fanout, "the first").await);
    if let Ground::Broker(server) = &ground {
        server.until_subscriptions(ours(server.kind())).await;
        assert_eq!(server.connections().await, 2, "one to subscribe, one to publish");
    }
    let before = ground.subscriptions().await;
    let mut feeds = Vec::new();
    for n in 0..10_000 {
        feeds.push(fanout.subscribe(&format!("channel {n}")));
        feeds.push(fanout.subscribe(&format!("channel {n}")));
        fanout.room().await;
        fanout.publish(&format!("channel {}", n % 100), "x").unwrap();
    }
    for feed in &feeds {
        feed.ready().await;
    }
    assert_eq!(ground.subscriptions().await, before + 10_000, "one for both feeds of a channel");
    if let Ground::Broker(server) = &ground {
        assert_eq!(server.connections().await, 2);
    }
    feeds.clear();
    assert_eq!(fanout.channels(), 0);
    if let Ground::Broker(server) = &ground {
        server.until_subscriptions(before).await;
        assert_eq!(server.connections().await, 2);
    }
}

/// Subscriptions of a link itself: where it is asked and probed, and with NATS a marker for each connection.
fn ours(kind: Kind) -> usize {
    if kind == Kind::Redis { 2 } else { 4 }
}

async fn a_feed_that_comes_late_is_told_no_loss(ground: Ground) {
    let (here, there) = (ground.process().await, ground.process().await);
    let mut first = listen(&here, "a").await;
    for n in 0..100 {
        publish(&there, "a", n).await;
    }
    assert_eq!(account(&mut first, 0, 99).await, 0);
    // In the same process, and in one that has never heard of the channel.
    let mut late = listen(&here, "a").await;
    let mut elsewhere = listen(&ground.process().await, "a").await;
    publish(&there, "a", 100).await;
    for feed in [&mut first, &mut late, &mut elsewhere] {
        assert_eq!(hear(feed).await, message(100));
    }
}

async fn feeds_end_when_the_fan_out_is_closed(ground: Ground) {
    let fanout: Fanout = ground.process().await;
    let mut feed = listen(&fanout, "a").await;
    publish(&fanout, "a", 1).await;
    assert_eq!(hear(&mut feed).await, message(1));
    fanout.close().await;
    assert_eq!(feed.next().await, None);
    let Event::Message(bytes) = message(7) else { unreachable!() };
    assert_eq!(number(&bytes), 7);
}
