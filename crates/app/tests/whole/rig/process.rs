//! A process of ours: started, listened to, signalled by its pid, and ended with the test.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};

use rustix::process::{Pid, Signal};
use tokio::process::{Child, Command};

use super::{until, within};

/// A running `tailcast`. What it says on stderr is kept in a file, and shown when the test fails.
pub(crate) struct Program {
    child: Child,
    stderr: PathBuf,
}

impl Program {
    /// Starts it. `stderr` is appended to, so that a process that is started again goes on in the same file.
    pub(crate) fn start(mut command: Command, stderr: &Path) -> Self {
        let words = File::options().append(true).create(true).open(stderr).unwrap();
        let child = command.stderr(Stdio::from(words)).kill_on_drop(true).spawn().unwrap();
        Program { child, stderr: stderr.to_path_buf() }
    }

    /// The process itself.
    pub(crate) fn child(&mut self) -> &mut Child {
        &mut self.child
    }

    /// Its number, while it runs.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id().expect("it runs")
    }

    /// Sends it a signal.
    pub(crate) fn signal(&self, signal: Signal) {
        let pid = i32::try_from(self.pid()).ok().and_then(Pid::from_raw).expect("a pid");
        rustix::process::kill_process(pid, signal).unwrap();
    }

    /// Waits for its end.
    pub(crate) async fn end(&mut self) -> ExitStatus {
        within("the end of a process", self.child.wait()).await.unwrap()
    }

    /// Ends it at once, as a power failure would.
    pub(crate) async fn kill(&mut self) {
        self.signal(Signal::KILL);
        self.end().await;
    }

    /// What it has said on stderr.
    pub(crate) fn said(&self) -> String {
        std::fs::read_to_string(&self.stderr).unwrap_or_default()
    }

    /// Waits until it has said this.
    pub(crate) async fn says(&self, words: &str) {
        until(&format!("`{words}` on stderr"), || self.said().contains(words).then_some(())).await;
    }

    /// The bytes of memory it has, and the most it ever had.
    pub(crate) fn memory(&self) -> (u64, u64) {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid())).unwrap();
        let kib = |key: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(key)).unwrap_or_default();
            line.split_whitespace().next().and_then(|number| number.parse::<u64>().ok()).unwrap_or(0) << 10
        };
        (kib("VmRSS:"), kib("VmHWM:"))
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("--- {}:\n{}", self.stderr.display(), self.said());
        }
    }
}
