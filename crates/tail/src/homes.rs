//! Where the path of a log leads, and where it led: the places beside which its rotated siblings stand.
//!
//! A path that is a link may be turned, also while its follower still reads what it led to before, and more than once.
//! A page that is read meanwhile opens what it leads to now; that must not take from the follower the files that it is to
//! read first. So the places that the follower saw are kept until it has come to where the path leads.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::open::trail;

/// How many places are kept that the follower has not come to: a link that is turned more often in 2 s leads nowhere long.
const MOST_LED: usize = 4;

/// The homes of one log.
#[derive(Debug)]
pub(crate) struct Homes(Mutex<Known>);

#[derive(Debug)]
struct Known {
    /// Where the path really led when it was last opened.
    opened: PathBuf,
    /// Where the follower saw it lead, newest first; the last is where it reads.
    led: Vec<PathBuf>,
}

impl Homes {
    /// The path itself, as long as nothing else is known.
    pub(crate) fn of(path: PathBuf) -> Self {
        Self(Mutex::new(Known { opened: path, led: Vec::new() }))
    }

    /// Newest first: where the path leads now, although perhaps nothing is there, then where it led before.
    pub(crate) fn of_path(&self, path: &Path) -> Vec<PathBuf> {
        let known = self.known();
        let opened = Some(&known.opened).filter(|opened| !known.led.contains(opened)).cloned();
        let mut homes: Vec<PathBuf> = Vec::new();
        for home in lead(path).into_iter().chain(opened).chain(known.led.iter().cloned()) {
            if !homes.contains(&home) {
                homes.push(home);
            }
        }
        homes
    }

    /// The path was opened and really led to `real`.
    pub(crate) fn opened(&self, real: &Path) {
        let mut known = self.known();
        if known.opened != real {
            real.clone_into(&mut known.opened);
        }
    }

    /// A sibling was opened before anything stood where the link leads: that is the home until the log itself is opened.
    pub(crate) fn settle(&self, path: &Path) {
        let mut known = self.known();
        if known.opened == path
            && let Some(lead) = lead(path)
        {
            known.opened = lead;
        }
    }

    /// The follower reads what the path leads to, which is `real`.
    pub(crate) fn arrived(&self, real: PathBuf) {
        self.known().led = vec![real];
    }

    /// The follower reads something else than what the path leads to.
    pub(crate) fn apart(&self, path: &Path) {
        let mut known = self.known();
        if known.led.is_empty() {
            let opened = known.opened.clone();
            known.led.push(opened);
        }
        let Some(lead) = lead(path).filter(|lead| known.led.first() != Some(lead)) else { return };
        known.led.retain(|led| *led != lead);
        known.led.insert(0, lead);
        if known.led.len() > MOST_LED {
            // The one that it reads in stays.
            known.led.remove(MOST_LED - 1);
        }
    }

    /// Nobody follows it any more: what it led to before is for nobody to read first.
    pub(crate) fn left(&self) {
        self.known().led.clear();
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        // Each change is whole: a panic while it was held leaves nothing half done.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Where the path leads, if it is a link; perhaps nothing is there.
fn lead(path: &Path) -> Option<PathBuf> {
    trail(path).into_iter().skip(1).next_back()
}
