//! Who holds how many connections: so that no single address takes the room of all.
//!
//! A bound that bites only as room becomes scarce: of `n` connections from one address the next is let in while `n` is less than three
//! times what is still free for all. So somebody alone may take three quarters of the room, be it a company behind one NAT, and the rest
//! stays for others; a second one that is as greedy takes from the first one's part and not from the last quarter of a third one
//! ("dynamic threshold", Choudhury and Hahne 1998). A plan may bound each address by a number besides.
//!
//! One address is an IPv4 address, or the /64 of an IPv6 address: that is what a single machine has to choose from. It refuses
//! to know who stands behind an address; a proxy speaks for many, and whoever reads its requests says for whom
//! ([`Bell::serves`](crate::Bell::serves)).

use std::collections::HashMap;
use std::fmt;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// One address may hold up to so many times what is free.
const TIMES_FREE: u64 = 3;

/// What counts as one.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) struct Network(IpAddr);

impl Network {
    pub(crate) fn of(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(v4) => Self(v4.into()),
            IpAddr::V6(v6) => Self(Ipv6Addr::from_bits(v6.to_bits() >> 64 << 64).into()),
        }
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            IpAddr::V4(v4) => v4.fmt(f),
            IpAddr::V6(v6) => write!(f, "{v6}/64"),
        }
    }
}

/// One address holds so many that the next is refused, although there is room for others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{network} has {held} connections open already and has had its part; {left} places are left")]
pub struct Crowded {
    network: Network,
    held: u64,
    left: u64,
}

impl Crowded {
    /// How many connections of that address are open.
    pub fn held(&self) -> u64 {
        self.held
    }
}

/// The connections of each address. Bound: there are as many as slots are out.
#[derive(Debug, Default)]
pub(crate) struct Addresses(Mutex<HashMap<Network, u64>>);

impl Addresses {
    /// One more for this address, if it holds less than `most` and less than what `free` places, that for this one included, allow.
    pub(crate) fn enter(&self, network: Network, free: u64, most: u64) -> Result<(), Crowded> {
        let mut addresses = self.lock();
        let held = addresses.get(&network).copied().unwrap_or(0);
        if held >= most.min(free.saturating_mul(TIMES_FREE)) {
            return Err(Crowded { network, held, left: free });
        }
        addresses.insert(network, held + 1);
        Ok(())
    }

    pub(crate) fn leave(&self, network: Network) {
        let mut addresses = self.lock();
        if let Some(held) = addresses.get_mut(&network) {
            *held -= 1;
            if *held == 0 {
                addresses.remove(&network);
            }
        }
    }

    /// How many the one that holds most holds.
    pub(crate) fn most(&self) -> u64 {
        self.lock().values().copied().max().unwrap_or(0)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Network, u64>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn network(address: &str) -> Network {
        Network::of(address.parse().unwrap())
    }

    /// As many as one address gets after another, of `room` places.
    fn shares(room: u64, addresses: &[&str]) -> Vec<u64> {
        let (all, mut free) = (Addresses::default(), room);
        let greedy = |address: &&str| {
            let before = free;
            while all.enter(network(address), free, u64::MAX).is_ok() {
                free -= 1;
            }
            before - free
        };
        addresses.iter().map(greedy).collect()
    }

    #[test]
    fn one_alone_gets_three_quarters_and_each_further_one_three_quarters_of_what_is_left() {
        assert_eq!(shares(748, &["192.0.2.1", "192.0.2.2", "192.0.2.3"]), [561, 141, 35]);
        assert_eq!(shares(4, &["192.0.2.1", "192.0.2.2"]), [3, 1]);
    }

    #[test]
    fn whoever_holds_little_gets_the_very_last_place() {
        let addresses = Addresses::default();
        assert!(addresses.enter(network("192.0.2.1"), 1, u64::MAX).is_ok());
        assert!(addresses.enter(network("192.0.2.2"), 0, u64::MAX).is_err());
    }

    #[test]
    fn a_number_bounds_an_address_however_much_is_free() {
        let addresses = Addresses::default();
        let taken = (0..10).filter(|_| addresses.enter(network("192.0.2.1"), 1000, 4).is_ok()).count();
        assert_eq!((taken, addresses.most()), (4, 4));
        addresses.leave(network("192.0.2.1"));
        assert!(addresses.enter(network("192.0.2.1"), 1000, 4).is_ok());
    }

    #[test]
    fn a_machine_with_a_whole_ipv6_network_is_one_and_a_mapped_address_is_the_ipv4_address_that_it_is() {
        assert_eq!(network("2001:db8::1"), network("2001:db8::ffff:1:2:3"));
        assert_ne!(network("2001:db8::1"), network("2001:db8:0:1::1"));
        assert_eq!(network("::ffff:192.0.2.1"), network("192.0.2.1"));
        assert_eq!(network("2001:db8::1").to_string(), "2001:db8::/64");
    }

    #[test]
    fn who_has_left_is_forgotten() {
        let addresses = Addresses::default();
        addresses.enter(network("192.0.2.1"), 9, u64::MAX).unwrap();
        addresses.leave(network("192.0.2.1"));
        assert!(addresses.lock().is_empty());
    }
}
