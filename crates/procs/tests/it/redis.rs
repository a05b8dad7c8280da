//! A real process that opens a connection to a real Redis for each request and never closes one. Its requests drive the
//! time: two are a minute, whatever the machine has else to do.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

use tailcast_procs::{Cause, Pattern, Proc, Watch};

/// A Redis on a free port, without a file on the disk.
struct Redis {
    server: Child,
    port: u16,
}

impl Redis {
    fn start() -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let text = port.to_string();
        let arguments = ["--port", &text, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", "/tmp"];
        let mut server = Command::new("redis-server").args(arguments).stdout(Stdio::piped()).spawn().unwrap();
        let said = BufReader::new(server.stdout.take().unwrap());
        let ready = said.lines().map_while(Result::ok).any(|line| line.contains("Ready to accept connections"));
        assert!(ready, "redis-server ended");
        Redis { server, port }
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        self.server.kill().unwrap();
        self.server.wait().unwrap();
    }
}

/// The process that leaks: this very binary, told on its stdin to handle a request.
struct Leaky {
    child: Child,
    requests: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Leaky {
    fn start(port: u16) -> Self {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", "redis::opens_a_connection_for_each_request", "--ignored", "--nocapture"]);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let (requests, answers) = (child.stdin.take().unwrap(), BufReader::new(child.stdout.take().unwrap()));
        let mut leaky = Leaky { child, requests, answers };
        writeln!(leaky.requests, "{port}").unwrap();
        leaky
    }

    fn request(&mut self) {
        writeln!(self.requests, "request").unwrap();
        let mut line = String::new();
        while !line.contains("+PONG") {
            line.clear();
            assert!(self.answers.read_line(&mut line).unwrap() > 0, "it ended");
        }
    }
}

impl Drop for Leaky {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

#[test]
#[ignore = "it is the process that the test below looks at"]
fn opens_a_connection_for_each_request() {
    let mut lines = std::io::stdin().lines().map_while(Result::ok);
    let port: u16 = lines.next().unwrap().parse().unwrap();
    let mut never_closed = Vec::new();
    for _request in lines {
        let mut redis = TcpStream::connect(("127.0.0.1", port)).unwrap();
        redis.write_all(b"PING\r\n").unwrap();
        let mut answer = [0; 7];
        redis.read_exact(&mut answer).unwrap();
        println!("{}", String::from_utf8_lossy(&answer).trim_end());
        never_closed.push(redis);
    }
}

#[test]
fn a_connection_per_request_is_named_within_a_quarter_of_an_hour() {
    let redis = Redis::start();
    let mut leaky = Leaky::start(redis.port);
    let mut watch = Watch::new(Proc::new().unwrap());
    for request in 0..32u64 {
        leaky.request();
        let look = watch.look(Duration::from_secs(request * 30)).unwrap();
        let seen = look.list.iter().find(|seen| seen.process.id.pid == leaky.child.id()).unwrap();
        let Some(finding) = seen.findings.first() else { continue };
        let minute = request / 2;
        assert!(minute <= 15, "{minute}");
        assert_eq!(finding.pattern, Pattern::Leak(Cause::Connections));
        assert!(
            finding.words.contains(&format!("all of it connections to 127.0.0.1:{}", redis.port)),
            "{}",
            finding.words
        );
        return;
    }
    panic!("it was not named within a quarter of an hour");
}

#[test]
fn what_a_leak_is_of_is_known_at_the_first_look_after_minutes_that_nobody_looked() {
    let redis = Redis::start();
    let mut leaky = Leaky::start(redis.port);
    let mut watch = Watch::new(Proc::new().unwrap());
    for minute in 0..12u64 {
        leaky.request();
        leaky.request();
        watch.sample(Duration::from_secs(minute * 60 + 30)).unwrap();
    }
    let look = watch.look(Duration::from_secs(12 * 60)).unwrap();
    let seen = look.list.iter().find(|seen| seen.process.id.pid == leaky.child.id()).unwrap();
    let words = &seen.findings.first().expect("nothing is found").words;
    assert!(words.contains(&format!("all of it connections to 127.0.0.1:{}", redis.port)), "{words}");
}
