//! Everything that may happen to a log that is being written and looked at, in an order drawn at random: each line is
//! seen once, in order.

use std::fs::{self, File, OpenOptions};
use std::io::Write as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use crate::stream::Stream;
use crate::viewer::{Event, Viewer};
use crate::world::{Agent, HOST, Served, World, host};

/// How many things happen.
const TURNS: usize = 25;

/// Writes `line 0`, `line 1` …, and rotates when it is told to.
struct Writer {
    rotate: AtomicUsize,
    stop: AtomicBool,
    path: PathBuf,
}

impl Writer {
    fn open(&self) -> File {
        OpenOptions::new().create(true).append(true).open(&self.path).unwrap()
    }

    /// How many lines there are in the end.
    fn run(&self) -> usize {
        let (mut file, mut written, mut rotated) = (self.open(), 0, 0);
        while !self.stop.load(Ordering::Relaxed) {
            let wanted = self.rotate.load(Ordering::Relaxed);
            if rotated < wanted {
                rotated = wanted;
                fs::rename(&self.path, format!("{}-20261120-{rotated:06}", self.path.display())).unwrap();
                // A writer that has not noticed yet goes on in the old file.
                write(&mut file, &mut written);
                file = self.open();
            }
            write(&mut file, &mut written);
            std::thread::sleep(Duration::from_micros(500));
        }
        written
    }
}

fn write(file: &mut File, written: &mut usize) {
    let lines: String = (*written..*written + 3).map(|n| format!("line {n}\n")).collect();
    let (one, two) = lines.split_at(fastrand::usize(..lines.len()));
    file.write_all(one.as_bytes()).unwrap();
    file.write_all(two.as_bytes()).unwrap();
    *written += 3;
}

/// One who looks, over either transport, and comes again where it was.
enum Look {
    Socket(Box<Viewer>),
    Events(Stream),
}

struct Chaos {
    world: World,
    look: Look,
    query: String,
    /// Where to come again: a position, or the id of an event.
    cursor: Option<String>,
    /// The number of the next line.
    next: usize,
    /// What has happened, for whoever looks for the reason.
    story: Vec<String>,
}

impl Chaos {
    async fn begin(query: &str) -> Self {
        let world = World::new().await;
        world.append("a.log", "");
        let query = format!("log={}&policy=complete{query}", world.log("a.log"));
        let look = Look::Socket(Box::new(Viewer::open(world.served.address, &format!("{query}&last=1000")).await));
        Chaos { world, look, query, cursor: None, next: 0, story: Vec::new() }
    }

    /// Reads at least so many lines, and checks that each is the next one.
    async fn read(&mut self, count: usize) {
        let wanted = self.next + count;
        while self.next < wanted {
            let event = match &mut self.look {
                Look::Socket(viewer) => {
                    let event = viewer.event().await.expect("the hub has ended");
                    self.cursor = event.position.clone().or(self.cursor.take());
                    event
                }
                Look::Events(stream) => {
                    let sent = stream.event().await;
                    self.cursor = Some(sent.id).filter(|id| !id.is_empty()).or(self.cursor.take());
                    sent.event
                }
            };
            self.check(&event);
        }
    }

    fn check(&mut self, event: &Event) {
        if event.kind != "edge" {
            let lines = event.lines.first().map(|line| format!("{} and {} more", line.text, event.lines.len() - 1));
            self.story.push(format!("{}: {}", event.kind, lines.unwrap_or_else(|| format!("{event:?}"))));
        }
        let story = &self.story[self.story.len().saturating_sub(20)..];
        assert!(!matches!(event.kind.as_str(), "lost" | "gap" | "error"), "at line {}: {story:#?}", self.next);
        for line in &event.lines {
            assert_eq!(line.text, format!("line {}", self.next), "{story:#?}");
            self.next += 1;
        }
    }

    /// Comes again over either transport.
    async fn come_again(&mut self) {
        self.story.push(format!("comes again with {:?}", self.cursor));
        let address = self.world.served.address;
        let cursor = self.cursor.clone();
        self.look = match fastrand::bool() {
            true => {
                let from = cursor.map_or("&last=1000".to_owned(), |position| format!("&from={position}"));
                Look::Socket(Box::new(Viewer::open(address, &format!("{}{from}", self.query)).await))
            }
            false => {
                // Complete, since the stream has the policy of the query; one log, so that its cursor is a position.
                Look::Events(self.world.events(&format!("{}&last=1000", self.query), cursor.as_deref()).await)
            }
        };
    }

    async fn happen(&mut self, writer: &Writer) {
        let what = fastrand::u8(..6);
        let names = ["nothing", "rotation", "link cut", "link cut, new agent", "takeover", "hub restart"];
        self.story.push(names[usize::from(what)].to_owned());
        let root = self.world.path("").to_str().unwrap().to_owned();
        let other = || host(HOST, &[root.as_str()], &[]);
        match what {
            0 => (),
            1 => {
                writer.rotate.fetch_add(1, Ordering::Relaxed);
            }
            2 | 3 => {
                self.world.agent.take().unwrap().cut().await;
                if what == 3 {
                    self.world.host = other();
                }
                tokio::time::sleep(Duration::from_millis(fastrand::u64(..20))).await;
                self.world.agent = Some(Agent::start(&self.world.served.hub, &self.world.host));
            }
            4 => {
                // Another session takes over from the one that is there.
                self.world.host = other();
                self.world.agent = Some(Agent::start(&self.world.served.hub, &self.world.host));
            }
            _ => {
                let anew = Served::start(self.world.state_dir(), 0).await;
                std::mem::replace(&mut self.world.served, anew).stop().await;
                self.world.agent.take().unwrap().ended().await;
                self.world.agent = Some(Agent::start(&self.world.served.hub, &self.world.host));
                self.come_again().await;
            }
        }
        if fastrand::u8(..3) == 0 {
            self.come_again().await;
        }
    }
}

async fn every_line_once(query: &str) {
    let mut chaos = Chaos::begin(query).await;
    let path = chaos.world.path("a.log");
    let writer = Arc::new(Writer { rotate: AtomicUsize::new(0), stop: AtomicBool::new(false), path });
    let writing = Arc::clone(&writer);
    let thread = std::thread::spawn(move || writing.run());
    for _ in 0..TURNS {
        chaos.read(fastrand::usize(1..300)).await;
        chaos.happen(&writer).await;
    }
    writer.stop.store(true, Ordering::Relaxed);
    let written = thread.join().unwrap();
    chaos.read(written - chaos.next).await;
    assert_eq!(chaos.next, written);
}

#[tokio::test]
async fn whatever_happens_every_line_is_seen_once_and_in_order() {
    every_line_once("").await;
}

#[tokio::test]
async fn whatever_happens_every_line_that_passes_a_filter_is_seen_once_and_in_order() {
    every_line_once("&grep=line").await;
}
