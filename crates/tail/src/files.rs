//! The files that are open, by inode: one descriptor for each, by however many names its logs are called.
//!
//! Two globs, a link, a hard link may lead to one file under two names. These are two logs: each has a place of its own among
//! siblings of its own, and goes its own way when one of the names is rotated. What they share is the descriptor. Who may
//! have it is not decided here: the gate has been asked for the name by which the file was reached.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use crate::file::{File, Identity};

/// The files that some log of a [`Setup`](crate::Setup) has open. Holds none of them open itself.
#[derive(Debug, Default)]
pub struct OpenFiles(Mutex<HashMap<Identity, Weak<File>>>);

impl OpenFiles {
    /// The file with this inode, if it is open; else what `open` opens. Nobody waits for another one's opening, which a
    /// network file system may hold up: of two that open a file at once, the second takes the first one's.
    ///
    /// # Errors
    /// That of `open`.
    pub(crate) fn share<E>(&self, identity: Identity, open: impl FnOnce() -> Result<File, E>) -> Result<Arc<File>, E> {
        if let Some(file) = self.get(identity) {
            return Ok(file);
        }
        let opened = Arc::new(open()?);
        let mut files = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(file) = files.get(&identity).and_then(Weak::upgrade) {
            return Ok(file);
        }
        files.retain(|_, file| file.strong_count() > 0);
        files.insert(identity, Arc::downgrade(&opened));
        Ok(opened)
    }

    fn get(&self, identity: Identity) -> Option<Arc<File>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&identity).and_then(Weak::upgrade)
    }
}
