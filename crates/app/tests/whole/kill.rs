//! Everything is killed in turn while a log grows and is rotated, and no line is lost, doubled or out of order (law 4).
//!
//! Hub, agent and `tailcast tail` end by SIGKILL, as in a power failure, and are started again at once. Whoever looks goes
//! on by position: `tail` with its cursor file, a viewer of our own by what the hub last told it.
//! `TAILCAST_TEST_KILLS` says how many there are.

use std::fs::File;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use tokio::time::sleep;

use crate::rig::{Event, Form, Hub, LogFile, Program, Site, Viewer, until};

/// Twenty take about half a minute.
const KILLS: usize = 20;
/// Lines per second, and between two rotations.
const PACE: u64 = 5000;
const ROTATE: u64 = 4000;
/// How long it may take until all has come.
const PATIENCE: Duration = Duration::from_secs(30);

#[tokio::test]
async fn no_kill_of_hub_agent_or_tail_loses_or_doubles_a_line() {
    let mut run = Run::begin().await;
    for number in 0..kills() {
        sleep(Duration::from_millis(fastrand::u64(200..1200))).await;
        run.kill(number).await;
    }
    let lines = run.writer.stop();
    let began = Instant::now();
    run.output_has(lines).await;
    until("the last line at the viewer", || (run.watcher.next() == lines).then_some(())).await;
    eprintln!("{} kills, {lines} lines; all were there {:?} after the last one", kills(), began.elapsed());
}

fn kills() -> usize {
    std::env::var("TAILCAST_TEST_KILLS").ok().and_then(|kills| kills.parse().ok()).unwrap_or(KILLS)
}

/// A line by its number.
fn line(number: u64) -> String {
    format!("{number:08} 2026-11-20T02:58:00Z INFO a line as they come in their thousands")
}

/// All that is killed, and those who see what becomes of it.
struct Run {
    log: String,
    address: SocketAddr,
    hub: Hub,
    agent: Program,
    tail: Program,
    watcher: Watcher,
    writer: Writer,
    site: Site,
}

impl Run {
    /// Starts everything and waits until the first line is everywhere.
    async fn begin() -> Self {
        let site = Site::new();
        let mut file = site.log("app.log");
        let log = file.on("web1");
        file.write(line(0) + "\n");
        let hub = Hub::serve(&site, &["--no-agent"]).await;
        let agent = site.agent("web1", &hub.url()).await;
        hub.has_host("web1").await;
        let tail = tail(&site, &log, hub.address);
        let watcher = Watcher::begin(hub.address, log.clone());
        until("the first line", || (watcher.next() == 1 && output(&site).ends_with(b"\n")).then_some(())).await;
        until("a cursor", || site.path("cursor").exists().then_some(())).await;
        Run { address: hub.address, hub, agent, tail, watcher, writer: Writer::begin(file), log, site }
    }

    /// Kills one of them, and starts it again.
    async fn kill(&mut self, number: usize) {
        match number % 3 {
            0 => {
                self.hub.program.kill().await;
                outage().await;
                let listen = self.address.to_string();
                let mut command = self.site.tailcast(["serve", "--no-agent", "--listen", &listen, "--state-dir"]);
                command.arg(self.site.state());
                self.hub = Hub::of(&self.site, command).await;
            }
            1 => {
                self.agent.kill().await;
                outage().await;
                self.agent = self.site.agent("web1", &self.hub.url()).await;
            }
            _ => {
                self.tail.kill().await;
                outage().await;
                self.tail = tail(&self.site, &self.log, self.address);
            }
        }
    }

    /// Waits until each line has been written out, in order and once.
    async fn output_has(&self, lines: u64) {
        let wanted: String = (0..lines).map(|number| line(number) + "\n").collect();
        let has_come = || (output(&self.site).len() >= wanted.len()).then_some(());
        if !is_within(PATIENCE, has_come).await || output(&self.site) != wanted.as_bytes() {
            let output = String::from_utf8(output(&self.site)).unwrap();
            let wrong = (0..).zip(output.lines()).find(|(number, found)| *found != line(*number));
            panic!("{} of {lines} lines, first deviation: {wrong:?}", output.lines().count());
        }
    }
}

async fn is_within(time: Duration, mut seen: impl FnMut() -> Option<()>) -> bool {
    let looking = async {
        while seen().is_none() {
            sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(time, looking).await.is_ok()
}

async fn outage() {
    sleep(Duration::from_millis(fastrand::u64(0..1000))).await;
}

fn output(site: &Site) -> Vec<u8> {
    std::fs::read(site.path("output")).unwrap_or_default()
}

fn tail(site: &Site, log: &str, hub: SocketAddr) -> Program {
    let mut command = site.tailcast(["tail", log, "-F", "--hub", &format!("http://{hub}"), "--cursor-file"]);
    let output = File::options().append(true).create(true).open(site.path("output")).unwrap();
    command.arg(site.path("cursor")).stdout(output);
    Program::start(command, &site.path("tail.err"))
}

/// A viewer of our own, that comes again for ever from where it was.
struct Watcher {
    /// The number of the line that it waits for.
    next: Arc<AtomicU64>,
    task: tokio::task::JoinHandle<()>,
}

impl Watcher {
    fn begin(hub: SocketAddr, log: String) -> Self {
        let next = Arc::new(AtomicU64::new(0));
        let seen = Arc::clone(&next);
        let task = tokio::spawn(async move {
            let mut position: Option<String> = None;
            loop {
                match Viewer::connect(hub, Form::Json, &log, position.as_deref()).await {
                    Ok(viewer) => position = watch(viewer, &seen, position).await,
                    Err(_) => sleep(Duration::from_millis(50)).await,
                }
            }
        });
        Watcher { next, task }
    }

    /// The number of the line that it waits for.
    fn next(&self) -> u64 {
        assert!(!self.task.is_finished(), "the viewer saw what must not be: its panic is above");
        self.next.load(Ordering::Relaxed)
    }
}

/// Looks until the view ends, and gives the position to go on from.
async fn watch(mut viewer: Viewer, next: &AtomicU64, mut position: Option<String>) -> Option<String> {
    while let Some(event) = viewer.event().await {
        match event {
            Event::Lines(lines, to) => {
                for found in lines {
                    assert_eq!(found, line(next.fetch_add(1, Ordering::Relaxed)));
                }
                position = to.or(position);
            }
            Event::Told(kind, words) => assert_ne!(kind, "lost", "{words}"),
            Event::Gap(..) => panic!("a gap behind line {}", next.load(Ordering::Relaxed)),
            _ => (),
        }
    }
    position
}

/// Writes lines at a steady pace, and rotates.
struct Writer {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<u64>,
}

impl Writer {
    /// Goes on behind line 0.
    fn begin(mut file: LogFile) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let thread = std::thread::spawn(move || {
            let (began, mut number) = (Instant::now(), 1);
            while !stopped.load(Ordering::Relaxed) {
                let due = 1 + began.elapsed().as_millis() as u64 * PACE / 1000;
                let lines: Vec<String> = (number..due).map(|number| line(number) + "\n").collect();
                file.write(lines.concat());
                if number / ROTATE != due / ROTATE {
                    file.rotate();
                }
                number = due;
                std::thread::sleep(Duration::from_millis(5));
            }
            number
        });
        Writer { stop, thread }
    }

    /// How many lines there are.
    fn stop(&mut self) -> u64 {
        self.stop.store(true, Ordering::Relaxed);
        let idle = std::thread::spawn(|| 0);
        std::mem::replace(&mut self.thread, idle).join().unwrap()
    }
}
