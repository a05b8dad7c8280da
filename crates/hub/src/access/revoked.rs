//! What was taken back before its time: sessions that were ended and, in a cluster, signed tokens. In memory and in a file of
//! the state directory: what somebody has stolen must not work again because the hub was started anew.
//!
//! A hub alone keeps `sessions.ended`, and nobody else writes there. A hub of a cluster keeps `revocations`: the commands write
//! there too, under a lock, which the hub sees within a second; and it tells the other hubs, and hears from them
//! (`revoked/set.rs`). Either way what is known is only ever joined.
//!
//! It refuses to guess: a hub that begins and does not understand its file takes all sessions that have begun for over, and in a
//! cluster lets in no signed token until the file is mended or gone; it does not overwrite it then. One that runs knows what it
//! knew, says that the file is not readable, and goes on looking.

mod known;
mod set;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};
use std::time::Instant;

use jiff::Timestamp;
use tailcast_wire::{Revocations, RevokedId};
use tokio::sync::watch;

use self::known::Known;
use super::error::Error;
use super::private_file::{self, LOOK_EVERY, Mark};
use super::secret::Hash;

pub(super) use self::known::{farthest_session, farthest_token};
pub(super) use self::set::Id;

/// All of it.
pub(super) struct Revoked {
    path: PathBuf,
    /// Whether commands and other hubs have a say.
    shared: bool,
    state: Mutex<State>,
    /// Held while the file is written, so that the newest state is the one that stays.
    disk: Mutex<Disk>,
    /// Something was taken back on this machine: the other hubs are to know.
    changed: watch::Sender<()>,
}

struct State {
    known: Known,
    /// The file says something that is not understood, so what it took back is not known.
    unclear: bool,
}

struct Disk {
    /// When the file was looked at.
    looked: Instant,
    /// Which one was read last, if one was there; `None` when it could not be read.
    read: Option<Option<Mark>>,
}

impl Revoked {
    /// Of a hub alone. `now` is in seconds since 1970, here as everywhere.
    pub(super) fn alone(state_dir: &Path, now: u64) -> Arc<Self> {
        Self::read(state_dir.join("sessions.ended"), false, now)
    }

    /// Of a hub in a cluster.
    pub(super) fn shared(state_dir: &Path, now: u64) -> Arc<Self> {
        Self::read(file(state_dir), true, now)
    }

    fn read(path: PathBuf, shared: bool, now: u64) -> Arc<Self> {
        // Before the bytes: a file that is replaced in between is read again, never missed.
        let mark = Mark::of(&path);
        let (state, read) = match read(&path) {
            Ok(known) => (State { known, unclear: false }, Some(mark)),
            Err(error) => {
                let also =
                    if shared { ", and no signed token holds here until the file is mended or removed" } else { "" };
                tracing::error!(%error, "every session is over and everybody has to log in again{also}");
                let mut known = Known::default();
                known.end_all(now);
                (State { known, unclear: true }, None)
            }
        };
        let disk = Disk { looked: Instant::now(), read };
        let (state, disk, changed) = (Mutex::new(state), Mutex::new(disk), watch::Sender::new(()));
        Arc::new(Self { path, shared, state, disk, changed })
    }

    /// Whether a session was ended before its time.
    pub(super) fn has_session(&self, until: u64, id: &Id) -> bool {
        self.look();
        self.state().known.sessions.contains(id, until)
    }

    /// Whether a session is among all that were ended together.
    pub(super) fn has_all_until(&self, until: u64) -> bool {
        until <= self.state().known.sessions.all_up_to()
    }

    /// Whether a token was taken back.
    pub(super) fn has_token(&self, created: u64, id: &Id) -> bool {
        self.look();
        let state = self.state();
        state.unclear || state.known.tokens.contains(id, created)
    }

    /// Ends a session. Waits for the disk; what cannot be written holds until the hub is started anew.
    pub(super) fn end_session(&self, until: u64, id: Id, now: u64) {
        self.change(now, |known| known.sessions.add(RevokedId { id, rank: until, until: Some(until) }));
    }

    /// Ends all that have begun. Waits for the disk, as [`end_session`](Self::end_session) does.
    pub(super) fn end_all_sessions(&self, now: u64) {
        self.change(now, |known| known.end_all(now));
    }

    /// The end that a session needs to have at least, so that it is not among those that were ended together.
    pub(super) fn first_end(&self, now: u64) -> u64 {
        let mut state = self.state();
        state.known.forget(now);
        state.known.sessions.all_up_to() + 1
    }

    /// Which password this hub has. Another one than before ends all sessions, on every hub; the first one ends none. Waits for
    /// the disk then.
    pub(super) fn password_is(&self, digest: Option<Hash>, now: u64) {
        let noted = self.state().known.password;
        if noted == digest {
            return;
        }
        if noted.is_none() {
            self.state().known.password = digest;
            return self.write(now);
        }
        tracing::info!("the password was changed, so every session of the cluster is over");
        self.change(now, |known| {
            known.password = digest;
            known.end_all(now);
        });
    }

