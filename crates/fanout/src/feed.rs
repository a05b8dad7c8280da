//! A feed: one subscriber of one channel, as a stream or as a callback.
//!
//! It is a cursor into the ring of its channel and at most [`HELD`] bytes taken out of it ahead. It never holds up
//! whoever publishes: what it is too slow for is told to it as [`Missed`], with the exact number.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::vec::IntoIter;

use futures_core::Stream;

use crate::event::{Event, Item, Missed, Tally, Why};
use crate::registry::{Seat, Topic};
use crate::waiters::Ticket;
use crate::{Drained, Subscription};

/// Bytes that a feed takes out of the ring at a time.
const HELD: usize = 16 << 10;

/// Where a feed goes when it ends, and asks whether its channel is open.
pub(crate) trait Home: Send + Sync {
    /// The feed's subscription is gone.
    fn leave(&self, topic: &Topic);
    /// Ready when the channel is open at the broker.
    fn poll_confirmed(&self, topic: &Topic, ticket: &mut Option<Ticket>, cx: &Context<'_>) -> Poll<()>;
    /// Gives up waiting for that.
    fn forget(&self, ticket: Ticket);
}

/// One subscriber of one channel. It hears the messages of each publisher in the order in which they were published,
/// each once, or [`Missed`] in their place. Dropping it unsubscribes.
pub struct Feed {
    home: Arc<dyn Home>,
    topic: Topic,
    /// `None` only while it is dropped.
    subscription: Option<Subscription<Item>>,
    held: IntoIter<Arc<Item>>,
    /// What has been told.
    tally: Tally,
}

impl Feed {
    pub(crate) fn new(home: Arc<dyn Home>, topic: Topic, seat: Seat) -> Self {
        let Seat { subscription, tally, .. } = seat;
        Self { home, topic, subscription: Some(subscription), held: Vec::new().into_iter(), tally }
    }

    /// The next event; `None` when the fan-out was [closed](crate::Fanout::close) and everything is read. Cancel safe.
    pub async fn next(&mut self) -> Option<Event> {
        poll_fn(|cx| self.poll_event(cx)).await
    }

    /// What is there already, without waiting.
    pub fn try_next(&mut self) -> Option<Event> {
        match self.poll_event(&mut Context::from_waker(std::task::Waker::noop())) {
            Poll::Ready(event) => event,
            Poll::Pending => None,
        }
    }

    /// Calls `hear` with each event, until the fan-out is closed. Spawn it on any runtime; when the task is dropped
    /// the feed unsubscribes. What `hear` takes longer for than the ring lasts is told to it as missed.
    pub async fn each(mut self, mut hear: impl FnMut(Event)) {
        while let Some(event) = self.next().await {
            hear(event);
        }
    }

    /// Waits until the broker has confirmed the subscription: what is published from then on, by whomever, comes or is
    /// told as missed. At once when embedded. Cancel safe. It does not wait for ever only if the broker comes back:
    /// [`Fanout::ready`](crate::Fanout::ready) tells what stands in the way.
    pub async fn ready(&self) {
        let mut waiting = Waiting { feed: self, ticket: None };
        poll_fn(|cx| self.home.poll_confirmed(&self.topic, &mut waiting.ticket, cx)).await;
    }

    /// Jumps to the newest, for a subscriber that wants what is now rather than everything. What is jumped over is told
    /// as missed, by its number, before the next message.
    pub fn skip(&mut self) {
        self.held = Vec::new().into_iter();
        if let Some(subscription) = &mut self.subscription {
            subscription.skip_to_head();
        }
    }

    fn poll_event(&mut self, cx: &mut Context<'_>) -> Poll<Option<Event>> {
        loop {
            if let Some(event) = self.take_held() {
                return Poll::Ready(Some(event));
            }
            let Some(subscription) = &mut self.subscription else { return Poll::Ready(None) };
            let mut items = Vec::new();
            match subscription.poll_drain(cx, HELD, &mut items) {
                // Told when the first item behind the hole is taken: only that one knows how many messages it was.
                Poll::Ready(Drained::Missed(_)) => {}
                Poll::Ready(Drained::Items) => self.held = items.into_iter(),
                Poll::Ready(Drained::Closed) => return Poll::Ready(None),
                Poll::Pending => return Poll::Pending,
            }
        }
    }

    fn take_held(&mut self) -> Option<Event> {
        let first = self.held.as_slice().first()?;
        if let Some(count) = self.tally.until(first.before) {
            self.tally = first.before;
            return Some(Event::Missed(Missed { count, why: Why::Behind }));
        }
        let item = self.held.next()?;
        self.tally = item.before.after(&item.event);
        Some(item.event.clone())
    }
}

/// Takes its waker back out when the wait is given up.
struct Waiting<'a> {
    feed: &'a Feed,
    ticket: Option<Ticket>,
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        if let Some(ticket) = self.ticket {
            self.feed.home.forget(ticket);
        }
    }
}

impl Stream for Feed {
    type Item = Event;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Event>> {
        self.poll_event(cx)
    }
}

impl Drop for Feed {
    fn drop(&mut self) {
        self.subscription = None;
        self.home.leave(&self.topic);
    }
}

impl std::fmt::Debug for Feed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Feed").field("told", &self.tally).finish_non_exhaustive()
    }
}
