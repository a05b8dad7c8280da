//! From a position to an open file: where is the line that somebody saw last week?
//!
//! A file holds a position when it begins with the position's head and has the position's anchor in front of the
//! offset. Asked first are the files that are open anyway, then what stands at the path, then the siblings. Device,
//! inode and birth time only decide between several that hold it. If none does, that is told: never the beginning,
//! never the end instead.

use std::path::PathBuf;

use crate::error::{Error, Loss};
use crate::file::Identity;
use crate::gate::Role;
use crate::incarnation::Held;
use crate::log::Shared;
use crate::place::Place;
use crate::position::{Anchor, Head, NANOS_PER_MILLI, Offset, Position};
use crate::siblings::{Member, Packing};

/// How often the files are looked through at most while a rotation gives them other names.
const LOOKS: usize = 8;

/// How well a file fits a position.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Fit {
    /// Other content.
    No,
    /// It begins as the position says, but is shorter or has other bytes before the place.
    HeadOnly,
    /// It holds the place.
    Content,
    /// It holds the place and is the very inode.
    Exact,
}

impl Shared {
    /// The place that `position` names, moved back to the start of its line.
    ///
    /// # Errors
    /// As [`Shared::holder_of`].
    pub(crate) fn resolve(&self, position: &Position) -> Result<Place, Error> {
        Ok(Place::snapped(self.holder_of(position)?, position.offset())?)
    }

    /// The file that holds `position`.
    ///
    /// # Errors
    /// [`Error::AnotherLog`], or [`Error::Gone`] with what is known.
    pub(crate) fn holder_of(&self, position: &Position) -> Result<Held, Error> {
        if position.tag() != self.tag {
            return Err(Error::AnotherLog);
        }
        let (fit, held) = self.settled_fit(position);
        match (fit, held) {
            (Fit::Exact | Fit::Content, Some(held)) => Ok(self.filled_since(&held, position).unwrap_or(held)),
            (Fit::HeadOnly, _) => Err(Error::Gone(Loss::Truncated)),
            _ => Err(Error::Gone(Loss::NotFound)),
        }
    }

    /// What came first into a file that was empty at `position`, when that is not in it any more: since then it was filled,
    /// copied and truncated, once or several times. The oldest copy comes first.
    fn filled_since(&self, held: &Held, position: &Position) -> Option<Held> {
        let since = position.token().head().empty_since_millis().filter(|_| position.offset() == Offset::ZERO)?;
        let came = |member: &Member| {
            let later = |nanos: i128| nanos / NANOS_PER_MILLI > since;
            // Written to, and not born before: else it is an older file that somebody wrote to late. Not every system keeps births.
            later(member.modified) && (member.identity.born == 0 || later(member.identity.born.into()))
        };
        let (behind, _) = self.surely_behind(held);
        let came = behind.into_iter().rev().filter(came);
        came.filter_map(|member| self.open_member(&member).ok()).find(|copy| !copy.is_copy_of(held))
    }

    /// The place, if the very inode is still there under one of the log's names.
    pub(crate) fn resolve_same_inode(&self, position: &Position) -> Option<Place> {
        let tie = position.token().tie();
        let member = self.chain().into_iter().find(|member| member.identity.tie() == tie)?;
        let held = self.open_member(&member).ok().filter(|held| holds(held, position))?;
        Place::snapped(held, position.offset()).ok()
    }

    /// The best of all files of the log. A file that is renamed during the look can be missed under either name; so what
    /// nobody holds is looked for again until no name has changed meanwhile.
    fn settled_fit(&self, position: &Position) -> (Fit, Option<Held>) {
        let mut names = None;
        for _ in 1..LOOKS {
            let best = self.best_fit(position);
            if best.0 >= Fit::Content {
                return best;
            }
            let now = Some(self.names());
            if names == now {
                return best;
            }
            names = now;
        }
        self.best_fit(position)
    }

    /// Which file has which name.
    fn names(&self) -> Vec<(PathBuf, Identity)> {
        self.chain().into_iter().map(|member| (member.path, member.identity)).collect()
    }

    /// The best of all files of the log as they stand; an earlier one wins a tie.
    fn best_fit(&self, position: &Position) -> (Fit, Option<Held>) {
        let mut best = (Fit::No, None);
        let open = self.open(&self.path, Role::Itself).into_iter().chain(self.living());
        // The directory is read only when neither the path nor an open file is the very one.
        let beside = std::iter::once_with(|| self.chain()).flatten().filter(|member| {
            member.role == Role::Sibling && member.packing == Packing::Plain && member.size >= position.offset().0
        });
        for held in open.chain(beside.filter_map(|member| self.open_member(&member).ok())) {
            let fit = fit(&held, position);
            if fit > best.0 {
                best = (fit, Some(held));
            }
            if fit == Fit::Exact {
                break;
            }
        }
        best
    }
}

/// Whether `held` holds `position`.
pub(crate) fn holds(held: &Held, position: &Position) -> bool {
    fit(held, position) >= Fit::Content
}

/// How well `held` fits `position`. A file that cannot be read fits not at all.
fn fit(held: &Held, position: &Position) -> Fit {
    let file = held.file();
    let Head { len, .. } = position.token().head();
    let Ok(head) = file.read(Offset::ZERO, usize::from(len)) else { return Fit::No };
    if len > 0 && Head::of(&head) != position.token().head() {
        return Fit::No;
    }
    let Anchor { len: before, .. } = position.anchor;
    let from = Offset(position.offset().0.saturating_sub(u64::from(before)));
    let same_place = held.size() >= position.offset().0
        && file.read(from, usize::from(before)).is_ok_and(|bytes| Anchor::of(&bytes) == position.anchor);
    match same_place {
        true if file.identity().tie() == position.token().tie() => Fit::Exact,
        // The beginning of an empty file: every file holds it, and that proves nothing.
        _ if len == 0 && before == 0 => Fit::No,
        true => Fit::Content,
        false if len > 0 => Fit::HeadOnly,
        false => Fit::No,
    }
}
