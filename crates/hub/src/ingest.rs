//! What comes in from an agent, in order, to the channels it belongs to: the only writer of channels.
//!
//! Runs once per link, for the agent inside `serve` and for those that dialled in alike. It never waits for a viewer:
//! publishing into a ring does not block. Credit goes back at once for the same reason; it only bounds what is under way.

use std::sync::Arc;
use std::time::Duration;

use jiff::tz::TimeZone;
use tailcast_wire::{Hello, PROTOCOL, Place, ToAgent, ToHub, Welcome, decode};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::agents::Agents;
use crate::item::What;
use crate::link::{Link, Pipe};

/// How long an agent may take to say hello.
const HELLO: Duration = Duration::from_secs(10);
/// Within this time the agents of a hub that stops come again, in milliseconds.
const RETRY_MS: u64 = 2000;
/// Credit is given back in pieces of at least so many bytes.
const CREDIT: u64 = crate::link::WINDOW / 4;

/// Whether an agent may call itself by the name it gave; the error says why not.
pub(crate) type Admit<'a> = &'a (dyn Fn(&Hello) -> Result<(), String> + Send + Sync);

/// Serves one agent until its link ends, and says why it ended.
pub(crate) async fn serve(agents: &Agents, mut pipe: Pipe, admit: Admit<'_>, stop: &CancellationToken) -> String {
    let hello = match timeout(HELLO, pipe.rx.recv()).await {
        Ok(Some(bytes)) => bytes,
        Ok(None) => return "it left before it said who it was".to_owned(),
        Err(_) => return "it did not say who it was".to_owned(),
    };
    let hello = match decode::<ToHub>(&hello) {
        Ok(Some(ToHub::Hello(hello))) => hello,
        Ok(_) => return "its first word was not hello".to_owned(),
        Err(e) => return e.to_string(),
    };
    if let Err(words) = welcome(&hello, admit) {
        let refused = tailcast_wire::encode(&ToAgent::Refused { words: words.clone(), lasting: true });
        // It may have gone by itself; either way the link ends here.
        pipe.tx.send(refused).await.unwrap_or_default();
        return words;
    }
    let welcome = Welcome { protocol: PROTOCOL, version: env!("CARGO_PKG_VERSION").to_owned() };
    let link = Arc::new(Link::new(hello, pipe.tx));
    if link.send(&ToAgent::Welcome(welcome)).await.is_err() {
        return "its link went down".to_owned();
    }
    agents.arrive(&link);
    tracing::info!(host = %link.hello().host, version = link.hello().version, "an agent has come");
    let why = tokio::select! {
        why = read(agents, &link, &mut pipe.rx) => why,
        why = link.closed() => {
            link.try_send(&ToAgent::Refused { words: why.clone(), lasting: false });
            why
        }
        () = stop.cancelled() => "the hub stopped".to_owned(),
    };
    if stop.is_cancelled() {
        // Spread out, so that the agents of a hub that starts again do not all come at once.
        let retry_ms = 200 + u32::try_from(crate::jitter(RETRY_MS)).unwrap_or_default();
        link.try_send(&ToAgent::Bye { retry_ms });
    }
    link.close(&why);
    agents.leave(&link, &why);
    tracing::info!(host = %link.hello().host, why, "an agent has gone");
    why
}

fn welcome(hello: &Hello, admit: Admit<'_>) -> Result<(), String> {
    if !(hello.protocol_min..=hello.protocol_max).contains(&PROTOCOL) {
        return Err(format!(
            "the agent ({}) and this hub ({}) speak no common version of the link: update the older one",
            hello.version,
            env!("CARGO_PKG_VERSION")
        ));
    }
    admit(hello)
}

async fn read(agents: &Agents, link: &Arc<Link>, rx: &mut tokio::sync::mpsc::Receiver<bytes::Bytes>) -> String {
    let mut ingest = Ingest::new(agents, link);
    while let Some(bytes) = rx.recv().await {
        match decode::<ToHub>(&bytes) {
            Ok(Some(ToHub::Bye { words })) => return words,
            Ok(Some(message)) => ingest.take(message),
            Ok(None) => tracing::debug!(host = %link.hello().host, "a message that only a newer hub knows"),
            Err(e) => return e.to_string(),
        }
    }
    "its link went down".to_owned()
}

struct Ingest<'a> {
    agents: &'a Agents,
    link: &'a Arc<Link>,
    zone: TimeZone,
    /// Bytes taken and not yet given back as credit, by channel.
    taken: std::collections::HashMap<u32, u64>,
}

impl<'a> Ingest<'a> {
    fn new(agents: &'a Agents, link: &'a Arc<Link>) -> Self {
        Ingest { agents, link, zone: link.zone(), taken: std::collections::HashMap::new() }
    }

    fn take(&mut self, message: ToHub) {
        match message {
            ToHub::Followed { channel: number, edge } => self.followed(number, edge.as_ref()),
            ToHub::Block { channel: number, block } => {
                let Some(channel) = self.link.channel(number) else { return };
                self.give_back(number, block.weight() as u64);
                let to = crate::block_lines::end_of(&block);
                channel.take(What::Block { block, long: None }, to.as_ref());
            }
            ToHub::Told { channel: number, told } => {
                let Some(channel) = self.link.channel(number) else { return };
                let to = told.goes_on().cloned();
                channel.take(What::Told(told), to.as_ref());
            }
            ToHub::Edge { channel: number, edge, behind } => {
                let Some(channel) = self.link.channel(number) else { return };
                channel.take(What::Edge { behind }, edge.as_ref());
            }
            ToHub::Answer { ask, answer } => self.link.asks().answer(ask, answer),
            ToHub::Hello(again) => self.agents.renew(self.link, again.offers),
            ToHub::Bye { .. } => (),
        }
    }

    fn followed(&self, number: u32, edge: Option<&Place>) {
        let Some(channel) = self.link.channel(number) else { return };
        channel.opened(self.link.hello().session, &self.zone, edge);
    }

    fn give_back(&mut self, number: u32, bytes: u64) {
        let taken = self.taken.entry(number).or_default();
        *taken += bytes;
        if *taken >= CREDIT {
            let bytes = std::mem::take(taken);
            self.link.try_send(&ToAgent::Credit { channel: number, bytes });
        }
    }
}
