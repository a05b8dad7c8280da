//! What a hub and an agent always have open, told before it is: a budget is divided, and a limit refused that is too low, before
//! the first of it is opened. So the number that a start says it needs is the number that it needs.
//!
//! Told by hand, and held against the real thing by the tests of the whole program (`starts`). Refuses nothing.

use tailcast_fdguard::Plan;

/// With what a program begins that nobody handed anything more: the standard streams. And the view of `/proc/self/fd`.
pub(crate) const AT_THE_START: u64 = 4;

/// The runtime: two views of epoll, and what wakes it.
const RUNTIME: u64 = 3;
/// What a signal is written into, and both views of where it is read.
const SIGNALS: u64 = 3;
/// inotify and what wakes its reader, from the first followed log on.
const WATCH: u64 = 2;
/// A listening socket and its spare descriptor.
const DOOR: u64 = 2;
/// The kernel's word on who is at the other end of a connection.
const NETLINK: u64 = 1;
/// To a hub.
const LINK: u64 = 1;
/// To a broker: one connection to publish over and one to subscribe.
const BROKER: u64 = 2;

/// A hub with an agent of its own: a door for everybody and one for its administrator.
pub(crate) fn hub(is_clustered: bool) -> Plan {
    let broker = if is_clustered { BROKER } else { 0 };
    Plan { always: RUNTIME + SIGNALS + WATCH + NETLINK + 2 * DOOR + broker, ..Plan::default() }
}

/// An agent, and its link.
pub(crate) fn agent() -> Plan {
    Plan { always: RUNTIME + SIGNALS + WATCH + LINK, ..Plan::tails_only() }
}

/// A hub for as long as one looks at files here: its runtime is there already.
pub(crate) fn here() -> Plan {
    Plan { always: WATCH + NETLINK + DOOR, ..Plan::default() }
}
