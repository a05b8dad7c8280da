//! How a limit is divided: what each class is promised, whatever the others do.
//!
//! Pure arithmetic, so that a limit of 20 and one of 2^30 can be looked at in a test. Each class has a *floor*, the
//! number it can always have; what no floor covers is for whoever comes first. A class's *ceiling* follows: the limit
//! less the floors of the others. Refuses nothing: shares fit under any limit, since none is more than a fifth of it and
//! there are five classes; whether what is always open fits besides is asked by [`Plan::needed`].

/// What a descriptor is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Class {
    /// What is there once and for all: the standard streams, epoll, listeners, databases, whatever libraries hold.
    Fixed,
    /// Connections to agents, other hubs and brokers.
    Links,
    /// Files that are followed.
    Tails,
    /// Connections of those who look.
    Viewers,
    /// What must work when all is full: refusals, a look at the configuration, a reconnect.
    Reserve,
}

impl Class {
    /// All of them, in the order of their numbers.
    pub const ALL: [Class; 5] = [Class::Fixed, Class::Links, Class::Tails, Class::Viewers, Class::Reserve];

    /// The name that people and metrics see.
    pub const fn name(self) -> &'static str {
        match self {
            Class::Fixed => "fixed",
            Class::Links => "links",
            Class::Tails => "tails",
            Class::Viewers => "viewers",
            Class::Reserve => "reserve",
        }
    }

    pub(crate) const fn index(self) -> usize {
        self as usize
    }
}

/// A class's floor as a part of the limit, with bounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Share {
    one_in: u64,
    least: u64,
    most: u64,
}

impl Share {
    /// Nothing is promised; the class may still take what is free.
    pub const NONE: Share = Share { one_in: 1, least: 0, most: 0 };

    /// One in `one_in` descriptors, not less than `least` and not more than `most`, but never more than a fifth of
    /// the limit.
    pub const fn new(one_in: u64, least: u64, most: u64) -> Self {
        Share { one_in: if one_in == 0 { 1 } else { one_in }, least, most }
    }

    fn floor(self, limit: u64) -> u64 {
        (limit / self.one_in).max(self.least).min(self.most).min(limit / 5)
    }
}

/// What each class is promised. The default is a hub's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Plan {
    /// For what is there once and for all.
    pub fixed: Share,
    /// For agents, other hubs and brokers.
    pub links: Share,
    /// For followed files.
    pub tails: Share,
    /// For those who look.
    pub viewers: Share,
    /// For what must work when all is full.
    pub reserve: Share,
    /// How many will be open once and for all, beside those that are open already when the budget is made: the runtime, the
    /// listener, a watch on files. Told beforehand, since under a tiny limit not all of it could be opened to be counted.
    pub always: u64,
    /// The most connections of viewers from one address, however much is free; `u64::MAX` for no such bound.
    pub per_address: u64,
}

impl Default for Plan {
    fn default() -> Self {
        Self {
            fixed: Share::new(8, 16, 64),
            links: Share::new(16, 4, 1024),
            tails: Share::new(8, 8, 4096),
            viewers: Share::new(8, 8, 4096),
            reserve: Share::new(50, 16, 256),
            always: 0,
            per_address: u64::MAX,
        }
    }
}

impl Plan {
    /// A server that holds nothing but its clients.
    pub fn viewers_only() -> Self {
        Self { links: Share::NONE, tails: Share::NONE, ..Self::default() }
    }

    /// A server of logs that has no clients of its own.
    pub fn tails_only() -> Self {
        Self { links: Share::new(16, 4, 16), viewers: Share::NONE, ..Self::default() }
    }

    /// The same for a process that has so many open already.
    pub fn beside(self, open: u64) -> Self {
        Self { always: self.always.saturating_add(open), ..self }
    }

    /// How many descriptors the class can always have under this limit.
    pub fn floor(&self, class: Class, limit: u64) -> u64 {
        match class {
            Class::Fixed => self.fixed.floor(limit).max(self.always),
            Class::Links => self.links.floor(limit),
            Class::Tails => self.tails.floor(limit),
            Class::Viewers => self.viewers.floor(limit),
            Class::Reserve => self.reserve.floor(limit),
        }
    }

