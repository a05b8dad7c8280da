//! Leaks, spins, and what looks like them and is none: on counts whose time is simulated, two seconds apart as when somebody
//! looks, or a minute apart as when nobody does.

use std::time::Duration;

use tailcast_procs::{
    Cause, Composition, Demand, Direction, Finding, Kind, Known, Limit, Pattern, Peer, Seen, Series, State, judge,
};

use crate::leaky::Leaky;

const LIMIT: Limit = Limit { soft: 4096, hard: 4096 };
const STEP: u64 = 2;
/// Seconds between two counts, and the second of the first.
const LOOKED_AT: (u64, u64) = (STEP, 0);
const SAMPLED: (u64, u64) = (60, 30);

/// The first minute at which something is found within `minutes`, when the process has `fds` open at a second.
fn named_after(minutes: u64, (step, first): (u64, u64), fds: impl Fn(u64) -> u64) -> Option<(u64, Finding)> {
    let mut series = Series::default();
    for second in (first..minutes * 60).step_by(step as usize) {
        series.push(Duration::from_secs(second), fds(second));
        // Judged as seldom as a person would look: nothing changes within a minute.
        if second % 60 + step < 60 {
            continue;
        }
        let known = Known { series: &series, limit: Some(LIMIT), demand: None, grown: None, listeners: &[] };
        if let Some(finding) = judge(&known).pop() {
            return Some((second / 60, finding));
        }
    }
    None
}

/// Both with somebody looking and with nobody.
fn named_either_way(minutes: u64, fds: impl Fn(u64) -> u64) -> Option<(u64, Finding)> {
    named_after(minutes, LOOKED_AT, &fds).or_else(|| named_after(minutes, SAMPLED, &fds))
}

/// As above, for who may look like a leak until a minute, and must not after it.
fn named_at_rest(minute: u64, fds: impl Fn(u64) -> u64) -> Option<(u64, Finding)> {
    let mut series = Series::default();
    for second in (0..7200).step_by(STEP as usize) {
        series.push(Duration::from_secs(second), fds(second));
        let known = Known { series: &series, limit: Some(LIMIT), demand: None, grown: None, listeners: &[] };
        let found = (second / 60 > minute).then(|| judge(&known).pop()).flatten();
        if let Some(finding) = found {
            return Some((second / 60, finding));
        }
    }
    None
}

