//! Descriptors with numbers above a limit that was lowered since: they are open and take no room below it.

use tailcast_procs::{Process, Unseen};

use super::stranger::{is_root, told_nobody};
use super::*;

/// With forty of them above its limit of 20, and few below.
fn lowered() -> (Program, u32) {
    let script =
        "for fd in {100..139}; do eval \"exec $fd</dev/null\"; done; ulimit -Sn 20; echo pid $$; exec sleep 600";
    let mut program = Program::start(Command::new("bash").args(["-c", script]));
    let pid = program.said();
    until(|| (look(pid).name == "sleep").then_some(()));
    (program, pid)
}

fn look(pid: u32) -> Process {
    Proc::new().unwrap().process(pid).unwrap()
}

#[test]
fn what_is_above_the_limit_takes_no_room_below_it() {
    let (_program, pid) = lowered();
    let process = look(pid);
    let numbers = fs::read_dir(format!("/proc/{pid}/fd")).unwrap().map(|entry| entry.unwrap().file_name());
    let above = numbers.filter(|name| name.to_str().unwrap().parse::<u64>().unwrap() >= 20).count() as u64;
    assert!(above >= 40, "{above}");
    assert_eq!(process.above, Some(above));
    assert!(process.fds.unwrap() < 10 && process.percent().unwrap() < 50.0, "{process:?}");
    assert!(!process.is_at_limit());
}

#[test]
fn a_stranger_is_told_that_it_cannot_be_seen_what_is_above_the_limit() {
    if !is_root() {
        return;
    }
    let (_program, pid) = lowered();
    let found = told_nobody(pid, None);
    assert_eq!(found.process.above, None);
    assert!(found.process.fds.unwrap() >= 40);
    assert!(found.unseen.contains(&Unseen::Above { processes: 1 }), "{:?}", found.unseen);
    let ours = diagnose(pid);
    assert!(!ours.unseen.iter().any(|unseen| matches!(unseen, Unseen::Above { .. })), "{:?}", ours.unseen);
}
