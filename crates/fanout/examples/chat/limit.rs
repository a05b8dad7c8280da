//! Who has spoken how much: five messages of a person in ten seconds, wherever they were said.

use std::collections::{HashMap, VecDeque};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::{Duration, Instant};

/// Messages of one person in a while, and of one address, behind which there may be an office.
const PERSON: usize = 5;
const ADDRESS: usize = 40;
pub(crate) const WHILE: Duration = Duration::from_secs(10);

/// When each person and address spoke, within a while.
#[derive(Default)]
pub(crate) struct Limit(HashMap<u64, VecDeque<(Instant, String)>>);

impl Limit {
    /// Whether neither the person nor the address has spoken too much; if so, this counts.
    pub(crate) fn may_speak(&mut self, by: [u64; 2], id: &str) -> bool {
        self.forget();
        let spoke = |who: u64| self.0.get(&who).map_or(0, VecDeque::len);
        let may = spoke(by[0]) < PERSON && spoke(by[1]) < ADDRESS;
        if may {
            self.count(by, id);
        }
        may
    }

    /// Counts a message once, wherever it was said.
    pub(crate) fn count(&mut self, by: [u64; 2], id: &str) {
        self.forget();
        for who in by {
            let spoke = self.0.entry(who).or_default();
            if spoke.len() < ADDRESS && !spoke.iter().any(|(_, known)| known == id) {
                spoke.push_back((Instant::now(), id.to_owned()));
            }
        }
    }

    fn forget(&mut self) {
        self.0.retain(|_, spoke| {
            spoke.retain(|(at, _)| at.elapsed() < WHILE);
            !spoke.is_empty()
        });
    }
}

/// The same in every process.
pub(crate) fn hash(text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}