/// A number below `below` that looks drawn by lot and is the same in each run.
fn lot(second: u64, below: u64) -> u64 {
    let mixed = (second + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    ((mixed ^ (mixed >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9) >> 32) % below
}

#[test]
fn two_a_minute_are_named_within_a_quarter_of_an_hour() {
    for pace in [LOOKED_AT, SAMPLED] {
        let (minute, finding) = named_after(60, pace, |second| 40 + second / 30).unwrap();
        assert!(minute <= 15, "only after {minute} minutes");
        assert_eq!(finding.pattern, Pattern::Leak(Cause::Unknown));
        assert!(finding.words.starts_with("grew by 2.0 a minute for 10 minutes"), "{}", finding.words);
        assert!(finding.words.ends_with("until the limit"), "{}", finding.words);
        let left = finding.left.unwrap().as_secs() / 60;
        assert!((1900..2100).contains(&left), "{left} minutes are left");
    }
}

#[test]
fn two_a_minute_are_named_under_the_coming_and_going_of_requests() {
    let busy = |second| 40 + second / 30 + lot(second, 40);
    let (minute, _) = named_after(60, LOOKED_AT, busy).unwrap();
    assert!(minute <= 15, "only after {minute} minutes");
    // One count a minute meets the floor below the requests seldom: it takes longer to be sure.
    let (minute, _) = named_after(70, SAMPLED, busy).unwrap();
    assert!(minute <= 62, "only after {minute} minutes");
}

#[test]
fn a_slow_leak_is_named_within_the_hour_and_a_fast_one_is_not_named_earlier_than_is_sure() {
    let (minute, finding) = named_after(62, LOOKED_AT, |second| 40 + second / 200).unwrap();
    assert!((20..=60).contains(&minute), "{minute}: {}", finding.words);
    let (minute, _) = named_after(60, LOOKED_AT, |second| 40 + second).unwrap();
    assert!((9..=11).contains(&minute), "{minute}");
}

#[test]
fn a_pool_that_is_filled_and_full_is_not_named() {
    for seconds in [10, 60, 200, 300] {
        let pool = |second: u64| 40 + (100 * second / seconds).min(100) + lot(second, 6);
        assert_eq!(named_either_way(240, pool), None, "filled within {seconds} s");
    }
    let steps = |second: u64| 40 + if second > 1800 { 200 } else { 0 } + lot(second, 3);
    assert_eq!(named_either_way(240, steps), None);
}

#[test]
fn a_job_that_comes_again_is_not_named() {
    for (period, length) in [(300, 120), (600, 400), (3600, 300)] {
        let cron = |second: u64| 40 + if second % period < length { (second % period) / 2 } else { 0 };
        assert_eq!(named_either_way(600, cron), None, "each {period} s for {length} s");
    }
    let sawtooth = |second: u64| 40 + (second % 540) / 4;
    assert_eq!(named_either_way(600, sawtooth), None);
}

#[test]
fn a_build_server_is_not_named() {
    // Up to 400 files, in jobs of changing length, with hardly a quiet second.
    let build = |second: u64| 60 + lot(second / 37, 180) + lot(second / 5, 120) + lot(second, 100);
    assert_eq!(named_either_way(1440, build), None);
    let day = |second: u64| 100 + ((second as f64 / 13_750.0).sin().abs() * 300.0) as u64 / 50 * 50 + lot(second, 80);
    assert_eq!(named_either_way(1440, day), None);
    for seed in 0..20 {
        let own = |second: u64, below| lot(second + seed * 1_000_003, below);
        let jobs = |second: u64| 60 + own(second / 37, 180) + own(second / 300, 120) + own(second, 100);
        assert_eq!(named_either_way(600, jobs), None, "{seed}");
    }
}

#[test]
fn who_was_seen_to_give_back_as_much_is_not_named() {
    // It rises for 40 of 50 minutes. That its first rise ends was not known; of the later ones it is.
    let job = |second: u64| 40 + (second % 3000).min(2400) / 12 * u64::from(second % 3000 < 2400);
    for (step, first) in [LOOKED_AT, SAMPLED] {
        let mut series = Series::default();
        for second in (first..20 * 3600).step_by(step as usize) {
            series.push(Duration::from_secs(second), job(second));
            assert!(second < 3000 || series.growth().is_none(), "at minute {}", second / 60);
        }
    }
}

#[test]
fn a_leak_that_has_ended_is_no_longer_named() {
    let mut series = Series::default();
    let mut named = Vec::new();
    for second in (0..5400).step_by(STEP as usize) {
        series.push(Duration::from_secs(second), 40 + (second / 20).min(100));
        if series.growth().is_some() {
            named.push(second / 60);
        }
    }
    assert!(named.first().is_some_and(|minute| *minute <= 15), "{named:?}");
    // It stood still from minute 33 on.
    assert!(named.last().is_some_and(|minute| *minute < 60), "{:?}", named.last());
}

#[test]
fn a_pool_that_fills_ever_slower_and_stands_still_is_not_named() {
    for rest in [300, 420, 480, 600, 1200, 2400] {
        // As good as full when it comes to rest.
        let pool = |second: u64| 45 - (40.0 * (-4.0 * second.min(rest) as f64 / rest as f64).exp()) as u64;
        let named = if rest <= 600 { named_either_way(120, pool) } else { named_at_rest(rest / 60 + 1, pool) };
        assert_eq!(named, None, "at rest after {rest} s");
    }
}

#[test]
fn a_growth_that_stops_is_no_longer_named_some_minutes_later_however_long_it_was() {
    for (step, first) in [LOOKED_AT, SAMPLED] {
        for (stops, per) in [(20, 10), (30, 5), (45, 20), (60, 20)] {
            let mut series = Series::default();
            let (mut before, mut after) = (false, 0);
            for second in (first..(stops + 40) * 60).step_by(step as usize) {
                series.push(Duration::from_secs(second), 40 + second.min(stops * 60) / per);
                let named = series.growth().is_some();
                before |= named && second < stops * 60;
                after = if named { second } else { after };
            }
            assert!(before && after < (stops + 4) * 60, "{per} s each, till minute {stops}: named until {after} s");
        }
    }
}

#[test]
fn a_leak_that_comes_in_bursts_is_named_and_stays_named() {
    for (step, first) in [LOOKED_AT, SAMPLED] {
        for each in [60, 120, 180] {
            // Two a minute, several at once, under fifty that come and go.
            let burst = |second: u64| 40 + second / each * each / 30 + if second % 70 < 20 { 50 } else { 0 };
            let mut series = Series::default();
            let mut named = Vec::new();
            for second in (first..90 * 60).step_by(step as usize) {
                series.push(Duration::from_secs(second), burst(second));
                named.push(series.growth().is_some());
            }
            let from = named.iter().position(|named| *named).unwrap();
            let share = named[from..].iter().filter(|named| **named).count() as f64 / (named.len() - from) as f64;
            assert!(
                step != STEP || from as u64 * STEP <= 25 * 60,
                "each {each} s: only after {} s",
                from as u64 * STEP
            );
            assert!(step != STEP || share > 0.9, "each {each} s: named {share} of the time");
        }
    }
}

/// The seconds at which a time left would be given, within so many minutes.
fn given(minutes: u64, (step, first): (u64, u64), fds: impl Fn(u64) -> u64) -> Vec<u64> {
    let mut series = Series::default();
    let mut given = Vec::new();
    for second in (first..minutes * 60).step_by(step as usize) {
        series.push(Duration::from_secs(second), fds(second));
        given.extend(series.pace().map(|_| second));
    }
    given
}

#[test]
fn who_opens_many_at_once_and_stays_has_no_time_left() {
    for pace in [LOOKED_AT, SAMPLED] {
        assert!(given(90, pace, |second| if second < 65 { 10 } else { 710 }).is_empty());
        assert!(given(90, pace, |second| if second < 2 { 10 } else { 5010 }).is_empty());
        assert!(given(90, pace, |second| 10 + (second * 1000).min(5000)).is_empty());
        // Filled within three minutes and flat since: while it is filled it may be said, soon after no more.
        let given = given(90, pace, |second| 10 + second.min(180));
        assert!(given.iter().all(|second| *second <= 200), "{given:?}");
    }
}

#[test]
fn who_goes_on_has_a_time_left_from_the_first_minute_on() {
    let given = given(40, LOOKED_AT, |second| 40 + second / 2);
    assert!(given[0] <= 60, "{given:?}");
    assert!(given.len() as u64 * STEP > 37 * 60, "{}", given.len());
}

#[test]
fn hours_in_which_nobody_looked_are_no_evidence() {
    let mut series = Series::default();
    for hour in 0..12 {
        series.push(Duration::from_secs(hour * 3600), 40 + hour * 100);
        assert_eq!(series.growth(), None);
        assert_eq!(series.slopes().ten, None);
    }
}

#[test]
fn slopes_are_those_of_their_stretches() {
    let mut series = Series::default();
    for second in (0..3700).step_by(STEP as usize) {
        series.push(Duration::from_secs(second), 1000 + second / 6);
    }
    let slopes = series.slopes();
    for slope in [slopes.one, slopes.ten, slopes.sixty] {
        assert!((slope.unwrap() - 10.0).abs() < 0.5, "{slopes:?}");
    }
}

/// What a process at its limit is said to do, by what its busiest thread wants.
fn at_the_limit(demand: Option<Demand>) -> Finding {
    let mut series = Series::default();
    series.push(Duration::ZERO, 20);
    let limit = Some(Limit { soft: 20, hard: 4096 });
    judge(&Known { series: &series, limit, demand, grown: None, listeners: &[] }).remove(0)
}

#[test]
fn at_the_limit_is_told_from_a_spin_at_the_limit_also_where_others_take_the_processor() {
    let spins = Demand { wanted: 0.996, ran: 0.3, kernel: 0.2, waits: 0.0 };
    let spin = at_the_limit(Some(spins));
    assert_eq!(spin.pattern, Pattern::Spin);
    let said = "20 of 20 descriptors are open, and a thread wants to run 100 % of the time (it gets 30 %)";
    assert_eq!(spin.words, said);
    for (who, demand) in [
        ("not known", None),
        ("it rests", Some(Demand { wanted: 0.5, ..spins })),
        ("it computes", Some(Demand { kernel: 0.02, ..spins })),
        ("it is busy with those that it has", Some(Demand { wanted: 0.97, waits: 400.0, ..spins })),
    ] {
        assert_eq!(at_the_limit(demand).pattern, Pattern::AtLimit, "{who}");
    }
}

#[test]
fn a_leak_of_files_is_one_of_files() {
    let mut series = Series::default();
    for second in (0..900).step_by(STEP as usize) {
        series.push(Duration::from_secs(second), 40 + second / 10);
    }
    let held = |files, sockets, deleted| Composition {
        kinds: vec![(Kind::File, files), (Kind::Socket, sockets)],
        deleted,
        ..Composition::default()
    };
    for (deleted, cause, words) in
        [(20, Cause::Kind(Kind::File), "all of it files"), (60, Cause::Deleted, "all of it deleted files")]
    {
        let (before, now) = (held(10, 30, 2), held(70, 33, deleted));
        let known = Known { series: &series, limit: None, demand: None, grown: Some((&before, &now)), listeners: &[] };
        let finding = &judge(&known)[0];
        assert_eq!(finding.pattern, Pattern::Leak(cause));
        assert!(finding.words.ends_with(words), "{}", finding.words);
    }
}

/// It opens one twice a minute; returns when it is named first.
fn named(mut leaky: Leaky) -> (u64, Seen) {
    for step in 0..60u64 {
        leaky.opens();
        let seen = leaky.looked_at(step * 30);
        if !seen.findings.is_empty() {
            return (step / 2, seen);
        }
    }
    panic!("it was not named within half an hour")
}

#[test]
fn a_leak_is_named_with_whom_the_connections_are_and_who_does_not_close() {
    for (state, cause, unclosed) in
        [("01", Cause::Connections, ""), ("08", Cause::NotClosed, " not closed (CLOSE_WAIT)")]
    {
        let (minute, seen) = named(Leaky::new(state));
        assert!(minute <= 15, "{minute}");
        let finding = &seen.findings[0];
        assert_eq!(finding.pattern, Pattern::Leak(cause));
        assert!(finding.words.contains("all of it connections to 10.0.0.5:6379 (redis)"), "{}", finding.words);
        assert!(finding.words.contains(&format!("{unclosed}; ")), "{}", finding.words);
        assert_eq!(finding.words.contains("CLOSE_WAIT"), cause == Cause::NotClosed, "{}", finding.words);
        assert_eq!(finding.peer.as_deref(), Some("10.0.0.5:6379"));
        assert_eq!(seen.left, finding.left);
    }
}

#[test]
fn a_trend_is_the_way_in_few_points_and_nothing_for_who_stands_still() {
    let mut series = Series::default();
    let mut still = Series::default();
    for second in (0..=3600).step_by(2) {
        let at = Duration::from_secs(second);
        series.push(at, 20 + second / 30);
        still.push(at, 20);
    }
    let trend = series.trend();
    assert!((8..=17).contains(&trend.len()), "{trend:?}");
    assert!(trend.is_sorted_by(|a, b| a.ago > b.ago && a.fds <= b.fds), "{trend:?}");
    assert_eq!(trend.last().map(|point| (point.ago, point.fds)), Some((Duration::ZERO, 140)));
    assert!(trend[0].ago >= Duration::from_secs(55 * 60) && trend[0].fds < 30, "{trend:?}");
    assert!(still.trend().is_empty());
    // From the second look on there is something to draw.
    let mut young = Series::default();
    young.push(Duration::ZERO, 5);
    assert!(young.trend().is_empty());
    young.push(Duration::from_secs(2), 9);
    let fds: Vec<u64> = young.trend().iter().map(|point| point.fds).collect();
    assert_eq!(fds, [5, 9]);
}

#[test]
fn what_grows_is_known_also_where_a_burst_of_the_same_was_there_at_the_first_look_into_it() {
    let mut leaky = Leaky::new("01");
    let mut named = 0;
    for step in 0..60u64 {
        leaky.opens();
        // Fifty for a moment, each three minutes; one of them when it is looked into first.
        leaky.bursts(if step % 6 == 4 { 50 } else { 0 });
        for finding in leaky.looked_at(step * 30).findings {
            assert!(finding.words.contains("all of it connections to 10.0.0.5:6379"), "{step}: {}", finding.words);
            named += 1;
        }
    }
    assert!(named > 30, "{named}");
}

#[test]
fn who_talks_to_another_place_than_before_has_no_more_connections_for_that() {
    let mut series = Series::default();
    for second in (0..900).step_by(STEP as usize) {
        series.push(Duration::from_secs(second), 40 + second / 10);
    }
    let held = |files, remote: &str| Composition {
        kinds: vec![(Kind::File, files), (Kind::Socket, 300)],
        peers: vec![Peer {
            direction: Direction::Out,
            remote: remote.to_owned(),
            port: None,
            addresses: None,
            service: None,
            count: 300,
            states: vec![(State::Established, 300)],
            inside: None,
        }],
        ..Composition::default()
    };
    let (before, now) = (held(10, "10.0.0.5:6379"), held(100, "10.0.0.6:6379"));
    let known = Known { series: &series, limit: None, demand: None, grown: Some((&before, &now)), listeners: &[] };
    assert_eq!(judge(&known)[0].pattern, Pattern::Leak(Cause::Kind(Kind::File)));
}

#[test]
fn a_clock_that_goes_back_is_one_that_stands_still() {
    let mut series = Series::default();
    for (seconds, fds) in [(600, 5), (0, 7), (601, 9)] {
        series.push(Duration::from_secs(seconds), fds);
    }
    assert_eq!((series.last(), series.trend().len()), (Some(9), 3));
}
