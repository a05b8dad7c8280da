//! Errors of `accept(2)`, one after the other, with the clock paused: how often it tries, and what ends a pause.

use std::collections::VecDeque;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rustix::io::Errno;
use tailcast_fdguard::{Accept, Asked, Budget, Class, Listener, Plan};
use tokio::time::{Instant, timeout};

use crate::books::Dial;
use crate::lines::Lines;

/// Plays a list of results, then the last error for ever; where that is that nobody is there, it waits for ever.
#[derive(Clone)]
pub(crate) struct Script {
    results: Arc<Mutex<VecDeque<Result<TcpStream, Errno>>>>,
    then: Errno,
    tries: Arc<AtomicUsize>,
}

impl Script {
    pub(crate) fn new(results: impl IntoIterator<Item = Result<TcpStream, Errno>>, then: Errno) -> Self {
        Self { results: Arc::new(Mutex::new(results.into_iter().collect())), then, tries: Arc::default() }
    }

    /// One more result, to be played when its turn comes; whoever waits for ever by then does not see it.
    pub(crate) fn comes(&self, server: TcpStream) {
        self.results.lock().unwrap().push_back(Ok(server));
    }

    fn guarded(&self) -> (Listener<Self>, Budget) {
        let budget = Budget::with_gauge(Plan::viewers_only(), Dial::at(64, 10)).unwrap();
        let listener = Listener::with_source(self.clone(), budget.clone(), |_: &Asked<'_>| b"busy\n".to_vec());
        (listener, budget)
    }
}

impl Accept for Script {
    async fn ready(&self) -> io::Result<()> {
        if self.then == Errno::AGAIN && self.results.lock().unwrap().is_empty() {
            std::future::pending::<()>().await;
        }
        Ok(())
    }

    fn take(&self) -> io::Result<(TcpStream, SocketAddr)> {
        self.tries.fetch_add(1, SeqCst);
        let stream = self.results.lock().unwrap().pop_front().unwrap_or(Err(self.then))?;
        // One that was reset meanwhile has none any more.
        let peer = stream.peer_addr().unwrap_or(SocketAddr::from((Ipv4Addr::LOCALHOST, 1)));
        Ok((stream, peer))
    }
}

/// The server's end of a connection, and the client's.
pub(crate) fn connection() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let server = listener.accept().unwrap().0;
    server.set_nonblocking(true).unwrap();
    (server, client)
}

