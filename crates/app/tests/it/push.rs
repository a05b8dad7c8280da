//! `tailcast push`: what comes on stdin is a log on the hub, whatever becomes of the hub meanwhile.

use std::fs;
use std::io::{Read, Write};
use std::process::{ChildStdin, Command, Output, Stdio};

use crate::house::{House, Hub, Lines, Ran, Running};

/// A program that pushes what a test writes.
struct Pusher {
    child: Running,
    stdin: ChildStdin,
    /// What was read of its stderr so far.
    heard: Vec<u8>,
}

impl Pusher {
    fn start(house: &House, arguments: &[&str]) -> Self {
        let mut command = house.command(arguments);
        let child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
        let mut child = child.unwrap();
        let stdin = child.stdin.take().unwrap();
        Pusher { child: Running(child), stdin, heard: Vec::new() }
    }

    /// Waits until it has said this.
    fn says(&mut self, words: &str) {
        let stderr = self.child.0.stderr.as_mut().unwrap();
        while !String::from_utf8_lossy(&self.heard).contains(words) {
            let mut bytes = [0; 1024];
            let read = stderr.read(&mut bytes).unwrap();
            assert!(read > 0, "it ended before it said {words:?}");
            self.heard.extend_from_slice(&bytes[..read]);
        }
    }

    fn write(&mut self, text: &str) {
        self.stdin.write_all(text.as_bytes()).unwrap();
    }

    /// How it ends once stdin has.
    fn end(self) -> Ran {
        let Pusher { mut child, stdin, heard } = self;
        drop(stdin);
        let status = child.0.wait().unwrap();
        let all = |pipe: Option<&mut dyn std::io::Read>| {
            let mut bytes = Vec::new();
            pipe.unwrap().read_to_end(&mut bytes).unwrap();
            bytes
        };
        let stdout = all(child.0.stdout.as_mut().map(|pipe| pipe as _));
        let stderr = all(child.0.stderr.as_mut().map(|pipe| pipe as _));
        Ran::of(Output { status, stdout, stderr: [heard, stderr].concat() })
    }
}

fn hub(house: &House) -> Hub {
    house.hub_on("127.0.0.1:0", &["--no-agent"])
}

fn tail(house: &House, log: &str, hub: &Hub) -> Lines {
    house.start(&["tail", "-F", log, "--hub", &hub.url])
}

fn numbered(numbers: std::ops::Range<usize>) -> String {
    numbers.map(|number| format!("line {number:06}\n")).collect()
}

#[test]
fn what_comes_on_stdin_is_seen_at_once_and_once() {
    let house = House::new();
    let hub = hub(&house);
    let mut pusher = Pusher::start(&house, &["push", "ci:build-42", "--tee", "--hub", &hub.url]);
    pusher.write("first\n");
    let tail = tail(&house, "ci:push/build-42", &hub);
    assert_eq!(tail.next(), "first\n");
    let all = numbered(0..2000);
    for line in all.split_inclusive('\n') {
        pusher.write(line);
    }
    all.split_inclusive('\n').for_each(|line| assert_eq!(tail.next(), line));
    pusher.write("without an end");
    let ran = pusher.end().ended(0);
    assert_eq!((ran.out, ran.err), (format!("first\n{all}without an end"), String::new()));
    let listed = house.run(&["ls", "--hub", &hub.url]).ended(0).out;
    assert!(listed.trim_end().ends_with("ci:push/build-42") && listed.lines().count() == 1, "{listed}");
    let again = house.run(&["tail", "ci:push/build-42", "-n", "9999", "--no-follow", "--hub", &hub.url]).ended(0);
    assert_eq!(again.out, format!("first\n{all}without an end"));
}

#[test]
fn a_hub_that_is_killed_in_the_middle_loses_and_doubles_nothing() {
    let house = House::new();
    let mut hub = hub(&house);
    let address = hub.address().to_owned();
    let mut pusher = Pusher::start(&house, &["push", "ci:build", "--hub", &hub.url]);
    // Whoever comes late begins with the last lines.
    pusher.write("begun\n");
    let tail = tail(&house, "ci:push/build", &hub);
    assert_eq!(tail.next(), "begun\n");
    let mut seen = 0;
    for turn in 0..3 {
        let from = turn * 3000;
        // It is killed with some of it taken, some on the way and some held.
        let lines = numbered(from..from + 3000);
        for part in lines.as_bytes().chunks(7000) {
            pusher.stdin.write_all(part).unwrap();
            if part.as_ptr() as usize - lines.as_ptr() as usize == 21_000 {
                hub.child.kill();
            }
        }
        if turn == 0 {
            pusher.says("waiting for the hub");
        }
        hub = house.hub_on(&address, &["--no-agent"]);
        while seen < from + 3000 {
            assert_eq!(tail.next(), format!("line {seen:06}\n"));
            seen += 1;
        }
    }
    pusher.end().ended(0);
    let whole = house.run(&["tail", "ci:push/build", "-n", "99999", "--no-follow", "--hub", &hub.url]).ended(0);
    assert!(whole.out == format!("begun\n{}", numbered(0..9000)), "{} bytes", whole.out.len());
}

