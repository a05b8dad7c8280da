//! A hub far away: dial, speak, and when the link ends dial again, for ever.
//!
//! The waits between two attempts double from a quarter of a second to ten and are spread over their whole length, so that
//! a thousand agents of a hub that was restarted are all back within half a minute and not all at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt, StreamExt};
use tailcast_wire::LINK_PROTOCOL;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep, sleep_until, timeout};
use tokio_util::sync::CancellationToken;
use tokio_websockets::{Message, WebSocketStream};

use crate::dial::{DialError, Dialer, Stream};
use crate::host::Host;
use crate::link::{End, speak};

/// Where the link is spoken.
const PATH: &str = "api/v1/agent";
/// The first and the longest wait between two attempts.
const WAIT: (Duration, Duration) = (Duration::from_millis(250), Duration::from_secs(10));
/// A link that lasted so long was a good one: the waits begin anew.
const GOOD: Duration = Duration::from_secs(10);
/// A hub pings each 15 s; one that has been silent for so long is gone without a word.
const SILENCE: Duration = Duration::from_secs(50);
/// Messages that may wait in each direction.
const PIPE: usize = 32;

/// Keeps a link to the hub until it is stopped.
pub async fn reach(host: &Arc<Host>, dialer: &Dialer, stop: &CancellationToken) {
    let mut wait = WAIT.0;
    while !stop.is_cancelled() {
        let began = Instant::now();
        let end = once(host, dialer, stop).await;
        if began.elapsed() >= GOOD {
            wait = WAIT.0;
        }
        let pause = match end {
            Ok(End::Stopped) => return,
            Ok(End::Bye(within)) => within.min(WAIT.1),
            Ok(End::Gone) => {
                tracing::info!("the link to the hub ended; dialling again");
                wait
            }
            Ok(End::Refused(words)) => {
                tracing::warn!("the hub refused this agent: {words}");
                WAIT.1
            }
            Err(e) => {
                tracing::warn!("{e}");
                wait
            }
        };
        wait = (wait * 2).min(WAIT.1);
        let spread = pause / 2 + pause.mul_f64(fastrand::f64());
        tokio::select! {
            () = sleep(spread) => (),
            () = stop.cancelled() => return,
        }
    }
}

async fn once(host: &Arc<Host>, dialer: &Dialer, stop: &CancellationToken) -> Result<End, DialError> {
    // Only the dialling is given up at once; who speaks already says goodbye first.
    let socket = tokio::select! {
        socket = dialer.websocket(PATH, LINK_PROTOCOL) => socket?,
        () = stop.cancelled() => return Ok(End::Stopped),
    };
    let (to_hub, from_agent) = mpsc::channel(PIPE);
    let (to_agent, from_hub) = mpsc::channel(PIPE);
    let carried = tokio::spawn(carry(socket, to_agent, from_agent));
    let end = speak(host, to_hub, from_hub, stop).await;
    // The last words are in the queue; what cannot be written in a second is not heard.
    drop(timeout(Duration::from_secs(1), carried).await);
    Ok(end)
}

/// Moves messages between the socket and the session until either ends. The directions do not wait for each other.
async fn carry(socket: WebSocketStream<Stream>, to_agent: mpsc::Sender<Bytes>, from_agent: mpsc::Receiver<Bytes>) {
    let (sink, stream) = socket.split();
    let heard = Heard::now();
    tokio::select! {
        () = inward(stream, to_agent, &heard) => (),
        () = outward(sink, from_agent) => (),
        () = heard.is_over() => tracing::info!("the hub has been silent for too long"),
    }
}

async fn inward(mut stream: SplitStream<WebSocketStream<Stream>>, to_agent: mpsc::Sender<Bytes>, heard: &Heard) {
    while let Some(Ok(message)) = stream.next().await {
        heard.again();
        if message.is_binary() && to_agent.send(message.into_payload().into()).await.is_err() {
            return;
        }
    }
}

async fn outward(mut sink: SplitSink<WebSocketStream<Stream>, Message>, mut from_agent: mpsc::Receiver<Bytes>) {
    while let Some(bytes) = from_agent.recv().await {
        if sink.send(Message::binary(bytes)).await.is_err() {
            return;
        }
    }
    // Whether the hub hears the close does not matter: its pings will tell it.
    drop(sink.close().await);
}

/// When the hub was heard last, whatever it said.
struct Heard {
    begun: Instant,
    /// In milliseconds since then.
    last: AtomicU64,
}

impl Heard {
    fn now() -> Self {
        Heard { begun: Instant::now(), last: AtomicU64::new(0) }
    }

    fn again(&self) {
        let since = self.begun.elapsed().as_millis();
        self.last.store(u64::try_from(since).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    /// Completes [`SILENCE`] after the last word. Cancel safe.
    async fn is_over(&self) {
        loop {
            let over = self.begun + Duration::from_millis(self.last.load(Ordering::Relaxed)) + SILENCE;
            if over <= Instant::now() {
                return;
            }
            sleep_until(over).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_hub_is_given_up_as_long_after_its_last_word_as_after_its_first() {
        for words in [1, 10, 33, 49] {
            let heard = Heard::now();
            let begun = Instant::now();
            let spoken = async {
                for _ in 0..words {
                    sleep(Duration::from_secs(1)).await;
                    heard.again();
                }
                std::future::pending::<()>().await;
            };
            tokio::select! {
                () = spoken => (),
                () = heard.is_over() => (),
            }
            assert_eq!(begun.elapsed().as_secs(), words + SILENCE.as_secs());
        }
    }
}
