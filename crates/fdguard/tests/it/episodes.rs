//! When refusing is over: told by itself, and not by the next one who comes.

use std::net::TcpStream;
use std::time::Duration;

use rustix::io::Errno;
use tailcast_fdguard::{Asked, Budget, Class, Listener, Plan, Slot};
use tokio::time::timeout;

use crate::books::Dial;
use crate::faults::{Script, connection};
use crate::lines::Lines;

/// A full house, and a client at its door.
struct Full {
    listener: Listener<Script>,
    budget: Budget,
    inside: Vec<Slot>,
    clients: Vec<TcpStream>,
    source: Script,
}

impl Full {
    fn new() -> Self {
        let (server, client) = connection();
        let source = Script::new([Ok(server)], Errno::AGAIN);
        let budget = Budget::with_gauge(Plan::viewers_only(), Dial::at(64, 10)).unwrap();
        let inside = std::iter::from_fn(|| budget.take(Class::Viewers).ok()).collect();
        let listener = Listener::with_source(source.clone(), budget.clone(), |_: &Asked<'_>| b"busy\n".to_vec());
        Self { listener, budget, inside, clients: vec![client], source }
    }

    fn one_more_comes(&mut self) {
        let (server, client) = connection();
        self.source.comes(server);
        self.clients.push(client);
    }

    /// Nobody is let in for so long.
    async fn seconds(&mut self, seconds: u64) {
        timeout(Duration::from_secs(seconds), self.listener.accept()).await.unwrap_err();
    }
}

#[tokio::test(start_paused = true)]
async fn that_it_is_over_is_told_though_nobody_comes_any_more() {
    let lines = Lines::default();
    let _logging = tracing::subscriber::set_default(lines.clone());
    let mut house = Full::new();
    house.seconds(5).await;
    house.inside.clear();
    house.seconds(4).await;
    assert_eq!(lines.written().len(), 1, "one may come again: {:?}", lines.written());
    house.seconds(2).await;
    let written = lines.written();
    assert_eq!(written.len(), 2, "{written:?}");
    assert!(written[1].contains("no longer refusing") && written[1].contains("refused=1 "), "{written:?}");
    house.seconds(3600).await;
    assert_eq!(lines.written().len(), 2, "once is enough: {:?}", lines.written());
}

#[tokio::test(start_paused = true)]
async fn a_house_that_is_full_still_refuses_also_while_nobody_stands_at_its_door() {
    let lines = Lines::default();
    let _logging = tracing::subscriber::set_default(lines.clone());
    let mut house = Full::new();
    house.seconds(60).await;
    assert_eq!(lines.written().len(), 1, "{:?}", lines.written());
    house.one_more_comes();
    house.seconds(60).await;
    let written = lines.written();
    assert_eq!(written.len(), 2, "{written:?}");
    assert!(written[1].contains("still refusing") && written[1].contains("seconds=60 "), "{written:?}");
    assert_eq!(house.budget.snapshot().counts.episodes, 1);
    house.inside.clear();
    house.seconds(2).await;
    let written = lines.written();
    assert!(written.len() == 3 && written[2].contains("no longer refusing"), "{written:?}");
}

#[tokio::test(start_paused = true)]
async fn it_is_told_also_when_the_limit_was_raised_from_outside() {
    let lines = Lines::default();
    let _logging = tracing::subscriber::set_default(lines.clone());
    let dial = Dial::at(64, 10);
    let (server, _client) = connection();
    let source = Script::new([Ok(server)], Errno::AGAIN);
    let budget = Budget::with_gauge(Plan::viewers_only(), dial.clone()).unwrap();
    let _inside: Vec<_> = std::iter::from_fn(|| budget.take(Class::Viewers).ok()).collect();
    let mut listener = Listener::with_source(source, budget, |_: &Asked<'_>| b"busy\n".to_vec());
    timeout(Duration::from_secs(30), listener.accept()).await.unwrap_err();
    dial.soft.store(1000, std::sync::atomic::Ordering::SeqCst);
    timeout(Duration::from_secs(2), listener.accept()).await.unwrap_err();
    let written = lines.written();
    assert!(written.last().is_some_and(|last| last.contains("no longer refusing")), "{written:?}");
}
