//! The ways to write a time down.
//!
//! Byte by byte, because a stamp is read for every line that is shown: a general parser takes several times as long.
//! Each reader takes the stamp and leaves the scan behind it. Days written as `11/12/2026` are not read: nobody can
//! tell which number is the month.

use jiff::Timestamp;
use jiff::civil::{Date, Time};
use jiff::tz::Offset;

use crate::scan::Scan;
use crate::when::When;

/// `2026-11-20T22:10:11.123456Z`: RFC 3339, and what is often written instead: a blank for the `T`, a comma for the
/// point, no zone, `+0100`, `+01`, a blank before the zone. Also `2026/11/20 22:10:11`, as nginx and Go write it.
pub(crate) fn iso(scan: &mut Scan) -> Option<When> {
    let year = scan.digits::<4>()?;
    let divider = scan.eat_any(b"-/")?;
    let month = scan.digits::<2>()? as i8;
    scan.eat(divider)?;
    let day = scan.digits::<2>()? as i8;
    // MariaDB and apt write two blanks.
    if scan.eat_any(b"Tt _")? == b' ' {
        scan.eat(b' ');
    }
    let time = clock(scan)?;
    let offset = zone(scan);
    ends_here(*scan)?;
    wall(year, month, day, time, offset)
}

/// `Nov 20 22:10:11`, with a blank for the first digit of the day: RFC 3164 section 4.1.2. Also `Nov 20 2026 22:10:11`,
/// as Cisco writes it.
pub(crate) fn month_first(scan: &mut Scan) -> Option<When> {
    let month = month(scan)?;
    let day = day(scan)?;
    scan.eat(b' ')?;
    let mut with_year = *scan;
    if let (Some(year), Some(())) = (with_year.digits::<4>(), with_year.eat(b' ')) {
        *scan = with_year;
        return wall(year, month, day, clock(scan)?, None);
    }
    Some(When::Yearless { month, day, time: clock(scan)? })
}

/// `Fri Nov 20 22:10:11.123456 2026`: ctime(3), with Apache's fraction.
pub(crate) fn ctime(scan: &mut Scan) -> Option<When> {
    let weekday = scan.while_(|byte| byte.is_ascii_alphabetic());
    if weekday.len() != 3 {
        return None;
    }
    scan.eat(b' ')?;
    let month = month(scan)?;
    let day = day(scan)?;
    scan.eat(b' ')?;
    let time = clock(scan)?;
    scan.eat(b' ')?;
    wall(scan.digits::<4>()?, month, day, time, None)
}

/// `20/Nov/2026:22:10:11 +0000`, the common log format; `20-Nov-2026 22:10:11 UTC`, PHP; `20 Nov 2026 22:10:11.123`,
/// Redis.
pub(crate) fn day_first(scan: &mut Scan) -> Option<When> {
    let day = scan.digits::<2>()? as i8;
    let divider = scan.eat_any(b"/- ")?;
    let month = month_name(scan)?;
    scan.eat(divider)?;
    let year = scan.digits::<4>()?;
    scan.eat_any(b": ")?;
    let time = clock(scan)?;
    wall(year, month, day, time, zone(scan))
}

/// `1120 22:10:11.123456`: glog, without a year.
pub(crate) fn glog(scan: &mut Scan) -> Option<When> {
    let (month, day) = (scan.digits::<2>()? as i8, scan.digits::<2>()? as i8);
    scan.eat(b' ')?;
    Some(When::Yearless { month, day, time: clock(scan)? })
}

/// `11-20 22:10:11.123`: Android, and with `|` for the blank geth; without a year.
pub(crate) fn month_day(scan: &mut Scan) -> Option<When> {
    let month = scan.digits::<2>()? as i8;
    scan.eat(b'-')?;
    let day = scan.digits::<2>()? as i8;
    scan.eat_any(b" |")?;
    Some(When::Yearless { month, day, time: clock(scan)? })
}

/// `Nov 20, 2026 10:10:11 PM`: java.util.logging in English.
pub(crate) fn java(scan: &mut Scan) -> Option<When> {
    let month = month(scan)?;
    let (day, _) = scan.number().filter(|(day, _)| *day <= 31)?;
    scan.word(b", ")?;
    let year = scan.digits::<4>()?;
    scan.eat(b' ')?;
    let (hour, _) = scan.number().filter(|(hour, _)| (1..=12).contains(hour))?;
    let (minute, second) = minute_and_second(scan)?;
    // A narrow no-break space in newer Javas (CLDR 42).
    scan.word("\u{202f}".as_bytes()).or_else(|| scan.eat(b' '))?;
    let afternoon = scan.eat_any(b"AP")? == b'P';
    scan.eat(b'M')?;
    let hour = (hour % 12) as i8 + if afternoon { 12 } else { 0 };
    wall(year, month, day as i8, Time::new(hour, minute, second, 0).ok()?, None)
}

