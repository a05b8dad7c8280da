//! What waits to be published, stamped and in order. Pure: time is an argument.
//!
//! A message gets its number when it is published, whether or not there is room for it: one that is dropped leaves a
//! hole that every subscriber sees. What is handed out stays here until the broker has taken it, and is handed out
//! again after a broken connection; subscribers know repetitions by their numbers.
//!
//! Bounds: `Options::queue` bytes wait, beyond which the newest is dropped and counted; [`STREAMS`] channels are
//! remembered, beyond which the oldest stream is ended, with a word.

use std::collections::{HashMap, VecDeque};
use std::time::Instant;

use bytes::{BufMut, Bytes, BytesMut};

use super::stamp::{self, Kind, Stamp, since};
use super::topic::Id;
use super::{BATCH, IDLE, QUIET};

/// Channels with a stream of ours: about 100 bytes each.
const STREAMS: usize = 200_000;

/// Bytes handed to the broker at a time. Enough that the round trip does not count, little enough that a slow link
/// takes it well within the time for an answer.
const BITE: usize = 256 << 10;

/// What an entry of the queue weighs beside its payload.
const ENTRY: usize = size_of::<Entry>() + stamp::LENGTH;

pub(crate) struct Press {
    streams: HashMap<Id, Stream>,
    queue: VecDeque<Entry>,
    /// Weight of what is in the queue.
    waiting: usize,
    bound: usize,
    /// Entries that the broker has taken, since the beginning.
    gone: u64,
    /// Streams that will owe an edge, each once, in the order in which they fall due.
    quiet: VecDeque<(Instant, Id)>,
    /// All streams, each once, in the order in which they might have to end.
    ages: VecDeque<(Instant, Id, u64)>,
    /// Messages dropped for want of room.
    pub(crate) dropped: u64,
    /// Messages stamped.
    pub(crate) published: u64,
}

struct Stream {
    name: u64,
    begun: Instant,
    /// When the last message was published.
    last: Instant,
    number: u64,
    /// Whether it stands in `quiet`.
    watched: bool,
    /// Whether the last message was dropped.
    hole: bool,
}

struct Entry {
    topic: Id,
    what: What,
}

enum What {
    /// To be stamped when it leaves, since ages are those of that moment.
    Stamped(Ahead, Bytes),
    /// A control message, as it is.
    Plain(Bytes),
}

/// What of a stamp is known ahead.
struct Ahead {
    kind: Kind,
    stream: u64,
    number: u64,
    /// When the stream began.
    begun: Instant,
    /// When the message before was published.
    before: Instant,
    hole: bool,
}

impl Press {
    pub(crate) fn new(bound: usize) -> Self {
        Self {
            streams: HashMap::new(),
            queue: VecDeque::new(),
            waiting: 0,
            bound,
            gone: 0,
            quiet: VecDeque::new(),
            ages: VecDeque::new(),
            dropped: 0,
            published: 0,
        }
    }

    /// Stamps a message and puts it in the queue; whether there was room. `fresh` names a stream that begins here.
    pub(crate) fn publish(&mut self, topic: Id, payload: Bytes, now: Instant, fresh: impl FnOnce() -> u64) -> bool {
        let stream = self.streams.entry(topic).or_insert_with(|| {
            let name = fresh();
            self.ages.push_back((now + IDLE, topic, name));
            Stream { name, begun: now, last: now, number: 0, watched: false, hole: false }
        });
        stream.number += 1;
        let (name, number, begun) = (stream.name, stream.number, stream.begun);
        let before = std::mem::replace(&mut stream.last, now);
        if !std::mem::replace(&mut stream.watched, true) {
            self.quiet.push_back((now + QUIET, topic));
        }
        self.published += 1;
        let ahead = Ahead { kind: Kind::Message, stream: name, number, begun, before, hole: stream.hole };
        let taken = self.put(Entry { topic, what: What::Stamped(ahead, payload) });
        if let Some(stream) = self.streams.get_mut(&topic) {
            stream.hole = !taken;
        }
        self.dropped += u64::from(!taken);
        self.end_beyond_bound();
        taken
    }

    /// Puts a control message in the queue. Its place in the order of all entries; `None` when there was no room.
    pub(crate) fn control(&mut self, topic: Id, payload: Bytes) -> Option<u64> {
        let put = self.put(Entry { topic, what: What::Plain(payload) });
        put.then(|| self.gone + self.queue.len() as u64)
    }

    /// Whether the broker has the entry in that place.
    pub(crate) fn has_taken(&self, place: u64) -> bool {
        self.gone >= place
    }

    /// Says the last number of the stream on `topic` again, if there is one. Without room it is said a little later.
    pub(crate) fn edge(&mut self, topic: &Id, now: Instant) {
        if !self.say(topic, Kind::Edge)
            && let Some(stream) = self.streams.get_mut(topic)
            && !std::mem::replace(&mut stream.watched, true)
        {
            self.quiet.push_back((now + QUIET, *topic));
        }
    }

