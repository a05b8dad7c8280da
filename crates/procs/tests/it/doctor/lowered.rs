//! A hard limit that somebody in here has lowered, where nobody may raise one: what is advised is at that one, and never more than
//! it can give.

use std::fs;

use tailcast_procs::Way;

use crate::fake::Fake;

use super::*;

/// A machine on which nobody may raise a hard limit: its processes, each with its name, its file and both limits, from the first
/// of all down.
fn chain(processes: &[(&str, &str, u64, u64)]) -> (Fake, u32) {
    let fake = Fake::new();
    let mut parent = 0;
    for (pid, (name, program, soft, hard)) in (1..).zip(processes) {
        let dir = fake.process(pid, name.as_bytes());
        let stat = fs::read_to_string(dir.join("stat")).unwrap().replace(" S 1 ", &format!(" S {parent} "));
        fs::write(dir.join("stat"), stat).unwrap();
        fs::write(dir.join("cgroup"), "0::/\n").unwrap();
        fs::write(dir.join("limits"), format!("Max open files  {soft}  {hard}  files\n")).unwrap();
        let none = "000001fffeffffff";
        fs::write(dir.join("status"), format!("Uid:\t0\t0\t0\t0\nCapEff:\t{none}\nCapBnd:\t{none}\n")).unwrap();
        std::os::unix::fs::symlink(program, dir.join("exe")).unwrap();
        if *name == "supervisord" {
            fs::write(dir.join("cmdline"), "supervisord\0-c\0/etc/s.conf\0").unwrap();
            fs::create_dir_all(dir.join("root/etc")).unwrap();
            fs::write(dir.join("root/etc/s.conf"), "[supervisord]\n").unwrap();
        }
        parent = pid;
    }
    (fake, parent)
}

fn found(processes: &[(&str, &str, u64, u64)]) -> Diagnosis {
    let (fake, pid) = chain(processes);
    fake.proc().diagnose(pid, Some(65_536)).unwrap()
}

fn from_above(found: &Diagnosis) -> Option<&Way> {
    found.ways.iter().find(|way| way.lasts == Lasts::FromAbove)
}

fn wanted(processes: &[(&str, &str, u64, u64)], want: u64) -> Diagnosis {
    let (fake, pid) = chain(processes);
    fake.proc().diagnose(pid, Some(want)).unwrap()
}

const TINI: (&str, &str, u64, u64) = ("tini", "/sbin/tini", 32_768, 32_768);

#[test]
fn more_from_outside_is_offered_only_where_nobody_in_here_has_lowered_it() {
    for (hard, offered) in [(32_768, true), (256, false)] {
        let found = found(&[TINI, ("worker", "/bin/worker", 200, hard)]);
        assert_eq!(from_above(&found).is_some(), offered, "{:?}", found.ways);
    }
}

#[test]
fn of_who_may_have_been_started_by_somebody_else_no_limit_is_promised() {
    let worker = ("worker", "/bin/worker", 256, 256);
    let shim = ("containerd-shim", "/bin/containerd-shim-runc-v2", 32_768, 32_768);
    let parent = ("master", "/bin/master", 32_768, 32_768);
    for (above, name) in [(&[TINI][..], "for_good_if"), (&[TINI, shim], "for_good_if"), (&[TINI, parent], "for_good")] {
        let found = found(&[above, &[worker]].concat());
        let way = found.ways.iter().find(|way| way.lasts == Lasts::ForGood).unwrap();
        assert_eq!(way.name(), name, "{above:?}: {way:?}");
        assert_eq!(found.origin.to_string().contains("only took it over"), name == "for_good_if", "{}", found.origin);
    }
}

