//! Who looks at the hub in a conversation: one question or one view at a time.

use std::net::SocketAddr;

use serde_json::Value;
use tokio::task::JoinHandle;

use super::script::Step;
use crate::http;
use crate::viewer::Viewer;
use crate::world::texts;

/// What came of a question.
pub(super) struct Got {
    /// The texts of lines, the names of logs, or the words of a refusal.
    pub(super) texts: Vec<String>,
    /// Where to read on towards the beginning.
    pub(super) before: Option<String>,
}

impl Got {
    /// What was said then is said now; a refusal may say more.
    fn says(&self, then: &[String]) {
        if let ([now], [then]) = (&self.texts[..], then)
            && let (Some(now), Some(then)) = (problem(now), problem(then))
        {
            let missing: Vec<_> = then.iter().filter(|(key, value)| now.get(*key) != Some(value)).collect();
            return assert!(missing.is_empty(), "{missing:?} is not said by {now:?}");
        }
        assert_eq!(self.texts, then);
    }
}

/// The fields of a refusal that is written as `STATUS: JSON`.
fn problem(text: &str) -> Option<serde_json::Map<String, Value>> {
    let (_, json) = text.split_once(": ")?;
    serde_json::from_str(json).ok()
}

#[derive(Default)]
pub(super) struct Onlooker {
    asked: Option<JoinHandle<Got>>,
    view: Option<Viewer>,
}

impl Onlooker {
    /// Does what the viewer of the script does, and sees what it saw; a step that is not the viewer's is nothing to it.
    pub(super) async fn take(&mut self, hub: SocketAddr, step: &Step) {
        match step {
            Step::Get(path) => self.asked = Some(tokio::spawn(answer(hub, path.clone()))),
            Step::Got(texts) => self.got().await.says(texts),
            Step::Watch(query) => self.view = Some(Viewer::open(hub, query).await),
            Step::Lines(wanted) => assert_eq!(&self.lines(wanted.len()).await, wanted),
            Step::Told(kind) => drop(self.view().told(kind).await),
            Step::Leave => self.view = None,
            _ => (),
        }
    }

    pub(super) async fn got(&mut self) -> Got {
        self.asked.take().unwrap().await.unwrap()
    }

    pub(super) async fn lines(&mut self, count: usize) -> Vec<String> {
        texts(&self.view().lines(count).await).into_iter().map(str::to_owned).collect()
    }

    fn view(&mut self) -> &mut Viewer {
        self.view.as_mut().unwrap()
    }
}

async fn answer(hub: SocketAddr, path: String) -> Got {
    let answer = http::get(hub, &path, &[]).await;
    let json = serde_json::from_slice::<Value>(&answer.body).unwrap_or_default();
    let texts = |list: &str, text: &str| {
        json[list].as_array().map(|all| all.iter().map(|each| each[text].as_str().unwrap().to_owned()).collect())
    };
    let texts = texts("lines", "text").or_else(|| texts("logs", "log"));
    let texts = texts.unwrap_or_else(|| vec![format!("{}: {}", answer.status, answer.text())]);
    Got { texts, before: json["before"].as_str().map(str::to_owned) }
}
