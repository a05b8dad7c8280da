//! Everything is killed in turn while a log grows and is rotated, and no line is lost, doubled or out of order (law 4).
//!
//! Hub, agent and `tailcast tail` end by SIGKILL, as in a power failure, and are started again at once. Whoever looks goes
//! on by position: `tail` with its cursor file, a viewer of our own by what the hub last told it.
//! `TAILCAST_TEST_KILLS` says how many there are.

mod account;

use std::fs::File;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use tokio::time::sleep;

use self::Victim::{Agent, Hub, Tail};
use self::account::Account;
use crate::rig::{self, Form, LogFile, Program, Site, until, watch_for_ever};

/// Twenty take about half a minute.
const KILLS: usize = 20;
/// Lines per second, and between two rotations.
const PACE: u64 = 5000;
const ROTATE: u64 = 4000;
/// For how long nothing may come before all has.
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
    run.viewers_have(lines).await;
    eprintln!("{} kills, {lines} lines; all were there {:?} after the last one", kills(), began.elapsed());
}

fn kills() -> usize {
    std::env::var("TAILCAST_TEST_KILLS").ok().and_then(|kills| kills.parse().ok()).unwrap_or(KILLS)
}

/// A line by its number.
fn line(number: u64) -> String {
    format!("{number:08} 2026-11-20T02:58:00Z INFO a line as they come in their thousands")
}

/// What can be killed.
#[derive(Debug)]
enum Victim {
    Hub,
    Agent,
    Tail,
}

/// All that is killed, and those who see what becomes of it.
struct Run {
    log: String,
    address: SocketAddr,
    hub: rig::Hub,
    agent: Program,
    tail: Program,
    watchers: Vec<Watcher>,
    writer: Writer,
    account: Account,
    site: Site,
}

impl Run {
    /// Starts everything and waits until the first line is everywhere.
    async fn begin() -> Self {
        let site = Site::new();
        let mut file = site.log("app.log");
        let log = file.on("web1");
        file.write(line(0) + "\n");
        let hub = Self::hub(&site, &free_address()).await;
        let agent = site.agent("web1", &hub.url()).await;
        hub.has_host("web1").await;
        let tail = Self::tail(&site, &log, hub.address);
        let kinds =
            [(Form::Json, None), (Form::Cbor, None), (Form::Sse, None), (Form::Json, Some(7)), (Form::Cbor, Some(0))];
        let watchers: Vec<_> = kinds.map(|(form, digit)| Watcher::begin(hub.address, &log, form, digit)).into();
        until("the first line", || watchers.iter().all(|watcher| watcher.has(1)).then_some(())).await;
        until("it in the output", || std::fs::metadata(site.path("output")).ok().filter(|file| file.len() > 0)).await;
        until("a cursor", || site.path("cursor").exists().then_some(())).await;
        let writer = Writer::begin(file);
        let account = Account::new(Arc::clone(&writer.written));
        Run { address: hub.address, hub, agent, tail, watchers, writer, account, log, site }
    }

    /// Kills one of them, or all, and starts again what was killed.
    async fn kill(&mut self, number: usize) {
        const TURNS: [&[Victim]; 4] = [&[Hub], &[Agent], &[Tail], &[Hub, Agent, Tail]];
        let victims = TURNS[number % TURNS.len()];
        self.account.note(format_args!("{victims:?} killed"));
        for victim in victims {
            match victim {
                Hub => self.hub.program.kill().await,
                Agent => self.agent.kill().await,
                Tail => self.tail.kill().await,
            }
        }
        sleep(Duration::from_millis(fastrand::u64(0..1000))).await;
        for victim in victims {
            match victim {
                Hub => self.hub = Self::hub(&self.site, &self.address.to_string()).await,
                Agent => self.agent = self.site.agent("web1", &self.hub.url()).await,
                Tail => {
                    self.account.note_cursor(&self.site);
                    self.tail = Self::tail(&self.site, &self.log, self.address);
                }
            }
        }
        self.account.note("all are there");
    }

    /// A hub on the port that it always has.
    async fn hub(site: &Site, listen: &str) -> rig::Hub {
        let mut command = site.tailcast(["serve", "--no-agent", "--listen", listen, "--state-dir"]);
        command.arg(site.state());
        rig::Hub::of(site, command).await
    }

    fn tail(site: &Site, log: &str, hub: SocketAddr) -> Program {
        let mut command = site.tailcast(["tail", log, "-F", "--hub", &format!("http://{hub}"), "--cursor-file"]);
        let output = File::options().append(true).create(true).open(site.path("output")).unwrap();
        command.arg(site.path("cursor")).stdout(output);
        Program::start(command, &site.path("tail.err"))
    }

    /// Waits until each line has been written out, in order and once.
    async fn output_has(&self, lines: u64) {
        let wanted: String = (0..lines).map(|number| line(number) + "\n").collect();
        let length = || std::fs::metadata(self.site.path("output")).map_or(0, |file| file.len());
        while_more_comes(length, || length() >= wanted.len() as u64).await;
        assert!(self.output() == wanted.as_bytes(), "the output is not what was written");
    }

