//! Sessions that were logged out before their time, in memory and in `sessions.ended` of the state directory: a cookie that
//! somebody has stolen must not work again because the hub was started anew.
//!
//! Bound: 4,096. Policy: when there are more, all sessions that end no later than the oldest of them are over; somebody logs
//! in again, nobody who logged out is let back in. The same goes for a file that is not understood: then all that have begun
//! are over. A session whose time is over is forgotten.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};

use super::super::{private_file, secret};
use super::{LIFETIME, Session};

/// Ended sessions that are remembered.
const MOST: usize = 4096;

/// All of them.
pub(super) struct Ended {
    path: PathBuf,
    known: Mutex<Known>,
    /// Held while the file is written, so that the newest state is the one that stays.
    writing: Mutex<()>,
}

#[derive(Default)]
struct Known {
    sessions: BTreeSet<Session>,
    /// Every session with an end up to here is over.
    all_until: u64,
}

/// As it stands in the file.
#[derive(Serialize, Deserialize)]
struct Written {
    all_until: u64,
    sessions: Vec<(u64, String)>,
}

impl Ended {
    pub(super) fn read(path: PathBuf, now: u64) -> Self {
        let known = match private_file::read(&path) {
            Ok(None) => Ok(Known::default()),
            Ok(Some(bytes)) => understand(&bytes),
            Err(error) => Err(error.to_string()),
        };
        let known = known.unwrap_or_else(|reason| {
            let file = path.display();
            tracing::error!(%file, reason, "not readable, so every session is over and everybody has to log in again");
            // One that begins in this second ends behind it.
            Known { all_until: now + LIFETIME - 1, ..Known::default() }
        });
        Self { path, known: Mutex::new(known), writing: Mutex::default() }
    }

    pub(super) fn contains(&self, session: Session) -> bool {
        let known = self.known();
        session.until <= known.all_until || known.sessions.contains(&session)
    }

    /// One more. Waits for the disk; what cannot be written holds until the hub is started anew.
    pub(super) fn add(&self, session: Session, now: u64) {
        self.known().add(session, now);
        self.write();
    }

    /// All that end no later than that. Waits for the disk, as [`add`](Self::add) does.
    pub(super) fn add_all(&self, until: u64) {
        let mut known = self.known();
        known.all_until = known.all_until.max(until);
        let later = Session { until: known.all_until + 1, id: [0; 16] };
        known.sessions = known.sessions.split_off(&later);
        drop(known);
        self.write();
    }

    /// Up to which end all are over.
    pub(super) fn all_until(&self) -> u64 {
        self.known().all_until
    }

    fn write(&self) {
        let _alone = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let written = serde_json::to_vec(&self.known().written()).map_err(Into::into);
        if let Err(error) = written.and_then(|bytes| private_file::replace(&self.path, &bytes)) {
            let file = self.path.display();
            tracing::error!(%file, %error, "a session that was logged out holds again when the hub is started anew");
        }
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    fn add(&mut self, session: Session, now: u64) {
        self.sessions = self.sessions.split_off(&Session { until: now + 1, id: [0; 16] });
        self.sessions.insert(session);
        while self.sessions.len() > MOST
            && let Some(oldest) = self.sessions.pop_first()
        {
            self.all_until = self.all_until.max(oldest.until);
        }
    }

    fn written(&self) -> Written {
        let sessions = self.sessions.iter().map(|session| (session.until, secret::text(&session.id))).collect();
        Written { all_until: self.all_until, sessions }
    }
}

fn understand(bytes: &[u8]) -> Result<Known, String> {
    let written: Written = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
    let session = |(until, id): (u64, String)| {
        let id = secret::bytes(&id).ok_or_else(|| format!("{id:?} names no session"))?;
        Ok(Session { until, id })
    };
    let sessions = written.sessions.into_iter().map(session).collect::<Result<_, String>>()?;
    Ok(Known { sessions, all_until: written.all_until })
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    const NOW: u64 = 1_800_000_000;

    fn session(until: u64) -> Session {
        Session { until, id: [1; 16] }
    }

    fn ended(dir: &tempfile::TempDir) -> Ended {
        Ended::read(dir.path().join("state/sessions.ended"), NOW)
    }

    #[test]
    fn more_than_are_remembered_let_nobody_back_in() {
        let mut known = Known::default();
        known.add(session(NOW + 5), NOW);
        for number in 0..MOST as u64 {
            known.add(session(NOW + 6 + number), NOW);
        }
        assert_eq!(known.sessions.len(), MOST);
        let known = understand(&serde_json::to_vec(&known.written()).expect("written")).expect("understood");
        assert_eq!((known.sessions.len(), known.all_until), (MOST, NOW + 5));
    }

    #[test]
    fn the_file_is_for_its_owner_alone_and_forgets_what_is_over() {
        let dir = tempfile::tempdir().expect("a directory");
        let first = ended(&dir);
        first.add(session(NOW + 5), NOW);
        let mode = std::fs::metadata(&first.path).expect("there").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert!(ended(&dir).contains(session(NOW + 5)));
        first.add(session(NOW + 100), NOW + 50);
        let again = ended(&dir);
        assert!(again.contains(session(NOW + 100)) && !again.contains(session(NOW + 5)));
    }

    #[test]
    fn a_disk_that_is_full_keeps_nobody_logged_in() {
        let ended = Ended::read(PathBuf::from("/proc/nowhere/sessions.ended"), NOW);
        ended.add(session(NOW + 5), NOW);
        assert!(ended.contains(session(NOW + 5)));
    }
}
