//! The programs under load: tailcast, and those that it is measured beside, each started the way it wants to be.
//!
//! Each is one [`Server`]: where viewers knock, where lines go in, which processes to watch. It ends with its value.

use std::fs::{self, File, OpenOptions};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use crate::feed::Feed;
use crate::viewer::Door;
use crate::watched::Watched;

/// How long a server may take until it listens, and until it has ended.
const PATIENCE: Duration = Duration::from_secs(10);
/// Debian's package libnginx-mod-nchan.
const NCHAN: &str = "/usr/lib/nginx/modules/ngx_nchan_module.so";

/// Who is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Peer {
    /// `tailcast serve` over one file.
    Tailcast,
    /// nginx with nchan: no tail, each line is posted to it. What posting costs the sender is not counted.
    Nchan,
    /// frontail over one file (Node, socket.io, `tail -F`).
    Frontail,
}

impl Peer {
    /// As the table names it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Tailcast => "tailcast",
            Self::Nchan => "nginx+nchan",
            Self::Frontail => "frontail",
        }
    }

    /// Starts it and waits until it listens.
    pub(crate) fn start(self) -> Result<Server> {
        let started = match self {
            Self::Tailcast => tailcast(&Serve::default()),
            Self::Nchan => nchan(),
            Self::Frontail => frontail(),
        };
        started.with_context(|| format!("cannot start {}", self.name()))
    }
}

/// What `tailcast serve` is started with.
#[derive(Clone, Debug, Default)]
pub(crate) struct Serve {
    /// What it offers; a new file of its own when there is none.
    pub(crate) offer: Option<PathBuf>,
    /// The limit of open files to start it under.
    pub(crate) descriptors: Option<u32>,
    /// Whether it has no agent of its own, for [`Agent::start`] or a fleet.
    pub(crate) agent_apart: bool,
    /// Where it listens; on any port that is free when there is no such place.
    pub(crate) listen: Option<SocketAddr>,
    /// Variables that configure it.
    pub(crate) environment: Vec<(&'static str, String)>,
}

/// A running program.
#[derive(Debug)]
pub(crate) struct Server {
    /// Where its viewers knock.
    pub(crate) door: Door,
    /// Its log, where it reads one.
    pub(crate) log: PathBuf,
    // Before `scratch`: a program must have ended before its folder goes.
    program: Program,
    scratch: TempDir,
}

/// A child process that ends with its value, whatever went wrong after it was started.
#[derive(Debug)]
pub(crate) struct Program(Child);

impl Program {
    /// What it costs.
    pub(crate) fn watched(&self) -> Result<Watched> {
        Watched::tree(self.0.id())
    }
}

impl Server {
    /// What it costs.
    pub(crate) fn watched(&self) -> Result<Watched> {
        self.program.watched()
    }

    /// Its number.
    pub(crate) fn pid(&self) -> Result<Pid> {
        i32::try_from(self.program.0.id()).ok().and_then(Pid::from_raw).context("a process without a number")
    }

    /// How many descriptors it has open.
    pub(crate) fn open_files(&self) -> Result<u64> {
        Ok(fs::read_dir(format!("/proc/{}/fd", self.program.0.id()))?.count() as u64)
    }

    /// The administrator's socket.
    pub(crate) fn admin(&self) -> PathBuf {
        self.scratch.path().join("state/admin.sock")
    }

    /// Where lines go in.
    pub(crate) fn feed(&self) -> Result<Feed> {
        if self.log.as_os_str().is_empty() {
            let connection = TcpStream::connect(self.door.address)?;
            connection.set_nodelay(true)?;
            return Ok(Feed::Post { connection: BufReader::new(connection), path: "/pub" });
        }
        Ok(Feed::File(OpenOptions::new().append(true).create(true).open(&self.log)?))
    }

    /// Ends it without a goodbye, as a power cut would.
    pub(crate) fn kill(mut self) -> Result<()> {
        self.program.0.kill()?;
        self.program.0.wait()?;
        Ok(())
    }

