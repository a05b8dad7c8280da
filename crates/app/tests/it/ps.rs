//! Processes: of this machine without a hub, and of a host through one.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::os::unix::ffi::OsStrExt as _;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::house::{House, Ran, Running};

/// A process of our own that has `log` open.
fn writer(house: &House, log: &str) -> Running {
    let log = File::create(house.path("logs").join(log)).unwrap();
    Running(Command::new("sleep").arg("600").stdin(Stdio::null()).stdout(log).spawn().unwrap())
}

#[test]
fn processes_are_shown_here_and_through_a_hub_alike() {
    let house = House::new();
    let writer = writer(&house, "app.log");
    let hub = house.hub();
    let pid = writer.0.id().to_string();
    for through in [&[][..], &["--host", "web1", "--hub", &hub.url]] {
        let ran = house.run(&[&["ps", "--sort", "pid"], through].concat()).ended(0);
        let row = ran.out.lines().find(|line| line.split_whitespace().next() == Some(&pid)).unwrap();
        assert!(row.ends_with("sleep 600") || row.contains("sleep 600  ["), "{row}");
        let ran = house.run(&[&["ps", &pid], through].concat()).ended(0);
        assert!(ran.out.starts_with(&format!("sleep, pid {pid}, ")), "{}", ran.out);
        assert!(ran.out.contains(&format!("writes {}", house.path("logs/app.log").display())), "{}", ran.out);
        let ran = house.run(&[&["ps", &pid, "--json"], through].concat()).ended(0);
        let detail: Value = serde_json::from_str(&ran.out).unwrap();
        assert_eq!((detail["name"].as_str(), detail["files"][1]["access"].as_str()), (Some("sleep"), Some("write")));
        house.run(&[&["ps", "4194305"], through].concat()).ended(1);
    }
}

#[test]
fn a_log_leads_to_its_writers() {
    let house = House::new();
    let writer = writer(&house, "app.log");
    let hub = house.hub();
    let (name, path) = (house.log("app.log"), house.path("logs/app.log"));
    for arguments in [
        &["ps", "--writes", path.to_str().unwrap(), "--json"][..],
        &["ps", "--writes", &name, "--hub", &hub.url, "--json"],
    ] {
        let list: Value = serde_json::from_str(&house.run(arguments).ended(0).out).unwrap();
        let pids: Vec<_> =
            list["processes"].as_array().unwrap().iter().map(|process| process["pid"].as_u64()).collect();
        assert_eq!(pids, [Some(u64::from(writer.0.id()))], "{list}");
    }
    house.append("idle.log", "x\n");
    let ran = house.run(&["ps", "--writes", house.path("logs/idle.log").to_str().unwrap()]).ended(1);
    assert_eq!(ran.out.lines().filter(|line| !line.starts_with("not seen")).count(), 1, "{}", ran.out);
    assert!(ran.err.contains("idle.log open for writing"), "{}", ran.err);
    // What is none is said to be none, and two hosts are one too many.
    for (log, why) in [("logs", "not a regular file"), ("none/app.log", "No such file")] {
        let said = house.run(&["ps", "--writes", house.path(log).to_str().unwrap()]).ended(1).err;
        assert!(said.contains(why), "{said}");
    }
    let said = house.run(&["ps", "--writes", &name, "--host", "db1", "--hub", &hub.url]).ended(2).err;
    assert!(said.contains("a log of web1, and --host db1"), "{said}");
}

