//! The README's examples, word for word, so that what people copy compiles. A test compares the two.

use std::sync::Arc;

use tailcast_fanout::{Channels, Count, Drained, Error, Event, Fanout, Joined, Limits, Missed, Options, Source, Why};

use crate::item::{Item, item};

fn show<T>(_: T) {}
fn tell(_: Count, _: Why) {}
fn send(_: impl Iterator<Item = Arc<Item>>) {}
fn tell_gap(_: u64, _: u64) {}
fn unfollow() {}

#[rustfmt::skip]
async fn publish_to_all() -> Result<(), Error> {
    let fanout = Fanout::connect("redis://localhost", &Options::new("my-cluster"))?;   // or nats://, or Fanout::embedded
    fanout.ready().await?;                               // optional: it connects, and reconnects, by itself
    fanout.publish("news", "hello")?;                    // never waits
    fanout.room().await;                                 // for whoever would rather wait than lose
    fanout.close().await;                                // what waits is sent, and that nothing more will come is said
    Ok(())
}

#[rustfmt::skip]
async fn hear(fanout: Fanout) {
    let mut feed = fanout.subscribe("news");             // also a `Stream`
    match feed.next().await {
        Some(Event::Message(bytes)) => show(bytes),
        Some(Event::Missed(Missed { count, why })) => tell(count, why),
        None => return,                                  // the fan-out was closed
    }

    tokio::spawn(fanout.subscribe("news").each(|event| println!("{event:?}")));   // dropped or aborted, it unsubscribes
}

#[rustfmt::skip]
async fn read(channels: Channels<&str, Item>, name: &'static str) {
    let mut items = Vec::new();
    let Joined { mut subscription, source } = channels.subscribe(name, Limits::new(4 << 20, 1024));
    match subscription.drain(64 << 10, &mut items).await {
        Drained::Items => send(items.drain(..)),
        Drained::Missed(span) => tell_gap(span.count, span.bytes),
        Drained::Closed => return,
    }
    if let Some(source) = source {
        feed(source, || item(1)).await.unwrap();
    }
}

#[rustfmt::skip]
async fn feed(mut source: Source<&str, Item>, next: impl Fn() -> Item) -> Result<(), Error> {
    loop {
        let block = next();
        source.ring().publish(block)?;          // while there is something to publish, and until:
        source.idle().await;                    // nobody subscribes any more
        match source.retire() {                 // after any linger
            Ok(()) => break unfollow(),
            Err(back) => source = back,         // somebody came meanwhile: same source, same ring
        }
    }
    Ok(())
}

/// The lines without what stands in front of them.
fn flush(text: &str) -> String {
    text.lines().map(|line| line.trim().to_owned() + "\n").collect()
}

#[test]
fn each_example_of_the_readme_is_compiled_here() {
    let compiled = flush(include_str!("readme.rs"));
    let readme = include_str!("../../README.md");
    let examples: Vec<_> = readme.split("```rust\n").skip(1).map(|rest| rest.split("```").next().unwrap()).collect();
    assert_eq!(examples.len(), 4);
    for example in examples {
        assert!(compiled.contains(&flush(example)), "not here, word for word:\n{example}");
    }
    // Named, so that none of them is taken for dead.
    let _named = (publish_to_all, hear, read);
}
