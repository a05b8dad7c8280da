//! A hub: `tailcast serve`, ready when it has said where it listens.

use std::net::{Ipv4Addr, SocketAddr};
use std::process::Stdio;

use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{ChildStdout, Command};

use super::client::{self, Answer};
use super::{Form, Program, Site, Viewer, within};

/// A hub that serves.
pub(crate) struct Hub {
    pub(crate) program: Program,
    pub(crate) address: SocketAddr,
    /// Held, so that the hub can write there.
    _stdout: Lines<BufReader<ChildStdout>>,
}

impl Hub {
    /// `tailcast serve` on a free port of loopback, with these further words.
    pub(crate) async fn serve(site: &Site, words: &[&str]) -> Self {
        let mut command = site.tailcast(["serve", "--listen", "127.0.0.1:0", "--state-dir"]);
        command.arg(site.state()).args(words);
        Self::of(site, command).await
    }

    /// A hub whose own agent offers the site's logs as host `web1`.
    pub(crate) async fn with_agent(site: &Site) -> Self {
        Self::serve(site, &["--host", "web1", &site.logs().display().to_string()]).await
    }

    /// The hub that a command starts.
    pub(crate) async fn of(site: &Site, command: Command) -> Self {
        Self::named(site, command, "hub").await
    }

    /// One of several; what it says on stderr is kept under its name.
    pub(crate) async fn named(site: &Site, mut command: Command, name: &str) -> Self {
        command.stdout(Stdio::piped());
        let mut program = Program::start(command, &site.path(&format!("{name}.err")));
        let mut stdout = BufReader::new(program.child().stdout.take().unwrap()).lines();
        let Some(line) = within("the hub's first line", stdout.next_line()).await.unwrap() else {
            panic!("the hub did not begin: {}", program.said());
        };
        Hub { address: address(&line), program, _stdout: stdout }
    }

    /// Its address for clients.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The answer to a GET.
    pub(crate) async fn get(&self, path: &str) -> Answer {
        client::get(self.address, path).await
    }

    /// A view of a log with its last lines.
    pub(crate) async fn view(&self, form: Form, log: &str) -> Viewer {
        Viewer::open(self.address, form, log, None).await
    }

    /// A view of a log from a position on.
    pub(crate) async fn view_from(&self, form: Form, log: &str, position: &str) -> Viewer {
        Viewer::open(self.address, form, log, Some(position)).await
    }

    /// Waits until a host has come.
    pub(crate) async fn has_host(&self, name: &str) {
        self.lists(name, |host| host["state"] == "up").await;
    }

    /// Waits until a host is listed as it must be.
    pub(crate) async fn lists(&self, name: &str, must: impl Fn(&serde_json::Value) -> bool) {
        let come = async {
            loop {
                let hosts = self.get("/api/v1/hosts").await.json();
                let rows = hosts["hosts"].as_array().unwrap();
                if rows.iter().any(|host| host["name"] == name && must(host)) {
                    return;
                }
                tokio::time::sleep(std::time::Duration::from_millis(20)).await;
            }
        };
        within(&format!("the host {name}"), come).await;
    }
}

/// The address in a hub's first line; one that listens everywhere is asked on loopback.
fn address(line: &str) -> SocketAddr {
    let url = line.strip_prefix("tailcast: listening on http://").unwrap_or_else(|| panic!("the first line: {line}"));
    let mut address: SocketAddr = url.parse().unwrap();
    if address.ip().is_unspecified() {
        address.set_ip(Ipv4Addr::LOCALHOST.into());
    }
    address
}