#[test]
fn a_log_whose_path_is_not_text_leads_to_its_writers_and_a_hub_is_not_asked_for_it() {
    let house = House::new();
    let name = OsStr::from_bytes(b"caf\xe9.log");
    let path = house.path("logs").join(name);
    let log = File::create(&path).unwrap();
    let writer = Running(Command::new("sleep").arg("600").stdin(Stdio::null()).stdout(log).spawn().unwrap());
    let ps = |host: &[&str], log: &OsStr| {
        let mut command = house.command(&[&["ps", "--json"], host].concat());
        Ran::of(command.arg("--writes").arg(log).output().unwrap())
    };
    let writers = || {
        let list: Value = serde_json::from_str(&ps(&[], path.as_os_str()).ended(0).out).unwrap();
        list["processes"].as_array().unwrap().iter().map(|process| process["pid"].as_u64()).collect::<Vec<_>>()
    };
    assert_eq!(writers(), [Some(u64::from(writer.0.id()))]);
    // Who was not told of a rotation writes it still.
    fs::rename(&path, house.path("logs").join(OsStr::from_bytes(b"caf\xe9.log.1"))).unwrap();
    assert_eq!(writers(), [Some(u64::from(writer.0.id()))]);
    let at_a_host = [&b"web1:"[..], path.as_os_str().as_bytes()].concat();
    for (host, log) in [(&[][..], OsStr::from_bytes(&at_a_host)), (&["--host", "web1"], path.as_os_str())] {
        let said = ps(&[&["--hub", "http://127.0.0.1:1"], host].concat(), log).ended(2).err;
        assert!(said.contains("not UTF-8") && said.contains("takes every path"), "{said}");
    }
}

#[test]
fn a_watch_goes_on_and_a_question_that_cannot_be_meant_is_refused() {
    let house = House::new();
    let watch = house.start(&["ps", "--watch", "--json", "-n", "1"]);
    for _ in 0..2 {
        let look: Value = serde_json::from_str(&watch.next()).unwrap();
        assert_eq!(look["processes"].as_array().unwrap().len(), 1, "{look}");
    }
    assert!(house.run(&["ps", "--hub", "http://127.0.0.1:1"]).ended(2).err.contains("--host NAME"));
    house.run(&["ps", "0", "--sort", "cpu"]).ended(2);
    for words in [["ps", "nginx"], ["doctor", "web1"]] {
        let said = house.run(&words).ended(2).err;
        assert!(said.contains("`tailcast ps -n 0 | grep NAME` shows it"), "{said}");
    }
}

#[test]
fn the_doctor_says_who_has_set_a_limit_and_what_changes_it() {
    let house = House::new();
    let writer = writer(&house, "app.log");
    let hub = house.hub();
    let pid = writer.0.id().to_string();
    // Low enough that every machine has more to give.
    assert!(Command::new("prlimit").args(["--pid", &pid, "--nofile=300:"]).status().unwrap().success());
    for through in [&[][..], &["--host", "web1", "--hub", &hub.url]] {
        let ran = house.run(&[&["doctor", &pid, "--want", "2048"], through].concat()).ended(0);
        assert!(ran.out.starts_with(&format!("sleep, pid {pid}: soft limit ")), "{}", ran.out);
        for part in
            ["Who has set it: ", "fs.nr_open = ", "net.core.somaxconn = ", "For good, to 2048", "Note: `ulimit -n`"]
        {
            assert!(ran.out.contains(part), "{part}: {}", ran.out);
        }
        let ran = house.run(&[&["doctor", &pid, "--json"], through].concat()).ended(0);
        let limits: Value = serde_json::from_str(&ran.out).unwrap();
        assert_eq!(
            (limits["pid"].as_u64(), limits["ancestors"][0]["name"].as_str()),
            (Some(writer.0.id().into()), Some("sleep"))
        );
    }
    let of_the_agent = house.run(&["doctor", "--host", "web1", "--hub", &hub.url]).ended(0);
    // It is the hub's own agent: which of the two it is stands in its command line.
    assert!(of_the_agent.out.contains("  this hub stops at "), "{}", of_the_agent.out);
    assert!(!of_the_agent.out.contains("followed logs"), "{}", of_the_agent.out);
    house.run(&["doctor", "4194305"]).ended(1);
    house.run(&["doctor", &pid, "--want", "1"]).ended(2);
}

#[test]
fn of_one_that_has_ended_the_doctor_says_what_the_list_says() {
    use rustix::process::{Pid, WaitId, WaitIdOptions, waitid};
    let house = House::new();
    let mut ended = Command::new("true").spawn().unwrap();
    let its_end = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
    waitid(WaitId::Pid(Pid::from_child(&ended)), its_end).unwrap();
    let ran = house.run(&["doctor", &ended.id().to_string()]).ended(1);
    ended.wait().unwrap();
    assert!(ran.err.contains("has ended and holds nothing; it is listed until its parent, pid "), "{}", ran.err);
}

/// Below it a hub has room for less than one expects.
const LOW: u64 = 4096;

