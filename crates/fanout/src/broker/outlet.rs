//! The task that publishes: out of the press, over one connection, until the broker says that it has it.
//!
//! One batch is under way at a time. It leaves the press only when the broker has taken it; a connection that breaks
//! or does not answer is replaced and the same batch goes again, so that nothing is lost on this side and order is
//! kept. Messages that were already taken come twice then, which subscribers see by their numbers.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use tokio::time::{sleep, sleep_until, timeout};

use super::backoff::Backoff;
use super::link::Shared;
use super::status::{Role, State};
use super::{Broker, Down, IDLE, Spout};

pub(crate) async fn run<B: Broker>(broker: Arc<B>, shared: Arc<Shared>) {
    let mut backoff = Backoff::default();
    loop {
        let down = match open(&*broker, shared.answer).await {
            Ok(mut spout) => {
                shared.status.set(Role::Publishing, State::Up);
                serve(&mut spout, &shared, &mut backoff).await
            }
            Err(down) => down,
        };
        shared.status.set(Role::Publishing, State::Down(down.0));
        sleep(backoff.wait()).await;
    }
}

async fn open<B: Broker>(broker: &B, patience: Duration) -> Result<B::Spout, Down> {
    timeout(patience, broker.spout()).await.unwrap_or_else(|_| Err(Down::because("the broker did not answer in time")))
}

/// Publishes until the connection fails.
async fn serve(spout: &mut impl Spout, shared: &Shared, backoff: &mut Backoff) -> Down {
    loop {
        let (batch, due) = {
            let now = Instant::now();
            let mut press = shared.press();
            press.tick(now);
            (press.bite(now), press.due())
        };
        if batch.is_empty() {
            rest(shared, due).await;
            continue;
        }
        match timeout(shared.answer, spout.publish(&batch)).await {
            Ok(Ok(())) => backoff.reset(),
            Ok(Err(down)) => return down,
            Err(_) => return Down::because("the broker did not acknowledge what was published in time"),
        }
        shared.taken(batch.len());
    }
}

/// Until there is something to publish, or an edge falls due.
async fn rest(shared: &Shared, due: Option<Instant>) {
    if shared.closing.load(Ordering::SeqCst) {
        shared.closed.notify_waiters();
    }
    let due = due.unwrap_or_else(|| Instant::now() + IDLE);
    tokio::select! {
        () = shared.work.notified() => {}
        () = sleep_until(due.into()) => {}
    }
}
