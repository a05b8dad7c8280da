//! What the tests of the whole program stand on: real `tailcast` processes, real files, real sockets.
//!
//! A [`Site`] is a directory of logs and a state directory. [`Hub`] and [`Program`] are processes on it that end with the
//! test, by their pid. [`Viewer`] looks at a log as a browser, a program or curl does. Whatever is waited for has one
//! generous deadline, [`within`]: a busy machine makes a test slow, not red; and whoever waited in vain says for what, and what
//! the processes and viewers of the test have said and seen.

mod client;
mod full;
mod hub;
mod log;
mod persistent;
mod process;
mod site;
mod viewer;

use std::future::Future;
use std::time::Duration;

pub(crate) use client::{Answer, get, length, send};
pub(crate) use full::{
    Client, FullHouse, ask, descriptors, descriptors_command, page, read_until, sorted, until_served, upgrade,
};
pub(crate) use hub::Hub;
pub(crate) use log::LogFile;
pub(crate) use persistent::watch_for_ever;
pub(crate) use process::Program;
pub(crate) use site::{Site, binary};
pub(crate) use viewer::{Event, Form, Viewer};

/// How long anything may take. Half of what the runner gives a test (`.config/nextest.toml`), so that a wait that is in vain
/// is named before the test is ended from outside, which tells nothing.
const PATIENCE: Duration = Duration::from_secs(30);

/// The outcome of `work`, named `what` should it never come.
pub(crate) async fn within<T>(what: &str, work: impl Future<Output = T>) -> T {
    match tokio::time::timeout(PATIENCE, work).await {
        Ok(outcome) => outcome,
        Err(_) => panic!("{what}: nothing after {} s", PATIENCE.as_secs()),
    }
}

/// Looks again and again until `seen` finds something: for what sends no event, as /proc and files of other processes.
pub(crate) async fn until<T>(what: &str, mut seen: impl FnMut() -> Option<T>) -> T {
    let looking = async {
        loop {
            if let Some(found) = seen() {
                return found;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    within(what, looking).await
}

/// Whether the tests run as root, who alone can be somebody else as well.
pub(crate) fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}