#[test]
fn a_start_that_finds_a_low_limit_says_who_has_set_it_and_what_changes_it() {
    let house = House::new();
    let state = house.path("state").display().to_string();
    let program = house.command(&[]).get_program().to_owned();
    let mut shell = Command::new("sh");
    shell.args(["-c", "ulimit -n 200; \"$@\"; exit $?", "sh"]).arg(program);
    shell.args(["serve", "--listen", "127.0.0.1:0", "--state-dir", &state, "--no-agent"]);
    let hub = crate::house::Lines::of(shell.env_clear().env("HOME", house.path("")));
    let said = hub.hears("the limit of open files is low, 200: ");
    assert!(said.contains("a shell or a script has probably set it"), "{said}");
    let remedy = hub.hears(": ulimit -n ");
    let number = remedy.split("ulimit -n ").nth(1).and_then(|rest| rest.split_whitespace().next()).unwrap();
    // What it would like, or what can be had here at all.
    assert!((LOW + 1..=65536).contains(&number.parse().unwrap()), "{remedy}");
    // The shell is ours to end, and the hub is its child.
    Command::new("pkill").args(["-TERM", "-P", &hub.child.0.id().to_string()]).status().unwrap();
}

#[test]
fn each_look_of_a_watch_into_a_pipe_has_its_time() {
    let house = House::new();
    let watch = house.start(&["ps", "--watch", "-n", "1"]);
    let mut times = Vec::new();
    while times.len() < 2 {
        times.extend(watch.next().trim_end().parse::<jiff::Timestamp>());
    }
    assert!(times[0] < times[1], "{times:?}");
}

#[test]
fn what_one_look_cannot_sort_by_is_said() {
    let house = House::new();
    let ran = house.run(&["ps", "--sort", "slope", "-n", "3"]).ended(0);
    assert!(ran.err.contains("--watch") && ran.err.contains("processes_history"), "{}", ran.err);
    assert_eq!(house.run(&["ps", "--sort", "cpu", "-n", "3"]).ended(0).err, "");
}

#[test]
fn who_has_ended_and_was_not_asked_for_how_is_told_from_who_runs() {
    let house = House::new();
    let mut child = Command::new("sh").args(["-c", "read line"]).stdin(Stdio::piped()).spawn().unwrap();
    let pid = child.id().to_string();
    let kept = format!("listed until its parent, pid {}, ", std::process::id());
    let shown = |said: bool| {
        for words in [&["ps", &pid][..], &["ps", "-n", "0"]] {
            let ran = house.run(words).ended(0);
            assert_eq!(ran.out.contains(&kept), said, "{}", ran.out);
        }
    };
    shown(false);
    drop(child.stdin.take());
    while !std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap().contains(") Z ") {
        std::thread::yield_now();
    }
    shown(true);
    child.wait().unwrap();
}

#[test]
fn of_a_thread_the_process_that_it_is_of_is_shown_and_said() {
    let house = House::new();
    let (says, said) = std::sync::mpsc::sync_channel(1);
    let (ends, end) = std::sync::mpsc::sync_channel::<()>(0);
    let thread = std::thread::spawn(move || {
        // PID/task/NUMBER.
        let own = std::fs::read_link("/proc/thread-self").unwrap();
        says.send(own.file_name().unwrap().to_str().unwrap().to_owned()).unwrap();
        // Until the test has looked at it.
        end.recv().unwrap_err();
    });
    let (number, pid) = (said.recv().unwrap(), std::process::id());
    let ran = house.run(&["ps", &number]).ended(0);
    assert!(ran.out.starts_with(&format!("{number} is a thread of pid {pid}, which is shown\n")), "{}", ran.out);
    assert!(ran.out.lines().nth(1).unwrap().contains(&format!(", pid {pid}, ")), "{}", ran.out);
    drop(ends);
    thread.join().unwrap();
}

