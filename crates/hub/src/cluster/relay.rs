//! The stand-in for an agent that is linked to another hub. It speaks the link from the agent's side, so that for all of this
//! hub such a host is like any other: what is followed comes over the broker (`relayed`), what is asked goes to the other hub
//! by HTTP (`peer`).
//!
//! ```text
//! broker ⇒ relayed (one for each channel) ─▶ pipe ⇒ ingest → channel → view
//! other hub ⇐ peer ⇐─ relay ◀─ pipe ⇐ ask, follow
//! ```
//!
//! It ends with its link: the directory begins another one where the host has moved.

use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;
use tailcast_wire::{
    Answer, Failure, Follow, Hello, HostName, HubId, PROTOCOL, PeerAnswer, PeerAsk, Question, Refusal, Resident,
    ToAgent, ToHub, decode, encode,
};
use tokio::sync::mpsc;
use tokio::task::{AbortHandle, JoinSet};

use super::Cluster;
use super::relayed::Relayed;
use crate::channel::Key;
use crate::link::Pipe;

/// Stands in for one agent.
pub(super) struct Relay {
    pub(super) cluster: Arc<Cluster>,
    /// The hub that has its link.
    pub(super) at: HubId,
    pub(super) peer_url: Arc<str>,
    pub(super) host: HostName,
    pub(super) session: u64,
}

/// What is under way for the hub, each ended when it is no longer wanted or the relay ends.
#[derive(Default)]
struct Work {
    tasks: JoinSet<()>,
    channels: HashMap<u32, AbortHandle>,
    asks: HashMap<u64, AbortHandle>,
}

/// How the agent introduced itself to the other hub.
pub(super) fn hello(resident: &Resident) -> Hello {
    Hello {
        protocol_min: PROTOCOL,
        protocol_max: PROTOCOL,
        version: resident.version.clone(),
        host: resident.host.clone(),
        session: resident.session,
        offers: resident.offers.clone(),
        labels: resident.labels.clone(),
        zone: resident.zone.clone(),
    }
}

impl Relay {
    /// Speaks until the link ends. `pipe`: the agent's end of it.
    pub(super) async fn speak(self, hello: Hello, mut pipe: Pipe) {
        if pipe.tx.send(encode(&ToHub::Hello(hello))).await.is_err() {
            return;
        }
        let relay = Arc::new(self);
        let mut work = Work::default();
        loop {
            let message = tokio::select! {
                message = pipe.rx.recv() => message,
                Some(_) = work.tasks.join_next() => {
                    work.forget_what_is_done();
                    continue;
                }
            };
            match message.as_deref().map(decode::<ToAgent>) {
                Some(Ok(Some(message))) => relay.take(message, &pipe.tx, &mut work),
                Some(Ok(None)) => (),
                Some(Err(error)) => {
                    return tracing::error!(host = %relay.host, "this hub said what is no message: {error}");
                }
                None => return,
            }
        }
    }

    fn take(self: &Arc<Self>, message: ToAgent, to_hub: &mpsc::Sender<Bytes>, work: &mut Work) {
        match message {
            ToAgent::Follow(Follow { channel, log, filter, from, .. }) => {
                let Ok(log) = tailcast_wire::LogName::new(self.host.clone(), log) else { return };
                let relayed = Relayed::new(Arc::clone(self), (channel, Key { log, filter }), from, to_hub.clone());
                work.channels.insert(channel, work.tasks.spawn(relayed.run()));
            }
            ToAgent::Unfollow { channel } => work.channels.remove(&channel).iter().for_each(AbortHandle::abort),
            ToAgent::Ask { ask, question } => {
                let asking = Arc::clone(self).ask(ask, question, to_hub.clone());
                work.asks.insert(ask, work.tasks.spawn(asking));
            }
            ToAgent::Cancel { ask } => work.asks.remove(&ask).iter().for_each(AbortHandle::abort),
            // The broker bounds what is under way, and the pipe what has come.
            ToAgent::Credit { .. } | ToAgent::Welcome(_) => (),
            ToAgent::Refused { words, lasting: true } => {
                tracing::warn!(host = %self.host, hub = %self.at, "a host of another hub is not taken over: {words}");
            }
            // This hub ends the link, and has told why.
            ToAgent::Refused { .. } | ToAgent::Bye { .. } | ToAgent::Notice { .. } => (),
        }
    }

    async fn ask(self: Arc<Self>, ask: u64, question: Question, to_hub: mpsc::Sender<Bytes>) {
        let asked = PeerAsk { host: self.host.clone(), question };
        let answer = match self.cluster.peers.ask(&self.peer_url, self.at, &asked).await {
            Ok(PeerAnswer::Answered { session, answer }) if session == self.session => *answer,
            Ok(PeerAnswer::Answered { .. }) => {
                refused(Failure::Busy, "the agent was started anew; its link is being moved")
            }
            Ok(PeerAnswer::Away(absence)) => refused(Failure::Busy, absence.words),
            Ok(PeerAnswer::Late) => refused(Failure::Busy, "the agent did not answer the hub it is linked to in time"),
            Err(words) => refused(Failure::Failed, words),
        };
        // The link may have ended meanwhile.
        drop(to_hub.send(encode(&ToHub::Answer { ask, answer })).await);
    }
}

impl Work {
    fn forget_what_is_done(&mut self) {
        self.channels.retain(|_, task| !task.is_finished());
        self.asks.retain(|_, task| !task.is_finished());
    }
}

fn refused(failure: Failure, words: impl Into<String>) -> Answer {
    Answer::Refused(Refusal::of(failure, words))
}
