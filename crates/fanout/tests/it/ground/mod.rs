//! What the laws stand on: real servers, a network in between that can fail, and fan-outs over them.

pub(crate) mod proxy;
pub(crate) mod server;

use std::time::Duration;

use tailcast_fanout::{Count, Event, Fanout, Feed, Limits, Missed, Options};
use tokio::time::timeout;

use self::server::{Kind, Server};

/// Beyond this nothing comes any more. Not a bound on speed: a test that passes never waits for it.
pub(crate) const PATIENCE: Duration = Duration::from_secs(40);

/// One of the three, to make processes on.
pub(crate) enum Ground {
    Embedded(Fanout),
    Broker(Box<Server>),
}

impl Ground {
    pub(crate) fn embedded() -> Self {
        Self::Embedded(Fanout::embedded(options().limits))
    }

    pub(crate) async fn broker(kind: Kind) -> Self {
        Self::Broker(Box::new(Server::start(kind).await))
    }

    /// What another process would have: connections of its own.
    pub(crate) async fn process(&self) -> Fanout {
        match self {
            Self::Embedded(fanout) => fanout.clone(),
            Self::Broker(server) => connect(&server.url(), &options()).await,
        }
    }

    /// Channels that the broker has subscribers for, its own of each process among them.
    pub(crate) async fn subscriptions(&self) -> usize {
        match self {
            Self::Embedded(fanout) => fanout.channels(),
            Self::Broker(server) => server.subscriptions().await,
        }
    }
}

/// Room enough that only a feed that does not read at all is behind.
pub(crate) fn options() -> Options {
    let mut options = Options::new("test");
    options.limits = Limits::new(64 << 20, 100_000);
    options
}

/// A dead connection is noticed within a second and a half, so that tests need not wait for fifteen.
pub(crate) fn impatient() -> Options {
    let mut options = options();
    options.silence = Duration::from_millis(500);
    options.answer = Duration::from_secs(1);
    options
}

pub(crate) async fn connect(url: &str, options: &Options) -> Fanout {
    let fanout = Fanout::connect(url, options).unwrap();
    let up = async { while fanout.ready().await.is_err() {} };
    timeout(PATIENCE, up).await.expect("the broker did not come up");
    fanout
}

/// A feed that is subscribed at the broker.
pub(crate) async fn listen(fanout: &Fanout, channel: &str) -> Feed {
    let feed = fanout.subscribe(channel);
    timeout(PATIENCE, feed.ready()).await.expect("the subscription was not confirmed");
    feed
}

pub(crate) async fn hear(feed: &mut Feed) -> Event {
    timeout(PATIENCE, feed.next()).await.expect("nothing came").expect("the feed ended")
}

pub(crate) fn message(n: u64) -> Event {
    Event::Message(n.to_string().into())
}

/// The number that a message carries.
pub(crate) fn number(bytes: &[u8]) -> u64 {
    str::from_utf8(bytes).unwrap().parse().unwrap()
}

/// Hears messages that count up from `next`, until `last`: each comes, or is told as missed by exact number in its
/// place. Returns how many were missed.
pub(crate) async fn account(feed: &mut Feed, mut next: u64, last: u64) -> u64 {
    let mut lost = 0;
    while next <= last {
        match hear(feed).await {
            Event::Message(bytes) => {
                assert_eq!(number(&bytes), next, "a hole, or a message out of order or twice");
                next += 1;
            }
            Event::Missed(Missed { count: Count::Exactly(n), .. }) => {
                next += n;
                lost += n;
            }
            Event::Missed(missed) => panic!("{missed:?} where the number can be known"),
        }
    }
    assert_eq!(next, last + 1, "more missed than were published");
    lost
}

/// Publishes a number, and waits for room rather than lose it.
pub(crate) async fn publish(fanout: &Fanout, channel: &str, n: u64) {
    fanout.room().await;
    fanout.publish(channel, n.to_string()).unwrap();
}
