//! What comes in from an agent, in order, to the channels it belongs to: the only writer of channels.
//!
//! Runs once per link, for the agent inside `serve` and for those that dialled in alike. It never waits for a viewer:
//! publishing into a ring does not block. Credit goes back at once for the same reason; it only bounds what is under way.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use jiff::tz::TimeZone;
use tailcast_wire::{Credential, Hello, PROTOCOL, Place, ToAgent, ToHub, Why, decode};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::agents::Agents;
use crate::away::{self, Away};
use crate::item::What;
use crate::link::{Link, Pipe, Whence};
use crate::pulse::Pulse;

/// How long an agent may take to say hello.
const HELLO: Duration = Duration::from_secs(10);
/// Within this time the agents of a hub that stops come again, in milliseconds.
const RETRY_MS: u64 = 2000;

/// Who is at the other end of a pipe, as far as that is known before it says hello.
pub(crate) struct Caller<'a> {
    pub(crate) whence: Whence,
    /// By what it was let in, where that is known.
    pub(crate) credential: Option<Credential>,
    /// Of the connection under the pipe.
    pub(crate) pulse: Arc<Pulse>,
    /// Whether it may call itself by the name it gave; the error says why not.
    pub(crate) admit: &'a (dyn Fn(&Hello) -> Result<(), String> + Send + Sync),
    /// Completes when it may be linked no longer, and says why.
    pub(crate) over: Pin<Box<dyn Future<Output = &'static str> + Send + Sync + 'a>>,
}

/// Serves one agent until its link ends, and says why it ended.
pub(crate) async fn serve(agents: &Agents, mut pipe: Pipe, mut caller: Caller<'_>, stop: &CancellationToken) -> Away {
    let link = match come_in(agents, &mut pipe, &caller).await {
        Ok(link) => link,
        Err(words) => return words.into(),
    };
    let why = tokio::select! {
        why = read(agents, &link, &mut pipe.rx) => why,
        why = link.closed() => {
            link.try_send(&ToAgent::Refused { words: why.to_string(), lasting: false });
            why
        }
        why = caller.over.as_mut() => {
            link.try_send(&ToAgent::Refused { words: why.to_owned(), lasting: true });
            Away::of(Why::NotAdmitted, why)
        }
        () = stop.cancelled() => away::HUB_STOPPED,
    };
    if stop.is_cancelled() {
        // Spread out, so that the agents of a hub that starts again do not all come at once.
        let retry_ms = 200 + u32::try_from(crate::jitter(RETRY_MS)).unwrap_or_default();
        link.try_send(&ToAgent::Bye { retry_ms });
    }
    link.close(why.clone());
    agents.leave(&link, &why);
    tracing::info!(host = %link.hello().host, %why, "an agent has gone");
    why
}

/// From hello to welcome; the error says why it did not come to that, and the agent has been told.
async fn come_in(agents: &Agents, pipe: &mut Pipe, caller: &Caller<'_>) -> Result<Arc<Link>, String> {
    let hello = hello(pipe, &caller.pulse).await?;
    let refuse = async |words: String| {
        let refused = tailcast_wire::encode(&ToAgent::Refused { words: words.clone(), lasting: true });
        // It may have gone by itself; either way the link ends here.
        pipe.tx.send(refused).await.unwrap_or_default();
        words
    };
    if let Err(words) = is_welcome(&hello, caller) {
        return Err(refuse(words).await);
    }
    let link =
        Arc::new(Link::new(hello, (caller.whence, caller.credential), pipe.tx.clone(), Arc::clone(&caller.pulse)));
    if let Err(words) = agents.arrive(&link).await {
        tracing::warn!(host = %link.hello().host, from = %caller.whence, "an agent was refused: {words}");
        return Err(refuse(words).await);
    }
    tracing::info!(host = %link.hello().host, from = %caller.whence, version = link.hello().version, "an agent has come");
    Ok(link)
}

async fn hello(pipe: &mut Pipe, pulse: &Pulse) -> Result<Hello, String> {
    let hello = match timeout(HELLO, pipe.rx.recv()).await {
        Ok(Some(bytes)) => bytes,
        Ok(None) => return Err("it left before it said who it was".to_owned()),
        Err(_) => return Err("it did not say who it was".to_owned()),
    };
    pulse.received(hello.len());
    match decode::<ToHub>(&hello) {
        Ok(Some(ToHub::Hello(hello))) => Ok(hello),
        Ok(_) => Err("its first word was not hello".to_owned()),
        Err(e) => Err(e.to_string()),
    }
}

fn is_welcome(hello: &Hello, caller: &Caller<'_>) -> Result<(), String> {
    if !(hello.protocol_min..=hello.protocol_max).contains(&PROTOCOL) {
        return Err(format!(
            "the agent ({}) and this hub ({}) speak no common version of the link: update the older one",
            hello.version,
            env!("CARGO_PKG_VERSION")
        ));
    }
    (caller.admit)(hello)
}

async fn read(agents: &Agents, link: &Arc<Link>, rx: &mut tokio::sync::mpsc::Receiver<bytes::Bytes>) -> Away {
    let ingest = Ingest { agents, link, zone: link.zone() };
    while let Some(bytes) = rx.recv().await {
        link.hear(bytes.len());
        match decode::<ToHub>(&bytes) {
            Ok(Some(ToHub::Bye { words })) => return Away::stopped(words),
            Ok(Some(message)) => ingest.take(message),
            Ok(None) => tracing::debug!(host = %link.hello().host, "a message that only a newer hub knows"),
            Err(e) => return e.to_string().into(),
        }
    }
    away::LINK_DOWN
}

struct Ingest<'a> {
    agents: &'a Agents,
    link: &'a Arc<Link>,
    zone: TimeZone,
}

impl Ingest<'_> {
    fn take(&self, message: ToHub) {
        match message {
            ToHub::Followed { channel: number, edge } => self.followed(number, edge.as_ref()),
            ToHub::Block { channel: number, block } => {
                let Some(writer) = self.link.writer_taking(number, block.weight() as u64) else { return };
                let to = crate::block_lines::end_of(&block);
                writer.take(What::Block { block, long: None }, to.as_ref());
            }
            ToHub::Told { channel: number, told } => {
                let Some(writer) = self.link.writer(number) else { return };
                let to = told.goes_on().cloned();
                writer.take(What::Told(told), to.as_ref());
            }
            ToHub::Edge { channel: number, edge, behind } => {
                let Some(writer) = self.link.writer(number) else { return };
                writer.take(What::Edge { behind }, edge.as_ref());
            }
            ToHub::Answer { ask, answer } => self.link.asks().answer(ask, answer),
            ToHub::Hello(again) => self.agents.renew(self.link, again.offers),
            ToHub::Bye { .. } => (),
        }
    }

    fn followed(&self, number: u32, edge: Option<&Place>) {
        let Some(writer) = self.link.writer(number) else { return };
        writer.opened(self.link.hello().session, &self.zone, edge);
    }
}
