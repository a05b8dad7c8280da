//! Whoever comes to a log that is being written sees each line once: history meets live without a seam.

use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use bytes::Bytes;
use tailcast_hub::Pipe;
use tailcast_wire::{
    Answer, Begins, Block, Body, Encoding, Ends, Page, Part, Place, Tiding, ToAgent, ToHub, Told, decode, encode,
};

use crate::link::hello;
use crate::viewer::{Line, Viewer};
use crate::world::{World, numbered, texts};

/// How often somebody joins.
const TIMES: usize = 20;

/// A thread that writes `line 0`, `line 1` … into each of some logs, in pieces that end anywhere.
struct Writer {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<usize>,
}

impl Writer {
    fn start(world: &World, names: &[String]) -> Self {
        let open = |name: &String| OpenOptions::new().create(true).append(true).open(world.path(name)).unwrap();
        let files: Vec<File> = names.iter().map(open).collect();
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let thread = std::thread::spawn(move || {
            let mut written = 0;
            while !stopped.load(Ordering::Relaxed) {
                let lines: String = (written..written + 7).map(|n| format!("line {n}\n")).collect();
                let (one, two) = lines.split_at(written % lines.len());
                for mut file in &files {
                    file.write_all(one.as_bytes()).unwrap();
                    file.write_all(two.as_bytes()).unwrap();
                }
                written += 7;
                std::thread::sleep(Duration::from_millis(1));
            }
            written
        });
        Writer { stop, thread }
    }

    /// How many lines there are in the end.
    fn stop(self) -> usize {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.join().unwrap()
    }
}

