//! Servers that are brought to their limit of open files: the accept loop of `fdguard`, and those that others have.
//!
//! Each answers one small request and keeps the connection, as it would for a browser. Started as its documentation does; only the
//! time for which it keeps an idle connection is set to more than a measurement lasts, since Node's 5 s would make room in it.

use std::fs;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail};
use rustix::process::{Pid, Resource, Rlimit, prlimit};
use tempfile::TempDir;

use crate::peer::{Program, announced, free_port, listens, spawn};
use crate::watched::Watched;

/// Node's own server.
const NODE: &str = "const http = require('http'); const server = http.createServer((_, answer) => answer.end('hello')); \
                    server.keepAliveTimeout = 600000; server.listen(0, '127.0.0.1', () => \
                    console.log(`listening on 127.0.0.1:${server.address().port}`));";
/// Places that a server has at least, whatever it holds before anybody comes.
const LEAST: u64 = 4;

/// Who is brought to the limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rival {
    /// `fdguard`'s example, guarded.
    Guarded,
    /// The same without the guard: `loop { accept }`.
    Naive,
    /// `axum::serve`.
    Axum,
    /// One worker.
    Nginx,
    /// `http.createServer`.
    Node,
}

/// One that runs.
#[derive(Debug)]
pub(crate) struct Running {
    pub(crate) address: SocketAddr,
    /// What a client says to be answered.
    pub(crate) request: &'static [u8],
    /// The limit that it has, and why it is another one than was asked for, if so.
    pub(crate) limit: u64,
    program: Program,
    _scratch: TempDir,
}

impl Running {
    /// What it costs.
    pub(crate) fn watched(&self) -> Result<Watched> {
        self.program.watched()
    }
}

impl Rival {
    /// All that are measured beside the guarded one.
    pub(crate) const OTHERS: [Self; 4] = [Self::Naive, Self::Axum, Self::Nginx, Self::Node];

    /// As the table names it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Guarded => "fdguard",
            Self::Naive => "naive loop",
            Self::Axum => "axum::serve",
            Self::Nginx => "nginx",
            Self::Node => "node",
        }
    }

    /// Starts it, and sets its limit once it listens: Node does not start under 20. nginx is told in its own way, since its worker
    /// may be another user's.
    pub(crate) fn start(self, limit: u64) -> Result<Running> {
        let started = self.started(limit).with_context(|| format!("cannot start {}", self.name()));
        let mut running = started?;
        if self != Self::Nginx {
            running.limit = set_limit(&running.watched()?, limit)?;
        }
        Ok(running)
    }

    fn started(self, limit: u64) -> Result<Running> {
        let scratch = tempfile::tempdir()?;
        let mut command = self.command(&scratch)?;
        if self == Self::Nginx {
            let address = free_port()?;
            nginx_configuration(&scratch, address, limit)?;
            let program = spawn(command.stdout(Stdio::null()), &scratch)?;
            listens(address)?;
            return Ok(Running { address, request: self.request(), limit, program, _scratch: scratch });
        }
        let mut program = spawn(command.stdout(Stdio::piped()), &scratch)?;
        let address = announced(&mut program, "listening on ")?;
        Ok(Running { address, request: self.request(), limit, program, _scratch: scratch })
    }

    fn command(self, scratch: &TempDir) -> Result<Command> {
        let mut command = Command::new(match self {
            Self::Guarded | Self::Naive => built("examples/echo", "bench/run builds it")?,
            Self::Axum => built("../axum/release/bench-axum", "bench/run builds it")?,
            Self::Nginx => "/usr/sbin/nginx".into(),
            Self::Node => "node".into(),
        });
        match self {
            Self::Guarded => command.arg("--guarded"),
            Self::Naive => command.arg("--naive"),
            Self::Axum => &mut command,
            Self::Nginx => command.arg("-c").arg(scratch.path().join("nginx.conf")),
            Self::Node => command.args(["-e", NODE]),
        };
        Ok(command)
    }

    fn request(self) -> &'static [u8] {
        match self {
            Self::Guarded | Self::Naive => b"hello\n",
            Self::Axum | Self::Nginx | Self::Node => b"GET / HTTP/1.1\r\nHost: bench\r\n\r\n",
        }
    }
}

/// A program that lies beside this one.
fn built(name: &str, hint: &str) -> Result<PathBuf> {
    let program = std::env::current_exe()?.with_file_name(name);
    if program.exists() { Ok(program) } else { bail!("{} is not built: {hint}", program.display()) }
}

fn nginx_configuration(scratch: &TempDir, address: SocketAddr, limit: u64) -> Result<()> {
    let folder = scratch.path().display();
    let text = format!(
        "daemon off;\nworker_processes 1;\nworker_rlimit_nofile {limit};\npid {folder}/pid;\nerror_log {folder}/error.log warn;\n\
         events {{ worker_connections 1024; }}\nhttp {{\n  access_log off;\n  keepalive_timeout 600;\n  \
         server {{\n    listen {address};\n    location / {{ return 200 hello; }}\n  }}\n}}\n"
    );
    Ok(fs::write(scratch.path().join("nginx.conf"), text)?)
}

/// Gives each process of a program this limit, or what it has open and a few more where that is less. What holds then for the one
/// with most open.
fn set_limit(program: &Watched, limit: u64) -> Result<u64> {
    let mut highest = limit;
    for &pid in program.pids() {
        let open = fs::read_dir(format!("/proc/{pid}/fd"))?.count() as u64;
        let soft = limit.max(open + LEAST);
        highest = highest.max(soft);
        let id = i32::try_from(pid).ok().and_then(Pid::from_raw).context("a process without a number")?;
        prlimit(Some(id), Resource::Nofile, Rlimit { current: Some(soft), maximum: Some(soft) })?;
    }
    Ok(highest)
}