    /// All that is known, for the other hubs.
    pub(super) fn said(&self, now: u64) -> Revocations {
        self.look();
        let mut state = self.state();
        state.known.forget(now);
        state.known.said()
    }

    /// What another hub knows; whether something of it was new. Waits for the disk then.
    pub(super) fn merge(&self, said: &Revocations, now: u64) -> bool {
        let heard = Known::heard(said, now);
        let new = self.state().join(&heard);
        if new {
            self.write(now);
        }
        new
    }

    /// Changes when something was taken back on this machine.
    pub(super) fn changed(&self) -> watch::Receiver<()> {
        self.changed.subscribe()
    }

    fn change(&self, now: u64, edit: impl FnOnce(&mut Known)) {
        let mut state = self.state();
        state.known.forget(now);
        edit(&mut state.known);
        drop(state);
        self.write(now);
        self.changed.send_replace(());
    }

    /// What a command has written meanwhile. Nobody waits for whoever looks or writes already.
    fn look(&self) {
        if !self.shared {
            return;
        }
        let mut disk = match self.disk.try_lock() {
            Ok(disk) => disk,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => return,
        };
        if disk.looked.elapsed() >= LOOK_EVERY {
            self.look_at(&mut disk);
        }
    }

    /// What was written a moment ago. Waits for whoever looks or writes.
    pub(super) fn look_now(&self) {
        self.look_at(&mut self.disk());
    }

    fn look_at(&self, disk: &mut Disk) {
        disk.looked = Instant::now();
        let mark = Mark::of(&self.path);
        if disk.read == Some(mark) {
            return;
        }
        match read(&self.path) {
            Ok(known) => {
                disk.read = Some(mark);
                let mut state = self.state();
                state.unclear = false;
                if state.join(&known) {
                    self.changed.send_replace(());
                }
            }
            // The first time; it is tried again each second.
            Err(error) if disk.read.take().is_some() => {
                tracing::error!(%error, "what a command has taken back on this machine is not seen");
            }
            Err(_) => (),
        }
    }

    fn write(&self, now: u64) {
        let mut disk = self.disk();
        let known = self.state().known.clone();
        let written = match self.shared {
            true => change_file(&self.path, now, |file| {
                file.join(&known);
                file.password = known.password;
            }),
            false => replace(&self.path, known),
        };
        match written {
            Ok(known) => {
                disk.read = Some(Mark::of(&self.path));
                if self.state().join(&known) {
                    self.changed.send_replace(());
                }
            }
            Err(error) => {
                tracing::error!(%error, "what was ended or taken back holds again when the hub is started anew");
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn disk(&self) -> MutexGuard<'_, Disk> {
        self.disk.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Whether something was new. That there was no room for all tokens takes others away, so it is told.
    fn join(&mut self, known: &Known) -> bool {
        let before = self.known.tokens.all_up_to();
        let new = self.known.join(known);
        let up_to = self.known.tokens.all_up_to();
        if up_to > before {
            let made_until = i64::try_from(up_to).ok().and_then(|seconds| Timestamp::from_second(seconds).ok());
            tracing::error!(
                ?made_until,
                "more tokens were taken back than are remembered, so all signed ones made until then are over: make new ones"
            );
        }
        new
    }
}

/// Takes a token back, for a command: a running hub sees it within a second, and tells the others.
///
/// # Errors
/// The file cannot be read or written, or is not understood.
pub(super) fn token(state_dir: &Path, token: RevokedId, now: u64) -> Result<(), Error> {
    change_file(&file(state_dir), now, |known| known.tokens.add(token)).map(drop)
}

/// Whether a token was taken back, as the file says; for a command.
///
/// # Errors
/// The file cannot be read, or is not understood.
pub(super) fn tokens(state_dir: &Path) -> Result<impl Fn(&Id, u64) -> bool, Error> {
    let known = read(&file(state_dir))?;
    Ok(move |id: &Id, created| known.tokens.contains(id, created))
}

fn file(state_dir: &Path) -> PathBuf {
    state_dir.join("revocations")
}

/// Changes what the file says while nobody else does: all that it says then.
fn change_file(path: &Path, now: u64, edit: impl FnOnce(&mut Known)) -> Result<Known, Error> {
    let lock = path.with_extension("lock");
    let _held = private_file::lock(&lock).map_err(Error::file(&lock))?;
    let mut known = read(path)?;
    edit(&mut known);
    known.forget(now);
    replace(path, known)
}

fn replace(path: &Path, known: Known) -> Result<Known, Error> {
    let written = known.written().map_err(Into::into);
    written.and_then(|bytes| private_file::replace(path, &bytes)).map_err(Error::file(path))?;
    Ok(known)
}

fn read(path: &Path) -> Result<Known, Error> {
    match private_file::read(path).map_err(Error::file(path))? {
        Some(bytes) => Known::understand(&bytes).map_err(|reason| Error::Broken { path: path.to_owned(), reason }),
        None => Ok(Known::default()),
    }
}

#[cfg(test)]
mod tests;
