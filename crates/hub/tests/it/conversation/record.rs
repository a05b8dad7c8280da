//! A real conversation of the agent and the hub of this release, written down as it is held.

use std::fmt::Write as _;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use tailcast_hub::Pipe;
use tailcast_wire::{ToAgent, ToHub, decode};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::place::{Place, log};
use super::script::Step;
use super::viewer::{Got, Onlooker};
use crate::world::{HOST, PATIENCE, Served};

/// What was done and said so far.
#[derive(Clone, Default)]
struct Record(Arc<Mutex<Vec<Step>>>);

impl Record {
    fn note(&self, step: Step) {
        self.0.lock().unwrap().push(step);
    }

    /// Waits for a message that nobody shows.
    async fn until(&self, what: &str, is_it: impl Fn(&Step) -> bool) {
        let said = async {
            while !self.0.lock().unwrap().iter().any(&is_it) {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(PATIENCE, said).await.unwrap_or_else(|_| panic!("never: {what}"));
    }
}

/// Hands messages on, and writes them down first.
async fn carry(mut from: mpsc::Receiver<Bytes>, to: mpsc::Sender<Bytes>, record: Record, step: fn(Vec<u8>) -> Step) {
    while let Some(message) = from.recv().await {
        record.note(step(message.to_vec()));
        if to.send(message).await.is_err() {
            return;
        }
    }
}

/// Everything that a conversation needs.
struct Scene {
    place: Place,
    served: Served,
    onlooker: Onlooker,
    record: Record,
}

impl Scene {
    fn append(&self, name: &str, text: &str) {
        self.record.note(Step::Append(name.to_owned(), text.to_owned()));
        self.place.append(name, text);
    }

    fn rename(&self, from: &str, to: &str) {
        self.record.note(Step::Rename(from.to_owned(), to.to_owned()));
        self.place.rename(from, to);
    }

    fn truncate(&self, name: &str) {
        self.record.note(Step::Truncate(name.to_owned()));
        self.place.truncate(name);
    }

    async fn take(&mut self, step: Step) {
        self.record.note(step.clone());
        self.onlooker.take(self.served.address, &step).await;
    }

    async fn get(&mut self, path: &str) -> Got {
        self.take(Step::Get(format!("/api/v1/{path}"))).await;
        let got = self.onlooker.got().await;
        self.record.note(Step::Got(got.texts.clone()));
        got
    }

    /// A page of a log; where the one before it ends.
    async fn page(&mut self, query: &str, texts: &[&str]) -> Option<String> {
        let got = self.get(&format!("lines?log={}&{query}", log("a.log"))).await;
        assert_eq!(got.texts, texts, "{query}");
        got.before
    }

    async fn watch(&mut self, query: &str) {
        self.take(Step::Watch(format!("log={}&{query}", log("a.log")))).await;
    }

    async fn sees(&mut self, texts: &[&str]) {
        let texts: Vec<String> = texts.iter().map(|text| (*text).to_owned()).collect();
        assert_eq!(self.onlooker.lines(texts.len()).await, texts);
        self.record.note(Step::Lines(texts));
    }

    /// Behind the message that made it so, unlike a step of the viewer alone.
    async fn is_told(&mut self, kind: &str) {
        let step = Step::Told(kind.to_owned());
        self.onlooker.take(self.served.address, &step).await;
        self.record.note(step);
    }

    /// Goes, and waits until the agent need not follow any more.
    async fn leave(&mut self) {
        self.record.0.lock().unwrap().push(Step::Leave);
        self.onlooker.take(self.served.address, &Step::Leave).await;
        let left = self.record.0.lock().unwrap().len();
        let record = self.record.clone();
        let unfollowed = move |record: &Record| {
            record.0.lock().unwrap()[left..].iter().any(|step| {
                matches!(step, Step::ToAgent(said) if matches!(decode(said), Ok(Some(ToAgent::Unfollow { .. }))))
            })
        };
        while !unfollowed(&record) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

/// What is done in it: the questions and tidings that a small machine can bring about in a few seconds.
async fn play(scene: &mut Scene) {
    scene.append("a.log", "line 0\nline 1 ERROR\nline 2\nline 3\n");
    scene.append("b.log", "another\n");
    read_pages(scene).await;
    follow_all(scene).await;
    follow_some(scene).await;
    // Across the rotation; what was cut away is gone.
    scene.page("last=4", &["half a line 5", "7", "line 8", "line 9 ERROR"]).await;
}

async fn read_pages(scene: &mut Scene) {
    assert_eq!(scene.get("logs").await.texts.len(), 2);
    let before = scene.page("last=2", &["line 2", "line 3"]).await.unwrap();
    scene.page(&format!("limit=1&before={before}"), &["line 1 ERROR"]).await;
    scene.page(&format!("limit=9&after={before}"), &["line 2", "line 3"]).await;
    scene.page("limit=2&offset=7", &["line 1 ERROR", "line 2"]).await;
    scene.page("last=4&grep=ERROR", &["line 1 ERROR"]).await;
    let refused = scene.get(&format!("lines?log={HOST}:/not-offered.log")).await;
    assert!(refused.texts[0].starts_with("404"), "{:?}", refused.texts);
}

async fn follow_all(scene: &mut Scene) {
    scene.watch("last=2").await;
    scene.sees(&["line 2", "line 3"]).await;
    scene.append("a.log", "line 4\nhalf a ");
    scene.sees(&["line 4"]).await;
    scene.append("a.log", "line 5\n");
    scene.sees(&["half a line 5"]).await;
    scene.rename("a.log", "a.log.1");
    scene.append("a.log", "line 6\n");
    scene.sees(&["line 6"]).await;
    scene.is_told("rotated").await;
    scene.truncate("a.log");
    scene.is_told("truncated").await;
    scene.append("a.log", "7\n");
    scene.sees(&["7"]).await;
    scene.leave().await;
}

async fn follow_some(scene: &mut Scene) {
    scene.watch("last=1&grep=ERROR").await;
    scene.sees(&["line 1 ERROR"]).await;
    scene.append("a.log", "line 8\nline 9 ERROR\n");
    scene.sees(&["line 9 ERROR"]).await;
    scene.leave().await;
}

/// The script of a conversation that is held now.
pub(super) async fn record() -> String {
    let place = Place::take();
    let state = tempfile::tempdir().unwrap();
    let served = Served::start(state.path(), 0).await;
    let (host, record) = (place.host(), Record::default());
    let (hub_end, near_hub) = Pipe::pair();
    let (near_agent, agent_end) = Pipe::pair();
    tokio::spawn(Arc::clone(&served.hub).attach(hub_end));
    tokio::spawn(carry(near_hub.rx, near_agent.tx, record.clone(), Step::ToAgent));
    tokio::spawn(carry(near_agent.rx, near_hub.tx, record.clone(), Step::ToHub));
    let stop = CancellationToken::new();
    let stopped = stop.clone();
    let speaking =
        tokio::spawn(async move { tailcast_agent::speak(&host, agent_end.tx, agent_end.rx, &stopped).await });
    let is_welcome = |step: &Step| matches!(step, Step::ToAgent(_));
    record.until("the agent is welcome", is_welcome).await;
    let mut scene = Scene { place, served, onlooker: Onlooker::default(), record: record.clone() };
    play(&mut scene).await;
    stop.cancel();
    speaking.await.unwrap();
    let is_goodbye =
        |step: &Step| matches!(step, Step::ToHub(said) if matches!(decode(said), Ok(Some(ToHub::Bye { .. }))));
    record.until("the agent has said goodbye", is_goodbye).await;
    scene.served.stop().await;
    let steps = record.0.lock().unwrap().clone();
    let head = format!("# Held by the agent and the hub of {}. See README.md beside it.\n", env!("CARGO_PKG_VERSION"));
    steps.iter().fold(head, |mut script, step| {
        writeln!(script, "{step}").unwrap();
        script
    })
}