#[test]
fn of_a_shell_that_may_have_been_started_by_somebody_else_no_limit_is_promised_that_it_does_not_have() {
    let worker = ("worker", "/bin/worker", 256, 20_000);
    let shell = |soft| ("sh", "/bin/dash", soft, 20_000);
    let (login, above) = (("bash", "/bin/bash", 32_768, 32_768), ("master", "/bin/master", 32_768, 32_768));
    for (chain, want, name) in [
        (&[TINI, shell(20_000), ("worker", "/bin/worker", 20_000, 20_000)][..], 30_000, "for_good_if"),
        (&[TINI, above, shell(20_000), ("worker", "/bin/worker", 20_000, 20_000)], 30_000, "for_good"),
        (&[TINI, login, shell(20_000), ("worker", "/bin/worker", 20_000, 20_000)], 30_000, "for_good"),
        // What it has itself it can give.
        (&[TINI, shell(256), worker], 8_192, "for_good"),
    ] {
        let found = wanted(chain, want);
        let way = found.ways.iter().find(|way| way.lasts == Lasts::ForGood).unwrap();
        assert!(way.steps[0].phrase.code.starts_with("remedy_shell"), "{way:?}");
        assert_eq!(way.name(), name, "{chain:?}: {way:?}");
    }
}

#[test]
fn who_lowered_it_is_to_be_started_with_as_much_as_is_above_it() {
    let master = ("master", "/bin/master", 256, 256);
    let found = found(&[TINI, ("bash", "/bin/bash", 20_000, 20_000), master, ("worker", "/bin/worker", 256, 256)]);
    // Not by the worker's own start: its parent has no more. And the shell has less than the first of all.
    let way = found.ways.iter().find(|way| way.lasts == Lasts::ForGood).unwrap();
    assert_eq!(way.reach, 32_768, "{way:?}");
    assert_eq!(way.steps[0].lines, ["ulimit -n 32768"]);
    assert!(way.steps[0].phrase.to_string().contains("pid 2"), "{way:?}");
}

#[test]
fn a_script_that_lowered_it_is_told_to_change_its_own_line() {
    let script = ("start.sh", "/usr/bin/bash", 100, 100);
    let found = found(&[TINI, ("bash", "/usr/bin/bash", 20_000, 32_768), script, ("worker", "/bin/worker", 100, 100)]);
    assert_eq!(found.origin, Origin::Shell(3), "{}", found.origin);
    let step = &lasting(&found)[0];
    assert_eq!(step.lines, ["ulimit -n 32768"]);
    assert!(step.phrase.to_string().contains("in place of the `ulimit -n` that is there"), "{step:?}");
    assert_eq!(from_above(&found), None);
}

#[test]
fn a_shell_that_has_more_than_what_it_started_is_not_stated_to_have_set_it() {
    let found = found(&[TINI, ("bash", "/usr/bin/bash", 20_000, 32_768), ("worker", "/bin/worker", 100, 100)]);
    assert_eq!(found.origin.name(), "unknown", "{}", found.origin);
    assert!(
        found
            .origin
            .to_string()
            .contains("a `ulimit` or `prlimit` did before it was started, or a `prlimit --pid` since"),
        "{}",
        found.origin
    );
}

#[test]
fn a_supervisord_that_was_started_with_a_low_hard_limit_is_started_with_a_higher_one() {
    for soft in [256, 1024] {
        let supervisord = ("supervisord", "/usr/bin/python3", soft, soft);
        let found = found(&[TINI, supervisord, ("worker", "/bin/worker", soft, soft)]);
        // Of 1024, its minfds when nothing is said: what started it gave it that very limit.
        assert_eq!(found.origin.name(), "unknown", "{}", found.origin);
        let [step] = lasting(&found) else { panic!("{:?}", found.ways) };
        assert_eq!(step.lines, ["[supervisord]", "minfds=32768"]);
        let [_, wait, start] = &step.then[..] else { panic!("{step:?}") };
        assert_eq!(wait, "while grep -qs '^State:.[^ZX]' /proc/2/status; do sleep 1; done");
        assert!(start.starts_with("prlimit --nofile=32768:32768 supervisord "), "{start}");
        assert_eq!(from_above(&found), None);
    }
}

