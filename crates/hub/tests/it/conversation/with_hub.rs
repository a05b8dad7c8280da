//! A recorded agent speaks to the present hub: whoever looks at that hub sees what was seen then.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use tailcast_hub::Pipe;
use tailcast_wire::{ToAgent, ToHub, decode};
use tokio::time::timeout;

use super::newer::{Peer, renumbered};
use super::script::Step;
use super::viewer::Onlooker;
use crate::world::{PATIENCE, Served};

/// The agent of another time. The hub may give its questions and channels other numbers than the one of that time did.
struct Recorded {
    pipe: Pipe,
    peer: Peer,
    is_first: bool,
    /// What the hub has said and the script has not come to yet.
    questions: VecDeque<u64>,
    channels: VecDeque<u32>,
    closed: usize,
    is_welcome: bool,
    /// Numbers of that time → of now.
    asked: HashMap<u64, u64>,
    followed: HashMap<u32, u32>,
}

impl Recorded {
    fn new(pipe: Pipe, peer: Peer) -> Self {
        let (questions, channels) = (VecDeque::new(), VecDeque::new());
        let (asked, followed) = (HashMap::new(), HashMap::new());
        Self { pipe, peer, is_first: true, questions, channels, closed: 0, is_welcome: false, asked, followed }
    }

    async fn say(&mut self, recorded: &[u8]) {
        let said = decode::<ToHub>(recorded).unwrap().expect("what was said then is known now");
        let number = match said {
            ToHub::Hello(_) | ToHub::Bye { .. } => None,
            ToHub::Answer { ask, .. } => Some(self.asked[&ask]),
            ToHub::Followed { channel, .. }
            | ToHub::Block { channel, .. }
            | ToHub::Told { channel, .. }
            | ToHub::Edge { channel, .. } => Some(self.followed[&channel].into()),
        };
        let message = number.map_or_else(|| recorded.to_vec(), |number| renumbered(recorded, number));
        for message in self.peer.says::<ToHub>(&message, self.is_first) {
            self.pipe.tx.send(message.into()).await.unwrap();
        }
        self.is_first = false;
    }

    /// Waits until the hub says what the one of that time said here.
    async fn hear(&mut self, recorded: &[u8]) {
        match decode::<ToAgent>(recorded).unwrap().expect("what was said then is known now") {
            ToAgent::Welcome(_) => {
                while !self.is_welcome {
                    self.listen().await;
                }
            }
            ToAgent::Ask { ask, .. } => {
                while self.questions.is_empty() {
                    self.listen().await;
                }
                self.asked.insert(ask, self.questions.pop_front().unwrap());
            }
            ToAgent::Follow(follow) => {
                while self.channels.is_empty() {
                    self.listen().await;
                }
                self.followed.insert(follow.channel, self.channels.pop_front().unwrap());
            }
            ToAgent::Unfollow { .. } => {
                while self.closed == 0 {
                    self.listen().await;
                }
                self.closed -= 1;
            }
            // How much credit it gives, and what it takes back, is its own business.
            ToAgent::Credit { .. } | ToAgent::Cancel { .. } | ToAgent::Refused { .. } | ToAgent::Bye { .. } => (),
            ToAgent::Notice { .. } => (),
        }
    }

    async fn listen(&mut self) {
        let message =
            timeout(PATIENCE, self.pipe.rx.recv()).await.expect("the hub says nothing").expect("the link ended");
        match decode(&message).unwrap().unwrap() {
            ToAgent::Welcome(_) => self.is_welcome = true,
            ToAgent::Ask { ask, .. } => self.questions.push_back(ask),
            ToAgent::Follow(follow) => self.channels.push_back(follow.channel),
            ToAgent::Unfollow { .. } => self.closed += 1,
            ToAgent::Credit { .. } | ToAgent::Cancel { .. } | ToAgent::Notice { .. } => (),
            other @ (ToAgent::Refused { .. } | ToAgent::Bye { .. }) => panic!("{other:?}"),
        }
    }
}

pub(super) async fn replay(steps: Vec<Step>, peer: Peer) {
    let state = tempfile::tempdir().unwrap();
    let served = Served::start(state.path(), 0).await;
    let (hub_end, agent_end) = Pipe::pair();
    let attached = tokio::spawn(Arc::clone(&served.hub).attach(hub_end));
    let (mut agent, mut onlooker) = (Recorded::new(agent_end, peer), Onlooker::default());
    for step in &steps {
        match step {
            Step::ToHub(said) => agent.say(said).await,
            Step::ToAgent(said) => agent.hear(said).await,
            step => onlooker.take(served.address, step).await,
        }
    }
    // It has heard the goodbye behind all of it.
    timeout(PATIENCE, attached).await.unwrap().unwrap();
    served.stop().await;
}
