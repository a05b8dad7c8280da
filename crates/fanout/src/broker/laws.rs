//! The ledger and the press against a model: publishers, a broker that loses, repeats and reorders at each broken
//! connection, and a subscriber that is cut off. Pure: time is a number that the test moves.
//!
//! What must hold, whatever happens: every message is delivered once, in its publisher's order, or lies in a hole that
//! is told in its place; an exact number is exact; and nothing is told where nothing was lost.

use std::collections::{HashMap, VecDeque};
use std::time::{Duration, Instant};

use bytes::Bytes;
use proptest::prelude::*;

use super::ledger::Ledger;
use super::press::Press;
use super::stamp::{Kind, LENGTH, Stamp};
use super::topic::Id;
use super::{OWED, QUIET};
use crate::{Count, Missed, Why};

const TOPIC: Id = [7; 16];

/// Longer than anything is on its way.
const STEP: Duration = Duration::from_millis(20);

#[derive(Clone, Debug)]
enum Step {
    /// Publisher 0 or 1 publishes so many.
    Publish(usize, u64),
    /// What waits is published at the broker, and acknowledged.
    Take(usize),
    /// What waits is published, but the acknowledgement is lost: it comes again.
    TakeUnheard(usize),
    /// Time passes, and whoever lives says its edges in it.
    Wait(u64),
    /// The subscriber is cut off; what is published meanwhile is lost to it. When it is back it asks.
    Cut,
    Back,
    /// The publisher dies with whatever waits, and another process takes its place.
    Die(usize),
    /// A connection that was given up is worked off late: old frames come again.
    Echo(usize),
}

fn step() -> impl Strategy<Value = Step> {
    let who = 0..2_usize;
    prop_oneof![
        6 => (who.clone(), 1..4_u64).prop_map(|(who, count)| Step::Publish(who, count)),
        6 => who.clone().prop_map(Step::Take),
        2 => who.clone().prop_map(Step::TakeUnheard),
        3 => (1..4_000_u64).prop_map(Step::Wait),
        2 => Just(Step::Cut),
        3 => Just(Step::Back),
        1 => who.clone().prop_map(Step::Die),
        1 => who.prop_map(Step::Echo),
    ]
}

struct Publisher {
    press: Press,
    /// Its messages are numbers from `base` on, so that each is unlike any other.
    base: u64,
    next: u64,
}

struct World {
    now: Instant,
    publishers: [Publisher; 2],
    lives: u64,
    ledger: Ledger,
    cut: bool,
    /// Frames that went over the broker, per publisher: what an old connection may bring again.
    gone: [VecDeque<Bytes>; 2],
    /// Per publisher's life: messages published, and what the subscriber heard of it, in order.
    published: HashMap<u64, u64>,
    heard: HashMap<u64, Vec<u64>>,
    /// What the subscriber was told, with the life that the frame in hand belongs to.
    told: Vec<(Option<u64>, Missed)>,
}

const LIFE: u64 = 1_000_000;

impl World {
    fn new(bound: usize) -> Self {
        let publisher = |life: u64| Publisher { press: Press::new(bound), base: life * LIFE, next: 0 };
        let now = Instant::now();
        let mut ledger = Ledger::default();
        ledger.confirmed(now);
        Self {
            now: now + STEP,
            publishers: [publisher(0), publisher(1)],
            lives: 2,
            ledger,
            cut: false,
            gone: [VecDeque::new(), VecDeque::new()],
            published: HashMap::new(),
            heard: HashMap::new(),
            told: Vec::new(),
        }
    }

    fn run(&mut self, step: &Step, bound: usize) {
        self.now += STEP;
        match *step {
            Step::Publish(who, count) => (0..count).for_each(|_| self.publish(who)),
            Step::Take(who) => self.take(who, true),
            Step::TakeUnheard(who) => self.take(who, false),
            Step::Wait(milliseconds) => self.wait(Duration::from_millis(milliseconds)),
            Step::Cut if !self.cut => {
                self.cut = true;
                self.ledger.cut(Why::Link, self.now);
            }
            Step::Back if self.cut => self.back(),
            Step::Die(who) => {
                let life = self.lives;
                self.lives += 1;
                self.publishers[who] = Publisher { press: Press::new(bound), base: life * LIFE, next: 0 };
                self.gone[who].clear();
            }
            Step::Echo(who) => {
                for frame in self.gone[who].clone() {
                    self.hear(&frame);
                }
            }
            Step::Cut | Step::Back => {}
        }
    }

    fn publish(&mut self, who: usize) {
        let publisher = &mut self.publishers[who];
        let message = publisher.base + publisher.next;
        publisher.next += 1;
        let name = publisher.base + 1;
        *self.published.entry(publisher.base / LIFE).or_default() += 1;
        publisher.press.publish(TOPIC, Bytes::copy_from_slice(&message.to_be_bytes()), self.now, || name);
    }

    fn take(&mut self, who: usize, acknowledged: bool) {
        self.publishers[who].press.tick(self.now);
        let bite = self.publishers[who].press.bite(self.now);
        if acknowledged {
            self.publishers[who].press.taken(bite.len());
        }
        for (_, frame) in bite {
            self.gone[who].push_back(frame.clone());
            self.hear(&frame);
        }
        while self.gone[who].len() > 20 {
            self.gone[who].pop_front();
        }
    }