    /// What it wrote to stderr, for a row that could not be measured.
    pub(crate) fn words(&self) -> String {
        last_words(&self.scratch)
    }
}

/// What a program wrote to stderr last.
pub(crate) fn last_words(scratch: &TempDir) -> String {
    let text = fs::read_to_string(scratch.path().join("stderr")).unwrap_or_default();
    text.lines().rev().take(3).collect::<Vec<_>>().join(" / ")
}

impl Drop for Program {
    /// Asks, so that it takes its children along (nginx its workers, frontail its `tail`); then insists.
    fn drop(&mut self) {
        if let Some(pid) = i32::try_from(self.0.id()).ok().and_then(Pid::from_raw) {
            // It may have ended already: then there is nobody to tell.
            kill_process(pid, Signal::TERM).unwrap_or_default();
        }
        let patient_until = Instant::now() + PATIENCE;
        while Instant::now() < patient_until && matches!(self.0.try_wait(), Ok(None)) {
            thread::sleep(Duration::from_millis(10));
        }
        self.0.kill().unwrap_or_default();
        self.0.wait().map(drop).unwrap_or_default();
    }
}

/// An agent in a process of its own, so that its cost can be told from the hub's.
#[derive(Debug)]
pub(crate) struct Agent {
    program: Program,
    _scratch: TempDir,
}

impl Agent {
    /// Offers the log of `hub` to it, over the link that every agent uses.
    pub(crate) fn start(hub: &Server) -> Result<Self> {
        let scratch = tempfile::tempdir()?;
        let mut command = Command::new(binary()?);
        command.args(["agent", "--host", "bench", "--hub"]).arg(format!("http://{}", hub.door.address)).arg(&hub.log);
        Ok(Self { program: spawn(command.stdout(Stdio::null()), &scratch)?, _scratch: scratch })
    }

