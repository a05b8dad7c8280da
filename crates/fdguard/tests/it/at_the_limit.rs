//! `ulimit -n 20`, and more clients than fit: served or refused in words, never silence.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use crate::server::{HUNG, Outcome, Server, knock, served_and_refused};

#[test]
fn sixteen_clients_at_a_limit_of_twenty_are_served_or_told() {
    let mut server = Server::under("ulimit -n 20");
    let outcomes = server.visits(16);
    let (served, refused) = served_and_refused(&outcomes);
    assert!(served > 0, "nobody was served");
    assert!(refused > 0, "more were served than fit");
    assert!(server.is_alive());
}

/// The figures of the README: `cargo nextest run -p tailcast-fdguard --no-capture a_naive_server`. A busy machine gives the naive one less
/// of a core, and the guarded one no more.
#[test]
fn sixteen_clients_cost_a_naive_server_much_of_a_core_and_a_guarded_one_next_to_nothing() {
    let [naive, guarded] = [Server::naive, Server::under].map(|start| {
        let server = start("ulimit -n 20");
        let clients: Vec<_> = (0..16).map(|_| knock(server.address)).collect();
        let (began, before) = (Instant::now(), server.cpu());
        std::thread::sleep(Duration::from_secs(3));
        let spent = server.cpu() - before;
        let share = spent.as_secs_f64() / began.elapsed().as_secs_f64();
        drop(clients);
        (spent, share * 100.0)
    });
    eprintln!("16 clients at `ulimit -n 20`: naive {:.1} % of a core, guarded {:.1} %", naive.1, guarded.1);
    assert!(guarded.0 < naive.0, "{guarded:?} {naive:?}");
}

#[test]
fn two_hundred_clients_at_a_limit_of_twenty_are_served_or_told() {
    let mut server = Server::under("ulimit -n 20");
    let outcomes = server.visits(200);
    let (served, _) = served_and_refused(&outcomes);
    assert!(served > 0, "nobody was served");
    assert!(server.is_alive());
}

#[test]
fn the_old_clients_lose_nothing_while_others_are_refused() {
    let server = Server::under("ulimit -n 20");
    let served = |outcome| if let Outcome::Served(stream) = outcome { Some(stream) } else { None };
    let mut old: Vec<_> = server.visits(16).into_iter().filter_map(served).collect();
    // Seven where the runtime has no signals built in; those are three descriptors that it opens whether or not anybody
    // listens for one, and the programs of a workspace are built with what any of them asks for.
    assert!((4..=7).contains(&old.len()), "{} are served", old.len());
    std::thread::scope(|scope| {
        let crowd = scope.spawn(|| (0..20).map(|_| served_and_refused(&server.visits(40)).1).sum::<usize>());
        let mut message = 0_u32;
        while !crowd.is_finished() {
            message += 1;
            old.iter_mut().for_each(|stream| say(stream, message));
        }
        assert!(crowd.join().unwrap() > 0, "nobody was refused");
    });
}

#[test]
fn once_all_have_left_a_new_client_is_served() {
    let server = Server::under("ulimit -n 20");
    let (_, refused) = served_and_refused(&server.visits(40));
    assert!(refused > 0);
    server.visit_until_served();
}

#[test]
fn a_client_that_only_listens_is_told_too() {
    let server = Server::under("ulimit -n 20");
    let _served: Vec<_> = server.visits(20);
    let silent: Vec<_> = (0..20).map(|_| TcpStream::connect(server.address).unwrap()).collect();
    for mut stream in silent {
        stream.set_read_timeout(Some(HUNG)).unwrap();
        let mut words = String::new();
        stream.read_to_string(&mut words).unwrap();
        assert!(words.starts_with("busy: "), "{words:?}");
    }
}

#[test]
fn the_words_say_why() {
    let server = Server::under("ulimit -n 20");
    let outcomes = server.visits(20);
    let words = outcomes.iter().find_map(|outcome| match outcome {
        Outcome::Refused(words) => Some(words.as_str()),
        _ => None,
    });
    assert_eq!(words, Some("busy: the budget of descriptors is used up, try again in a second\n"));
}

#[test]
fn ten_thousand_clients_come_and_go_and_nothing_stays_open() {
    let server = Server::under("ulimit -n 64");
    let base = server.open_files();
    for _ in 0..10_000 {
        drop(knock(server.address));
    }
    server.await_open_files(base);
}

/// One message there and back.
fn say(stream: &mut TcpStream, message: u32) {
    let said = message.to_be_bytes();
    stream.write_all(&said).unwrap();
    let mut heard = [0; 4];
    stream.read_exact(&mut heard).unwrap();
    assert_eq!(said, heard);
}
