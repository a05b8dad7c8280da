//! `--from`: a position, or a time as people say it.

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp, Zoned};
use tailcast_tail::Position;

/// Where a view is to begin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Begin {
    /// With so many last lines, those that match.
    Last(u32),
    /// At a position.
    At(String),
    /// With the first line that is not earlier.
    Since(Timestamp),
}

/// Reads the word of `--from`. A time that names no zone is one of this machine; a time of day is the last one there was.
pub(super) fn begin(word: &str, now: &Zoned) -> Result<Begin, String> {
    if word.parse::<Position>().is_ok() {
        return Ok(Begin::At(word.to_owned()));
    }
    if let Ok(instant) = word.parse::<Timestamp>() {
        return Ok(Begin::Since(instant));
    }
    let local = civil(word, now).or_else(|| ago(word, now));
    local.map(|zoned| Begin::Since(zoned.timestamp())).ok_or_else(|| {
        format!("`{word}` is neither a position nor a time: write 2026-11-20T22:31, 22:31:05, or 15m for that long ago")
    })
}

/// `2026-11-20T22:31[:05]`, `2026-11-20 22:31`, `2026-11-20`, `22:31[:05]`.
fn civil(word: &str, now: &Zoned) -> Option<Zoned> {
    let zone: &TimeZone = now.time_zone();
    if !word.contains(':') {
        return word.parse::<Date>().ok()?.at(0, 0, 0, 0).to_zoned(zone.clone()).ok();
    }
    if let Ok(datetime) = word.parse::<DateTime>() {
        return datetime.to_zoned(zone.clone()).ok();
    }
    let time: Time = word.parse().ok()?;
    let today = now.date().to_datetime(time).to_zoned(zone.clone()).ok()?;
    match today > *now {
        true => now.date().yesterday().ok()?.to_datetime(time).to_zoned(zone.clone()).ok(),
        false => Some(today),
    }
}

/// `15m`, `1h30m`, `2d`.
fn ago(word: &str, now: &Zoned) -> Option<Zoned> {
    let span: Span = word.parse().ok()?;
    now.checked_sub(span.abs()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_people_say_them() {
        let now: Zoned = "2026-11-20T22:40:00+01:00[Europe/Berlin]".parse().unwrap();
        for (word, meant) in [
            ("2026-11-20T21:31:00Z", "2026-11-20T21:31:00Z"),
            ("2026-11-20T22:31:00+01:00", "2026-11-20T21:31:00Z"),
            ("2026-11-20T22:31", "2026-11-20T21:31:00Z"),
            ("2026-11-20 22:31:05", "2026-11-20T21:31:05Z"),
            ("2026-11-20", "2026-11-19T23:00:00Z"),
            ("22:31", "2026-11-20T21:31:00Z"),
            ("22:41", "2026-11-19T21:41:00Z"),
            ("15m", "2026-11-20T21:25:00Z"),
            ("1h30m", "2026-11-20T20:10:00Z"),
            ("2d", "2026-11-18T21:40:00Z"),
        ] {
            assert_eq!(begin(word, &now), Ok(Begin::Since(meant.parse().unwrap())), "{word}");
        }
        for word in ["", "soon", "25:00", "2026-13-01", "15"] {
            assert!(begin(word, &now).is_err(), "{word} was taken for a time");
        }
    }
}
