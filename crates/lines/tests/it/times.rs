//! What a line leaves out: the zone and the year.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use tailcast_lines::{Context, Recognizer};

fn moment(text: &str) -> Timestamp {
    text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// What `line` says to somebody in New York, who reads it at `reference`.
fn read(line: &str, reference: &str) -> Option<Timestamp> {
    let zone = TimeZone::posix("EST5EDT,M3.2.0,M11.1.0").expect("a zone");
    Recognizer::new(Context { zone, reference: moment(reference) }).read(line.as_bytes()).time
}

#[test]
fn a_stamp_without_a_zone_is_in_the_zone_of_the_host_in_summer_and_in_winter() {
    let now = "2026-12-01T00:00:00Z";
    assert_eq!(read("2026-07-01 12:00:00 INFO", now), Some(moment("2026-07-01T16:00:00Z")));
    assert_eq!(read("2026-11-20 12:00:00 INFO", now), Some(moment("2026-11-20T17:00:00Z")));
    assert_eq!(read("2026-11-20 12:00:00Z INFO", now), Some(moment("2026-11-20T12:00:00Z")));
}

#[test]
fn an_hour_that_comes_twice_is_taken_for_its_first() {
    assert_eq!(read("2026-11-01 01:30:00 INFO", "2026-12-01T00:00:00Z"), Some(moment("2026-11-01T05:30:00Z")));
}

#[test]
fn an_hour_that_is_left_out_is_still_a_moment() {
    assert_eq!(read("2026-03-08 02:30:00 INFO", "2026-12-01T00:00:00Z"), Some(moment("2026-03-08T07:30:00Z")));
}

#[test]
fn december_seen_in_january_is_last_year() {
    let now = "2027-01-02T00:00:00Z";
    assert_eq!(read("Dec 31 18:59:59 web1 app: no", now), Some(moment("2026-12-31T23:59:59Z")));
    assert_eq!(read("Jan  1 00:00:00 web1 app: no", now), Some(moment("2027-01-01T05:00:00Z")));
}

#[test]
fn a_clock_that_is_a_little_ahead_does_not_cost_a_year() {
    let now = "2026-12-31T23:00:00Z";
    assert_eq!(read("Jan  1 00:30:00 web1 app: no", now), Some(moment("2027-01-01T05:30:00Z")));
    assert_eq!(read("Jan  2 12:00:00 web1 app: no", now), Some(moment("2026-01-02T17:00:00Z")));
}

#[test]
fn a_29th_of_february_is_in_a_leap_year() {
    assert_eq!(read("Feb 29 12:00:00 web1 app: no", "2027-06-01T00:00:00Z"), Some(moment("2024-02-29T17:00:00Z")));
    assert_eq!(read("Feb 30 12:00:00 web1 app: no", "2027-06-01T00:00:00Z"), None);
}

#[test]
fn a_day_that_does_not_exist_is_no_time() {
    for line in ["2026-02-29 12:00:00 x", "2026-13-01 12:00:00 x", "2026-11-20 24:00:00 x", "2026-11-20 12:60:00 x"] {
        assert_eq!(read(line, "2026-12-01T00:00:00Z"), None, "{line}");
    }
}

#[test]
fn an_ambiguous_zone_name_is_the_hosts_own() {
    let line = "2026-11-20 12:00:00.5 EST [71] LOG:  ready";
    assert_eq!(read(line, "2026-12-01T00:00:00Z"), Some(moment("2026-11-20T17:00:00.5Z")));
}

#[test]
fn the_longest_fraction_and_every_offset_are_read() {
    for (line, time) in [
        ("2026-11-20T22:10:11.1234567891Z x", "2026-11-20T22:10:11.123456789Z"),
        ("2026-11-20T22:10:11.1-05:30 x", "2026-11-21T03:40:11.1Z"),
        ("2026-11-20T22:10:11-0530 x", "2026-11-21T03:40:11Z"),
        ("2026-11-20 22:10:11.123+00 x", "2026-11-20T22:10:11.123Z"),
        ("2026-11-20 22:10:11 GMT x", "2026-11-20T22:10:11Z"),
    ] {
        assert_eq!(read(line, "2026-12-01T00:00:00Z"), Some(moment(time)), "{line}");
    }
}
