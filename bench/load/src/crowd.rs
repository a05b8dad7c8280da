//! Many viewers of one door: let in, watched, sent home, and added up.

use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::viewer::{Door, Knock, Tally, Viewer};

/// How many knock at the same moment when it is not the knocking that is measured.
const AT_ONCE: usize = 50;

/// Viewers that are inside and reading.
#[derive(Debug)]
pub(crate) struct Crowd {
    watching: JoinSet<Tally>,
    stop: watch::Sender<bool>,
}

impl Default for Crowd {
    fn default() -> Self {
        Self { watching: JoinSet::new(), stop: watch::channel(false).0 }
    }
}

impl Crowd {
    /// Lets in `count` viewers, a few at a time. One that is not let in is an error.
    pub(crate) async fn enter(door: &Door, count: usize) -> Result<Self> {
        let mut crowd = Self::default();
        while crowd.len() < count {
            let mut knocking = JoinSet::new();
            for _ in 0..AT_ONCE.min(count - crowd.len()) {
                let door = door.clone();
                knocking.spawn(async move { door.knock().await });
            }
            while let Some(knocked) = knocking.join_next().await {
                let number = crowd.len() + 1;
                match knocked?.with_context(|| format!("viewer {number}"))? {
                    Knock::In(viewer) => crowd.add(viewer),
                    Knock::Refused { status, .. } => bail!("viewer {number} was refused with {status}"),
                    Knock::Silence => bail!("viewer {number} got no answer"),
                }
            }
        }
        Ok(crowd)
    }

    /// Adds one that is inside already.
    pub(crate) fn add(&mut self, viewer: Viewer) {
        self.watching.spawn(viewer.watch(self.stop.subscribe()));
    }

    /// How many there are, those that the server has sent home included.
    pub(crate) fn len(&self) -> usize {
        self.watching.len()
    }

    /// Sends all home and adds up what they saw.
    pub(crate) async fn leave(mut self) -> Result<Tally> {
        self.stop.send_replace(true);
        let mut sum = Tally::default();
        while let Some(tally) = self.watching.join_next().await {
            sum.join(tally?);
        }
        Ok(sum)
    }
}

/// Time for what is under way to arrive, and for a server to settle after many have come.
pub(crate) async fn settle(time: Duration) {
    tokio::time::sleep(time).await;
}
