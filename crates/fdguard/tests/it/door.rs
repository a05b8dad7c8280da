//! Who is no viewer is let in even when there is no room for viewers.

use std::io::Write;
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::time::Duration;

use tailcast_fdguard::{Accepted, Asked, Budget, Class, Listener, Plan, Refusal};
use tokio::io::AsyncReadExt;
use tokio::time::Instant;

use crate::books::Dial;
use crate::server::HUNG;

struct Porter;

impl Refusal for Porter {
    fn words(&self, asked: &Asked<'_>) -> Vec<u8> {
        [b"no room for ", asked.head].concat()
    }

    fn may_wait(&self, asked: &Asked<'_>) -> bool {
        asked.head.starts_with(b"part")
    }

    fn class(&self, asked: &Asked<'_>) -> Class {
        if asked.head.starts_with(b"link") { Class::Links } else { Class::Viewers }
    }
}

/// A listener whose viewers fill it, and these viewers.
async fn full() -> (Listener, Budget, Vec<(TcpStream, Accepted)>) {
    let budget = Budget::with_gauge(Plan::default(), Dial::at(64, 10)).unwrap();
    let here = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let mut listener = Listener::bind(here, budget.clone(), Porter).unwrap();
    let mut viewers = Vec::new();
    while let Ok(slot) = budget.take(Class::Viewers) {
        drop(slot);
        let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        viewers.push((client, listener.accept().await));
    }
    (listener, budget, viewers)
}

fn client(listener: &Listener, says: &[u8]) -> TcpStream {
    let mut stream = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    stream.set_read_timeout(Some(HUNG)).unwrap();
    stream.write_all(says).unwrap();
    stream
}

#[tokio::test]
async fn a_link_is_let_in_when_viewers_fill_the_house() {
    let (mut listener, _, _viewers) = full().await;
    let _agent = client(&listener, b"link from web1");
    let accepted = listener.accept().await;
    assert_eq!(accepted.slot.class(), Class::Links);
    let mut head = [0; 14];
    accepted.stream.readable().await.unwrap();
    assert_eq!(accepted.stream.try_read(&mut head).unwrap(), 14, "its request was looked at, not consumed");
}

#[tokio::test]
async fn whoever_has_been_idle_for_longest_makes_room_for_a_newcomer() {
    let (mut listener, budget, mut viewers) = full().await;
    let (first, second) = (viewers.remove(0), viewers.remove(0));
    let busy = viewers[0].1.slot.bell();
    busy.is_idle();
    let bell = second.1.slot.bell();
    bell.is_idle();
    first.1.slot.bell().is_idle();
    busy.is_busy();
    let leaving = tokio::spawn(async move {
        bell.rings().await;
        drop(second);
    });
    let _newcomer = client(&listener, b"GET / HTTP/1.1\r\n\r\n");
    assert_eq!(listener.accept().await.slot.class(), Class::Viewers);
    leaving.await.unwrap();
    let counts = budget.snapshot().counts;
    assert_eq!((counts.shed, counts.refused_full), (1, 0));
}

#[tokio::test]
async fn nobody_is_let_in_for_one_that_was_asked_to_go_and_stays() {
    let (mut listener, budget, viewers) = full().await;
    viewers[0].1.slot.bell().is_idle();
    let newcomer = client(&listener, b"GET /");
    assert_eq!(refused(&mut listener, newcomer).await, "no room for GET /");
    assert_eq!(budget.snapshot().counts.shed, 1);
}

#[tokio::test]
async fn who_may_wait_gets_the_place_of_the_next_one_who_leaves_or_is_idle() {
    let (mut listener, budget, mut viewers) = full().await;
    let _part = client(&listener, b"part of a page");
    let first = viewers.remove(0);
    let bell = first.1.slot.bell();
    let books = budget.clone();
    let leaving = tokio::spawn(async move {
        // Nobody is idle when it comes.
        while books.snapshot().counts.episodes == 0 {
            tokio::task::yield_now().await;
        }
        first.1.slot.bell().is_idle();
        bell.rings().await;
        drop(first);
    });
    assert_eq!(listener.accept().await.slot.class(), Class::Viewers);
    leaving.await.unwrap();
    assert_eq!(budget.snapshot().counts.refused(), 0);
}

