//! A recorded hub speaks to the present agent, over the same files: what is answered and told is what was told then.

use std::collections::HashMap;

use tailcast_agent::End;
use tailcast_hub::Pipe;
use tailcast_wire::{Answer, Block, Body, Failure, PROTOCOL, Part, Tiding, ToAgent, ToHub, Welcome, decode, encode};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::newer::{Peer, unknown_question};
use super::place::Place;
use super::script::Step;
use crate::world::{HOST, PATIENCE, host};

/// What an answer says of the files; the rest of it (positions, lives, work done) may be said in another way.
#[derive(Debug, PartialEq, Eq)]
enum Gist {
    Logs(Vec<String>),
    Lines { bytes: Vec<u8>, end: bool },
    Bytes(Vec<u8>),
    Refused(Option<Failure>),
    Inspected,
}

impl Gist {
    fn of(answer: &Answer) -> Self {
        match answer {
            Answer::Logs { logs, .. } => Gist::Logs(logs.iter().map(|log| log.name.clone()).collect()),
            Answer::Page(page) => {
                let blocks = page.parts.iter().filter_map(|part| match part {
                    Part::Block(block) => Some(block),
                    Part::Told(_) => None,
                });
                Gist::Lines { bytes: blocks.flat_map(bytes_of).collect(), end: page.end }
            }
            Answer::Raw { bytes, .. } => Gist::Bytes(bytes.to_vec()),
            Answer::Refused(refusal) => Gist::Refused(refusal.failure),
            Answer::Inspected(_) => Gist::Inspected,
        }
    }
}

fn bytes_of(block: &Block) -> Vec<u8> {
    match &block.body {
        Body::Raw(bytes) => bytes.to_vec(),
        Body::Picked { lines, .. } => lines.iter().flat_map(|line| [&line.bytes[..], b"\n"].concat()).collect(),
    }
}

/// What one side has said of the files, blocks joined: they may be cut elsewhere.
#[derive(Debug, Default)]
struct Said {
    answers: HashMap<u64, Gist>,
    followed: Vec<u32>,
    bytes: HashMap<u32, Vec<u8>>,
    told: HashMap<u32, Vec<Tiding>>,
}

impl Said {
    fn take(&mut self, message: &ToHub) {
        match message {
            ToHub::Answer { ask, answer } => drop(self.answers.insert(*ask, Gist::of(answer))),
            ToHub::Followed { channel, .. } => self.followed.push(*channel),
            ToHub::Block { channel, block } => self.bytes.entry(*channel).or_default().extend(bytes_of(block)),
            ToHub::Told { channel, told } => self.told.entry(*channel).or_default().extend(told.tiding),
            ToHub::Hello(_) | ToHub::Edge { .. } | ToHub::Bye { .. } => (),
        }
    }

    /// Whether it says all that `other` says, and nothing else of that.
    fn covers(&self, other: &Said) -> bool {
        let answers = other.answers.iter().all(|(ask, gist)| self.answers.get(ask) == Some(gist));
        let followed = other.followed.iter().all(|channel| self.followed.contains(channel));
        let bytes =
            other.bytes.iter().all(|(channel, bytes)| self.bytes.get(channel).is_some_and(|b| b.starts_with(bytes)));
        let told = other.told.iter().all(|(channel, told)| self.told.get(channel).is_some_and(|t| t.starts_with(told)));
        answers && followed && bytes && told
    }
}

pub(super) async fn replay(steps: &[Step], peer: Peer) {
    let place = Place::take();
    let (mut hub_end, agent_end) = Pipe::pair();
    let (host, stop) = (place.host(), CancellationToken::new());
    let stopped = stop.clone();
    let speaking =
        tokio::spawn(async move { tailcast_agent::speak(&host, agent_end.tx, agent_end.rx, &stopped).await });
    let (mut then, mut now) = (Said::default(), Said::default());
    for step in steps {
        match step {
            Step::Append(name, text) => place.append(name, text),
            Step::Rename(from, to) => place.rename(from, to),
            Step::Truncate(name) => place.truncate(name),
            Step::ToAgent(said) => {
                for message in peer.says::<ToAgent>(said, false) {
                    hub_end.tx.send(message.into()).await.unwrap();
                }
            }
            Step::ToHub(said) => {
                then.take(&decode(said).unwrap().expect("what was said then is known now"));
                while !now.covers(&then) {
                    let message = timeout(PATIENCE, hub_end.rx.recv()).await;
                    let message = message.unwrap_or_else(|_| panic!("{peer:?}: then {then:#?}\nnow {now:#?}"));
                    now.take(&decode(&message.expect("the agent ended the link")).unwrap().unwrap());
                }
            }
            // The viewer was at the hub of that time.
            _ => (),
        }
    }
    stop.cancel();
    assert_eq!(speaking.await.unwrap(), End::Stopped);
    assert_eq!((now.bytes, now.answers), (then.bytes, then.answers), "{peer:?}: more than was said then");
}

/// A newer hub asks something that this agent has never heard of.
pub(super) async fn is_asked_something_unknown() -> ToHub {
    let offered = tempfile::tempdir().unwrap();
    let (mut hub_end, agent_end) = Pipe::pair();
    let (host, stop) = (host(HOST, &[offered.path().to_str().unwrap()], &[]), CancellationToken::new());
    tokio::spawn(async move { tailcast_agent::speak(&host, agent_end.tx, agent_end.rx, &stop).await });
    let welcome = ToAgent::Welcome(Welcome { protocol: PROTOCOL, version: "newer".to_owned() });
    for message in [encode(&welcome), unknown_question(7).into()] {
        hub_end.tx.send(message).await.unwrap();
    }
    loop {
        let message = timeout(PATIENCE, hub_end.rx.recv()).await.unwrap().unwrap();
        match decode(&message).unwrap().unwrap() {
            ToHub::Hello(_) => (),
            said => return said,
        }
    }
}
