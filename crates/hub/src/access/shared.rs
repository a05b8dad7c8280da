//! What the hubs of a cluster tell each other about who may come in no longer, and the list of tokens behind it.
//!
//! What lets people and agents in is signed with the cluster's key, so every hub takes it without asking another. What takes it
//! back is a small set that each hub keeps, announces and joins with what it hears (`revoked`).

use tailcast_wire::Revocations;
use tokio::sync::watch;

use super::tokens::{self, Entry, Issued, Wanted};
use super::{Access, Error, now};

impl Access {
    /// All that a hub of the cluster is to know: announced with the directory, and at once when it
    /// [has changed](Self::revocations_changed). Looks whether a command has taken something back or the password is another
    /// one: a `stat` of two files at most once a second; in the second that it is another one, it waits for the disk.
    #[must_use]
    pub fn revocations(&self) -> Revocations {
        self.bound();
        self.revoked.said(now())
    }

    /// Takes in what another hub has announced, in any order and as often as it comes; whether something of it was new. What
    /// is open under something that is revoked by it is closed within seconds. Waits for the disk when something was new.
    pub fn merge(&self, said: &Revocations) -> bool {
        self.revoked.merge(said, now())
    }

    /// Changes when something was revoked on this machine, not when it was heard from another hub.
    #[must_use]
    pub fn revocations_changed(&self) -> watch::Receiver<()> {
        self.revoked.changed()
    }

    /// The tokens that were made here. Waits for the disk, as all of these do.
    pub(crate) fn tokens(&self) -> Result<Vec<Entry>, Error> {
        tokens::list(&self.config.state_dir)
    }

    /// Makes a token: in a cluster one that each of its hubs takes.
    pub(crate) fn make_token(&self, wanted: Wanted<'_>) -> Result<Issued, Error> {
        tokens::make(&self.config.state_dir, self.config.cluster.as_ref(), wanted)
    }

    /// Removes the token of that name.
    pub(crate) fn remove_token(&self, name: &str) -> Result<(), Error> {
        tokens::remove(&self.config.state_dir, name)?;
        self.revoked.look_now();
        Ok(())
    }
}
