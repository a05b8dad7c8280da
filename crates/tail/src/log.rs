//! One offered path. See [`Log`].

use std::cmp::Ordering;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::block::Line;
use crate::error::{Error, Obstacle};
use crate::follow::{Follower, From};
use crate::page::{Ask, Cap, Jump, Page, Raw};
use crate::position::{Offset, Position, Tag};
use crate::setup::Setup;

/// One offered path. Costs nothing while unused: no descriptor, no watch. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Log(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    path: PathBuf,
    #[expect(dead_code, reason = "skeleton")]
    tag: Tag,
    #[expect(dead_code, reason = "skeleton")]
    setup: Arc<Setup>,
}

const SKELETON: Error = Error::Obstacle(Obstacle::NotThere);

#[expect(clippy::missing_errors_doc, clippy::needless_pass_by_value, reason = "skeleton")]
impl Log {
    /// The log at `path`; `tag` is the tag of its name, and goes into its positions.
    #[must_use]
    pub fn new(path: PathBuf, tag: Tag, setup: &Arc<Setup>) -> Self {
        Self(Arc::new(Shared { path, tag, setup: Arc::clone(setup) }))
    }

    /// The path it was made with.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0.path
    }

    /// Starts following. One follower per log: who wants it too shares what that one reads. The file need not be there yet.
    pub fn follow(&self, from: From) -> Result<Follower, Error> {
        drop(from);
        Err(SKELETON)
    }

    /// The last lines. A line without its newline is given as it stands ([`Ends::Unfinished`](crate::Ends::Unfinished)).
    pub fn last(&self, ask: Ask<'_>) -> Result<Page, Error> {
        drop(ask);
        Err(SKELETON)
    }

    /// The lines that end at `place`.
    pub fn before(&self, place: &Position, ask: Ask<'_>) -> Result<Page, Error> {
        drop((place, ask));
        Err(SKELETON)
    }

    /// The lines that start at `place`.
    pub fn after(&self, place: &Position, ask: Ask<'_>) -> Result<Page, Error> {
        drop((place, ask));
        Err(SKELETON)
    }

    /// The start of the line that has the byte `offset` of the file at the path.
    pub fn at_offset(&self, offset: Offset) -> Result<Position, Error> {
        drop(offset);
        Err(SKELETON)
    }

    /// The first line for which `order` does not say `Less`; `None` from it means that the line cannot be compared.
    pub fn find_first(
        &self,
        upto: Option<Cap>,
        order: &mut dyn FnMut(Line<'_>) -> Option<Ordering>,
    ) -> Result<Jump, Error> {
        drop((upto, order));
        Err(SKELETON)
    }

    /// Up to `most` raw bytes from `from` on (to `to`, of the same incarnation, when given).
    pub fn raw(&self, from: &Position, to: Option<&Position>, most: usize) -> Result<Raw, Error> {
        drop((from, to, most));
        Err(SKELETON)
    }

    /// A look at the file at the path, without opening it for reading: what a list shows.
    pub fn glance(&self) -> Result<Glance, Obstacle> {
        Err(Obstacle::NotThere)
    }
}

/// What a list shows of a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Glance {
    /// Size in bytes.
    pub size: u64,
    /// Last modified, in nanoseconds since 1970.
    pub modified: i128,
}