#[test]
fn of_two_who_push_to_one_log_one_is_told_and_ends_with_4() {
    let house = House::new();
    let hub = hub(&house);
    let mut first = Pusher::start(&house, &["push", "ci:a", "--hub", &hub.url]);
    first.write("of the first\n");
    let tail = tail(&house, "ci:push/a", &hub);
    assert_eq!(tail.next(), "of the first\n");
    let mut second = Pusher::start(&house, &["push", "ci:a", "--hub", &hub.url]);
    second.write("of the second\n");
    assert_eq!(tail.next(), "of the second\n");
    first.write("too late\n");
    let ran = first.end().ended(4);
    assert!(ran.err.contains("somebody else pushes to this log too"), "{}", ran.err);
    second.write("and on\n");
    assert_eq!(tail.next(), "and on\n");
    second.end().ended(0);
}

#[test]
fn the_name_of_a_machine_is_not_pushed_to_and_a_pushed_name_is_no_machines() {
    let house = House::new();
    house.append("a", "one\n");
    let hub = hub(&house);
    let logs = house.path("logs").display().to_string();
    let agent = house.start(&["agent", "--hub", &hub.url, "--host", "far1", &logs]);
    assert_eq!(tail(&house, &format!("far1:{logs}/a"), &hub).next(), "one\n");
    let ran = Pusher::start(&house, &["push", "far1:x", "--hub", &hub.url]).end().ended(4);
    assert!(ran.err.contains("agent of its own"), "{}", ran.err);
    drop(agent);

    Pusher::start(&house, &["push", "ci:x", "--hub", &hub.url]).end().ended(0);
    let stranger = house.start(&["agent", "--hub", &hub.url, "--host", "ci", &logs]);
    stranger.hears("lines are pushed to this hub under the name ci");
    let ran = Pusher::start(&house, &["push", "ci:../x", "--hub", &hub.url]).end().ended(2);
    assert!(ran.err.contains("cannot be the name of a pushed log"), "{}", ran.err);
}

#[test]
fn a_token_to_push_with_pushes_where_it_may_and_does_nothing_else() {
    let house = House::new();
    let hub = hub(&house);
    let token = house.run(&["token", "add", "--push", "ci:build-*", "--state-dir", "state"]).ended(0).out;
    fs::write(house.path("token"), token).unwrap();
    let with = |arguments: &[&str]| {
        let more = ["--hub", &hub.url, "--token-file", "token"];
        Pusher::start(&house, &[arguments, &more].concat()).end()
    };
    with(&["push", "ci:build-1"]).ended(0);
    for refused in [&["push", "ci:release"][..], &["push", "web:build-1"], &["ls"], &["tail", "ci:push/build-1"]] {
        let ran = with(refused).ended(4);
        assert!(ran.err.contains("token"), "{refused:?}: {}", ran.err);
    }
    let listed = house.run(&["token", "list", "--state-dir", "state"]).ended(0).out;
    assert!(listed.contains("push-1") && listed.contains("pushes to ci:build-*"), "{listed}");
    let viewer = house.run(&["token", "add", "--viewer", "v", "--state-dir", "state"]).ended(0).out;
    fs::write(house.path("token"), viewer).unwrap();
    with(&["push", "ci:build-1"]).ended(4);
}

#[test]
fn a_full_disk_is_waited_for_and_nothing_is_lost() {
    let house = House::new();
    fs::create_dir(house.path("state")).unwrap();
    let state = house.path("state").display().to_string();
    let program = env!("CARGO_BIN_EXE_tailcast");
    let script = format!(
        "mount -t tmpfs -o size=1m none {state} && exec {program} serve --listen 127.0.0.1:0 --state-dir {state} --no-agent"
    );
    let mut command = Command::new("unshare");
    if !rustix::process::geteuid().is_root() {
        command.args(["--user", "--map-root-user"]);
    }
    let mut serving = Lines::of(command.args(["--mount", "sh", "-c", &script]));
    let first = serving.next();
    let url = first.trim().strip_prefix("tailcast: listening on ").unwrap().to_owned();
    let mut pusher = Pusher::start(&house, &["push", "ci:big", "--tee", "--hub", &url]);
    // More than the disk and what is held together: whoever writes waits.
    let (all, mut out) = (numbered(0..300_000), pusher.child.0.stdout.take().unwrap());
    let shown = std::thread::spawn(move || std::io::copy(&mut out, &mut std::io::sink()).unwrap());
    let mut stderr = std::io::BufReader::new(pusher.child.0.stderr.take().unwrap());
    let Pusher { mut child, mut stdin, .. } = pusher;
    let given = all.clone();
    let writing = std::thread::spawn(move || stdin.write_all(given.as_bytes()).unwrap());
    let mut said = String::new();
    std::io::BufRead::read_line(&mut stderr, &mut said).unwrap();
    assert!(said.contains("disk is full") && said.contains("waiting"), "{said}");
    let remount = ["-m", "mount", "-o", "remount,size=32m", &state];
    let hub = serving.child.0.id().to_string();
    let grown = Command::new("nsenter").args(["-t", &hub]).args(remount).status().unwrap();
    assert!(grown.success());
    writing.join().unwrap();
    assert!(child.0.wait().unwrap().success());
    assert_eq!(shown.join().unwrap(), all.len() as u64);
    let whole = house.run(&["tail", "ci:push/big", "-n", "999999", "--no-follow", "--hub", &url]).ended(0);
    assert!(whole.out == all, "{} bytes of {}", whole.out.len(), all.len());
    serving.child.terminate();
}
