//! In which order processes are listed, and which of them a few words name. Agent, hub and command line sort and find by this
//! alone, so that the best of many hosts are the best of the best of each.
//!
//! What is not known comes last, whichever way one sorts.

use std::cmp::Ordering;

use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Process;

/// By what.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Encode, Decode, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[cbor(index_only)]
#[schema(as = ProcessSort)]
pub enum By {
    /// Open files in per cent of the limit, the most first.
    #[default]
    #[n(0)]
    Percent,
    /// Open files, the most first.
    #[n(1)]
    Fds,
    /// How fast they grow, the fastest first.
    #[n(2)]
    Slope,
    /// The time until the limit, the shortest first.
    #[n(3)]
    Left,
    /// Share of a processor, the most first.
    #[n(4)]
    Cpu,
    /// Resident memory, the most first.
    #[n(5)]
    Memory,
    /// Threads, the most first.
    #[n(6)]
    Threads,
    /// The youngest first.
    #[n(7)]
    Started,
    /// Name.
    #[n(8)]
    Name,
    /// Number.
    #[n(9)]
    Pid,
    /// User.
    #[n(10)]
    User,
    /// Unit or container.
    #[n(11)]
    Unit,
}

/// An order.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Encode, Decode)]
pub struct Order {
    /// By what.
    #[n(0)]
    pub by: By,
    /// The other way round; what is not known stays last.
    #[n(1)]
    pub reverse: bool,
}

/// What is compared.
#[derive(PartialEq, PartialOrd)]
enum Key<'a> {
    Figure(f64),
    Word(&'a str),
}

impl By {
    /// The word for it in every interface.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            By::Percent => "percent",
            By::Fds => "fds",
            By::Slope => "slope",
            By::Left => "left",
            By::Cpu => "cpu",
            By::Memory => "memory",
            By::Threads => "threads",
            By::Started => "started",
            By::Name => "name",
            By::Pid => "pid",
            By::User => "user",
            By::Unit => "unit",
        }
    }

    fn key(self, process: &Process) -> Option<Key<'_>> {
        // A double counts exactly up to 2^53: no process has more of anything.
        let count = |count: u64| count as f64;
        let figure: Option<f64> = match self {
            By::Percent => process.percent,
            By::Fds => process.fds.map(count),
            By::Slope => process.slope_per_min,
            By::Left => process.seconds_left.map(count),
            By::Cpu => process.cpu,
            By::Memory => Some(count(process.memory)),
            By::Threads => Some(f64::from(process.threads)),
            By::Started => Some(count(process.start)),
            By::Pid => Some(f64::from(process.pid)),
            By::Name => return Some(Key::Word(&process.name)),
            By::User => return process.user.as_deref().map(Key::Word),
            By::Unit => return process.unit.as_deref().map(Key::Word),
        };
        figure.map(Key::Figure)
    }

    /// Whether the least comes first.
    fn rises(self) -> bool {
        matches!(self, By::Left | By::Name | By::Pid | By::User | By::Unit)
    }
}

impl Order {
    /// Which of two comes first. Two that are alike are in order of their numbers.
    #[must_use]
    pub fn compare(self, a: &Process, b: &Process) -> Ordering {
        let order = match (self.by.key(a), self.by.key(b)) {
            (Some(a), Some(b)) => {
                let rising = a.partial_cmp(&b).unwrap_or(Ordering::Equal);
                if self.by.rises() == self.reverse { rising.reverse() } else { rising }
            }
            (a, b) => a.is_none().cmp(&b.is_none()),
        };
        order.then_with(|| a.pid.cmp(&b.pid))
    }
}

impl Process {
    /// Whether each of the words, in small letters, occurs in its number, name, command, user or unit.
    #[must_use]
    pub fn is_named(&self, words: &[String]) -> bool {
        if words.is_empty() {
            return true;
        }
        let (user, unit) = (self.user.as_deref().unwrap_or_default(), self.unit.as_deref().unwrap_or_default());
        let all = format!("{}\n{}\n{}\n{user}\n{unit}", self.pid, self.name, self.command).to_lowercase();
        words.iter().all(|word| all.contains(word.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use super::super::Slopes;
    use super::*;

    fn process(pid: u32, percent: Option<f64>, left: Option<u64>) -> Process {
        Process {
            pid,
            start: u64::from(pid),
            parent: 1,
            name: "redis-server".to_owned(),
            command: "Redis *:6379".to_owned(),
            user: Some("cache".to_owned()),
            unit: None,
            fds: None,
            soft: None,
            hard: None,
            percent,
            slope_per_min: None,
            slopes: Slopes::default(),
            seconds_left: left,
            cpu: None,
            memory: 2048,
            threads: 1,
            state: "S".to_owned(),
            started: None,
            findings: Vec::new(),
            trend: Vec::new(),
        }
    }

    #[test]
    fn what_one_looks_for_comes_first_and_what_is_not_known_last() {
        let mut list = [process(1, None, None), process(2, Some(9.0), Some(50)), process(3, Some(80.0), Some(70))];
        let mut pids = |by, reverse| {
            list.sort_by(|a, b| Order { by, reverse }.compare(a, b));
            list.iter().map(|process| process.pid).collect::<Vec<_>>()
        };
        assert_eq!(pids(By::Percent, false), [3, 2, 1]);
        assert_eq!(pids(By::Percent, true), [2, 3, 1]);
        assert_eq!(pids(By::Left, false), [2, 3, 1]);
        assert_eq!(pids(By::Left, true), [3, 2, 1]);
        assert_eq!(pids(By::Started, false), [3, 2, 1]);
        assert_eq!(pids(By::Pid, false), [1, 2, 3]);
        assert_eq!(pids(By::User, true), [1, 2, 3]);
    }

    #[test]
    fn words_are_found_in_what_a_row_shows_and_all_of_them_must_be() {
        let process = process(812, None, None);
        let named = |words: &[&str]| process.is_named(&words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>());
        assert!(named(&[]) && named(&["redis", "812"]) && named(&["cache", "*:63"]));
        assert!(!named(&["redis", "813"]) && !named(&["redis 812"]));
    }
}
