//! Machines made of files: what systemd, a container and missing capabilities leave to be seen.

use std::fs;

use crate::fake::Fake;

use super::*;

/// A made-up machine whose first process is systemd.
fn machine(unit: &str, soft: u64, hard: u64) -> Fake {
    let fake = Fake::new();
    for (pid, name, parent, limits) in
        [(1, &b"systemd"[..], 0, (1_000_000, 1_000_000)), (7, b"worker", 1, (soft, hard))]
    {
        let dir = fake.process(pid, name);
        let stat = fs::read_to_string(dir.join("stat")).unwrap().replace(" S 1 ", &format!(" S {parent} "));
        fs::write(dir.join("stat"), stat).unwrap();
        fs::write(dir.join("cgroup"), format!("0::/system.slice/{unit}\n")).unwrap();
        fs::write(dir.join("limits"), format!("Max open files  {}  {}  files\n", limits.0, limits.1)).unwrap();
        std::os::unix::fs::symlink(fake.dir.path().join("root"), dir.join("root")).unwrap();
    }
    fs::create_dir(fake.dir.path().join("root")).unwrap();
    fake
}

fn configured(fake: &Fake, path: &str, text: &str) {
    let path = fake.dir.path().join("root").join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

/// Makes the worker a supervisord of whose file nothing is said.
fn supervisord(fake: &Fake) {
    let stat = "7 (supervisord) S 1 1 1 0 -1 4194560 0 0 0 0 0 0 0 0 20 0 3 0 4242 1000 10 0 0\n";
    fs::write(fake.dir.path().join("7/stat"), stat).unwrap();
    fs::write(fake.dir.path().join("7/cmdline"), "/usr/bin/python3\0/usr/bin/supervisord\0-n\0").unwrap();
    std::os::unix::fs::symlink("/", fake.dir.path().join("7/cwd")).unwrap();
    configured(fake, "etc/supervisor/supervisord.conf", "[supervisord]\n");
}

#[test]
fn a_unit_of_systemd_is_named_with_the_drop_in_that_says_it() {
    let fake = machine("worker.service", 4096, 8192);
    configured(&fake, "usr/lib/systemd/system/worker.service", "[Service]\nLimitNOFILE=10\n");
    configured(
        &fake,
        "etc/systemd/system/worker.service.d/10-a.conf",
        "[Service]\n#LimitNOFILE=1\nLimitNOFILE = 4096:8192\n",
    );
    let found = fake.proc().diagnose(7, Some(65_536)).unwrap();
    let at = Some("/etc/systemd/system/worker.service.d/10-a.conf:3".to_owned());
    assert_eq!(found.origin, Origin::Systemd { unit: "worker.service".to_owned(), at, sure: Sureness::Certain });
    let remedy = &lasting(&found)[0];
    assert_eq!(remedy.file.as_deref(), Some("/etc/systemd/system/worker.service.d/open-files.conf"));
    assert_eq!(remedy.lines, ["[Service]", "LimitNOFILE=65536"]);
    assert_eq!(remedy.then, ["systemctl daemon-reload", "systemctl restart worker.service"]);
    // Our own file comes after theirs, so that it is the last one said.
    assert!("open-files.conf" > "10-a.conf");
}

#[test]
fn a_unit_of_which_nothing_is_said_has_what_is_built_in_and_one_that_differs_is_not_certain() {
    let found = machine("worker.service", 1024, 524_288).proc().diagnose(7, None).unwrap();
    assert_eq!(found.origin, Origin::Systemd { unit: "worker.service".to_owned(), at: None, sure: Sureness::Certain });
    let fake = machine("worker.service", 77, 99);
    configured(&fake, "etc/systemd/system.conf", "[Manager]\nDefaultLimitNOFILE=5000\n");
    let found = fake.proc().diagnose(7, None).unwrap();
    let at = Some("/etc/systemd/system.conf:2".to_owned());
    assert_eq!(found.origin, Origin::Systemd { unit: "worker.service".to_owned(), at, sure: Sureness::Probable });
}

#[test]
fn a_container_is_named_and_a_link_in_it_does_not_lead_out_of_it() {
    let id = "0123456789abcdef".repeat(4);
    let fake = machine(&format!("docker-{id}.scope"), 1024, 524_288);
    let dir = fake.dir.path().join("1/cgroup");
    fs::write(dir, "0::/init.scope\n").unwrap();
    let outside = fake.dir.path().join("secret");
    fs::write(&outside, "root:x:0:0::/:\nmole:x:33:33::/:\n").unwrap();
    fs::create_dir(fake.dir.path().join("root/etc")).unwrap();
    std::os::unix::fs::symlink(&outside, fake.dir.path().join("root/etc/passwd")).unwrap();
    let found = fake.proc().diagnose(7, Some(4096)).unwrap();
    assert_eq!(found.origin.to_string(), "the container's runtime has set it (docker:0123456789ab)");
    assert_eq!(lasting(&found)[0].lines, ["docker run --ulimit nofile=4096:4096 …"]);
    assert!(!found.notes.iter().any(|note| note.to_string().contains("mole")), "{:?}", found.notes);
}

#[test]
fn a_process_that_raised_itself_is_told_from_who_set_its_hard_limit() {
    let fake = machine("worker.service", 524_288, 524_288);
    let parent = fake.dir.path().join("1/limits");
    fs::write(parent, "Max open files  1024  524288  files\n").unwrap();
    fs::write(
        fake.dir.path().join("1/stat"),
        "1 (starter) S 0 1 1 0 -1 4194560 0 0 0 0 0 0 0 0 20 0 3 0 4242 1000 10 0 0\n",
    )
    .unwrap();
    let found = fake.proc().diagnose(7, None).unwrap();
    assert_eq!(found.origin.name(), "itself", "{}", found.origin);
}

#[test]
fn nothing_is_promised_above_a_hard_limit_that_root_may_not_raise() {
    let fake = machine("x.slice", 300, 20_000);
    fs::write(fake.dir.path().join("1/limits"), "Max open files  1024  20000  files\n").unwrap();
    for (mask, promised) in [("000001fffeffffff", 20_000), ("000001ffffffffff", 65_536)] {
        fs::write(fake.dir.path().join("1/status"), format!("Uid:\t0\t0\t0\t0\nCapBnd:\t{mask}\n")).unwrap();
        let found = fake.proc().diagnose(7, Some(65_536)).unwrap();
        // A hard limit that is high enough is kept.
        let hard = if promised > 20_000 { promised.to_string() } else { String::new() };
        let line = format!("prlimit --nofile={promised}:{hard} …");
        assert!(lasting(&found).iter().any(|remedy| remedy.lines == [line.as_str()]), "{:?}", found.ways);
        let above = found.ways.iter().any(|way| way.lasts == Lasts::FromAbove);
        assert_eq!(above, promised < 65_536, "{:?}", found.ways);
    }
}

#[test]
fn where_no_systemd_runs_no_line_of_it_is_printed() {
    for booted in [false, true] {
        let fake = machine("worker.service", 300, 20_000);
        // A container whose control group names a unit of the machine around it.
        let stat = "1 (tini) S 0 1 1 0 -1 4194560 0 0 0 0 0 0 0 0 20 0 3 0 4242 1000 10 0 0\n";
        fs::write(fake.dir.path().join("1/stat"), stat).unwrap();
        fs::write(fake.dir.path().join("1/cmdline"), "tini\0").unwrap();
        if booted {
            fs::create_dir_all(fake.dir.path().join("root/run/systemd/system")).unwrap();
        }
        let found = fake.proc().diagnose(7, Some(4096)).unwrap();
        let text = format!("{:?}", found.ways);
        assert_eq!(text.contains("systemctl"), booted, "{text}");
        assert_eq!(text.contains("LimitNOFILE=4096"), booted, "{text}");
    }
}

#[test]
fn a_line_of_docker_is_printed_only_where_docker_has_left_its_mark() {
    for (mark, line) in [("", None), (".dockerenv", Some("docker run ")), ("run/.containerenv", Some("podman run "))] {
        let fake = machine("x.slice", 300, 20_000);
        fs::write(fake.dir.path().join("1/limits"), "Max open files  1024  20000  files\n").unwrap();
        fs::write(fake.dir.path().join("1/status"), "Uid:\t0\t0\t0\t0\nCapBnd:\t000001fffeffffff\n").unwrap();
        if !mark.is_empty() {
            configured(&fake, mark, "");
        }
        let found = fake.proc().diagnose(7, Some(65_536)).unwrap();
        let above = found.ways.iter().find(|way| way.lasts == Lasts::FromAbove).unwrap();
        let lines = &above.steps[0].lines;
        assert_eq!(lines.len(), usize::from(line.is_some()), "{lines:?}");
        assert!(lines.iter().zip(line).all(|(is, wanted)| is.starts_with(wanted)), "{lines:?}");
    }
}

#[test]
fn a_soft_limit_below_what_systemd_gives_the_unit_of_supervisord_is_not_put_down_to_its_minfds() {
    for (given, origin) in [(65_536, "unknown"), (256, "supervisord")] {
        let fake = machine("supervisor.service", 1024, 524_288);
        let unit = format!("[Service]\nLimitNOFILE={given}:524288\n");
        configured(&fake, "etc/systemd/system/supervisor.service", &unit);
        supervisord(&fake);
        let found = fake.proc().diagnose(7, Some(4096)).unwrap();
        assert_eq!(found.origin.name(), origin, "{}", found.origin);
        // What helps is the same.
        assert_eq!(lasting(&found)[0].lines, ["[supervisord]", "minfds=4096"]);
    }
}

#[test]
fn a_low_hard_limit_under_supervisord_takes_two_steps_of_one_way_and_one_restart() {
    let fake = machine("supervisor.service", 1024, 1024);
    configured(&fake, "run/systemd/system/x", "");
    supervisord(&fake);
    let found = fake.proc().diagnose(7, Some(4096)).unwrap();
    assert!(matches!(found.origin, Origin::Supervisord { .. }), "{}", found.origin);
    let [unit, minfds] = lasting(&found) else { panic!("{:?}", found.ways) };
    assert_eq!((&*unit.lines[1], &*minfds.lines[1]), ("LimitNOFILE=4096", "minfds=4096"));
    assert_eq!(
        (&*unit.then, &*minfds.then),
        (&["systemctl daemon-reload".to_owned()][..], &["systemctl restart supervisor.service".to_owned()][..])
    );
    assert_eq!(minfds.file.as_deref(), Some("/etc/supervisor/supervisord.conf"));
}
