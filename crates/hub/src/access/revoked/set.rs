//! Ids that hold no longer: a bounded set of which any number of copies can be joined, in any order and as often as they
//! are heard, with the same outcome.
//!
//! Bound: 4,096. Policy: when there are more, everything up to the rank of the first that finds no room holds no longer. So
//! room is made by taking away more than was asked, and never by forgetting that something was taken away.

use std::collections::BTreeMap;

use tailcast_wire::{Revoked, RevokedId};

/// Of a session or a token: random, so that it names one on every hub.
pub(in super::super) type Id = [u8; 16];

/// Ids that are remembered, of each kind: on the way to another hub some 128 KiB.
const MOST: usize = 4096;

/// What is known of one of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Lapse {
    rank: u64,
    /// When it can be forgotten.
    until: Option<u64>,
}

impl Lapse {
    /// Of two that were told of one id, the one that makes way later, and then the one that lasts longer. (Its two parts stay
    /// together: had each its own greatest, it would matter whether the other one had made way already.)
    fn joined(self, other: Self) -> Self {
        let order = |lapse: &Self| (lapse.rank, lapse.until.is_none(), lapse.until);
        std::cmp::max_by_key(self, other, order)
    }
}

/// The set. `rank` orders what is in it by age; with `AT_MOST` a test makes it small.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct RevokedSet<const AT_MOST: usize = MOST> {
    all_up_to: u64,
    each: BTreeMap<Id, Lapse>,
}

impl<const AT_MOST: usize> RevokedSet<AT_MOST> {
    /// What another hub said, without what is over, and without what is too far ahead for any clock that is right: it would
    /// never make way for anything else.
    pub(super) fn heard(said: &Revoked, now: u64, farthest: u64) -> Self {
        let believed = |one: &&RevokedId| one.rank <= farthest && one.until.is_none_or(|until| until > now);
        let each = said.each.iter().filter(believed).map(|one| (one.id, Lapse { rank: one.rank, until: one.until }));
        let all_up_to = if said.all_up_to <= farthest { said.all_up_to } else { 0 };
        let mut heard = Self { all_up_to, each: BTreeMap::new() };
        each.for_each(|(id, lapse)| heard.put(id, lapse));
        heard.make_room();
        heard
    }

    /// All of it, for another hub or for the file.
    pub(super) fn said(&self) -> Revoked {
        let each = self.each.iter().map(|(&id, lapse)| RevokedId { id, rank: lapse.rank, until: lapse.until });
        Revoked { all_up_to: self.all_up_to, each: each.collect() }
    }

    /// Whether the one of that id and rank holds no longer.
    pub(super) fn contains(&self, id: &Id, rank: u64) -> bool {
        rank <= self.all_up_to || self.each.contains_key(id)
    }

    /// Up to which rank all hold no longer.
    pub(super) fn all_up_to(&self) -> u64 {
        self.all_up_to
    }

    /// One more.
    pub(super) fn add(&mut self, one: RevokedId) {
        self.put(one.id, Lapse { rank: one.rank, until: one.until });
        self.make_room();
    }

    /// All up to that rank.
    pub(super) fn add_all(&mut self, up_to: u64) {
        self.all_up_to = self.all_up_to.max(up_to);
        self.make_room();
    }

    /// All of another set, and whether something of it was new.
    pub(super) fn join(&mut self, other: &Self) -> bool {
        if other.is_within(self) {
            return false;
        }
        self.all_up_to = self.all_up_to.max(other.all_up_to);
        other.each.iter().for_each(|(&id, &lapse)| self.put(id, lapse));
        self.make_room();
        true
    }

    /// Forgets what would hold no longer by itself. A mark beyond `farthest` was set by a clock that went wrong: it counts as
    /// that far, so that what begins from now on can hold.
    pub(super) fn forget(&mut self, now: u64, farthest: u64) {
        self.each.retain(|_, lapse| lapse.until.is_none_or(|until| until > now));
        self.all_up_to = self.all_up_to.min(farthest);
    }

    fn is_within(&self, other: &Self) -> bool {
        let known = |(id, &lapse): (&Id, &Lapse)| {
            let there = other.each.get(id).is_some_and(|&there| there.joined(lapse) == there);
            there || lapse.rank <= other.all_up_to
        };
        self.all_up_to <= other.all_up_to && self.each.iter().all(known)
    }