#[test]
fn a_soft_limit_that_was_lowered_before_supervisord_is_not_its_doing_also_where_it_is_its_minfds() {
    let worker = |soft| ("worker", "/bin/worker", soft, 32_768);
    let supervisord = ("supervisord", "/usr/bin/python3", 1024, 32_768);
    // By a script that has become supervisord: it gave 1024, or less than that.
    let below_more = found(&[TINI, supervisord, worker(1024)]);
    assert_eq!(below_more.origin.name(), "unknown", "{}", below_more.origin);
    assert!(
        below_more.origin.to_string().contains("supervisord (pid 2) has it and tini (pid 1)"),
        "{}",
        below_more.origin
    );
    // What helps is the same.
    assert_eq!(lasting(&below_more)[0].lines, ["[supervisord]", "minfds=32768"]);
    let less = ("tini", "/sbin/tini", 256, 32_768);
    let below_less = found(&[less, supervisord, worker(1024)]);
    assert_eq!(below_less.origin.name(), "supervisord", "{}", below_less.origin);
}

#[test]
fn nothing_above_what_the_kernel_allows_is_promised_without_the_step_that_changes_that() {
    let (fake, pid) = chain(&[TINI, ("worker", "/bin/worker", 200, 32_768)]);
    fs::create_dir_all(fake.dir.path().join("sys/fs")).unwrap();
    fs::write(fake.dir.path().join("sys/fs/nr_open"), "50000\n").unwrap();
    let found = fake.proc().diagnose(pid, Some(65_536)).unwrap();
    let above = from_above(&found).unwrap();
    assert_eq!(above.steps.len(), 2, "{above:?}");
    assert_eq!(above.steps[0].lines, ["fs.nr_open = 65536"]);
}

#[test]
fn a_command_to_paste_promises_no_more_than_the_shell_that_asks_can_give() {
    let (fake, pid) = chain(&[TINI, ("worker", "/bin/worker", 100, 100)]);
    let shell = 500;
    let own = fake.process(std::process::id(), b"tailcast");
    let stat = fs::read_to_string(own.join("stat")).unwrap().replace(" S 1 ", &format!(" S {shell} "));
    fs::write(own.join("stat"), stat).unwrap();
    // The second has less than the process that it asks about: another has to be found.
    for (hard, promised) in [(20_000, 20_000), (64, 32_768)] {
        let limits = format!("Max open files  {hard}  {hard}  files\n");
        fs::write(fake.process(shell, b"bash").join("limits"), limits).unwrap();
        let found = fake.proc().diagnose(pid, Some(65_536)).unwrap();
        let line = format!("prlimit --nofile={promised}:{promised} …");
        assert_eq!(lasting(&found)[0].lines, [line], "{:?}", found.ways);
    }
}

#[test]
fn who_asks_about_himself_is_not_held_to_the_limit_that_he_asks_about() {
    let tool = ("tool", "/bin/tool", 20_000, 20_000);
    let (fake, _) = chain(&[TINI, tool, ("bash", "/usr/bin/bash", 256, 256)]);
    let own = fake.process(std::process::id(), b"tailcast");
    let stat = fs::read_to_string(own.join("stat")).unwrap().replace(" S 1 ", " S 3 ");
    fs::write(own.join("stat"), stat).unwrap();
    fs::write(own.join("limits"), "Max open files  256  256  files\n").unwrap();
    fs::write(own.join("cgroup"), "0::/\n").unwrap();
    let found = fake.proc().diagnose(std::process::id(), Some(65_536)).unwrap();
    // By a shell next to the one with the `ulimit`, and not by starting all anew that is above it.
    assert_eq!(lasting(&found).len(), 1, "{:?}", found.ways);
    assert_eq!(found.ways.iter().map(|way| (way.lasts, way.reach)).collect::<Vec<_>>(), [(Lasts::ForGood, 20_000)]);
}

#[test]
fn a_program_above_that_has_to_be_started_with_more_is_named() {
    let master = ("master", "/bin/master", 256, 256);
    let found = found(&[TINI, master, ("worker", "/bin/worker", 256, 256)]);
    let [step] = lasting(&found) else { panic!("{:?}", found.ways) };
    assert_eq!(step.lines, ["prlimit --nofile=32768:32768 …"]);
    assert!(step.phrase.to_string().starts_with("starts master (pid 2) with this limit, "), "{step:?}");
}

