//! No address takes the room of all: real connections from several addresses of the loopback network.

use std::io::Write as _;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use tailcast_fdguard::{Accepted, Asked, Budget, Class, Listener, Plan, Refusal};
use tokio::io::AsyncReadExt as _;
use tokio::net::{TcpSocket, TcpStream};

use crate::books::Dial;
use crate::server::HUNG;

/// The one that speaks for many here.
const PROXY: u8 = 9;

struct Porter;

impl Refusal for Porter {
    fn words(&self, asked: &Asked<'_>) -> Vec<u8> {
        asked.reason.to_string().into_bytes()
    }

    fn class(&self, asked: &Asked<'_>) -> Class {
        if asked.head.starts_with(b"link") { Class::Links } else { Class::Viewers }
    }

    fn speaks_for_many(&self, address: IpAddr) -> bool {
        address == address_of(PROXY)
    }
}

fn address_of(host: u8) -> IpAddr {
    Ipv4Addr::new(127, 0, 0, host).into()
}

/// A house with room for 28 viewers, while no link and no tail needs more than it is promised.
fn house(plan: Plan) -> (Listener, Budget) {
    let budget = Budget::with_gauge(plan, Dial::at(64, 12)).unwrap();
    let listener = Listener::bind((Ipv4Addr::UNSPECIFIED, 0).into(), budget.clone(), Porter).unwrap();
    (listener, budget)
}

async fn connect(listener: &Listener, host: u8) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(SocketAddr::new(address_of(host), 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    socket.connect((Ipv4Addr::LOCALHOST, port).into()).await.unwrap()
}

/// What became of one who comes from an address and says something.
async fn visit(listener: &mut Listener, host: u8, says: &[u8]) -> Result<(TcpStream, Accepted), String> {
    let mut client = connect(listener, host).await.into_std().unwrap();
    client.write_all(says).unwrap();
    let mut client = TcpStream::from_std(client).unwrap();
    let mut words = String::new();
    tokio::select! {
        accepted = listener.accept() => Ok((client, accepted)),
        told = tokio::time::timeout(HUNG, client.read_to_string(&mut words)) => {
            told.unwrap().unwrap();
            Err(words)
        }
    }
}

/// As many as come in from one address until one is refused, and the words for that one.
async fn crowd(listener: &mut Listener, host: u8) -> (Vec<(TcpStream, Accepted)>, String) {
    let mut inside = Vec::new();
    loop {
        match visit(listener, host, b"GET / HTTP/1.1\r\n\r\n").await {
            Ok(visitor) => inside.push(visitor),
            Err(words) => return (inside, words),
        }
    }
}

#[tokio::test]
async fn one_address_gets_three_quarters_of_the_room_and_others_get_in_after_it() {
    let (mut listener, budget) = house(Plan::default());
    let (first, words) = crowd(&mut listener, 2).await;
    assert_eq!((first.len(), words.as_str()), (21, "too many connections come from one address"));
    let (second, words) = crowd(&mut listener, 3).await;
    assert_eq!((second.len(), words.as_str()), (6, "too many connections come from one address"));
    let _third = visit(&mut listener, 4, b"GET /").await.unwrap();
    let full = visit(&mut listener, 5, b"GET /").await.unwrap_err();
    assert_eq!(full, "the budget of descriptors is used up");
    let now = budget.snapshot();
    assert_eq!((now.counts.refused_crowded, now.counts.refused_full, now.most_per_address), (2, 1, 21));
    assert_eq!(now.counts.episodes, 2, "one for each reason");
}

#[tokio::test]
async fn who_leaves_makes_room_for_the_next_of_the_same_address() {
    let (mut listener, budget) = house(Plan::default());
    let (mut first, _) = crowd(&mut listener, 2).await;
    first.truncate(10);
    let (again, _) = crowd(&mut listener, 2).await;
    assert_eq!((first.len() + again.len(), budget.snapshot().most_per_address), (21, 21));
    drop((first, again));
    assert_eq!(budget.snapshot().most_per_address, 0, "somebody who has gone is still counted");
}

#[tokio::test]
async fn a_number_bounds_an_address_however_much_room_there_is() {
    let (mut listener, _) = house(Plan { per_address: 5, ..Plan::default() });
    let (first, words) = crowd(&mut listener, 2).await;
    assert_eq!((first.len(), words.as_str()), (5, "too many connections come from one address"));
    assert_eq!(crowd(&mut listener, 3).await.0.len(), 5);
}

#[tokio::test]
async fn one_that_speaks_for_many_fills_the_house() {
    let (mut listener, _) = house(Plan { per_address: 5, ..Plan::default() });
    let (inside, words) = crowd(&mut listener, PROXY).await;
    assert_eq!((inside.len(), words.as_str()), (28, "the budget of descriptors is used up"));
}

#[tokio::test]
async fn a_link_is_let_in_from_an_address_with_many_viewers_and_counts_as_none() {
    let (mut listener, budget) = house(Plan { per_address: 2, ..Plan::default() });
    let (_inside, _) = crowd(&mut listener, 2).await;
    let (_agent, link) = visit(&mut listener, 2, b"link from web1").await.unwrap();
    assert_eq!((link.slot.class(), budget.snapshot().most_per_address), (Class::Links, 2));
    // One that is let in as a viewer, and turns out to be a link later.
    let (_agent, mut link) = visit(&mut listener, 3, b"GET /").await.unwrap();
    link.slot.become_one_of(Class::Links).unwrap();
    assert_eq!(crowd(&mut listener, 3).await.0.len(), 2);
}

#[tokio::test]
async fn the_clients_of_a_proxy_are_bound_each_for_itself_and_only_while_they_have_something_open() {
    let (mut listener, budget) = house(Plan { per_address: 2, ..Plan::default() });
    let (inside, _) = crowd(&mut listener, PROXY).await;
    let bells: Vec<_> = inside.iter().map(|(_, accepted)| accepted.slot.bell()).collect();
    let client = |host: u8| IpAddr::from([192, 0, 2, host]);
    bells[0].serves(client(1)).unwrap();
    bells[1].serves(client(1)).unwrap();
    bells[1].serves(client(1)).unwrap();
    let crowded = bells[2].serves(client(1)).unwrap_err();
    assert_eq!((crowded.held(), budget.snapshot().counts.refused_crowded), (2, 1));
    bells[2].serves(client(2)).unwrap();
    bells[0].is_idle();
    bells[3].serves(client(1)).unwrap();
    // The next request on a connection may be another client's.
    bells[3].serves(client(2)).unwrap();
    bells[4].serves(client(1)).unwrap();
    drop(inside);
    bells[5].serves(client(1)).unwrap();
    assert_eq!(budget.snapshot().most_per_address, 0, "one whose connection has gone is counted");
}

#[tokio::test]
async fn for_one_whose_address_has_its_part_nobody_idle_has_to_go() {
    let (mut listener, budget) = house(Plan { per_address: 2, ..Plan::default() });
    let (_client, other) = visit(&mut listener, 3, b"GET /").await.unwrap();
    other.slot.bell().is_idle();
    crowd(&mut listener, 2).await;
    assert_eq!(budget.snapshot().counts.shed, 0);
}
