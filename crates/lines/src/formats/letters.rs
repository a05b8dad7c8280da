//! Lines that start with the first letter of their level.

use super::{Bytes, Format, Found, Line};
use crate::level::Level;
use crate::scan::Scan;
use crate::stamp;

pub(super) const GLOG: Format = Format {
    name: "glog",
    about: "Google's glog, and klog of Kubernetes: letter, month and day, time; without a year.",
    starts: Bytes::of(b"IWEF"),
    indented: false,
    read: glog,
    examples: &[
        ("2026-11-20T20:10:11.123456Z error", "E1120 22:10:11.123456      71 pool.go:12] no"),
        ("2026-11-20T20:10:11.123456Z info", "I1120 22:10:11.123456      71 pool.go:12] ERROR: no"),
    ],
};

fn glog(line: Line<'_>) -> Option<Found> {
    let mut scan = Scan::new(line.bytes);
    let level = scan.byte().and_then(Level::from_letter)?;
    let when = stamp::glog(&mut scan)?;
    Some(Found { when: Some(when), level: Some(level) })
}

pub(super) const RUBY: Format = Format {
    name: "ruby",
    about: "Ruby's Logger, and so Rails: letter, time and process, the level again as a word.",
    starts: Bytes::of(b"DIWEFA"),
    indented: false,
    read: ruby,
    examples: &[
        ("2026-11-20T20:10:11.123456Z error", "E, [2026-11-20T22:10:11.123456 #71] ERROR -- : no"),
        ("2026-11-20T20:10:11.123456Z info", "I, [2026-11-20T22:10:11.123456 #71]  INFO -- : Completed 500"),
        ("2026-11-20T20:10:11.123456Z -", "A, [2026-11-20T22:10:11.123456 #71]   ANY -- : no"),
    ],
};

fn ruby(line: Line<'_>) -> Option<Found> {
    let mut scan = Scan::new(line.bytes);
    let level = Level::from_letter(scan.byte()?);
    scan.word(b", [")?;
    let when = stamp::iso(&mut scan)?;
    Some(Found { when: Some(when), level })
}
