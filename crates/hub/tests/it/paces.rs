//! Viewers of every pace beside a log of every pace, with a link that breaks now and then: what a live viewer was sent and
//! what it was told as gaps lies end to end, nothing twice and nothing left out, and its edge is never further than that.

use crate::viewer::{Event, Viewer};
use crate::world::{Agent, World};

/// The paces are random, and the same in each run; a hunt wants other numbers, and more of them.
const SEEDS: std::ops::Range<u64> = 1..3;
/// What is done with each.
const STEPS: usize = 40;

/// A viewer and how far it has come.
struct Paced {
    viewer: Viewer,
    reached: u64,
    gaps: usize,
    edges: usize,
    /// The last events, for whoever has to find out what went wrong.
    story: Vec<String>,
}

impl Paced {
    async fn begin(world: &World, query: &str) -> Self {
        let mut viewer = world.watch("a.log", query).await;
        viewer.lines(1).await;
        Paced { viewer, reached: 6, gaps: 0, edges: 0, story: Vec::new() }
    }

    /// Takes the next event and looks whether it begins where the last one ended.
    async fn one(&mut self) {
        let event = self.viewer.event().await.expect("the hub goes on");
        self.story.push(format!(
            "{} {:?} {} lines, {:?} to {:?}, {:?} bytes",
            event.kind,
            event.lines.first().map(|line| line.offset),
            event.lines.len(),
            self.reached,
            event.offset,
            event.bytes
        ));
        self.follow(&event);
    }

    fn follow(&mut self, event: &Event) {
        let before = self.reached;
        match event.kind.as_str() {
            "lines" => {
                for line in &event.lines {
                    assert_eq!(line.offset, self.reached, "a hole or a double: {:#?}", self.last_words());
                    self.reached += line.text.len() as u64 + 1;
                }
            }
            "gap" => {
                self.gaps += 1;
                self.reached = event.offset.expect("where a gap ends");
                assert!(self.reached > before, "a gap of nothing: {:#?}", self.last_words());
                let bytes = event.bytes.unwrap_or(self.reached - before);
                assert_eq!(self.reached - before, bytes, "a gap that begins elsewhere: {:#?}", self.last_words());
            }
            "edge" if event.position.is_some() => {
                self.edges += 1;
                let known = event.known_up_to();
                assert_eq!(
                    known,
                    Some(self.reached),
                    "an edge that is not where all this ends: {:#?}",
                    self.last_words()
                );
            }
            "lost" | "error" => panic!("{event:?}: {:#?}", self.last_words()),
            _ => (),
        }
    }

    fn last_words(&self) -> &[String] {
        &self.story[self.story.len().saturating_sub(20)..]
    }
}

/// Lines of random lengths, about so many bytes.
fn burst(random: &mut fastrand::Rng, bytes: usize) -> String {
    let mut text = String::with_capacity(bytes);
    while text.len() < bytes {
        text.extend(std::iter::repeat_n('x', random.usize(..2000)));
        text.push('\n');
    }
    text
}

fn size(world: &World) -> u64 {
    std::fs::metadata(world.path("a.log")).unwrap().len()
}

async fn run(seed: u64) -> usize {
    let mut random = fastrand::Rng::with_seed(seed);
    let mut world = World::new().await;
    world.append("a.log", "begin\n");
    let mut viewers = Vec::new();
    for query in ["last=1", "last=1", "last=1&policy=complete"] {
        viewers.push(Paced::begin(&world, query).await);
    }
    for _ in 0..STEPS {
        match random.u8(..20) {
            0 => {
                world.agent.take().unwrap().cut().await;
                world.append("a.log", burst(&mut random, 200_000));
                world.agent = Some(Agent::start(&world.served.hub, &world.host));
            }
            1..4 => {
                let bytes = random.usize(..6 << 20);
                world.append("a.log", burst(&mut random, bytes));
            }
            4..8 => world.append("a.log", burst(&mut random, 300_000)),
            8..12 => world.append("a.log", "short\n"),
            _ => {
                let (viewer, events) = (random.usize(..viewers.len()), random.usize(1..12));
                let paced = &mut viewers[viewer];
                // Whoever has everything would only wait for the edge of the next second.
                let size = size(&world);
                for _ in 0..events {
                    if paced.reached < size {
                        paced.one().await;
                    }
                }
            }
        }
    }
    world.append("a.log", "end\n");
    let size = size(&world);
    for paced in &mut viewers {
        while paced.reached < size || paced.edges == 0 {
            paced.one().await;
        }
        assert_eq!(paced.reached, size);
    }
    assert_eq!(viewers[2].gaps, 0, "who wants everything is told no gap");
    viewers.iter().map(|paced| paced.gaps).sum()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_comes_and_what_is_told_as_a_gap_lie_end_to_end_at_every_pace() {
    let mut gaps = 0;
    for seed in SEEDS {
        println!("seed {seed}");
        gaps += run(seed).await;
    }
    assert!(gaps > 0, "nobody was ever too slow, so nothing was tested");
}
