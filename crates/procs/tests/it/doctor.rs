//! Who has set a limit, and whether the printed lines change it: they are applied, the program is started anew, and the
//! promised limit is looked for in `/proc/PID/limits`.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use tailcast_procs::{Diagnosis, Given, Lasts, Origin, Proc, Remedy, Sureness};
use tempfile::TempDir;

use crate::fake::Fake;

/// What every machine allows that runs these tests.
const WANT: u64 = 2048;

fn diagnose(pid: u32) -> Diagnosis {
    Proc::new().unwrap().diagnose(pid, Some(WANT)).unwrap()
}

/// What is to be done for good, in its order.
fn lasting(found: &Diagnosis) -> &[Remedy] {
    let way = found.ways.iter().find(|way| way.lasts == Lasts::ForGood);
    &way.unwrap_or_else(|| panic!("{:?}", found.ways)).steps
}

fn steps(found: &Diagnosis) -> impl Iterator<Item = &Remedy> {
    found.ways.iter().flat_map(|way| &way.steps)
}

fn soft(pid: u32) -> u64 {
    Proc::new().unwrap().process(pid).unwrap().limit.unwrap().soft
}

/// A program that runs until it is dropped.
struct Program(Child);

impl Program {
    fn start(command: &mut Command) -> Self {
        Program(command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap())
    }

    /// The number that a program it has started says on the shared stdout.
    fn said(&mut self) -> u32 {
        let lines = BufReader::new(self.0.stdout.take().unwrap()).lines();
        let pid = lines.map_while(Result::ok).find_map(|line| line.strip_prefix("pid ")?.trim().parse().ok());
        pid.expect("it ended without a word")
    }

    fn is_installed(program: &str) -> bool {
        Command::new(program).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // A polite end, so that what it has started ends too.
        let pid = rustix::process::Pid::from_child(&self.0);
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
        self.0.wait().unwrap();
    }
}

/// A supervisord with one program, which says its number where the test can read it.
struct Supervised {
    dir: TempDir,
}

impl Supervised {
    fn new(minfds: Option<u64>) -> Self {
        let supervised = Supervised { dir: TempDir::new().unwrap() };
        let minfds = minfds.map(|minfds| format!("minfds={minfds}\n")).unwrap_or_default();
        let dir = supervised.dir.path().display();
        let config = format!(
            "[supervisord]\nnodaemon=true\nuser=root\nlogfile=/dev/null\nlogfile_maxbytes=0\npidfile={dir}/pid\n{minfds}\n\
             [program:sleeper]\ncommand=sh -c 'echo $$ > {dir}/said.new; mv {dir}/said.new {dir}/said; exec sleep 600'\n"
        );
        fs::write(supervised.config(), config).unwrap();
        supervised
    }

    fn config(&self) -> PathBuf {
        self.dir.path().join("supervisord.conf")
    }

    /// Starts it from a shell with this soft limit, and waits for its program.
    fn start(&self, soft: u64) -> (Program, u32) {
        self.start_in(Path::new("/"), soft, &self.config().display().to_string())
    }

    /// The same from a folder, with its configuration as a shell there names it.
    fn start_in(&self, folder: &Path, soft: u64, config: &str) -> (Program, u32) {
        let said = self.dir.path().join("said");
        drop(fs::remove_file(&said));
        let script = format!("ulimit -Sn {soft}; exec supervisord -c {config}");
        let program = Program::start(Command::new("sh").args(["-c", &script]).current_dir(folder));
        let pid = until(|| fs::read_to_string(&said).ok()?.trim().parse().ok());
        // The shell that said it becomes the sleeper.
        until(|| (Proc::new().unwrap().process(pid).unwrap().name == "sleep").then_some(()));
        (program, pid)
    }

    /// Does to the file what is said, as a person with an editor would.
    fn apply(&self, remedy: &Remedy) {
        assert_eq!(remedy.file.as_deref(), self.config().to_str());
        let [section, line] = &remedy.lines[..] else { panic!("{remedy:?}") };
        let key = line.split('=').next().unwrap();
        let text = fs::read_to_string(self.config()).unwrap();
        let without: String =
            text.lines().filter(|line| !line.starts_with(key)).map(|line| format!("{line}\n")).collect();
        fs::write(self.config(), without.replacen(section, &format!("{section}\n{line}"), 1)).unwrap();
    }
}

