//! A time as a line writes it, on its way to being a moment.
//!
//! What a stamp says and what it leaves out are kept apart: the formats read bytes and know no zone; only
//! [`When::resolve`] fills in the zone and the year, from the [`Context`].

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::Offset;
use jiff::{SignedDuration, Timestamp};

use crate::recognizer::Context;

/// How far after the reference a stamp without a year may lie, before it is taken for last year's: a day covers every
/// difference of zones and a clock that is a little ahead.
const AHEAD: SignedDuration = SignedDuration::from_hours(24);

/// How many years to go back for a day that exists: there may be eight between two 29ths of February.
const YEARS_BACK: i16 = 8;

/// A time as it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum When {
    /// Counted from the epoch.
    Moment(Timestamp),
    /// A day and a time of day, with the offset from UTC if there is one.
    Wall(DateTime, Option<Offset>),
    /// Without a year. RFC 3164 section 4.1.2.
    Yearless { month: i8, day: i8, time: Time },
}

impl When {
    /// The moment, or `None` for a day that does not exist or a moment that cannot be told.
    pub(crate) fn resolve(self, context: &Context) -> Option<Timestamp> {
        match self {
            When::Moment(moment) => Some(moment),
            When::Wall(wall, Some(offset)) => offset.to_timestamp(wall).ok(),
            When::Wall(wall, None) => in_zone(wall, context),
            When::Yearless { month, day, time } => latest(month, day, time, context),
        }
    }
}

/// The moment of `wall` in the context's zone. Of an hour that comes twice the first is taken, and of one that a zone
/// leaves out the moment that its clock would have shown.
fn in_zone(wall: DateTime, context: &Context) -> Option<Timestamp> {
    context.zone.to_ambiguous_timestamp(wall).compatible().ok()
}

fn latest(month: i8, day: i8, time: Time, context: &Context) -> Option<Timestamp> {
    let bound = context.reference.saturating_add(AHEAD).ok()?;
    let year = context.zone.to_datetime(bound).year();
    (year.saturating_sub(YEARS_BACK)..=year).rev().find_map(|year| {
        let wall = Date::new(year, month, day).ok()?.to_datetime(time);
        in_zone(wall, context).filter(|moment| *moment <= bound)
    })
}
