//! NATS: core publish and subscribe on one server or any server of a cluster, through `async-nats`.
//!
//! What it guarantees by itself: order per connection, and nothing else. The client library drops what is not read in
//! time (intake does not wait for anybody, so that is a matter of a starved machine), the server cuts off who reads too slowly.
//!
//! The protocol acknowledges neither a message nor a subscription. Both connections therefore send a message to
//! themselves behind what they sent ([`Marker`]): a server works off a connection in order, so when it comes back,
//! everything before it has been done. `async-nats` reconnects by itself for a few seconds; then it is replaced.

mod spout;
mod tap;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_nats::{Client, ConnectOptions, Event, ServerAddr, Subscriber};
use bytes::Bytes;
use tokio::sync::Notify;
use url::Url;

use super::dial::Address;
use super::topic::{self, Id, Subjects, Use};
use super::{BATCH, Broker, Down, Options, backoff};
use crate::Error;

const PORT: u16 = 4222;

/// Attempts of the client library to get a lost connection back: about five seconds of them.
const ATTEMPTS: usize = 8;

/// Messages of one channel between the client library and intake. They wait there only while intake is not scheduled; on a
/// busy machine 1,024 overflowed at 200,000 messages per second. What overflows is told like any other loss.
const CHANNEL: usize = 16_384;

/// A server of NATS.
pub(crate) struct Nats {
    address: Address,
    subjects: Subjects,
    longest: usize,
    answer: Duration,
}

impl Nats {
    pub(crate) fn new(url: &Url, subjects: Subjects, options: &Options) -> Result<Self, Error> {
        let tls = (url.scheme() == "tls").then_some(&options.trust);
        let address = Address::new(url, PORT, tls)?;
        Ok(Self { address, subjects, longest: options.message + super::stamp::LENGTH, answer: options.answer })
    }

    async fn connect(&self, name: &str) -> Result<Connection, Down> {
        let signals = Arc::new(Signals::default());
        let hearing = Arc::clone(&signals);
        let options = ConnectOptions::new()
            .name(name)
            .connection_timeout(self.answer)
            .max_reconnects(ATTEMPTS)
            .subscription_capacity(CHANNEL)
            .client_capacity(2 * BATCH)
            .reconnect_delay_callback(|attempt| match attempt {
                0 | 1 => Duration::ZERO,
                _ => backoff::delay(u32::try_from(attempt - 2).unwrap_or(u32::MAX)),
            })
            .event_callback(move |event| {
                hearing.note(&event);
                std::future::ready(())
            });
        let client = self.with_credentials(options).connect(self.server()?).await;
        let client = client.map_err(|error| Down(format!("{}: {error}", self.address.place())))?;
        self.suits(&client)?;
        Ok(Connection { connects: connects(&client), client, signals })
    }

    fn with_credentials(&self, options: ConnectOptions) -> ConnectOptions {
        let options = match (&self.address.user, &self.address.password) {
            (Some(user), Some(password)) => options.user_and_password(user.clone(), password.clone()),
            (Some(token), None) => options.token(token.clone()),
            (None, _) => options,
        };
        match &self.address.tls {
            Some(tls) => options.require_tls(true).tls_client_config((**tls).clone()),
            None => options,
        }
    }

    fn server(&self) -> Result<ServerAddr, Down> {
        let Address { host, port, .. } = &self.address;
        let host = if host.contains(':') { format!("[{host}]") } else { host.clone() };
        format!("nats://{host}:{port}").parse().map_err(Down::because)
    }

    /// A server that refuses our longest message would cut us off when one is published.
    fn suits(&self, client: &Client) -> Result<(), Down> {
        let most = client.server_info().max_payload;
        match self.longest <= most {
            true => Ok(()),
            false => Err(Down(format!(
                "{}: this server takes messages of {most} bytes and may be sent {}: lower the longest message or raise \
                 its max_payload",
                self.address.place(),
                self.longest
            ))),
        }
    }
}

impl Broker for Nats {
    type Tap = tap::Tap;
    type Spout = spout::Spout;

    async fn tap(&self) -> Result<tap::Tap, Down> {
        tap::Tap::open(self.connect("tailcast-subscriber").await?, self.subjects.clone()).await
    }

    async fn spout(&self) -> Result<spout::Spout, Down> {
        spout::Spout::open(self.connect("tailcast-publisher").await?, self.subjects.clone()).await
    }
}

/// A client of the library, and what we know of the connection below it.
struct Connection {
    client: Client,
    signals: Arc<Signals>,
    /// Connections that it had made when we last looked.
    connects: u64,
}

impl Connection {
    /// Whether the library has made a new connection since the last look. The counter is asked, since its events can be
    /// dropped.
    fn is_new(&mut self) -> bool {
        let connects = connects(&self.client);
        std::mem::replace(&mut self.connects, connects) != connects
    }
}

fn connects(client: &Client) -> u64 {
    client.statistics().connects.load(Ordering::Relaxed)
}

/// What the library tells aside.
#[derive(Default)]
struct Signals {
    changed: Notify,
    lost: AtomicBool,
    overrun: AtomicBool,
}

impl Signals {
    fn note(&self, event: &Event) {
        match event {
            Event::Disconnected => self.lost.store(true, Ordering::SeqCst),
            Event::SlowConsumer(_) => self.overrun.store(true, Ordering::SeqCst),
            _ => {}
        }
        self.changed.notify_one();
    }
}

/// A channel of our own on which a connection hears itself.
struct Marker {
    id: Id,
    subject: String,
    /// The number of the last one sent.
    last: u64,
}

impl Marker {
    async fn open(connection: &Connection, subjects: &Subjects) -> Result<(Self, Subscriber), Down> {
        let name = std::array::from_fn::<u8, 16, _>(|_| fastrand::u8(..));
        let id = topic::id(Use::Probe, &name);
        let subject = subjects.of(&id);
        let subscriber = connection.client.subscribe(subject.clone()).await.map_err(Down::because)?;
        Ok((Self { id, subject, last: 0 }, subscriber))
    }

    /// Sends the last one (again).
    async fn send(&self, client: &Client) -> Result<(), Down> {
        let number = Bytes::copy_from_slice(&self.last.to_be_bytes());
        client.publish(self.subject.clone(), number).await.map_err(Down::because)
    }

    fn read(payload: &[u8]) -> Option<u64> {
        payload.try_into().ok().map(u64::from_be_bytes)
    }
}