#[test]
fn who_raised_himself_under_a_supervisord_needs_only_that_to_be_started_with_more() {
    let found =
        found(&[TINI, ("supervisord", "/usr/bin/python3", 200, 2000), ("tailcast", "/bin/tailcast", 2000, 2000)]);
    assert_eq!(found.origin.name(), "itself", "{}", found.origin);
    // A second step would start it once more, outside of supervisord.
    let [step] = lasting(&found) else { panic!("{:?}", found.ways) };
    assert_eq!(step.lines, ["[supervisord]", "minfds=32768"]);
}

#[test]
fn a_program_of_a_supervisord_that_has_another_limit_is_changed_where_it_is_started() {
    for hard in [2000, 32_768] {
        let supervisord = ("supervisord", "/usr/bin/python3", 1024, hard);
        let found = found(&[TINI, supervisord, ("sleep", "/bin/sleep", 150, 150)]);
        let step = lasting(&found).last().unwrap();
        assert_eq!((step.phrase.code, step.file.as_deref()), ("remedy_program", Some("/etc/s.conf")));
        assert_eq!(step.lines, ["command=prlimit --nofile=32768:32768 …"]);
        assert_eq!(step.then, ["supervisorctl -c /etc/s.conf update"]);
    }
}

#[test]
fn a_command_that_depends_on_the_shell_it_is_pasted_into_says_so() {
    let found = found(&[TINI, ("worker", "/bin/worker", 20_000, 20_000)]);
    let [step] = lasting(&found) else { panic!("{:?}", found.ways) };
    assert!(step.phrase.to_string().contains("a shell whose `ulimit -Hn` says 32768 or more"), "{}", step.phrase);
}

#[test]
fn what_is_asked_for_and_cannot_be_had_is_not_dropped_without_a_word() {
    for (want, is_short) in [(65_536, true), (30_000, false)] {
        let found = wanted(&[TINI, ("worker", "/bin/worker", 20_000, 20_000)], want);
        let said = found.notes.iter().find(|note| note.code == "note_short").map(ToString::to_string);
        assert_eq!(said.is_some(), is_short, "{:?} {:?}", found.notes, found.ways);
        assert!(said.is_none_or(|said| said.starts_with("65536 is more") && said.contains("tini (pid 1) has 32768")));
    }
}

#[test]
fn the_first_process_is_not_stated_to_have_started_what_it_may_have_taken_over() {
    let found = found(&[TINI, ("worker", "/bin/worker", 20_000, 20_000)]);
    assert!(found.origin.to_string().contains("or only took it over"), "{}", found.origin);
    assert!(found.origin.to_string().contains("a `prlimit --pid` since"), "{}", found.origin);
}

#[test]
fn a_shell_that_kept_its_hard_limit_is_not_said_to_have_lowered_it() {
    let found = found(&[TINI, ("bash", "/usr/bin/bash", 100, 32_768), ("worker", "/bin/worker", 100, 32_768)]);
    assert_eq!(found.origin, Origin::Shell(2), "{}", found.origin);
    let [step] = lasting(&found) else { panic!("{:?}", found.ways) };
    assert_eq!((step.phrase.code, &step.lines[..]), ("remedy_shell_soft", &["ulimit -Sn 32768".to_owned()][..]));
}

#[test]
fn a_hard_limit_that_is_high_enough_is_kept() {
    let found = wanted(&[TINI, ("worker", "/bin/worker", 120, 500)], 450);
    assert_eq!(lasting(&found)[0].lines, ["prlimit --nofile=450: …"]);
    let shown = Command::new("sh")
        .args(["-c", "ulimit -Sn 120; ulimit -Hn 500; prlimit --nofile=450: sh -c 'ulimit -Sn; ulimit -Hn'"])
        .output()
        .unwrap();
    assert_eq!(String::from_utf8_lossy(&shown.stdout), "450\n500\n");
}
