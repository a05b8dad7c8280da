//! Hints that something changed.
//!
//! Stands in front of everything on the path of a line, and is trusted with nothing: see [`Watcher`].

use std::sync::Arc;

use crate::setup::Setup;

/// Called when a log should be looked at. On the watcher's thread: must be quick and must not block.
pub type Wake = Arc<dyn Fn() + Send + Sync>;

/// One inotify instance for any number of logs, and one thread that lives only while something is watched.
#[derive(Debug)]
pub struct Watcher {
    #[expect(dead_code, reason = "skeleton")]
    setup: Arc<Setup>,
}

impl Watcher {
    /// A watcher that has nothing open yet.
    #[must_use]
    pub fn new(setup: Arc<Setup>) -> Arc<Self> {
        Arc::new(Self { setup })
    }
}
