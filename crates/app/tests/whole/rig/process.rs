//! A process of ours: started, listened to, signalled by its pid, and ended with the test.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

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
        let status = self.proc("status");
        (number(&status, "VmRSS:") << 10, number(&status, "VmHWM:") << 10)
    }

    /// The time that it has had of a core.
    pub(crate) fn cpu(&self) -> Duration {
        // proc_pid_stat(5): behind the name in parentheses, fields 14 and 15 are user and system time in ticks.
        let stat = self.proc("stat");
        let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace().skip(11).take(2);
        let ticks: u64 = fields.map(|field| field.parse::<u64>().unwrap()).sum();
        Duration::from_secs_f64(ticks as f64 / rustix::param::clock_ticks_per_second() as f64)
    }

    /// How often each of its threads has gone to sleep and been woken.
    pub(crate) fn wakeups(&self) -> BTreeMap<OsString, u64> {
        let threads = std::fs::read_dir(format!("/proc/{}/task", self.pid())).unwrap().map(Result::unwrap);
        // One that ends meanwhile does not wake any more.
        let status = threads.filter_map(|thread| {
            let status = std::fs::read_to_string(thread.path().join("status")).ok()?;
            Some((thread.file_name(), number(&status, "voluntary_ctxt_switches:")))
        });
        status.collect()
    }

    /// What its descriptors are open on.
    pub(crate) fn files(&self) -> Vec<PathBuf> {
        let fds = std::fs::read_dir(format!("/proc/{}/fd", self.pid())).unwrap();
        // One that is closed meanwhile is not open.
        fds.filter_map(|fd| std::fs::read_link(fd.ok()?.path()).ok()).collect()
    }

    /// How many files and directories it has watched.
    pub(crate) fn watches(&self) -> usize {
        let fds = std::fs::read_dir(format!("/proc/{}/fdinfo", self.pid())).unwrap();
        let infos = fds.filter_map(|fd| std::fs::read_to_string(fd.ok()?.path()).ok());
        infos.map(|info| info.lines().filter(|line| line.starts_with("inotify wd:")).count()).sum()
    }

    fn proc(&self, name: &str) -> String {
        std::fs::read_to_string(format!("/proc/{}/{name}", self.pid())).unwrap()
    }
}

/// The number behind a key of a status file in /proc.
fn number(status: &str, key: &str) -> u64 {
    let line = status.lines().find_map(|line| line.strip_prefix(key)).unwrap_or_default();
    line.split_whitespace().next().and_then(|number| number.parse().ok()).unwrap_or(0)
}

impl Drop for Program {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("--- {}:\n{}", self.stderr.display(), self.said());
        }
    }
}