    fn put(&mut self, id: Id, lapse: Lapse) {
        self.each.entry(id).and_modify(|there| *there = there.joined(lapse)).or_insert(lapse);
    }

    fn make_room(&mut self) {
        let mut ranks: Vec<u64> = self.each.values().map(|lapse| lapse.rank).collect();
        if ranks.len() > AT_MOST {
            let (_, first_without_room, _) = ranks.select_nth_unstable_by(AT_MOST, |one, other| other.cmp(one));
            self.all_up_to = self.all_up_to.max(*first_without_room);
        }
        let all_up_to = self.all_up_to;
        self.each.retain(|_, lapse| lapse.rank > all_up_to);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NOW: u64 = 1000;
    const FARTHEST: u64 = 1100;

    type Small = RevokedSet<3>;

    /// Few ids and ranks, so that they meet; some that are over, some that no clock can mean.
    fn said() -> impl Strategy<Value = Revoked> {
        let until = prop_oneof![Just(None), (990..1010_u64).prop_map(Some)];
        let one = (0..6_u8, 1..1110_u64, until).prop_map(|(id, rank, until)| RevokedId { id: [id; 16], rank, until });
        let mark = prop_oneof![3 => Just(0), 2 => 1..1110_u64, 1 => Just(u64::MAX)];
        (mark, prop::collection::vec(one, 0..8)).prop_map(|(all_up_to, each)| Revoked { all_up_to, each })
    }

    fn joined(said: &[Revoked]) -> Small {
        let mut set = Small::default();
        for said in said {
            set.join(&Small::heard(said, NOW, FARTHEST));
        }
        set
    }

    proptest! {
        #[test]
        fn it_does_not_matter_in_which_order_how_often_or_by_whom_it_is_heard(
            (said, other_order) in prop::collection::vec(said(), 0..6).prop_flat_map(|said| (Just(said.clone()), Just(said).prop_shuffle())),
            divided_at in 0..6_usize,
        ) {
            let set = joined(&said);
            prop_assert_eq!(&set, &joined(&other_order));
            prop_assert_eq!(&set, &joined(&[&said[..], &other_order[..]].concat()));
            let (some, others) = said.split_at(divided_at.min(said.len()));
            let mut one_hub = joined(some);
            let another = joined(others).said();
            one_hub.join(&Small::heard(&another, NOW, FARTHEST));
            prop_assert_eq!(&set, &one_hub);
        }

        #[test]
        fn nothing_that_was_heard_holds_again(said in prop::collection::vec(said(), 0..6)) {
            let set = joined(&said);
            prop_assert!(set.each.len() <= 3);
            for said in &said {
                let believed = |one: &&RevokedId| one.rank <= FARTHEST && one.until.is_none_or(|until| until > NOW);
                for one in said.each.iter().filter(believed) {
                    prop_assert!(set.contains(&one.id, one.rank));
                }
                prop_assert!(said.all_up_to > FARTHEST || set.all_up_to() >= said.all_up_to);
            }
        }

        #[test]
        fn what_is_said_to_be_new_is_what_changes_it(first in said(), second in said()) {
            let mut set = joined(&[first]);
            let before = set.clone();
            let new = set.join(&Small::heard(&second, NOW, FARTHEST));
            prop_assert_eq!(new, set != before);
        }
    }

    #[test]
    fn when_there_are_more_than_have_room_all_of_that_age_are_over() {
        let mut set = Small::default();
        for (number, rank) in (0..).zip([14, 11, 12, 12, 13]) {
            let id = [number; 16];
            set.add(RevokedId { id, rank, until: Some(rank) });
        }
        assert_eq!((set.all_up_to(), set.each.len()), (12, 2));
        assert!(set.contains(&[99; 16], 12) && !set.contains(&[99; 16], 13));
    }

    #[test]
    fn what_is_over_by_itself_is_forgotten_and_what_never_is_stays() {
        let mut set = Small::default();
        set.add(RevokedId { id: [1; 16], rank: 5, until: Some(NOW) });
        set.add(RevokedId { id: [2; 16], rank: 5, until: None });
        set.forget(NOW, FARTHEST);
        assert!(!set.contains(&[1; 16], 5) && set.contains(&[2; 16], 5));
    }
}