#[tokio::test(start_paused = true)]
async fn running_out_in_any_of_its_four_names_never_spins() {
    for errno in [Errno::MFILE, Errno::NFILE, Errno::NOBUFS, Errno::NOMEM, Errno::IO] {
        let script = Script::new([], errno);
        let (mut listener, budget) = script.guarded();
        timeout(Duration::from_secs(60), listener.accept()).await.unwrap_err();
        // At the longest pause there are ten rounds a second, each of one try, and one with the spare descriptor.
        let tries = script.tries.load(SeqCst);
        assert!((500..1300).contains(&tries), "{errno}: {tries} tries in a minute");
        let counts = budget.snapshot().counts;
        let errors = counts.accept_errors;
        assert!(errors.emfile + errors.enfile + errors.enobufs + errors.enomem + errors.other >= 500, "{errors:?}");
        assert_eq!(counts.episodes, 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_minute_at_the_limit_is_a_handful_of_log_lines() {
    let lines = Lines::default();
    let _logging = tracing::subscriber::set_default(lines.clone());
    let (mut listener, _) = Script::new([], Errno::MFILE).guarded();
    timeout(Duration::from_secs(60), listener.accept()).await.unwrap_err();
    let written = lines.written().len();
    assert!((2..=7).contains(&written), "{written} lines");
}

#[test]
fn a_limit_that_is_changed_from_outside_is_told_once_each_way() {
    let lines = Lines::default();
    let _logging = tracing::subscriber::set_default(lines.clone());
    let dial = Dial::at(1000, 10);
    let limit = Arc::clone(&dial.soft);
    let budget = Budget::with_gauge(Plan::viewers_only(), dial).unwrap();
    for soft in [1000, 100, 100, 900, 900] {
        limit.store(soft, SeqCst);
        assert_eq!(budget.snapshot().soft, soft);
    }
    let written = lines.written();
    assert_eq!(written.len(), 2, "{written:?}");
    assert!(written[0].contains("lowered from outside") && written[0].contains("now=100"), "{written:?}");
    assert!(written[1].contains("raised from outside") && written[1].contains("now=900"), "{written:?}");
}

#[tokio::test(start_paused = true)]
async fn one_bad_socket_is_skipped_without_a_pause() {
    let (server, _client) = connection();
    let bad = [Errno::CONNABORTED, Errno::PROTO, Errno::PERM, Errno::HOSTUNREACH];
    let script = Script::new(bad.into_iter().map(Err).chain([Ok(server)]), Errno::AGAIN);
    let (mut listener, budget) = script.guarded();
    let began = Instant::now();
    listener.accept().await;
    assert_eq!(began.elapsed(), Duration::ZERO);
    let counts = budget.snapshot().counts;
    assert_eq!((counts.accepted, counts.accept_errors.econnaborted, counts.accept_errors.eproto), (1, 1, 1));
    assert_eq!((counts.accept_errors.other, counts.episodes), (2, 0));
}

#[tokio::test(start_paused = true)]
async fn a_pause_ends_when_a_slot_is_returned() {
    let (server, _client) = connection();
    // The try, the one with the spare descriptor, and then there is room.
    let script = Script::new([Err(Errno::MFILE), Err(Errno::MFILE), Ok(server)], Errno::MFILE);
    let (mut listener, budget) = script.guarded();
    let held = budget.take(Class::Viewers).unwrap();
    let began = Instant::now();
    let leaving = async {
        while script.tries.load(SeqCst) < 2 {
            tokio::task::yield_now().await;
        }
        drop(held);
    };
    let (_accepted, ()) = tokio::join!(listener.accept(), leaving);
    assert_eq!(began.elapsed(), Duration::ZERO, "the clock had to move");
}

#[tokio::test(start_paused = true)]
async fn those_who_wait_are_answered_with_the_spare_descriptor() {
    let (servers, clients): (Vec<_>, Vec<_>) = (0..10).map(|_| connection()).unzip();
    let results = [Err(Errno::NFILE)].into_iter().chain(servers.into_iter().map(Ok));
    let (mut listener, budget) = Script::new(results, Errno::NFILE).guarded();
    timeout(Duration::from_secs(1), listener.accept()).await.unwrap_err();
    for mut client in clients {
        let mut words = String::new();
        io::Read::read_to_string(&mut client, &mut words).unwrap();
        assert_eq!(words, "busy\n");
    }
    assert_eq!(budget.snapshot().counts.refused_exhausted, 10);
}

#[tokio::test(start_paused = true)]
async fn a_line_counts_also_those_who_were_closed_on_without_a_byte() {
    let lines = Lines::default();
    let _logging = tracing::subscriber::set_default(lines.clone());
    let (servers, mut clients): (Vec<_>, Vec<_>) = (0..5).map(|_| connection()).unzip();
    for client in clients.drain(..2) {
        // Closed with what it was not told yet: the server's end hears a reset.
        rustix::net::sockopt::set_socket_linger(&client, Some(Duration::ZERO)).unwrap();
    }
    let results = [Err(Errno::MFILE)].into_iter().chain(servers.into_iter().map(Ok));
    let (mut listener, budget) = Script::new(results, Errno::MFILE).guarded();
    timeout(Duration::from_secs(11), listener.accept()).await.unwrap_err();
    let counts = budget.snapshot().counts;
    assert_eq!((counts.refused(), counts.unanswered()), (5, 2));
    let said = lines.written().join("\n");
    assert!(said.contains("still refusing") && said.contains("refused=5 unanswered=2 shed=0 silent=0"), "{said}");
}
