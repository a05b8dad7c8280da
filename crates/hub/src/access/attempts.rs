//! How often one client may try a password: five at once, then one every twelve seconds.
//!
//! Per client is the real one (see `client_ip`); an IPv6 client owns its /64, so that is what counts. The rule is the
//! generic cell rate algorithm: one instant per client says it all, and a client whose instant has passed needs no
//! memory.
//!
//! Bound: 1,024 clients. Policy: those that need no memory go first; when all of them do, further clients share one
//! place among them, which slows guessing from a million addresses down to the pace of one. Counter:
//! [`Attempts::crowded`].

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Clients that are remembered: some 64 KiB.
const CLIENTS: usize = 1024;
/// One more attempt is earned in this time.
const EVERY: Duration = Duration::from_secs(12);
/// Attempts that a client who has been quiet may make at once.
const AT_ONCE: u32 = 5;

/// Whose attempts are counted together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Client {
    One(IpAddr),
    /// All for whom there was no place.
    TheRest,
}

/// The table of who tried lately.
#[derive(Default)]
pub(super) struct Attempts {
    /// For each client the instant at which all of its attempts are earned again.
    clear_at: Mutex<HashMap<Client, Instant>>,
    crowded: AtomicU64,
}

impl Attempts {
    /// Takes one attempt, or says how long to wait.
    pub(super) fn take(&self, client: IpAddr, now: Instant) -> Result<(), Duration> {
        let mut table = self.clear_at.lock().unwrap_or_else(PoisonError::into_inner);
        let client = self.place(&mut table, own(client), now);
        let clear_at = table.get(&client).map_or(now, |&at| at.max(now));
        let owed = clear_at - now;
        let allowed = EVERY * (AT_ONCE - 1);
        if owed > allowed {
            return Err(owed - allowed);
        }
        table.insert(client, clear_at + EVERY);
        Ok(())
    }

    /// The client knew the password: its mistypings are forgiven.
    pub(super) fn forgive(&self, client: IpAddr) {
        self.clear_at.lock().unwrap_or_else(PoisonError::into_inner).remove(&own(client));
    }

    /// How many attempts shared the place of those for whom there was none.
    pub(super) fn crowded(&self) -> u64 {
        self.crowded.load(Ordering::Relaxed)
    }

    fn place(&self, table: &mut HashMap<Client, Instant>, client: Client, now: Instant) -> Client {
        if table.contains_key(&client) || table.len() < CLIENTS {
            return client;
        }
        table.retain(|_, clear_at| *clear_at > now);
        if table.len() < CLIENTS {
            return client;
        }
        self.crowded.fetch_add(1, Ordering::Relaxed);
        Client::TheRest
    }
}

fn own(client: IpAddr) -> Client {
    Client::One(match client {
        IpAddr::V4(_) => client,
        IpAddr::V6(ip) => Ipv6Addr::from_bits(ip.to_bits() & !u128::from(u64::MAX)).into(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn v4(number: u32) -> IpAddr {
        std::net::Ipv4Addr::from_bits(number).into()
    }

    #[test]
    fn five_at_once_then_one_each_twelve_seconds() {
        let (attempts, start) = (Attempts::default(), Instant::now());
        for _ in 0..AT_ONCE {
            assert_eq!(attempts.take(v4(1), start), Ok(()));
        }
        assert_eq!(attempts.take(v4(1), start), Err(EVERY));
        assert_eq!(attempts.take(v4(1), start + EVERY / 2), Err(EVERY / 2));
        assert_eq!(attempts.take(v4(1), start + EVERY), Ok(()));
        assert_eq!(attempts.take(v4(1), start + EVERY), Err(EVERY));
        assert_eq!(attempts.take(v4(2), start), Ok(()));
    }

    #[test]
    fn who_knew_the_password_starts_anew() {
        let (attempts, start) = (Attempts::default(), Instant::now());
        (0..AT_ONCE).for_each(|_| assert_eq!(attempts.take(v4(1), start), Ok(())));
        attempts.forgive(v4(1));
        assert_eq!(attempts.take(v4(1), start), Ok(()));
    }

    #[test]
    fn all_addresses_of_one_network_of_ipv6_are_one_client() {
        let (attempts, start) = (Attempts::default(), Instant::now());
        for host in 0..AT_ONCE {
            let ip = format!("2001:db8::{host:x}").parse().expect("an address");
            assert_eq!(attempts.take(ip, start), Ok(()));
        }
        assert!(attempts.take("2001:db8::ffff".parse().expect("one"), start).is_err());
        assert!(attempts.take("2001:db8:0:1::1".parse().expect("one"), start).is_ok());
    }

    #[test]
    fn a_crowd_shares_one_place_until_there_is_room_again() {
        let (attempts, start) = (Attempts::default(), Instant::now());
        for client in 0..CLIENTS as u32 {
            assert_eq!(attempts.take(v4(client), start), Ok(()));
        }
        let refused = (0..20).filter(|&client| attempts.take(v4(9000 + client), start).is_err()).count();
        assert_eq!(refused, 15);
        assert_eq!(attempts.crowded(), 20);
        assert!(attempts.clear_at.lock().expect("unpoisoned").len() <= CLIENTS + 1);
        assert_eq!(attempts.take(v4(9999), start + EVERY), Ok(()));
    }
}
