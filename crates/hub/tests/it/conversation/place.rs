//! Where the logs of a conversation lie: always in the same place, since the names of logs are in what was said.

use std::fs::{self, File, OpenOptions};
use std::io::Write as _;
use std::path::PathBuf;
use std::sync::Arc;

use rustix::fs::{FlockOperation, flock};
use tailcast_agent::Host;

use crate::world::{HOST, host};

const PLACE: &str = "/tmp/tailcast-conversation";

/// The directory, of which there is one on a machine.
pub(super) struct Place {
    /// Held while it is in use: other tests wait for it.
    _lock: File,
}

impl Place {
    /// Empty. Waits while somebody else is at it.
    pub(super) fn take() -> Self {
        let lock = File::create(format!("{PLACE}.lock")).unwrap();
        flock(&lock, FlockOperation::LockExclusive).unwrap();
        // Of a test that was killed.
        drop(fs::remove_dir_all(PLACE));
        fs::create_dir(PLACE).unwrap();
        Self { _lock: lock }
    }

    /// The agent's side of it.
    pub(super) fn host(&self) -> Arc<Host> {
        host(HOST, &[PLACE], &[])
    }

    pub(super) fn append(&self, name: &str, text: &str) {
        let mut file = OpenOptions::new().create(true).append(true).open(path(name)).unwrap();
        file.write_all(text.as_bytes()).unwrap();
    }

    pub(super) fn rename(&self, from: &str, to: &str) {
        fs::rename(path(from), path(to)).unwrap();
    }

    pub(super) fn truncate(&self, name: &str) {
        File::create(path(name)).unwrap();
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        drop(fs::remove_dir_all(PLACE));
    }
}

/// `HOST:NAME` of a log in it.
pub(super) fn log(name: &str) -> String {
    format!("{HOST}:{PLACE}/{name}")
}

fn path(name: &str) -> PathBuf {
    PathBuf::from(PLACE).join(name)
}