/// A count from the epoch, with an optional fraction: `1763676611.123`. The number of digits gives the unit: 10 are
/// seconds (2001 to 2286), 13 thousandths, 16 millionths, 19 billionths; any other is no time.
pub(crate) fn epoch(scan: &mut Scan) -> Option<When> {
    let (number, digits) = scan.number()?;
    let unit: u64 = match digits {
        10 => 1,
        13 => 1_000,
        16 => 1_000_000,
        19 => 1_000_000_000,
        _ => return None,
    };
    let finer = if scan.eat(b'.').is_some() { scan.billionths()? } else { 0 };
    let nanosecond = (number % unit) * (1_000_000_000 / unit) + u64::from(finer.unsigned_abs()) / unit;
    Timestamp::new((number / unit) as i64, nanosecond as i32).ok().map(When::Moment)
}

/// `22:10:11`, with a fraction after a point or a comma. A leap second is taken for the one before it.
pub(crate) fn clock(scan: &mut Scan) -> Option<Time> {
    let hour = scan.digits::<2>()? as i8;
    let (minute, second) = minute_and_second(scan)?;
    let mut fraction = *scan;
    let nanosecond = fraction.eat_any(b".,").and_then(|_| fraction.billionths());
    if nanosecond.is_some() {
        *scan = fraction;
    }
    Time::new(hour, minute, second, nanosecond.unwrap_or(0)).ok()
}

fn minute_and_second(scan: &mut Scan) -> Option<(i8, i8)> {
    scan.eat(b':')?;
    let minute = scan.digits::<2>()? as i8;
    scan.eat(b':')?;
    let second = scan.digits::<2>()? as i8;
    Some((minute, if second == 60 { 59 } else { second }))
}

/// `Z`, `+01:00`, `+0100`, `+01`, ` +0100`, ` UTC`, ` GMT`, if one is there. Other abbreviations say nothing certain
/// (`CST` has three meanings) and are left to the context.
fn zone(scan: &mut Scan) -> Option<Offset> {
    let mut ahead = *scan;
    let apart = ahead.eat(b' ').is_some();
    let offset = match ahead.peek()? {
        b'Z' | b'z' if !apart => ahead.byte().map(|_| Offset::UTC),
        b'U' => ahead.word(b"UTC").map(|()| Offset::UTC),
        b'G' => ahead.word(b"GMT").map(|()| Offset::UTC),
        b'+' | b'-' => numeric_offset(&mut ahead, apart),
        _ => None,
    };
    offset.filter(|_| ends_here(ahead).is_some()).inspect(|_| *scan = ahead)
}

/// `+01:00`, `+0100`, or, where it follows the seconds directly, `+01`.
fn numeric_offset(scan: &mut Scan, apart: bool) -> Option<Offset> {
    let sign = if scan.byte()? == b'-' { -1 } else { 1 };
    let hours = scan.digits::<2>()?;
    let mut more = *scan;
    let colon = more.eat(b':').is_some();
    let minutes = match more.digits::<2>() {
        Some(minutes) => {
            *scan = more;
            minutes
        }
        None if colon || apart => return None,
        None => 0,
    };
    Offset::from_seconds(sign * (i32::from(hours) * 3600 + i32::from(minutes) * 60)).ok()
}

fn wall(year: i16, month: i8, day: i8, time: Time, offset: Option<Offset>) -> Option<When> {
    Some(When::Wall(Date::new(year, month, day).ok()?.to_datetime(time), offset))
}

/// A stamp is not the beginning of something longer.
fn ends_here(scan: Scan) -> Option<()> {
    (!scan.peek().is_some_and(|byte| byte.is_ascii_alphanumeric())).then_some(())
}

/// `Nov `.
fn month(scan: &mut Scan) -> Option<i8> {
    let month = month_name(scan)?;
    scan.eat(b' ')?;
    Some(month)
}

fn month_name(scan: &mut Scan) -> Option<i8> {
    let mut ahead = *scan;
    let name = [ahead.byte()?, ahead.byte()?, ahead.byte()?];
    let month = match &name {
        b"Jan" => 1,
        b"Feb" => 2,
        b"Mar" => 3,
        b"Apr" => 4,
        b"May" => 5,
        b"Jun" => 6,
        b"Jul" => 7,
        b"Aug" => 8,
        b"Sep" => 9,
        b"Oct" => 10,
        b"Nov" => 11,
        b"Dec" => 12,
        _ => return None,
    };
    *scan = ahead;
    Some(month)
}

/// A day of one or two digits, padded with a blank or not.
fn day(scan: &mut Scan) -> Option<i8> {
    scan.eat(b' ');
    scan.number().filter(|(day, _)| *day <= 31).map(|(day, _)| day as i8)
}