    /// What it costs.
    pub(crate) fn watched(&self) -> Result<Watched> {
        self.program.watched()
    }
}

/// It lies beside this one, where `bench/run` built both.
pub(crate) fn binary() -> Result<PathBuf> {
    Ok(std::env::current_exe()?.with_file_name("tailcast"))
}

/// Starts `tailcast serve` as the row wants it.
pub(crate) fn tailcast(serve: &Serve) -> Result<Server> {
    let scratch = tempfile::tempdir()?;
    let log = serve.offer.clone().unwrap_or_else(|| scratch.path().join("app.log"));
    if !log.exists() {
        File::create(&log)?;
    }
    let binary = binary()?;
    let mut command = match serve.descriptors {
        None => Command::new(&binary),
        Some(limit) => {
            let mut shell = Command::new("sh");
            shell.arg("-c").arg(format!("ulimit -n {limit} && exec \"$0\" \"$@\"")).arg(&binary);
            shell
        }
    };
    let listen = serve.listen.map_or_else(|| "127.0.0.1:0".to_owned(), |address| address.to_string());
    command.args(["serve", "--listen", &listen, "--open-loopback", "--state-dir"]);
    command.arg(scratch.path().join("state")).envs(serve.environment.clone()).stdout(Stdio::piped());
    if serve.agent_apart {
        command.arg("--no-agent");
    } else {
        command.args(["--host", "bench"]).arg(&log);
    }
    let mut program = spawn(&mut command, &scratch)?;
    let address = announced(&mut program, "tailcast: listening on http://")?;
    let path = format!("/api/v1/live?log=bench:{}", log.display());
    let door = Door { address, path, protocol: Some("tailcast.v1.json"), hello: None };
    Ok(Server { door, log, program, scratch })
}

/// The address behind these words on a program's first line, `tailcast: listening on http://ADDR:PORT`.
pub(crate) fn announced(program: &mut Program, words: &str) -> Result<SocketAddr> {
    let mut line = String::new();
    BufReader::new(program.0.stdout.as_mut().context("no stdout")?).read_line(&mut line)?;
    let address = line.trim().strip_prefix(words);
    address.with_context(|| format!("instead of its address it said {line:?}"))?.parse().context("no address")
}

fn nchan() -> Result<Server> {
    if !Path::new(NCHAN).exists() {
        bail!("libnginx-mod-nchan is not installed: scripts/setup bench");
    }
    let scratch = tempfile::tempdir()?;
    let address = free_port()?;
    let conf = scratch.path().join("nginx.conf");
    let folder = scratch.path().display();
    fs::write(
        &conf,
        format!(
            "load_module {NCHAN};\ndaemon off;\nworker_processes 1;\nworker_rlimit_nofile 20000;\n\
             pid {folder}/pid;\nerror_log {folder}/error.log warn;\nevents {{ worker_connections 16000; }}\n\
             http {{\n  access_log off;\n  server {{\n    listen {address} backlog=8192;\n    \
             keepalive_requests 100000000;\n    location = /pub {{ nchan_publisher; nchan_channel_id bench; }}\n    \
             location = /sub {{ nchan_subscriber websocket; nchan_channel_id bench; \
             nchan_subscriber_first_message newest; }}\n  }}\n}}\n"
        ),
    )?;
    let program = spawn(Command::new("/usr/sbin/nginx").arg("-c").arg(&conf).stdout(Stdio::null()), &scratch)?;
    listens(address)?;
    let door = Door { address, path: "/sub".into(), protocol: None, hello: None };
    Ok(Server { door, log: PathBuf::new(), program, scratch })
}

fn frontail() -> Result<Server> {
    let frontail = Path::new(env!("CARGO_MANIFEST_DIR")).join("../frontail/node_modules/frontail/bin/frontail");
    if !frontail.exists() {
        bail!("frontail is not installed: scripts/setup bench");
    }
    let scratch = tempfile::tempdir()?;
    let log = scratch.path().join("app.log");
    File::create(&log)?;
    let address = free_port()?;
    let mut command = Command::new("node");
    command.arg(frontail).args(["--disable-usage-stats", "-n", "1", "-h", "127.0.0.1", "-p"]);
    let program = spawn(command.arg(address.port().to_string()).arg(&log).stdout(Stdio::null()), &scratch)?;
    listens(address)?;
    // A viewer joins the room of the file, whose name only the page knows.
    let page = page(address)?;
    let room = page.split("io.connect('").nth(1).and_then(|rest| rest.split('\'').next());
    let hello = Some(format!("40{}", room.context("its page names no room")?));
    let door = Door { address, path: "/socket.io/?EIO=3&transport=websocket".into(), protocol: None, hello };
    Ok(Server { door, log, program, scratch })
}

pub(crate) fn spawn(command: &mut Command, scratch: &TempDir) -> Result<Program> {
    let words = File::create(scratch.path().join("stderr"))?;
    command.stdin(Stdio::null()).stderr(words);
    Ok(Program(command.spawn().with_context(|| format!("{:?}", command.get_program()))?))
}

/// A port that was free a moment ago: for servers that cannot say which one they took.
pub(crate) fn free_port() -> Result<SocketAddr> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?)
}

pub(crate) fn listens(address: SocketAddr) -> Result<()> {
    let patient_until = Instant::now() + PATIENCE;
    while TcpStream::connect(address).is_err() {
        if Instant::now() > patient_until {
            bail!("it does not listen on {address}");
        }
        thread::sleep(Duration::from_millis(20));
    }
    Ok(())
}

fn page(address: SocketAddr) -> Result<String> {
    let mut connection = TcpStream::connect(address)?;
    connection.write_all(format!("GET / HTTP/1.0\r\nHost: {address}\r\n\r\n").as_bytes())?;
    let mut text = String::new();
    connection.read_to_string(&mut text)?;
    Ok(text)
}
