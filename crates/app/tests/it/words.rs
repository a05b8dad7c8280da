//! What is said when something is wrong, and the codes that scripts rely on.

use std::fs;
use std::io::Write;
use std::process::Stdio;

use crate::house::{House, Ran};

#[test]
fn a_wrong_flag_is_usage_and_help_is_not() {
    let house = House::new();
    assert!(house.run(&["tail", "--colour"]).ended(2).err.contains("--colour"));
    assert!(house.run(&[]).ended(2).err.contains("Usage: tailcast"));
    assert!(house.run(&["tail", "--help"]).ended(0).out.contains("--cursor-file"));
    assert!(house.run(&["help", "tail"]).ended(0).out.contains("--cursor-file"));
    assert!(house.run(&["help"]).ended(0).out.contains("Exit codes"));
    assert!(house.run(&["--version"]).ended(0).out.starts_with("tailcast "));
}

#[test]
fn a_mistake_in_the_configuration_stops_a_hub_before_it_serves() {
    let house = House::new();
    fs::write(house.path("t.toml"), "[hub]\nlisten = \"127.0.0.1:0\"\nopen_loopbak = true\n").unwrap();
    for words in [&["serve", "--config", "t.toml"][..], &["config", "check", "--config", "t.toml"]] {
        let ran = house.run(words).ended(2);
        let said = "tailcast: t.toml:3: there is no key `hub.open_loopbak`; did you mean `hub.open_loopback`?\n";
        assert_eq!(ran.err, said);
    }
}

#[test]
fn config_check_shows_what_holds_and_where_it_was_written() {
    let house = House::new();
    fs::write(house.path("t.toml"), "[agent]\nhost = \"web1\"\n").unwrap();
    let mut command = house.command(&["config", "check", "--config", "t.toml"]);
    let ran = Ran::of(command.env("TAILCAST_LISTEN", "[::1]:1").output().unwrap()).ended(0);
    assert!(ran.out.contains("# read: t.toml"), "{}", ran.out);
    let origin =
        |key: &str| ran.out.lines().find(|line| line.starts_with(key)).and_then(|line| line.split("# ").nth(1));
    assert_eq!(origin("host = \"web1\""), Some("t.toml:2"));
    assert_eq!(origin("listen = \"[::1]:1\""), Some("TAILCAST_LISTEN"));
    assert_eq!(origin("offer = [\"/var/log\"]"), Some("default"));
}

#[test]
fn a_variable_that_nobody_knows_or_understands_is_told() {
    let house = House::new();
    for (name, value) in [("TAILCAST_FOO", "1"), ("TAILCAST_LOG", "banana")] {
        for words in
            [&["config", "check"][..], &["serve", "--no-agent", "--listen", "127.0.0.1:0", "--state-dir", "state"]]
        {
            let ran = Ran::of(house.command(words).env(name, value).output().unwrap()).ended(2);
            assert!(ran.err.starts_with(&format!("tailcast: {name}: ")), "{}", ran.err);
        }
    }
    house.append("a", "one\n");
    let hub = house.hub();
    let mut looks = house.command(&["ls", "--hub", &hub.url]);
    let ran = Ran::of(looks.env("TAILCAST_FOO", "1").output().unwrap()).ended(0);
    assert_eq!(ran.err, "tailcast: TAILCAST_FOO: there is no such variable\n");
}

#[test]
fn config_check_judges_what_it_shows() {
    let house = House::new();
    fs::write(house.path("t.toml"), "[hub]\nlisten = \"8514\"\n").unwrap();
    let ran = house.run(&["config", "check", "--config", "t.toml"]).ended(2);
    assert!(ran.out.contains("listen = \"8514\""), "{}", ran.out);
    assert!(ran.err.starts_with("tailcast: t.toml:2: hub.listen: `8514` is no address with a port"), "{}", ran.err);
}

#[test]
fn a_hub_that_is_not_there_is_told_as_that() {
    let house = House::new();
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let hub = format!("http://{free}");
    for words in [
        &["ls", "--hub", &hub][..],
        &["tail", "web1:/a", "--hub", &hub],
        &["tail", "web1:/a", "--no-follow", "--hub", &hub],
    ] {
        let ran = house.run(words).ended(3);
        assert!(ran.err.contains(&format!("nobody listens at {free}")), "{}", ran.err);
    }
    assert!(house.run(&["ls", "--hub", "127.0.0.1:8514"]).ended(2).err.contains("http://HOST:8514"));
}

#[test]
fn a_hub_for_the_world_without_a_login_is_refused() {
    let house = House::new();
    let ran = house.run(&["serve", "--listen", "0.0.0.0:0", "--state-dir", "state", "--no-agent"]).ended(2);
    assert!(ran.err.contains("tailcast password"), "{}", ran.err);
}

