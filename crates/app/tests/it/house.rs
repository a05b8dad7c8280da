//! A house for one test: a directory with logs, the program run in an environment that is known, and children that end
//! with the test.

use std::fs::{self, OpenOptions};
use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

/// Longer than anything takes on a busy machine; only a failure waits for it.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// A directory and everything that a test does in it.
pub(crate) struct House {
    dir: TempDir,
}

impl House {
    pub(crate) fn new() -> Self {
        let dir = TempDir::new().unwrap();
        fs::create_dir(dir.path().join("logs")).unwrap();
        House { dir }
    }

    /// A path in the house.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// The name of a log on the host `web1`.
    pub(crate) fn log(&self, name: &str) -> String {
        format!("web1:{}", self.path("logs").join(name).display())
    }

    /// Adds bytes to a log.
    pub(crate) fn append(&self, name: &str, bytes: impl AsRef<[u8]>) {
        let path = self.path("logs").join(name);
        let mut file = OpenOptions::new().append(true).create(true).open(path).unwrap();
        file.write_all(bytes.as_ref()).unwrap();
    }

    /// The program with these arguments, in an environment that says nothing but where home is.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tailcast"));
        command.args(arguments).current_dir(self.dir.path()).env_clear().env("HOME", self.dir.path());
        command.stdin(Stdio::null());
        command
    }

    /// Runs the program to its end.
    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        Ran::of(self.command(arguments).output().unwrap())
    }

    /// A hub that offers the logs of the house as host `web1`, on `listen`.
    pub(crate) fn hub_on(&self, listen: &str, more: &[&str]) -> Hub {
        let state = self.path("state").display().to_string();
        let mut arguments = vec!["serve", "--listen", listen, "--state-dir", &state];
        arguments.extend_from_slice(more);
        let mut command = self.command(&arguments);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let lines = lines_of(child.stdout.take().unwrap());
        let said = lines_of(child.stderr.take().unwrap());
        let first = lines.recv_timeout(PATIENCE).unwrap_or_default();
        let first = String::from_utf8(first).unwrap();
        let url = first.trim().strip_prefix("tailcast: listening on ").map(str::to_owned);
        let url = url.unwrap_or_else(|| panic!("the hub said {first:?} and {:?}", said.iter().next()));
        if !more.contains(&"--no-agent") {
            wait_for(&said, "an agent has come");
        }
        Hub { child: Running(child), url, said }
    }

    /// A hub on a free port.
    pub(crate) fn hub(&self) -> Hub {
        let logs = self.path("logs").display().to_string();
        self.hub_on("127.0.0.1:0", &[&logs, "--host", "web1"])
    }

    /// A program that goes on, whose stdout is read line by line.
    pub(crate) fn start(&self, arguments: &[&str]) -> Lines {
        Lines::of(&mut self.command(arguments))
    }
}

/// A child that is killed when the test is done with it.
pub(crate) struct Running(pub(crate) Child);

impl Running {
    /// Ends it as `kill -9` does.
    pub(crate) fn kill(&mut self) {
        // It may have ended by itself.
        drop(self.0.kill());
        self.0.wait().unwrap();
    }

    /// Asks it to end, and waits for that.
    pub(crate) fn terminate(&mut self) -> Option<i32> {
        self.end_by(Signal::TERM).code()
    }

    /// Sends it a signal, and waits for its end.
    pub(crate) fn end_by(&mut self, signal: Signal) -> ExitStatus {
        kill_process(Pid::from_child(&self.0), signal).unwrap();
        self.0.wait().unwrap()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.kill();
    }
}

/// A hub that serves.
pub(crate) struct Hub {
    pub(crate) child: Running,
    pub(crate) url: String,
    said: Receiver<Vec<u8>>,
}

impl Drop for Hub {
    /// A test that fails wants to know what the hub thought of it.
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.said.try_iter().for_each(|line| eprint!("hub: {}", String::from_utf8_lossy(&line)));
        }
    }
}

impl Hub {
    /// `ADDR:PORT`.
    pub(crate) fn address(&self) -> &str {
        self.url.trim_start_matches("http://")
    }
}

/// A program that is read line by line.
pub(crate) struct Lines {
    pub(crate) child: Running,
    out: Receiver<Vec<u8>>,
    err: Receiver<Vec<u8>>,
}

impl Lines {
    pub(crate) fn of(command: &mut Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let out = lines_of(child.stdout.take().unwrap());
        let err = lines_of(child.stderr.take().unwrap());
        Lines { child: Running(child), out, err }
    }

    /// The next line of stdout, with its newline.
    pub(crate) fn next(&self) -> String {
        match self.out.recv_timeout(PATIENCE) {
            Ok(line) => String::from_utf8_lossy(&line).into_owned(),
            Err(RecvTimeoutError::Timeout) => panic!("no line came; on stderr: {:?}", self.said()),
            Err(RecvTimeoutError::Disconnected) => panic!("it ended; on stderr: {:?}", self.said()),
        }
    }

    /// Waits until a line on stderr has `words` in it.
    pub(crate) fn hears(&self, words: &str) -> String {
        wait_for(&self.err, words)
    }

    /// What there is of stderr.
    fn said(&self) -> Vec<String> {
        self.err.try_iter().map(|line| String::from_utf8_lossy(&line).into_owned()).collect()
    }
}

/// Waits until a line has `words` in it, and returns it.
fn wait_for(lines: &Receiver<Vec<u8>>, words: &str) -> String {
    let mut before = Vec::new();
    loop {
        let Ok(line) = lines.recv_timeout(PATIENCE) else { panic!("`{words}` was not said, but {before:?}") };
        let line = String::from_utf8_lossy(&line).into_owned();
        if line.contains(words) {
            return line;
        }
        before.push(line);
    }
}

/// The lines of a pipe, read ahead by a thread that ends with it.
fn lines_of(pipe: impl std::io::Read + Send + 'static) -> Receiver<Vec<u8>> {
    let (lines, receiver) = sync_channel(100_000);
    std::thread::spawn(move || {
        let mut pipe = BufReader::new(pipe);
        loop {
            let mut line = Vec::new();
            match pipe.read_until(b'\n', &mut line) {
                Ok(1..) if lines.send(line).is_ok() => {}
                _ => return,
            }
        }
    });
    receiver
}

/// How a run came out.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) bytes: Vec<u8>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ran {
    pub(crate) fn of(output: Output) -> Self {
        Ran {
            code: output.status.code(),
            out: String::from_utf8_lossy(&output.stdout).into_owned(),
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
            bytes: output.stdout,
        }
    }

    /// The same, when it ended with `code`.
    #[track_caller]
    pub(crate) fn ended(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{self:?}");
        self
    }
}
