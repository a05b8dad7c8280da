//! The publishing connection: the `redis` crate, over a connection that we opened.

use bytes::Bytes;
use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, RedisConnectionInfo};
use tokio::task::JoinHandle;

use super::refusal;
use crate::broker::Down;
use crate::broker::dial::Address;
use crate::broker::topic::{Id, Subjects};

pub(crate) struct Spout {
    connection: MultiplexedConnection,
    driver: JoinHandle<()>,
    subjects: Subjects,
}

impl Spout {
    pub(crate) async fn open(address: &Address, info: &RedisConnectionInfo, subjects: Subjects) -> Result<Self, Down> {
        let stream = address.dial().await?;
        // Outlet keeps the time.
        let config = AsyncConnectionConfig::new().set_response_timeout(None);
        let opened = MultiplexedConnection::new_with_config(info, stream, config).await;
        let (connection, driver) = opened.map_err(|error| refusal::down(address, &refusal::met(error)))?;
        Ok(Self { connection, driver: tokio::spawn(driver), subjects })
    }
}

impl crate::broker::Spout for Spout {
    async fn publish(&mut self, batch: &[(Id, Bytes)]) -> Result<(), Down> {
        let mut pipeline = redis::pipe();
        for (id, frame) in batch {
            pipeline.cmd("PUBLISH").arg(self.subjects.of(id)).arg(&frame[..]).ignore();
        }
        // How many heard it is of no use: zero may be one who is just coming back, and will ask.
        pipeline.query_async::<()>(&mut self.connection).await.map_err(|error| Down(refusal::met(error)))
    }
}

impl Drop for Spout {
    fn drop(&mut self) {
        // The driver owns the socket, and would else wait for answers that nobody wants.
        self.driver.abort();
    }
}
