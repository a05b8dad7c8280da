//! The two usual forms of Android's logcat.

use super::{Bytes, Format, Found, Line};
use crate::level::Level;
use crate::scan::Scan;
use crate::stamp;

pub(super) const THREADTIME: Format = Format {
    name: "logcat",
    about: "logcat -v threadtime: month and day, time, process, thread, letter; without a year.",
    starts: Bytes::DIGITS,
    indented: false,
    read: threadtime,
    examples: &[
        ("2026-11-20T20:10:11.123Z error", "11-20 22:10:11.123   71   99 E ActivityManager: no"),
        ("2026-11-20T20:10:11.123Z trace", "11-20 22:10:11.123   71   99 V Zygote: ERROR"),
    ],
};

fn threadtime(line: Line<'_>) -> Option<Found> {
    let mut scan = Scan::new(line.bytes);
    let when = stamp::month_day(&mut scan)?;
    for _ in 0..2 {
        scan.blanks();
        scan.number()?;
    }
    scan.blanks();
    let level = Level::from_letter(scan.byte()?)?;
    scan.eat(b' ')?;
    Some(Found { when: Some(when), level: Some(level) })
}

pub(super) const BRIEF: Format = Format {
    name: "logcat-brief",
    about: "logcat -v brief: letter, tag and process; no time.",
    starts: Bytes::of(b"VDIWEF"),
    indented: false,
    read: brief,
    examples: &[("- error", "E/ActivityManager(   71): no"), ("- warn", "W/Zygote  (71): ERROR")],
};

fn brief(line: Line<'_>) -> Option<Found> {
    let mut scan = Scan::new(line.bytes);
    let level = scan.byte().and_then(Level::from_letter)?;
    scan.eat(b'/')?;
    scan.until(b'(', 64)?;
    scan.blanks();
    scan.number()?;
    scan.word(b"):")?;
    Some(Found { when: None, level: Some(level) })
}