    /// How many the class can have at most, when the others take no more than they are promised. The reserve never
    /// grows beyond its floor.
    pub fn ceiling(&self, class: Class, limit: u64) -> u64 {
        if class == Class::Reserve {
            return self.floor(class, limit);
        }
        Class::ALL.iter().filter(|c| **c != class).fold(limit, |left, c| left.saturating_sub(self.floor(*c, limit)))
    }

    /// The limit from which on every promise can be kept, and somebody be served.
    ///
    /// A lower one may hold too, since a tiny limit promises less; but not each one between that and this.
    pub fn needed(&self) -> u64 {
        // Each promise is a fifth of the limit at most, unless that is less than what is always open; and none is more than its most.
        let shares = [self.fixed, self.links, self.tails, self.viewers, self.reserve];
        let all = shares.iter().fold(self.always.saturating_add(1), |all, share| all.saturating_add(share.most));
        let enough = self.always.saturating_mul(5).max(5).min(all);
        (1..enough).rev().find(|limit| !self.holds(*limit)).map_or(1, |fails| fails + 1)
    }

    /// Whether every promise can be kept under this limit.
    pub fn holds(&self, limit: u64) -> bool {
        let promised = |class| match class {
            Class::Viewers => self.floor(class, limit).max(1),
            _ => self.floor(class, limit),
        };
        Class::ALL.into_iter().map(promised).fold(0, u64::saturating_add) <= limit
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn floors(limit: u64) -> Vec<u64> {
        Class::ALL.iter().map(|class| Plan::default().floor(*class, limit)).collect()
    }

    #[test]
    fn the_promises_fit_under_every_limit() {
        for limit in (0..5000).chain([20_000, 524_288, 1 << 20, 1 << 30, u64::MAX]) {
            assert!(floors(limit).iter().sum::<u64>() <= limit, "{limit}: {:?}", floors(limit));
        }
    }

    #[test]
    fn a_tiny_limit_gets_a_tiny_reserve_and_a_huge_one_no_more_than_256() {
        assert_eq!(floors(20), [4, 4, 4, 4, 4]);
        assert_eq!(floors(64), [12, 4, 8, 8, 12]);
        assert_eq!(floors(1024), [64, 64, 128, 128, 20]);
        assert_eq!(floors(1 << 30), [64, 1024, 4096, 4096, 256]);
    }

    #[test]
    fn viewers_get_most_of_a_common_limit() {
        assert_eq!(Plan::default().ceiling(Class::Viewers, 1024), 748);
        assert!(Plan::default().ceiling(Class::Viewers, 524_288) > 518_000);
        assert_eq!(Plan::viewers_only().ceiling(Class::Viewers, 20), 12);
    }

    #[test]
    fn what_is_needed_is_the_limit_from_which_on_each_one_holds() {
        for open in [3, 8, 20, 50, 200] {
            let plan = Plan::default().beside(open);
            let needed = plan.needed();
            assert!(!plan.holds(needed - 1), "{open}: {needed}");
            assert!((needed..5000).all(|limit| plan.holds(limit)), "{open}: {needed}");
        }
        assert!(Plan::default().beside(20).holds(64), "a hub starts at ulimit -n 64");
        assert!(Plan::viewers_only().beside(8).holds(20), "an echo server starts at ulimit -n 20");
    }

    #[test]
    fn what_is_needed_is_known_of_every_plan_however_much_it_promises() {
        let large = Share::new(2, 10_000, 20_000);
        let plan = Plan { links: large, tails: large, viewers: large, ..Plan::default() }.beside(10_000);
        let needed = plan.needed();
        assert!(!plan.holds(needed - 1) && (needed..200_000).all(|limit| plan.holds(limit)), "{needed}");
        for open in [1 << 40, u64::MAX / 4, u64::MAX] {
            let needed = Plan::default().beside(open).needed();
            assert!(needed >= open && needed - open < 20_000, "{open}: {needed}");
        }
    }

    #[test]
    fn what_is_always_open_leaves_so_many_fewer_for_viewers() {
        let plan = Plan { always: 13, ..Plan::default() }.beside(4);
        assert_eq!((plan.floor(Class::Fixed, 64), plan.floor(Class::Fixed, 1024)), (17, 64));
        assert_eq!(plan.ceiling(Class::Viewers, 64), 64 - 17 - 4 - 8 - 12);
        assert_eq!(plan.ceiling(Class::Viewers, 20), 0, "it does not start at such a limit");
    }
}