/// Those who wait for a place have said who they are; who has not yet still finds a seat to say it from.
#[tokio::test(start_paused = true)]
async fn a_link_is_heard_also_while_as_many_as_can_wait_for_a_place() {
    let (mut listener, _, _viewers) = full().await;
    let _parts: Vec<_> = (0..8).map(|_| client(&listener, b"part of a page")).collect();
    tokio::time::timeout(Duration::from_millis(100), listener.accept()).await.unwrap_err();
    let agent = client(&listener, b"");
    let asking = tokio::spawn(async move {
        tokio::time::sleep(Duration::from_millis(5)).await;
        (&agent).write_all(b"link from web1").unwrap();
        agent
    });
    let accepted = tokio::time::timeout(Duration::from_secs(1), listener.accept()).await.expect("it is refused");
    assert_eq!(accepted.slot.class(), Class::Links);
    asking.await.unwrap();
}

#[tokio::test]
async fn links_that_have_had_their_share_are_refused_like_others() {
    let (mut listener, budget, _viewers) = full().await;
    let _links: Vec<_> = std::iter::from_fn(|| budget.take(Class::Links).ok()).collect();
    let agent = client(&listener, b"link from web1");
    assert_eq!(refused(&mut listener, agent).await, "no room for link from web1");
}

#[tokio::test]
async fn a_refusal_sees_what_was_asked() {
    let (mut listener, budget, _viewers) = full().await;
    let viewer = client(&listener, b"GET / HTTP/1.1\r\n\r\n");
    assert_eq!(refused(&mut listener, viewer).await, "no room for GET / HTTP/1.1\r\n\r\n");
    let counts = budget.snapshot().counts;
    assert_eq!((counts.refused_full, counts.unanswered(), counts.episodes), (1, 0, 1));
}

/// A browser connects when it guesses that it will ask, and asks when it knows what.
#[tokio::test(start_paused = true)]
async fn one_who_asks_late_is_heard_out_while_nobody_else_needs_the_seat() {
    let (mut listener, _, _viewers) = full().await;
    let late = client(&listener, b"");
    let mut asks = late.try_clone().unwrap();
    let asking = tokio::spawn(async move {
        tokio::time::sleep(Duration::from_millis(600)).await;
        asks.write_all(b"a page").unwrap();
    });
    assert_eq!(refused(&mut listener, late).await, "no room for a page");
    asking.await.unwrap();
}

/// More than there are seats, and their requests come one by one after all of them are connected.
#[tokio::test(start_paused = true)]
async fn of_a_crowd_each_is_heard_that_asks_within_a_moment() {
    let (mut listener, budget, _viewers) = full().await;
    let crowd: Vec<_> = (0..40).map(|_| client(&listener, b"")).collect();
    let asks: Vec<_> = crowd.iter().map(|stream| stream.try_clone().unwrap()).collect();
    let asking = tokio::spawn(async move {
        for mut stream in asks {
            tokio::time::sleep(Duration::from_millis(1)).await;
            stream.write_all(b"a stream").unwrap();
        }
    });
    assert_eq!(told_all(&mut listener, crowd).await, vec!["no room for a stream"; 40]);
    asking.await.unwrap();
    assert_eq!(budget.snapshot().counts.unanswered(), 0);
}

/// Those who only listen do not have the seats while others come: each gives up its seat to one who may speak.
#[tokio::test(start_paused = true)]
async fn who_says_nothing_gives_up_the_seat_to_the_next() {
    let (mut listener, _, _viewers) = full().await;
    let silent: Vec<_> = (0..300).map(|_| client(&listener, b"")).collect();
    let began = Instant::now();
    assert_eq!(told_all(&mut listener, silent).await, vec!["no room for "; 300]);
    // By the paused clock: 64 of them have their moment, and the last, whom nobody follows, as long as they like.
    assert!(began.elapsed() < Duration::from_millis(950), "{:?}", began.elapsed());
}

/// What each of them is told, while the listener does its work.
async fn told_all(listener: &mut Listener, streams: Vec<TcpStream>) -> Vec<String> {
    let reading: Vec<_> = streams.into_iter().map(|stream| tokio::spawn(read(stream))).collect();
    let all = async {
        let mut told = Vec::new();
        for one in reading {
            told.push(one.await.unwrap());
        }
        told
    };
    tokio::select! {
        accepted = listener.accept() => panic!("let in: {accepted:?}"),
        told = all => told,
    }
}

/// On the listener's own runtime, whose paused clock stands still while a thread is waited for.
async fn read(stream: TcpStream) -> String {
    stream.set_nonblocking(true).unwrap();
    let (mut stream, mut words) = (tokio::net::TcpStream::from_std(stream).unwrap(), String::new());
    tokio::time::timeout(HUNG, stream.read_to_string(&mut words)).await.expect("it hangs").unwrap();
    words
}

async fn refused(listener: &mut Listener, stream: TcpStream) -> String {
    told_all(listener, vec![stream]).await.remove(0)
}
