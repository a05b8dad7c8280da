//! One sender at the broker: what it says is sealed and published under one lock, so that it is heard in the order of its
//! sequence. Said by several tasks at once the later might come first, and the earlier be refused as heard before.
//!
//! It never waits: what the broker does not take in time is dropped by the fan-out, which counts it. The sequence has a hole
//! then, by which those who listen know it.

use std::io;
use std::sync::{Mutex, PoisonError};

use tailcast_fanout::Fanout;

use super::seal::{Sealer, Seals};

/// Says things to other hubs. On a channel that must be whole it is the only one to speak.
#[derive(Debug)]
pub(super) struct Voice {
    fanout: Fanout,
    sealer: Mutex<Sealer>,
}

impl Voice {
    /// With a stream of its own.
    pub(super) fn new(fanout: Fanout, seals: &Seals) -> io::Result<Self> {
        Ok(Self { fanout, sealer: Mutex::new(Sealer::new(seals)?) })
    }

    /// Seals and publishes.
    pub(super) fn say(&self, topic: &str, message: &[u8]) {
        let sealer = self.sealer.lock().unwrap_or_else(PoisonError::into_inner);
        let sealed = sealer.seal(topic.as_bytes(), message);
        if let Err(error) = self.fanout.publish(topic, sealed) {
            tracing::debug!(%error, "a word to other hubs was dropped");
        }
    }
}

#[cfg(test)]
mod tests {
    use tailcast_fanout::{Event, Limits};

    use super::*;
    use crate::cluster::{ClusterKey, Opener};

    /// Words of each of the threads.
    const WORDS: usize = 2_000;

    #[tokio::test]
    async fn what_many_say_at_once_is_all_heard() {
        let seals = Seals::new(&ClusterKey::for_tests(1));
        let fanout = Fanout::embedded(Limits::new(64 << 20, 100_000));
        let mut feed = fanout.subscribe("here");
        let voice = Voice::new(fanout, &seals).expect("random");
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| (0..WORDS).for_each(|_| voice.say("here", b"a word")));
            }
        });
        let opener = Opener::new(&seals);
        for word in 0..4 * WORDS {
            let Some(Event::Message(sealed)) = feed.next().await else { panic!("the ring holds them all") };
            assert!(opener.open(b"here", &sealed).is_ok(), "word {word}");
        }
    }
}
