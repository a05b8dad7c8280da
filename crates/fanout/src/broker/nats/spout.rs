//! The publishing connection: a batch, and a marker behind it that says when the server has it.

use async_nats::Subscriber;
use bytes::Bytes;
use futures_util::StreamExt;

use super::{Connection, Marker};
use crate::broker::Down;
use crate::broker::topic::{Id, Subjects};

pub(crate) struct Spout {
    connection: Connection,
    marker: Marker,
    echo: Subscriber,
    subjects: Subjects,
}

impl Spout {
    pub(super) async fn open(connection: Connection, subjects: Subjects) -> Result<Self, Down> {
        let (marker, echo) = Marker::open(&connection, &subjects).await?;
        Ok(Self { connection, marker, echo, subjects })
    }

    async fn send(&self, batch: &[(Id, Bytes)]) -> Result<(), Down> {
        for (id, frame) in batch {
            let sent = self.connection.client.publish(self.subjects.of(id), frame.clone()).await;
            sent.map_err(Down::because)?;
        }
        self.marker.send(&self.connection.client).await
    }

    /// Until the marker comes back. `false`: the connection is a new one, and may have lost any of it.
    async fn echoed(&mut self) -> Result<bool, Down> {
        loop {
            tokio::select! {
                message = self.echo.next() => {
                    let message = message.ok_or_else(|| Down::because("the connection was lost"))?;
                    if Marker::read(&message.payload) == Some(self.marker.last) {
                        return Ok(true);
                    }
                }
                () = self.connection.signals.changed.notified() => {
                    if self.connection.is_new() {
                        return Ok(false);
                    }
                }
            }
        }
    }
}

impl crate::broker::Spout for Spout {
    async fn publish(&mut self, batch: &[(Id, Bytes)]) -> Result<(), Down> {
        loop {
            self.marker.last += 1;
            self.send(batch).await?;
            if self.echoed().await? {
                return Ok(());
            }
        }
    }
}
