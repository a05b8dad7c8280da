//! A directory of logs and a state directory, gone with the test.

use std::path::{Path, PathBuf};

use tempfile::TempDir;
use tokio::process::Command;

use super::{LogFile, Program};

/// Where a test takes place.
pub(crate) struct Site {
    dir: TempDir,
}

impl Site {
    /// An empty one.
    pub(crate) fn new() -> Self {
        let site = Site { dir: TempDir::with_prefix("tailcast-").unwrap() };
        std::fs::create_dir(site.logs()).unwrap();
        site
    }

    /// Something in it.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// The directory that is offered.
    pub(crate) fn logs(&self) -> PathBuf {
        self.path("logs")
    }

    /// Where the hub keeps its state; made by the hub.
    pub(crate) fn state(&self) -> PathBuf {
        self.path("state")
    }

    /// A file in the offered directory, to write to.
    pub(crate) fn log(&self, name: &str) -> LogFile {
        LogFile::create(&self.logs().join(name))
    }

    /// `tailcast` with these words, in an environment of its own.
    pub(crate) fn tailcast<W: AsRef<std::ffi::OsStr>>(&self, words: impl IntoIterator<Item = W>) -> Command {
        let mut command = self.shell("exec \"$@\"");
        command.arg(binary()).args(words);
        command
    }

    /// A shell script that ends in `exec "$@"`, which will be `tailcast` and the arguments that are added: for what has to
    /// be set up around it.
    pub(crate) fn shell(&self, script: &str) -> Command {
        let mut command = Command::new("/bin/sh");
        command.args(["-c", script, "tailcast"]).env_clear().current_dir(self.dir.path());
        command.env("HOME", self.dir.path()).env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
        command
    }

    /// An agent for this site's logs under a name, that has a token of the hub's own making.
    pub(crate) async fn agent(&self, host: &str, hub: &str) -> Program {
        let token = self.path(&format!("token-{host}"));
        if !token.exists() {
            std::fs::write(&token, self.token(&["--agent", host]).await).unwrap();
        }
        let mut command = self.tailcast(["agent", "--hub", hub, "--host", host, "--token-file"]);
        command.arg(token).arg(self.logs());
        Program::start(command, &self.path(&format!("agent-{host}.err")))
    }

    /// A token that the hub on this site will know.
    pub(crate) async fn token(&self, grant: &[&str]) -> String {
        let mut command = self.tailcast(["token", "add", "--state-dir"]);
        let made = command.arg(self.state()).args(grant).output().await.unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        String::from_utf8(made.stdout).unwrap()
    }
}

/// The program under test.
pub(crate) fn binary() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_tailcast"))
}
