//! The subscribing connection: one subscription per channel, all of them read by one task.

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::Ordering;

use async_nats::{Message, Subscriber};
use bytes::Bytes;
use futures_util::future::FutureExt;
use futures_util::stream::{AbortHandle, Abortable, SelectAll, StreamExt};

use super::{Connection, Marker};
use crate::broker::topic::{Id, Subjects};
use crate::broker::{BATCH, Change, Down, Heard};

pub(crate) struct Tap {
    connection: Connection,
    subjects: Subjects,
    marker: Marker,
    /// Whether the last marker is still to be sent.
    unmarked: bool,
    streams: SelectAll<Abortable<Subscriber>>,
    subscribed: HashMap<Id, AbortHandle>,
    /// Subscriptions that were sent, with the marker behind them.
    sent: VecDeque<(u64, Vec<Id>)>,
    pending: usize,
}

impl Tap {
    pub(super) async fn open(connection: Connection, subjects: Subjects) -> Result<Self, Down> {
        let (marker, echo) = Marker::open(&connection, &subjects).await?;
        let mut streams = SelectAll::new();
        let (keep, registration) = AbortHandle::new_pair();
        streams.push(Abortable::new(echo, registration));
        let subscribed = HashMap::from([(marker.id, keep)]);
        let sent = VecDeque::new();
        Ok(Self { connection, subjects, marker, unmarked: false, streams, subscribed, sent, pending: 0 })
    }

    async fn subscribe(&mut self, id: Id) -> Result<(), Down> {
        let subscribed = self.connection.client.subscribe(self.subjects.of(&id)).await;
        let (handle, registration) = AbortHandle::new_pair();
        self.streams.push(Abortable::new(subscribed.map_err(Down::because)?, registration));
        self.subscribed.insert(id, handle);
        Ok(())
    }

    /// Puts a marker behind what was sent for these channels.
    fn mark(&mut self, channels: Vec<Id>) {
        self.marker.last += 1;
        self.pending += channels.len();
        self.sent.push_back((self.marker.last, channels));
        self.unmarked = true;
    }

    /// What the library tells of the connection.
    fn look(&mut self, heard: &mut Vec<Heard>) {
        if self.connection.signals.lost.swap(false, Ordering::SeqCst) {
            heard.push(Heard::Lost);
        }
        if self.connection.is_new() {
            heard.push(Heard::Resumed);
            // The library has sent all subscriptions again; what was marked on the old connection is void.
            self.sent.clear();
            self.pending = 0;
            self.mark(self.subscribed.keys().copied().collect());
        }
        if self.connection.signals.overrun.swap(false, Ordering::SeqCst) {
            heard.push(Heard::Overrun);
        }
    }

    fn take(&mut self, message: &Message, heard: &mut Vec<Heard>) {
        match self.subjects.id(message.subject.as_bytes()) {
            Some(id) if id == self.marker.id => self.marked(&message.payload, heard),
            // Copied out, so that a small message does not hold on to the buffer that it came in.
            Some(id) => heard.push(Heard::Frame(id, Bytes::copy_from_slice(&message.payload))),
            None => heard.push(Heard::Foreign),
        }
    }

    fn marked(&mut self, payload: &[u8], heard: &mut Vec<Heard>) {
        heard.push(Heard::Alive);
        let Some(number) = Marker::read(payload) else { return };
        while self.sent.front().is_some_and(|(marked, _)| *marked <= number) {
            if let Some((_, channels)) = self.sent.pop_front() {
                self.pending -= channels.len().min(self.pending);
                heard.extend(channels.into_iter().map(Heard::Subscribed));
            }
        }
    }
}

impl crate::broker::Tap for Tap {
    async fn change(&mut self, changes: &[Change]) -> Result<(), Down> {
        let mut channels = Vec::new();
        for change in changes {
            match change {
                Change::Subscribe(id) => {
                    self.subscribe(*id).await?;
                    channels.push(*id);
                }
                // The stream ends, and its subscription with it.
                Change::Unsubscribe(id) => self.subscribed.remove(id).into_iter().for_each(|handle| handle.abort()),
            }
        }
        self.mark(channels);
        Ok(())
    }

    async fn ping(&mut self) -> Result<(), Down> {
        self.mark(Vec::new());
        Ok(())
    }

    async fn hear(&mut self, heard: &mut Vec<Heard>) -> Result<(), Down> {
        loop {
            self.look(heard);
            if !heard.is_empty() {
                return Ok(());
            }
            if self.unmarked {
                self.marker.send(&self.connection.client).await?;
                self.unmarked = false;
            }
            tokio::select! {
                message = self.streams.next() => {
                    let message = message.ok_or_else(|| Down::because("the connection was lost"))?;
                    self.take(&message, heard);
                }
                () = self.connection.signals.changed.notified() => {}
            }
            // What else is there already, as much as one turn should hold.
            while heard.len() < BATCH
                && let Some(Some(message)) = self.streams.next().now_or_never()
            {
                self.take(&message, heard);
            }
        }
    }

    fn pending(&self) -> usize {
        self.pending
    }
}
