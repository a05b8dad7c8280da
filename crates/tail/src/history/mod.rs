//! Reading back: the answers to "what was before", in time that depends on what is asked for and not on the size of the
//! file.
//!
//! History reads the same open file as the follower, up to a cap, so that it meets the live lines without gap or
//! double. Nothing is indexed and nothing is kept: backwards by blocks (`back`), forwards by blocks (`forth`), to a
//! time by halving (`jump`). At the end of a file it goes on in its older or newer sibling.

mod back;
mod forth;
mod jump;
mod raw;

use crate::error::Error;
use crate::incarnation::Held;
use crate::log::{Log, Shared};
use crate::page::{Ask, Cap, Page};
use crate::place::Place;
use crate::position::{Offset, Position};

impl Log {
    /// The last lines. A last line without its newline is given as it stands
    /// ([`Ends::Unfinished`](crate::Ends::Unfinished)), and [`Page::after`] is then the start of it.
    ///
    /// # Errors
    /// [`Error::Obstacle`] when no file can be read; [`Error::MovedOn`] when the cap's life has ended;
    /// [`Error::Gone`] when the file is truncated under the read.
    pub fn last(&self, ask: Ask<'_>) -> Result<Page, Error> {
        self.0.lacking_nothing(|| {
            let (newest, end) = self.0.visible_end(ask.upto)?;
            back::page(&self.0, &Place::exactly(newest, end)?, ask)
        })
    }

    /// The lines that end at `place`, the nearest ones.
    ///
    /// # Errors
    /// As [`Log::last`], and those of a place: [`Error::AnotherLog`], [`Error::Gone`].
    pub fn before(&self, place: &Position, ask: Ask<'_>) -> Result<Page, Error> {
        self.0.lacking_nothing(|| back::page(&self.0, &self.0.resolve(place)?, ask))
    }

    /// The lines that start at `place`, the nearest ones.
    ///
    /// # Errors
    /// As [`Log::before`].
    pub fn after(&self, place: &Position, ask: Ask<'_>) -> Result<Page, Error> {
        self.0.lacking_nothing(|| forth::page(&self.0, &self.0.resolve(place)?, ask))
    }

    /// The start of the line in which the byte `offset` of the file at the path is; the end when the file is shorter.
    ///
    /// # Errors
    /// [`Error::Obstacle`] when it cannot be read.
    pub fn at_offset(&self, offset: Offset) -> Result<Position, Error> {
        Ok(Place::snapped(self.0.open_front()?, offset)?.position())
    }
}

impl Shared {
    /// The newest file that may be seen, and where it ends for who asks.
    fn visible_end(&self, upto: Option<Cap>) -> Result<(Held, Offset), Error> {
        if let Some(cap) = upto {
            let capped = self.living().into_iter().find(|living| living.life() == cap.life).ok_or(Error::MovedOn)?;
            return Ok((capped, cap.offset));
        }
        let newest = self.open_front().or_else(|why| self.open_newest_sibling().ok_or(why))?;
        let end = newest.data_end();
        Ok((newest, end))
    }

    /// In the moment of a rotation nothing stands at the path.
    fn open_newest_sibling(&self) -> Option<Held> {
        let mut readable = self.chain().into_iter().filter(crate::siblings::Member::is_readable);
        readable.find_map(|member| self.open_member(&member).ok())
    }
}

/// How far `held` may be read by who asked with this cap: nothing stands in the way of older lives.
fn limit(held: &Held, upto: Option<Cap>) -> Offset {
    upto.filter(|cap| cap.life == held.life()).map_or(Offset(u64::MAX), |cap| cap.offset)
}