/// Waits for something that nobody tells.
fn until<T>(mut holds: impl FnMut() -> Option<T>) -> T {
    for _ in 0..3000 {
        if let Some(found) = holds() {
            return found;
        }
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    panic!("it did not come to pass within half a minute")
}

#[test]
fn supervisord_that_raised_it_is_named_and_its_minfds_lets_its_programs_have_more() {
    if !Program::is_installed("supervisord") {
        return;
    }
    for minfds in [None, Some(1100)] {
        let supervised = Supervised::new(minfds);
        let (program, pid) = supervised.start(256);
        assert_eq!(soft(pid), minfds.unwrap_or(1024));
        let found = diagnose(pid);
        let file = supervised.config().to_str().map(str::to_owned);
        let wanted = Origin::Supervisord { pid: program.0.id(), file, minfds: minfds.unwrap_or(1024) };
        assert_eq!(found.origin, wanted, "{}", found.origin);
        let remedy = lasting(&found).iter().find(|remedy| remedy.lines.contains(&format!("minfds={WANT}"))).unwrap();
        supervised.apply(remedy);
        drop(program);
        let (_program, pid) = supervised.start(256);
        assert_eq!(soft(pid), WANT);
    }
}

#[test]
fn supervisord_that_only_passed_on_what_it_had_is_not_blamed() {
    if !Program::is_installed("supervisord") {
        return;
    }
    let supervised = Supervised::new(Some(300));
    let (_program, pid) = supervised.start(1500);
    assert_eq!(soft(pid), 1500);
    let found = diagnose(pid);
    assert!(!matches!(found.origin, Origin::Supervisord { .. }), "{}", found.origin);
}

#[test]
fn the_command_that_raises_it_at_once_does() {
    let script = "ulimit -Sn 300; echo pid $$; exec sleep 600";
    let mut program = Program::start(Command::new("sh").args(["-c", script]));
    let pid = program.said();
    until(|| (Proc::new().unwrap().process(pid).unwrap().name == "sleep").then_some(()));
    let found = diagnose(pid);
    assert_eq!(found.limit.soft, 300);
    let remedy = steps(&found).find(|remedy| remedy.lines[0].starts_with("prlimit --pid")).unwrap();
    let words: Vec<_> = remedy.lines[0].split(' ').collect();
    assert!(Command::new(words[0]).args(&words[1..]).status().unwrap().success());
    assert_eq!(soft(pid), WANT);
    let again = diagnose(pid);
    assert!(!again.ways.iter().any(|way| way.lasts == Lasts::UntilItEnds), "{:?}", again.ways);
}

#[test]
fn what_cannot_be_proven_is_called_unknown() {
    let mut program = Program::start(Command::new("sh").args(["-c", "ulimit -Sn 300; echo pid $$; exec sleep 600"]));
    let pid = program.said();
    until(|| (Proc::new().unwrap().process(pid).unwrap().name == "sleep").then_some(()));
    // The shell has become the sleeper: that there was one is gone.
    let found = diagnose(pid);
    assert_eq!(found.origin.name(), "unknown", "{}", found.origin);
    assert!(found.origin.to_string().contains("prlimit"), "{}", found.origin);
    assert_eq!(found.ancestors[0].pid, pid);
    assert!(found.ancestors.len() > 1);
    assert!(found.ceilings.iter().any(|ceiling| ceiling.name == "fs.nr_open" && ceiling.value > 1000));
}

/// Files that a login sees in place of the machine's, in a mount namespace of its own.
struct Login {
    dir: TempDir,
}

impl Login {
    fn new() -> Self {
        let login = Login { dir: TempDir::new().unwrap() };
        for dir in ["pam.d", "limits.d"] {
            fs::create_dir(login.dir.path().join(dir)).unwrap();
        }
        login
    }

    fn write(&self, name: &str, text: &str) {
        let mut file = fs::OpenOptions::new().create(true).append(true).open(self.dir.path().join(name)).unwrap();
        file.write_all(text.as_bytes()).unwrap();
    }

    /// A session of the user nobody by `su`, which sees these files.
    fn start(&self) -> (Program, u32) {
        self.start_by("su", 20_000)
    }

    /// The same by `su` or `runuser`, with at most this soft limit before it.
    fn start_by(&self, by: &str, soft: u64) -> (Program, u32) {
        let dir = self.dir.path().display();
        // `su -P` would need a terminal; without it, it waits beside the session and is its parent.
        let script = format!(
            "mount --bind {dir}/pam.d /etc/pam.d && mount --bind {dir}/limits.d /etc/security/limits.d && \
             ulimit -Sn $(($(ulimit -Hn) < {soft} ? $(ulimit -Hn) : {soft})); \
             exec {by} nobody -s /bin/sh -c 'echo pid $$; exec sleep 600'"
        );
        let mut program = Program::start(Command::new("unshare").args(["-m", "sh", "-c", &script]));
        let pid = program.said();
        until(|| (Proc::new().unwrap().process(pid).unwrap().name == "sleep").then_some(()));
        (program, pid)
    }

    /// Does what is said, below our directory in place of `/etc`.
    fn apply(&self, remedy: &Remedy) {
        let Some(file) = remedy.file.as_deref().map(Path::new) else { return };
        let name = file.strip_prefix("/etc/security").or_else(|_| file.strip_prefix("/etc")).unwrap();
        self.write(name.to_str().unwrap(), &(remedy.lines.join("\n") + "\n"));
    }

    /// Whether this machine lets us make such a namespace.
    fn is_possible() -> bool {
        let unshare = Command::new("unshare").args(["-m", "true"]).stderr(Stdio::null()).status();
        rustix::process::geteuid().is_root() && unshare.is_ok_and(|status| status.success())
    }
}

const STACK: &str = "auth sufficient pam_rootok.so\naccount sufficient pam_permit.so\nsession required pam_permit.so\n";

#[test]
fn a_login_without_pam_limits_is_told_why_limits_conf_does_not_apply_and_what_makes_it() {
    if !Login::is_possible() {
        return;
    }
    let login = Login::new();
    login.write("pam.d/su", STACK);
    login.write("limits.d/50.conf", "nobody - nofile 700\n");
    let (program, pid) = login.start();
    assert_ne!(soft(pid), 700);
    let found = diagnose(pid);
    assert_eq!(found.origin.name(), "pam", "{}", found.origin);
    let note = "/etc/security/limits.d/50.conf:1 says 700 for nobody, but /etc/pam.d/su does not call pam_limits.so";
    assert!(found.notes.iter().any(|said| said.to_string() == note), "{:?}", found.notes);
    let files: Vec<_> = lasting(&found).iter().map(|remedy| remedy.file.as_deref().unwrap()).collect();
    assert_eq!(files, ["/etc/pam.d/su", "/etc/security/limits.d/90-open-files.conf"]);
    lasting(&found).iter().for_each(|remedy| login.apply(remedy));
    drop(program);
    let (_program, pid) = login.start();
    assert_eq!(soft(pid), WANT);
}

#[test]
fn a_login_with_pam_limits_is_named_with_the_line_that_says_it() {
    if !Login::is_possible() {
        return;
    }
    let login = Login::new();
    login.write("pam.d/su", &format!("{STACK}@include limits\n"));
    login.write("pam.d/limits", "# of the house\nsession required pam_limits.so\n");
    login.write("limits.d/50.conf", "* - nofile 600\nnobody soft nofile 700\nnobody hard nofile 900\n");
    let (program, pid) = login.start();
    assert_eq!(soft(pid), 700);
    let found = diagnose(pid);
    let wanted = Origin::Pam {
        service: "su".to_owned(),
        stack: "/etc/pam.d/su".to_owned(),
        applied: Some("/etc/pam.d/limits:2".to_owned()),
        user: "nobody".to_owned(),
        given: Given::Line("/etc/security/limits.d/50.conf:3".to_owned()),
        reset: false,
    };
    assert_eq!(found.origin, wanted, "{}", found.origin);
    lasting(&found).iter().for_each(|remedy| login.apply(remedy));
    drop(program);
    let (_program, pid) = login.start();
    assert_eq!(soft(pid), WANT);
}

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

/// The command by which somebody is to start `pid` anew.
fn starts(pid: u32) -> String {
    let found = diagnose(pid);
    let mut lines = steps(&found).flat_map(|remedy| &remedy.lines);
    lines.find(|line| line.starts_with("prlimit --nofile")).unwrap_or_else(|| panic!("{:?}", found.ways)).clone()
}

#[test]
fn what_a_process_calls_itself_is_never_a_command_to_paste() {
    let trap = "/usr/sbin/nginx;id>/x;#";
    let mut program = Program::start(Command::new("bash").args([
        "-c",
        "ulimit -Sn 300; echo pid $$; exec -a \"$0\" sleep 600",
        trap,
    ]));
    let pid = program.said();
    until(|| (Proc::new().unwrap().process(pid).unwrap().name == "sleep").then_some(()));
    assert_eq!(starts(pid), format!("prlimit --nofile={WANT}:{WANT} …"));
}

#[test]
fn the_command_that_starts_a_process_anew_gives_it_the_very_same_arguments() {
    // It would end with the reader of its stdout.
    let script = "ulimit -Sn 300; echo pid $$; exec tail -f /dev/null \"$@\" >/dev/null 2>&1";
    let mut program = Program::start(Command::new("sh").args(["-c", script, "sh", "it's $(id)", "a;b", "", "\\\"*"]));
    let pid = program.said();
    until(|| (Proc::new().unwrap().process(pid).unwrap().name == "tail").then_some(()));
    // The kernel gives it its name a moment before its arguments.
    let arguments = until(|| fs::read(format!("/proc/{pid}/cmdline")).ok().filter(|line| line.starts_with(b"tail\0")));
    let command = starts(pid);
    let words = command.split_once("/bin/").unwrap_or_else(|| panic!("{command}")).1;
    let shown = Command::new("sh").args(["-c", &format!("printf '%s\\0' {words}")]).output().unwrap().stdout;
    assert_eq!(String::from_utf8(shown).unwrap(), String::from_utf8(arguments).unwrap());
}

#[test]
fn nothing_is_promised_above_a_hard_limit_that_root_may_not_raise() {
    let fake = machine("x.slice", 300, 20_000);
    fs::write(fake.dir.path().join("1/limits"), "Max open files  1024  20000  files\n").unwrap();
    for (mask, promised) in [("000001fffeffffff", 20_000), ("000001ffffffffff", 65_536)] {
        fs::write(fake.dir.path().join("1/status"), format!("Uid:\t0\t0\t0\t0\nCapBnd:\t{mask}\n")).unwrap();
        let found = fake.proc().diagnose(7, Some(65_536)).unwrap();
        let line = format!("prlimit --nofile={promised}:{promised} …");
        assert!(lasting(&found).iter().any(|remedy| remedy.lines == [line.as_str()]), "{:?}", found.ways);
        let above = found.ways.iter().any(|way| way.lasts == Lasts::FromAbove);
        assert_eq!(above, promised < 65_536, "{:?}", found.ways);
    }
}

#[test]
fn a_shell_below_su_that_lowered_it_is_to_blame_and_not_pam() {
    if !rustix::process::geteuid().is_root() {
        return;
    }
    let script = "ulimit -n 77; echo pid $$; read -r line; exit";
    let mut program = Program(
        Command::new("su")
            .args(["nobody", "-s", "/bin/bash", "-c", script])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap(),
    );
    let pid = program.said();
    assert_eq!(diagnose(pid).origin, Origin::Shell(pid));
}

/// Whatever stands in the way in `limits.d`, the lines that are printed have the last word: after them the session has the limit.
#[test]
fn a_line_that_is_read_later_does_not_win_over_the_one_that_is_printed() {
    if !Login::is_possible() {
        return;
    }
    for (file, line, printed) in [
        ("zz-other.conf", "nobody - nofile 700", "zz-open-files.conf"),
        ("zz-open-files.conf", "nobody - nofile 700", "zz-open-files.conf"),
        ("zzzz.conf", "nobody soft nofile 700", "zzzz.conf"),
        ("zz-other.conf", "@nogroup - nofile 700", "zz-open-files.conf"),
        ("zz-other.conf", "* - nofile 700", "zz-open-files.conf"),
        ("zz-other.conf", "mole - nofile 700", "90-open-files.conf"),
    ] {
        let printed =
            printed.replace("zz-open-files.conf", if file == "zz-other.conf" { "zzz-open-files.conf" } else { file });
        let login = Login::new();
        login.write("pam.d/su", &format!("{STACK}session required pam_limits.so\n"));
        login.write(&format!("limits.d/{file}"), &format!("{line}\n"));
        let (program, pid) = login.start();
        let found = diagnose(pid);
        assert_eq!(found.origin.name(), "pam", "{}", found.origin);
        let [step] = lasting(&found) else { panic!("{:?}", found.ways) };
        assert_eq!(step.file.as_deref(), Some(&*format!("/etc/security/limits.d/{printed}")), "{file}: {line}");
        login.apply(step);
        drop(program);
        let (_program, pid) = login.start();
        assert_eq!(soft(pid), WANT, "{file}: {line}");
    }
}

#[test]
fn a_file_that_the_stack_names_is_the_one_to_change() {
    if !Login::is_possible() {
        return;
    }
    let login = Login::new();
    let own = login.dir.path().join("own.conf");
    let named = own.to_str().unwrap();
    fs::write(&own, "nobody - nofile 700\n").unwrap();
    login.write("limits.d/50.conf", "nobody - nofile 900\n");
    login.write("pam.d/su", &format!("{STACK}session required pam_limits.so conf={named}\n"));
    let (program, pid) = login.start();
    assert_eq!(soft(pid), 700);
    let found = diagnose(pid);
    assert!(found.origin.to_string().contains(&format!("{named}:1 says so")), "{}", found.origin);
    let [step] = lasting(&found) else { panic!("{:?}", found.ways) };
    assert_eq!(step.file.as_deref(), Some(named));
    fs::write(&own, step.lines.join("\n") + "\n").unwrap();
    drop(program);
    let (_program, pid) = login.start();
    assert_eq!(soft(pid), WANT);
}

/// `su` and `runuser` of util-linux go back to 1024 by themselves; what PAM did or did not do about it is said with its file.
#[test]
fn a_login_that_went_back_to_1024_is_told_why_nothing_set_another() {
    if !Login::is_possible() {
        return;
    }
    for by in ["su", "runuser"] {
        let [without, silent, other] = [Login::new(), Login::new(), Login::new()];
        without.write(&format!("pam.d/{by}"), STACK);
        for login in [&silent, &other] {
            login.write(&format!("pam.d/{by}"), &format!("{STACK}session optional pam_limits.so\n"));
        }
        let started = [&without, &silent, &other].map(|login| login.start_by(by, 3000));
        // The file is changed under the session.
        other.write("limits.d/50.conf", "nobody soft nofile 777\n");
        let reasons = [
            format!("and nothing set another: /etc/pam.d/{by} does not call pam_limits"),
            "but no line of limits.conf or limits.d is about nobody".to_owned(),
            "and /etc/security/limits.d/50.conf:1, which says 777, did not change that".to_owned(),
        ];
        for ((_, pid), reason) in started.iter().zip(reasons) {
            assert_eq!(soft(*pid), 1024);
            let words = diagnose(*pid).origin.to_string();
            assert!(words.starts_with(&format!("{by} put the soft limit of nobody back to 1024")), "{words}");
            assert!(words.contains(&reason), "{reason}: {words}");
        }
    }
}

#[test]
fn a_service_without_a_stack_of_its_own_is_not_given_one_that_would_keep_everybody_out() {
    if !Login::is_possible() {
        return;
    }
    let login = Login::new();
    login.write("pam.d/other", STACK);
    login.write("limits.d/50.conf", "nobody - nofile 700\n");
    let (program, pid) = login.start_by("runuser", 3000);
    let found = diagnose(pid);
    assert_eq!(found.origin.name(), "pam", "{}", found.origin);
    assert_eq!(lasting(&found)[0].file.as_deref(), Some("/etc/pam.d/other"));
    lasting(&found).iter().for_each(|step| login.apply(step));
    drop(program);
    let (_program, pid) = login.start_by("runuser", 3000);
    assert_eq!(soft(pid), WANT);
}

#[test]
fn a_configuration_of_supervisord_that_is_named_relative_to_where_it_was_started_is_found_there() {
    if !Program::is_installed("supervisord") {
        return;
    }
    let supervised = Supervised::new(Some(1100));
    let (program, pid) = supervised.start_in(supervised.dir.path(), 256, "../$(basename $PWD)/supervisord.conf");
    assert_eq!(soft(pid), 1100);
    let found = diagnose(pid);
    let Origin::Supervisord { file: Some(file), minfds: 1100, .. } = &found.origin else { panic!("{}", found.origin) };
    assert_eq!(fs::canonicalize(file).unwrap(), fs::canonicalize(supervised.config()).unwrap());
    let step = lasting(&found).iter().find(|step| step.lines.contains(&format!("minfds={WANT}"))).unwrap();
    // Pasted anywhere, it is the same file.
    assert!(
        step.file.as_deref().unwrap().starts_with('/') && step.then.iter().all(|line| line.contains(" -c /")),
        "{step:?}"
    );
    assert_eq!(program.0.id(), found.ancestors[1].pid);
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
fn a_low_hard_limit_under_supervisord_takes_two_steps_of_one_way_and_one_restart() {
    let fake = machine("supervisor.service", 1024, 1024);
    configured(&fake, "run/systemd/system/x", "");
    let stat = "7 (supervisord) S 1 1 1 0 -1 4194560 0 0 0 0 0 0 0 0 20 0 3 0 4242 1000 10 0 0\n";
    fs::write(fake.dir.path().join("7/stat"), stat).unwrap();
    let found = fake.proc().diagnose(7, Some(4096)).unwrap();
    assert!(matches!(found.origin, Origin::Supervisord { .. }), "{}", found.origin);
    let [unit, minfds] = lasting(&found) else { panic!("{:?}", found.ways) };
    assert_eq!((&*unit.lines[1], &*minfds.lines[1]), ("LimitNOFILE=4096", "minfds=4096"));
    assert_eq!(
        (&*unit.then, &*minfds.then),
        (&["systemctl daemon-reload".to_owned()][..], &["systemctl restart supervisor.service".to_owned()][..])
    );
}
