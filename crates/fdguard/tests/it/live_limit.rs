//! `prlimit` on a running server: it takes effect, in both directions, and nobody falls over.

use crate::server::{Outcome, Server, knock, served_and_refused};

#[test]
fn a_limit_lowered_from_outside_refuses_and_one_raised_again_serves() {
    let mut server = Server::under("ulimit -n 64");
    let old: Vec<_> = (0..5).map(|_| server.visit_until_served()).collect();
    server.set_soft_limit(server.open_files() as u64 + 3);
    // The books may be a millisecond old; from the first refusal on they are not.
    while matches!(server.visit(), Outcome::Served(_)) {}
    assert_eq!(served_and_refused(&server.visits(20)), (0, 20));
    server.set_soft_limit(64);
    let _new = server.visit_until_served();
    drop(old);
    assert!(server.is_alive());
}

#[test]
fn places_under_a_lowered_limit_are_had_though_more_than_that_are_open() {
    let mut server = Server::under("ulimit -n 64");
    let base = server.open_files();
    let mut old: Vec<_> = (0..35).map(|_| server.visit_until_served()).collect();
    // Those who came first have the low numbers, and go: as many below the limit are free, while more than it allows are open.
    drop(old.drain(..15));
    server.await_open_files(base + 20);
    let limit = base + 16;
    server.set_soft_limit(limit as u64);
    let _new = server.visit_until_served();
    assert!(server.open_files() > limit, "{}", server.open_files());
    drop(old);
    assert!(server.is_alive());
}

#[test]
fn inherited_descriptors_with_high_numbers_take_no_place() {
    let high = "for fd in {100..115}; do eval \"exec $fd</dev/null\"; done; ulimit -n 64";
    let mut server = Server::under(high);
    let outcomes = server.visits(60);
    let (served, refused) = served_and_refused(&outcomes);
    // Of 64 some 24 are always open or promised to others; with these 16 there would be room for 25.
    assert!(served > 30 && refused > 0, "{served} {refused}");
    assert!(server.is_alive());
}

#[test]
fn a_limit_below_what_is_open_is_answered_out_of_the_spare_descriptor() {
    let mut server = Server::under("ulimit -n 64");
    let old: Vec<_> = (0..12).map(|_| server.visit_until_served()).collect();
    // Above the number of the spare descriptor, below those of the clients: a new one gets EMFILE.
    let base = server.open_files() as u64 - 12;
    server.set_soft_limit(base + 1);
    let outcomes = server.visits(100);
    assert_eq!(served_and_refused(&outcomes), (0, 100));
    let by_the_kernel = |outcome: &&Outcome| matches!(outcome, Outcome::Refused(words) if words.contains("kernel"));
    assert!(outcomes.iter().filter(by_the_kernel).count() > 0, "{outcomes:?}");
    drop(old);
    server.set_soft_limit(64);
    server.visit_until_served();
    assert!(server.is_alive());
}

#[test]
fn a_spare_descriptor_that_a_low_limit_took_is_held_again_under_a_higher_one() {
    let server = Server::under("ulimit -n 64");
    let base = server.open_files();
    // Below every number that it has: the spare one is given up for nothing, and cannot be opened again.
    server.set_soft_limit(1);
    let waiting = knock(server.address);
    server.await_open_files(base - 1);
    server.set_soft_limit(64);
    drop((waiting, server.visit_until_served()));
    server.await_open_files(base);
}
