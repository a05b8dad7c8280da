//! A ring and a cursor against the plainest model there is: all items ever published, and the index of the oldest kept.

use std::sync::Arc;
use std::time::Instant;

use proptest::prelude::*;
use tailcast_fanout::{Drained, Error, Limits, Ring, Span, Subscription};

use crate::item::Item;

#[derive(Clone, Debug)]
enum Step {
    Publish(usize),
    Drain(usize),
    Skip,
    Rewind,
    Seek(usize),
    Expire,
    Close,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        12 => (0_usize..40).prop_map(Step::Publish),
        6 => (0_usize..80).prop_map(Step::Drain),
        1 => Just(Step::Skip),
        1 => Just(Step::Rewind),
        2 => (0_usize..60).prop_map(Step::Seek),
        1 => Just(Step::Expire),
        1 => prop::bool::weighted(0.1).prop_map(|close| if close { Step::Close } else { Step::Drain(0) }),
    ]
}

struct Model {
    limits: Limits,
    weights: Vec<usize>,
    oldest: usize,
    cursor: usize,
    closed: bool,
    missed: u64,
}

impl Model {
    fn span(&self, from: usize, to: usize) -> Span {
        let over = self.weights.get(from..to).unwrap_or_default();
        Span { count: over.len() as u64, bytes: over.iter().sum::<usize>() as u64 }
    }

    fn publish(&mut self, weight: usize) {
        self.weights.push(weight);
        let newest = self.weights.len() - 1;
        while self.oldest < newest
            && (self.weights.len() - self.oldest > self.limits.items
                || self.weights[self.oldest..].iter().sum::<usize>() > self.limits.bytes)
        {
            self.oldest += 1;
        }
    }

    fn drain(&mut self, max_bytes: usize) -> (Option<Drained>, Vec<u64>) {
        if self.cursor < self.oldest {
            let missed = self.span(self.cursor, self.oldest);
            self.missed += missed.count;
            self.cursor = self.oldest;
            return (Some(Drained::Missed(missed)), Vec::new());
        }
        let mut taken = Vec::new();
        let mut bytes = 0;
        while let Some(weight) = self.weights.get(self.cursor)
            && (taken.is_empty() || bytes + weight <= max_bytes)
        {
            taken.push(self.cursor as u64);
            bytes += weight;
            self.cursor += 1;
        }
        match (taken.is_empty(), self.closed) {
            (false, _) => (Some(Drained::Items), taken),
            (true, true) => (Some(Drained::Closed), taken),
            (true, false) => (None, taken),
        }
    }
}

fn run(model: &mut Model, ring: &Ring<Item>, cursor: &mut Subscription<Item>, step: &Step) {
    match *step {
        Step::Publish(weight) => {
            let number = model.weights.len() as u64;
            let published = ring.publish(Item { number, weight });
            if model.closed {
                assert_eq!(published, Err(Error::Closed));
            } else {
                assert_eq!(published.map(|seq| seq.get()), Ok(number));
                model.publish(weight);
            }
        }
        Step::Drain(max_bytes) => {
            let mut out = Vec::new();
            let drained = cursor.try_drain(max_bytes, &mut out);
            let numbers: Vec<u64> = out.iter().map(|item: &Arc<Item>| item.number).collect();
            assert_eq!((drained, numbers), model.drain(max_bytes));
        }
        Step::Skip => {
            assert_eq!(cursor.skip_to_head(), model.span(model.cursor, model.weights.len()));
            model.cursor = model.weights.len();
        }
        Step::Rewind => {
            cursor.rewind();
            model.cursor = model.cursor.min(model.oldest);
        }
        Step::Seek(to) => seek(model, ring, cursor, to),
        Step::Expire => {
            assert_eq!(ring.expire(Instant::now()), model.weights.len() - model.oldest);
            model.oldest = model.weights.len();
        }
        Step::Close => {
            ring.close();
            model.closed = true;
        }
    }
}

/// Finds the item with that number, as a subscriber would who read up to it elsewhere, and goes there.
fn seek(model: &mut Model, ring: &Ring<Item>, cursor: &mut Subscription<Item>, to: usize) {
    let found = ring.find(|item| item.number >= to as u64);
    let there = to.max(model.oldest);
    assert_eq!(found.as_ref().map(|(_, item)| item.number), (there < model.weights.len()).then_some(there as u64));
    if let Some((seq, item)) = found {
        assert_eq!(seq.get(), item.number);
        assert_eq!(cursor.seek(seq), Ok(model.span(model.cursor, there)));
        model.cursor = there;
    }
}

proptest! {
    #[test]
    fn a_cursor_sees_each_item_once_in_order_or_the_exact_number_missed(
        bytes in 0_usize..120,
        items in 0_usize..12,
        steps in prop::collection::vec(step(), 0..120),
    ) {
        let limits = Limits::new(bytes, items);
        let ring = Ring::new(limits);
        let mut cursor = ring.subscribe();
        let mut model = Model { limits, weights: Vec::new(), oldest: 0, cursor: 0, closed: false, missed: 0 };
        for step in &steps {
            run(&mut model, &ring, &mut cursor, step);
            let stats = ring.stats();
            let held = model.span(model.oldest, model.weights.len());
            prop_assert_eq!((stats.items, stats.bytes), (held.count, held.bytes));
            prop_assert_eq!(stats.published, model.weights.len() as u64);
            prop_assert_eq!(stats.evicted + stats.expired, model.oldest as u64);
            prop_assert_eq!(stats.missed, model.missed);
            prop_assert_eq!(cursor.behind(), model.span(model.cursor, model.weights.len()));
        }
    }
}

#[test]
fn an_item_that_has_left_cannot_be_sought() {
    let ring = Ring::new(Limits::new(2, 2));
    let mut cursor = ring.subscribe();
    let first = ring.head();
    for number in 0..3 {
        ring.publish(Item { number, weight: 1 }).unwrap();
    }
    let oldest = ring.oldest();
    assert_eq!(cursor.seek(first), Err(Error::Evicted { oldest }));
    assert_eq!(cursor.position(), first);
    assert_eq!(oldest.get(), 1);
}
