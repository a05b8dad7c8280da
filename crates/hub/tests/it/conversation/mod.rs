//! Agent and hub of different releases: what was really said once, by each release, is replayed to the present hub and to
//! the present agent, as it was and as a newer peer would say it. See `crates/wire/conversations/README.md`.

mod newer;
mod place;
mod record;
mod script;
mod viewer;
mod with_agent;
mod with_hub;

use std::fs;
use std::path::PathBuf;

use tailcast_wire::{Answer, Failure, ToHub};

use self::newer::Peer;
use self::script::Step;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../wire/conversations");

fn of_this_release() -> PathBuf {
    PathBuf::from(FOLDER).join(concat!(env!("CARGO_PKG_VERSION"), ".txt"))
}

/// Each recorded conversation, with the release that held it.
fn recorded() -> Vec<(String, Vec<Step>)> {
    let files = fs::read_dir(FOLDER).unwrap().map(|entry| entry.unwrap().path());
    let scripts = files.filter(|path| path.extension().is_some_and(|extension| extension == "txt"));
    scripts.map(|path| (path.display().to_string(), script::read(&fs::read_to_string(path).unwrap()))).collect()
}

#[test]
fn a_conversation_of_this_release_is_kept() {
    let kept = of_this_release();
    assert!(kept.exists(), "{} is not there: its README says how to record it", kept.display());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_hub_understands_the_agents_of_every_release_and_newer_ones() {
    for (release, steps) in recorded() {
        println!("{release}");
        let replays = Peer::ALL.map(|peer| tokio::spawn(with_hub::replay(steps.clone(), peer)));
        for replay in replays {
            replay.await.unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_agent_understands_the_hubs_of_every_release_and_newer_ones() {
    for (release, steps) in recorded() {
        for peer in Peer::ALL {
            println!("{release}: {peer:?}");
            with_agent::replay(&steps, peer).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_question_of_a_newer_hub_is_refused_at_once_in_words() {
    match with_agent::is_asked_something_unknown().await {
        ToHub::Answer { ask: 7, answer: Answer::Refused(refusal) } => {
            assert_eq!(refusal.failure, Some(Failure::Unknown));
            assert!(refusal.words.contains("older than the hub"), "{}", refusal.words);
        }
        said => panic!("{said:?}"),
    }
}

/// Not a test: it holds and writes down the conversation of this release.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "it is run once for each release, as the README beside the conversations says"]
async fn record_the_conversation_of_this_release() {
    fs::write(of_this_release(), record::record().await).unwrap();
}
