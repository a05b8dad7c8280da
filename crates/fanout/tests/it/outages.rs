//! Brokers that die, hang and come back, and networks that fail without a word: nothing is lost silently, and every
//! connection is replaced.

use std::time::{Duration, Instant};

use rustix::process::Signal;
use tailcast_fanout::{Count, Error, Event, Fanout, Missed, State, Why};
use tokio::net::TcpListener;
use tokio::time::{sleep, timeout};

use crate::ground::proxy::Proxy;
use crate::ground::server::{Kind, Server, url};
use crate::ground::{PATIENCE, account, connect, hear, impatient, listen, message, options, publish};

macro_rules! over_brokers {
    ($($law:ident)*) => {
        mod redis {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $law() {
                super::$law(super::Kind::Redis).await;
            })*
        }
        mod nats {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $law() {
                super::$law(super::Kind::Nats).await;
            })*
        }
    };
}

over_brokers! {
    what_is_lost_while_a_subscriber_is_cut_off_is_told_exactly_also_the_last_message
    a_subscriber_that_was_cut_off_and_missed_nothing_is_told_nothing
    a_publisher_that_is_cut_off_loses_nothing
    a_broker_killed_and_started_again_under_traffic_costs_no_silent_hole
    a_broker_that_hangs_is_noticed_and_costs_no_silent_hole
    what_does_not_fit_in_the_queue_is_told_to_publisher_and_subscriber
    twenty_thousand_channels_are_back_after_a_restart
    a_broker_that_is_not_there_yet_is_waited_for
}

async fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let reached = async {
        while !holds() {
            sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(PATIENCE, reached).await.unwrap_or_else(|_| panic!("never: {what}"));
}

fn subscribing(fanout: &Fanout) -> State {
    fanout.health().unwrap().subscribing
}

fn is_down(state: &State) -> bool {
    matches!(state, State::Down(_))
}

async fn publish_all(fanout: &Fanout, numbers: std::ops::Range<u64>) {
    for n in numbers {
        publish(fanout, "a", n).await;
    }
}

async fn what_is_lost_while_a_subscriber_is_cut_off_is_told_exactly_also_the_last_message(kind: Kind) {
    let server = Server::start(kind).await;
    let network = Proxy::to(server.port).await;
    let there = connect(&server.url(), &impatient()).await;
    let here = connect(&url(kind, network.port), &impatient()).await;
    let mut feed = listen(&here, "a").await;
    publish_all(&there, 0..10).await;
    assert_eq!(account(&mut feed, 0, 9).await, 0);
    network.cut();
    publish_all(&there, 10..17).await;
    until("the dead connection is noticed", || is_down(&subscribing(&here))).await;
    network.mend();
    // Nothing is published any more: it is the publisher's last number that tells.
    let missed = Missed { count: Count::Exactly(7), why: Why::Link };
    assert_eq!(hear(&mut feed).await, Event::Missed(missed));
    publish_all(&there, 17..20).await;
    assert_eq!(account(&mut feed, 17, 19).await, 0);
}

async fn a_subscriber_that_was_cut_off_and_missed_nothing_is_told_nothing(kind: Kind) {
    let server = Server::start(kind).await;
    let network = Proxy::to(server.port).await;
    let there = connect(&server.url(), &impatient()).await;
    let here = connect(&url(kind, network.port), &impatient()).await;
    let mut feed = listen(&here, "a").await;
    publish_all(&there, 0..10).await;
    assert_eq!(account(&mut feed, 0, 9).await, 0);
    for n in 10..12 {
        network.cut();
        until("the dead connection is noticed", || is_down(&subscribing(&here))).await;
        network.mend();
        timeout(PATIENCE, feed.ready()).await.unwrap();
        publish(&there, "a", n).await;
        assert_eq!(hear(&mut feed).await, message(n));
    }
}

async fn a_publisher_that_is_cut_off_loses_nothing(kind: Kind) {
    let server = Server::start(kind).await;
    let network = Proxy::to(server.port).await;
    let here = connect(&server.url(), &impatient()).await;
    let there = connect(&url(kind, network.port), &impatient()).await;
    let mut feed = listen(&here, "a").await;
    publish_all(&there, 0..10).await;
    network.cut();
    publish_all(&there, 10..20).await;
    until("the dead connection is noticed", || is_down(&there.health().unwrap().publishing)).await;
    network.mend();
    publish_all(&there, 20..30).await;
    assert_eq!(account(&mut feed, 0, 29).await, 0, "what was not acknowledged is sent again");
}

async fn a_broker_killed_and_started_again_under_traffic_costs_no_silent_hole(kind: Kind) {
    let mut server = Server::start(kind).await;
    let here = connect(&server.url(), &impatient()).await;
    let there = connect(&server.url(), &impatient()).await;
    let mut feed = listen(&here, "a").await;
    let publishing = tokio::spawn({
        let there = there.clone();
        async move { publish_all(&there, 0..30_000).await }
    });
    assert_eq!(hear(&mut feed).await, message(0));
    for _ in 0..2 {
        server.kill().await;
        until("the death is noticed", || is_down(&subscribing(&here))).await;
        server.start_again().await;
        until("it is back", || subscribing(&here) == State::Up).await;
    }
    publishing.await.unwrap();
    account(&mut feed, 1, 29_999).await;
    assert_eq!(server.connections().await, 4, "two for each process");
}

async fn a_broker_that_hangs_is_noticed_and_costs_no_silent_hole(kind: Kind) {
    let server = Server::start(kind).await;
    let here = connect(&server.url(), &impatient()).await;
    let there = connect(&server.url(), &impatient()).await;
    let mut feed = listen(&here, "a").await;
    publish(&there, "a", 0).await;
    assert_eq!(hear(&mut feed).await, message(0));
    publish_all(&there, 1..10).await;
    server.signal(Signal::STOP);
    publish_all(&there, 10..20).await;
    for fanout in [&here, &there] {
        until("it is noticed", || is_down(&subscribing(fanout))).await;
    }
    until("it is noticed", || is_down(&there.health().unwrap().publishing)).await;
    server.signal(Signal::CONT);
    publish_all(&there, 20..30).await;
    account(&mut feed, 1, 29).await;
}

async fn what_does_not_fit_in_the_queue_is_told_to_publisher_and_subscriber(kind: Kind) {
    let mut server = Server::start(kind).await;
    let here = connect(&server.url(), &impatient()).await;
    let mut options = impatient();
    options.queue = 64 << 10;
    let there = connect(&server.url(), &options).await;
    let mut feed = listen(&here, "a").await;
    publish(&there, "a", 0).await;
    assert_eq!(hear(&mut feed).await, message(0));
    server.kill().await;
    let refused = (1..5_000).filter(|n: &u64| there.publish("a", n.to_string()) == Err(Error::Full)).count() as u64;
    assert!(refused > 4_000, "{refused}");
    assert_eq!(there.health().unwrap().dropped, refused);
    assert!(there.health().unwrap().waiting <= 64 << 10);
    server.start_again().await;
    there.room().await;
    let lost = account(&mut feed, 1, 4_999).await;
    assert!(lost >= refused, "{lost} told, {refused} dropped");
}

/// How long it took is printed, not judged: `cargo nextest run twenty_thousand --no-capture`.
async fn twenty_thousand_channels_are_back_after_a_restart(kind: Kind) {
    let mut server = Server::start(kind).await;
    let here = connect(&server.url(), &impatient()).await;
    let there = connect(&server.url(), &impatient()).await;
    let name = |n: usize| format!("channel {n}");
    let mut feeds: Vec<_> = (0..20_000).map(|n| here.subscribe(&name(n))).collect();
    for feed in &feeds {
        timeout(PATIENCE, feed.ready()).await.unwrap();
    }
    server.kill().await;
    until("the death is noticed", || is_down(&subscribing(&here))).await;
    server.start_again().await;
    let begun = Instant::now();
    for feed in &feeds {
        timeout(PATIENCE, feed.ready()).await.unwrap();
    }
    println!("{kind:?}: 20,000 channels were back {:?} after the server", begun.elapsed());
    for n in (0..20_000).step_by(997) {
        there.publish(&name(n), "x").unwrap();
        assert_eq!(hear(&mut feeds[n]).await, Event::Message("x".into()));
    }
}

async fn a_broker_that_is_not_there_yet_is_waited_for(kind: Kind) {
    let nobody = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let network = Proxy::to(nobody.local_addr().unwrap().port()).await;
    drop(nobody);
    let fanout = Fanout::connect(&url(kind, network.port), &impatient()).unwrap();
    let error = timeout(PATIENCE, fanout.ready()).await.unwrap().unwrap_err();
    assert!(matches!(error, Error::Refused(_)), "{error}");
    // What is published now waits; who subscribes now is subscribed later.
    let mut feed = fanout.subscribe("a");
    let server = Server::start(kind).await;
    network.now_to(server.port);
    timeout(PATIENCE, feed.ready()).await.unwrap();
    publish(&fanout, "a", 0).await;
    assert_eq!(hear(&mut feed).await, message(0));
}

/// Over one broker only, since it takes the 20 s for which a publisher may be out of reach.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_publisher_that_dies_is_told_when_nobody_else_can_say() {
    let server = Server::start(Kind::Redis).await;
    let here = connect(&server.url(), &options()).await;
    let mut feed = listen(&here, "a").await;
    // It is gone before it could say that this was its last message, as it does after a second. On a machine on which
    // the message took longer than that, it may have said so: then another has to die.
    loop {
        let there = connect(&server.url(), &options()).await;
        // It also says where it stands once it hears questions: with an answer to itself that is behind it.
        let mut own = listen(&there, "its own").await;
        publish(&there, "its own", 0).await;
        assert_eq!(hear(&mut own).await, message(0));
        let published = Instant::now();
        publish(&there, "a", 0).await;
        assert_eq!(hear(&mut feed).await, message(0));
        drop((there, own));
        if published.elapsed() < Duration::from_secs(1) {
            break;
        }
    }
    let missed = Missed { count: Count::Unknown, why: Why::Publisher };
    assert_eq!(hear(&mut feed).await, Event::Missed(missed));
}

/// With the bounds that people have, and so over one broker only: a silence of ten seconds, and what an answer may take.
/// How long it took is printed, not judged: `cargo nextest run within_fifteen --no-capture`.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_network_that_is_cut_without_a_word_is_noticed_within_fifteen_seconds_of_silence() {
    let defaults = options();
    assert!(defaults.silence + defaults.answer < Duration::from_secs(15));
    let server = Server::start(Kind::Redis).await;
    let network = Proxy::to(server.port).await;
    let here = connect(&url(Kind::Redis, network.port), &defaults).await;
    let mut feed = listen(&here, "a").await;
    network.cut();
    let cut = Instant::now();
    until("the dead connection is noticed", || is_down(&subscribing(&here))).await;
    println!("noticed after {:?}", cut.elapsed());
    network.mend();
    timeout(PATIENCE, feed.ready()).await.unwrap();
    publish(&here, "a", 0).await;
    assert_eq!(hear(&mut feed).await, message(0));
}