    /// As intake does.
    fn hear(&mut self, frame: &[u8]) {
        if self.cut {
            return;
        }
        let (stamp, payload) = Stamp::decode(frame).unwrap();
        let life = stamp.stream / LIFE;
        let verdict = self.ledger.hear(&stamp, self.now);
        if let Some(missed) = verdict.missed {
            self.told.push((Some(life), missed));
            let from_here = life * LIFE + stamp.number - u64::from(verdict.fresh);
            let heard = self.heard.entry(life).or_default();
            let from = heard.last().map_or(life * LIFE, |last| last + 1);
            // What was told stands for the messages themselves; after an unknown number the account goes on here.
            heard.extend(match missed.count {
                Count::Exactly(count) => from..from + count,
                Count::Unknown => from..from_here,
            });
        }
        if verdict.fresh {
            let message = u64::from_be_bytes(payload.try_into().unwrap());
            self.heard.entry(life).or_default().push(message);
        }
    }

    fn wait(&mut self, time: Duration) {
        self.now += time;
        (0..2).for_each(|who| self.take(who, true));
        for missed in self.ledger.overdue(!self.cut, self.now) {
            self.told.push((None, missed));
        }
    }

    /// The subscription is confirmed again: publishers are asked, and those that live answer.
    fn back(&mut self) {
        self.cut = false;
        self.ledger.confirmed(self.now);
        for who in 0..2 {
            self.publishers[who].press.edge(&TOPIC, self.now);
        }
    }

    /// Everything waits out: edges are said, queues emptied, debts come due.
    fn settle(&mut self) {
        if self.cut {
            self.back();
        }
        for _ in 0..3 {
            self.now += QUIET * 2;
            for who in 0..2 {
                for _ in 0..50 {
                    self.take(who, true);
                }
            }
        }
        self.wait(OWED * 2);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn no_loss_is_silent_and_no_number_is_wrong(
        steps in prop::collection::vec(step(), 1..60),
        bound in prop_oneof![Just(1 << 20), Just(1_000_usize)],
    ) {
        let mut world = World::new(bound);
        for step in &steps {
            world.run(step, bound);
        }
        world.settle();
        let unknown = world.told.iter().any(|(_, missed)| missed.count == Count::Unknown);
        let alive = world.publishers.iter().map(|publisher| publisher.base / LIFE).collect::<Vec<_>>();
        let died = steps.iter().any(|step| matches!(step, Step::Die(_)));
        for (life, published) in &world.published {
            let heard = world.heard.get(life).cloned().unwrap_or_default();
            // In order, each once, no number skipped that was not told.
            prop_assert!(heard.windows(2).all(|pair| pair[0] + 1 == pair[1]), "{life}: {heard:?}");
            prop_assert!(heard.first().is_none_or(|first| *first == life * LIFE), "{life}: {heard:?}");
            prop_assert!(heard.len() as u64 <= *published, "{life}: more than were published");
            if alive.contains(life) {
                prop_assert_eq!(heard.len() as u64, *published, "{}: a silent hole at the end, {:?}", life, world.told);
            }
        }
        // Whoever lives can say how many: unknown is for those who died.
        prop_assert!(!unknown || died, "{:?}", world.told);
    }

    #[test]
    fn nothing_is_told_where_nothing_was_lost(steps in prop::collection::vec(step(), 1..60)) {
        let mut world = World::new(1 << 20);
        for step in steps.iter().filter(|step| !matches!(step, Step::Cut | Step::Die(_))) {
            world.run(step, 1 << 20);
        }
        world.settle();
        prop_assert_eq!(&world.told, &[]);
    }

    #[test]
    fn what_is_not_a_stamp_is_no_message(frame in prop::collection::vec(any::<u8>(), 0..64)) {
        if let Some((stamp, payload)) = Stamp::decode(&frame) {
            prop_assert_eq!(payload.len(), frame.len() - LENGTH);
            prop_assert_eq!(&stamp.encode()[..], &frame[..LENGTH]);
            let mut ledger = Ledger::default();
            let now = Instant::now();
            ledger.confirmed(now);
            // Whatever it says, counting with it overflows nothing.
            let _first = ledger.hear(&stamp, now);
            let _again = ledger.hear(&Stamp { number: stamp.number - 1, ..stamp }, now + STEP);
        }
    }
}

#[test]
fn a_stream_joined_in_its_middle_is_no_loss() {
    let now = Instant::now();
    let mut ledger = Ledger::default();
    ledger.confirmed(now);
    let hour = Duration::from_secs(3_600);
    let stamp = Stamp { kind: Kind::Message, stream: 1, number: 500, age: hour, quiet: hour, hole: false };
    let verdict = ledger.hear(&stamp, now + Duration::from_secs(60));
    assert_eq!((verdict.missed, verdict.fresh), (None, true));
}

#[test]
fn a_stream_that_spoke_unheard_while_we_listened_is_a_loss_of_unknown_size() {
    let now = Instant::now();
    let mut ledger = Ledger::default();
    ledger.confirmed(now);
    let quiet = Duration::from_secs(10);
    let stamp = Stamp { kind: Kind::Message, stream: 1, number: 500, age: quiet * 100, quiet, hole: false };
    let verdict = ledger.hear(&stamp, now + Duration::from_secs(60));
    assert_eq!(verdict.missed, Some(Missed { count: Count::Unknown, why: Why::Publisher }));
}

#[test]
fn a_thousand_streams_on_one_channel_are_bounded_and_lose_no_count() {
    let now = Instant::now();
    let mut ledger = Ledger::default();
    ledger.confirmed(now);
    for stream in 0..1_000 {
        let zero = Duration::ZERO;
        let stamp = Stamp { kind: Kind::Message, stream, number: 1, age: zero, quiet: zero, hole: false };
        let verdict = ledger.hear(&stamp, now + STEP * u32::try_from(stream).unwrap());
        assert_eq!((verdict.missed, verdict.fresh), (None, true));
    }
}