fn numbers(lines: &[Line]) -> Vec<usize> {
    lines.iter().map(|line| line.text.strip_prefix("line ").unwrap().parse().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_joins_a_busy_log_sees_each_line_once_and_so_do_those_who_were_there() {
    let world = World::new().await;
    let writer = Writer::start(&world, &["busy.log".to_owned()]);
    let mut first = world.watch("busy.log", "last=0&policy=complete").await;
    let mut seen = numbers(&first.lines(100).await);
    for time in 0..TIMES {
        let mut second = world.watch("busy.log", &format!("last={}&policy=complete", time * 50)).await;
        let joined = numbers(&second.lines(time * 50 + 300).await);
        assert!(joined.iter().zip(&joined[1..]).all(|(a, b)| a + 1 == *b), "a seam: {joined:?}");
        // Who comes again with a position goes on exactly there.
        let last = second.lines(1).await;
        drop(second);
        let mut again = world.watch("busy.log", &format!("from={}&policy=complete", last[0].position)).await;
        let gone_on = numbers(&again.lines(100).await);
        assert_eq!(gone_on, (joined[joined.len() - 1] + 1..).take(100).collect::<Vec<_>>());
    }
    let written = writer.stop();
    seen.extend(numbers(&first.lines_until(&format!("line {}", written - 1)).await));
    assert_eq!(seen, (seen[0]..written).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_first_who_looks_at_a_busy_log_sees_each_line_once() {
    let world = World::new().await;
    let names: Vec<String> = (0..TIMES).map(|n| format!("{n}.log")).collect();
    let writer = Writer::start(&world, &names);
    for (n, name) in names.iter().enumerate() {
        let mut viewer = world.watch(name, &format!("last={}&policy=complete", n * 10)).await;
        let seen = numbers(&viewer.lines(n * 10 + 300).await);
        assert!(seen.iter().zip(&seen[1..]).all(|(a, b)| a + 1 == *b), "a seam: {seen:?}");
    }
    writer.stop();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_looks_while_a_log_appears_sees_it_from_its_first_line() {
    let world = World::new().await;
    for n in 0..TIMES {
        let name = format!("{n}.log");
        let mut viewer = world.watch(&name, "last=5&policy=complete").await;
        // At any moment between the view's own look and the agent's.
        tokio::time::sleep(Duration::from_micros(n as u64 * 150)).await;
        world.append(&name, numbered(0..300));
        let seen = numbers(&viewer.lines_until("line 299").await);
        // Who came late enough to ask for the last five got them; everybody else all.
        assert!(seen.len() == 300 || seen.len() == 5, "{seen:?}");
    }
}

fn at(offset: u64) -> Place {
    Place { life: 1, offset, position: format!("at {offset}") }
}

/// An agent that lets a viewer read the file up to the middle of what it then says it has skipped.
async fn speak_of_a_gap(mut agent: Pipe) {
    while let Some(message) = agent.rx.recv().await {
        let said = match decode(&message).unwrap() {
            Some(ToAgent::Follow(follow)) => vec![ToHub::Followed { channel: follow.channel, edge: Some(at(500)) }],
            Some(ToAgent::Ask { ask, .. }) => {
                let (parts, before, after, in_front) = (Vec::new(), None, Some(at(700)), None);
                let page = Page { parts, before, after, end: true, limited: false, scanned: 0, in_front, behind: None };
                let gap = Told::of(Tiding::Gap, "500 bytes were skipped".to_owned());
                let told = Told { from: Some(at(500)), to: Some(at(1000)), bytes: Some(500), ..gap };
                vec![ToHub::Answer { ask, answer: Answer::Page(page) }, ToHub::Told { channel: 1, told }]
            }
            _ => continue,
        };
        for message in said {
            agent.tx.send(encode(&message)).await.unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_has_read_the_beginning_of_a_gap_from_the_file_is_told_of_the_rest_alone() {
    let world = World::new().await;
    let (pipe, agent) = Pipe::pair();
    tokio::spawn(Arc::clone(&world.served.hub).attach(pipe));
    agent.tx.send(encode(&ToHub::Hello(hello("slow")))).await.unwrap();
    let speaking = tokio::spawn(speak_of_a_gap(agent));
    let mut viewer = Viewer::open(world.served.address, "log=slow:/a.log&last=1").await;
    let gap = viewer.told("gap").await;
    assert_eq!((gap.from.as_deref(), gap.to.as_deref()), (Some("at 700"), Some("at 1000")));
    assert_eq!(gap.bytes, Some(300));
    speaking.abort();
}

/// A stretch of a file: `life` says which, 16 zeros its token.
fn stretch(life: u64, start: u64, text: &'static str) -> Part {
    Part::Block(Block {
        life,
        token: Bytes::from_static(&[0; 16]),
        start,
        end: start + text.len() as u64,
        lead: Bytes::new(),
        body: Body::Raw(Bytes::from_static(text.as_bytes())),
        ends: Ends::Whole,
        encoding: Encoding::Utf8,
        begins: Begins::AtLine,
    })
}

/// An agent whose page comes through a file that was just rotated to the one after it, and that then tells of late lines in the first.
async fn speak_of_late_lines(mut agent: Pipe) {
    let after = Place { life: 2, ..at(4) };
    while let Some(message) = agent.rx.recv().await {
        let said = match decode(&message).unwrap() {
            Some(ToAgent::Follow(follow)) => {
                vec![ToHub::Followed { channel: follow.channel, edge: Some(after.clone()) }]
            }
            Some(ToAgent::Ask { ask, .. }) => {
                let parts = vec![stretch(1, 0, "one\n"), stretch(1, 4, "late\n"), stretch(2, 0, "two\n")];
                let page = Page { parts, after: Some(after.clone()), end: true, ..Page::default() };
                let late = |from, to| {
                    let to = Place { life: Place::BOUND, ..at(to) };
                    let gap = Told::of(Tiding::Gap, "late lines".to_owned());
                    let told = Told { from: Some(at(from)), bytes: Some(to.offset - from), to: Some(to), ..gap };
                    ToHub::Told { channel: 1, told }
                };
                vec![ToHub::Answer { ask, answer: Answer::Page(page) }, late(4, 9), late(4, 30), late(30, 40)]
            }
            _ => continue,
        };
        for message in said {
            agent.tx.send(encode(&message)).await.unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_has_read_late_lines_of_a_rotated_file_is_told_of_those_alone_that_came_later() {
    let world = World::new().await;
    let (pipe, agent) = Pipe::pair();
    tokio::spawn(Arc::clone(&world.served.hub).attach(pipe));
    agent.tx.send(encode(&ToHub::Hello(hello("late")))).await.unwrap();
    let speaking = tokio::spawn(speak_of_late_lines(agent));
    let mut viewer = Viewer::open(world.served.address, "log=late:/a.log&last=9").await;
    assert_eq!(texts(&viewer.lines(3).await), ["one", "late", "two"]);
    let gaps = [viewer.told("gap").await, viewer.told("gap").await];
    assert_eq!(gaps.each_ref().map(|gap| gap.bytes), [Some(21), Some(10)]);
    assert_eq!(gaps.each_ref().map(|gap| gap.to.as_deref()), [Some("at 30"), Some("at 40")]);
    speaking.abort();
}

/// An agent that says what it is asked and nothing by itself: no edge comes by its clock.
async fn speak_when_asked(mut agent: Pipe, order: Order) {
    let (mut channel, mut asked) = (None, None);
    while let Some(message) = agent.rx.recv().await {
        match decode(&message).unwrap() {
            Some(ToAgent::Follow(follow)) => channel = Some(follow.channel),
            Some(ToAgent::Ask { ask, .. }) => asked = Some(ask),
            _ => (),
        }
        let (Some(ask), Some(channel)) = (asked, channel) else { continue };
        asked = None;
        let page = Page { after: Some(at(500)), end: true, behind: order.behind(), ..Page::default() };
        let answer = ToHub::Answer { ask, answer: Answer::Page(page) };
        let followed = ToHub::Followed { channel, edge: Some(at(500)) };
        let said = match order {
            Order::Followed => vec![followed, answer],
            Order::Page => vec![answer, followed, ToHub::Edge { channel, edge: Some(at(500)), behind: 7 }],
        };
        for message in said {
            agent.tx.send(encode(&message)).await.unwrap();
        }
    }
}

/// What the agent says first.
#[derive(Clone, Copy)]
enum Order {
    Followed,
    Page,
}

impl Order {
    /// A page of a log that nobody follows yet says nothing of its edge.
    fn behind(self) -> Option<u64> {
        matches!(self, Order::Followed).then_some(7)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_edge_is_told_right_behind_the_first_lines_and_not_when_the_next_one_is_due() {
    for order in [Order::Followed, Order::Page] {
        let world = World::new().await;
        let (pipe, agent) = Pipe::pair();
        tokio::spawn(Arc::clone(&world.served.hub).attach(pipe));
        agent.tx.send(encode(&ToHub::Hello(hello("quiet")))).await.unwrap();
        let speaking = tokio::spawn(speak_when_asked(agent, order));
        let mut viewer = Viewer::open(world.served.address, "log=quiet:/a.log&last=1").await;
        loop {
            let edge = viewer.told("edge").await;
            assert_eq!((edge.known_up_to(), edge.position.as_deref()), (Some(500), Some("at 500")));
            if edge.behind == Some(7) {
                break;
            }
        }
        speaking.abort();
    }
}
