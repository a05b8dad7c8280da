//! The hub's end of a pipe to an agent, message by message: what an agent says is looked at without a hub in between.

use std::sync::Arc;

use tailcast_agent::Host;
use tailcast_hub::Pipe;
use tailcast_wire::{Answer, Filter, Follow, PROTOCOL, Question, ToAgent, ToHub, Welcome, decode, encode};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::world::PATIENCE;

/// One who gives orders to an agent.
pub(crate) struct Orders {
    pipe: Pipe,
    asked: u64,
}

impl Orders {
    /// An agent that has been welcomed.
    pub(crate) async fn to(host: &Arc<Host>) -> Self {
        let (pipe, agent) = Pipe::pair();
        let host = Arc::clone(host);
        tokio::spawn(async move {
            tailcast_agent::speak(&host, agent.tx, agent.rx, &CancellationToken::new()).await;
        });
        let mut orders = Orders { pipe, asked: 0 };
        assert!(matches!(orders.heard().await, ToHub::Hello(_)));
        orders.say(&ToAgent::Welcome(Welcome { protocol: PROTOCOL, version: "test".to_owned() })).await;
        orders
    }

    pub(crate) async fn say(&self, message: &ToAgent) {
        self.pipe.tx.send(encode(message)).await.unwrap();
    }

    /// Opens a channel from where the log stands, without a bound on what is under way.
    pub(crate) async fn follow(&self, channel: u32, log: &str) {
        let (log, filter) = (log.to_owned(), Filter::default());
        self.say(&ToAgent::Follow(Follow { channel, log, filter, from: None, credit: u64::MAX })).await;
    }

    /// The next message.
    pub(crate) async fn heard(&mut self) -> ToHub {
        let bytes = timeout(PATIENCE, self.pipe.rx.recv()).await.expect("the agent says nothing").unwrap();
        decode(&bytes).unwrap().unwrap()
    }

    /// The answer to a question; what else is said on the way is dropped.
    pub(crate) async fn ask(&mut self, question: Question) -> Answer {
        self.asked += 1;
        let asked = self.asked;
        self.say(&ToAgent::Ask { ask: asked, question }).await;
        loop {
            match self.heard().await {
                ToHub::Answer { ask, answer } if ask == asked => return answer,
                _ => (),
            }
        }
    }
}
