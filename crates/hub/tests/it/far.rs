//! A machine far away: a network namespace at the other end of a wire (veth) that can be cut. What its clients send after
//! that reaches nobody, neither a FIN nor a reset, as when a laptop is closed or a NAT forgets.
//!
//! Needs root, `ip` (iproute2), `unshare` and `nsenter`. A child holds the namespace for as long as its stdin is open, so it
//! goes, and the wire with it, however this process ends.

use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::net::{Ipv4Addr, SocketAddr};
use std::os::fd::AsFd as _;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU8, Ordering};

use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};
use tokio::sync::oneshot;

/// Tells the wires of one process apart.
static NEXT: AtomicU8 = AtomicU8::new(0);

/// The end of the wire there.
const INSIDE: &str = "far0";

pub(crate) struct Far {
    holder: Child,
    /// Our end of the wire.
    near: String,
    /// Ours, as its clients reach it.
    hub: Ipv4Addr,
}

impl Far {
    /// The error says in words why there can be none here.
    pub(crate) fn new() -> Result<Self, String> {
        let (process, number) = (std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        // Of the network for benchmarks (RFC 2544), a /30 that other processes of the tests hardly have too.
        let [high, low] = (process as u16 ^ (u16::from(number) << 11)).to_be_bytes();
        let address = |last: u8| Ipv4Addr::new(198, 18 + (high & 1), (high >> 1) ^ low, (low & 0xfc) | last);
        let far = Far { holder: hold()?, near: format!("tc{process}n{number}"), hub: address(1) };
        let (near, there) = (far.near.as_str(), far.holder.id().to_string());
        let wire = ["link", "add", near, "type", "veth", "peer", "name", INSIDE, "netns", &there];
        run("ip", &wire)?;
        run("ip", &["address", "add", &format!("{}/30", far.hub), "dev", near])?;
        run("ip", &["link", "set", near, "up"])?;
        far.inside(&["address", "add", &format!("{}/30", address(2)), "dev", INSIDE])?;
        far.inside(&["link", "set", INSIDE, "up"])?;
        Ok(far)
    }

    /// Runs clients there, in a thread of their own: whatever it opens belongs to the far machine. `until` ends them.
    pub(crate) fn run<F>(&self, clients: F, until: oneshot::Receiver<()>) -> std::thread::JoinHandle<()>
    where
        F: AsyncFnOnce() + Send + 'static,
    {
        let namespace = File::open(format!("/proc/{}/ns/net", self.holder.id())).unwrap();
        std::thread::spawn(move || {
            move_into_link_name_space(namespace.as_fd(), Some(LinkNameSpaceType::Network)).unwrap();
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                tokio::select! {
                    () = clients() => (),
                    _ = until => (),
                }
            });
        })
    }

    /// Cuts the wire.
    pub(crate) fn cut(&self) {
        self.inside(&["link", "set", INSIDE, "down"]).unwrap();
    }

    /// The hub, as the clients there reach it.
    pub(crate) fn to(&self, hub: SocketAddr) -> SocketAddr {
        (self.hub, hub.port()).into()
    }

    fn inside(&self, arguments: &[&str]) -> Result<(), String> {
        let target = self.holder.id().to_string();
        run("nsenter", &[&["--net", "--target", &target, "ip"], arguments].concat())
    }
}

impl Drop for Far {
    fn drop(&mut self) {
        // Sockets that still want to say goodbye would keep the namespace, and so the wire, for some minutes.
        if let Err(words) = run("ip", &["link", "del", &self.near]) {
            println!("{words}");
        }
        drop(self.holder.stdin.take());
        self.holder.wait().unwrap();
    }
}

/// Holds a namespace until its stdin is closed.
fn hold() -> Result<Child, String> {
    let mut command = Command::new("unshare");
    command.args(["--net", "sh", "-c", "echo there; exec cat"]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut holder = command.spawn().map_err(|e| format!("`unshare --net`: {e}"))?;
    let mut said = String::new();
    let stdout = holder.stdout.take().unwrap();
    BufReader::new(stdout).read_line(&mut said).unwrap();
    if said == "there\n" {
        return Ok(holder);
    }
    Err(format!("`unshare --net`: {}", holder.wait().unwrap()))
}

fn run(program: &str, arguments: &[&str]) -> Result<(), String> {
    let called = || format!("`{program} {}`", arguments.join(" "));
    let output = Command::new(program).args(arguments).output().map_err(|e| format!("{}: {e}", called()))?;
    let said = String::from_utf8_lossy(&output.stderr);
    if output.status.success() { Ok(()) } else { Err(format!("{}: {}", called(), said.trim())) }
}