#[test]
fn a_connection_has_the_command_that_ends_it_and_it_alone() {
    let house = House::new();
    let listener = std::net::TcpListener::bind("[::1]:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let ours: Vec<_> = (0..3).map(|_| std::net::TcpStream::connect(("::1", port)).unwrap()).collect();
    let ran = house.run(&["ps", &std::process::id().to_string(), "-n", "0"]).ended(0);
    assert!(ran.out.contains("needs root or CAP_NET_ADMIN, and ends one connection"), "{}", ran.out);
    let command = ran.out.lines().find(|line| line.trim_start().starts_with("ss -Kt ")).expect(&ran.out).trim();
    let (from, to) = (command.split(" sport = ").nth(1).unwrap(), format!("dst '[::1]' dport = {port}"));
    assert!(command.starts_with("ss -Kt src '[::1]' sport = ") && from.ends_with(&to), "{command}");
    let own = from.split(' ').next().unwrap().parse::<u16>().unwrap();
    assert!(ours.iter().any(|stream| stream.local_addr().unwrap().port() == own), "{command}");
}

#[test]
fn one_in_full_and_the_first_look_of_a_watch_tell_a_spin_as_the_table_does() {
    let house = House::new();
    // It has all that it may have, and perhaps some that it inherited, and tries to open one more again and again.
    let script = "ulimit -n 4; exec 3</dev/null; while :; do true 4</dev/null; done";
    let mut spins = Command::new("sh");
    let spins = spins.args(["-c", script]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let spins = Running(spins.spawn().unwrap());
    let pid = spins.0.id().to_string();
    while std::fs::symlink_metadata(format!("/proc/{pid}/fd/3")).is_err() {
        std::thread::yield_now();
    }
    let ran = house.run(&["ps", &pid]).ended(0);
    assert!(
        ran.out.contains("\nspin: ") && ran.out.contains(" of 4 descriptors are open, and a thread "),
        "{}",
        ran.out
    );
    assert!(ran.out.contains("; CPU ") && ran.out.contains(" %, 1 thread, "), "{}", ran.out);
    for words in [&["ps", &pid, "--watch", "--json"][..], &["ps", "-n", "0", "--watch", "--json"]] {
        let look: Value = serde_json::from_str(&house.start(words).next()).unwrap();
        let list = look["processes"].as_array();
        let own = list.map_or(Some(&look), |list| list.iter().find(|process| process["pid"] == spins.0.id()));
        assert_eq!(own.unwrap()["findings"][0]["pattern"], "spin", "{look}");
    }
}

#[test]
fn all_files_of_a_process_are_all_also_where_they_are_more_than_one_answer_has_room_for() {
    let house = House::new();
    // Past the 5,000 of an answer; not everywhere may anybody have so many.
    let script = "ulimit -Sn $(ulimit -Hn); for fd in {10..5109}; do eval \"exec $fd</dev/null\" || exit; done; echo ready; exec sleep 600";
    let mut holder = Command::new("bash");
    let holder = holder.args(["-c", script]).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut holder = Running(holder.spawn().unwrap());
    let mut ready = String::new();
    BufReader::new(holder.0.stdout.take().unwrap()).read_line(&mut ready).unwrap();
    if ready.is_empty() {
        return;
    }
    let hub = house.hub();
    let pid = holder.0.id().to_string();
    for through in [&[][..], &["--host", "web1", "--hub", &hub.url]] {
        let ran = house.run(&[&["ps", &pid, "--json"], through].concat()).ended(0);
        let detail: Value = serde_json::from_str(&ran.out).unwrap();
        let mut fds: Vec<_> = detail["files"].as_array().unwrap().iter().map(|file| file["fd"].as_u64()).collect();
        assert_eq!((detail["files_total"].as_u64(), detail["next"].as_u64()), (Some(fds.len() as u64), None));
        assert!(fds.len() > 5_100 && fds.is_sorted(), "{}", fds.len());
        fds.dedup();
        assert_eq!(detail["files_total"].as_u64(), Some(fds.len() as u64));
        let ran = house.run(&[&["ps", &pid, "-n", "5050"], through].concat()).ended(0);
        assert!(
            ran.out.contains("\n… 5050 of 51") && ran.out.contains(" files: -n 0 shows all\n"),
            "{}",
            ran.out.len()
        );
        let ran = house.run(&[&["ps", &pid, "-n", "0"], through].concat()).ended(0);
        assert!(ran.out.contains("\n 5109  device ") && !ran.out.contains("shows all"), "{}", ran.out.len());
    }
}
