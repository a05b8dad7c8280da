//! What was said last, for who comes late, who comes again, and the other processes.

use std::collections::BTreeMap;

use bytes::Bytes;

use crate::said::{Place, Said, Shown};

/// Messages for who comes late.
pub(crate) const LATE: usize = 50;
/// Messages for who comes again, and by which a repetition is known.
const KEPT: usize = 500;

pub(crate) struct History {
    /// Drawn at random by each start: those who were told numbers by an earlier one are strangers.
    pub(crate) process: String,
    /// The last messages by when they were said, and by id.
    kept: BTreeMap<(u64, String), Heard>,
    /// How many there were in all.
    heard: u64,
}

/// A message that is kept.
struct Heard {
    number: u64,
    said: Bytes,
    shown: Bytes,
}

impl History {
    pub(crate) fn of(process: String) -> Self {
        Self { process, kept: BTreeMap::new(), heard: 0 }
    }

    /// Keeps a message and returns it as viewers get it; `None` when it is known.
    pub(crate) fn keep(&mut self, said: &Said, message: Bytes) -> Option<Bytes> {
        let key = (said.at, said.id.clone());
        if self.kept.contains_key(&key) {
            return None;
        }
        self.heard += 1;
        let place = self.here();
        let shown = Shown::Said { place, id: &said.id, at: said.at, name: &said.name, text: &said.text }.encoded();
        self.kept.insert(key, Heard { number: self.heard, said: message, shown: shown.clone() });
        if self.kept.len() > KEPT {
            self.kept.pop_first();
        }
        Some(shown)
    }

    /// What a viewer lacks, up to here; and whether it had no place here.
    pub(crate) fn since(&self, after: &[Place]) -> (Vec<Bytes>, bool) {
        let place = after.iter().find(|place| place.process == self.process);
        let mut missing = match place {
            Some(place) => self.after(place.number),
            None => self.last(!after.is_empty()),
        };
        missing.push(Shown::Here { here: self.here() }.encoded());
        (missing, place.is_none())
    }

    /// What a process is told that asks, as it travels.
    pub(crate) fn for_others(&self) -> Vec<Bytes> {
        self.late().map(|(_, heard)| heard.said.clone()).collect()
    }

    /// What was heard here after a number, and first how much of that is not kept.
    fn after(&self, number: u64) -> Vec<Bytes> {
        let mut missing = in_order(self.kept.values().filter(|heard| heard.number > number));
        let gone = self.heard.saturating_sub(number) - missing.len() as u64;
        if gone > 0 {
            missing.insert(0, Shown::Missed { missed: Some(gone) }.encoded());
        }
        missing
    }

    /// What was said last, and, for who has heard others, first where that begins.
    fn last(&self, is_back: bool) -> Vec<Bytes> {
        let mut missing = in_order(self.late().map(|(_, heard)| heard));
        let is_all = missing.len() as u64 == self.heard;
        if let Some(((_, eldest), _)) = self.late().next().filter(|_| is_back && !is_all) {
            missing.insert(0, Shown::Eldest { eldest }.encoded());
        }
        missing
    }

    fn late(&self) -> impl Iterator<Item = (&(u64, String), &Heard)> + Clone {
        self.kept.iter().skip(self.kept.len().saturating_sub(LATE))
    }

    fn here(&self) -> String {
        format!("{}.{}", self.process, self.heard)
    }
}

/// By number: a viewer that is cut off in the middle has all up to the number of its last one.
fn in_order<'a>(heard: impl Iterator<Item = &'a Heard>) -> Vec<Bytes> {
    let mut heard = heard.collect::<Vec<_>>();
    heard.sort_unstable_by_key(|heard| heard.number);
    heard.into_iter().map(|heard| heard.shown.clone()).collect()
}
