//! The way to a hub: through a proxy, with a token.

use std::fs::Permissions;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::thread;

use crate::house::{House, Lines, Ran};

/// An HTTP proxy that knows CONNECT and leads everybody to `target`; it tells whom it was asked for.
fn proxy(target: String) -> (String, std::sync::mpsc::Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let (asked, receiver) = std::sync::mpsc::sync_channel(16);
    thread::spawn(move || {
        for client in listener.incoming() {
            let (mut client, target) = (client.unwrap(), TcpStream::connect(&target).unwrap());
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                let mut byte = [0];
                client.read_exact(&mut byte).unwrap();
                head.push(byte[0]);
            }
            if asked.send(String::from_utf8_lossy(&head).into_owned()).is_err() {
                return;
            }
            client.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").unwrap();
            let (back, forth) = (client.try_clone().unwrap(), target.try_clone().unwrap());
            thread::spawn(move || pour(client, target));
            thread::spawn(move || pour(forth, back));
        }
    });
    (address, receiver)
}

/// Everything from one side to the other, and then its end. A side that breaks is one that ends.
fn pour(mut from: TcpStream, mut to: TcpStream) {
    drop(std::io::copy(&mut from, &mut to));
    drop(to.shutdown(Shutdown::Write));
}

#[test]
fn a_hub_behind_a_proxy_is_reached_with_a_token() {
    let house = House::new();
    house.append("a", "one\n");
    let hub = house.hub();
    let token = house.run(&["token", "add", "--viewer", "me", "--state-dir", "state"]).ended(0).out;
    let (proxy, asked) = proxy(hub.address().to_owned());
    let log = house.log("a");
    for words in [&["ls"][..], &["tail", &log, "--no-follow"]] {
        let mut command = house.command(words);
        command.args(["--hub", "http://hub.test"]).env("http_proxy", &proxy).env("TAILCAST_TOKEN", token.trim());
        let ran = Ran::of(command.output().unwrap()).ended(0);
        assert!(ran.out.contains(if words[0] == "ls" { &log } else { "one\n" }), "{ran:?}");
        assert!(asked.recv().unwrap().starts_with("CONNECT hub.test:80 HTTP/1.1\r\nHost: hub.test:80\r\n"));
    }
}

#[test]
fn a_hub_under_a_base_path_is_found_there_and_nowhere_else() {
    let house = House::new();
    house.append("a", "one\n");
    std::fs::write(house.path("t.toml"), "[hub]\nbase_path = \"/logs/\"\n").unwrap();
    let logs = house.path("logs").display().to_string();
    let hub = house.hub_on("127.0.0.1:0", &["--config", "t.toml", "--host", "web1", &logs]);
    let under = hub.url.clone();
    let root = under.strip_suffix("/logs").unwrap_or_else(|| panic!("the first line names the base path: {under}"));
    assert_eq!(house.run(&["ls", "--hub", &under]).ended(0).out.lines().count(), 1);
    let tail = house.start(&["tail", &house.log("a"), "--hub", &format!("{under}/")]);
    assert_eq!(tail.next(), "one\n");
    for words in [&["ls"][..], &["tail", &house.log("a")], &["tail", &house.log("a"), "--no-follow"]] {
        let mut command = house.command(words);
        let ran = Ran::of(command.args(["--hub", root]).output().unwrap()).ended(1);
        assert!(ran.err.contains("this hub is under /logs"), "{}", ran.err);
    }
}

#[test]
fn a_view_whose_token_is_removed_ends_as_refused_and_says_why() {
    let house = House::new();
    house.append("a", "one\n");
    let hub = house.hub();
    for form in [&[][..], &["--json"]] {
        let token = house.run(&["token", "add", "--viewer", "me", "--state-dir", "state"]).ended(0).out;
        let mut command = house.command(&["tail", &house.log("a"), "--hub", &hub.url]);
        let mut tail = Lines::of(command.args(form).env("TAILCAST_TOKEN", token.trim()));
        assert!(tail.next().contains("one"));
        house.run(&["token", "remove", "me", "--state-dir", "state"]).ended(0);
        tail.hears("the token was removed on the hub");
        assert_eq!(tail.child.0.wait().unwrap().code(), Some(4));
    }
}

#[test]
fn a_token_file_is_meant_from_here_and_one_that_all_can_read_is_told() {
    let house = House::new();
    house.append("a", "one\n");
    let hub = house.hub();
    let token = house.run(&["token", "add", "--viewer", "me", "--state-dir", "state"]).ended(0).out;
    std::fs::write(house.path("token"), token).unwrap();
    for (mode, warnings) in [(0o644, 1), (0o640, 0)] {
        std::fs::set_permissions(house.path("token"), Permissions::from_mode(mode)).unwrap();
        let by_flag = house.run(&["ls", "--hub", &hub.url, "--token-file", "token"]).ended(0);
        let mut command = house.command(&["ls", "--hub", &hub.url]);
        let by_variable = Ran::of(command.env("TAILCAST_TOKEN_FILE", "token").output().unwrap()).ended(0);
        for ran in [by_flag, by_variable] {
            assert_eq!(ran.err.matches("can be read by every user").count(), warnings, "{mode:o}: {}", ran.err);
        }
    }
}
