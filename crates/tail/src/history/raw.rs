//! The bytes as they stand, for downloads and for the rest of a line that was cut.

use super::forth::go_on;
use crate::error::{Error, Loss};
use crate::log::Log;
use crate::page::Raw;
use crate::place::Place;
use crate::position::{ANCHOR_BYTES, Offset, Position};
use crate::resolve::holds;

impl Log {
    /// Up to `most` bytes from `from` on: up to `to` when that is given, within one file; else to the end of the log as it stands,
    /// over the ends of rotated files. Called again with [`Raw::next`] it streams.
    ///
    /// # Errors
    /// [`Error::AnotherLog`], [`Error::Gone`] (also for a `to` that is in another file), [`Error::Obstacle`].
    pub fn raw(&self, from: &Position, to: Option<&Position>, most: usize) -> Result<Raw, Error> {
        self.0.lacking_nothing(|| self.raw_from(from, to, most))
    }

    fn raw_from(&self, from: &Position, to: Option<&Position>, most: usize) -> Result<Raw, Error> {
        let held = self.0.holder_of(from)?;
        let end = match to {
            Some(to) if !holds(&held, to) => return Err(Error::Gone(Loss::NotFound)),
            Some(to) => to.offset(),
            None => Offset(held.size()),
        };
        let lead = Place::exactly(held.clone(), from.offset())?.lead;
        let begin = Offset(from.offset().0 - lead.len() as u64);
        let wanted = most.min(usize::try_from(end.since(from.offset())).unwrap_or(usize::MAX));
        let mut bytes = held.file().read(begin, lead.len() + wanted)?;
        if !bytes.starts_with(&lead) || bytes.len() < lead.len() + wanted {
            return Err(Error::Gone(Loss::Truncated));
        }
        let reached = from.offset().plus(wanted as u64);
        let before = bytes.len().saturating_sub(ANCHOR_BYTES);
        let next = match (reached < end, to) {
            (true, _) => Some(held.position(reached, &bytes[before..])),
            (false, Some(_)) => None,
            (false, None) => {
                let ahead = go_on(&self.0, &Place::exactly(held, reached)?);
                ahead.filter(|place| place.offset.0 < place.held.size()).map(|place| place.position())
            }
        };
        bytes.drain(..lead.len());
        Ok(Raw { bytes, next })
    }
}
