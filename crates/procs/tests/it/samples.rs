//! A host that nobody looks at: one count a minute, and what a look finds afterwards. Time is simulated.

use std::fs;
use std::time::Duration;

use tailcast_procs::{Cause, Pattern, Proc, Sample, Seen, Watch};

use crate::fake::Fake;
use crate::leaky::Leaky;
use crate::odd::as_nobody;

/// The middle of a minute.
fn middle(minute: u64) -> Duration {
    Duration::from_secs(minute * 60 + 30)
}

/// Two a minute for so many minutes, while nobody looks.
fn left_alone(state: &'static str, minutes: u64) -> Leaky {
    let mut leaky = Leaky::new(state);
    for minute in 0..minutes {
        leaky.opens();
        leaky.opens();
        leaky.watch.sample(middle(minute)).unwrap();
    }
    leaky
}

#[test]
fn a_leak_that_nobody_saw_grow_is_named_at_the_first_look() {
    for (state, cause) in [("01", Cause::Connections), ("08", Cause::NotClosed)] {
        let seen = left_alone(state, 12).looked_at(12 * 60 + 5);
        let finding = seen.findings.first().expect("nothing is found");
        assert_eq!(finding.pattern, Pattern::Leak(cause));
        assert!(
            finding.words.starts_with("grew by 2.0 a minute for 10 minutes, all of it connections to 10.0.0.5:6379"),
            "{}",
            finding.words
        );
        assert!((seen.slopes.ten.unwrap() - 2.0).abs() < 0.1, "{:?}", seen.slopes);
        assert_eq!((seen.left, seen.trend[0].fds), (finding.left, 2), "{:?}", seen.trend);
    }
}

#[test]
fn it_is_known_what_a_leak_is_of_also_where_many_processes_come_and_grow() {
    let mut leaky = Leaky::new("01");
    for minute in 0..12u32 {
        leaky.opens();
        leaky.opens();
        // A build: each minute ten that grow faster, for six minutes each, and an older one that comes and goes.
        for job in 0..60u32 {
            let (pid, age) = (100 + job, (minute + job) % 6);
            let dir = leaky.fake.process(pid, b"cc");
            let stat = fs::read_to_string(dir.join("stat")).unwrap();
            let born = 5000 + (minute + job) / 6;
            fs::write(dir.join("stat"), stat.replace("4242", &born.to_string())).unwrap();
            if age == 0 {
                fs::remove_dir_all(dir.join("fd")).unwrap();
                fs::create_dir(dir.join("fd")).unwrap();
            }
            (0..9).for_each(|fd| leaky.fake.opens(pid, age * 9 + fd, b"/dev/null"));
        }
        leaky.watch.sample(middle(minute.into())).unwrap();
    }
    let look = leaky.watch.look(middle(12)).unwrap();
    let seen = look.list.into_iter().find(|seen| seen.process.id.pid == 7).unwrap();
    assert!(seen.findings[0].words.contains("all of it connections to 10.0.0.5:6379"), "{:?}", seen.findings);
}

#[test]
fn an_hour_is_remembered_and_no_more() {
    let mut leaky = left_alone("01", 90);
    let seen = leaky.looked_at(90 * 60);
    assert!((seen.slopes.sixty.unwrap() - 2.0).abs() < 0.1, "{:?}", seen.slopes);
    assert!(seen.findings[0].words.starts_with("grew by 2.0 a minute for 60 minutes"), "{:?}", seen.findings);
    assert!(seen.trend[0].ago <= Duration::from_secs(66 * 60), "{:?}", seen.trend);
}

/// A process that is started anew with the number of the one before, each minute, with as many files as that had or more.
fn reborn_each_minute(more: bool) -> Seen {
    let fake = Fake::new();
    let dir = fake.process(7, b"job");
    let mut watch = Watch::new(fake.proc());
    let stat = fs::read_to_string(dir.join("stat")).unwrap();
    for minute in 0..15u32 {
        fs::write(dir.join("stat"), stat.replace("4242", &(5000 + minute).to_string())).unwrap();
        if more || minute == 0 {
            fake.opens(7, minute, b"/dev/null");
        }
        watch.sample(middle(minute.into())).unwrap();
    }
    watch.look(middle(15)).unwrap().list.pop().unwrap()
}

#[test]
fn a_number_that_is_given_to_another_process_has_no_past() {
    for more in [true, false] {
        let seen = reborn_each_minute(more);
        assert_eq!((seen.findings.len(), seen.slopes.ten, seen.trend.len()), (0, None, 0), "{seen:?}");
    }
}

#[test]
fn who_takes_over_a_number_with_as_many_files_begins_where_it_first_has_another_count() {
    let mut leaky = left_alone("01", 8);
    let stat = leaky.fake.dir.path().join("7/stat");
    fs::write(&stat, fs::read_to_string(&stat).unwrap().replace("4242", "9999")).unwrap();
    for minute in 8..13 {
        leaky.watch.sample(middle(minute)).unwrap();
    }
    leaky.opens();
    leaky.watch.sample(middle(13)).unwrap();
    leaky.opens();
    let seen = leaky.looked_at(14 * 60 + 30);
    assert_eq!((seen.findings.len(), seen.slopes.ten), (0, None), "{seen:?}");
    assert!(seen.trend.iter().all(|point| point.fds >= 17), "{:?}", seen.trend);
}

#[test]
fn minutes_that_were_not_sampled_are_no_evidence() {
    let mut leaky = left_alone("01", 5);
    for minute in 7..14 {
        leaky.opens();
        leaky.opens();
        leaky.watch.sample(middle(minute)).unwrap();
    }
    assert!(leaky.looked_at(14 * 60).findings.is_empty());
}

#[test]
fn who_cannot_be_counted_is_counted_as_such_and_stops_nobody() {
    let fake = Fake::new();
    let dir = fake.process(7, b"shy");
    fs::remove_dir(dir.join("fd")).unwrap();
    fs::write(dir.join("fd"), "").unwrap();
    fake.process(8, b"open");
    fake.opens(8, 0, b"/dev/null");
    let mut watch = Watch::new(fake.proc());
    assert_eq!(watch.sample(middle(0)).unwrap(), Sample { counted: 1, uncounted: 1, left_out: 0 });
}

#[test]
fn without_a_privilege_all_are_sampled() {
    as_nobody("samples::nobody_samples_all");
}

#[test]
#[ignore = "it is run as nobody by the test above"]
fn nobody_samples_all() {
    let mut watch = Watch::new(Proc::new().unwrap());
    let sample = watch.sample(middle(0)).unwrap();
    assert!(sample.counted > 0 && sample.uncounted == 0, "{sample:?}");
    let own = watch.look(middle(1)).unwrap().list.into_iter().find(|seen| seen.process.id.pid == std::process::id());
    assert!(own.unwrap().process.fds.unwrap() > 0);
}
