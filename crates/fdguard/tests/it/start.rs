//! Starting under limits small and large.

use std::io::{BufRead as _, BufReader};
use std::process::Stdio;

use tailcast_fdguard::Limit;

use crate::server::{Server, command, served_and_refused};

#[test]
fn the_soft_limit_is_raised_to_the_hard_one_and_the_hard_one_is_left_alone() {
    let server = Server::under("ulimit -Sn 64 && ulimit -Hn 512");
    assert_eq!(server.limits(), (512, 512));
    assert_eq!(served_and_refused(&server.visits(200)).0, 200);
}

#[test]
fn a_hard_limit_of_64_is_enough_to_serve() {
    let server = Server::under("ulimit -n 64");
    assert_eq!(server.limits(), (64, 64));
    assert!(served_and_refused(&server.visits(200)).0 >= 16);
}

/// What a server says that has too few descriptors, at the lowest limit at which it can say so: how many its runtime
/// holds depends on what is built into it.
fn refusal() -> String {
    let words = (6..32).find_map(|limit| {
        let mut child =
            command(&format!("ulimit -n {limit}")).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut first = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut first).unwrap();
        assert_eq!(first, "", "it serves at {limit} and never said what it needs");
        let output = child.wait_with_output().unwrap();
        let words = String::from_utf8_lossy(&output.stderr).into_owned();
        (!output.status.success() && words.contains("raise it with")).then_some(words)
    });
    words.unwrap()
}

/// The number that is said to be needed.
fn needed(words: &str) -> &str {
    words.split("LimitNOFILE=").nth(1).and_then(|rest| rest.split(' ').next()).unwrap()
}

#[test]
fn too_low_a_limit_is_refused_with_the_number_that_is_needed() {
    let words = refusal();
    // The soft limit was raised to the hard one before: the same shell cannot raise that any more.
    assert!(words.contains(&format!("`ulimit -n {}` in place of the `ulimit -n` that ", needed(&words))), "{words}");
}

#[test]
fn what_is_needed_is_enough() {
    let server = Server::under(&format!("ulimit -n {}", needed(&refusal())));
    assert!(served_and_refused(&server.visits(10)).0 > 0);
}

#[test]
fn a_child_gets_the_old_limit_back() {
    let mut sleeper = std::process::Command::new("sleep").arg("60").spawn().unwrap();
    let limit = Limit::raise();
    let given = limit.for_children().give_to(sleeper.id());
    let limits = std::fs::read_to_string(format!("/proc/{}/limits", sleeper.id())).unwrap();
    sleeper.kill().unwrap();
    sleeper.wait().unwrap();
    given.unwrap();
    let line = limits.lines().find(|line| line.starts_with("Max open files")).unwrap();
    assert!(line.split_whitespace().any(|word| word == limit.was().to_string()), "{line}");
}

#[test]
fn the_line_says_what_was_and_what_is() {
    let limit = Limit::raise();
    let line = limit.to_string();
    assert!(line.starts_with(&format!("open files: soft limit was {}, now {}", limit.was(), limit.soft())), "{line}");
    assert!(line.ends_with(&format!("hard {}", limit.hard())), "{line}");
}
