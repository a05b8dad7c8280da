//! Who has set a limit, and whether the printed lines change it: they are applied, the program is started anew, and the
//! promised limit is looked for in `/proc/PID/limits`.
//!
//! * `supervisord`: under a real one
//! * `login`: sessions of PAM, with `su` and `runuser`, and its real `pam_limits`
//! * `lowered`: hard limits that somebody in here has lowered
//! * `stranger`: asked by who may not look into the process
//! * `above`: descriptors above a limit
//! * `waiting`: the queues of connections of a process
//! * `machine`: machines made of files: systemd, containers, capabilities

mod above;
mod login;
mod lowered;
mod machine;
mod stranger;
mod supervisord;
mod waiting;

use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use tailcast_procs::{Diagnosis, Lasts, Origin, Proc, Remedy, Sureness};

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

impl Program {
    /// A polite end, so that what it has started ends too.
    fn end(&mut self) {
        if self.0.try_wait().unwrap().is_none() {
            let pid = rustix::process::Pid::from_child(&self.0);
            rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
            self.0.wait().unwrap();
        }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.end();
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

/// Root in a container mostly may not change a limit of another user.
#[test]
fn the_command_that_raises_it_at_once_does_so_for_the_process_of_another_user_too() {
    if !stranger::is_root() {
        return;
    }
    let script = "ulimit -Sn 300; echo pid $$; exec sleep 600";
    let nobody = ["--reuid=65534", "--regid=65534", "--clear-groups"];
    let mut program = Program::start(Command::new("setpriv").args(nobody).args(["sh", "-c", script]));
    let pid = program.said();
    until(|| (Proc::new().unwrap().process(pid).unwrap().name == "sleep").then_some(()));
    let found = diagnose(pid);
    let line = &found.ways.iter().find(|way| way.lasts == Lasts::UntilItEnds).unwrap().steps[0].lines[0];
    assert!(Command::new("sh").args(["-c", line]).status().unwrap().success(), "{line}");
    assert_eq!(soft(pid), WANT);
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

#[test]
fn a_script_is_a_shell_by_what_runs_it_and_its_parent_is_not_blamed() {
    use std::os::unix::fs::PermissionsExt as _;
    let dir = tempfile::tempdir().unwrap();
    let script = dir.path().join("start.sh");
    fs::write(&script, "#!/bin/bash\nulimit -Sn 300\nsleep 600 >/dev/null &\necho pid $!\nwait\n").unwrap();
    fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).unwrap();
    let mut outer =
        Program::start(Command::new("bash").args(["-c", "trap 'kill $!' TERM; \"$0\" & wait"]).arg(&script));
    let pid = outer.said();
    let found = diagnose(pid);
    assert_eq!(found.ancestors[1].name, "start.sh");
    assert_eq!(found.origin, Origin::Shell(found.ancestors[1].pid), "{}", found.origin);
    rustix::process::kill_process(
        rustix::process::Pid::from_raw(i32::try_from(pid).unwrap()).unwrap(),
        rustix::process::Signal::TERM,
    )
    .unwrap();
}

#[test]
fn of_a_thread_the_process_is_told_and_that_it_is_one() {
    let (said, tid) = std::sync::mpsc::sync_channel(1);
    let (end, ended) = std::sync::mpsc::sync_channel::<()>(1);
    let thread = std::thread::spawn(move || {
        said.send(rustix::thread::gettid().as_raw_nonzero().get()).unwrap();
        ended.recv().unwrap_err();
    });
    let tid = u32::try_from(tid.recv().unwrap()).unwrap();
    let found = diagnose(tid);
    drop(end);
    thread.join().unwrap();
    assert_eq!(found.process.id.pid, std::process::id());
    let note = found.notes[0].to_string();
    assert!(note.starts_with(&format!("{tid} is no process but a thread of ")), "{note}");
}

#[test]
fn who_has_ended_and_is_kept_by_its_parent_is_said_to_be_that() {
    let mut ended = Command::new("true").spawn().unwrap();
    let pid = ended.id();
    let said = until(|| Proc::new().unwrap().diagnose(pid, None).err());
    ended.wait().unwrap();
    let kept = format!(
        "process {pid} has ended and holds nothing; it is listed until its parent, pid {}, ",
        std::process::id()
    );
    assert!(said.to_string().starts_with(&kept), "{said}");
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
    assert_eq!(starts(pid), format!("prlimit --nofile={WANT}: …"));
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