#[test]
fn who_cannot_listen_somewhere_hears_what_helps() {
    let house = House::new();
    // Only who can be logged in to may listen on more than loopback.
    house.run(&["token", "add", "--viewer", "me", "--state-dir", "state"]).ended(0);
    let held = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = held.local_addr().unwrap().to_string();
    for (listen, advice) in [(taken.as_str(), "port 0 takes a free one"), ("192.0.2.1:9", "0.0.0.0")] {
        let ran = house.run(&["serve", "--listen", listen, "--state-dir", "state", "--no-agent"]).ended(5);
        assert!(ran.err.contains(&format!("cannot listen on {listen}")) && ran.err.contains(advice), "{}", ran.err);
    }
}

#[test]
fn a_wrong_token_is_refused_in_words() {
    let house = House::new();
    let hub = house.hub();
    let mut command = house.command(&["ls", "--hub", &hub.url]);
    let ran = Ran::of(command.env("TAILCAST_TOKEN", "tailcast_wrong").output().unwrap()).ended(4);
    assert!(ran.err.starts_with("tailcast: ") && ran.err.contains("oken"), "{}", ran.err);
    let mut command = house.command(&["tail", &house.log("a"), "--hub", &hub.url]);
    Ran::of(command.env("TAILCAST_TOKEN", "tailcast_wrong").output().unwrap()).ended(4);
}

#[test]
fn what_can_never_be_a_log_is_refused_and_not_waited_for() {
    let house = House::new();
    let never =
        [("logs", "it is a directory", 4), ("-", "stdin is not a log", 2), ("/dev/null", "not a regular file", 4)];
    for (path, why, code) in never {
        for words in [&["tail", path][..], &["tail", "-F", path], &["tail", "--no-follow", path]] {
            let ran = house.run(words).ended(code);
            assert!(ran.err.contains(why), "{words:?}: {}", ran.err);
        }
    }
}

#[test]
fn the_advice_about_a_taken_name_can_be_followed() {
    let house = House::new();
    house.run(&["token", "add", "--viewer", "grafana", "--state-dir", "state"]).ended(0);
    let ran = house.run(&["token", "add", "--viewer", "grafana", "--state-dir", "state"]).ended(2);
    assert!(ran.err.contains("token remove grafana") && !ran.err.contains("--name"), "{}", ran.err);
}

#[test]
fn each_cause_is_said_once() {
    let house = House::new();
    fs::write(house.path("state"), "not a directory").unwrap();
    for words in
        [&["token", "list", "--state-dir", "state"][..], &["token", "add", "--viewer", "a", "--state-dir", "state"]]
    {
        let ran = house.run(words).ended(5);
        assert_eq!(ran.err.matches("(os error").count(), 1, "{}", ran.err);
    }
}

#[test]
fn tokens_come_are_listed_and_go() {
    let house = House::new();
    let made = house.run(&["token", "add", "--agent", "web*", "--state-dir", "state"]).ended(0);
    assert!(made.out.starts_with("tailcast_") && made.out.lines().count() == 1, "{made:?}");
    // Another user's hub, or another state directory, does not know it.
    let state = house.path("state").display().to_string();
    assert!(made.err.contains(&format!("for the hub with its state in {state};")), "{}", made.err);
    house.run(&["token", "add", "--viewer", "grafana", "--state-dir", "state"]).ended(0);
    let list = house.run(&["token", "list", "--state-dir", "state"]).ended(0).out;
    assert!(list.contains("agent for web*") && list.contains("grafana") && !list.contains("tailcast_"), "{list}");
    house.run(&["token", "remove", "grafana", "--state-dir", "state"]).ended(0);
    house.run(&["token", "remove", "grafana", "--state-dir", "state"]).ended(1);
    assert!(!house.run(&["token", "list", "--state-dir", "state"]).out.contains("grafana"));
}

#[test]
fn a_password_comes_from_stdin_and_not_from_a_flag() {
    let house = House::new();
    for (password, code) in [("correct horse battery\n", 0), ("short\n", 2)] {
        let mut command = house.command(&["password", "--state-dir", "state"]);
        let mut child = command.stdin(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(password.as_bytes()).unwrap();
        let ran = Ran::of(child.wait_with_output().unwrap()).ended(code);
        assert_eq!(ran.err.contains("the password is set for the hub with its state in /"), code == 0, "{}", ran.err);
    }
    let kept = fs::read_to_string(house.path("state/password")).unwrap();
    assert!(!kept.contains("correct horse"), "{kept}");
}

#[test]
fn a_reader_that_has_left_is_no_failure() {
    let house = House::new();
    let mut child = house.command(&["config", "check"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let ran = Ran::of(child.wait_with_output().unwrap()).ended(0);
    assert_eq!(ran.err, "");
}