    /// The channels on which there is a stream.
    pub(crate) fn topics(&self) -> Vec<Id> {
        self.streams.keys().copied().collect()
    }

    /// Says what is due by `now`: the edges of quiet streams, and the end of those that have been quiet for long.
    pub(crate) fn tick(&mut self, now: Instant) {
        while self.quiet.front().is_some_and(|(due, _)| *due <= now) {
            if let Some((_, topic)) = self.quiet.pop_front() {
                self.quieten(topic, now);
            }
        }
        while self.ages.front().is_some_and(|(due, ..)| *due <= now) {
            if let Some((_, topic, name)) = self.ages.pop_front() {
                self.age(topic, name, now);
            }
        }
    }

    /// When [`tick`](Self::tick) has something to do.
    pub(crate) fn due(&self) -> Option<Instant> {
        let quiet = self.quiet.front().map(|(due, _)| *due);
        let ages = self.ages.front().map(|(due, ..)| *due);
        quiet.into_iter().chain(ages).min()
    }

    /// The next entries in their order, with the ages of now, and how many they are. They stay until
    /// [`taken`](Self::taken).
    pub(crate) fn bite(&self, now: Instant) -> Vec<(Id, Bytes)> {
        let mut bytes = 0;
        let fits = |entry: &&Entry| {
            let fits = bytes < BITE;
            bytes += entry.weight();
            fits
        };
        self.queue.iter().take(BATCH).take_while(fits).map(|entry| (entry.topic, entry.frame(now))).collect()
    }

    /// The broker has the first `count` entries.
    pub(crate) fn taken(&mut self, count: usize) {
        self.gone += count as u64;
        for entry in self.queue.drain(..count) {
            self.waiting -= entry.weight();
        }
        if self.queue.len() * 4 < self.queue.capacity() {
            self.queue.shrink_to(self.queue.len() * 2);
        }
    }

    /// Ends every stream: nothing will be published any more.
    pub(crate) fn end_all(&mut self) {
        for topic in self.topics() {
            self.say(&topic, Kind::End);
        }
        self.streams.clear();
    }

    /// Bytes that wait for the broker.
    pub(crate) fn waiting(&self) -> usize {
        self.waiting
    }

    pub(crate) fn has_room(&self) -> bool {
        self.waiting <= self.bound / 2
    }

    /// A stream in `quiet` has fallen due: it has been silent for long enough, or is looked at again later.
    fn quieten(&mut self, topic: Id, now: Instant) {
        let Some(stream) = self.streams.get_mut(&topic) else { return };
        let due = stream.last + QUIET;
        stream.watched = due > now;
        if stream.watched {
            self.quiet.push_back((due, topic));
        } else {
            self.edge(&topic, now);
        }
    }

    fn age(&mut self, topic: Id, name: u64, now: Instant) {
        let Some(stream) = self.streams.get(&topic).filter(|stream| stream.name == name) else { return };
        let due = stream.last + IDLE;
        if due > now {
            self.ages.push_back((due, topic, name));
        } else if self.say(&topic, Kind::End) {
            self.streams.remove(&topic);
        } else {
            self.ages.push_back((now + QUIET, topic, name));
        }
    }

    fn end_beyond_bound(&mut self) {
        // With no room even for its end, a stream goes without a word: the bound holds, and there are this many.
        while self.streams.len() > STREAMS {
            let Some((_, topic, name)) = self.ages.pop_front() else { return };
            if self.streams.get(&topic).is_some_and(|stream| stream.name == name) {
                self.say(&topic, Kind::End);
                self.streams.remove(&topic);
            }
        }
    }

    fn say(&mut self, topic: &Id, kind: Kind) -> bool {
        let Some(stream) = self.streams.get(topic) else { return true };
        let Stream { name, number, begun, last, hole, .. } = *stream;
        let ahead = Ahead { kind, stream: name, number, begun, before: last, hole };
        self.put(Entry { topic: *topic, what: What::Stamped(ahead, Bytes::new()) })
    }

    fn put(&mut self, entry: Entry) -> bool {
        let weight = entry.weight();
        // An empty queue takes anything, so that no message is too large for it.
        let room = self.queue.is_empty() || self.waiting + weight <= self.bound;
        if room {
            self.waiting += weight;
            self.queue.push_back(entry);
        }
        room
    }
}

impl Entry {
    fn weight(&self) -> usize {
        let (What::Stamped(_, payload) | What::Plain(payload)) = &self.what;
        payload.len() + ENTRY
    }

    fn frame(&self, now: Instant) -> Bytes {
        match &self.what {
            What::Plain(payload) => payload.clone(),
            What::Stamped(ahead, payload) => {
                let Ahead { kind, stream, number, begun, before, hole } = *ahead;
                let stamp = Stamp { kind, stream, number, age: since(now, begun), quiet: since(now, before), hole };
                let mut frame = BytesMut::with_capacity(stamp::LENGTH + payload.len());
                frame.put_slice(&stamp.encode());
                frame.put_slice(payload);
                frame.freeze()
            }
        }
    }
}