    /// Waits until each viewer has seen all that it asked for.
    async fn viewers_have(&self, lines: u64) {
        let seen = || self.watchers.iter().map(Watcher::seen).sum();
        while_more_comes(seen, || self.watchers.iter().all(|watcher| watcher.has(lines))).await;
        let missing = self.watchers.iter().filter(|watcher| !watcher.has(lines));
        let missing: Vec<_> = missing.map(|watcher| (watcher.form, watcher.digit, watcher.seen())).collect();
        assert!(
            missing.is_empty(),
            "viewers wait for the rest of {lines} lines, as far as they have come: {missing:?}"
        );
    }

    fn output(&self) -> Vec<u8> {
        std::fs::read(self.site.path("output")).unwrap_or_default()
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("{}", self.account.tell(&self.site, &self.output(), self.writer.written.load(Ordering::Relaxed)));
        }
    }
}

/// Waits until it is `done`, or `come` has not grown for a while: how long all takes is up to the machine.
async fn while_more_comes(come: impl Fn() -> u64, done: impl Fn() -> bool) {
    let (mut last, mut since) = (come(), Instant::now());
    while !done() && since.elapsed() < PATIENCE {
        sleep(Duration::from_millis(50)).await;
        let now = come();
        if now != last {
            (last, since) = (now, Instant::now());
        }
    }
}

/// An address that nobody has, below those that the system gives out by itself: while the hub is down, a client that tries
/// to reach a port of that kind can be given that very port, and be connected to itself.
fn free_address() -> String {
    loop {
        let address = format!("127.0.0.1:{}", fastrand::u16(10_000..30_000));
        if TcpListener::bind(&address).is_ok() {
            return address;
        }
    }
}

/// A viewer of our own, that comes again for ever from where it was.
struct Watcher {
    form: Form,
    /// The lines that it asks for: all of them, or those whose number ends with this digit.
    digit: Option<u64>,
    /// How many of them have come.
    seen: Arc<AtomicU64>,
    task: tokio::task::JoinHandle<()>,
}

impl Watcher {
    fn begin(hub: SocketAddr, log: &str, form: Form, digit: Option<u64>) -> Self {
        let seen = Arc::new(AtomicU64::new(0));
        let grep = digit.map(|digit| format!("&grep=^\\d*{digit}%20")).unwrap_or_default();
        let (query, sight) = (format!("log={log}{grep}"), Sight { form, digit, seen: Arc::clone(&seen) });
        let task = tokio::spawn(async move {
            watch_for_ever(hub, form, &query, "last=20", |found| sight.see(found)).await;
        });
        Watcher { form, digit, seen, task }
    }

    /// Whether it has seen all of so many lines.
    fn has(&self, lines: u64) -> bool {
        let what = (self.form, self.digit);
        assert!(!self.task.is_finished(), "{what:?} saw what must not be: its panic is above");
        self.seen() == self.digit.map_or(lines, |digit| (lines + 9 - digit) / 10)
    }

    /// How many lines have come.
    fn seen(&self) -> u64 {
        self.seen.load(Ordering::Relaxed)
    }
}

/// The side of it that sees the lines.
struct Sight {
    form: Form,
    digit: Option<u64>,
    seen: Arc<AtomicU64>,
}

impl Sight {
    fn see(&self, found: &str) {
        let seen = self.seen.fetch_add(1, Ordering::Relaxed);
        let next = self.digit.map_or(seen, |digit| seen * 10 + digit);
        assert_eq!(found, line(next), "{:?} {:?}", self.form, self.digit);
    }
}

/// Writes lines at a steady pace, and rotates.
struct Writer {
    stop: Arc<AtomicBool>,
    /// Lines.
    written: Arc<AtomicU64>,
    thread: JoinHandle<u64>,
}

impl Writer {
    /// Goes on behind line 0.
    fn begin(mut file: LogFile) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let written = Arc::new(AtomicU64::new(1));
        let counted = Arc::clone(&written);
        let thread = std::thread::spawn(move || {
            let (began, mut number) = (Instant::now(), 1);
            while !stopped.load(Ordering::Relaxed) {
                let due = 1 + began.elapsed().as_millis() as u64 * PACE / 1000;
                let lines: Vec<String> = (number..due).map(|number| line(number) + "\n").collect();
                file.write(lines.concat());
                if number / ROTATE != due / ROTATE {
                    match fastrand::bool() {
                        true => file.rotate(),
                        false => file.copy_and_truncate(),
                    }
                }
                number = due;
                counted.store(number, Ordering::Relaxed);
                std::thread::sleep(Duration::from_millis(5));
            }
            number
        });
        Writer { stop, written, thread }
    }

    /// How many lines there are.
    fn stop(&mut self) -> u64 {
        self.stop.store(true, Ordering::Relaxed);
        let idle = std::thread::spawn(|| 0);
        std::mem::replace(&mut self.thread, idle).join().unwrap()
    }
}
